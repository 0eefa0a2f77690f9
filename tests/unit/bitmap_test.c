#include "ds/bitmap.h"

#include "require.h"

enum { WORDS = 4, BITS = WORDS * 64 };

static uint64_t words[WORDS];

static void fill(void)
{
    for (size_t i = 0; i < WORDS; i++)
        words[i] = ~UINT64_C(0);
}

KN_TEST(bitmap, counts_words_when_bits_fill_them_or_not)
{
    ck_assert_uint_eq(kn_bitmap_words(0), 0);
    ck_assert_uint_eq(kn_bitmap_words(1), 1);
    ck_assert_uint_eq(kn_bitmap_words(64), 1);
    ck_assert_uint_eq(kn_bitmap_words(65), 2);
    ck_assert_uint_eq(kn_bitmap_words(SIZE_MAX), SIZE_MAX / 64 + 1);
}

KN_TEST(bitmap, claims_and_releases_single_bits)
{
    static const size_t bits[] = {0, 1, 63, 64, 127, 128, BITS - 1};

    for (size_t i = 0; i < KN_ARRAY_LEN(bits); i++) {
        ck_assert(!kn_bitmap_is_set(words, bits[i]));
        kn_bitmap_claim(words, bits[i]);
        ck_assert(kn_bitmap_is_set(words, bits[i]));
        ck_assert_uint_eq(kn_bitmap_popcount(words, 0, BITS), 1);
        kn_bitmap_release(words, bits[i]);
        ck_assert_uint_eq(kn_bitmap_popcount(words, 0, BITS), 0);
    }
}

KN_TEST(bitmap, changes_exactly_the_run_for_all_starts_and_lengths)
{
    for (size_t from = 0; from <= BITS; from++) {
        for (size_t count = 0; count <= BITS - from; count++) {
            memset(words, 0, sizeof(words));
            kn_bitmap_claim_run(words, from, count);
            kn_require(kn_bitmap_popcount(words, 0, BITS) == count);
            kn_require(kn_bitmap_popcount(words, from, count) == count);
            kn_require(kn_bitmap_is_set_run(words, from, count));
            kn_require(kn_bitmap_is_clear_run(words, 0, from));
            kn_require(kn_bitmap_is_clear_run(words, from + count, BITS - from - count));
            fill();
            kn_bitmap_release_run(words, from, count);
            kn_require(kn_bitmap_popcount(words, 0, BITS) == BITS - count);
            kn_require(kn_bitmap_is_clear_run(words, from, count));
        }
    }
}

KN_TEST(bitmap, finds_nothing_when_range_is_empty_or_all_alike)
{
    ck_assert_uint_eq(kn_bitmap_find_set(words, 0, BITS), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_last_set(words, 0, BITS), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_clear(words, 70, 70), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_clear(words, 71, 70), KN_BITMAP_NONE);
    fill();
    ck_assert_uint_eq(kn_bitmap_find_clear(words, 0, BITS), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 0, BITS, 1), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_set(words, 70, 70), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_last_set(words, 70, 70), KN_BITMAP_NONE);
}

KN_TEST(bitmap, ignores_bits_outside_the_range)
{
    kn_bitmap_claim(words, 9);
    kn_bitmap_claim(words, 100);
    ck_assert_uint_eq(kn_bitmap_find_set(words, 10, 100), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_last_set(words, 10, 100), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_set(words, 10, 101), 100);
    ck_assert_uint_eq(kn_bitmap_find_last_set(words, 9, 100), 9);
    fill();
    kn_bitmap_release(words, 9);
    kn_bitmap_release(words, 100);
    ck_assert_uint_eq(kn_bitmap_find_clear(words, 10, 100), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_clear(words, 10, 101), 100);
}

/* A variable of one word: the address sanitizer sees any access beyond it. */
KN_TEST(bitmap, touches_no_word_beyond_the_last_bit)
{
    uint64_t one = ~UINT64_C(0);

    ck_assert_uint_eq(kn_bitmap_find_clear(&one, 0, 64), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_popcount(&one, 0, 64), 64);
    kn_bitmap_release_run(&one, 0, 64);
    ck_assert_uint_eq(one, 0);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(&one, 0, 64, 64), 0);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(&one, 1, 64, 64), KN_BITMAP_NONE);
}

KN_TEST(bitmap, finds_runs_that_cross_words)
{
    fill();
    kn_bitmap_release_run(words, 60, 8);
    kn_bitmap_release_run(words, 100, 100);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 0, BITS, 8), 60);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 60, BITS, 8), 60);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 61, BITS, 8), 100);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 61, BITS, 7), 61);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 0, BITS, 9), 100);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 0, BITS, 100), 100);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 0, BITS, 101), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 0, 199, 100), KN_BITMAP_NONE);
    ck_assert_uint_eq(kn_bitmap_find_clear_run(words, 0, BITS, SIZE_MAX), KN_BITMAP_NONE);
}
