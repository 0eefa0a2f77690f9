/*
 * Compact heaps: a general heap inside a buffer of the caller's.
 *
 *     static _Alignas(KNOLL_COMPACT_ALIGN) char room[4096];
 *     struct knoll_compact heap;
 *     if (knoll_compact_create(&heap, room, sizeof(room), knoll_compact_tlsf()) == 0)
 *         char *text = knoll_compact_malloc(&heap, 100);
 *
 * Everything that such a heap knows is in its buffer, as distances from the buffer's start. So the
 * buffer may be copied, kept in a file, or mapped by several processes, each at another address:
 * knoll_compact_attach finds the heap in it again. struct knoll_compact is one process's view of it,
 * and holds nothing that would be missed.
 *
 * The index of the free blocks is chosen at creation:
 *
 *                               malloc       free         fit              for
 *     knoll_compact_first_fit   linear       linear       lowest address   few blocks; least code
 *     knoll_compact_tlsf        constant     constant     near the best    bounded times
 *     knoll_compact_best_fit    logarithmic  logarithmic  best             large heaps, full heaps
 *
 * (in the number of free blocks; constant is for heaps that were extended a bounded number of times).
 *
 * Sizes       1 KiB to many GiB. A block has 8 bytes of overhead, and KNOLL_COMPACT_ALIGN is both its
 *             alignment and the unit of its size with overhead. The smallest block holds 24 bytes on
 *             64-bit machines. Blocks are below 32 GiB (16 GiB on 32-bit units: all there is).
 * Failure     is NULL, or a value of enum knoll_compact_error; nothing has changed then. errno is
 *             never touched.
 * Misuse      (a double or foreign free, a boundary tag or a free block that was written over) is
 *             found as far as a look at the neighbours can, and reported as <knoll/misuse.h> says, or
 *             to the heap's own call-back.
 * Threads     one at a time; the caller serialises. <knoll/shared.h> brings a lock that also outlives
 *             the death of its holder.
 * System      none is needed: see "freestanding" in knoll_compact(3).
 */
#ifndef KNOLL_COMPACT_H
#define KNOLL_COMPACT_H

#include <stdbool.h>
#include <stddef.h>

#include <knoll/attributes.h>
#include <knoll/misuse.h>

KNOLL_BEGIN

/* The alignment that buffers must and blocks will have: 16, or 8 where pointers have 32 bits. */
#define KNOLL_COMPACT_ALIGN (2 * sizeof(void *))

/* What functions return; the numbers are those of Linux's errno, so strerror has a text for each. */
enum knoll_compact_error {
    KNOLL_COMPACT_OK = 0,
    KNOLL_COMPACT_INVALID = 22,    /* EINVAL: misaligned buffer, no index */
    KNOLL_COMPACT_NO_ROOM = 28,    /* ENOSPC: the buffer is too small */
    KNOLL_COMPACT_DAMAGED = 74,    /* EBADMSG: no heap is here, or its records were written over */
    KNOLL_COMPACT_CUT_OFF = 90,    /* EMSGSIZE: the heap is larger than the buffer */
    KNOLL_COMPACT_OTHER_KIND = 91, /* EPROTOTYPE: the heap has another index */
    KNOLL_COMPACT_OTHER_FORM = 95, /* EOPNOTSUPP: by another version, or of another word size */
};

struct knoll_compact_index;

/* The indexes. Programs that are linked statically from the parts get those only that they name. */
KNOLL_API const struct knoll_compact_index *knoll_compact_first_fit(void) KNOLL_NOTHROW;
KNOLL_API const struct knoll_compact_index *knoll_compact_tlsf(void) KNOLL_NOTHROW;
KNOLL_API const struct knoll_compact_index *knoll_compact_best_fit(void) KNOLL_NOTHROW;

/* A view of a heap; the members are the library's. It may be copied and needs no end. */
struct knoll_compact {
    void *start;
    const struct knoll_compact_index *index;
    knoll_misuse_callback *on_misuse;
    void *misuse_arg;
};

/* ---- beginnings ------------------------------------------------------------------------------ */

/*
 * Makes a heap of the `bytes` at `buffer`, which must be aligned to KNOLL_COMPACT_ALIGN and stay in
 * place for as long as this view is used. The buffer stays the caller's to free; its old contents are
 * lost. Returns KNOLL_COMPACT_OK, _INVALID or _NO_ROOM. Cost: constant, but for buffers of many GiB.
 */
KNOLL_API KNOLL_NODISCARD int
knoll_compact_create(struct knoll_compact *heap, void *buffer, size_t bytes,
                     const struct knoll_compact_index *index) KNOLL_NOTHROW;

/*
 * Finds the heap that was made at the start of `buffer`, here or in another process, now or earlier.
 * `bytes` may be larger than the heap, which then can be extended by the rest. `index` must be the
 * kind that the heap was made with. Returns KNOLL_COMPACT_OK, _INVALID, _DAMAGED, _CUT_OFF (also if
 * the heap was extended by memory outside the buffer), _OTHER_KIND or _OTHER_FORM.
 * Only the heap's header is looked at: knoll_compact_check looks at everything. Cost: constant.
 */
KNOLL_API KNOLL_NODISCARD int
knoll_compact_attach(struct knoll_compact *heap, void *buffer, size_t bytes,
                     const struct knoll_compact_index *index) KNOLL_NOTHROW;

/*
 * Adds the `bytes` at `buffer` to the heap, under the rules of knoll_compact_create. If they follow
 * the memory that the heap has, they are joined to it, and blocks may span both. Memory once added
 * cannot be taken back. Returns KNOLL_COMPACT_OK, _INVALID or _NO_ROOM.
 * With the TLSF index no block becomes larger than the first buffer, rounded up to a power of two.
 */
