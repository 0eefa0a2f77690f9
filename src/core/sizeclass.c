#include "core/sizeclass.h"

#include "base/assert.h"

/* Slabs aim at this many blocks at least, so that one trip to the page heap serves several
 * requests. */
#define SLAB_BLOCKS_MIN 8u
/* Of blocks beyond this size four are enough: a trip is cheap next to the use of the block. */
#define SLAB_FEW_BYTES      ((size_t)32768)
#define SLAB_FEW_BLOCKS_MIN 4u
/* A slab may leave this part of itself unused. */
#define SLAB_WASTE_SHIFT 5
/* Bytes that a cell may hold, and the least number of blocks. */
#define CELL_BYTES      ((size_t)32768)
#define CELL_BLOCKS_MIN 2u
/* Bytes and blocks that a batch for another heap may hold, and the least number of blocks. */
#define BATCH_BYTES      ((size_t)16384)
#define BATCH_BLOCKS_MAX 64u
#define BATCH_BLOCKS_MIN 4u
/* Slabs of a class that is used much are this large at least. */
#define SLAB_GROWN_GRANULES 4u

struct kn_class kn_classes[KN_CLASS_COUNT];

static size_t block_bytes_of_class(unsigned size_class)
{
    if (size_class < KN_SMALL_CLASSES)
        return size_class * KN_ALIGN_MIN;
    unsigned step = size_class - KN_SMALL_CLASSES;
    return (size_t)(9u + step % 8u) << (6u + step / 8u);
}

static unsigned slab_granules_for(size_t block_bytes, unsigned granules_min)
{
    size_t blocks_min = block_bytes > SLAB_FEW_BYTES ? SLAB_FEW_BLOCKS_MIN : SLAB_BLOCKS_MIN;
    for (unsigned granules = granules_min;; granules++) {
        size_t slab_bytes = granules * KN_GRANULE;
        size_t blocks = slab_bytes / block_bytes;
        if (blocks >= blocks_min &&
            slab_bytes - blocks * block_bytes <= slab_bytes >> SLAB_WASTE_SHIFT)
            return granules;
    }
}

void kn_sizeclass_init(void)
{
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        struct kn_class *c = &kn_classes[i];
        size_t bytes = block_bytes_of_class(i);
        size_t cell_blocks = CELL_BYTES / bytes;

        c->block_bytes = (uint32_t)bytes;
        c->reciprocal = (((uint64_t)1 << 40) + bytes - 1) / bytes;
        c->slab_granules = (uint16_t)slab_granules_for(bytes, 1);
        c->slab_granules_grown = (uint16_t)slab_granules_for(bytes, SLAB_GROWN_GRANULES);
        c->cell_blocks = (uint16_t)(cell_blocks < CELL_BLOCKS_MIN ? CELL_BLOCKS_MIN : cell_blocks);
        size_t batch_blocks = BATCH_BYTES / bytes;
        c->batch_blocks = (uint16_t)(batch_blocks > BATCH_BLOCKS_MAX   ? BATCH_BLOCKS_MAX
                                     : batch_blocks < BATCH_BLOCKS_MIN ? BATCH_BLOCKS_MIN
                                                                       : batch_blocks);
        c->align_log2 = (uint16_t)kn_ctz64((uint64_t)bytes);
        KN_ASSERT(c->slab_granules_grown * KN_GRANULE / bytes <= KN_SLAB_CAPACITY_MAX);
    }
}

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
