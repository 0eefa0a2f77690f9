/*
 * Runs workloads on arenas and their peers, and prints a line of JSON for each.
 *
 *     arena [--rounds N] [--subject NAME] [--workload NAME]
 */
#include "bench/special/arena.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace kb
{

const registration *registration::first;

void measure(const char *subject, const char *workload, const request &what, std::uint64_t blocks,
             void (*work)(void *state), void *state)
{
    using clock = std::chrono::steady_clock;
    if (what.workload != nullptr && std::strcmp(what.workload, workload) != 0)
        return;
    work(state); /* the first round gets the chunks */
    const auto start = clock::now();
    for (std::uint64_t i = 0; i < what.rounds; i++)
        work(state);
    const double ns = std::chrono::duration<double, std::nano>(clock::now() - start).count();
    std::printf("{\"subject\": \"%s\", \"workload\": \"%s\", \"blocks\": %llu, "
                "\"ns_per_block\": %.2f}\n",
                subject, workload, static_cast<unsigned long long>(blocks * what.rounds),
                what.rounds == 0 ? 0.0 : ns / static_cast<double>(blocks * what.rounds));
}

} // namespace kb

int main(int argc, char **argv)
{
    const char *subject = nullptr;
    kb::request what{nullptr, 1000};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && std::strcmp(argv[i], "--rounds") == 0) {
            what.rounds = std::strtoull(argv[i + 1], nullptr, 10);
        } else if (i + 1 < argc && std::strcmp(argv[i], "--subject") == 0) {
            subject = argv[i + 1];
        } else if (i + 1 < argc && std::strcmp(argv[i], "--workload") == 0) {
            what.workload = argv[i + 1];
        } else {
            std::fprintf(stderr, "usage: %s [--rounds N] [--subject NAME] [--workload NAME]\n",
                         argv[0]);
            return 2;
        }
    }
    for (const kb::registration *one = kb::registration::first; one != nullptr; one = one->next) {
        if (subject == nullptr || std::strcmp(subject, one->name) == 0)
            one->run(one->name, what);
    }
    return 0;
}
