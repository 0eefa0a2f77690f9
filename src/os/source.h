/*
 * Sources: where specialised allocators and first-class heaps get their memory.
 *
 * A source hands out ranges of memory and takes them back. An allocator that is written against
 * this contract works on the operating system's pages, on the program break, in a static array, or
 * on whatever the caller provides, and its tests make it run out of memory at any moment.
 *
 * The contract, for all sources
 *   acquire   gives a range that is readable and writable, at least as long as asked for, and
 *             aligned as asked for. The range is the caller's until given back, and no other range
 *             overlaps it.
 *   release   gives back a whole range; or a part of one, which may be a piece of several ranges
 *             that happen to adjoin. Parts start and end at multiples of the source's part_bytes
 *             from the start of a range; if part_bytes is 0, ranges are only taken back whole and
 *             one at a time. Every byte is given back at most once. Nothing needs to be given back
 *             before the memory behind a source goes away.
 *   reserve   like acquire, but each part must be committed before its first use. For callers that
 *             want much room and will use little of it.
 *   commit    makes a part of such a range usable. Committing twice is harmless. Sources without
 *             this pair give ready memory instead, and commit does nothing.
 *   extend    asks for the range that begins exactly where one of the caller's ends, so that the
 *             two are one from then on. Refused more often than not: a caller needs another way.
 *   purge     tells that the contents of a part are not needed: 0 promises that it reads as zero
 *             from then on, and holds no memory where the source can help it. Any error means that
 *             the contents are unknown and the memory is held. Starts and ends are as for parts.
 *
 * Sizes are bytes, not zero; alignments are powers of two. All else is the source's affair: a size
 * that is absurd is refused like any other that cannot be had.
 *
 * Errors. Functions return 0 or an errno value: ENOMEM, the source has no such range; ENOTSUP, it
 * never does this; EINVAL, the range is not the caller's, found out only by sources that can tell.
 * A failed call changes nothing. errno itself is untouched.
 *
 * Threads. The users of a source take turns, unless the source says that it is for any thread. A
 * source may be called with locks held of a rank below KN_RANK_SOURCE.
 *
 *               any thread   part_bytes             zero when new   reserve   extend       purge
 *   mmap        yes          page                   yes             yes       sometimes    yes
 *   sbrk        yes          page                   if never used   no        at the top   yes
 *   buffer      no           KN_SOURCE_UNIT_BYTES   no              no        if free      no
 *   callbacks   as theirs    as told                as told         no        as theirs    as theirs
 */
#ifndef KN_OS_SOURCE_H
#define KN_OS_SOURCE_H

#include "base/compiler.h"
#include "os/range_list.h"

#include <stdbool.h>
#include <stddef.h>

struct kn_source;

/* What a source hands out. */
struct kn_range {
    void *start;
    size_t bytes;
    bool is_zero; /* known to read as zero, if reserved then once committed */
};

/*
 * One kind of source. `reserve` and `commit` are both there or both NULL; `extend` and `purge` may
 * be NULL. To be called through the functions below, which check the arguments.
 */
struct kn_source_ops {
    size_t (*part_bytes)(const struct kn_source *source);
    int (*acquire)(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out);
    int (*release)(struct kn_source *source, void *start, size_t bytes);
    int (*reserve)(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out);
    int (*commit)(struct kn_source *source, void *start, size_t bytes);
    int (*extend)(struct kn_source *source, void *end, size_t bytes, struct kn_range *out);
    int (*purge)(struct kn_source *source, void *start, size_t bytes);
};

/* First member of every kind of source. */
struct kn_source {
    const struct kn_source_ops *ops;
};

/* Parts of ranges are multiples of this, a power of two; 0: whole ranges only. Never changes. */
size_t kn_source_part_bytes(const struct kn_source *source);

KN_NODISCARD int kn_source_acquire(struct kn_source *source, size_t bytes, size_t align,
                                   struct kn_range *out);
