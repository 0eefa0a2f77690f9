/*
 * Arenas: blocks that are taken one after another and freed all at once.
 *
 *     struct knoll_arena arena;
 *     knoll_arena_init(&arena, NULL);
 *     char *name = knoll_arena_strdup(&arena, "knoll");
 *     struct node *node = knoll_arena_alloc(&arena, sizeof(*node));
 *     knoll_arena_destroy(&arena);
 *
 * A block is cut from the current chunk by moving a pointer. When a chunk is used up, the next one is
 * fetched from the source, twice as large as the last up to a limit. A block that is large for a
 * chunk gets one of its own, apart, and the current chunk goes on. Blocks have no header and are not
 * freed one by one; the arena is reset, rewound to a mark, or destroyed.
 *
 *     current chunk                                      older chunks     chunks apart
 *     +--------+-------+---+-----------+---------------+   +--------+      +----------------+
 *     | header | block |   | block ... |   free        |<--| ...    |      | header | block |
 *     +--------+-------+---+-----------+---------------+   +--------+      +----------------+
 *                                      ^ at            ^ end
 *
 * Children    An arena can have child arenas, with chunks of their own. They end with their parent,
 *             or when it is reset, or rewound to a mark that is older than they are. The chunks that
 *             one of them gives up serve the others.
 * Clean-ups   are calls to be made before the memory around a block goes away: closing a file,
 *             running a destructor. The newest is called first.
 * Sizes       are in bytes. A block of size zero has a valid address that others may share. More
 *             than PTRDIFF_MAX bytes are never had.
 * Alignment   KNOLL_ARENA_ALIGN, unless asked for otherwise.
 * Contents    are undefined unless said to be zero.
 * Failure     is NULL with errno set to ENOMEM, or an errno value as the result; the arena is then
 *             as it was. Success leaves errno alone.
 * Misuse      that is found goes to <knoll/misuse.h>.
 * Threads     an arena, its parent and all its children are for one thread at a time. Arenas made
 *             with knoll_arena_init or _new are independent of each other, as far as their source is
 *             for any thread.
 * Signals     no function may interrupt another one on the same arena.
 * Cost        a block takes about ten instructions, inline; else as said below.
 */
#ifndef KNOLL_ARENA_H
#define KNOLL_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <knoll/attributes.h>
#include <knoll/misuse.h>
#include <knoll/source.h>

KNOLL_BEGIN

/* Of every block, unless chosen. */
#define KNOLL_ARENA_ALIGN 16

/* Chunks double from the first of these to the second, unless chosen. */
#define KNOLL_ARENA_CHUNK_BYTES     ((size_t)64 << 10)
#define KNOLL_ARENA_CHUNK_BYTES_MAX ((size_t)1 << 20)
/* How many unused chunks are kept for later use, unless chosen; and the choice of none. */
#define KNOLL_ARENA_KEEP_CHUNKS 8
#define KNOLL_ARENA_KEEP_NONE   SIZE_MAX

/* All zero, or NULL in place of it, is a good choice. */
struct knoll_arena_options {
    struct knoll_source *source; /* NULL: knoll_source_mmap() */
    void *buffer;                /* the first chunk, which stays the caller's; NULL: none */
    size_t buffer_bytes;
    bool is_fixed;          /* there is nothing but the buffer, and no source */
    size_t chunk_bytes;     /* of the first chunk from the source */
    size_t chunk_bytes_max; /* where doubling ends; at least chunk_bytes, or else that */
    size_t keep_chunks;     /* for the whole family of an arena and its children */
    size_t limit_bytes;     /* of memory from the source, for the whole family; 0: none */
};

struct kn_arena_chunk;
struct kn_arena_mark;
struct kn_arena_cleanup;

/* For knoll_arena_init to fill in. All that may be read is what the inline functions read. */
struct knoll_arena {
    char *at;  /* the first free byte of the current chunk */
    char *end; /* where the current chunk ends, a multiple of KNOLL_ARENA_ALIGN */

