/*
 * pins: one long-lived block per mebibyte of short-lived ones.
 *
 * Stresses: fragmentation: each long-lived block keeps a slab or a run of pages from being reused
 * as a whole. What stays resident when only the long-lived blocks are left is reported beside their
 * bytes. Modelled after: no published benchmark; the pattern is that of servers with logins or
 * caches. Arguments: window of live short-lived bytes, total bytes allocated, every: bytes between
 * two long-lived blocks, min and max size in bytes, threads (each with a window and a total of its
 * own). Short-lived blocks are freed in order of age. One operation: one malloc and one free.
 */
#include <stdatomic.h>

#include "bench/support/blocks.h"

struct pins {
    _Atomic(void *) *blocks;
    uint64_t capacity;
    atomic_ullong count;
    atomic_ullong ops;
};

static void pins_thread(struct kb_thread *self)
{
    struct pins *all = self->shared;
    uint64_t window = kb_arg(self->run, "window");
    uint64_t total = kb_arg(self->run, "total");
    uint64_t every = kb_arg(self->run, "every");
    uint64_t min = kb_arg(self->run, "min");
    uint64_t max = kb_arg(self->run, "max");
    uint64_t slots = window / min + 1;
    void **ring = kb_table_map(slots, sizeof *ring);
    uint64_t made = 0, freed = 0, live = 0, next_pin = every;
    for (uint64_t bytes = 0; bytes < total;) {
        size_t size = (size_t)kb_rng_pareto(&self->rng, min, max);
        ring[made++ % slots] = kb_block_new(size);
        bytes += size;
        live += size;
        if (bytes >= next_pin) {
            next_pin += every;
            uint64_t at = atomic_fetch_add(&all->count, 1);
            atomic_store(&all->blocks[at], kb_block_new(size));
        }
        for (; live > window; freed++) {
            live -= kb_block_size(ring[freed % slots]);
            kb_block_delete(ring[freed % slots]);
        }
    }
    atomic_fetch_add(&all->ops, made);
    for (; freed < made; freed++)
        kb_block_delete(ring[freed % slots]);
    kb_table_unmap(ring, slots, sizeof *ring);
}

static void pins_run(struct kb_run *run)
{
    struct pins all = {.capacity =
                           (kb_arg(run, "total") / kb_arg(run, "every") + 2) * run->threads};
    all.blocks = kb_table_map(all.capacity, sizeof *all.blocks);
    kb_threads_run(run, run->threads, 0, pins_thread, &all);
    uint64_t live_bytes = 0;
    for (uint64_t i = 0; i < all.count; i++)
        live_bytes += kb_block_verify(all.blocks[i]);
    kb_note(run, "pinned_live_bytes", live_bytes);
    kb_note(run, "pinned_rss_kib", kb_rss_kib());
    for (uint64_t i = 0; i < all.count; i++)
        kb_block_delete(all.blocks[i]);
    kb_table_unmap(all.blocks, all.capacity, sizeof *all.blocks);
    run->ops = all.ops;
}

const struct kb_workload kb_workload_pins = {
    .name = "pins",
    .summary = "one long-lived block per mebibyte of short-lived ones",
    .operation = "one malloc and one free",
    .run = pins_run,
    .params = {{"window", 32 << 20, 1 << 20, NULL, "bytes of live short-lived blocks"},
               {"total", UINT64_C(2) << 30, 8 << 20, NULL, "bytes allocated per thread"},
               {"every", 1 << 20, 1 << 20, NULL, "bytes between two long-lived blocks"},
               {"min", 32, 32, NULL, "least size in bytes"},
               {"max", 8192, 8192, NULL, "greatest size in bytes"}},
};
