/* What an arena is made of, and whether it is sound. */
#include "special/arena.h"

#include <string.h>

static size_t used_in(const struct kn_arena_chunk *chunk, const char *at)
{
    return (size_t)(at - chunk->floor);
}

/* ---- statistics and walk ---------------------------------------------------------------------- */

static void count_chunks(const struct knoll_arena *arena, struct knoll_arena_stats *stats)
{
    for (const struct kn_arena_chunk *chunk = arena->chunks; chunk != NULL; chunk = chunk->next) {
        stats->chunks++;
        if (chunk != arena->chunks)
            stats->lost_bytes += (size_t)(chunk->end - chunk->at);
    }
    for (const struct kn_arena_chunk *chunk = arena->apart; chunk != NULL; chunk = chunk->next) {
        stats->apart_chunks++;
        stats->lost_bytes += (size_t)(chunk->end - chunk->at);
    }
    for (const struct kn_arena_chunk *chunk = arena->root->kept; chunk != NULL; chunk = chunk->next)
        stats->kept_bytes += chunk->bytes;
}

void knoll_arena_stats_get(const struct knoll_arena *arena, struct knoll_arena_stats *stats)
{
    size_t used = kn_arena_used_bytes(arena);
    *stats = (struct knoll_arena_stats){
        .used_bytes = used,
        .peak_bytes = used > arena->peak_bytes ? used : arena->peak_bytes,
        .free_bytes = (size_t)(arena->end - arena->at),
        .kept_chunks = arena->root->kept_chunks,
        .held_bytes = arena->root->held_bytes,
    };
    count_chunks(arena, stats);
    for (const struct kn_arena_mark *mark = arena->marks; mark != NULL; mark = mark->older)
        stats->marks++;
    for (const struct kn_arena_cleanup *one = arena->cleanups; one != NULL; one = one->older)
        stats->cleanups++;
    for (const struct knoll_arena *child = arena->children; child != NULL; child = child->older)
        stats->children++;
}

static struct knoll_arena_chunk describe(const struct kn_arena_chunk *chunk, const char *at,
                                         enum knoll_arena_chunk_kind kind)
{
    return (struct knoll_arena_chunk){
        .address = chunk->floor,
        .bytes = used_in(chunk, chunk->end),
        .used_bytes = used_in(chunk, at),
        .kind = kind,
        .is_callers = chunk->is_callers,
    };
}

int knoll_arena_walk(const struct knoll_arena *arena,
                     int (*visit)(const struct knoll_arena_chunk *chunk, void *arg), void *arg)
{
    int result = 0;
    const struct kn_arena_chunk *current = arena->chunks;
    for (const struct kn_arena_chunk *one = current; one != NULL && result == 0; one = one->next) {
        bool is_current = one == current;
        struct knoll_arena_chunk chunk =
            describe(one, is_current ? arena->at : one->at,
                     is_current ? KNOLL_ARENA_CURRENT : KNOLL_ARENA_OLDER);
        result = visit(&chunk, arg);
    }
    for (const struct kn_arena_chunk *one = arena->apart; one != NULL && result == 0;
         one = one->next) {
        struct knoll_arena_chunk chunk = describe(one, one->at, KNOLL_ARENA_APART);
        result = visit(&chunk, arg);
    }
    return result;
}

static int visit_has(const struct knoll_arena_chunk *chunk, void *address)
{
    return (uintptr_t)address - (uintptr_t)chunk->address < chunk->used_bytes;
}

bool knoll_arena_contains(const struct knoll_arena *arena, const void *address)
{
    return knoll_arena_walk(arena, visit_has, (void *)(uintptr_t)address) != 0;
}

/* ---- check ------------------------------------------------------------------------------------ */

static bool is_sound(const struct kn_arena_chunk *chunk, const char *at)
{
    const char *first = (const char *)(chunk + 1);
    return first <= chunk->floor && chunk->floor <= at && at <= chunk->end &&
           first <= chunk->clean && chunk->clean <= chunk->end &&
           (size_t)(chunk->end - (const char *)chunk) ==
               kn_align_down(chunk->bytes, KNOLL_ARENA_ALIGN);
}

/* Whether all that is said to read as zero does. */
static bool is_clean(const struct kn_arena_chunk *chunk, const char *at)
{
    const char *from = at > chunk->clean ? at : chunk->clean;
    while (from < chunk->end && *from == 0)
        from++;
    return from == chunk->end;
}