    struct kn_arena_chunk *chunks; /* the current one, then older ones */
    struct kn_arena_chunk *apart;  /* with one block, or adopted: the newest, then older ones */
    struct kn_arena_mark *marks;   /* the newest, then older ones */
    struct kn_arena_cleanup *cleanups;
    struct knoll_arena *root;          /* the oldest ancestor, or the arena itself */
    struct knoll_arena *parent;        /* NULL: none */
    struct knoll_arena *children;      /* the newest, then older ones */
    struct knoll_arena *older, *newer; /* children of the same parent */
    uint64_t serial;                   /* of what was made last: marks, clean-ups, and so on */
    uint64_t born;                     /* the parent's serial for this child */
    size_t left_bytes;                 /* used in all chunks but the current one */
    size_t peak_bytes;
    size_t next_bytes; /* of the next chunk */
    unsigned state;
    unsigned busy;  /* how many of it and its descendants make calls to clean up */
    bool is_inside; /* the arena lies in its own oldest chunk */

    /* Of the root, for the family. */
    struct knoll_source *source; /* NULL: none */
    struct kn_arena_chunk *kept; /* unused ones */
    size_t kept_chunks;
    size_t keep_chunks;
    size_t chunk_bytes;
    size_t chunk_bytes_max;
    size_t limit_bytes;
    size_t held_bytes; /* from the source */
};

/* ---- life ------------------------------------------------------------------------------------- */

/*
 * Makes *arena an arena, which must not be moved from then on. `options` may be NULL, and is not
 * needed afterwards. 0, or EINVAL: the buffer has no room for a chunk of one block; there is neither
 * buffer nor source. Memory is asked for when it is needed, not here.
 */
KNOLL_API KNOLL_NODISCARD int
knoll_arena_init(struct knoll_arena *arena,
                 const struct knoll_arena_options *options) KNOLL_NOTHROW;

/*
 * An arena that lies in its own first chunk. NULL with errno EINVAL or ENOMEM.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_arena *
knoll_arena_new(const struct knoll_arena_options *options) KNOLL_NOTHROW;

/*
 * A child, which lies in its own first chunk. It has the source, the limits and the kept chunks of
 * its parent. NULL with errno ENOMEM.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_arena *
knoll_arena_new_child(struct knoll_arena *parent) KNOLL_NOTHROW;

/*
 * Ends an arena: destroys its children, makes all calls to clean up, and gives all chunks back, those
 * of a child to its family. NULL is allowed and does nothing.
 * Misuse: from within a call to clean up of the arena or of a descendant; an arena that was destroyed
 * before, as far as its memory is still there.
 */
KNOLL_API void knoll_arena_destroy(struct knoll_arena *arena) KNOLL_NOTHROW;

/*
 * Frees all blocks: as destroying the arena and making it anew with the same options, but its oldest
 * chunk stays with it, and as many others as may be kept, the largest.
 * Misuse: from within a call to clean up of the arena or of a descendant.
 * Cost: linear in the number of chunks, children and calls to clean up.
 */
KNOLL_API void knoll_arena_reset(struct knoll_arena *arena) KNOLL_NOTHROW;

/* Gives the kept chunks of the whole family back to the source. Returns how many bytes that are. */
KNOLL_API size_t knoll_arena_trim(struct knoll_arena *arena) KNOLL_NOTHROW;

/*
 * Makes everything of `child` a part of `arena`: blocks, children and calls to clean up, as if all of
 * it had been made in `arena` just now. No block moves. The child is gone then: if it lay in memory of
 * the caller, it may be made anew; its marks are void.
 * The child is a child of the same family, or an arena of its own with the same source, perhaps filled
 * by another thread. 0, or with nothing changed EINVAL: it is neither; it is `arena` or an ancestor of
 * it; either is making calls to clean up; or ENOMEM: the limit of `arena` does not allow it.
 * Cost: linear in the number of chunks, children and calls to clean up of the child.
 */
KNOLL_API KNOLL_NODISCARD int knoll_arena_adopt(struct knoll_arena *arena,
                                                struct knoll_arena *child) KNOLL_NOTHROW;

/* ---- blocks ----------------------------------------------------------------------------------- */

