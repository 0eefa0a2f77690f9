/*
 * The beginning and the end that the library itself takes part in.
 *
 * The heap needs neither: it starts with the first call, which many programs never make, and never
 * ends. Here is what must be done once, as early as possible but not before libc works: handlers
 * for fork, and the options for the case that the heap started before the environment was there.
 */
#include "api/exit_stats.h"
#include "core/fork.h"
#include "core/options.h"

/* Before the constructors of the program, which have no number. */
#define CONSTRUCTOR_PRIORITY 101

__attribute__((constructor(CONSTRUCTOR_PRIORITY))) static void begin(void)
{
    kn_options_load();
    kn_fork_register();
    kn_exit_stats_begin();
}

/* After the destructors of the program, as `begin` was before its constructors. */
__attribute__((destructor(CONSTRUCTOR_PRIORITY))) static void end(void)
{
    kn_exit_stats_end();
}
