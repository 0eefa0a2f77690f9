/* The general-purpose heap against a model that knows every block; see tests/support/model_run.h. */
#include "harness.h"
#include "model_run.h"
#include "race.h"
#include "start.h"

#include "core/heap_check.h"
#include "os/os_fault.h"

#include <stdio.h>

enum { SECONDS = 120 };

/* Nothing but the live blocks is in use, and nothing is wrong. */
static const char *check_core(const struct model_live *live)
{
    static char text[160];
    struct kn_check_totals totals;
    const char *wrong = kn_check_all(&totals);
    if (wrong != NULL)
        return wrong;
    if (totals.slab_blocks + totals.large_blocks == live->blocks)
        return NULL;
    snprintf(text, sizeof(text), "%zu + %zu blocks are in use by the records, %zu by the model",
             totals.slab_blocks, totals.large_blocks, live->blocks);
    return text;
}

static void run(const struct model_calls *calls, unsigned threads, uint64_t operations)
{
    const struct model_plan plan = {
        .calls = calls,
        .threads = threads,
        .operations = model_operations(operations),
        .live_bytes_max = (size_t)192 << 20 >> (threads > 4),
        .bytes_max = (size_t)64 << 20,
        .check = check_core,
    };
    model_run(&plan);
}

KN_TEST(heap_model, agrees_when_called_briefly)
{
    run(&model_calls_public, 3, 30000);
}

KN_TEST_SLOW(heap_model, agrees_in_one_thread, SECONDS)
{
    run(&model_calls_core, 1, 150000);
}

KN_TEST_SLOW(heap_model, agrees_in_several_threads, SECONDS)
{
    run(&model_calls_public, 5, 850000);
}

#if KN_FAULTS

KN_TEST_SLOW(heap_model, agrees_when_threads_yield_before_they_exchange, SECONDS)
{
    kn_race_stir(true);
    run(&model_calls_core, 4, 60000);
}

KN_TEST(heap_model, agrees_when_there_is_no_main_range)
{
    if (!kn_start_again("heap_model/agrees_when_there_is_no_main_range", "reserve-fails=1"))
        run(&model_calls_core, 3, 20000);
}

KN_TEST(heap_model, agrees_when_pages_are_larger_than_granules)
{
    if (!kn_start_again("heap_model/agrees_when_pages_are_larger", "page=65536"))
        run(&model_calls_core, 3, 20000);
}

#endif
