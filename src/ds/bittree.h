/* bittree.h - a bitmap with summaries of its full words, for fast searches in large bitmaps.
 *
 * Purpose     the operations of bitmap.h where a search must not walk thousands of full words: page
 *             maps, bit sets of free buddies, tables of slabs.
 * Invariants  bit i of a level is set exactly if word i of the level below has all bits set.
 *             Bits beyond the last of a level are always set, so that they never count as free.
 *             Level 0 is a bitmap as in bitmap.h, and may be read with the functions there.
 * Layout      all levels in one array, one behind the other, up to the level that is one word:
 *
 *             level 2        [w]                               1 bit per 4096 bits
 *                             |  \__________
 *             level 1        [w]           [w] ...             1 bit per 64 bits
 *                             | \______      \______
 *             level 0        [w]      [w]    [w]   [w] ...     the bits
 *
 *             words[]:  | level 0 ................ | level 1 ... | level 2 |
 *
 * Threads     none: the owner serialises.
 * Cost        summaries take 1/63 of the bitmap. L = ceil(log64(bits)) levels: 1 up to 64 bits, 2
 *             up to 4096, 3 up to 262144, 4 up to 16 million. find_clear visits at most 2 L - 1
 *             words. claim and release go up a level only when a word becomes full, or stops being
 *             so. Runs cost as in bitmap.h, plus 1/63.
 * Source      the van Emde Boas idea with a fixed fan-out of one machine word.
 */
#ifndef KN_DS_BITTREE_H
#define KN_DS_BITTREE_H

#include "ds/bitmap.h"

struct kn_bittree {
    uint64_t *words;
    size_t bits;
};

/* The number of words for so many bits and their summaries. */
size_t kn_bittree_words(size_t bits);

/* Makes a tree of `bits` bits, all clear or all set, in words[0 .. kn_bittree_words(bits) - 1]. */
void kn_bittree_init_clear(struct kn_bittree *tree, uint64_t *words, size_t bits);
void kn_bittree_init_set(struct kn_bittree *tree, uint64_t *words, size_t bits);

KN_INLINE bool kn_bittree_is_set(const struct kn_bittree *tree, size_t bit)
{
    KN_ASSERT(bit < tree->bits);
    return kn_bitmap_is_set(tree->words, bit);
}

/* The run of `count` bits (one, for the short forms) must be clear, or set, as a whole. */
void kn_bittree_claim(struct kn_bittree *tree, size_t bit);
void kn_bittree_release(struct kn_bittree *tree, size_t bit);
void kn_bittree_claim_run(struct kn_bittree *tree, size_t from, size_t count);
void kn_bittree_release_run(struct kn_bittree *tree, size_t from, size_t count);

/* The first clear bit >= from; KN_BITMAP_NONE if there is none. */
size_t kn_bittree_find_clear(const struct kn_bittree *tree, size_t from);

/* The first position >= from at which `count` (not 0) clear bits lie; KN_BITMAP_NONE if none. */
size_t kn_bittree_find_clear_run(const struct kn_bittree *tree, size_t from, size_t count);

/* NULL if all summaries agree with what they sum up; else what is wrong. Linear. */
const char *kn_bittree_check(const struct kn_bittree *tree);

#endif
