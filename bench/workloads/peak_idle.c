/*
 * peak_idle: a peak of memory, most of it freed, then hardly any work.
 *
 * Stresses: when and how much memory goes back to the kernel while a program idles, with a trickle
 * of operations that gives the allocator an occasion. The time of this workload says nothing; the
 * mean resident size, and the size after each second, do. Modelled after: no published benchmark;
 * desktop programs and services after a batch do so. Arguments: peak bytes, keep: one block in so
 * many stays alive, idle in milliseconds, trickle: operations every 10 ms, max size in bytes,
 * threads (each with its share; they stay alive). One operation: one malloc and its free.
 */
#include <stdatomic.h>

#include "bench/support/blocks.h"

enum { TICK_MS = 10, READINGS_MAX = 11 };

struct idleness {
    atomic_ullong ops;
    atomic_ullong kept_bytes;
    uint64_t rss_kib[READINGS_MAX]; /* after each second, by thread 0 */
};

static const char *const reading_names[READINGS_MAX] = {
    "rss_idle_0s_kib", "rss_idle_1s_kib", "rss_idle_2s_kib",  "rss_idle_3s_kib",
    "rss_idle_4s_kib", "rss_idle_5s_kib", "rss_idle_6s_kib",  "rss_idle_7s_kib",
    "rss_idle_8s_kib", "rss_idle_9s_kib", "rss_idle_10s_kib",
};

static uint64_t peak_build(void **table, uint64_t peak, uint64_t max, struct kb_rng *rng)
{
    uint64_t count = 0;
    for (uint64_t bytes = 0; bytes < peak; count++) {
        size_t size = (size_t)kb_rng_pareto(rng, 32, max);
        table[count] = kb_block_new(size);
        bytes += size;
    }
    return count;
}

static uint64_t peak_free(void **table, uint64_t count, uint64_t keep, struct kb_rng *rng)
{
    uint64_t kept_bytes = 0;
    for (uint64_t i = 0; i < count; i++) {
        if (kb_rng_below(rng, keep) != 0) {
            kb_block_delete(table[i]);
            table[i] = NULL;
        } else {
            kept_bytes += kb_block_size(table[i]);
        }
    }
    return kept_bytes;
}

static void idle_spend(struct kb_thread *self, struct idleness *all)
{
    uint64_t idle_ms = kb_arg(self->run, "idle");
    uint64_t trickle = kb_arg(self->run, "trickle");
    for (uint64_t ms = 0; ms <= idle_ms; ms += TICK_MS) {
        if (self->index == 0 && ms % 1000 == 0 && ms / 1000 < READINGS_MAX)
            all->rss_kib[ms / 1000] = kb_rss_kib();
        for (uint64_t i = 0; i < trickle; i++)
            kb_block_delete(kb_block_new(kb_rng_range(&self->rng, 16, 512)));
        kb_sleep_ms(TICK_MS);
    }
}

static void peak_idle_thread(struct kb_thread *self)
{
    struct idleness *all = self->shared;
    uint64_t peak = kb_arg(self->run, "peak") / self->count;
    uint64_t slots = peak / 32 + 1;
    void **table = kb_table_map(slots, sizeof *table);
    uint64_t count = peak_build(table, peak, kb_arg(self->run, "max"), &self->rng);
    uint64_t kept = peak_free(table, count, kb_arg(self->run, "keep"), &self->rng);
    atomic_fetch_add(&all->ops, count);
    atomic_fetch_add(&all->kept_bytes, kept);
    idle_spend(self, all);
    for (uint64_t i = 0; i < count; i++)
        kb_block_delete_if(table[i]);
    kb_table_unmap(table, slots, sizeof *table);
}

static void peak_idle_run(struct kb_run *run)
{
    struct idleness all = {0};
    kb_threads_run(run, run->threads, 0, peak_idle_thread, &all);
    kb_note(run, "kept_live_bytes", all.kept_bytes);
    for (unsigned i = 0; i < READINGS_MAX; i++)
        if (all.rss_kib[i] != 0)
            kb_note(run, reading_names[i], all.rss_kib[i]);
    run->ops = all.ops;
}

const struct kb_workload kb_workload_peak_idle = {
    .name = "peak_idle",
    .summary = "a peak of memory, most of it freed, then hardly any work",
    .operation = "one malloc and one free",
    .run = peak_idle_run,
    .params = {{"peak", 256 << 20, 4 << 20, NULL, "bytes"},
               {"keep", 200, 200, NULL, "one block in so many stays alive"},
               {"idle", 10000, 50, NULL, "milliseconds"},
               {"trickle", 20, 20, NULL, "operations every 10 ms"},
               {"max", 32768, 32768, NULL, "greatest size in bytes"}},
};
