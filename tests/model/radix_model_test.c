/* A radix map against a list of pairs, with memory that runs out now and then. */
#include "ds/radix.h"

#include "base/rng.h"
#include "require.h"

#include <errno.h>
#include <stdlib.h>

enum { PAIRS_MAX = 400, STEPS = 8000 };

struct pair {
    uint64_t key;
    void *value;
};

static struct pair pairs[PAIRS_MAX];
static size_t pair_count;
static struct kn_rng rng;
/* Static, so that its nodes, which live as long as the map, stay reachable to leak checkers. */
static struct kn_radix radix;

static void *alloc(void *context, size_t bytes)
{
    (void)context;
    return kn_rng_below(&rng, 4) == 0 ? NULL : calloc(1, bytes);
}

static struct pair *find(uint64_t key)
{
    for (size_t i = 0; i < pair_count; i++) {
        if (pairs[i].key == key)
            return &pairs[i];
    }
    return NULL;
}

static void model_set(uint64_t key, void *value)
{
    struct pair *pair = find(key);

    if (value == NULL && pair != NULL)
        *pair = pairs[--pair_count];
    else if (pair != NULL)
        pair->value = value;
    else if (value != NULL)
        pairs[pair_count++] = (struct pair){key, value};
}

static uint64_t random_key(unsigned key_bits)
{
    uint64_t mask = UINT64_MAX >> (64 - key_bits);
    uint64_t key = kn_rng_below(&rng, 60);

    /* Close neighbours at the bottom, in the middle and at the top; seldom anywhere. */
    switch (kn_rng_below(&rng, 7)) {
    case 0:
        return kn_rng_next(&rng) & mask;
    case 1:
    case 2:
        return (mask - key) & mask;
    case 3:
    case 4:
        return (mask / 2 - 30 + key) & mask;
    default:
        return key & mask;
    }
}

static const unsigned widths[] = {1, 6, 9, 10, 18, 34, 52, 64};

KN_TEST_LOOP(radix_model, agrees_with_a_list_of_pairs, 0, (int)KN_ARRAY_LEN(widths))
{
    unsigned key_bits = widths[_i];

    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    kn_radix_init(&radix, key_bits, alloc, NULL);
    for (unsigned step = 0; step < STEPS; step++) {
        uint64_t key = random_key(key_bits);
        uint64_t most = (UINT64_MAX >> (64 - key_bits)) - key;
        uint64_t count = kn_rng_below(&rng, 10) != 0 || most < 20 ? 1 : kn_rng_below(&rng, 20);
        void *value = NULL;
        int error;

        if (kn_rng_below(&rng, 2) == 0 && pair_count + count <= PAIRS_MAX)
            value = &pairs[kn_rng_below(&rng, PAIRS_MAX)];
        error = kn_radix_set_range(&radix, key, count, value);
        kn_require(error == 0 || (error == ENOMEM && value != NULL));
        for (uint64_t i = 0; error == 0 && i < count; i++)
            model_set(key + i, value);
        key = random_key(key_bits);
        kn_require(kn_radix_get(&radix, key) == (find(key) ? find(key)->value : NULL));
        if (step % 64 == 0) {
            kn_require(radix.value_count == pair_count);
            kn_require_sound(kn_radix_check(&radix));
            for (size_t i = 0; i < pair_count; i++)
                kn_require(kn_radix_get(&radix, pairs[i].key) == pairs[i].value);
        }
    }
}
