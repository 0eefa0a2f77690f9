/*
 * grow: vectors that grow by realloc.
 *
 * Stresses: realloc in place, moving by copy or by remapping pages, and the slack of size classes.
 * mode=step grows by a few bytes each time (a string that is appended to), mode=factor by half its
 * size (a vector), mode=twin two of the latter in turn, each of which stands in the other's way.
 * Modelled after: no published benchmark; std::vector and string builders grow so.
 * Arguments: mode, limit in bytes at which a vector starts anew, step in bytes (mode=step: 1 to
 * step at random), count of vectors grown per thread, threads. One operation: one realloc. The new
 * part is filled, the old part sampled after each call and checked in full before the vector is
 * freed.
 */
#include "bench/support/blocks.h"

enum mode { MODE_STEP, MODE_FACTOR, MODE_TWIN };

struct vector {
    uint64_t *words;
    size_t length, capacity; /* in words */
};

struct growth {
    uint64_t reallocs[1]; /* of thread 0; the others do as many in the mean */
};

static uint64_t word_at(size_t index)
{
    return (uint64_t)index * KB_RNG_STEP;
}

static void vector_check(const struct vector *vector, size_t index)
{
    if (vector->words[index] != word_at(index))
        kb_broken("realloc lost contents", vector->words, vector->capacity * 8);
}

static void vector_grow(struct vector *vector, size_t capacity, struct kb_rng *rng)
{
    vector->words = kb_realloc(vector->words, vector->capacity * 8, capacity * 8);
    if (vector->words == NULL)
        kb_die("out of memory: %zu bytes", capacity * 8);
    if (vector->length > 0) {
        vector_check(vector, 0);
        vector_check(vector, vector->length - 1);
        vector_check(vector, (size_t)kb_rng_below(rng, vector->length));
    }
    vector->capacity = capacity;
    for (; vector->length < capacity; vector->length++)
        vector->words[vector->length] = word_at(vector->length);
}

static void vector_free(struct vector *vector)
{
    for (size_t i = 0; i < vector->length; i++)
        vector_check(vector, i);
    kb_free(vector->words, vector->capacity * 8);
    *vector = (struct vector){0};
}

static size_t capacity_next(const struct vector *vector, enum mode mode, size_t step,
                            struct kb_rng *rng)
{
    if (mode == MODE_STEP)
        return vector->capacity + (size_t)kb_rng_range(rng, 1, step);
    return vector->capacity < 8 ? 8 : vector->capacity + vector->capacity / 2;
}

static void grow_thread(struct kb_thread *self)
{
    struct growth *all = self->shared;
    enum mode mode = (enum mode)kb_arg(self->run, "mode");
    size_t limit = kb_arg(self->run, "limit") / 8;
    size_t step = kb_arg(self->run, "step") / 8 + 1;
    uint64_t count = kb_arg(self->run, "count");
    size_t vectors = mode == MODE_TWIN ? 2 : 1;
    uint64_t reallocs = 0;
    for (uint64_t i = 0; i < count; i += vectors) {
        struct vector grown[2] = {0};
        while (grown[0].capacity < limit) {
            for (size_t v = 0; v < vectors; v++)
                vector_grow(&grown[v], capacity_next(&grown[v], mode, step, &self->rng),
                            &self->rng);
            reallocs += vectors;
        }
        for (size_t v = 0; v < vectors; v++)
            vector_free(&grown[v]);
    }
    if (self->index == 0)
        all->reallocs[0] = reallocs;
}

static void grow_run(struct kb_run *run)
{
    struct growth all = {0};
    kb_threads_run(run, run->threads, 0, grow_thread, &all);
    run->ops = all.reallocs[0] * run->threads;
}

const struct kb_workload kb_workload_grow = {
    .name = "grow",
    .summary = "vectors that grow by realloc: by small steps, by half, two in turn",
    .operation = "one realloc",
    .run = grow_run,
    .params = {{"mode", MODE_STEP, MODE_STEP, "step|factor|twin", "of growth"},
               {"limit", 1 << 20, 1 << 16, NULL, "bytes at which a vector starts anew"},
               {"step", 128, 128, NULL, "bytes added at most (mode=step)"},
               {"count", 200, 4, NULL, "vectors per thread"}},
};