/* A block for which the current chunk has no room. For the inline functions. */
KNOLL_API KNOLL_NODISCARD void *knoll_arena_alloc_slow(struct knoll_arena *arena, size_t align,
                                                       size_t bytes) KNOLL_NOTHROW;

/*
 * A block at a multiple of `align`, a power of two; 1 packs strings without gaps. EINVAL if it is no
 * power of two, found out for alignments above KNOLL_ARENA_ALIGN alone.
 */
KNOLL_API
KNOLL_NODISCARD KNOLL_SIZE(3) inline void *knoll_arena_aligned_alloc(struct knoll_arena *arena,
                                                                     size_t align, size_t bytes)
{
    char *start = (char *)(((uintptr_t)arena->at + (align - 1)) & ~(uintptr_t)(align - 1));
    /* The end is a multiple of the alignment, so the start is not beyond it. */
    if (__builtin_expect(align > KNOLL_ARENA_ALIGN ||
                             bytes > (size_t)((uintptr_t)arena->end - (uintptr_t)start),
                         0))
        return knoll_arena_alloc_slow(arena, align, bytes);
    arena->at = start + bytes;
    return start;
}

/* A block of `bytes`. */
KNOLL_API KNOLL_NODISCARD KNOLL_SIZE(2) inline void *knoll_arena_alloc(struct knoll_arena *arena,
                                                                       size_t bytes)
{
    return knoll_arena_aligned_alloc(arena, KNOLL_ARENA_ALIGN, bytes);
}

/*
 * A block for `count` objects of `bytes` each, all of it zero. ENOMEM also if the product does not fit
 * a size_t. Memory that is known to be zero is not written to.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_arena_calloc(struct knoll_arena *arena, size_t count,
                                                   size_t bytes) KNOLL_NOTHROW;

/* Copies of memory and of strings. A copy of a part ends after `bytes` or with the string, whichever
 * comes first, and has a zero behind it. */
KNOLL_API KNOLL_NODISCARD void *knoll_arena_memdup(struct knoll_arena *arena, const void *from,
                                                   size_t bytes) KNOLL_NOTHROW;
KNOLL_API KNOLL_NODISCARD char *knoll_arena_strdup(struct knoll_arena *arena,
                                                   const char *text) KNOLL_NOTHROW;
KNOLL_API KNOLL_NODISCARD char *knoll_arena_strndup(struct knoll_arena *arena, const char *text,
                                                    size_t bytes) KNOLL_NOTHROW;

/*
 * Makes the block at `p`, of `old_bytes`, hold `bytes` without moving it. Returns p, or NULL if that
 * cannot be done, with errno unchanged. The block made last can grow as far as its chunk goes, or as
 * the source extends it, and can shrink, to nothing even; so can the last block that got a chunk of its
 * own, but not to nothing. All others can only be made out smaller: the memory stays in use.
 * old_bytes is what was asked for last.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_arena_expand(struct knoll_arena *arena, void *p,
                                                   size_t old_bytes, size_t bytes) KNOLL_NOTHROW;

/*
 * The same, but where expanding is not possible, the contents are copied to a new block, aligned to
 * KNOLL_ARENA_ALIGN. The old block stays in use, unless no mark is newer and it is either the last in
 * the current chunk, while the new one gets a chunk of its own; or had such a chunk, the newest. p may
 * be NULL, with old_bytes 0. On failure NULL is returned and the block is unchanged.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_arena_realloc(struct knoll_arena *arena, void *p,
                                                    size_t old_bytes, size_t bytes) KNOLL_NOTHROW;

/* ---- marks ------------------------------------------------------------------------------------ */

/* A moment in the life of an arena. A value to be copied freely; it needs not be freed. */
struct knoll_arena_moment {
    struct kn_arena_mark *place; /* NULL: no mark */
    uint64_t serial;
};

