/* Pools: making, growing, and the choice of the kind. The layout is in special/pool.h. */
#include "special/pool.h"

#include "base/align.h"
#include "base/bits.h"
#include "base/checked.h"
#include "special/source.h"

#include <errno.h>
#include <string.h>

/* What the first chunk is to hold, unless the options say otherwise. */
enum { FIRST_CHUNK_BYTES = 4096, FIRST_OBJECTS_MIN = 8, ALIGN_CHOSEN_MAX = 16 };

/* kn_pool_index_of needs offsets of 32 bits. */
#define CHUNK_BYTES_MAX ((size_t)UINT32_MAX)

static bool is_bits(const struct kn_pool_state *state)
{
    return state->kind != KNOLL_POOL_LIST;
}

static size_t bits_bytes(size_t count)
{
    size_t words = (count + 63) / 64;
    return (words + (words + 63) / 64) * sizeof(uint64_t);
}

/* How long a range must be for `count` objects and the bookkeeping; 0 if that is too long. */
static size_t range_bytes(const struct kn_pool_state *state, size_t count)
{
    size_t objects, bytes;
    if (!kn_try_mul(count, state->stride, &objects) || objects > CHUNK_BYTES_MAX ||
        !kn_try_align_up(objects, _Alignof(struct kn_pool_chunk), &bytes) ||
        !kn_try_add(bytes, sizeof(struct kn_pool_chunk), &bytes) ||
        !kn_try_add(bytes, is_bits(state) ? bits_bytes(count) : 0, &bytes))
        return 0;
    return bytes;
}

