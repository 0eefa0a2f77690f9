#include "ds/bitmap.h"

/* Ones at the bits of word number `word` that belong to [from, to), which meets the word. */
static uint64_t mask_in_word(size_t word, size_t from, size_t to)
{
    size_t base = word * 64;
    uint64_t mask = ~UINT64_C(0);

    if (from > base)
        mask <<= from - base;
    if (to - base < 64)
        mask &= kn_low_mask64((unsigned)(to - base));
    return mask;
}

void kn_bitmap_set_run(uint64_t *words, size_t from, size_t count)
{
    size_t to = from + count;

    for (size_t word = from / 64; word < kn_bitmap_words(to) && count != 0; word++)
        words[word] |= mask_in_word(word, from, to);
}

void kn_bitmap_clear_run(uint64_t *words, size_t from, size_t count)
{
    size_t to = from + count;

    for (size_t word = from / 64; word < kn_bitmap_words(to) && count != 0; word++)
        words[word] &= ~mask_in_word(word, from, to);
}

bool kn_bitmap_is_set_run(const uint64_t *words, size_t from, size_t count)
{
    return kn_bitmap_find_clear(words, from, from + count) == KN_BITMAP_NONE;
}

bool kn_bitmap_is_clear_run(const uint64_t *words, size_t from, size_t count)
{
    return kn_bitmap_find_set(words, from, from + count) == KN_BITMAP_NONE;
}

size_t kn_bitmap_popcount(const uint64_t *words, size_t from, size_t count)
{
    size_t to = from + count;
    size_t total = 0;

    for (size_t word = from / 64; word < kn_bitmap_words(to) && count != 0; word++)
        total += kn_popcount64(words[word] & mask_in_word(word, from, to));
    return total;
}

/* The first bit in [from, to) that is set once the words are xor-ed with `flip`. */
KN_INLINE size_t find_first(const uint64_t *words, size_t from, size_t to, uint64_t flip)
{
    size_t word = from / 64;
    size_t end = kn_bitmap_words(to);
    uint64_t found;
    size_t bit;

    if (from >= to)
        return KN_BITMAP_NONE;
    found = (words[word] ^ flip) & (~UINT64_C(0) << (from % 64));
    while (found == 0) {
        if (++word == end)
            return KN_BITMAP_NONE;
        found = words[word] ^ flip;
    }
    bit = word * 64 + kn_ctz64(found);
    return bit < to ? bit : KN_BITMAP_NONE;
}

size_t kn_bitmap_find_clear(const uint64_t *words, size_t from, size_t to)
{
    return find_first(words, from, to, ~UINT64_C(0));
}

size_t kn_bitmap_find_set(const uint64_t *words, size_t from, size_t to)
{
    return find_first(words, from, to, 0);
}

size_t kn_bitmap_find_last_set(const uint64_t *words, size_t from, size_t to)
{
    size_t word;
    size_t bit;
    uint64_t found;

    if (from >= to)
        return KN_BITMAP_NONE;
    word = (to - 1) / 64;
    found = words[word] & kn_low_mask64((unsigned)((to - 1) % 64 + 1));
    while (found == 0) {
        if (word == from / 64)
            return KN_BITMAP_NONE;
        found = words[--word];
    }
    bit = word * 64 + 63 - kn_clz64(found);
    return bit >= from ? bit : KN_BITMAP_NONE;
}

size_t kn_bitmap_find_clear_run(const uint64_t *words, size_t from, size_t to, size_t count)
{
    KN_ASSERT(count != 0);
    for (;;) {
        size_t start = kn_bitmap_find_clear(words, from, to);
        size_t last;

        if (start == KN_BITMAP_NONE || to - start < count)
            return KN_BITMAP_NONE;
        last = kn_bitmap_find_last_set(words, start, start + count);
        if (last == KN_BITMAP_NONE)
            return start;
        from = last + 1;
    }
}
