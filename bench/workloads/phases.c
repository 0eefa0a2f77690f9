/*
 * phases: a program whose sizes change from phase to phase.
 *
 * Stresses: whether memory that was cut for one size serves another afterwards: an allocator that
 * never gives slabs back to a common pool needs the sum of all phases instead of the largest.
 * Modelled after: no published benchmark; compilers (parse, optimise, emit) and batch jobs do so.
 * Arguments: live bytes in each phase, churn: replacements per phase, survivors: one block in so
 * many lives through the next phase, phases, threads (each with its share of the live bytes and
 * churn). One operation: one malloc and its free.
 */
#include <stdatomic.h>

#include "bench/support/blocks.h"

struct span {
    uint64_t min, max;
};

static const struct span spans[] = {
    {16, 48},   {200, 400}, {2000, 6000},    {24, 24},   {10000, 40000},
    {500, 900}, {48, 96},   {50000, 300000}, {100, 200}, {1000, 1500},
};

/* Blocks of one phase; those of the phase before that survived it wait in `old`. */
struct phase {
    void **blocks, **old;
    uint64_t count, old_count, capacity;
};

static void phase_fill(struct phase *phase, struct span span, uint64_t live, struct kb_rng *rng)
{
    for (uint64_t bytes = 0; bytes < live;) {
        size_t size = (size_t)kb_rng_range(rng, span.min, span.max);
        phase->blocks[phase->count++] = kb_block_new(size);
        bytes += size;
    }
}

static void phase_churn(struct phase *phase, struct span span, uint64_t churn, struct kb_rng *rng)
{
    for (uint64_t i = 0; i < churn; i++) {
        void **slot = &phase->blocks[kb_rng_below(rng, phase->count)];
        kb_block_delete(*slot);
        *slot = kb_block_new(kb_rng_range(rng, span.min, span.max));
    }
}

static void phase_end(struct phase *phase, uint64_t survivors)
{
    for (uint64_t i = 0; i < phase->old_count; i++)
        kb_block_delete(phase->old[i]);
    phase->old_count = 0;
    for (uint64_t i = 0; i < phase->count; i++) {
        if (survivors != 0 && i % survivors == 0)
            phase->old[phase->old_count++] = phase->blocks[i];
        else
            kb_block_delete(phase->blocks[i]);
    }
    phase->count = 0;
}

static void phases_thread(struct kb_thread *self)
{
    atomic_ullong *ops = self->shared;
    uint64_t live = kb_arg(self->run, "live") / self->count;
    uint64_t churn = kb_arg(self->run, "churn") / self->count;
    uint64_t survivors = kb_arg(self->run, "survivors");
    uint64_t phases = kb_arg(self->run, "phases");
    struct phase phase = {.capacity = live / spans[0].min + 1};
    phase.blocks = kb_table_map(phase.capacity, sizeof(void *));
    phase.old = kb_table_map(phase.capacity, sizeof(void *));
    for (uint64_t i = 0; i < phases; i++) {
        struct span span = spans[i % KB_ARRAY_LEN(spans)];
        phase_fill(&phase, span, live, &self->rng);
        phase_churn(&phase, span, churn, &self->rng);
        atomic_fetch_add(ops, phase.count + churn);
        phase_end(&phase, survivors);
    }
    phase_end(&phase, 0);
    kb_table_unmap(phase.blocks, phase.capacity, sizeof(void *));
    kb_table_unmap(phase.old, phase.capacity, sizeof(void *));
}

static void phases_run(struct kb_run *run)
{
    atomic_ullong ops;
    atomic_init(&ops, 0);
    kb_threads_run(run, run->threads, 0, phases_thread, &ops);
    run->ops = ops;
}

const struct kb_workload kb_workload_phases = {
    .name = "phases",
    .summary = "a program whose sizes change from phase to phase",
    .operation = "one malloc and one free",
    .run = phases_run,
    .params = {{"live", 48 << 20, 1 << 20, NULL, "bytes in each phase"},
               {"churn", 200000, 1000, NULL, "replacements per phase"},
               {"survivors", 50, 50, NULL, "one block in so many lives through the next phase"},
               {"phases", 10, 10, NULL, "phases"}},
};
