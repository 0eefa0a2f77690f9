/*
 * Size classes: which block size serves a request.
 *
 * Class 0 does not exist (it stands for a request of zero bytes on the fast path). Classes 1..32
 * are 16, 32, ... 512 bytes; from there on there are eight classes per doubling up to 64 KiB:
 *
 *     class     1   2  ...  32 |  33   34  ...   40 |   41   42 ...   48 | ... |    88
 *     bytes    16  32  ... 512 | 576  640  ... 1024 | 1152 1280 ... 2048 | ... | 65536
 *
 * Waste: a block is at most 12.5 % larger than the request for requests over 113 bytes, at most 15
 * bytes below that. All blocks are 16-byte aligned; a block whose size is a multiple of 2^k is
 * 2^k-aligned (k <= 14), because slabs start on granules.
 *
 * The table is constant: it costs neither time at start nor memory of the process.
 */
#ifndef KN_CORE_SIZECLASS_H
#define KN_CORE_SIZECLASS_H

#include <stddef.h>
#include <stdint.h>

#include "base/bits.h"
#include "base/compiler.h"

#define KN_GRANULE_LOG2      14
#define KN_GRANULE           ((size_t)1 << KN_GRANULE_LOG2)
#define KN_ALIGN_MIN         ((size_t)16)
#define KN_SMALL_MAX         ((size_t)512)   /* largest block of the shortest path */
#define KN_MEDIUM_MAX        ((size_t)65536) /* largest block that comes from a slab */
#define KN_SMALL_CLASSES     33              /* classes 0..32 */
#define KN_CLASS_COUNT       89              /* classes 0..88 */
#define KN_SLAB_CAPACITY_MAX 0xFFFFu

struct kn_class {
    uint64_t reciprocal; /* ceil(2^40 / block_bytes) */
    uint32_t block_bytes;
    uint16_t slab_granules;       /* of the first slabs of a heap */
    uint16_t slab_granules_grown; /* of later ones */
    uint16_t cell_blocks;         /* that a cell may hold */
    uint16_t
        batch_blocks;    /* of another heap's slab that are collected before they are handed over */
    uint16_t align_log2; /* largest alignment that every block of the class has */
};

extern KN_HIDDEN const struct kn_class kn_classes[KN_CLASS_COUNT];

/* The class for a request above KN_SMALL_MAX, up to KN_MEDIUM_MAX; no branch, no load. */
static inline unsigned kn_class_of_medium(size_t bytes)
{
    unsigned log2 = 63u - kn_clz64((uint64_t)(bytes - 1));
    return (log2 - 9u) * 8u + (unsigned)((bytes - 1) >> (log2 - 3u)) + 25u;
}

/* The class for a request of 1..KN_MEDIUM_MAX bytes. */
static inline unsigned kn_class_of(size_t bytes)
{
    return bytes <= KN_SMALL_MAX ? (unsigned)((bytes + 15u) >> 4) : kn_class_of_medium(bytes);
}

/*
 * The smallest class whose blocks hold `bytes` and are aligned to `align` (a power of two, at most
 * a granule), or 0 when no class does.
 */
unsigned kn_class_of_aligned(size_t bytes, size_t align);

static inline size_t kn_class_bytes(unsigned size_class)
{
    return kn_classes[size_class].block_bytes;
}

/* offset / block_bytes; exact for offset < 2^24, which covers every slab (the rounding error is
 * below 2^-16). */
static inline uint32_t kn_class_index_of(const struct kn_class *c, uint32_t offset)
{
    return (uint32_t)(((uint64_t)offset * c->reciprocal) >> 40);
}

#endif
