#include "base/atomic.h"

#include "require.h"

static _Atomic uint32_t word;
static _Atomic(void *) pointer;

KN_TEST(atomic, loads_what_was_stored)
{
    int target;

    kn_store_relaxed(&word, 1);
    ck_assert_uint_eq(kn_load_relaxed(&word), 1);
    kn_store_release(&word, 2);
    ck_assert_uint_eq(kn_load_acquire(&word), 2);
    kn_store_seq_cst(&word, 3);
    ck_assert_uint_eq(kn_load_seq_cst(&word), 3);
    kn_store_release(&pointer, &target);
    ck_assert_ptr_eq(kn_load_acquire(&pointer), &target);
}

KN_TEST(atomic, read_modify_write_gives_the_value_before)
{
    kn_store_relaxed(&word, 10);
    ck_assert_uint_eq(kn_exchange_relaxed(&word, 20), 10);
    ck_assert_uint_eq(kn_exchange_acquire(&word, 30), 20);
    ck_assert_uint_eq(kn_exchange_release(&word, 40), 30);
    ck_assert_uint_eq(kn_exchange_acq_rel(&word, 50), 40);
    ck_assert_uint_eq(kn_fetch_add_relaxed(&word, 5), 50);
    ck_assert_uint_eq(kn_fetch_add_acquire(&word, 1), 55);
    ck_assert_uint_eq(kn_fetch_add_release(&word, 1), 56);
    ck_assert_uint_eq(kn_fetch_add_acq_rel(&word, 1), 57);
    ck_assert_uint_eq(kn_fetch_sub_relaxed(&word, 8), 58);
    ck_assert_uint_eq(kn_fetch_sub_acquire(&word, 10), 50);
    ck_assert_uint_eq(kn_fetch_sub_release(&word, 10), 40);
    ck_assert_uint_eq(kn_fetch_sub_acq_rel(&word, 14), 30);
    ck_assert_uint_eq(kn_fetch_or_relaxed(&word, 1), 16);
    ck_assert_uint_eq(kn_fetch_or_acquire(&word, 2), 17);
    ck_assert_uint_eq(kn_fetch_or_release(&word, 4), 19);
    ck_assert_uint_eq(kn_fetch_or_acq_rel(&word, 8), 23);
    ck_assert_uint_eq(kn_fetch_and_relaxed(&word, 30), 31);
    ck_assert_uint_eq(kn_fetch_and_acquire(&word, 28), 30);
    ck_assert_uint_eq(kn_fetch_and_release(&word, 24), 28);
    ck_assert_uint_eq(kn_fetch_and_acq_rel(&word, 16), 24);
    ck_assert_uint_eq(kn_load_relaxed(&word), 16);
}

#define ASSERT_CAS(cas)                                                                            \
    do {                                                                                           \
        uint32_t expected = 1;                                                                     \
        kn_store_relaxed(&word, 5);                                                                \
        ck_assert(!cas(&word, &expected, 9));                                                      \
        ck_assert_uint_eq(expected, 5);                                                            \
        ck_assert_uint_eq(kn_load_relaxed(&word), 5);                                              \
        while (!cas(&word, &expected, 9))                                                          \
            continue;                                                                              \
        ck_assert_uint_eq(kn_load_relaxed(&word), 9);                                              \
    } while (0)

KN_TEST(atomic, compare_and_swap_stores_only_when_the_value_is_expected)
{
    ASSERT_CAS(kn_cas_weak_relaxed);
    ASSERT_CAS(kn_cas_weak_acquire);
    ASSERT_CAS(kn_cas_weak_release);
    ASSERT_CAS(kn_cas_weak_acq_rel);
    ASSERT_CAS(kn_cas_strong_relaxed);
    ASSERT_CAS(kn_cas_strong_acquire);
    ASSERT_CAS(kn_cas_strong_release);
    ASSERT_CAS(kn_cas_strong_acq_rel);
}

KN_TEST(atomic, fences_and_pause_have_no_effect_on_values)
{
    kn_store_relaxed(&word, 7);
    kn_fence_acquire();
    kn_fence_release();
    kn_fence_seq_cst();
    kn_cpu_pause();
    ck_assert_uint_eq(kn_load_relaxed(&word), 7);
}
