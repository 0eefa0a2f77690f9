/*
 * Counts words with containers that take their nodes from a pool.
 *
 * A map of the standard library makes a node for each word. Here the nodes come from one pool through
 * a std::pmr memory resource: they lie side by side, cost a few instructions each, and are gone at
 * once with the pool. Long words, which do not fit a node's size, come from the resource behind the
 * pool, without the containers knowing.
 */
#include <cstdio>
#include <map>
#include <memory_resource>
#include <string>
#include <string_view>

#include <knoll/pool.hpp>

namespace
{

constexpr std::string_view text =
    "a pool has objects of one size and an arena has objects of any size and a stack has objects "
    "of any size that leave in the reverse order of their coming and a pool with a bitmap knows "
    "which of its objects are in use so that it can list them and find those that are freed twice";

/* A node of the map: a string, a number, and what the tree needs. */
constexpr std::size_t node_bytes =
    sizeof(std::pair<const std::pmr::string, unsigned>) + 4 * sizeof(void *);

using word_counts = std::pmr::map<std::pmr::string, unsigned, std::less<>>;

void count_words(std::string_view words, word_counts &counts)
{
    while (!words.empty()) {
        std::size_t length = words.find(' ');
        std::string_view word = words.substr(0, length);
        auto found = counts.find(word);
        if (found == counts.end())
            found = counts.emplace(word, 0).first;
        found->second++;
        words.remove_prefix(length == words.npos ? words.size() : length + 1);
    }
}

} // namespace

int main()
{
    knoll::pool nodes(node_bytes, KNOLL_POOL_BITMAP);
    knoll::pool_resource resource(nodes);
    {
        word_counts counts(&resource);
        count_words(text, counts);
        for (const auto &[word, count] : counts)
            if (count >= 4)
                std::printf("%-8s %u\n", word.c_str(), count);
        knoll_pool_stats stats;
        knoll_pool_stats_get(nodes.get(), &stats);
        std::printf("%zu words, %zu nodes of %zu bytes in the pool\n", counts.size(),
                    stats.used_objects, stats.object_bytes);
        if (stats.used_objects < counts.size())
            return 1;
    }
    return knoll_pool_check(nodes.get()) == nullptr ? 0 : 1;
}
