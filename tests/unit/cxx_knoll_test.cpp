#include "harness.h"

#include <algorithm>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <numeric>
#include <string>
#include <unordered_map>
#include <vector>

#include <knoll/knoll.hpp>

namespace
{

template <typename T> using vector = std::vector<T, knoll::allocator<T>>;

std::size_t used_blocks()
{
    knoll_stats stats{};
    stats.struct_bytes = sizeof(stats);
    return knoll_stats_get(&stats) == 0 ? stats.used_blocks : 0;
}

bool is_used(const void *p)
{
    knoll_block block;
    return knoll_block_find(p, &block) == 0 && block.is_used;
}

struct alignas(128) wide {
    char bytes[200];
};

int handler_calls;

void give_up()
{
    if (++handler_calls == 2)
        std::set_new_handler(nullptr);
}

} // namespace

KN_TEST(cxx_allocator, serves_standard_containers)
{
    const std::size_t before = used_blocks();
    {
        vector<int> numbers(100000);
        std::iota(numbers.begin(), numbers.end(), 0);
        std::sort(numbers.rbegin(), numbers.rend());
        ck_assert_int_eq(numbers.back(), 0);
        ck_assert(is_used(numbers.data()));

        std::map<int, int, std::less<int>, knoll::allocator<std::pair<const int, int>>> squares;
        std::list<std::string, knoll::allocator<std::string>> words;
        std::unordered_map<int, int, std::hash<int>, std::equal_to<int>,
                           knoll::allocator<std::pair<const int, int>>>
            table;
        for (int i = 0; i < 1000; i++) {
            squares[i] = i * i;
            table[i] = i;
            words.push_back(std::to_string(i));
        }
        ck_assert_int_eq(squares[31], 961);
        ck_assert(is_used(&squares[31]) && is_used(&words.front()));

        std::basic_string<char, std::char_traits<char>, knoll::allocator<char>> text(1000, 'x');
        auto shared = std::allocate_shared<int>(knoll::allocator<int>(), 7);
        ck_assert(is_used(text.data()) && is_used(shared.get()));
    }
    ck_assert_uint_eq(used_blocks(), before);
}

KN_TEST(cxx_allocator, respects_the_alignment_of_objects)
{
    vector<wide> objects;
    for (int i = 0; i < 100; i++) {
        objects.emplace_back();
        ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(objects.data()) % 128, 0);
    }
}

KN_TEST(cxx_allocator, copies_are_equal_and_interchangeable)
{
    knoll::allocator<int> ints;
    knoll::allocator<double> doubles(ints);
    ck_assert(ints == doubles);
    ck_assert(!(ints != doubles));
    static_assert(std::allocator_traits<knoll::allocator<int>>::is_always_equal::value,
                  "stateless");
    static_assert(std::is_empty<knoll::allocator<int>>::value, "costs a container nothing");
    int *block = ints.allocate(10);
    knoll::allocator<int>(doubles).deallocate(block, 10);
    vector<int> one{1, 2, 3};
    const int *data = one.data();
    vector<int> two;
    two = std::move(one);
    ck_assert_ptr_eq(two.data(), data);
}

KN_TEST(cxx_allocator, throws_when_there_is_no_memory)
{
    volatile std::size_t too_many = static_cast<std::size_t>(PTRDIFF_MAX) / sizeof(int) + 1;
    int caught = 0;
    knoll::allocator<int> ints;
    std::set_new_handler(give_up);
    try {
        int *block = ints.allocate(too_many);
        ints.deallocate(block, too_many);
    } catch (const std::bad_array_new_length &) {
        ck_abort_msg("the size can be expressed");
    } catch (const std::bad_alloc &) {
        caught++;
    }
    ck_assert_int_eq(handler_calls, 2);
    too_many = SIZE_MAX / sizeof(int) + 1;
    try {
        int *block = ints.allocate(too_many);
        ints.deallocate(block, too_many);
    } catch (const std::bad_array_new_length &) {
        caught++;
    }
    ck_assert_int_eq(caught, 2);
}

KN_TEST(cxx_resource, serves_polymorphic_containers)
{
    const std::size_t before = used_blocks();
    {
        std::pmr::vector<std::pmr::string> words(knoll::resource());
        for (int i = 0; i < 1000; i++)
            words.emplace_back("a word that is too long to be stored inside the object itself");
        ck_assert(is_used(words.data()) && is_used(words[500].data()));
        std::pmr::unsynchronized_pool_resource pool(knoll::resource());
        std::pmr::map<int, int> squares(&pool);
        for (int i = 0; i < 1000; i++)
            squares[i] = i * i;
        ck_assert(is_used(&squares[500]));
    }
    ck_assert_uint_eq(used_blocks(), before);
}

KN_TEST(cxx_resource, is_one_and_equal_to_itself_alone)
{
    ck_assert_ptr_eq(knoll::resource(), knoll::resource());
    ck_assert(*knoll::resource() == *knoll::resource());
    ck_assert(!(*knoll::resource() == *std::pmr::new_delete_resource()));
    ck_assert(!(*knoll::resource() == *std::pmr::null_memory_resource()));
}

KN_TEST(cxx_resource, respects_every_alignment)
{
    for (std::size_t align = 1; align <= 4096; align *= 2) {
        void *block = knoll::resource()->allocate(1000, align);
        ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(block) % align, 0);
        knoll::resource()->deallocate(block, 1000, align);
    }
}
