#include "core/sizeclass.h"

/* Bytes that a cell may hold, and the least number of blocks. */
#define CELL_BYTES      32768u
#define CELL_BLOCKS_MIN 2u
/* Bytes and blocks that a batch for another heap may hold, and the least number of blocks. */
#define BATCH_BYTES      16384u
#define BATCH_BLOCKS_MAX 64u
#define BATCH_BLOCKS_MIN 4u

#define AT_LEAST(n, least) ((n) < (least) ? (least) : (n))
#define AT_MOST(n, most)   ((n) > (most) ? (most) : (n))

#define KN_CLASS(bytes, granules, granules_grown)                                                  \
    {                                                                                              \
        .reciprocal = (((uint64_t)1 << 40) + (bytes)-1) / (bytes),                                 \
        .block_bytes = (bytes),                                                                    \
        .slab_granules = (granules),                                                               \
        .slab_granules_grown = (granules_grown),                                                   \
        .cell_blocks = AT_LEAST(CELL_BYTES / (bytes), CELL_BLOCKS_MIN),                            \
        .batch_blocks =                                                                            \
            AT_LEAST(AT_MOST(BATCH_BYTES / (bytes), BATCH_BLOCKS_MAX), BATCH_BLOCKS_MIN),          \
        .align_log2 = __builtin_ctz(bytes),                                                        \
    },

const struct kn_class kn_classes[KN_CLASS_COUNT] = {
    {0}, /* class 0 does not exist */
#include "core/sizeclass.def"
};

unsigned kn_class_of_aligned(size_t bytes, size_t align)
{
    if (bytes > KN_MEDIUM_MAX || align > KN_GRANULE)
        return 0;
    size_t least = bytes < align ? align : (bytes + align - 1) & ~(align - 1);
    if (least > KN_MEDIUM_MAX)
        return 0;
    if (least <= KN_SMALL_MAX) /* a class of just this size: a multiple of the alignment */
        return kn_class_of(least);
    for (unsigned i = kn_class_of_medium(least); i < KN_CLASS_COUNT; i++) {
        if (((size_t)1 << kn_classes[i].align_log2) >= align)
            return i;
    }
    return 0;
}
