/*
 * Sources: where the specialised allocators get their memory.
 *
 *     static char room[65536];
 *     struct knoll_source_buffer storage;
 *     struct knoll_source *source = knoll_source_buffer_init(&storage, room, sizeof(room));
 *
 * A source hands out ranges of memory and takes them back. An allocator made on one asks nobody else
 * for memory, whether that is the operating system's pages, the program break, a static array, or
 * what functions of the program provide. One source may serve several allocators.
 *
 * Ownership   a source must outlive the allocators on it. Those give everything back when they are
 *             destroyed; sources themselves need no end.
 * Threads     the mmap and sbrk sources are for any thread. The users of a buffer or callbacks
 *             source take turns: so either one thread uses all allocators on it, or the callbacks
 *             bring a lock of their own.
 *
 *                    any thread   ranges are multiples of   given back in   zero when new
 *     mmap           yes          pages                     parts           yes
 *     sbrk           yes          pages                     parts           if never used
 *     buffer         no           16 bytes                  parts           no
 *     callbacks      as theirs    as told                   as told         as told
 */
#ifndef KNOLL_SOURCE_H
#define KNOLL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include <knoll/attributes.h>

KNOLL_BEGIN

struct knoll_source;

/* Pages of the operating system: the source for everything that is not special. Never NULL, always
 * the same. */
KNOLL_API KNOLL_NODISCARD struct knoll_source *knoll_source_mmap(void) KNOLL_NOTHROW;

/*
 * The program break, for systems and tools that account for it. Never NULL, always the same. The
 * break is only ever raised; when that fails, or another user of the break is seen to have moved it,
 * ranges come from mmap instead. Raising it while another thread is inside sbrk is a race that no
 * user of the break can win: do not mix the two.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_source *knoll_source_sbrk(void) KNOLL_NOTHROW;

/* Room for a buffer source; the contents are the library's. */
struct knoll_source_buffer {
    void *opaque[6];
};

/*
 * A source over the `bytes` at `start`: a static array, a mapped file, memory of another allocator.
 * It never asks the operating system for anything. Both the storage and the buffer stay the caller's
 * to free, at any time after the last use. What is free in the buffer is written to; alignment and
 * size are free, but only whole units of 16 bytes are used. A buffer of no unit is valid and
 * empty.
 * Returns the source, which lies in *storage. Cost of its use: linear in the number of free ranges.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_source *
knoll_source_buffer_init(struct knoll_source_buffer *storage, void *start,
                         size_t bytes) KNOLL_NOTHROW;

/* NULL, or what is wrong with the free ranges of a buffer source: somebody wrote to memory that was
 * not theirs. */
KNOLL_API KNOLL_NODISCARD const char *
knoll_source_buffer_check(const struct knoll_source_buffer *storage) KNOLL_NOTHROW;

/*
 * Functions of the caller. Each gets `context`. Sizes are not zero and multiples of part_bytes;
 * alignments are powers of two.
 *   acquire   returns a range of `bytes` at a multiple of `align`, or NULL
 *   release   takes a range back, or a part of one; NULL if nothing is ever taken back
 *   extend    whether the `bytes` at `end`, where a range ends, belong to it from now on; NULL if
 *             never
 *   purge     whether the part, whose contents are not needed, reads as zero from now on; NULL if
 *             never
 * They may call anything but the allocators that use the source, and must not throw or longjmp.
 * errno is kept around them.
 */
struct knoll_source_callbacks {
    void *context;
    void *(*acquire)(void *context, size_t bytes, size_t align);
    void (*release)(void *context, void *start, size_t bytes);
    bool (*extend)(void *context, void *end, size_t bytes);
    bool (*purge)(void *context, void *start, size_t bytes);
    size_t part_bytes; /* a power of two: parts of ranges may be given back; 0: whole ones only */
    bool is_zero_when_new; /* whether all that acquire and extend give reads as zero */
};

/* Room for a callbacks source; the contents are the library's. */
struct knoll_source_custom {
    void *opaque[9];
};

/*
 * A source of the caller's functions. *callbacks is copied; the storage stays the caller's. Returns
 * the source, which lies in *storage; NULL with errno EINVAL if there is no `acquire` or part_bytes
 * is neither 0 nor a power of two.
 */
KNOLL_API KNOLL_NODISCARD struct knoll_source *
knoll_source_custom_init(struct knoll_source_custom *storage,
                         const struct knoll_source_callbacks *callbacks) KNOLL_NOTHROW;

KNOLL_END

#endif
