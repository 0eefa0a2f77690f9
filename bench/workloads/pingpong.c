/*
 * pingpong: malloc and free of one size, over and over.
 *
 * Stresses: the shortest path through the allocator, per size. Whatever a pair costs here is a
 * floor for every other workload; sizes above the allocator's small classes show where its fast
 * path ends. Modelled after: the simple and the threaded malloc benchmark in glibc's benchtests
 * (bench-malloc-simple, bench-malloc-thread).
 * Arguments: size in bytes (0: all powers of two and the sizes half-way from 16 bytes to 64 KiB,
 * each for its share of the count), count of pairs per thread, depth of blocks held at a time,
 * threads. One operation: one malloc and the free of the block malloc'd `depth` operations ago.
 */
#include "bench/support/blocks.h"

enum { DEPTH_MAX = 4096 };

static void pairs_run(size_t size, uint64_t count, size_t depth)
{
    void *held[DEPTH_MAX] = {0};
    size_t at = 0;
    for (uint64_t i = 0; i < count; i++) {
        kb_block_delete_if(held[at]);
        held[at] = kb_block_new(size);
        at = at + 1 == depth ? 0 : at + 1;
    }
    for (at = 0; at < depth; at++)
        kb_block_delete_if(held[at]);
}

static void pingpong_thread(struct kb_thread *self)
{
    size_t size = kb_arg(self->run, "size");
    uint64_t count = kb_arg(self->run, "count");
    size_t depth = kb_arg(self->run, "depth");
    if (size != 0) {
        pairs_run(size, count, depth);
        return;
    }
    enum { SIZES = 25 };
    for (unsigned i = 0; i < SIZES; i++) {
        size_t power = (size_t)16 << (i / 2);
        pairs_run(i % 2 == 0 ? power : power + power / 2, count / SIZES, depth);
    }
}

static void pingpong_run(struct kb_run *run)
{
    if (kb_arg(run, "depth") == 0 || kb_arg(run, "depth") > DEPTH_MAX)
        kb_die("depth must be 1 to %d", DEPTH_MAX);
    kb_threads_run(run, run->threads, 0, pingpong_thread, NULL);
    run->ops = kb_arg(run, "count") * run->threads;
}

const struct kb_workload kb_workload_pingpong = {
    .name = "pingpong",
    .summary = "malloc and free of one size, over and over",
    .operation = "one malloc and one free",
    .run = pingpong_run,
    .params = {{"size", 64, 64, NULL, "bytes; 0: a sweep from 16 bytes to 64 KiB"},
               {"count", 40000000, 10000, NULL, "pairs per thread"},
               {"depth", 1, 1, NULL, "blocks held"}},
};
