#include "ds/buddy.h"

#include "require.h"

#include <errno.h>

enum { METADATA_BYTES = 65536 };

/* Filled with something, for it need not be zero. */
static KN_ALIGNED(8) unsigned char metadata[METADATA_BYTES];
static struct kn_buddy buddy;

static void init(size_t bytes, unsigned min_order, unsigned max_order)
{
    size_t needed = kn_buddy_metadata_bytes(bytes, min_order, max_order);

    ck_assert_uint_le(needed, METADATA_BYTES - 8);
    memset(metadata, 0xa5, sizeof(metadata));
    kn_buddy_init(&buddy, metadata, bytes, min_order, max_order);
    for (size_t i = needed; i < METADATA_BYTES; i++)
        kn_require(metadata[i] == 0xa5);
    kn_require_sound(kn_buddy_check(&buddy));
}

KN_TEST(buddy, has_one_free_block_when_range_is_one_block)
{
    init(4096, 4, 12);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 4096);
    ck_assert_uint_eq(buddy.free_bytes, 4096);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 12), 0);
    ck_assert_uint_eq(kn_buddy_block_bytes(&buddy, 0), 4096);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 0);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), KN_BUDDY_NONE);
    kn_require_sound(kn_buddy_check(&buddy));
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), 0);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 4096);
}

KN_TEST(buddy, splits_down_and_merges_back)
{
    init(4096, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), 0);
    kn_require_sound(kn_buddy_check(&buddy));
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 2048);
    ck_assert_uint_eq(buddy.free_bytes, 4096 - 16);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), 16);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 5), 32);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 11), 2048);
    kn_require_sound(kn_buddy_check(&buddy));
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 1024);
    ck_assert_int_eq(kn_buddy_free(&buddy, 32), 0);
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), 0);
    kn_require_sound(kn_buddy_check(&buddy));
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 1024);
    ck_assert_int_eq(kn_buddy_free(&buddy, 16), 0);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 2048);
    ck_assert_int_eq(kn_buddy_free(&buddy, 2048), 0);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 4096);
    kn_require_sound(kn_buddy_check(&buddy));
}

KN_TEST(buddy, does_not_merge_beyond_the_largest_order)
{
    init(4096, 4, 10);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 1024);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(kn_buddy_alloc(&buddy, 10), i * 1024);
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(kn_buddy_free(&buddy, i * 1024), 0);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 1024);
    kn_require_sound(kn_buddy_check(&buddy));
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 11), KN_BUDDY_NONE);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 1000), KN_BUDDY_NONE);
}

KN_TEST(buddy, rounds_small_orders_up_to_a_unit)
{
    init(4096, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 0), 0);
    ck_assert_uint_eq(kn_buddy_block_bytes(&buddy, 0), 16);
}

KN_TEST(buddy, gives_the_order_of_sizes)
{
    ck_assert_uint_eq(kn_buddy_order_of(0), 0);
    ck_assert_uint_eq(kn_buddy_order_of(1), 0);
    ck_assert_uint_eq(kn_buddy_order_of(2), 1);
    ck_assert_uint_eq(kn_buddy_order_of(1024), 10);
    ck_assert_uint_eq(kn_buddy_order_of(1025), 11);
    ck_assert_uint_eq(kn_buddy_order_of(SIZE_MAX), KN_BUDDY_ORDERS);
    init(4096, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, kn_buddy_order_of(SIZE_MAX)), KN_BUDDY_NONE);
}

/* Each length up to 1 KiB of units: all of it can be allocated, by units and by largest blocks. */
KN_TEST(buddy, uses_every_unit_when_length_is_no_power_of_two)
{
    for (size_t units = 0; units <= 1024; units += units < 140 ? 1 : 97) {
        size_t bytes = units * 16 + units % 16;

        init(bytes, 4, 30);
        ck_assert_uint_eq(buddy.free_bytes, units * 16);
        for (size_t i = 0; i < units; i++)
            kn_require(kn_buddy_alloc(&buddy, 4) != KN_BUDDY_NONE);
        kn_require(kn_buddy_alloc(&buddy, 4) == KN_BUDDY_NONE && buddy.free_bytes == 0);
        kn_require_sound(kn_buddy_check(&buddy));
        for (size_t i = 0; i < units; i++)
            kn_require(kn_buddy_free(&buddy, i * 16) == 0);
        kn_require_sound(kn_buddy_check(&buddy));
        while (buddy.free_bytes != 0) {
            size_t largest = kn_buddy_largest_bytes(&buddy);
            size_t offset = kn_buddy_alloc(&buddy, kn_log2_floor(largest));

            kn_require(offset != KN_BUDDY_NONE && offset % largest == 0);
            kn_require(offset + largest <= units * 16);
        }
        kn_require_sound(kn_buddy_check(&buddy));
    }
}

