/* A tree against a sorted array, with keys dense enough that many are equal. */
#include "ds/rbtree.h"

#include "base/rng.h"
#include "require.h"

enum { ITEM_COUNT = 300, STEPS = 12000 };

struct item {
    struct kn_rbnode node;
    unsigned key;
    bool is_in;
};

static struct item items[ITEM_COUNT];
static struct item *sorted[ITEM_COUNT];
static size_t count;
static struct kn_rbtree tree;

static struct item *item_of(const struct kn_rbnode *node)
{
    return node == NULL ? NULL : KN_CONTAINER_OF(node, struct item, node);
}

static int compare(const struct kn_rbnode *a, const struct kn_rbnode *b)
{
    unsigned x = item_of(a)->key, y = item_of(b)->key;

    return (x > y) - (x < y);
}

static int probe(const struct kn_rbnode *node, const void *key)
{
    unsigned x = item_of(node)->key, y = *(const unsigned *)key;

    return (x > y) - (x < y);
}

/* The number of items whose key is below `key`. */
static size_t rank(unsigned key)
{
    size_t i = 0;

    while (i < count && sorted[i]->key < key)
        i++;
    return i;
}

static void insert(struct item *item, unsigned key)
{
    size_t at = rank(key + 1);

    item->key = key;
    item->is_in = true;
    kn_rbtree_insert(&tree, &item->node);
    memmove(sorted + at + 1, sorted + at, (count - at) * sizeof(sorted[0]));
    sorted[at] = item;
    count++;
}

static void erase(struct item *item)
{
    size_t at = rank(item->key);

    while (sorted[at] != item)
        at++;
    kn_rbtree_erase(&tree, &item->node);
    item->is_in = false;
    count--;
    memmove(sorted + at, sorted + at + 1, (count - at) * sizeof(sorted[0]));
}

static void check_walks(void)
{
    const struct kn_rbnode *node = kn_rbtree_first(&tree);

    kn_require_sound(kn_rbtree_check(&tree));
    for (size_t i = 0; i < count; i++, node = kn_rbtree_next(node))
        kn_require(item_of(node) == sorted[i]);
    kn_require(node == NULL);
    node = kn_rbtree_last(&tree);
    for (size_t i = count; i-- > 0; node = kn_rbtree_prev(node))
        kn_require(item_of(node) == sorted[i]);
    kn_require(node == NULL);
}

/* Runs with few and with many different keys. */
KN_TEST_LOOP(rbtree_model, agrees_with_a_sorted_array, 0, 3)
{
    static const unsigned key_counts[] = {5, 200, 1000000};
    unsigned key_count = key_counts[_i];
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    kn_rbtree_init(&tree, compare);
    for (unsigned step = 0; step < STEPS; step++) {
        struct item *item = &items[kn_rng_below(&rng, ITEM_COUNT)];
        unsigned key = (unsigned)kn_rng_below(&rng, key_count);
        size_t at;

        /* Waves of growth and decline, so that the tree is full at times and empty at others. */
        if (item->is_in == (step / 1000 % 2 == 1 || kn_rng_below(&rng, 4) == 0)) {
            if (item->is_in)
                erase(item);
            else
                insert(item, key);
        }
        at = rank(key);
        kn_require(item_of(kn_rbtree_lower_bound(&tree, probe, &key)) ==
                   (at < count ? sorted[at] : NULL));
        if (step % 8 == 0)
            check_walks();
    }
}