KNOLL_API KNOLL_NODISCARD int knoll_compact_extend(struct knoll_compact *heap, void *buffer,
                                                   size_t bytes) KNOLL_NOTHROW;

/* Whom to tell about misuse of this heap, instead of what <knoll/misuse.h> says; NULL ends that. */
KNOLL_API void knoll_compact_on_misuse(struct knoll_compact *heap, knoll_misuse_callback *callback,
                                       void *arg) KNOLL_NOTHROW;

/* ---- blocks ---------------------------------------------------------------------------------- */

/* A block of at least `bytes`, which may be 0; its contents are undefined. */
KNOLL_API KNOLL_NODISCARD void *knoll_compact_malloc(struct knoll_compact *heap,
                                                     size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_SIZE(2);

/* A block for `count` objects of `bytes` each, all of it zero. */
KNOLL_API KNOLL_NODISCARD void *knoll_compact_calloc(struct knoll_compact *heap, size_t count,
                                                     size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_SIZES(2, 3);

/*
 * A block at a multiple of `align`, a power of two; NULL if it is none. In memory that is mapped
 * elsewhere later, alignments above that of the mapping do not last.
 */
KNOLL_API KNOLL_NODISCARD void *
knoll_compact_aligned_alloc(struct knoll_compact *heap, size_t align,
                            size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK KNOLL_SIZE(3);

/*
 * Changes the size of a block; the contents are kept as far as they fit. The block stays where it is
 * when it shrinks, and when it grows and what follows it is free; otherwise it is copied, in time
 * linear in its size. NULL if there is no room, with the block unchanged. p NULL: as malloc. bytes 0:
 * frees the block and returns NULL.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_compact_realloc(struct knoll_compact *heap, void *p,
                                                      size_t bytes) KNOLL_NOTHROW KNOLL_SIZE(3);

/* Changes the size of a block in place: true, or false with the block unchanged. p is not NULL. */
KNOLL_API KNOLL_NODISCARD bool knoll_compact_try_resize(struct knoll_compact *heap, void *p,
                                                        size_t bytes) KNOLL_NOTHROW;

/* Gives a block back, which joins with its free neighbours at once. NULL is allowed. */
KNOLL_API void knoll_compact_free(struct knoll_compact *heap, void *p) KNOLL_NOTHROW;

/* How many bytes of the block may be used; 0 for NULL. */
KNOLL_API size_t knoll_compact_usable_size(const struct knoll_compact *heap,
                                           const void *p) KNOLL_NOTHROW;

/* ---- finding blocks again -------------------------------------------------------------------- */

/*
 * The heap remembers one address, by which everything else can be found after knoll_compact_attach:
 * that of a block, or any other inside the buffer. NULL at first.
 */
KNOLL_API void knoll_compact_set_root(struct knoll_compact *heap, const void *p) KNOLL_NOTHROW;
KNOLL_API void *knoll_compact_root(const struct knoll_compact *heap) KNOLL_NOTHROW;

/* Addresses as distances from the start of the heap, for links that are to outlast a mapping. NULL is
 * distance 0. */
KNOLL_API size_t knoll_compact_offset(const struct knoll_compact *heap,
                                      const void *p) KNOLL_NOTHROW;
KNOLL_API void *knoll_compact_pointer(const struct knoll_compact *heap,
                                      size_t offset) KNOLL_NOTHROW;

/* ---- looking inside -------------------------------------------------------------------------- */

struct knoll_compact_block {
    void *address;
    size_t bytes; /* usable; of a free block, what it would hold */
    bool is_used;
};

/*
 * Calls visit(block, arg) for each block, used or free, by ascending address within each buffer,
 * until it returns another value than 0; returns that value, or 0. The heap must not be changed
 * meanwhile.
 */
KNOLL_API int knoll_compact_walk(const struct knoll_compact *heap,
                                 int (*visit)(const struct knoll_compact_block *block, void *arg),
                                 void *arg);

struct knoll_compact_stats {
    size_t total_bytes; /* of all buffers, but for what alignment lost */
    size_t used_bytes;  /* usable bytes of the used blocks */
    size_t used_blocks;
    size_t free_bytes; /* usable bytes of the free blocks */
    size_t free_blocks;
    size_t largest_free_bytes; /* the free block that holds most */
    size_t overhead_bytes;     /* the rest: tags, and the heap's records */
    unsigned fragmentation;    /* percent of free_bytes that are not in the largest free block */
};

/* Cost: constant for best fit; else linear in the number of free blocks, at worst. */
KNOLL_API void knoll_compact_stats_get(const struct knoll_compact *heap,
                                       struct knoll_compact_stats *stats) KNOLL_NOTHROW;

/* NULL if everything in the heap agrees; else what is wrong. Linear. */
KNOLL_API const char *knoll_compact_check(const struct knoll_compact *heap) KNOLL_NOTHROW;

/*
 * Makes index, counts and backward links anew from the sizes in the boundary tags. For heaps whose
 * last user was stopped in the middle of a call: after each store of each call those sizes describe
 * the heap either before the call or after it. A call that was cut short has taken effect or has not;
 * a block that was being made may stay, unknown to anyone but knoll_compact_walk.
 * Returns KNOLL_COMPACT_OK, or _DAMAGED if the sizes lead outside the heap. Linear.
 */
KNOLL_API KNOLL_NODISCARD int knoll_compact_mend(struct knoll_compact *heap) KNOLL_NOTHROW;

KNOLL_END

#endif