/*
 * The present moment. Takes 16 bytes of the arena, unless nothing was made since the last mark. If
 * there is no memory, the result has place NULL, and errno is ENOMEM. Cost: that of a block.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_arena_moment
knoll_arena_mark(struct knoll_arena *arena) KNOLL_NOTHROW;

/*
 * Frees all that was made since the mark: blocks, chunks, children, and clean-ups, which are called.
 * Marks since then are void; this one stays. A mark with place NULL is allowed and does nothing.
 * Misuse: the mark is another arena's; or void, which is always found; from within a call to clean up
 * of the arena or of a descendant.
 * Cost: linear in the number of marks, chunks, children and clean-ups since the mark.
 */
KNOLL_API void knoll_arena_rewind(struct knoll_arena *arena,
                                  struct knoll_arena_moment mark) KNOLL_NOTHROW;

/* ---- clean-ups -------------------------------------------------------------------------------- */

typedef void knoll_arena_clean(void *arg);

/*
 * Makes the arena call clean(arg) before the memory that is in use now, or any block made later, goes
 * away: when it is reset, destroyed, or rewound to an older mark. The call may use the arena's blocks,
 * and make new ones, which go away with the rest; it must not throw or longjmp. Returns what to cancel
 * it by, or NULL with errno ENOMEM.
 */
KNOLL_API KNOLL_NODISCARD struct kn_arena_cleanup *
knoll_arena_on_clean(struct knoll_arena *arena, knoll_arena_clean *clean, void *arg) KNOLL_NOTHROW;

/*
 * Takes a clean-up back without calling it; its own memory stays in use. Misuse: it was cancelled
 * before, or called. Cost: constant.
 */
KNOLL_API void knoll_arena_cancel_clean(struct knoll_arena *arena,
                                        struct kn_arena_cleanup *cleanup) KNOLL_NOTHROW;

/* ---- what an arena is made of ----------------------------------------------------------------- */

struct knoll_arena_stats {
    size_t used_bytes;   /* blocks, with the gaps between them, marks and clean-ups */
    size_t peak_bytes;   /* the most that ever was used */
    size_t free_bytes;   /* left in the current chunk */
    size_t lost_bytes;   /* left in older chunks and behind blocks apart */
    size_t chunks;       /* the current one and older ones */
    size_t apart_chunks; /* with one block each, or adopted */
    size_t marks;        /* that can be rewound to */
    size_t cleanups;     /* to be called */
    size_t children;     /* of its own, not theirs */
    size_t kept_chunks;  /* of the family */
    size_t kept_bytes;   /* of the family */
    size_t held_bytes;   /* from the source, all of the family */
};

/* Cost: linear in the number of chunks, marks, clean-ups and children. */
KNOLL_API void knoll_arena_stats_get(const struct knoll_arena *arena,
                                     struct knoll_arena_stats *stats) KNOLL_NOTHROW;

enum knoll_arena_chunk_kind {
    KNOLL_ARENA_CURRENT,
    KNOLL_ARENA_OLDER,
    KNOLL_ARENA_APART,
};

struct knoll_arena_chunk {
    const void *address; /* where its blocks start */
    size_t bytes;        /* from there to its end */
    size_t used_bytes;   /* from there */
    enum knoll_arena_chunk_kind kind;
    bool is_callers; /* the buffer of the options */
};

/* Calls visit(chunk, arg) for each chunk of the arena, not of its children, the newest first, until it
 * returns another value than 0. Returns that value, or 0 at the end. The call may not use the arena. */
KNOLL_API int knoll_arena_walk(const struct knoll_arena *arena,
                               int (*visit)(const struct knoll_arena_chunk *chunk, void *arg),
                               void *arg);

/* Whether an address lies in a block of the arena itself. Cost: linear in the number of chunks. */
KNOLL_API KNOLL_NODISCARD bool knoll_arena_contains(const struct knoll_arena *arena,
                                                    const void *address) KNOLL_NOTHROW;

/* NULL, or what is wrong with the arena or one of its descendants: somebody wrote to memory that was
 * not theirs. Cost: as for the statistics of all. */
KNOLL_API KNOLL_NODISCARD const char *
knoll_arena_check(const struct knoll_arena *arena) KNOLL_NOTHROW;

KNOLL_END

#endif
