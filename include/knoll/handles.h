/*
 * Handles: a heap whose blocks may be moved, to be rid of the holes between them.
 *
 *     struct knoll_handles *heap = knoll_handles_new(NULL, 1 << 30);
 *     knoll_handle text = knoll_handles_alloc(heap, 100);
 *     strcpy(knoll_handles_lock(heap, text), "here for now");
 *     knoll_handles_unlock(heap, text);
 *     while (knoll_handles_compact(heap, 65536, 1000, NULL))
 *         do_something_else();
 *
 * A block is named by a handle. Where it lies is known only while it is locked; blocks that are not
 * may be moved by calls of knoll_handles_compact, which close holes, a bounded piece of work at a
 * time. Other functions move no block but the one they are told to resize.
 *
 * Handles     are numbers that can be copied and stored. A handle is good until its block is freed,
 *             and never comes back: an old handle is found out when it is used. 0 is no handle.
 * Sizes       are in bytes. 0 is valid and gives a block of its own. All blocks together are less
 *             than 64 GiB. A block costs 28 bytes beside its size, rounded up to 16.
 * Alignment   every block starts at a multiple of 16, before and after it is moved.
 * Contents    are undefined when new, and kept when the block is moved or resized.
 * Failure     handle 0 or NULL with errno ENOMEM, an errno value where the result is an int. Success
 *             leaves errno alone.
 * Misuse      a handle that is stale or never was one, an unlock too many, freeing what is locked, and
 *             a block's header that was written over are found and answered as in <knoll/misuse.h>.
 * Threads     one at a time: the caller brings the lock. Locked blocks may be used by any thread.
 * Cost        lock, unlock, size: constant, a few loads. alloc, free, resize: one search among the
 *             holes, by best fit, of at most 32 steps. Freeing and allocating move nothing.
 */
#ifndef KNOLL_HANDLES_H
#define KNOLL_HANDLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <knoll/attributes.h>
#include <knoll/misuse.h>
#include <knoll/source.h>

KNOLL_BEGIN

struct knoll_handles;

/* A block of one heap. Only 0, "no block", is the same in all heaps. */
typedef uint64_t knoll_handle;

/* ---- making and unmaking ---------------------------------------------------------------------- */

/*
 * A heap in the caller's buffer, records included, which the caller frees after the last use. Any
 * alignment and size; NULL with errno ENOMEM if it is too small for the records (less than 300
 * bytes), EINVAL if `buffer` is NULL.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_handles *knoll_handles_init(void *buffer,
                                                                   size_t bytes) KNOLL_NOTHROW;

/*
 * A heap in one range of `source`, or with NULL of knoll_source_mmap(), that grows up to max_bytes,
 * records included. Where the source can reserve address space, as mmap can, memory is taken only as
 * the heap grows, and given back by knoll_handles_trim; others provide all of it at once. NULL with
 * errno ENOMEM if the source has no such range or it is too small.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_handles *knoll_handles_new(struct knoll_source *source,
                                                                  size_t max_bytes) KNOLL_NOTHROW;

/*
 * Gives the range back to its source, with all blocks in it; after knoll_handles_init it does
 * nothing. NULL is allowed.
 */
KNOLL_API void knoll_handles_delete(struct knoll_handles *heap) KNOLL_NOTHROW;

/* ---- blocks ----------------------------------------------------------------------------------- */

/* A block of at least `bytes`, not locked. 0 with errno ENOMEM if neither a hole nor the free end is
 * large enough; compaction may help. */
KNOLL_API KNOLL_NODISCARD knoll_handle knoll_handles_alloc(struct knoll_handles *heap,
                                                           size_t bytes) KNOLL_NOTHROW;

/*
 * The same, and if there is no place, compacts just until there is one. 0 with errno ENOMEM if locked
 * blocks are in the way, or too little is free in all; in the latter case nothing is moved. Cost: up
 * to a copy of the whole heap.
 */
KNOLL_API KNOLL_NODISCARD knoll_handle knoll_handles_alloc_compacting(struct knoll_handles *heap,
                                                                      size_t bytes) KNOLL_NOTHROW;

/* Frees a block, which must not be locked. 0 is allowed and does nothing. */
KNOLL_API void knoll_handles_free(struct knoll_handles *heap, knoll_handle handle) KNOLL_NOTHROW;

