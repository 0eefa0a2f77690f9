#include "harness.h"

#include <cstring>
#include <new>
#include <numeric>
#include <utility>

#include <knoll/handles.hpp>

alignas(16) static char buffer[4096];

KN_TEST(cxx_handles, lock_shows_the_objects_of_a_block)
{
    knoll::handle_heap heap(buffer, sizeof(buffer));
    knoll::handle_block hole(heap, 100);
    knoll::handle_block block(heap, 10 * sizeof(int));
    {
        knoll::handle_lock<int> numbers(heap, block.get());
        ck_assert_uint_eq(numbers.size(), 10);
        std::iota(numbers.begin(), numbers.end(), 5);
        hole = knoll::handle_block();
        ck_assert(!heap.compact(SIZE_MAX, SIZE_MAX));
        ck_assert_int_eq(numbers[9], 14);
    }
    knoll_handles_progress progress;
    ck_assert(!heap.compact(SIZE_MAX, SIZE_MAX, &progress));
    ck_assert_uint_eq(progress.moved_blocks, 1);
    block.resize(1000);
    ck_assert_uint_eq(block.size(), 1000);
    knoll::handle_lock<const int> numbers(heap, block.get());
    ck_assert_int_eq(*numbers, 5);
    ck_assert_int_eq(numbers.get()[9], 14);
}

KN_TEST(cxx_handles, block_frees_what_it_owns_once)
{
    knoll::handle_heap heap(1 << 20);
    knoll_handle kept;
    {
        knoll::handle_block first(heap, 10);
        knoll::handle_block second(std::move(first));
        ck_assert_uint_eq(first.get(), 0);
        ck_assert_uint_eq(first.size(), 0);
        first = std::move(second);
        knoll::handle_block third(heap, 10);
        kept = third.release();
        ck_assert(knoll_handles_is_valid(heap.get(), first.get()));
    }
    knoll_handles_stats stats;
    knoll_handles_stats_get(heap.get(), &stats);
    ck_assert_uint_eq(stats.blocks, 1);
    ck_assert(knoll_handles_is_valid(heap.get(), kept));
}

template <typename F> static bool throws_bad_alloc(F function)
{
    try {
        function();
    } catch (const std::bad_alloc &) {
        return true;
    }
    return false;
}

KN_TEST(cxx_handles, throws_when_memory_is_short)
{
    knoll::handle_heap heap(buffer, sizeof(buffer));
    ck_assert(throws_bad_alloc([&] { knoll::handle_block block(heap, sizeof(buffer)); }));
    ck_assert(throws_bad_alloc([] { knoll::handle_heap none(buffer, 10); }));
    ck_assert(throws_bad_alloc([] { knoll::handle_heap none(0); }));
    knoll::handle_block block(heap, 10);
    ck_assert(throws_bad_alloc([&] { block.resize(sizeof(buffer)); }));
    ck_assert_uint_eq(block.size(), 10);
}
