/* bitmap.h - bits of an array of 64-bit words: single bits, and runs of them.
 *
 * Purpose     which blocks of a slab, granules of a region, or slots of a table are taken: a set
 *             bit is taken ("claimed"), a clear one is free.
 * Invariants  bit b is bit b % 64 of word b / 64. No function reads a word that lies wholly outside
 *             the bits it is asked about, or reports or changes a bit beyond them; what the last
 *             word holds there is the caller's affair.
 *             claim expects clear bits and release set ones (asserted): a bit has one owner.
 * Layout
 *             word 0                            word 1
 *             bit 0 ........................ 63 64 ....................... 127
 *                                 |<------- a run --------->|
 * Threads     none: the owner of the words serialises.
 * Cost        single bits: two or three instructions. Runs and searches go by words: 64 bits a
 *             step. find_clear_run takes O(words + runs of clear bits that are too short), and less
 *             where `count` is large: a candidate is tested from its far end, so one set bit there
 *             skips all positions before it. For bitmaps of more than a few hundred words,
 *             bittree.h has the same operations with searches in logarithmic time.
 */
#ifndef KN_DS_BITMAP_H
#define KN_DS_BITMAP_H

#include "base/bits.h"

/* "There is no such bit." */
#define KN_BITMAP_NONE SIZE_MAX

/* The number of words for so many bits. */
KN_INLINE size_t kn_bitmap_words(size_t bits)
{
    return bits / 64 + (bits % 64 != 0);
}

KN_INLINE bool kn_bitmap_is_set(const uint64_t *words, size_t bit)
{
    return (words[bit / 64] >> (bit % 64) & 1) != 0;
}

KN_INLINE void kn_bitmap_claim(uint64_t *words, size_t bit)
{
    KN_ASSERT(!kn_bitmap_is_set(words, bit));
    words[bit / 64] |= UINT64_C(1) << (bit % 64);
}

KN_INLINE void kn_bitmap_release(uint64_t *words, size_t bit)
{
    KN_ASSERT(kn_bitmap_is_set(words, bit));
    words[bit / 64] &= ~(UINT64_C(1) << (bit % 64));
}

/* Sets or clears the bits from, from + 1, ... from + count - 1, whatever they are. */
void kn_bitmap_set_run(uint64_t *words, size_t from, size_t count);
void kn_bitmap_clear_run(uint64_t *words, size_t from, size_t count);

/* Whether all bits of a run are set, or clear. True for a run of none. */
KN_NODISCARD bool kn_bitmap_is_set_run(const uint64_t *words, size_t from, size_t count);
KN_NODISCARD bool kn_bitmap_is_clear_run(const uint64_t *words, size_t from, size_t count);

/* The run must be clear, or set, as a whole. */
KN_INLINE void kn_bitmap_claim_run(uint64_t *words, size_t from, size_t count)
{
    KN_ASSERT(kn_bitmap_is_clear_run(words, from, count));
    kn_bitmap_set_run(words, from, count);
}

KN_INLINE void kn_bitmap_release_run(uint64_t *words, size_t from, size_t count)
{
    KN_ASSERT(kn_bitmap_is_set_run(words, from, count));
    kn_bitmap_clear_run(words, from, count);
}

/* The number of set bits among `count` bits from `from`. */
size_t kn_bitmap_popcount(const uint64_t *words, size_t from, size_t count);

/* The first clear (set) bit b with from <= b < to; KN_BITMAP_NONE if there is none. */
size_t kn_bitmap_find_clear(const uint64_t *words, size_t from, size_t to);
size_t kn_bitmap_find_set(const uint64_t *words, size_t from, size_t to);

/* The last set bit b with from <= b < to; KN_BITMAP_NONE if there is none. */
size_t kn_bitmap_find_last_set(const uint64_t *words, size_t from, size_t to);

/* The first position p >= from at which `count` (not 0) clear bits lie, all below `to`;
 * KN_BITMAP_NONE if there is none. */
size_t kn_bitmap_find_clear_run(const uint64_t *words, size_t from, size_t to, size_t count);

#endif