/*
 * Where the block is, until as many unlocks have followed as there were locks. Meanwhile it is neither
 * moved nor freed. NULL after misuse. At most 2^32 - 2 locks of a block at a time.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_handles_lock(struct knoll_handles *heap,
                                                   knoll_handle handle) KNOLL_NOTHROW;
KNOLL_API void knoll_handles_unlock(struct knoll_handles *heap, knoll_handle handle) KNOLL_NOTHROW;

/*
 * Changes the size of a block; the contents are kept as far as they fit. A block that is locked is
 * resized only where it is. Returns 0; ENOMEM with nothing changed; EINVAL after misuse. Shrinking
 * never fails or moves. errno is untouched.
 */
KNOLL_API KNOLL_NODISCARD int knoll_handles_resize(struct knoll_handles *heap, knoll_handle handle,
                                                   size_t bytes) KNOLL_NOTHROW;

/* The bytes that were asked for. 0 after misuse. */
KNOLL_API KNOLL_NODISCARD size_t knoll_handles_size(const struct knoll_handles *heap,
                                                    knoll_handle handle) KNOLL_NOTHROW;

/* Whether the handle names a block; asking with any number is no misuse. */
KNOLL_API KNOLL_NODISCARD bool knoll_handles_is_valid(const struct knoll_handles *heap,
                                                      knoll_handle handle) KNOLL_NOTHROW;

/* ---- compaction ------------------------------------------------------------------------------- */

/* What one call of knoll_handles_compact did. */
struct knoll_handles_progress {
    size_t moved_blocks;
    size_t moved_bytes; /* with headers */
    size_t steps;       /* blocks and holes looked at */
};

/*
 * Moves blocks that are not locked into holes below them, until none is left that could be filled so,
 * or the work allowed is done:
 *   max_bytes   to be copied; a block that is larger, with its header of 16 bytes, stays where it is
 *   max_steps   blocks and holes to be looked at, at least 1
 * Returns whether a further call with the same bounds has something to do. What is left then of the
 * free memory lies at the end, but for holes that locked or too large blocks keep from closing.
 * *progress may be NULL.
 * Cost: bounded as said; the next call goes on where this one ended. Closing all holes copies
 * no more in all than twice the bytes up to the last block.
 */
KNOLL_API bool knoll_handles_compact(struct knoll_handles *heap, size_t max_bytes, size_t max_steps,
                                     struct knoll_handles_progress *progress) KNOLL_NOTHROW;

/* Gives the memory of the free end back to the source, if that can take it, without giving up the
 * addresses. Returns how many bytes; they may not all have held memory. */
KNOLL_API size_t knoll_handles_trim(struct knoll_handles *heap) KNOLL_NOTHROW;

/* ---- what it looks like ----------------------------------------------------------------------- */

struct knoll_handles_stats {
    size_t range_bytes; /* all there is, records included */
    size_t blocks;
    size_t locked_blocks;
    size_t used_bytes; /* as asked for */
    size_t holes;
    size_t hole_bytes;   /* in all holes */
    size_t tail_bytes;   /* free behind the last block */
    size_t record_bytes; /* all else: headers, rounding, handles, the heap itself */
    /* The largest block that can be had as things are. */
    size_t largest_free_bytes;
    /* By how much it is smaller than the one that could be had if no hole was left. */
    unsigned fragmentation_percent;
    /* Since the heap was made. */
    uint64_t moved_blocks;
    uint64_t moved_bytes;
};

/* Cost: linear in blocks and holes. */
KNOLL_API void knoll_handles_stats_get(const struct knoll_handles *heap,
                                       struct knoll_handles_stats *stats) KNOLL_NOTHROW;

struct knoll_handles_block {
    knoll_handle handle; /* 0 for a hole */
    void *address;
    size_t bytes; /* as asked for; of a hole, what a block there could have */
    uint32_t locks;
};

/*
 * Calls visit(block, arg) for every block and every hole, from the lowest address on, until it
 * returns another value than 0, and returns that value, or 0 at the end. `visit` must not change the
 * heap, but for locking and unlocking.
 */
KNOLL_API int knoll_handles_walk(const struct knoll_handles *heap,
                                 int (*visit)(const struct knoll_handles_block *block, void *arg),
                                 void *arg);

/* NULL, or what is wrong with the heap: somebody wrote to memory that was not theirs. Linear. */
KNOLL_API KNOLL_NODISCARD const char *
knoll_handles_check(const struct knoll_handles *heap) KNOLL_NOTHROW;

KNOLL_END

#endif
