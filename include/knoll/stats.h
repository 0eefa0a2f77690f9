/*
 * Statistics: what the heap holds, and for what.
 *
 *     committed = run (slabs and large blocks) + dirty + clean
 *     run       = used + cached + the rest of the slabs (never handed out, or lost to rounding)
 *
 * Exact at any time are the numbers that the page heap keeps under its lock: run, run_peak, dirty,
 * clean, committed, metadata, the counts of purges and growth. The others are snapshots: they are
 * gathered by a walk over the heap while other threads go on, each read at another moment. They are
 * exact if no other thread uses the heap meanwhile, and are never negative. Nothing is counted on
 * the fast path.
 *
 * Threads: any. Cost: linear in the number of slabs and large blocks, some microseconds for a
 * thousand; the page heap's lock is held in between, for a bounded number of them at a time.
 */
#ifndef KNOLL_STATS_H
#define KNOLL_STATS_H

#include <stddef.h>
#include <stdint.h>

#include <knoll/attributes.h>

KNOLL_BEGIN

struct knoll_stats {
    /* sizeof(struct knoll_stats), set by the caller: later versions add fields. */
    size_t struct_bytes;

    /* In blocks that the program has. */
    size_t used_bytes;
    size_t used_blocks;
    size_t large_bytes; /* part of the above: in blocks over 64 KiB */
    size_t large_blocks;
    /* In free blocks of slabs, ready to be handed out. */
    size_t cached_bytes;
    size_t cached_blocks;

    size_t slabs;
    size_t heaps; /* one for each thread at most, used again when it ends, and a shared one */

    size_t run_bytes;
    size_t run_peak_bytes;
    size_t dirty_bytes; /* unused, and not yet given back */
    size_t clean_bytes; /* unused, and holding no memory */
    size_t committed_bytes;
    size_t metadata_bytes; /* the heap's own records; most of them hold no memory until needed */

    /* The whole process, as the kernel counts; 0 if it does not tell. */
    size_t resident_bytes;
    size_t resident_peak_bytes;
    size_t threads;

    uint64_t purge_calls; /* system calls that gave memory back */
    uint64_t purged_bytes;
    uint64_t grow_calls; /* requests for more memory to the operating system */
    uint64_t lock_waits; /* times that a thread had to wait for one of the heap's locks */

    /*
     * Page faults of the whole process since it was forked; where the option stats_at_exit is on,
     * since the program was loaded.
     */
    uint64_t page_faults;
    uint64_t major_faults; /* part of the above: waited for a disk */
};

struct knoll_class_stats {
    size_t block_bytes;
    size_t slabs;
    size_t slab_bytes;
    size_t blocks;        /* that fit the slabs; of these: */
    size_t used_blocks;   /* the program has */
    size_t cell_blocks;   /* are in the cells of heaps, or on their way to their slab */
    size_t listed_blocks; /* are free, in lists of their slabs */
    size_t fresh_blocks;  /* have never been handed out */
};

enum knoll_stats_format {
    KNOLL_STATS_TEXT, /* for people */
    KNOLL_STATS_JSON, /* one object, without line breaks inside */
};

/* Receives a piece of text, `bytes` long, not terminated. */
typedef void knoll_write(const char *text, size_t bytes, void *arg);

/* Fills *stats as far as stats->struct_bytes reaches. 0, or EINVAL if that is not set. */
KNOLL_API KNOLL_NODISCARD int knoll_stats_get(struct knoll_stats *stats) KNOLL_NOTHROW;

/*
 * Fills classes[0..capacity), smallest class first; `element_bytes` is sizeof(classes[0]). Returns
 * the number of classes there are.
 */
KNOLL_API size_t knoll_stats_get_classes(struct knoll_class_stats *classes, size_t element_bytes,
                                         size_t capacity) KNOLL_NOTHROW;

/* Passes all statistics to write(text, bytes, arg), in several pieces. `write` may allocate. */
KNOLL_API void knoll_stats_print(enum knoll_stats_format format, knoll_write *write, void *arg);

/*
 * The same into buffer[0..buffer_bytes), cut if need be, with a terminating zero. Returns the length
 * of the whole text without it, as snprintf does.
 */
KNOLL_API size_t knoll_stats_format(enum knoll_stats_format format, char *buffer,
                                    size_t buffer_bytes) KNOLL_NOTHROW;

KNOLL_END

#endif
