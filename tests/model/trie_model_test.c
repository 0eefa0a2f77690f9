/* A trie against an unsorted array of the keys in it. */
#include "ds/trie.h"

#include "base/rng.h"
#include "require.h"

enum { NODE_COUNT = 250, STEPS = 15000 };

static struct kn_trienode nodes[NODE_COUNT];
static bool is_in[NODE_COUNT];

/* The smallest key >= `key` in the trie; false if there is none. */
static bool find_bound(size_t key, size_t *bound)
{
    bool is_found = false;

    for (size_t i = 0; i < NODE_COUNT; i++) {
        if (is_in[i] && nodes[i].key >= key && (!is_found || nodes[i].key < *bound)) {
            *bound = nodes[i].key;
            is_found = true;
        }
    }
    return is_found;
}

static size_t random_key(struct kn_rng *rng, unsigned key_bits)
{
    size_t key = (size_t)kn_rng_next(rng) & (SIZE_MAX >> (64 - key_bits));

    /* Sizes of all magnitudes, powers of two, and their neighbours. */
    key >>= kn_rng_below(rng, key_bits);
    if (kn_rng_below(rng, 3) == 0 && key != 0)
        key = ((size_t)1 << kn_log2_floor(key)) - (size_t)kn_rng_below(rng, 2);
    return key;
}

static const unsigned widths[] = {1, 3, 8, 20, 48, 64};

KN_TEST_LOOP(trie_model, agrees_with_an_array, 0, (int)KN_ARRAY_LEN(widths))
{
    struct kn_trie trie;
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    kn_trie_init(&trie, widths[_i]);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t i = (size_t)kn_rng_below(&rng, NODE_COUNT);
        size_t key = random_key(&rng, widths[_i]);
        size_t expected = 0;
        struct kn_trienode *bound;

        /* Waves of growth and decline. */
        if (is_in[i] == (step / 1000 % 2 == 1 || kn_rng_below(&rng, 4) == 0)) {
            if (is_in[i])
                kn_trie_erase(&trie, &nodes[i]);
            else
                kn_trie_insert(&trie, &nodes[i], key);
            is_in[i] = !is_in[i];
        }
        key = random_key(&rng, widths[_i]);
        bound = kn_trie_lower_bound(&trie, key);
        if (find_bound(key, &expected))
            kn_require(bound != NULL && bound->key == expected && is_in[bound - nodes]);
        else
            kn_require(bound == NULL);
        /* As an allocator does: take what was found. */
        if (bound != NULL && kn_rng_below(&rng, 3) == 0) {
            kn_trie_erase(&trie, bound);
            is_in[bound - nodes] = false;
        }
        if (step % 4 == 0)
            kn_require_sound(kn_trie_check(&trie));
    }
}
