#include "ds/bittree.h"

#include "require.h"

enum { LARGE = 64 * 64 * 64 + 1 };

static uint64_t words[LARGE / 64 + LARGE / 64 / 64 + 8];

KN_TEST(bittree, counts_words_of_all_levels)
{
    ck_assert_uint_eq(kn_bittree_words(0), 0);
    ck_assert_uint_eq(kn_bittree_words(1), 1);
    ck_assert_uint_eq(kn_bittree_words(64), 1);
    ck_assert_uint_eq(kn_bittree_words(65), 2 + 1);
    ck_assert_uint_eq(kn_bittree_words(4096), 64 + 1);
    ck_assert_uint_eq(kn_bittree_words(4097), 65 + 2 + 1);
    ck_assert_uint_eq(kn_bittree_words(LARGE), 4097 + 65 + 2 + 1);
}

KN_TEST(bittree, has_nothing_to_find_when_it_has_no_bits)
{
    struct kn_bittree tree;

    kn_bittree_init_clear(&tree, words, 0);
    ck_assert_uint_eq(kn_bittree_find_clear(&tree, 0), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bittree_find_clear_run(&tree, 0, 1), KN_BITMAP_NONE);
    kn_require_sound(kn_bittree_check(&tree));
}

KN_TEST(bittree, starts_all_clear_or_all_set)
{
    static const size_t sizes[] = {1, 63, 64, 65, 128, 4095, 4096, 4097, LARGE};
    struct kn_bittree tree;

    for (size_t i = 0; i < KN_ARRAY_LEN(sizes); i++) {
        kn_bittree_init_clear(&tree, words, sizes[i]);
        kn_require_sound(kn_bittree_check(&tree));
        ck_assert_uint_eq(kn_bittree_find_clear(&tree, 0), 0);
        ck_assert_uint_eq(kn_bittree_find_clear(&tree, sizes[i] - 1), sizes[i] - 1);
        ck_assert_uint_eq(kn_bittree_find_clear(&tree, sizes[i]), KN_BITMAP_NONE);
        ck_assert_uint_eq(kn_bittree_find_clear_run(&tree, 0, sizes[i]), 0);
        ck_assert_uint_eq(kn_bittree_find_clear_run(&tree, 0, sizes[i] + 1), KN_BITMAP_NONE);
        kn_bittree_init_set(&tree, words, sizes[i]);
        kn_require_sound(kn_bittree_check(&tree));
        ck_assert_uint_eq(kn_bittree_find_clear(&tree, 0), KN_BITMAP_NONE);
    }
}

KN_TEST(bittree, finds_the_only_clear_bit_wherever_it_is)
{
    static const size_t bits[] = {0, 1, 63, 64, 4095, 4096, 8191, 100000, LARGE - 2, LARGE - 1};
    struct kn_bittree tree;

    kn_bittree_init_set(&tree, words, LARGE);
    for (size_t i = 0; i < KN_ARRAY_LEN(bits); i++) {
        size_t bit = bits[i];

        kn_bittree_release(&tree, bit);
        kn_require_sound(kn_bittree_check(&tree));
        ck_assert(!kn_bittree_is_set(&tree, bit));
        ck_assert_uint_eq(kn_bittree_find_clear(&tree, 0), bit);
        ck_assert_uint_eq(kn_bittree_find_clear(&tree, bit), bit);
        ck_assert_uint_eq(kn_bittree_find_clear(&tree, bit + 1), KN_BITMAP_NONE);
        kn_bittree_claim(&tree, bit);
        kn_require_sound(kn_bittree_check(&tree));
        ck_assert_uint_eq(kn_bittree_find_clear(&tree, 0), KN_BITMAP_NONE);
    }
}

KN_TEST(bittree, claims_and_releases_runs_across_summaries)
{
    struct kn_bittree tree;

    kn_bittree_init_clear(&tree, words, LARGE);
    kn_bittree_claim_run(&tree, 1, LARGE - 2);
    kn_require_sound(kn_bittree_check(&tree));
    ck_assert_uint_eq(kn_bittree_find_clear(&tree, 1), LARGE - 1);
    kn_bittree_release_run(&tree, 4000, 300);
    kn_require_sound(kn_bittree_check(&tree));
    ck_assert_uint_eq(kn_bittree_find_clear(&tree, 1), 4000);
    ck_assert_uint_eq(kn_bittree_find_clear_run(&tree, 0, 300), 4000);
    ck_assert_uint_eq(kn_bittree_find_clear_run(&tree, 0, 301), KN_BITMAP_NONE);
    kn_bittree_claim_run(&tree, 4000, 300);
    kn_bittree_claim_run(&tree, 77, 0);
    kn_bittree_release_run(&tree, 77, 0);
    kn_bittree_claim(&tree, 0);
    kn_bittree_claim(&tree, LARGE - 1);
    kn_require_sound(kn_bittree_check(&tree));
    ck_assert_uint_eq(kn_bittree_find_clear(&tree, 0), KN_BITMAP_NONE);
}

KN_TEST(bittree, check_finds_summaries_that_disagree)
{
    struct kn_bittree tree;

    kn_bittree_init_clear(&tree, words, 100);
    words[0] = ~UINT64_C(0);
    kn_require_fault(kn_bittree_check(&tree), "disagrees");
    kn_bittree_init_clear(&tree, words, 100);
    words[1] &= ~(UINT64_C(1) << 63);
    kn_require_fault(kn_bittree_check(&tree), "beyond");
    kn_bittree_init_set(&tree, words, 100);
    words[2] &= ~UINT64_C(1);
    kn_require_fault(kn_bittree_check(&tree), "disagrees");
}
