#include "ds/bittree.h"

#define FULL (~UINT64_C(0))

/* Levels of a tree of 2^64 bits. */
#define LEVELS_MAX 11

/* A cursor over the levels from below: the words of one, and the number of its bits. */
struct level {
    uint64_t *words;
    size_t bits;
};

static struct level level_of_bits(const struct kn_bittree *tree)
{
    return (struct level){tree->words, tree->bits};
}

static bool is_top(struct level level)
{
    return level.bits <= 64;
}

static struct level above(struct level level)
{
    size_t words = kn_bitmap_words(level.bits);

    return (struct level){level.words + words, words};
}

size_t kn_bittree_words(size_t bits)
{
    size_t total = kn_bitmap_words(bits);

    while (bits > 64) {
        bits = kn_bitmap_words(bits);
        total += kn_bitmap_words(bits);
    }
    return total;
}

void kn_bittree_init_set(struct kn_bittree *tree, uint64_t *words, size_t bits)
{
    tree->words = words;
    tree->bits = bits;
    for (size_t i = kn_bittree_words(bits); i-- > 0;)
        words[i] = FULL;
}

void kn_bittree_init_clear(struct kn_bittree *tree, uint64_t *words, size_t bits)
{
    kn_bittree_init_set(tree, words, bits);
    kn_bittree_release_run(tree, 0, bits);
}

void kn_bittree_claim(struct kn_bittree *tree, size_t bit)
{
    struct level level = level_of_bits(tree);

    KN_ASSERT(bit < tree->bits);
    for (;;) {
        kn_bitmap_claim(level.words, bit);
        if (level.words[bit / 64] != FULL || is_top(level))
            return;
        level = above(level);
        bit /= 64;
    }
}

void kn_bittree_release(struct kn_bittree *tree, size_t bit)
{
    struct level level = level_of_bits(tree);

    KN_ASSERT(bit < tree->bits);
    for (;;) {
        bool was_full = level.words[bit / 64] == FULL;

        kn_bitmap_release(level.words, bit);
        if (!was_full || is_top(level))
            return;
        level = above(level);
        bit /= 64;
    }
}

/* Of the words that the run [*from, *to) meets, those which are full: they are a run again, for
 * all but the first and the last lie inside. False if there is none. */
static bool narrow_to_full_words(struct level level, size_t *from, size_t *to)
{
    size_t first = *from / 64;
    size_t last = (*to - 1) / 64;

    *from = first + (level.words[first] != FULL);
    *to = last + (level.words[last] == FULL);
    return *from < *to;
}

void kn_bittree_claim_run(struct kn_bittree *tree, size_t from, size_t count)
{
    struct level level = level_of_bits(tree);
    size_t to = from + count;

    KN_ASSERT(from <= tree->bits && count <= tree->bits - from);
    if (count == 0)
        return;
    for (;;) {
        kn_bitmap_claim_run(level.words, from, to - from);
        if (is_top(level) || !narrow_to_full_words(level, &from, &to))
            return;
        level = above(level);
    }
}

void kn_bittree_release_run(struct kn_bittree *tree, size_t from, size_t count)
{
    struct level level = level_of_bits(tree);
    size_t to = from + count;

    KN_ASSERT(from <= tree->bits && count <= tree->bits - from);
    if (count == 0)
        return;
    for (;;) {
        size_t here = from;
        size_t here_to = to;
        bool goes_up = !is_top(level) && narrow_to_full_words(level, &from, &to);

        kn_bitmap_release_run(level.words, here, here_to - here);
        if (!goes_up)
            return;
        level = above(level);
    }
}

size_t kn_bittree_find_clear(const struct kn_bittree *tree, size_t from)
{
    const uint64_t *below[LEVELS_MAX];
    struct level level = level_of_bits(tree);
    unsigned height = 0;

    /* Up: the first level that has a clear bit in the word at hand, from `from` on. */
    for (;;) {
        uint64_t clear;

        if (from >= level.bits)
            return KN_BITMAP_NONE;
        clear = ~level.words[from / 64] & (FULL << (from % 64));
        if (clear != 0) {
            from = from / 64 * 64 + kn_ctz64(clear);
            break;
        }
        if (is_top(level))
            return KN_BITMAP_NONE;
        from = from / 64 + 1;
        below[height++] = level.words;
        level = above(level);
    }
    /* Down: a clear bit of a summary promises one in the word it stands for. */
    while (height > 0)
        from = from * 64 + kn_ctz64(~below[--height][from]);
    return from;
}

size_t kn_bittree_find_clear_run(const struct kn_bittree *tree, size_t from, size_t count)
{
    KN_ASSERT(count != 0);
    for (;;) {
        size_t start = kn_bittree_find_clear(tree, from);
        size_t last;

        if (start == KN_BITMAP_NONE || tree->bits - start < count)
            return KN_BITMAP_NONE;
        last = kn_bitmap_find_last_set(tree->words, start, start + count);
        if (last == KN_BITMAP_NONE)
            return start;
        from = last + 1;
    }
}

const char *kn_bittree_check(const struct kn_bittree *tree)
{
    for (struct level level = level_of_bits(tree);; level = above(level)) {
        size_t words = kn_bitmap_words(level.bits);

        if (!kn_bitmap_is_set_run(level.words, level.bits, words * 64 - level.bits))
            return "bittree: clear bit beyond the end of a level";
        if (is_top(level))
            return NULL;
        for (size_t i = 0; i < words; i++) {
            if (kn_bitmap_is_set(above(level).words, i) != (level.words[i] == FULL))
                return "bittree: summary disagrees with a word";
        }
    }
}