KN_TEST(buddy, refuses_offsets_at_which_no_block_starts)
{
    init(4096, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 6), 0);
    ck_assert_int_eq(kn_buddy_free(&buddy, 16), EINVAL);
    ck_assert_int_eq(kn_buddy_free(&buddy, 1), EINVAL);
    ck_assert_int_eq(kn_buddy_free(&buddy, 64), EINVAL);
    ck_assert_int_eq(kn_buddy_free(&buddy, 4096), EINVAL);
    ck_assert_int_eq(kn_buddy_free(&buddy, SIZE_MAX), EINVAL);
    ck_assert_uint_eq(kn_buddy_block_bytes(&buddy, 16), 0);
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), 0);
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), EINVAL);
    kn_require_sound(kn_buddy_check(&buddy));
    ck_assert_uint_eq(buddy.free_bytes, 4096);
}

KN_TEST(buddy, takes_the_smallest_block_that_serves_and_the_lowest_of_those)
{
    init(4096, 4, 12);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(kn_buddy_alloc(&buddy, 6), i * 64);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 7), 256);
    ck_assert_int_eq(kn_buddy_free(&buddy, 192), 0);
    ck_assert_int_eq(kn_buddy_free(&buddy, 64), 0);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 5), 64);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 6), 192);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 5), 96);
    kn_require_sound(kn_buddy_check(&buddy));
}

KN_TEST(buddy, has_nothing_when_range_is_below_a_unit)
{
    init(15, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), KN_BUDDY_NONE);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 0);
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), EINVAL);
}

KN_TEST(buddy, manages_units_of_one_byte)
{
    init(1000, 0, 9);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 9), 0);
    for (size_t i = 512; i < 1000; i++)
        kn_require(kn_buddy_alloc(&buddy, 0) != KN_BUDDY_NONE);
    ck_assert_uint_eq(buddy.free_bytes, 0);
    kn_require_sound(kn_buddy_check(&buddy));
}

/* A range of 2^63 bytes that nothing could map: only the metadata counts. */
KN_TEST(buddy, manages_ranges_up_to_the_address_width)
{
    size_t bytes = (size_t)1 << (KN_BUDDY_ORDERS - 1);

    init(bytes, KN_BUDDY_ORDERS - 10, KN_BUDDY_ORDERS - 1);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), bytes);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, KN_BUDDY_ORDERS - 2), 0);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, KN_BUDDY_ORDERS - 2), bytes / 2);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 0);
    kn_require_sound(kn_buddy_check(&buddy));
}

KN_TEST(buddy, check_finds_each_kind_of_damage)
{
    init(1024, 4, 10);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 6), 0);
    buddy.free_bytes++;
    kn_require_fault(kn_buddy_check(&buddy), "bytes differ");
    buddy.free_bytes--;
    buddy.orders[1] = 5;
    kn_require_fault(kn_buddy_check(&buddy), "inside another");
    buddy.orders[1] = 0;
    buddy.orders[8] = 5;
    kn_require_fault(kn_buddy_check(&buddy), "both");
    buddy.orders[8] = 0;
    buddy.orders[0] = 0;
    kn_require_fault(kn_buddy_check(&buddy), "no block");
    buddy.orders[0] = 11;
    kn_require_fault(kn_buddy_check(&buddy), "free block inside another");
    buddy.orders[0] = 7;
    buddy.nonempty |= 1 << 4;
    kn_require_fault(kn_buddy_check(&buddy), "mask");
    buddy.nonempty &= ~UINT64_C(16);
    kn_require_sound(kn_buddy_check(&buddy));
    /* Two free units side by side that are buddies, in place of a block of their parent's order. */
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 5), 64);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), 96);
    buddy.orders[6] = 0;
    kn_bitmap_release(buddy.words, 6);
    buddy.free_bytes += 16;
    kn_require_fault(kn_buddy_check(&buddy), "not merged");
}

KN_TEST(buddy, aligns_beyond_the_size_without_waste)
{
    init(4096, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), 0);
    ck_assert_uint_eq(kn_buddy_alloc_aligned(&buddy, 4, 8), 256);
    ck_assert_uint_eq(buddy.free_bytes, 4096 - 32);
    ck_assert_uint_eq(kn_buddy_alloc_aligned(&buddy, 4, 11), 2048);
    ck_assert_uint_eq(kn_buddy_alloc_aligned(&buddy, 4, 11), KN_BUDDY_NONE);
    ck_assert_uint_eq(kn_buddy_alloc_aligned(&buddy, 4, 63), KN_BUDDY_NONE);
    kn_require_sound(kn_buddy_check(&buddy));
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), 0);
    /* The smallest block that has an aligned place is the 256 bytes there. */
    ck_assert_uint_eq(kn_buddy_alloc_aligned(&buddy, 5, 63), 0);
    ck_assert_uint_eq(kn_buddy_alloc_aligned(&buddy, 13, 13), KN_BUDDY_NONE);
    kn_require_sound(kn_buddy_check(&buddy));
}

