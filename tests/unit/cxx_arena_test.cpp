#include "harness.h"

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <knoll/arena.hpp>
#include <knoll/arena_format.h>

namespace
{

std::string destroyed;

struct noted {
    explicit noted(char name_) : name(name_)
    {
    }
    ~noted()
    {
        destroyed += name;
    }
    char name;
};

struct alignas(256) wide {
    char bytes[300];
};

struct thrower {
    thrower()
    {
        throw std::runtime_error("no");
    }
    ~thrower()
    {
        destroyed += '!';
    }
};

knoll_arena_stats stats_of(const knoll::arena &arena)
{
    knoll_arena_stats stats;
    ck_assert_ptr_null(knoll_arena_check(arena.get()));
    knoll_arena_stats_get(arena.get(), &stats);
    return stats;
}

alignas(16) char buffer[1024];
constexpr knoll_arena_options in_buffer()
{
    knoll_arena_options options{};
    options.buffer = buffer;
    options.buffer_bytes = sizeof(buffer);
    options.is_fixed = true;
    return options;
}

template <typename E, typename F> bool throws(F call)
{
    try {
        call();
    } catch (const E &) {
        return true;
    }
    return false;
}

} // namespace

KN_TEST(cxx_arena, destroys_what_it_created_the_newest_first)
{
    {
        knoll::arena arena;
        ck_assert_int_eq(arena.create<noted>('a')->name, 'a');
        {
            knoll::arena::scope scope(arena);
            static_cast<void>(!arena.create<noted>('b'));
            static_cast<void>(!arena.create<noted>('c'));
        }
        ck_assert_str_eq(destroyed.c_str(), "cb");
        static_cast<void>(!arena.create<noted>('d'));
        ck_assert_uint_eq(stats_of(arena).cleanups, 2);
        arena.reset();
        static_cast<void>(!arena.create<noted>('e'));
    }
    ck_assert_str_eq(destroyed.c_str(), "cbdae");
}

KN_TEST(cxx_arena, respects_the_alignment_of_objects)
{
    knoll::arena arena;
    for (int i = 0; i < 20; i++) {
        static_cast<void>(!arena.create<char>('x'));
        ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(arena.create<wide>()) % 256, 0);
    }
    const int *zeroes = arena.create_array<int>(100);
    ck_assert_int_eq(zeroes[99], 0);
    ck_assert(throws<std::bad_array_new_length>(
        [&] { static_cast<void>(!arena.create_array<int>(SIZE_MAX / 2)); }));
    ck_assert_uint_eq(stats_of(arena).cleanups, 0);
}

KN_TEST(cxx_arena, destroys_nothing_that_was_not_made)
{
    {
        knoll::arena arena;
        ck_assert(throws<std::runtime_error>([&] { static_cast<void>(!arena.create<thrower>()); }));
        ck_assert_uint_eq(stats_of(arena).cleanups, 0);
    }
    ck_assert_str_eq(destroyed.c_str(), "");
}

KN_TEST(cxx_arena, throws_when_memory_is_short)
{
    knoll::arena arena(in_buffer());
    ck_assert(throws<std::bad_alloc>([&] { static_cast<void>(!arena.allocate(2000)); }));
    ck_assert(throws<std::bad_alloc>([&] { static_cast<void>(arena.child()); }));
    knoll::arena_resource resource(arena);
    ck_assert(throws<std::bad_alloc>([&] { std::pmr::string(2000, 'x', &resource); }));
    ck_assert(throws<std::bad_alloc>(
        [&] { std::vector<char, knoll::arena_allocator<char>>(2000, 'x', arena); }));
    /* An object that cannot be registered is destroyed at once. */
    while (knoll_arena_alloc(arena.get(), 1) != nullptr)
        ;
    ck_assert(throws<std::bad_alloc>([&] { static_cast<void>(!arena.create<noted>('z')); }));
    ck_assert(throws<std::bad_alloc>([&] { knoll::arena::scope scope(arena); }));
    auto options = in_buffer();
    options.buffer_bytes = 100;
    ck_assert(throws<std::bad_alloc>([&] { knoll::arena small(options); }));
}

KN_TEST(cxx_arena, serves_standard_containers)
{
    knoll::arena arena;
    std::vector<int, knoll::arena_allocator<int>> numbers(arena);
    using pair = std::pair<const int, int>;
    std::map<int, int, std::less<int>, knoll::arena_allocator<pair>> squares{
        knoll::arena_allocator<pair>(arena)};
    for (int i = 0; i < 10000; i++) {
        numbers.push_back(i);
        squares[i] = i * i;
    }
    ck_assert_int_eq(numbers[9999], 9999);
    ck_assert_int_eq(squares[31], 961);
    ck_assert(knoll_arena_contains(arena.get(), numbers.data()));
    ck_assert(knoll_arena_contains(arena.get(), &squares[5]));
    knoll::arena other;
    ck_assert(numbers.get_allocator() == knoll::arena_allocator<char>(arena));
    ck_assert(numbers.get_allocator() != knoll::arena_allocator<int>(other));
}

KN_TEST(cxx_arena, serves_pmr_containers)
{
    knoll::arena arena;
    knoll::arena_resource resource(arena), same(arena);
    knoll::arena other;
    ck_assert(resource.is_equal(same));
    ck_assert(!resource.is_equal(knoll::arena_resource(other)));
    ck_assert(!resource.is_equal(*std::pmr::new_delete_resource()));
    std::pmr::map<std::pmr::string, std::pmr::vector<int>> table(&resource);
    for (int i = 0; i < 1000; i++)
        table[std::pmr::string(knoll_arena_format(arena.get(), "number %d", i))].push_back(i);
    ck_assert_int_eq(table["number 123"][0], 123);
    ck_assert(knoll_arena_contains(arena.get(), table["number 7"].data()));
    ck_assert_ptr_null(knoll_arena_check(arena.get()));
}

KN_TEST(cxx_arena, uses_again_what_was_given_back_last)
{
    knoll::arena arena;
    void *block = arena.allocate(100);
    arena.deallocate(block, 100);
    ck_assert_ptr_eq(arena.allocate(100), block);
    knoll::arena_resource resource(arena);
    void *next = resource.allocate(50);
    resource.deallocate(next, 50);
    ck_assert_ptr_eq(resource.allocate(50), next);
    arena.deallocate(block, 100);
    ck_assert_ptr_ne(arena.allocate(100), block);
}

KN_TEST(cxx_arena, can_be_moved_and_adopted)
{
    destroyed.clear();
    {
        knoll::arena arena;
        {
            knoll::arena child = arena.child();
            static_cast<void>(!child.create<noted>('a'));
        }
        ck_assert_str_eq(destroyed.c_str(), "a");
        knoll::arena child = arena.child();
        const noted *object = child.create<noted>('b');
        knoll::arena moved(std::move(child));
        knoll::arena independent;
        static_cast<void>(!independent.create<noted>('c'));
        ck_assert(arena.adopt(std::move(moved)));
        ck_assert(arena.adopt(std::move(independent)));
        ck_assert_ptr_null(independent.get());
        ck_assert(!arena.adopt(std::move(independent)));
        independent = knoll::arena();
        static_cast<void>(!independent.create<noted>('d'));
        ck_assert_int_eq(object->name, 'b');
    }
    ck_assert_str_eq(destroyed.c_str(), "adcb");
}