static const char *check_chunk(const struct kn_arena_chunk *chunk, const char *at)
{
    if (!is_sound(chunk, at))
        return "the header of a chunk is damaged";
    return is_clean(chunk, at) ? NULL : "free memory was written to";
}

/* *held grows by what the chunks have from the source. */
static const char *check_chunks(const struct knoll_arena *arena, size_t *held)
{
    size_t left = 0;
    const char *fault = NULL;
    if (arena->chunks == NULL && (arena->at != kn_arena_nothing || arena->end != kn_arena_nothing))
        return "an arena without chunks has room";
    if (arena->chunks != NULL && arena->end != arena->chunks->end)
        return "the end is not that of the current chunk";
    for (const struct kn_arena_chunk *one = arena->chunks; one != NULL; one = one->next) {
        const char *at = one == arena->chunks ? arena->at : one->at;
        if ((fault = check_chunk(one, at)) != NULL)
            return fault;
        left += one == arena->chunks ? 0 : used_in(one, at);
        *held += one->is_callers ? 0 : one->bytes;
    }
    uint64_t serial = arena->serial;
    for (const struct kn_arena_chunk *one = arena->apart; one != NULL; one = one->next) {
        if ((fault = check_chunk(one, one->at)) != NULL)
            return fault;
        if (one->serial > serial)
            return "the chunks apart are out of order";
        serial = one->serial;
        left += used_in(one, one->at);
        *held += one->is_callers ? 0 : one->bytes;
    }
    return left == arena->left_bytes ? NULL : "the used bytes of older chunks are not their sum";
}

/* Marks lie in the chunks in the order of their serials. */
static const char *check_marks(const struct knoll_arena *arena)
{
    const struct kn_arena_chunk *chunk = arena->chunks;
    const char *limit = arena->at;
    uint64_t serial = arena->serial;
    for (const struct kn_arena_mark *mark = arena->marks; mark != NULL; mark = mark->older) {
        while (chunk != NULL && !kn_arena_chunk_has(chunk, mark)) {
            chunk = chunk->next;
            limit = chunk == NULL ? NULL : chunk->at;
        }
        if (chunk == NULL || (const char *)(mark + 1) > limit)
            return "a mark is in no chunk, or out of order";
        if (mark->serial > serial || mark->serial == 0)
            return "the serials of marks are out of order";
        limit = (const char *)mark;
        serial = mark->serial - 1;
    }
    return NULL;
}

static const char *check_cleanups(const struct knoll_arena *arena)
{
    const struct kn_arena_cleanup *newer = NULL;
    uint64_t serial = arena->serial;
    for (const struct kn_arena_cleanup *one = arena->cleanups; one != NULL; one = one->older) {
        if (!knoll_arena_contains(arena, one))
            return "a clean-up is in no chunk";
        if (one->newer != newer || one->serial > serial || one->clean == NULL)
            return "a clean-up is damaged";
        newer = one;
        serial = one->serial;
    }
    return NULL;
}

/* Checks an arena and its descendants. */
static const char *check_line(const struct knoll_arena *arena, size_t *held)
{
    const struct knoll_arena *newer = NULL;
    uint64_t serial = arena->serial;
    if (arena->state != KN_ARENA_LIVE)
        return "not an arena, or one that is gone";
    const char *fault = check_chunks(arena, held);
    fault = fault != NULL ? fault : check_marks(arena);
    fault = fault != NULL ? fault : check_cleanups(arena);
    for (const struct knoll_arena *child = arena->children; child != NULL && fault == NULL;
         child = child->older) {
        if (child->parent != arena || child->root != arena->root || child->newer != newer ||
            child->born > serial)
            return "a child is damaged";
        newer = child;
        serial = child->born;
        fault = check_line(child, held);
    }
    return fault;
}

const char *knoll_arena_check(const struct knoll_arena *arena)
{
    size_t held = 0, kept = 0;
    const char *fault = check_line(arena, &held);
    if (fault != NULL || arena->root != arena)
        return fault;
    for (const struct kn_arena_chunk *one = arena->kept; one != NULL; one = one->next) {
        if (one->at != (const char *)(one + 1) || (fault = check_chunk(one, one->at)) != NULL)
            return "a kept chunk is damaged";
        held += one->bytes;
        kept++;
    }
    if (kept != arena->kept_chunks || kept > arena->keep_chunks)
        return "the number of kept chunks is wrong";
    return held == arena->held_bytes ? NULL : "the bytes from the source are not the chunks' sum";
}
