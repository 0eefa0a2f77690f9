/*
 * What the files of the arena share; <knoll/arena.h> tells what an arena is.
 *
 * A chunk is a header and its payload. For the chunk that an arena is cutting blocks from, the arena
 * has the first free byte; for all others, the header.
 *
 *     chunk         floor                      at         clean          end
 *     +-------------+--------------------------+----------+--------------+
 *     | header      | in use                   | free, written to before | free, zero
 *     +-------------+--------------------------+----------+--------------+
 *
 * Invariants  chunk <= floor <= at <= end; what lies between the larger of at and clean, and the end,
 *             reads as zero. The end is a multiple of KNOLL_ARENA_ALIGN.
 *             Serials only grow. What was made after a mark has a larger one than the mark, and in
 *             every list of an arena serials fall from the newest on, clean-ups and children that
 *             were adopted together having the same one.
 *             A mark lies in a chunk that is not apart, at the place to rewind to: so a mark that is
 *             in the list is never void, and one that is not in it always is.
 *             The kept chunks, the limits and the source are the root's. Chunks that are the
 *             caller's are never kept.
 */
#ifndef KN_SPECIAL_ARENA_H
#define KN_SPECIAL_ARENA_H

#include "base/align.h"
#include "os/source.h"

#include <knoll/arena.h>

struct kn_arena_chunk {
    struct kn_arena_chunk *next; /* the older one, or another kept one */
    char *floor;                 /* where blocks start */
    char *at;
    char *clean;
    char *end;
    uint64_t serial; /* apart: of its making */
    size_t bytes;    /* of the source's range, which starts with the header */
    bool is_callers;
    bool is_single; /* apart, and has but the block that it was made for */
} KN_ALIGNED(KNOLL_ARENA_ALIGN);

struct kn_arena_mark {
    struct kn_arena_mark *older;
    uint64_t serial;
};

struct kn_arena_cleanup {
    struct kn_arena_cleanup *older, *newer;
    uint64_t serial;
    knoll_arena_clean *clean; /* NULL: cancelled or called */
    void *arg;
};

enum { KN_ARENA_LIVE = 0x6b4e4172, KN_ARENA_GONE = 0x676f6e65 };

/* ---- arena_chunk.c: chunks, between the source, the kept ones and the arenas -------------------- */

/*
 * A chunk with room for `bytes` from its floor on, kept or from the source; `wish`, if larger, is the
 * size that a new one should have. NULL: there is no memory.
 */
KN_NODISCARD struct kn_arena_chunk *kn_arena_chunk_get(struct knoll_arena *root, size_t bytes,
                                                       size_t wish);

/* Lets go of a chunk that is in no list: to be kept, or back to the source. */
void kn_arena_chunk_put(struct knoll_arena *root, struct kn_arena_chunk *chunk);

/* Gives a chunk back to the source, unless it is the caller's. */
void kn_arena_chunk_release(struct knoll_arena *root, struct kn_arena_chunk *chunk);

/* Makes a chunk of the caller's memory. NULL: it is too small. */
KN_NODISCARD struct kn_arena_chunk *kn_arena_chunk_of_buffer(void *buffer, size_t bytes);

/* Whether the family of a root may have `bytes` more from the source. */
KN_NODISCARD bool kn_arena_is_within_limit(const struct knoll_arena *root, size_t bytes);

/* Asks the source for at least `bytes` more at the end of a chunk. */
KN_NODISCARD bool kn_arena_chunk_try_extend(struct knoll_arena *root, struct kn_arena_chunk *chunk,
                                            size_t bytes);

/* Notes that nothing from `at` on is in use any more. */
KN_INLINE void kn_arena_chunk_cut(struct kn_arena_chunk *chunk, char *at)
{
    if (chunk->clean < chunk->at)
        chunk->clean = chunk->at;
    chunk->at = at;
}

KN_INLINE bool kn_arena_chunk_has(const struct kn_arena_chunk *chunk, const void *p)
{
    return (uintptr_t)p >= (uintptr_t)chunk->floor && (uintptr_t)p <= (uintptr_t)chunk->end;
}

/* ---- arena_life.c ------------------------------------------------------------------------------- */

/* What a chunk ends with that an arena without one seems to have. */
extern char kn_arena_nothing[KNOLL_ARENA_ALIGN];

/* Makes a chunk that is in no list the current one. */
void kn_arena_push(struct knoll_arena *arena, struct kn_arena_chunk *chunk);
/* Takes the current chunk out, whose elder becomes the current one. There must be one. */
KN_NODISCARD struct kn_arena_chunk *kn_arena_pop(struct knoll_arena *arena);

KN_INLINE size_t kn_arena_used_bytes(const struct knoll_arena *arena)
{
    return arena->left_bytes +
           (arena->chunks == NULL ? 0 : (size_t)(arena->at - arena->chunks->floor));
}

/* Takes an arena out of its parent's list, if it has a parent. */
void kn_arena_leave_parent(struct knoll_arena *child);

/* Whether this is an arena; reports the misuse if not. */
KN_NODISCARD bool kn_arena_is_live(const struct knoll_arena *arena, const char *call);

#endif
