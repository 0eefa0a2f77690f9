/*
 * zeroed: calloc of small to large blocks, of which only a part is written.
 *
 * Stresses: whether memory that is known to be zero (fresh from the kernel) is cleared again, which
 * costs time and makes pages resident that the program never touches.
 * Modelled after: no published benchmark; hash tables and sparse matrices allocate so.
 * Arguments: slots of live blocks per thread, min and max size in bytes, count of operations per
 * thread, threads.
 * One operation: the replacement of one block by calloc. Of a block up to a page all words are
 * checked, of a larger one 64 at random places.
 */
#include "bench/support/blocks.h"

static void zero_check(const char *block, size_t size, struct kb_rng *rng)
{
    if (size <= KB_PAGE) {
        for (size_t at = 0; at + 8 <= size; at += 8)
            if (kb_word_load(block + at) != 0)
                kb_broken("calloc gave memory that is not zero", block, size);
        return;
    }
    for (unsigned i = 0; i < 64; i++)
        if (block[kb_rng_below(rng, size)] != 0)
            kb_broken("calloc gave memory that is not zero", block, size);
}

/* The marks of a block would touch each page: here only the first and the last word are written. */
static void *zeroed_new(size_t size, struct kb_rng *rng)
{
    char *block = kb_calloc(1, size);
    if (block == NULL)
        kb_die("out of memory: %zu bytes", size);
    zero_check(block, size, rng);
    kb_word_store(block, kb_address_hash(block) ^ size);
    kb_word_store(block + size - 8, size);
    return block;
}

static void zeroed_delete(char *block)
{
    size_t size = kb_block_size(block);
    if (kb_word_load(block + size - 8) != size)
        kb_broken("the tail mark is damaged", block, size);
    kb_free(block, size);
}

static void zeroed_thread(struct kb_thread *self)
{
    uint64_t slots = kb_arg(self->run, "slots");
    uint64_t min = kb_arg(self->run, "min");
    uint64_t max = kb_arg(self->run, "max");
    uint64_t count = kb_arg(self->run, "count");
    void **table = kb_table_map(slots, sizeof *table);
    for (uint64_t i = 0; i < count; i++) {
        void **slot = &table[kb_rng_below(&self->rng, slots)];
        if (*slot != NULL)
            zeroed_delete(*slot);
        *slot = zeroed_new((size_t)kb_rng_pareto(&self->rng, min, max), &self->rng);
    }
    for (uint64_t i = 0; i < slots; i++)
        if (table[i] != NULL)
            zeroed_delete(table[i]);
    kb_table_unmap(table, slots, sizeof *table);
}

static void zeroed_run(struct kb_run *run)
{
    if (kb_arg(run, "min") < 16)
        kb_die("min must be at least 16");
    kb_threads_run(run, run->threads, 0, zeroed_thread, NULL);
    run->ops = kb_arg(run, "count") * run->threads;
}

const struct kb_workload kb_workload_zeroed = {
    .name = "zeroed",
    .summary = "calloc of small to large blocks, of which only a part is written",
    .operation = "one free and one calloc",
    .run = zeroed_run,
    .params = {{"slots", 4000, 100, NULL, "live blocks per thread"},
               {"min", 64, 64, NULL, "least size in bytes"},
               {"max", 4 << 20, 4 << 20, NULL, "greatest size in bytes"},
               {"count", 2000000, 3000, NULL, "operations per thread"}},
};