int kn_source_release(struct kn_source *source, void *start, size_t bytes);
KN_NODISCARD int kn_source_reserve(struct kn_source *source, size_t bytes, size_t align,
                                   struct kn_range *out);
KN_NODISCARD int kn_source_commit(struct kn_source *source, void *start, size_t bytes);
/* `end` is where the range so far ends; *out is the new part only, and begins there. */
KN_NODISCARD int kn_source_extend(struct kn_source *source, void *end, size_t bytes,
                                  struct kn_range *out);
KN_NODISCARD int kn_source_purge(struct kn_source *source, void *start, size_t bytes);

/*
 * Pages of the operating system; the source for everything that is not special. One for the
 * process, for any thread. Lengths and alignments are rounded up to pages.
 */
struct kn_source *kn_source_mmap(void);

/*
 * The program break, for systems and tools that account for it; one for the process, for any
 * thread. Lengths and alignments are rounded up to pages.
 *
 * The break is shared with whoever else in the process calls sbrk, so it is only ever raised,
 * libc's own record of it is kept right, and once anybody else is seen to have moved it, it is left
 * alone for ever: new ranges then come from mmap, as they do when the break cannot be raised.
 * Ranges given back are purged and used again. Raising the break while another thread is inside
 * sbrk is a race that no user of the break can win: do not mix the two.
 */
struct kn_source *kn_source_sbrk(void);

/* Size and alignment of what a buffer source divides its buffer into. */
enum { KN_SOURCE_UNIT_BYTES = KN_RANGE_UNIT_BYTES };

/*
 * A caller's buffer: a static array, a mapped file, memory of another allocator. Never asks the
 * operating system for anything, and writes to the buffer only within ranges that are free. No
 * memory is lost but the odd bytes at the ends that make no unit, and what alignments skip while it
 * is free. Cost: linear in the number of free ranges.
 */
struct kn_source_buffer {
    struct kn_source source;
    struct kn_range_list free;
    void *start;
    size_t bytes;
};

/* Makes a source of `bytes` at `start`, which stay the caller's to free. Buffers of no unit are
 * empty. */
void kn_source_buffer_init(struct kn_source_buffer *buffer, void *start, size_t bytes);

/* NULL, or what is wrong with the free ranges. */
const char *kn_source_buffer_check(const struct kn_source_buffer *buffer);

/*
 * A caller's functions. Each gets `context`. Sizes are multiples of part_bytes, alignments
 * as the allocator asked for them.
 *   acquire   returns a range of `bytes` at a multiple of `align`, or NULL
 *   release   takes a range or part back; NULL if nothing is ever taken back
 *   extend    whether the `bytes` at `end` are the caller's from now on; NULL if never
 *   purge     whether the part reads as zero from now on; NULL if never
 * They may call anything but the allocator that uses the source. errno is kept around them.
 */
struct kn_source_callbacks {
    void *context;
    void *(*acquire)(void *context, size_t bytes, size_t align);
    void (*release)(void *context, void *start, size_t bytes);
    bool (*extend)(void *context, void *end, size_t bytes);
    bool (*purge)(void *context, void *start, size_t bytes);
    size_t part_bytes;     /* as kn_source_part_bytes will tell */
    bool is_zero_when_new; /* whether all that acquire and extend give reads as zero */
};

struct kn_source_custom {
    struct kn_source source;
    struct kn_source_callbacks callbacks;
};

/* 0, or EINVAL: `acquire` is missing, or part_bytes is neither 0 nor a power of two. */
KN_NODISCARD int kn_source_custom_init(struct kn_source_custom *custom,
                                       const struct kn_source_callbacks *callbacks);

/*
 * For the fork handlers, between kn_lock_fork_begin and kn_lock_fork_end: the locks of the
 * process's sources, whose rank is KN_RANK_SOURCE.
 */
void kn_source_fork_take(void);
void kn_source_fork_give(void);
void kn_source_fork_reset(void);

#endif
