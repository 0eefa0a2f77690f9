/*
 * Every operator new and delete: alignment, owner, what happens when memory is short, with each kind
 * of new_handler.
 */
#include <cerrno>
#include <cstring>
#include <new>

#include <sys/resource.h>

#include "conformance.h"

/* Some compilers declare these only when asked to. */
void operator delete(void *p, std::size_t bytes) noexcept;
void operator delete[](void *p, std::size_t bytes) noexcept;
void operator delete(void *p, std::size_t bytes, std::align_val_t align) noexcept;
void operator delete[](void *p, std::size_t bytes, std::align_val_t align) noexcept;

namespace
{

constexpr std::size_t impossible = static_cast<std::size_t>(PTRDIFF_MAX) + 1;
constexpr std::align_val_t align{256};

struct derived : std::bad_alloc {
};

int calls;

struct form {
    const char *name;
    void *(*allocate)(std::size_t bytes);
    void (*release)(void *p, std::size_t bytes);
};

/* Not expressions with new, which the compiler may leave out: calls of the functions. */
const form forms[] = {
    {"new", [](std::size_t n) { return ::operator new(n); },
     [](void *p, std::size_t) { ::operator delete(p); }},
    {"new[]", [](std::size_t n) { return ::operator new[](n); },
     [](void *p, std::size_t) { ::operator delete[](p); }},
    {"new, sized delete", [](std::size_t n) { return ::operator new(n); },
     [](void *p, std::size_t n) { ::operator delete(p, n); }},
    {"new[], sized delete[]", [](std::size_t n) { return ::operator new[](n); },
     [](void *p, std::size_t n) { ::operator delete[](p, n); }},
    {"nothrow new", [](std::size_t n) { return ::operator new(n, std::nothrow); },
     [](void *p, std::size_t) { ::operator delete(p, std::nothrow); }},
    {"nothrow new[]", [](std::size_t n) { return ::operator new[](n, std::nothrow); },
     [](void *p, std::size_t) { ::operator delete[](p, std::nothrow); }},
    {"aligned new", [](std::size_t n) { return ::operator new(n, align); },
     [](void *p, std::size_t) { ::operator delete(p, align); }},
    {"aligned new[]", [](std::size_t n) { return ::operator new[](n, align); },
     [](void *p, std::size_t) { ::operator delete[](p, align); }},
    {"aligned new, sized delete", [](std::size_t n) { return ::operator new(n, align); },
     [](void *p, std::size_t n) { ::operator delete(p, n, align); }},
    {"aligned new[], sized delete[]", [](std::size_t n) { return ::operator new[](n, align); },
     [](void *p, std::size_t n) { ::operator delete[](p, n, align); }},
    {"aligned nothrow new", [](std::size_t n) { return ::operator new(n, align, std::nothrow); },
     [](void *p, std::size_t) { ::operator delete(p, align, std::nothrow); }},
    {"aligned nothrow new[]",
     [](std::size_t n) { return ::operator new[](n, align, std::nothrow); },
     [](void *p, std::size_t) { ::operator delete[](p, align, std::nothrow); }},
};

void check_blocks(const form &f)
{
    const bool is_aligned = std::strstr(f.name, "aligned") != nullptr;
    for (std::size_t bytes = 0; bytes < 3000000; bytes = bytes * 5 / 4 + 1) {
        errno = 4242;
        void *p = opaque(f.allocate(bytes));
        REQUIRE(p != nullptr && is_ours(p));
        REQUIRE(reinterpret_cast<uintptr_t>(p) % (is_aligned ? 256 : 16) == 0);
        std::memset(p, 1, bytes);
        f.release(p, bytes);
        REQUIRE(errno == 4242);
    }
    f.release(nullptr, 0);
}

/* What an impossible request leads to. */
void show_failure(const form &f, const char *kind, std::new_handler handler)
{
    const char *result;
    calls = 0;
    std::set_new_handler(handler);
    try {
        result = opaque(f.allocate(opaque_size(impossible))) == nullptr ? "NULL" : "block";
    } catch (const derived &) {
        result = "derived";
    } catch (const std::bad_alloc &) {
        result = "bad_alloc";
    }
    std::set_new_handler(nullptr);
    printf("%s, %s: %s after %d calls\n", f.name, kind, result, calls);
}

void throw_bad_alloc()
{
    calls++;
    throw std::bad_alloc();
}

void throw_derived()
{
    calls++;
    throw derived();
}

void give_up_after_three()
{
    if (++calls == 3)
        std::set_new_handler(nullptr);
}

void *reserve;

void free_reserve()
{
    calls++;
    ::operator delete(reserve);
    reserve = nullptr;
    std::set_new_handler(nullptr);
}

/* A handler that frees memory lets the request succeed. */
void check_reserve(const form &f)
{
    constexpr std::size_t reserve_bytes = std::size_t{300} << 20;
    rlimit old;
    reserve = ::operator new(reserve_bytes);
    std::memset(reserve, 1, 1000);
    REQUIRE(getrlimit(RLIMIT_DATA, &old) == 0);
    rlimit tight = old;
    tight.rlim_cur = reserve_bytes + (std::size_t{100} << 20);
    REQUIRE(setrlimit(RLIMIT_DATA, &tight) == 0);
    calls = 0;
    std::set_new_handler(free_reserve);
    void *p = opaque(f.allocate(reserve_bytes - (std::size_t{20} << 20)));
    std::set_new_handler(nullptr);
    REQUIRE(setrlimit(RLIMIT_DATA, &old) == 0);
    REQUIRE(p != nullptr && is_ours(p));
    printf("%s, a handler that frees: block after %d calls\n", f.name, calls);
    f.release(p, reserve_bytes - (std::size_t{20} << 20));
}

} // namespace

int main()
{
    for (const form &f : forms) {
        check_blocks(f);
        show_failure(f, "no handler", nullptr);
        show_failure(f, "a handler that throws", throw_bad_alloc);
        show_failure(f, "a handler that throws a derived class", throw_derived);
        show_failure(f, "a handler that gives up", give_up_after_three);
        check_reserve(f);
    }
    return 0;
}
