/*
 * What the model knows of each block: where it is, how large, and which contents it must have.
 *
 * Contents. A block is filled, over its whole usable size, with words that follow from its identity
 * and the word's place. Small blocks are filled completely; of large ones the first and last page
 * and one line in each stride, since touching every page would make the model a test of the
 * kernel.
 *
 * Overlaps. One bit for every 16 bytes of address space says whether a block is there. A block that
 * is handed out sets its bits and finds whatever else is there; one that is given back clears them
 * first. So an overlap is found at once, across threads and without a lock.
 */
#ifndef KN_TESTS_SUPPORT_MODEL_BLOCKS_H
#define KN_TESTS_SUPPORT_MODEL_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct model_block {
    char *start;
    size_t bytes;  /* as asked for */
    size_t usable; /* as the allocator says */
    size_t align;
    uint64_t identity;
    struct model_block *next; /* for whoever keeps blocks in a list */
};

/* Makes the bits of the address space. Before anything else; once. */
void model_blocks_init(void);

/* Sets the bits of a range; false if one of them was set. */
bool model_try_occupy(const void *start, size_t bytes);
/* Clears them; false if one of them was clear. */
bool model_try_vacate(const void *start, size_t bytes);

/* Fills the block according to its identity. */
void model_block_fill(const struct model_block *block);

/* Whether the first `bytes` of what lies at `at` are as the block was filled; SIZE_MAX, or the
 * offset of the first wrong word. */
size_t model_block_find_damage(const struct model_block *block, const char *at, size_t bytes);

/* SIZE_MAX, or the offset of the first word found that is not zero, from `from` on. */
size_t model_find_nonzero(const char *start, size_t from, size_t bytes);

#endif
