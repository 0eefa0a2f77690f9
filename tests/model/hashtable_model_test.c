/* A hash table against an array indexed by the key's number. */
#include "ds/hashtable.h"

#include "base/rng.h"
#include "require.h"

#include <errno.h>

enum { CAPACITY = 256, KEYS = 400, STEPS = 30000 };

static struct kn_hashslot slots[2][CAPACITY];
static struct kn_hashtable table;
static uintptr_t values[KEYS]; /* 0 for keys that are not there */
static size_t count;

/* Runs with keys that are numbers, and with keys that are addresses of blocks. */
KN_TEST_LOOP(hashtable_model, agrees_with_an_array, 0, 2)
{
    struct kn_rng rng;
    unsigned which = 0;

    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    kn_hashtable_init(&table, slots[which], CAPACITY);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t i = (size_t)kn_rng_below(&rng, KEYS);
        uintptr_t key = _i == 0 ? i + 1 : (uintptr_t)0x7f0000000000 + i * 4096;
        uintptr_t *found = kn_hashtable_find(&table, key);
        uintptr_t value = step + 1;

        kn_require((found == NULL ? 0 : *found) == values[i]);
        if (kn_rng_below(&rng, 100) < (step / 2000 % 2 ? 65 : 40)) {
            int error = kn_hashtable_set(&table, key, value);
            bool must_fail = values[i] == 0 && count == kn_hashtable_max_count(CAPACITY);

            kn_require(error == (must_fail ? ENOMEM : 0));
            if (error == 0) {
                count += values[i] == 0;
                values[i] = value;
            }
        } else {
            kn_require(kn_hashtable_try_remove(&table, key, &value) == (values[i] != 0));
            if (values[i] != 0) {
                kn_require(value == values[i]);
                count--;
            }
            values[i] = 0;
        }
        kn_require(table.count == count);
        if (step % 8 == 0)
            kn_require_sound(kn_hashtable_check(&table));
        if (step % 4096 == 0) {
            struct kn_hashtable other;

            which = !which;
            kn_hashtable_init(&other, slots[which], CAPACITY);
            kn_hashtable_rehash(&other, &table);
            table = other;
        }
    }
}
