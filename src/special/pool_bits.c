/*
 * Pools of the bitmap kinds: a bit for each object says whether it is in use.
 *
 * An object is taken by setting its bit, with acquire, and freed by clearing it, with release; each
 * pairs with the latest of the other, for all changes of a word are read-modify-writes and continue
 * each other's release sequence. So whoever gets an object sees what its last owner did before.
 *
 * `full` spares searches the words without a clear bit. It is set after a word was filled, and
 * cleared after a bit of a full word was. In a shared pool the two may cross: whoever has set a bit
 * of `full` looks at the word once more, and clears it again if that is no longer full. Should the
 * other have freed before this second look, it is seen; if after, the clearing of `full` that
 * follows comes after the setting. A bit that is clear while its word is full only costs a look. One
 * that is set while there is room lasts a moment; so before a shared pool grows, or gives up, it
 * looks at every word, whatever `full` says.
 */
#include "special/pool.h"

#include "ds/bitmap.h"
#include "special/misuse.h"

#define FULL UINT64_MAX

/* Objects that were claimed together: of one word. */
struct claim {
    struct kn_pool_chunk *chunk;
    size_t word;
    uint64_t mask; /* 0: none */
};

/* The word where the thread last found something in a shared pool. */
static _Thread_local struct {
    uint64_t id;
    struct kn_pool_chunk *chunk;
    size_t word;
} last_seen;

static _Atomic uint64_t last_id;

void kn_pool_bits_forget(struct kn_pool_state *state)
{
    state->cursor = kn_load_relaxed(&state->newest);
    state->cursor_word = 0;
    state->id = kn_fetch_add_relaxed(&last_id, 1) + 1;
}

void kn_pool_bits_init(struct kn_pool_chunk *chunk)
{
    size_t words = kn_pool_words(chunk);
    for (size_t i = 0; i < words; i++)
        kn_store_relaxed(&chunk->used[i], 0);
    for (size_t i = 0; i < kn_bitmap_words(words); i++)
        kn_store_relaxed(&chunk->full[i], 0);
    if (chunk->count % 64 != 0)
        kn_store_relaxed(&chunk->used[words - 1], FULL << chunk->count % 64);
    if (words % 64 != 0)
        kn_store_relaxed(&chunk->full[words / 64], FULL << words % 64);
}

/* ---- claiming ------------------------------------------------------------------------------- */

/* The lowest set bits of a word, at most `count`, which is not 0. */
KN_INLINE uint64_t lowest_bits(uint64_t word, size_t count)
{
    if (count == 1)
        return word & (0 - word);
    uint64_t rest = word;
    for (; count != 0 && rest != 0; count--)
        rest &= rest - 1;
    return word ^ rest;
}

static KN_NOINLINE void note_full(struct kn_pool_chunk *chunk, size_t word, bool is_shared)
{
    _Atomic uint64_t *full = &chunk->full[word / 64];
    uint64_t bit = UINT64_C(1) << word % 64;
    if (!is_shared) {
        kn_store_relaxed(full, kn_load_relaxed(full) | bit);
        return;
    }
    /* Acquire and release: each pairs with the same operation of free_bit on the same word. */
    kn_fetch_or_acq_rel(full, bit);
    if (kn_fetch_or_acq_rel(&chunk->used[word], 0) != FULL)
        kn_fetch_and_relaxed(full, ~bit);
}

/* Claims up to `want` objects of one word. */
KN_INLINE uint64_t claim_word(struct kn_pool_chunk *chunk, size_t word, size_t want, bool is_shared)
{
    _Atomic uint64_t *used = &chunk->used[word];
    uint64_t old = kn_load_relaxed(used), mask;
    do {
        mask = lowest_bits(~old, want);
        if (mask == 0)
            return 0;
        if (!is_shared) {
            kn_store_relaxed(used, old | mask);
            break;
        }
        /* Acquire: pairs with the release in free_bit. */
    } while (!kn_cas_weak_acquire(used, &old, old | mask));
    if (KN_UNLIKELY((old | mask) == FULL))
        note_full(chunk, word, is_shared);
    return mask;
}

/* Looks through a chunk, from the group of 64 words around `from` on; the words of a group likewise,
 * so that threads that start at different words do not meet. */
