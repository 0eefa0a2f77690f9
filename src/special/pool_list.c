/* Pools of the list kind: free objects are linked through themselves. */
#include "special/pool.h"

#include "ds/freelist.h"

/* How many objects are linked at a time, unless they take more than CARVE_BYTES: what is not needed
 * is not touched. */
enum { CARVE_OBJECTS = 64, CARVE_BYTES = 4096 };

static struct kn_pool_chunk *find_uncarved(const struct kn_pool_state *state)
{
    struct kn_pool_chunk *chunk = kn_pool_newest(state);
    while (chunk != NULL && chunk->carved == chunk->count)
        chunk = chunk->older;
    return chunk;
}

/* The first of the new objects; the others are linked, in order of address, and are the list. */
static void *carve(struct knoll_pool *pool, struct kn_pool_chunk *chunk)
{
    const struct kn_pool_state *state = kn_pool_state_of(pool);
    size_t first = chunk->carved, end = chunk->count;
    size_t most = CARVE_BYTES / state->stride;
    if (most > CARVE_OBJECTS)
        most = CARVE_OBJECTS;
    if (end - first > most)
        end = first + (most != 0 ? most : 1);
    chunk->carved = end;
    for (size_t i = end - 1; i > first; i--) {
        void *object = kn_pool_object(state, chunk, i);
        kn_freelist_link(object, pool->ready);
        pool->ready = object;
    }
    return kn_pool_object(state, chunk, first);
}

void *kn_pool_list_malloc(struct knoll_pool *pool)
{
    struct kn_pool_state *state = kn_pool_state_of(pool);
    struct kn_pool_chunk *chunk = find_uncarved(state);
    if (chunk == NULL && kn_pool_grow(state, kn_pool_next_objects(state)) == 0)
        chunk = kn_pool_newest(state);
    return chunk != NULL ? carve(pool, chunk) : NULL;
}

void kn_pool_list_reset(struct knoll_pool *pool)
{
    pool->ready = NULL;
    for (struct kn_pool_chunk *chunk = kn_pool_newest(kn_pool_state_of(pool)); chunk != NULL;
         chunk = chunk->older)
        chunk->carved = 0;
}

void kn_pool_list_uncarve(struct knoll_pool *pool)
{
    const struct kn_pool_state *state = kn_pool_state_of(pool);
    struct kn_pool_chunk *chunk;
    size_t index;
    for (chunk = kn_pool_newest(state); chunk != NULL; chunk = chunk->older)
        chunk->free = 0;
    for (void *object = pool->ready; object != NULL; object = kn_freelist_next(object))
        if ((chunk = kn_pool_find(state, object, &index)) != NULL)
            chunk->free++;
    void *first = NULL, *last = NULL;
    for (void *object = pool->ready; object != NULL; object = kn_freelist_next(object)) {
        chunk = kn_pool_find(state, object, &index);
        if (chunk == NULL || chunk->free == chunk->carved)
            continue;
        if (last != NULL)
            kn_freelist_link(last, object);
        else
            first = object;
        last = object;
    }
    if (last != NULL)
        kn_freelist_link(last, NULL);
    pool->ready = first;
    for (chunk = kn_pool_newest(state); chunk != NULL; chunk = chunk->older)
        if (chunk->free == chunk->carved)
            chunk->carved = 0;
}

/* ---- sorting -------------------------------------------------------------------------------- */

static void *merge(void *a, void *b)
{
    void *first = NULL, *last = NULL;
    while (a != NULL && b != NULL) {
        void **lower = (uintptr_t)a < (uintptr_t)b ? &a : &b;
        void *object = *lower;
        *lower = kn_freelist_next(object);
        if (last != NULL)
            kn_freelist_link(last, object);
        else
            first = object;
        last = object;
    }
    void *rest = a != NULL ? a : b;
    if (last == NULL)
        return rest;
    kn_freelist_link(last, rest);
    return first;
}

/* Merge sort: sorted[i] is NULL or a sorted list of 2^i objects. */
static void *sort(void *list)
{
    void *sorted[8 * sizeof(size_t)] = {NULL};
    size_t i, top = 0;
    while (list != NULL) {
        void *run = list;
        list = kn_freelist_next(list);
        kn_freelist_link(run, NULL);
        for (i = 0; sorted[i] != NULL; i++) {
            run = merge(sorted[i], run);
            sorted[i] = NULL;
        }
        sorted[i] = run;
        if (i > top)
            top = i;
    }
    for (i = 0; i <= top; i++)
        list = merge(sorted[i], list);
    return list;
}

/* ---- reports -------------------------------------------------------------------------------- */

/* The first free object of a chunk in the list. */
static void *first_free(const struct knoll_pool *pool, const struct kn_pool_chunk *chunk)
{
    size_t bytes = chunk->carved * kn_pool_state_of(pool)->stride;
    void *object = pool->ready;
    while (object != NULL && (uintptr_t)object - (uintptr_t)chunk->objects >= bytes)
        object = kn_freelist_next(object);
    return object;
}

/* What visit frees comes to the front of the list and is of a chunk that is not looked for again, so
 * behind it, the rest stays in order. */
int kn_pool_list_walk(struct knoll_pool *pool, int (*visit)(void *object, void *arg), void *arg)
{
    const struct kn_pool_state *state = kn_pool_state_of(pool);
    pool->ready = sort(pool->ready);
    for (const struct kn_pool_chunk *chunk = kn_pool_newest(state); chunk != NULL;
         chunk = chunk->older) {
        void *next_free = first_free(pool, chunk);
        for (size_t i = 0; i < chunk->carved; i++) {
            void *object = kn_pool_object(state, chunk, i);
            if (object == next_free) {
                next_free = kn_freelist_next(object);
                continue;
            }
            int result = visit(object, arg);
            if (result != 0)
                return result;
        }
    }
    return 0;
}

static size_t count_carved(const struct kn_pool_state *state)
{
    size_t carved = 0;
    for (const struct kn_pool_chunk *chunk = kn_pool_newest(state); chunk != NULL;
         chunk = chunk->older)
        carved += chunk->carved;
    return carved;
}

size_t kn_pool_list_count(const struct knoll_pool *pool)
{
    size_t used = count_carved(kn_pool_state_of(pool));
    for (void *object = pool->ready; object != NULL && used != 0; object = kn_freelist_next(object))
        used--;
    return used;
}

const char *kn_pool_list_check(const struct knoll_pool *pool)
{
    const struct kn_pool_state *state = kn_pool_state_of(pool);
    size_t carved = count_carved(state), index;
    for (void *object = pool->ready; object != NULL; object = kn_freelist_next(object)) {
        const struct kn_pool_chunk *chunk = kn_pool_find(state, object, &index);
        if (chunk == NULL || !kn_pool_is_start(state, chunk, index, object))
            return "a free object's link leads out of the pool: it was written to";
        if (index >= chunk->carved)
            return "an object is free that was never handed out";
        if (carved-- == 0)
            return "the free objects form a ring: one was freed twice";
    }
    return NULL;
}
