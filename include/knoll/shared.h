/*
 * Shared heaps: a compact heap between processes, with a lock that outlives the death of its holder.
 *
 *     void *space = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
 *     struct knoll_shared heap;
 *     if (knoll_shared_create(&heap, space, bytes, knoll_compact_best_fit()) == 0)
 *         knoll_shared_set_root(&heap, knoll_shared_malloc(&heap, sizeof(struct table)));
 *
 * The buffer may be at another address in each process: see <knoll/compact.h>, which tells about
 * sizes, indexes, errors, and offsets in place of pointers. All functions here take the heap's lock
 * but those of which it is said otherwise.
 *
 * Death       When a thread or process ends in the middle of a call, by whatever signal, the next one
 *             to take the lock mends the heap (knoll_compact_mend): the call that was cut short has
 *             taken effect, or has not; all other blocks are as they were. A block that was just being
 *             made may stay without an owner; knoll_shared_walk finds it. A block whose realloc was cut
 *             short may be there twice.
 *             The program's own records in the heap may be half changed. Who changes them under
 *             knoll_shared_lock is told of a death by its result.
 * Processes   need the same C library and word size. In a forked child the heap goes on working.
 * Misuse      is reported with the lock held; see <knoll/misuse.h>.
 * Threads     any, of any process that has the heap; no function may be called from a signal handler.
 */
#ifndef KNOLL_SHARED_H
#define KNOLL_SHARED_H

#include <stddef.h>
#include <stdint.h>

#include <knoll/attributes.h>
#include <knoll/compact.h>

KNOLL_BEGIN

/* One process's view of a heap; the members are the library's. It may be copied and needs no end. */
struct knoll_shared {
    void *start;
    struct knoll_compact heap;
};

/* ---- beginnings ------------------------------------------------------------------------------ */

/*
 * Makes a heap of the `bytes` at `buffer`, aligned to KNOLL_COMPACT_ALIGN. Nobody else may use the
 * buffer meanwhile, but others may try to attach: they get KNOLL_COMPACT_DAMAGED until the heap is
 * there, provided that the buffer was zero before. Returns what knoll_compact_create does, or an errno
 * value if the system has no such locks.
 */
KNOLL_API KNOLL_NODISCARD int
knoll_shared_create(struct knoll_shared *heap, void *buffer, size_t bytes,
                    const struct knoll_compact_index *index) KNOLL_NOTHROW;

/* Finds the heap at the start of `buffer`, which others may be using. Returns what
 * knoll_compact_attach does. Does not take the lock. */
KNOLL_API KNOLL_NODISCARD int
knoll_shared_attach(struct knoll_shared *heap, void *buffer, size_t bytes,
                    const struct knoll_compact_index *index) KNOLL_NOTHROW;

/*
 * The same while no other process has the heap: after a restart of the machine, or of everything that
 * used it. Makes the lock anew, in whatever state it is, and mends the heap. Returns what
 * knoll_compact_attach and knoll_compact_mend do.
 */
KNOLL_API KNOLL_NODISCARD int
knoll_shared_restart(struct knoll_shared *heap, void *buffer, size_t bytes,
                     const struct knoll_compact_index *index) KNOLL_NOTHROW;

/* As knoll_compact_on_misuse, for this view. Does not take the lock. */
KNOLL_API void knoll_shared_on_misuse(struct knoll_shared *heap, knoll_misuse_callback *callback,
                                      void *arg) KNOLL_NOTHROW;

/* ---- the lock -------------------------------------------------------------------------------- */

/*
 * Takes the heap's lock, for more than one call, or for what the program has in the heap. Calls on the
 * heap are allowed while it is held, and so is taking it again.
 * 0                 the lock is held
 * EOWNERDEAD        the lock is held, and the heap is right, but somebody died with the lock since
 *                   knoll_shared_settle was called last: what the program has in the heap may be half
 *                   changed
 * ENOTRECOVERABLE   the lock is not held: the heap was found damaged when it was to be mended. All
 *                   calls fail from now on, and frees have no effect
 */
KNOLL_API KNOLL_NODISCARD int knoll_shared_lock(struct knoll_shared *heap) KNOLL_NOTHROW;
KNOLL_API void knoll_shared_unlock(struct knoll_shared *heap) KNOLL_NOTHROW;

/* What the program has in the heap is right again. With the lock held. */
KNOLL_API void knoll_shared_settle(struct knoll_shared *heap) KNOLL_NOTHROW;

/* How often somebody has died with the lock. Does not take it. */
KNOLL_API uint64_t knoll_shared_deaths(const struct knoll_shared *heap) KNOLL_NOTHROW;

/* ---- blocks: as the functions of <knoll/compact.h> ------------------------------------------- */

KNOLL_API KNOLL_NODISCARD void *knoll_shared_malloc(struct knoll_shared *heap,
                                                    size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_SIZE(2);
KNOLL_API KNOLL_NODISCARD void *knoll_shared_calloc(struct knoll_shared *heap, size_t count,
                                                    size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_SIZES(2, 3);
KNOLL_API KNOLL_NODISCARD void *
knoll_shared_aligned_alloc(struct knoll_shared *heap, size_t align,
                           size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK KNOLL_SIZE(3);
KNOLL_API KNOLL_NODISCARD void *knoll_shared_realloc(struct knoll_shared *heap, void *p,
                                                     size_t bytes) KNOLL_NOTHROW KNOLL_SIZE(3);
KNOLL_API void knoll_shared_free(struct knoll_shared *heap, void *p) KNOLL_NOTHROW;
KNOLL_API size_t knoll_shared_usable_size(struct knoll_shared *heap, const void *p) KNOLL_NOTHROW;

KNOLL_API void knoll_shared_set_root(struct knoll_shared *heap, const void *p) KNOLL_NOTHROW;
KNOLL_API void *knoll_shared_root(struct knoll_shared *heap) KNOLL_NOTHROW;

/* Do not take the lock. */
KNOLL_API size_t knoll_shared_offset(const struct knoll_shared *heap, const void *p) KNOLL_NOTHROW;
KNOLL_API void *knoll_shared_pointer(const struct knoll_shared *heap, size_t offset) KNOLL_NOTHROW;

/* ---- looking inside: with the lock held from the first to the last --------------------------- */

/* -1 if the lock is lost. */
KNOLL_API int knoll_shared_walk(struct knoll_shared *heap,
                                int (*visit)(const struct knoll_compact_block *block, void *arg),
                                void *arg);
/* All zero if the lock is lost. */
KNOLL_API void knoll_shared_stats_get(struct knoll_shared *heap,
                                      struct knoll_compact_stats *stats) KNOLL_NOTHROW;
KNOLL_API const char *knoll_shared_check(struct knoll_shared *heap) KNOLL_NOTHROW;

KNOLL_END

#endif
