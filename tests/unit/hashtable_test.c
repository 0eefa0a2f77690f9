#include "ds/hashtable.h"

#include "require.h"

#include <errno.h>

enum { CAPACITY = 64 };

static struct kn_hashslot slots[CAPACITY], more_slots[2 * CAPACITY];
static struct kn_hashtable table;

KN_TEST(hashtable, has_no_entries_when_initialised)
{
    size_t cursor = 0;

    slots[3].key = 77;
    kn_hashtable_init(&table, slots, CAPACITY);
    ck_assert_ptr_null(kn_hashtable_find(&table, 77));
    ck_assert(!kn_hashtable_try_remove(&table, 77, NULL));
    ck_assert_ptr_null(kn_hashtable_next(&table, &cursor));
    kn_require_sound(kn_hashtable_check(&table));
}

KN_TEST(hashtable, adds_replaces_and_removes)
{
    uintptr_t value = 0;

    kn_hashtable_init(&table, slots, CAPACITY);
    ck_assert_int_eq(kn_hashtable_set(&table, 5, 50), 0);
    ck_assert_int_eq(kn_hashtable_set(&table, UINTPTR_MAX, 60), 0);
    ck_assert_uint_eq(*kn_hashtable_find(&table, 5), 50);
    ck_assert_uint_eq(*kn_hashtable_find(&table, UINTPTR_MAX), 60);
    ck_assert_int_eq(kn_hashtable_set(&table, 5, 51), 0);
    ck_assert_uint_eq(table.count, 2);
    *kn_hashtable_find(&table, 5) += 1;
    ck_assert(kn_hashtable_try_remove(&table, 5, &value));
    ck_assert_uint_eq(value, 52);
    ck_assert_ptr_null(kn_hashtable_find(&table, 5));
    ck_assert(!kn_hashtable_try_remove(&table, 5, &value));
    ck_assert(kn_hashtable_try_remove(&table, UINTPTR_MAX, NULL));
    ck_assert_uint_eq(table.count, 0);
    kn_require_sound(kn_hashtable_check(&table));
}

KN_TEST_LOOP(hashtable, refuses_new_keys_and_no_others_when_full, 1, 7)
{
    size_t capacity = (size_t)1 << _i;
    size_t most = kn_hashtable_max_count(capacity);

    kn_hashtable_init(&table, slots, capacity);
    ck_assert_uint_lt(most, capacity);
    ck_assert_uint_gt(most, 0);
    for (uintptr_t key = 1; key <= most; key++)
        ck_assert_int_eq(kn_hashtable_set(&table, key, key * 3), 0);
    ck_assert_int_eq(kn_hashtable_set(&table, 1000, 0), ENOMEM);
    ck_assert_ptr_null(kn_hashtable_find(&table, 1000));
    ck_assert_int_eq(kn_hashtable_set(&table, most, 9), 0);
    kn_require_sound(kn_hashtable_check(&table));
    ck_assert(kn_hashtable_try_remove(&table, 1, NULL));
    ck_assert_int_eq(kn_hashtable_set(&table, 1000, 0), 0);
    kn_require_sound(kn_hashtable_check(&table));
}

KN_TEST(hashtable, walks_each_entry_once)
{
    struct kn_hashslot *entry;
    uint64_t seen = 0;
    size_t cursor = 0;

    kn_hashtable_init(&table, slots, CAPACITY);
    for (uintptr_t key = 1; key <= 50; key++)
        ck_assert_int_eq(kn_hashtable_set(&table, key, key + 100), 0);
    while ((entry = kn_hashtable_next(&table, &cursor)) != NULL) {
        ck_assert_uint_eq(entry->value, entry->key + 100);
        ck_assert((seen >> entry->key & 1) == 0);
        seen |= UINT64_C(1) << entry->key;
    }
    ck_assert_uint_eq(kn_popcount64(seen), 50);
}

KN_TEST(hashtable, keeps_all_entries_when_moved_to_another_table)
{
    struct kn_hashtable larger;

    kn_hashtable_init(&table, slots, CAPACITY);
    for (uintptr_t key = 1; key <= 50; key++)
        ck_assert_int_eq(kn_hashtable_set(&table, key << 20, key), 0);
    kn_hashtable_init(&larger, more_slots, 2 * CAPACITY);
    kn_hashtable_rehash(&larger, &table);
    kn_require_sound(kn_hashtable_check(&larger));
    ck_assert_uint_eq(larger.count, 50);
    for (uintptr_t key = 1; key <= 50; key++)
        ck_assert_uint_eq(*kn_hashtable_find(&larger, key << 20), key);
}

/* Addresses at equal distances, as blocks have them, must not pile up. */
KN_TEST_LOOP(hashtable, spreads_keys_at_equal_distances, 0, 40)
{
    size_t probes = 0;

    kn_hashtable_init(&table, more_slots, 2 * CAPACITY);
    for (uintptr_t i = 1; i <= CAPACITY; i++)
        ck_assert_int_eq(kn_hashtable_set(&table, i << _i, i), 0);
    /* Runs of filled slots: their squares add up to what unsuccessful searches walk. */
    for (size_t i = 0; i < 2 * CAPACITY; i++) {
        for (size_t j = i; more_slots[j % (2 * CAPACITY)].key != 0; j++)
            probes++;
    }
    ck_assert_uint_le(probes, 2 * CAPACITY * 4);
}

KN_TEST(hashtable, check_finds_wrong_count_and_lost_entries)
{
    size_t cursor = 0;
    struct kn_hashslot *entry;

    kn_hashtable_init(&table, slots, CAPACITY);
    ck_assert_int_eq(kn_hashtable_set(&table, 5, 50), 0);
    table.count = 2;
    kn_require_fault(kn_hashtable_check(&table), "count");
    table.count = 1;
    entry = kn_hashtable_next(&table, &cursor);
    slots[(size_t)(entry - slots + 20) % CAPACITY] = *entry;
    entry->key = 0;
    kn_require_fault(kn_hashtable_check(&table), "found");
    table.capacity = 63;
    kn_require_fault(kn_hashtable_check(&table), "power");
}
