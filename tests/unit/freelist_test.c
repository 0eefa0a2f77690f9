#include "ds/freelist.h"

#include "require.h"

enum { BLOCK_BYTES = 32, BLOCK_COUNT = 8 };

#define SECRET ((uintptr_t)UINT64_C(0x5bd1e995a7c3f00d))

static KN_ALIGNED(BLOCK_BYTES) unsigned char memory[BLOCK_COUNT][BLOCK_BYTES];

static struct kn_freelist_bounds bounds_of_memory(void)
{
    return (struct kn_freelist_bounds){(uintptr_t)memory, sizeof(memory), BLOCK_BYTES};
}

KN_TEST(freelist, is_empty_when_initialised)
{
    struct kn_freelist list;
    struct kn_freelist_bounds bounds = bounds_of_memory();
    void *block = memory;

    kn_freelist_init(&list);
    ck_assert(kn_freelist_is_empty(&list));
    ck_assert_ptr_null(kn_freelist_pop(&list));
    ck_assert(kn_freelist_encoded_try_pop(&list, SECRET, &bounds, &block));
    ck_assert_ptr_null(block);
    ck_assert_ptr_null(kn_freelist_take(&list));
    kn_require_sound(kn_freelist_check(&list, &bounds, 0));
}

KN_TEST(freelist, pops_in_reverse_order_of_pushes)
{
    struct kn_freelist list;
    struct kn_freelist_bounds bounds = bounds_of_memory();

    kn_freelist_init(&list);
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        kn_freelist_push(&list, memory[i]);
        kn_require_sound(kn_freelist_check(&list, &bounds, i + 1));
    }
    for (size_t i = BLOCK_COUNT; i-- > 0;)
        ck_assert_ptr_eq(kn_freelist_pop(&list), memory[i]);
    ck_assert(kn_freelist_is_empty(&list));
}

KN_TEST(freelist, splices_a_chain_before_the_list)
{
    struct kn_freelist list, other;
    void *chain;

    kn_freelist_init(&list);
    kn_freelist_init(&other);
    kn_freelist_push(&list, memory[0]);
    for (size_t i = 1; i < 4; i++)
        kn_freelist_push(&other, memory[i]);
    chain = kn_freelist_take(&other);
    ck_assert(kn_freelist_is_empty(&other));
    kn_freelist_splice(&list, chain, memory[1]);
    for (size_t i = 4; i-- > 0;)
        ck_assert_ptr_eq(kn_freelist_pop(&list), memory[i]);
    ck_assert_ptr_null(kn_freelist_pop(&list));
}

KN_TEST(freelist, splices_a_single_block)
{
    struct kn_freelist list;

    kn_freelist_init(&list);
    kn_freelist_splice(&list, memory[5], memory[5]);
    ck_assert_ptr_eq(kn_freelist_pop(&list), memory[5]);
    ck_assert(kn_freelist_is_empty(&list));
}

KN_TEST(freelist, check_finds_wrong_count_cycle_and_stray_link)
{
    struct kn_freelist list;
    struct kn_freelist_bounds bounds = bounds_of_memory();

    kn_freelist_init(&list);
    kn_freelist_push(&list, memory[0]);
    kn_freelist_push(&list, memory[1]);
    kn_require_fault(kn_freelist_check(&list, &bounds, 3), "fewer");
    kn_require_fault(kn_freelist_check(&list, &bounds, 1), "more");
    kn_freelist_link(memory[0], memory[1]);
    kn_require_fault(kn_freelist_check(&list, &bounds, 2), "cycle");
    kn_freelist_link(memory[0], memory[1] + 8);
    kn_require_fault(kn_freelist_check(&list, &bounds, 3), "bounds");
    kn_freelist_link(memory[0], memory[BLOCK_COUNT - 1] + BLOCK_BYTES);
    kn_require_fault(kn_freelist_check(&list, &bounds, 3), "bounds");
}

