/*
 * What the measurements of specialised allocators share: the request on the command line, the work of a
 * user on each block, choices that are the same for all subjects, and the clock.
 */
#ifndef KB_SPECIAL_COMMON_HPP
#define KB_SPECIAL_COMMON_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace kb
{

/* What to run: names, or NULL for all of them; how often a workload's round. */
struct request {
    const char *subject = nullptr;
    const char *workload = nullptr;
    std::uint64_t rounds = 1000;
};

inline bool is_wanted(const char *wish, const char *name)
{
    return wish == nullptr || std::strcmp(wish, name) == 0;
}

/* Reads the command line; exits with 2 and a line about the usage if it is not one. */
inline request read_request(int argc, char **argv)
{
    request what;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && std::strcmp(argv[i], "--rounds") == 0) {
            what.rounds = std::strtoull(argv[i + 1], nullptr, 10);
        } else if (i + 1 < argc && std::strcmp(argv[i], "--subject") == 0) {
            what.subject = argv[i + 1];
        } else if (i + 1 < argc && std::strcmp(argv[i], "--workload") == 0) {
            what.workload = argv[i + 1];
        } else {
            std::fprintf(stderr, "usage: %s [--rounds N] [--subject NAME] [--workload NAME]\n",
                         argv[0]);
            std::exit(2);
        }
    }
    return what;
}

/* The first byte of a block is written, as a user would. */
inline void touch(void *block)
{
    *static_cast<volatile char *>(block) = 1;
}

/* The same choices for all subjects: a generator is a part of the cost, so a cheap one. */
class choices
{
  public:
    std::size_t below(std::size_t limit)
    {
        state = state * 6364136223846793005u + 1442695040888963407u;
        return static_cast<std::size_t>((state >> 33) % limit);
    }

  private:
    std::uint64_t state = 1;
};

/* Nanoseconds that `rounds` calls of round() take, after a first one that gets the memory. */
template <typename Round> double time_rounds(std::uint64_t rounds, Round round)
{
    using clock = std::chrono::steady_clock;
    round();
    const auto start = clock::now();
    for (std::uint64_t i = 0; i < rounds; i++)
        round();
    return std::chrono::duration<double, std::nano>(clock::now() - start).count();
}

} // namespace kb

#endif
