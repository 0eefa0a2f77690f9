/*
 * Runs workloads on arenas and their peers, and prints a line of JSON for each.
 *
 *     arena [--rounds N] [--subject NAME] [--workload NAME]
 */
#include "bench/special/arena.hpp"

namespace kb
{

const registration *registration::first;

void measure(const char *subject, const char *workload, const request &what, std::uint64_t blocks,
             void (*work)(void *state), void *state)
{
    if (!is_wanted(what.workload, workload))
        return;
    const double ns = time_rounds(what.rounds, [=] { work(state); });
    std::printf("{\"subject\": \"%s\", \"workload\": \"%s\", \"blocks\": %llu, "
                "\"ns_per_block\": %.2f}\n",
                subject, workload, static_cast<unsigned long long>(blocks * what.rounds),
                what.rounds == 0 ? 0.0 : ns / static_cast<double>(blocks * what.rounds));
}

} // namespace kb

int main(int argc, char **argv)
{
    const kb::request what = kb::read_request(argc, argv);
    for (const kb::registration *one = kb::registration::first; one != nullptr; one = one->next) {
        if (kb::is_wanted(what.subject, one->name))
            one->run(one->name, what);
    }
    return 0;
}