/* The largest number of objects, at most `most`, that fits so many bytes. */
static size_t fitting_objects(const struct kn_pool_state *state, size_t bytes, size_t most)
{
    size_t low = 0, high = bytes / state->stride;
    if (high > most)
        high = most;
    while (low < high) {
        size_t middle = high - (high - low) / 2;
        size_t needed = range_bytes(state, middle);
        if (needed != 0 && needed <= bytes)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

static size_t object_align(const struct knoll_pool_options *options)
{
    size_t align = options->align;
    if (align == 0) {
        align = options->object_bytes & (0 - options->object_bytes);
        if (align > ALIGN_CHOSEN_MAX)
            align = ALIGN_CHOSEN_MAX;
    }
    if (options->kind == KNOLL_POOL_LIST && align < _Alignof(void *))
        align = _Alignof(void *);
    return align;
}

static bool is_valid(const struct knoll_pool_options *options)
{
    return options->object_bytes - 1 < KNOLL_POOL_OBJECT_BYTES_MAX &&
           options->align <= KNOLL_POOL_OBJECT_BYTES_MAX &&
           (options->align == 0 || kn_is_power_of_two(options->align)) &&
           (unsigned)options->kind <= KNOLL_POOL_SHARED &&
           !(options->is_fixed && options->max_objects == 0);
}

int knoll_pool_init(struct knoll_pool *pool, struct knoll_source *source,
                    const struct knoll_pool_options *options)
{
    struct kn_pool_state *state = kn_pool_state_of(pool);
    if (!is_valid(options))
        return EINVAL;
    memset(pool, 0, sizeof(*pool));
    pool->slow_to = options->kind == KNOLL_POOL_LIST ? 0 : UINTPTR_MAX;
    state->source = kn_source_of_public(source);
    state->kind = options->kind;
    state->object_bytes = options->object_bytes;
    state->align = object_align(options);
    state->stride = kn_align_up(options->object_bytes, state->align);
    state->reciprocal = ((UINT64_C(1) << 32) + state->stride - 1) / state->stride;
    state->max_objects = options->max_objects != 0 ? options->max_objects : SIZE_MAX;
    state->first_objects = options->first_objects;
    if (state->first_objects == 0)
        state->first_objects = fitting_objects(state, FIRST_CHUNK_BYTES, SIZE_MAX);
    if (options->first_objects == 0 && state->first_objects < FIRST_OBJECTS_MIN)
        state->first_objects = FIRST_OBJECTS_MIN;
    kn_lock_init(&state->lock, KN_RANK_SPECIAL);
    kn_pool_bits_forget(state);
    if (options->is_fixed && knoll_pool_reserve(pool, state->max_objects) != 0) {
        knoll_pool_destroy(pool);
        return ENOMEM;
    }
    state->is_fixed = options->is_fixed;
    return 0;
}

void knoll_pool_destroy(struct knoll_pool *pool)
{
    struct kn_pool_state *state = kn_pool_state_of(pool);
    for (struct kn_pool_chunk *chunk = kn_pool_newest(state), *older; chunk != NULL;
         chunk = older) {
        older = chunk->older;
        (void)kn_source_release(state->source, chunk->objects, chunk->range_bytes);
    }
    memset(pool, 0, sizeof(*pool));
}

/* ---- growing -------------------------------------------------------------------------------- */

/* Links a chunk of exactly `wanted` objects or a few more, for which the range has room. */
static KN_NODISCARD int add_chunk(struct kn_pool_state *state, size_t wanted)
{
    struct kn_range range;
    size_t bytes = range_bytes(state, wanted);
    size_t align = state->align;
    if (align < _Alignof(struct kn_pool_chunk))
        align = _Alignof(struct kn_pool_chunk);
    if (bytes == 0 || kn_source_acquire(state->source, bytes, align, &range) != 0)
        return ENOMEM;
    size_t count = fitting_objects(state, range.bytes, state->max_objects - state->objects);
    struct kn_pool_chunk *chunk =
        kn_ptr_add(range.start, kn_align_up(count * state->stride, _Alignof(struct kn_pool_chunk)));
    *chunk = (struct kn_pool_chunk){
        .older = kn_load_relaxed(&state->newest),
        .objects = range.start,
        .count = count,
        .objects_bytes = count * state->stride,
        .range_bytes = range.bytes,
    };
    if (is_bits(state)) {
        chunk->used = (_Atomic uint64_t *)(chunk + 1);
        chunk->full = chunk->used + kn_pool_words(chunk);
        kn_pool_bits_init(chunk);
    }
    state->objects += count;
    state->cursor = chunk;
    state->cursor_word = 0;
    /* Release: pairs with the acquire load in kn_pool_newest. */
    kn_store_release(&state->newest, chunk);
    return 0;
}

int kn_pool_grow(struct kn_pool_state *state, size_t wanted)
{
    size_t room = state->max_objects - state->objects;
    if (state->is_fixed)
        return ENOMEM;
    if (wanted > room)
        wanted = room;
    /* Less than wanted is better than nothing. */
    for (; wanted != 0; wanted /= 2)
        if (add_chunk(state, wanted) == 0)
            return 0;
    return ENOMEM;
}

size_t kn_pool_next_objects(const struct kn_pool_state *state)
{
    size_t most = CHUNK_BYTES_MAX / state->stride;
    size_t wanted = state->objects > state->first_objects ? state->objects : state->first_objects;
    return wanted < most ? wanted : most;
}

int knoll_pool_reserve(struct knoll_pool *pool, size_t count)
{
    struct kn_pool_state *state = kn_pool_state_of(pool);
    bool is_shared = state->kind == KNOLL_POOL_SHARED;
    int error = 0;
    if (is_shared)
        kn_lock_acquire(&state->lock);
    while (state->objects < count && error == 0) {
        size_t wanted = kn_pool_next_objects(state);
        if (wanted < count - state->objects)
            wanted = count - state->objects;
        error = kn_pool_grow(state, wanted);
    }
    if (is_shared)
        kn_lock_release(&state->lock);
    return error;
}

/* ---- objects -------------------------------------------------------------------------------- */

void *knoll_pool_malloc_slow(struct knoll_pool *pool)
{
    void *object = KN_LIKELY(!kn_pool_is_list(pool)) ? kn_pool_bits_malloc(kn_pool_state_of(pool))
                                                     : kn_pool_list_malloc(pool);
    if (KN_UNLIKELY(object == NULL))
        errno = ENOMEM;
    return object;
}

void knoll_pool_free_slow(struct knoll_pool *pool, void *object)
{
    if (object != NULL)
        kn_pool_bits_free(kn_pool_state_of(pool), object, "knoll_pool_free");
}

size_t knoll_pool_malloc_batch(struct knoll_pool *pool, size_t count, void **out)
{
    size_t made = 0;
    if (!kn_pool_is_list(pool))
        made = kn_pool_bits_malloc_batch(kn_pool_state_of(pool), count, out);
    while (kn_pool_is_list(pool) && made < count) {
        void *object = knoll_pool_malloc(pool);
        if (object == NULL)
            break;
        out[made++] = object;
    }
    if (made < count)
        errno = ENOMEM;
    return made;
}

void knoll_pool_free_batch(struct knoll_pool *pool, void *const *objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (objects[i] == NULL)
            continue;
        if (kn_pool_is_list(pool))
            knoll_pool_free(pool, objects[i]);
        else
            kn_pool_bits_free(kn_pool_state_of(pool), objects[i], "knoll_pool_free_batch");
    }
}

void knoll_pool_reset(struct knoll_pool *pool)
{
    struct kn_pool_state *state = kn_pool_state_of(pool);
    if (kn_pool_is_list(pool)) {
        kn_pool_list_reset(pool);
        return;
    }
    for (struct kn_pool_chunk *chunk = kn_pool_newest(state); chunk != NULL; chunk = chunk->older)
        kn_pool_bits_init(chunk);
    kn_pool_bits_forget(state);
}

static bool is_unused(const struct kn_pool_state *state, const struct kn_pool_chunk *chunk)
{
    return is_bits(state) ? kn_pool_bits_count(chunk) == 0 : chunk->carved == 0;
}

size_t knoll_pool_trim(struct knoll_pool *pool)
{
    struct kn_pool_state *state = kn_pool_state_of(pool);
    struct kn_pool_chunk *newer = NULL;
    size_t released_bytes = 0;
    if (state->is_fixed)
        return 0;
    if (kn_pool_is_list(pool))
        kn_pool_list_uncarve(pool);
    for (struct kn_pool_chunk *chunk = kn_pool_newest(state), *older; chunk != NULL;
         chunk = older) {
        older = chunk->older;
        if (!is_unused(state, chunk)) {
            newer = chunk;
            continue;
        }
        if (newer != NULL)
            newer->older = older;
        else
            kn_store_relaxed(&state->newest, older);
        state->objects -= chunk->count;
        released_bytes += chunk->range_bytes;
        (void)kn_source_release(state->source, chunk->objects, chunk->range_bytes);
    }
    kn_pool_bits_forget(state);
    return released_bytes;
}

/* ---- reports -------------------------------------------------------------------------------- */

bool knoll_pool_has(const struct knoll_pool *pool, const void *address)
{
    const struct kn_pool_state *state = kn_pool_state_of(pool);
    size_t index;
    const struct kn_pool_chunk *chunk = kn_pool_find(state, address, &index);
    if (chunk == NULL || !kn_pool_is_start(state, chunk, index, address))
        return false;
    return is_bits(state) ? kn_pool_bits_is_used(chunk, index) : index < chunk->carved;
}

int knoll_pool_walk(struct knoll_pool *pool, int (*visit)(void *object, void *arg), void *arg)
{
    return kn_pool_is_list(pool) ? kn_pool_list_walk(pool, visit, arg)
                                 : kn_pool_bits_walk(kn_pool_state_of(pool), visit, arg);
}

void knoll_pool_stats_get(const struct knoll_pool *pool, struct knoll_pool_stats *stats)
{
    const struct kn_pool_state *state = kn_pool_state_of(pool);
    *stats = (struct knoll_pool_stats){.object_bytes = state->object_bytes,
                                       .stride_bytes = state->stride};
    if (kn_pool_is_list(pool))
        stats->used_objects = kn_pool_list_count(pool);
    for (const struct kn_pool_chunk *chunk = kn_pool_newest(state); chunk != NULL;
         chunk = chunk->older) {
        stats->chunks++;
        stats->objects += chunk->count;
        stats->source_bytes += chunk->range_bytes;
        if (is_bits(state))
            stats->used_objects += kn_pool_bits_count(chunk);
    }
}

const char *knoll_pool_check(const struct knoll_pool *pool)
{
    const struct kn_pool_state *state = kn_pool_state_of(pool);
    size_t objects = 0;
    for (const struct kn_pool_chunk *chunk = kn_pool_newest(state); chunk != NULL;
         chunk = chunk->older) {
        if (range_bytes(state, chunk->count) > chunk->range_bytes)
            return "a chunk has more objects than fit its range";
        if (!kn_is_aligned((uintptr_t)chunk->objects, state->align))
            return "the objects of a chunk are not aligned";
        if (chunk->carved > chunk->count)
            return "a chunk has more carved objects than objects";
        objects += chunk->count;
    }
    if (objects != state->objects)
        return "the chunks do not have as many objects as the pool";
    return kn_pool_is_list(pool) ? kn_pool_list_check(pool) : kn_pool_bits_check(state);
}
