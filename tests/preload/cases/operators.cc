// All forms of operator new and delete: matched pairs, alignment, the new-handler's behaviour and
// std::bad_alloc, and sizes given to delete.
#include <malloc.h>

#include <new>
#include <stdexcept>

#include "expect.h"

namespace
{

constexpr std::align_val_t wide{256};
int handler_calls;

struct Refused : std::bad_alloc {
};

size_t impossible()
{
    return reinterpret_cast<size_t>(opaque(reinterpret_cast<void *>(SIZE_MAX / 2 - 4096)));
}

void *filled(void *block, size_t bytes)
{
    EXPECT(block != nullptr && malloc_usable_size(block) >= bytes);
    memset(block, 1, bytes);
    return opaque(block);
}

void *filled_wide(void *block, size_t bytes)
{
    EXPECT(reinterpret_cast<uintptr_t>(block) % 256 == 0);
    return filled(block, bytes);
}

void check_pairs(size_t bytes)
{
    ::operator delete(filled(::operator new(bytes), bytes));
    ::operator delete(filled(::operator new(bytes), bytes), bytes);
    ::operator delete[](filled(::operator new[](bytes), bytes));
    ::operator delete[](filled(::operator new[](bytes), bytes), bytes);
    ::operator delete(filled(::operator new(bytes, std::nothrow), bytes), std::nothrow);
    ::operator delete[](filled(::operator new[](bytes, std::nothrow), bytes), std::nothrow);
    ::operator delete(filled_wide(::operator new(bytes, wide), bytes), wide);
    ::operator delete(filled_wide(::operator new(bytes, wide), bytes), bytes, wide);
    ::operator delete[](filled_wide(::operator new[](bytes, wide), bytes), wide);
    ::operator delete[](filled_wide(::operator new[](bytes, wide), bytes), bytes, wide);
    ::operator delete(filled_wide(::operator new(bytes, wide, std::nothrow), bytes), wide,
                      std::nothrow);
    ::operator delete[](filled_wide(::operator new[](bytes, wide, std::nothrow), bytes), wide,
                        std::nothrow);
    // Programs mix these with malloc and free, wrongly, but they do.
    free(filled(::operator new(bytes), bytes));
}

template <typename Exception> bool throws(void *(*allocate)())
{
    try {
        allocate();
    } catch (const Exception &) {
        return true;
    } catch (...) {
    }
    return false;
}

void *plain()
{
    return ::operator new(impossible());
}
void *array()
{
    return ::operator new[](impossible());
}
void *aligned()
{
    return ::operator new(impossible(), wide);
}

void count_and_give_up()
{
    if (++handler_calls == 3)
        std::set_new_handler(nullptr);
}

void refuse()
{
    handler_calls++;
    throw Refused();
}

void check_handlers()
{
    for (auto allocate : {plain, array, aligned}) {
        std::set_new_handler(nullptr);
        EXPECT(throws<std::bad_alloc>(allocate));
        handler_calls = 0;
        std::set_new_handler(count_and_give_up);
        EXPECT(throws<std::bad_alloc>(allocate));
        EXPECT(handler_calls == 3);
        handler_calls = 0;
        std::set_new_handler(refuse);
        EXPECT(throws<Refused>(allocate));
        EXPECT(handler_calls == 1);
    }
    handler_calls = 0;
    std::set_new_handler(count_and_give_up);
    EXPECT(::operator new(impossible(), std::nothrow) == nullptr &&handler_calls == 3);
    handler_calls = 0;
    std::set_new_handler(refuse);
    EXPECT(::operator new[](impossible(), std::nothrow) == nullptr &&handler_calls == 1);
    handler_calls = 0;
    EXPECT(::operator new(impossible(), wide, std::nothrow) == nullptr &&handler_calls == 1);
    std::set_new_handler(nullptr);
}

} // namespace

int main()
{
    for (size_t bytes : {0u, 1u, 8u, 24u, 100u, 1000u, 5000u, 40000u, 300000u, 5000000u})
        check_pairs(bytes);
    check_handlers();
    return 0;
}