static struct claim claim_in_chunk(struct kn_pool_chunk *chunk, size_t from, size_t want,
                                   bool is_shared)
{
    size_t groups = kn_bitmap_words(kn_pool_words(chunk));
    for (size_t i = 0, group = from / 64; i < groups; i++) {
        uint64_t room = ~kn_load_relaxed(&chunk->full[group]);
        uint64_t behind = room & FULL << from % 64;
        while (room != 0) {
            unsigned bit = kn_ctz64(behind != 0 ? behind : room);
            size_t word = group * 64 + bit;
            uint64_t mask = claim_word(chunk, word, want, is_shared);
            if (mask != 0)
                return (struct claim){chunk, word, mask};
            note_full(chunk, word, is_shared);
            room &= ~(UINT64_C(1) << bit);
            behind &= room;
        }
        group = group + 1 < groups ? group + 1 : 0;
    }
    return (struct claim){chunk, 0, 0};
}

/* A number that differs between threads. */
static size_t thread_number(void)
{
    return (size_t)((uintptr_t)&last_seen * UINT64_C(0x9e3779b97f4a7c15) >> 40);
}

/* Looks through all chunks from the newest on. */
static struct claim claim_anywhere(const struct kn_pool_state *state, size_t want, bool is_shared)
{
    struct claim claim = {NULL, 0, 0};
    for (struct kn_pool_chunk *chunk = kn_pool_newest(state); chunk != NULL && claim.mask == 0;
         chunk = chunk->older) {
        size_t from = is_shared ? thread_number() % kn_pool_words(chunk) : 0;
        claim = claim_in_chunk(chunk, from, want, is_shared);
    }
    return claim;
}

/* The same in a shared pool, whatever `full` says. */
static struct claim claim_thoroughly(const struct kn_pool_state *state, size_t want)
{
    for (struct kn_pool_chunk *chunk = kn_pool_newest(state); chunk != NULL; chunk = chunk->older)
        for (size_t word = 0; word < kn_pool_words(chunk); word++) {
            uint64_t mask = claim_word(chunk, word, want, true);
            if (mask != 0)
                return (struct claim){chunk, word, mask};
        }
    return (struct claim){NULL, 0, 0};
}

/* When nothing was found without the lock. A new chunk is everybody's at once, so it may even be
 * used up when it is looked at. */
static struct claim claim_or_grow_shared(struct kn_pool_state *state, size_t want)
{
    struct claim claim;
    kn_lock_acquire(&state->lock);
    do
        claim = claim_thoroughly(state, want);
    while (claim.mask == 0 && kn_pool_grow(state, kn_pool_next_objects(state)) == 0);
    kn_lock_release(&state->lock);
    return claim;
}

static KN_NOINLINE struct claim search_shared(struct kn_pool_state *state, size_t want)
{
    struct claim claim = claim_anywhere(state, want, true);
    if (claim.mask == 0)
        claim = claim_or_grow_shared(state, want);
    if (claim.mask != 0) {
        last_seen.id = state->id;
        last_seen.chunk = claim.chunk;
        last_seen.word = claim.word;
    }
    return claim;
}

static KN_NOINLINE struct claim search_single(struct kn_pool_state *state, size_t want)
{
    struct claim claim = claim_anywhere(state, want, false);
    if (claim.mask == 0 && kn_pool_grow(state, kn_pool_next_objects(state)) == 0)
        claim = claim_anywhere(state, want, false);
    if (claim.mask != 0) {
        state->cursor = claim.chunk;
        state->cursor_word = claim.word;
    }
    return claim;
}

/* Where the last one was found, or in the word of the last free; else wherever. */
KN_INLINE struct claim claim_some(struct kn_pool_state *state, size_t want)
{
    struct claim claim = {NULL, 0, 0};
    bool is_shared = state->kind == KNOLL_POOL_SHARED;
    if (!is_shared) {
        claim.chunk = state->cursor;
        claim.word = state->cursor_word;
    } else if (last_seen.id == state->id) {
        claim.chunk = last_seen.chunk;
        claim.word = last_seen.word;
    }
    if (KN_LIKELY(claim.chunk != NULL))
        claim.mask = is_shared ? claim_word(claim.chunk, claim.word, want, true)
                               : claim_word(claim.chunk, claim.word, want, false);
    if (KN_LIKELY(claim.mask != 0))
        return claim;
    return is_shared ? search_shared(state, want) : search_single(state, want);
}

KN_INLINE void *first_object(const struct kn_pool_state *state, const struct claim *claim)
{
    return kn_pool_object(state, claim->chunk, claim->word * 64 + kn_ctz64(claim->mask));
}

void *kn_pool_bits_malloc(struct kn_pool_state *state)
{
    struct claim claim = claim_some(state, 1);
    if (KN_UNLIKELY(claim.mask == 0))
        return NULL;
    return first_object(state, &claim);
}

size_t kn_pool_bits_malloc_batch(struct kn_pool_state *state, size_t count, void **out)
{
    size_t made = 0;
    while (made < count) {
        struct claim claim = claim_some(state, count - made);
        if (claim.mask == 0)
            break;
        for (; claim.mask != 0; claim.mask &= claim.mask - 1)
            out[made++] = first_object(state, &claim);
    }
    return made;
}