KN_TEST(freelist, encoded_pops_in_reverse_order_of_pushes)
{
    struct kn_freelist list;
    struct kn_freelist_bounds bounds = bounds_of_memory();
    void *block;

    kn_freelist_init(&list);
    for (size_t i = 0; i < BLOCK_COUNT; i++) {
        kn_freelist_encoded_push(&list, SECRET, memory[i]);
        kn_require_sound(kn_freelist_encoded_check(&list, SECRET, &bounds, i + 1));
    }
    for (size_t i = BLOCK_COUNT; i-- > 0;) {
        ck_assert(kn_freelist_encoded_try_pop(&list, SECRET, &bounds, &block));
        ck_assert_ptr_eq(block, memory[i]);
    }
    ck_assert(kn_freelist_is_empty(&list));
}

KN_TEST(freelist, encoded_link_shows_no_address)
{
    struct kn_freelist list;

    kn_freelist_init(&list);
    kn_freelist_encoded_push(&list, SECRET, memory[0]);
    kn_freelist_encoded_push(&list, SECRET, memory[1]);
    ck_assert_ptr_ne(kn_freelist_next(memory[1]), memory[0]);
    ck_assert_ptr_nonnull(kn_freelist_next(memory[0]));
    ck_assert_ptr_eq(kn_freelist_encoded_next(SECRET, memory[1]), memory[0]);
}

KN_TEST(freelist, encoded_splices_a_chain_before_the_list)
{
    struct kn_freelist list, other;
    struct kn_freelist_bounds bounds = bounds_of_memory();
    void *block;

    kn_freelist_init(&list);
    kn_freelist_init(&other);
    kn_freelist_encoded_push(&list, SECRET, memory[0]);
    for (size_t i = 1; i < 4; i++)
        kn_freelist_encoded_push(&other, SECRET, memory[i]);
    kn_freelist_encoded_splice(&list, SECRET, kn_freelist_take(&other), memory[1]);
    kn_require_sound(kn_freelist_encoded_check(&list, SECRET, &bounds, 4));
    for (size_t i = 4; i-- > 0;) {
        ck_assert(kn_freelist_encoded_try_pop(&list, SECRET, &bounds, &block));
        ck_assert_ptr_eq(block, memory[i]);
    }
}

/* An overflow writes the first bytes of the link; whatever their number and value, the pop must
 * refuse, and leave the list as it is. */
KN_TEST(freelist, encoded_pop_refuses_when_any_leading_bytes_are_overwritten)
{
    struct kn_freelist list;
    struct kn_freelist_bounds bounds = bounds_of_memory();
    void *block;

    for (size_t length = 1; length <= sizeof(void *); length++) {
        for (unsigned value = 0; value < 256; value++) {
            bool is_changed = false;

            kn_freelist_init(&list);
            kn_freelist_encoded_push(&list, SECRET, memory[0]);
            kn_freelist_encoded_push(&list, SECRET, memory[1]);
            for (size_t i = 0; i < length; i++) {
                is_changed |= memory[1][i] != value;
                memory[1][i] = (unsigned char)value;
            }
            kn_require(kn_freelist_encoded_try_pop(&list, SECRET, &bounds, &block) == !is_changed);
            kn_require(block == memory[1]);
            kn_require(list.head == (is_changed ? memory[1] : memory[0]));
        }
    }
}

KN_TEST(freelist, encoded_pop_refuses_when_link_is_plain_or_copied)
{
    struct kn_freelist list;
    struct kn_freelist_bounds bounds = bounds_of_memory();
    void *block;

    kn_freelist_init(&list);
    kn_freelist_encoded_push(&list, SECRET, memory[0]);
    kn_freelist_encoded_push(&list, SECRET, memory[1]);
    kn_freelist_link(memory[1], memory[0]);
    ck_assert(!kn_freelist_encoded_try_pop(&list, SECRET, &bounds, &block));
    kn_require_fault(kn_freelist_encoded_check(&list, SECRET, &bounds, 2), "bounds");
    kn_freelist_link(memory[1], kn_freelist_next(memory[0]));
    ck_assert(!kn_freelist_encoded_try_pop(&list, SECRET, &bounds, &block));
    ck_assert_ptr_eq(block, memory[1]);
}
