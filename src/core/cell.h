/*
 * Cells: the blocks of one class that a heap has ready, last in first out. heap.h has the layout.
 *
 * A cell holds up to kn_classes[c].cell_blocks blocks, or one list taken over from a slab. The
 * counter of a small cell covers the newest of them; the others are counted by bin->beyond:
 *
 *     head --> newest ... | older ...................... | --> NULL
 *              units[c]   | bin->beyond                  |
 *
 * Threads: the heap's own. Cost: as stated; nothing here is on the fast path.
 */
#ifndef KN_CORE_CELL_H
#define KN_CORE_CELL_H

#include "core/heap.h"

/* How many blocks the counter of a small cell can say. */
static inline uint32_t kn_cell_counter_max(unsigned size_class)
{
    return (255u - KN_UNITS_EMPTY) / size_class;
}

/* Blocks in the cell. */
uint32_t kn_cell_count(const struct kn_heap *heap, unsigned size_class);

/* Makes `head`, `count` blocks long, the contents of an empty cell. O(1). */
void kn_cell_fill(struct kn_heap *heap, unsigned size_class, void *head, uint32_t count);

/* The counter of a small cell says empty: counts blocks beyond it in. O(1). */
void kn_cell_count_beyond(struct kn_heap *heap, unsigned size_class);

/* A block of a cell that is not empty by its counter. */
void *kn_cell_pop(struct kn_heap *heap, unsigned size_class);

/*
 * The cell says full: makes room for one block at least. O(1) while the cell may still grow; else
 * half as many blocks as it may hold, the newest of them excepted, go back to their slabs.
 */
void kn_cell_make_room(struct kn_heap *heap, unsigned size_class);

/* Puts a block into a cell that has room. */
void kn_cell_push(struct kn_heap *heap, unsigned size_class, void *block);

/* Empties the cell; the list. O(1). */
void *kn_cell_take_all(struct kn_heap *heap, unsigned size_class);

#endif