/* ---- freeing -------------------------------------------------------------------------------- */

/* Clears a bit; returns the word as it was. */
KN_INLINE uint64_t free_bit(_Atomic uint64_t *used, uint64_t bit, bool is_shared)
{
    if (is_shared)
        /* Release: pairs with the acquire in claim_word, and both with note_full. */
        return kn_fetch_and_acq_rel(used, ~bit);
    uint64_t old = kn_load_relaxed(used);
    kn_store_relaxed(used, old & ~bit);
    return old;
}

/* Says what is wrong with an object that cannot be freed. */
static KN_COLD void report_free(const struct kn_pool_state *state, const void *object,
                                const char *call)
{
    size_t index;
    const struct kn_pool_chunk *chunk = kn_pool_find(state, object, &index);
    const char *what = "double free: the object is free";
    if (chunk == NULL)
        what = "not an object of this pool";
    else if (!kn_pool_is_start(state, chunk, index, object))
        what = "no object of this pool starts there";
    kn_special_misuse("pool", call, object, what);
}

static KN_NOINLINE void note_room(struct kn_pool_chunk *chunk, size_t word, bool is_shared)
{
    _Atomic uint64_t *full = &chunk->full[word / 64];
    uint64_t mask = ~(UINT64_C(1) << word % 64);
    if (is_shared)
        kn_fetch_and_acq_rel(full, mask);
    else
        kn_store_relaxed(full, kn_load_relaxed(full) & mask);
}

void kn_pool_bits_free(struct kn_pool_state *state, void *object, const char *call)
{
    bool is_shared = state->kind == KNOLL_POOL_SHARED;
    size_t index;
    struct kn_pool_chunk *chunk = kn_pool_find(state, object, &index);
    if (KN_UNLIKELY(chunk == NULL || !kn_pool_is_start(state, chunk, index, object))) {
        report_free(state, object, call);
        return;
    }
    size_t word = index / 64;
    uint64_t bit = UINT64_C(1) << index % 64;
    if (!is_shared) {
        state->cursor = chunk;
        state->cursor_word = word;
    }
    uint64_t old = free_bit(&chunk->used[word], bit, is_shared);
    if (KN_UNLIKELY((old & bit) == 0))
        report_free(state, object, call);
    else if (KN_UNLIKELY(old == FULL))
        note_room(chunk, word, is_shared);
}

/* ---- reports -------------------------------------------------------------------------------- */

size_t kn_pool_bits_count(const struct kn_pool_chunk *chunk)
{
    size_t count = 0, words = kn_pool_words(chunk);
    for (size_t i = 0; i < words; i++)
        count += kn_popcount64(kn_load_relaxed(&chunk->used[i]));
    return count - (words * 64 - chunk->count);
}

int kn_pool_bits_walk(const struct kn_pool_state *state, int (*visit)(void *object, void *arg),
                      void *arg)
{
    for (struct kn_pool_chunk *chunk = kn_pool_newest(state); chunk != NULL; chunk = chunk->older)
        for (size_t word = 0; word < kn_pool_words(chunk); word++)
            for (uint64_t used = kn_load_relaxed(&chunk->used[word]); used != 0; used &= used - 1) {
                size_t index = word * 64 + kn_ctz64(used);
                int result =
                    index < chunk->count ? visit(kn_pool_object(state, chunk, index), arg) : 0;
                if (result != 0)
                    return result;
            }
    return 0;
}

static const char *check_chunk(const struct kn_pool_chunk *chunk)
{
    size_t words = kn_pool_words(chunk);
    for (size_t i = chunk->count; i < words * 64; i++)
        if (!kn_pool_bits_is_used(chunk, i))
            return "the bitmap has an object that the chunk has not";
    for (size_t i = 0; i < kn_bitmap_words(words) * 64; i++) {
        bool is_full = (kn_load_relaxed(&chunk->full[i / 64]) >> i % 64 & 1) != 0;
        if (is_full && i < words && kn_load_relaxed(&chunk->used[i]) != FULL)
            return "a word with room counts as full";
        if (!is_full && i >= words)
            return "the summary has a word that the bitmap has not";
    }
    return NULL;
}

const char *kn_pool_bits_check(const struct kn_pool_state *state)
{
    for (const struct kn_pool_chunk *chunk = kn_pool_newest(state); chunk != NULL;
         chunk = chunk->older) {
        const char *fault = check_chunk(chunk);
        if (fault != NULL)
            return fault;
    }
    return NULL;
}
