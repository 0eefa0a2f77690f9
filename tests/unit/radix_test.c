#include "ds/radix.h"

#include "require.h"

#include <errno.h>

enum { POOL_BYTES = 64 * 4096 };

/* Nodes come from here; the callback fails when `nodes_left` is spent. */
static KN_ALIGNED(sizeof(void *)) unsigned char pool[POOL_BYTES];
static size_t pool_used;
static size_t nodes_left = SIZE_MAX;
static int value_a, value_b;

static void *alloc(void *context, size_t bytes)
{
    void *node = pool + pool_used;

    ck_assert_ptr_eq(context, &pool_used);
    if (nodes_left == 0 || bytes > POOL_BYTES - pool_used)
        return NULL;
    nodes_left--;
    pool_used += bytes;
    return node;
}

static void init(struct kn_radix *radix, unsigned key_bits)
{
    kn_radix_init(radix, key_bits, alloc, &pool_used);
}

KN_TEST(radix, has_no_values_when_initialised)
{
    struct kn_radix radix;

    init(&radix, 34);
    ck_assert_ptr_null(kn_radix_get(&radix, 0));
    ck_assert_ptr_null(kn_radix_get(&radix, (UINT64_C(1) << 34) - 1));
    ck_assert_ptr_null(kn_radix_get(&radix, UINT64_MAX));
    ck_assert_int_eq(kn_radix_set(&radix, 5, NULL), 0);
    ck_assert_uint_eq(pool_used, 0);
    kn_require_sound(kn_radix_check(&radix));
}

/* Each width has the fewest levels, then the smallest nodes, and keeps its first and last key. */
KN_TEST_LOOP(radix, maps_least_and_greatest_key_for_each_width, 1, 65)
{
    struct kn_radix radix;
    unsigned key_bits = (unsigned)_i;
    uint64_t greatest = UINT64_MAX >> (64 - key_bits);

    init(&radix, key_bits);
    ck_assert_uint_ge(radix.levels * radix.level_bits, key_bits);
    ck_assert_uint_le(radix.level_bits, KN_RADIX_LEVEL_BITS_MAX);
    ck_assert_uint_le(kn_radix_node_bytes(&radix), 4096);
    ck_assert_int_eq(kn_radix_set(&radix, 0, &value_a), 0);
    ck_assert_int_eq(kn_radix_set(&radix, greatest, &value_b), 0);
    ck_assert_ptr_eq(kn_radix_get(&radix, 0), &value_a);
    ck_assert_ptr_eq(kn_radix_get(&radix, greatest), &value_b);
    if (key_bits > 1)
        ck_assert_ptr_null(kn_radix_get(&radix, 1));
    if (key_bits < 64)
        ck_assert_ptr_null(kn_radix_get(&radix, greatest + 1));
    kn_require_sound(kn_radix_check(&radix));
}

KN_TEST(radix, replaces_and_takes_out_values)
{
    struct kn_radix radix;

    init(&radix, 20);
    ck_assert_int_eq(kn_radix_set(&radix, 1000, &value_a), 0);
    ck_assert_int_eq(kn_radix_set(&radix, 1000, &value_b), 0);
    ck_assert_ptr_eq(kn_radix_get(&radix, 1000), &value_b);
    ck_assert_uint_eq(radix.value_count, 1);
    nodes_left = 0;
    ck_assert_int_eq(kn_radix_set(&radix, 1000, NULL), 0);
    ck_assert_int_eq(kn_radix_set(&radix, 9, NULL), 0);
    ck_assert_ptr_null(kn_radix_get(&radix, 1000));
    ck_assert_uint_eq(radix.value_count, 0);
    kn_require_sound(kn_radix_check(&radix));
}

KN_TEST(radix, sets_a_range_across_leaves)
{
    struct kn_radix radix;

    init(&radix, 27);
    ck_assert_int_eq(kn_radix_set_range(&radix, 500, 0, &value_a), 0);
    ck_assert_uint_eq(pool_used, 0);
    ck_assert_int_eq(kn_radix_set_range(&radix, 500, 1100, &value_a), 0);
    for (uint64_t key = 0; key < 2000; key++)
        kn_require(kn_radix_get(&radix, key) == (key >= 500 && key < 1600 ? &value_a : NULL));
    kn_require_sound(kn_radix_check(&radix));
    ck_assert_int_eq(kn_radix_set_range(&radix, 0, 5000, NULL), 0);
    ck_assert_uint_eq(radix.value_count, 0);
    kn_require_sound(kn_radix_check(&radix));
}

/* Fails at each node in turn: no value may change, and the next attempt may use what was made. */
KN_TEST(radix, changes_no_value_when_memory_runs_out)
{
    struct kn_radix radix;

    for (size_t allowed = 0; allowed < 5; allowed++) {
        init(&radix, 27);
        nodes_left = allowed;
        ck_assert_int_eq(kn_radix_set_range(&radix, 100, 1400, &value_a), ENOMEM);
        ck_assert_uint_eq(radix.node_count, allowed);
        ck_assert_uint_eq(radix.value_count, 0);
        kn_require_sound(kn_radix_check(&radix));
        for (uint64_t key = 0; key < 2000; key++)
            kn_require(kn_radix_get(&radix, key) == NULL);
        nodes_left = 5 - allowed;
        ck_assert_int_eq(kn_radix_set_range(&radix, 100, 1400, &value_a), 0);
        ck_assert_uint_eq(radix.value_count, 1400);
        kn_require_sound(kn_radix_check(&radix));
    }
}

KN_TEST(radix, check_finds_lost_nodes_and_stray_values)
{
    struct kn_radix radix;
    void *root;

    init(&radix, 10);
    ck_assert_int_eq(kn_radix_set(&radix, 77, &value_a), 0);
    root = kn_load_relaxed(&radix.root);
    kn_store_relaxed(&radix.root, NULL);
    kn_require_fault(kn_radix_check(&radix), "lost");
    kn_store_relaxed(&radix.root, (char *)root + 1);
    kn_require_fault(kn_radix_check(&radix), "misaligned");
    kn_store_relaxed(&radix.root, root);
    radix.value_count = 2;
    kn_require_fault(kn_radix_check(&radix), "count");
    radix.value_count = 1;
    radix.node_count = 1;
    kn_require_fault(kn_radix_check(&radix), "more nodes");
    radix.node_count = 2;
    radix.key_bits = 6;
    kn_require_fault(kn_radix_check(&radix), "out of range");
}