KN_TEST(buddy, grows_where_it_is_when_the_rest_is_free)
{
    init(4096, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), 0);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), 16);
    ck_assert_int_eq(kn_buddy_resize(&buddy, 0, 5), ENOMEM);
    ck_assert_int_eq(kn_buddy_resize(&buddy, 16, 5), ENOMEM);
    ck_assert_int_eq(kn_buddy_resize(&buddy, 32, 5), EINVAL);
    ck_assert_int_eq(kn_buddy_free(&buddy, 16), 0);
    ck_assert_int_eq(kn_buddy_resize(&buddy, 0, 11), 0);
    kn_require_sound(kn_buddy_check(&buddy));
    ck_assert_uint_eq(kn_buddy_block_bytes(&buddy, 0), 2048);
    ck_assert_uint_eq(buddy.free_bytes, 2048);
    ck_assert_int_eq(kn_buddy_resize(&buddy, 0, 13), ENOMEM);
    ck_assert_int_eq(kn_buddy_resize(&buddy, 0, 0), 0);
    kn_require_sound(kn_buddy_check(&buddy));
    ck_assert_uint_eq(kn_buddy_block_bytes(&buddy, 0), 16);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 2048);
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), 0);
    ck_assert_uint_eq(kn_buddy_largest_bytes(&buddy), 4096);
}

KN_TEST(buddy, does_not_grow_past_the_end)
{
    init(48, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 5), 0);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), 32);
    ck_assert_int_eq(kn_buddy_resize(&buddy, 32, 5), ENOMEM);
    kn_require_sound(kn_buddy_check(&buddy));
}

KN_TEST(buddy, tells_what_an_offset_is)
{
    init(4096 + 7, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 6), 0);
    ck_assert_uint_eq(kn_buddy_enclosing(&buddy, 0), 0);
    ck_assert_uint_eq(kn_buddy_enclosing(&buddy, 63), 0);
    ck_assert_uint_eq(kn_buddy_enclosing(&buddy, 64), KN_BUDDY_NONE);
    ck_assert_uint_eq(kn_buddy_enclosing(&buddy, 4096), KN_BUDDY_NONE);
    ck_assert_uint_eq(kn_buddy_enclosing(&buddy, SIZE_MAX), KN_BUDDY_NONE);
    ck_assert(!kn_buddy_was_freed(&buddy, 0));
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), 0);
    ck_assert(kn_buddy_was_freed(&buddy, 0));
    ck_assert(!kn_buddy_was_freed(&buddy, 1));
    ck_assert(!kn_buddy_was_freed(&buddy, 16));
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), EINVAL);
    kn_require_sound(kn_buddy_check(&buddy));
}

KN_TEST(buddy, lists_all_blocks_in_order)
{
    static const struct kn_buddy_block expected[] = {
        {0, 16, true}, {16, 16, false}, {32, 32, true}, {64, 64, false}, {128, 64, true}};
    struct kn_buddy_block block;
    size_t offset = 0;

    init(192 + 15, 4, 12);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 6), 128);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), 0);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 4), 16);
    ck_assert_uint_eq(kn_buddy_alloc(&buddy, 6), 64);
    ck_assert_int_eq(kn_buddy_free(&buddy, 0), 0);
    ck_assert_int_eq(kn_buddy_free(&buddy, 128), 0);
    for (size_t i = 0; i < KN_ARRAY_LEN(expected); i++) {
        ck_assert(kn_buddy_try_block_at(&buddy, offset, &block));
        ck_assert_uint_eq(block.offset, expected[i].offset);
        ck_assert_uint_eq(block.bytes, expected[i].bytes);
        ck_assert(block.is_free == expected[i].is_free);
        offset += block.bytes;
    }
    ck_assert(!kn_buddy_try_block_at(&buddy, offset, &block));
    ck_assert_uint_eq(kn_buddy_free_blocks(&buddy, 6), 1);
    ck_assert_uint_eq(kn_buddy_free_blocks(&buddy, 7), 0);
    ck_assert_uint_eq(kn_buddy_free_blocks(&buddy, 3), 0);
    ck_assert_uint_eq(kn_buddy_free_blocks(&buddy, 60), 0);
}
