#include <cstdint>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <memory_resource>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <knoll/pool.hpp>

/* Last: the macros of Check are also names of the C++ library. */
#include "harness.h"

namespace
{

std::size_t used(knoll::pool &pool)
{
    knoll_pool_stats stats;
    knoll_pool_stats_get(pool.get(), &stats);
    ck_assert_ptr_null(knoll_pool_check(pool.get()));
    return stats.used_objects;
}

constexpr knoll_pool_kind kinds[] = {KNOLL_POOL_LIST, KNOLL_POOL_BITMAP, KNOLL_POOL_SHARED};

struct event : knoll::pooled<event> {
    explicit event(int number_) : number(number_)
    {
        if (number < 0)
            throw std::runtime_error("negative");
    }
    virtual ~event() = default;
    int number;
};

struct long_event : event {
    using event::event;
    char text[100] = "";
};

struct alignas(64) line : knoll::pooled<line, KNOLL_POOL_LIST> {
    char bytes[64];
};

struct alignas(256) page : event {
    using event::event;
};

} // namespace

KN_TEST_LOOP(cxx_pool, containers_take_their_nodes_from_the_pool, 0, 3)
{
    knoll::pool pool(64, kinds[_i]);
    {
        std::list<int, knoll::pool_allocator<int>> list{knoll::pool_allocator<int>(pool)};
        for (int i = 0; i < 1000; i++)
            list.push_back(i);
        ck_assert_uint_eq(used(pool), 1000);
        auto copy = list;
        auto moved = std::move(list);
        ck_assert_uint_eq(used(pool), 2000);
        copy.remove_if([](int i) { return i % 2 == 0; });
        ck_assert_uint_eq(used(pool), 1500);
        ck_assert_int_eq(moved.back(), 999);
    }
    ck_assert_uint_eq(used(pool), 0);
}

KN_TEST_LOOP(cxx_pool, resource_serves_what_fits_and_passes_on_the_rest, 0, 3)
{
    knoll::pool pool(80, kinds[_i]);
    knoll::pool_resource resource(pool, std::pmr::new_delete_resource());
    {
        std::pmr::map<int, std::pmr::string> names(&resource);
        for (int i = 0; i < 100; i++)
            names.emplace(i, "a name that does not fit into the string itself");
        ck_assert_uint_ge(used(pool), 200);
        names[5] = std::pmr::string(1000, 'x');
        std::pmr::vector<double> numbers(1000, 1.5, &resource);
        ck_assert_uint_eq(names[5].size() + numbers.size(), 2000);
    }
    ck_assert_uint_eq(used(pool), 0);
    void *aligned = resource.allocate(16, 128);
    ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(aligned) % 128, 0);
    ck_assert_uint_eq(used(pool), 0);
    resource.deallocate(aligned, 16, 128);
}

KN_TEST(cxx_pool, allocators_are_equal_when_their_pools_are)
{
    knoll::pool one(32), two(32);
    knoll::pool_allocator<int> a(one), b(two);
    knoll::pool_allocator<std::string> c(a);
    ck_assert(a == c);
    ck_assert(a != b);
    knoll::pool_resource r(one), s(one);
    ck_assert(r == r);
    ck_assert(!(r == s));
}

KN_TEST(cxx_pool, wrong_options_and_lack_of_memory_are_exceptions)
{
    knoll_pool_options options{};
    int caught = 0;
    try {
        knoll::pool pool(options);
    } catch (const std::system_error &error) {
        caught += error.code() == std::errc::invalid_argument;
    }
    options.object_bytes = 16;
    options.max_objects = 2;
    knoll::pool pool(options);
    try {
        for (int i = 0; i < 3; i++)
            (void)pool.allocate();
    } catch (const std::bad_alloc &) {
        caught++;
    }
    ck_assert_int_eq(caught, 2);
    ck_assert_uint_eq(used(pool), 2);
}

KN_TEST(cxx_pool, pooled_objects_come_from_their_class)
{
    std::vector<std::unique_ptr<event>> events;
    for (int i = 0; i < 100; i++)
        events.push_back(std::make_unique<event>(i));
    ck_assert_uint_eq(used(event::origin()), 100);
    events.push_back(std::make_unique<long_event>(7));
    ck_assert_uint_eq(used(event::origin()), 100);
    int caught = 0;
    try {
        delete new event(-1);
    } catch (const std::runtime_error &) {
        caught = 1;
    }
    ck_assert_int_eq(caught, 1);
    ck_assert_uint_eq(used(event::origin()), 100);
    std::thread([&events] { events.clear(); }).join();
    ck_assert_uint_eq(used(event::origin()), 0);
    alignas(event) unsigned char place[sizeof(event)];
    event *placed = new (place) event(3);
    placed->~event();
    ck_assert_uint_eq(used(event::origin()), 0);
}

KN_TEST(cxx_pool, pooled_objects_are_aligned)
{
    std::unique_ptr<line> one(new line), two(new line);
    ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(one.get()) % 64, 0);
    ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(two.get()) % 64, 0);
    ck_assert_uint_eq(used(line::origin()), 2);
    std::unique_ptr<event> derived(new page(1));
    ck_assert_uint_eq(reinterpret_cast<std::uintptr_t>(derived.get()) % 256, 0);
    ck_assert_uint_eq(used(event::origin()), 0);
}
