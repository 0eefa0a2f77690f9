/*
 * Containers of the standard library in an arena, for the length of one request.
 *
 * The words of a text are counted with maps, strings and vectors that all take memory from one arena,
 * whose first chunk is a buffer on the stack. None of them frees anything; a scope does, at its end.
 */
#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <knoll/arena.hpp>

namespace
{

constexpr std::string_view text =
    "a knoll is a small heap and to knoll is to lay things out square and tidy so that a heap of "
    "things that lie about is no longer a heap but a knoll and a knoll is a small heap";

using word_count = std::pair<std::string_view, int>;

/* The most frequent words first, those that are as frequent in their alphabetical order. */
std::pmr::vector<word_count> count_words(std::pmr::memory_resource *memory)
{
    std::pmr::map<std::pmr::string, int, std::less<>> counts(memory);
    for (std::size_t start = 0; start < text.size();) {
        const std::size_t end = std::min(text.find(' ', start), text.size());
        counts[std::pmr::string(text.substr(start, end - start), memory)]++;
        start = end + 1;
    }
    std::pmr::vector<word_count> sorted(memory);
    for (const auto &[word, count] : counts) {
        /* The map ends here, so the words are those of the text. */
        sorted.emplace_back(text.substr(text.find(word), word.size()), count);
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto &a, const auto &b) { return a.second > b.second; });
    return sorted;
}

} // namespace

int main()
{
    alignas(KNOLL_ARENA_ALIGN) char buffer[8192];
    knoll_arena_options options{};
    options.buffer = buffer;
    options.buffer_bytes = sizeof(buffer);
    knoll::arena arena(options);
    knoll::arena_resource memory(arena);
    knoll_arena_stats stats{};
    int most = 0;
    for (int request = 0; request < 1000; request++) {
        knoll::arena::scope scope(arena);
        const auto words = count_words(&memory);
        most = words.front().second;
        if (request == 0) {
            for (std::size_t i = 0; i < 3; i++)
                std::printf("%d x %.*s\n", words[i].second, static_cast<int>(words[i].first.size()),
                            words[i].first.data());
        }
        knoll_arena_stats_get(arena.get(), &stats);
    }
    std::printf("each of 1000 requests used %zu bytes; %zu came from the system\n",
                stats.used_bytes, stats.held_bytes);
    return most == 7 && stats.held_bytes == 0 ? 0 : 1;
}
