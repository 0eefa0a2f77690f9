/*
 * Every call to the operating system fails in turn: the Nth of its kind, once or from then on,
 * while the model makes its calls. A call that finds no memory must say so by ENOMEM and change
 * nothing; afterwards all blocks are as they were and the heap works as before.
 */
#include "child.h"
#include "harness.h"
#include "model_worker.h"
#include "start.h"

#include "core/heap_check.h"
#include "os/os_fault.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#if KN_FAULTS

enum {
    OPERATIONS = 3000,
    OPERATIONS_AFTER = 300,
    NOT_REACHED = 3, /* exit status of a child without a failure */
    /* After so many every single call, only one in so many is made to fail; all in long runs. */
    EVERY_UPTO = 24,
    STRIDE = 6,
    SECONDS = 120,
};

struct attempt {
    enum kn_fault_kind kind;
    size_t nth;
    size_t count;
};

static struct model_worker worker;
static struct model_exchange exchange;
static struct model_plan plan;

static void check(void)
{
    struct kn_check_totals totals;
    const char *wrong = kn_check_all(&totals);
    if (wrong != NULL)
        ck_abort_msg("%s", wrong);
    ck_assert_uint_eq(totals.slab_blocks + totals.large_blocks, worker.count);
}

static void start_model(void)
{
    plan = (struct model_plan){
        .calls = &model_calls_core,
        .threads = 1,
        .live_bytes_max = (size_t)24 << 20,
        .bytes_max = (size_t)3 << 20,
        .large_percent = 10,
        .may_be_short = true,
    };
    model_blocks_init();
    model_worker_init(&worker, &plan, &exchange, 0);
    kn_rng_seed(&worker.rng, kn_test_seed());
}

static void drop_exchanged(void)
{
    for (unsigned i = 0; i < MODEL_SLOTS; i++) {
        if (exchange.slots[i] != NULL)
            model_worker_drop(&worker, exchange.slots[i]);
        exchange.slots[i] = NULL;
    }
}

static void attempt(void *arg)
{
    const struct attempt *attempt = arg;
    alarm(SECONDS);
    start_model();
    kn_os_fault_clear();
    kn_os_fault_set(attempt->kind, attempt->nth, attempt->count);
    /* A moved block's pages are mapped anew when it is freed, for as long as that takes. */
    if (attempt->kind == KN_FAULT_COMMIT && attempt->count == SIZE_MAX)
        kn_os_fault_set(KN_FAULT_MOVE, 1, SIZE_MAX);
    model_worker_run(&worker, OPERATIONS);
    bool is_reached = kn_os_fault_calls(attempt->kind) >= attempt->nth;
    drop_exchanged();
    kn_os_fault_clear();
    check();
    plan.may_be_short = false;
    model_worker_run(&worker, OPERATIONS_AFTER);
    drop_exchanged();
    model_worker_clear(&worker);
    check();
    _exit(is_reached ? EXIT_SUCCESS : NOT_REACHED);
}

static void fail_each_call(enum kn_fault_kind kind, size_t count, const char *test)
{
    struct kn_child child;
    if (test != NULL && kn_start_again(test, "reserve-fails=1"))
        return;
    size_t stride = getenv("KNOLL_TEST_LONG") != NULL ? 1 : STRIDE;
    for (size_t nth = 1;; nth += nth < EVERY_UPTO ? 1 : stride) {
        struct attempt one = {.kind = kind, .nth = nth, .count = count};
        kn_child_call(&child, attempt, &one);
        if (WIFEXITED(child.status) && WEXITSTATUS(child.status) == NOT_REACHED)
            return;
        kn_child_assert_exit(&child, EXIT_SUCCESS);
    }
}

#define OOM_TEST(kind_, name)                                                                      \
    KN_TEST_SLOW(heap_oom, loses_nothing_when_one_##name##_fails, SECONDS)                         \
    {                                                                                              \
        fail_each_call(KN_FAULT_##kind_, 1, NULL);                                                 \
    }                                                                                              \
    KN_TEST_SLOW(heap_oom, loses_nothing_when_every_##name##_from_some_on_fails, SECONDS)          \
    {                                                                                              \
        fail_each_call(KN_FAULT_##kind_, SIZE_MAX, NULL);                                          \
    }                                                                                              \
    KN_TEST_SLOW(heap_oom_small_ranges, loses_nothing_when_one_##name##_fails, SECONDS)            \
    {                                                                                              \
        fail_each_call(KN_FAULT_##kind_, 1,                                                        \
                       "heap_oom_small_ranges/loses_nothing_when_one_" #name "_fails");            \
    }                                                                                              \
    KN_TEST_SLOW(heap_oom_small_ranges, loses_nothing_when_every_##name##_from_some_on_fails,      \
                 SECONDS)                                                                          \
    {                                                                                              \
        fail_each_call(KN_FAULT_##kind_, SIZE_MAX,                                                 \
                       "heap_oom_small_ranges/loses_nothing_when_every_" #name                     \
                       "_from_some_on_fails");                                                     \
    }

OOM_TEST(RESERVE, reservation)
OOM_TEST(COMMIT, commitment)
OOM_TEST(MAP, mapping)
OOM_TEST(UNMAP, unmapping)
OOM_TEST(PURGE, purge)
OOM_TEST(MOVE, move)
OOM_TEST(OTHER, decommitment)

#endif
