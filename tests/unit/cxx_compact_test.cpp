#include "harness.h"

#include <map>
#include <string>
#include <vector>

#include <knoll/knoll.hpp>

namespace
{

alignas(KNOLL_COMPACT_ALIGN) unsigned char room[65536];

} // namespace

KN_TEST(cxx_compact, serves_containers_from_a_buffer)
{
    knoll::compact_resource resource(room, sizeof(room), knoll_compact_best_fit());
    {
        std::pmr::map<int, std::pmr::string> names(&resource);
        for (int i = 0; i < 100; i++)
            names[i] = std::string(static_cast<std::size_t>(i), 'x');
        ck_assert_ptr_null(knoll_compact_check(resource.get()));
        const auto *at = reinterpret_cast<const unsigned char *>(names[99].data());
        ck_assert(at > room && at < room + sizeof(room));
        ck_assert_uint_eq(names[50].size(), 50);
    }
    knoll_compact_stats stats;
    knoll_compact_stats_get(resource.get(), &stats);
    ck_assert_uint_eq(stats.used_blocks, 0);
}

KN_TEST(cxx_compact, throws_when_it_is_full)
{
    knoll::compact_resource resource(room, 1024);
    std::pmr::vector<char> text(&resource);
    bool was_thrown = false;
    try {
        text.resize(4096);
    } catch (const std::bad_alloc &) {
        was_thrown = true;
    }
    ck_assert(was_thrown);
    was_thrown = false;
    try {
        knoll::compact_resource small(room, 64);
    } catch (const std::system_error &error) {
        was_thrown = error.code() == std::errc::no_space_on_device;
    }
    ck_assert(was_thrown);
    ck_assert(resource.is_equal(resource));
    knoll::compact_resource same(*resource.get());
    ck_assert(resource.is_equal(same));
}
