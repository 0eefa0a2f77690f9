/* The same in C++: containers, operator new, exceptions. */
#include <cstdio>
#include <new>
#include <vector>

#include <knoll/knoll.hpp>

int main()
{
    knoll_block block;
    std::vector<int> plain(1000);
    std::vector<int, knoll::allocator<int>> ours(1000);
    std::pmr::vector<int> polymorphic(1000, knoll::resource());
    if (knoll_block_find(plain.data(), &block) != 0 || knoll_block_find(ours.data(), &block) != 0 ||
        knoll_block_find(polymorphic.data(), &block) != 0)
        return 1;
    volatile std::size_t too_much = static_cast<std::size_t>(-1) / 2;
    try {
        ::operator delete(::operator new(too_much));
        return 2;
    } catch (const std::bad_alloc &) {
    }
    std::puts("consumer of knoll");
    return 0;
}
