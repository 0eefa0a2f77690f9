/* A bitmap, and a bitmap with summaries, against an array of bools. */
#include "ds/bittree.h"

#include "base/rng.h"
#include "require.h"

enum { BITS_MAX = 64 * 64 * 2 + 100, STEPS = 6000 };

static uint64_t plain[BITS_MAX / 64 + 1];
static uint64_t tree_words[BITS_MAX / 64 * 2];
static struct kn_bittree tree;
static bool model[BITS_MAX];
static size_t bits;

static size_t find_last(size_t from, size_t to, bool value)
{
    while (to > from && model[to - 1] != value)
        to--;
    return to > from ? to - 1 : KN_BITMAP_NONE;
}

/* The first run of `count` bits of `value` in [from, to). */
static size_t find(size_t from, size_t to, size_t count, bool value)
{
    size_t length = 0;

    for (size_t i = from; i < to; i++) {
        length = model[i] == value ? length + 1 : 0;
        if (length == count)
            return i + 1 - count;
    }
    return KN_BITMAP_NONE;
}

static size_t count_set(size_t from, size_t count)
{
    size_t total = 0;

    for (size_t i = from; i < from + count; i++)
        total += model[i];
    return total;
}

/* Makes a run around `at` change hands, as long as its bits agree, up to `count` of them. */
static void flip_run(size_t at, size_t count)
{
    bool value = model[at];
    size_t end = at;

    while (end < bits && end - at < count && model[end] == value)
        model[end++] = !value;
    count = end - at;
    if (count == 1 && value) {
        kn_bitmap_release(plain, at);
        kn_bittree_release(&tree, at);
    } else if (count == 1) {
        kn_bitmap_claim(plain, at);
        kn_bittree_claim(&tree, at);
    } else if (value) {
        kn_bitmap_release_run(plain, at, count);
        kn_bittree_release_run(&tree, at, count);
    } else {
        kn_bitmap_claim_run(plain, at, count);
        kn_bittree_claim_run(&tree, at, count);
    }
}

static void compare(struct kn_rng *rng)
{
    size_t from = (size_t)kn_rng_below(rng, bits);
    size_t to = (size_t)kn_rng_range(rng, from, bits);
    size_t count = (size_t)kn_rng_range(rng, 1, kn_rng_below(rng, 2) ? 200 : 5);

    kn_require(kn_bitmap_is_set(plain, from) == model[from]);
    kn_require(kn_bittree_is_set(&tree, from) == model[from]);
    kn_require(kn_bitmap_popcount(plain, from, to - from) == count_set(from, to - from));
    kn_require(kn_bitmap_find_clear(plain, from, to) == find(from, to, 1, false));
    kn_require(kn_bitmap_find_set(plain, from, to) == find(from, to, 1, true));
    kn_require(kn_bitmap_find_last_set(plain, from, to) == find_last(from, to, true));
    kn_require(kn_bitmap_find_clear_run(plain, from, to, count) == find(from, to, count, false));
    kn_require(kn_bittree_find_clear(&tree, from) == find(from, bits, 1, false));
    kn_require(kn_bittree_find_clear_run(&tree, from, count) == find(from, bits, count, false));
    kn_require(kn_bitmap_is_set_run(plain, from, to - from) ==
               (find(from, to, 1, false) == KN_BITMAP_NONE));
    kn_require(kn_bitmap_is_clear_run(plain, from, to - from) ==
               (find(from, to, 1, true) == KN_BITMAP_NONE));
    kn_require_sound(kn_bittree_check(&tree));
}

static const size_t sizes[] = {1, 63, 64, 65, 1000, 4096, 4097, BITS_MAX};

KN_TEST_LOOP(bitmap_model, agrees_with_an_array_of_bools, 0, (int)KN_ARRAY_LEN(sizes))
{
    struct kn_rng rng;

    bits = sizes[_i];
    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    ck_assert_uint_le(kn_bittree_words(bits), KN_ARRAY_LEN(tree_words));
    kn_bittree_init_clear(&tree, tree_words, bits);
    for (unsigned step = 0; step < STEPS; step++) {
        /* Long runs at times, so that whole words and whole summaries fill up and empty. */
        uint64_t longest = kn_rng_below(&rng, 3) == 0 ? bits : 3;

        flip_run((size_t)kn_rng_below(&rng, bits), (size_t)kn_rng_range(&rng, 1, longest));
        if (step % 4 == 0)
            compare(&rng);
    }
}
