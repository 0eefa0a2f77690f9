#include "ds/radix.h"

#include "base/align.h"

#include <errno.h>

void kn_radix_init(struct kn_radix *radix, unsigned key_bits, kn_radix_alloc alloc, void *context)
{
    KN_ASSERT(key_bits >= 1 && key_bits <= 64);
    kn_store_relaxed(&radix->root, NULL);
    radix->levels = (key_bits + KN_RADIX_LEVEL_BITS_MAX - 1) / KN_RADIX_LEVEL_BITS_MAX;
    radix->level_bits = (key_bits + radix->levels - 1) / radix->levels;
    radix->key_bits = key_bits;
    radix->alloc = alloc;
    radix->context = context;
    radix->node_count = 0;
    radix->value_count = 0;
}

/* The node that `slot` points to; if there is none yet and `create` is true, a new one. */
static kn_radix_slot *node_at(struct kn_radix *radix, kn_radix_slot *slot, bool create)
{
    /* Relaxed: only the writer stores, and it is the one that asks. */
    void *node = kn_load_relaxed(slot);

    if (node == NULL && create) {
        node = radix->alloc(radix->context, kn_radix_node_bytes(radix));
        if (node == NULL)
            return NULL;
        radix->node_count++;
        /* Pairs with the acquire loads of kn_radix_get: the node's zeroes come before it. */
        kn_store_release(slot, node);
    }
    return node;
}

/* The slot of a key's value. NULL if a node on the way is missing, or cannot be had. */
static kn_radix_slot *leaf_slot(struct kn_radix *radix, uint64_t key, bool create)
{
    kn_radix_slot *slot = &radix->root;
    unsigned shift = radix->levels * radix->level_bits;

    while (shift > 0) {
        kn_radix_slot *node = node_at(radix, slot, create);

        if (node == NULL)
            return NULL;
        shift -= radix->level_bits;
        slot = &node[key >> shift & ((UINT64_C(1) << radix->level_bits) - 1)];
    }
    return slot;
}

static void store_value(struct kn_radix *radix, kn_radix_slot *slot, void *value)
{
    bool had_value = kn_load_relaxed(slot) != NULL;

    radix->value_count += (size_t)(value != NULL) - (size_t)had_value;
    /* Pairs with the last acquire load of kn_radix_get: what the value points to comes before
     * it. */
    kn_store_release(slot, value);
}

int kn_radix_set(struct kn_radix *radix, uint64_t key, void *value)
{
    return kn_radix_set_range(radix, key, 1, value);
}

int kn_radix_set_range(struct kn_radix *radix, uint64_t first, uint64_t count, void *value)
{
    const uint64_t leaf_keys = UINT64_C(1) << radix->level_bits;
    const uint64_t last = first + (count - 1);

    if (count == 0)
        return 0;
    KN_ASSERT(first <= last && (radix->key_bits == 64 || last >> radix->key_bits == 0));
    /* All leaves first: what comes after cannot fail. Nodes made in vain stay for the next time. */
    for (uint64_t leaf = first / leaf_keys; value != NULL && leaf <= last / leaf_keys; leaf++) {
        if (leaf_slot(radix, leaf * leaf_keys, true) == NULL)
            return ENOMEM;
    }
    for (uint64_t leaf = first / leaf_keys; leaf <= last / leaf_keys; leaf++) {
        kn_radix_slot *slots = leaf_slot(radix, leaf * leaf_keys, false);
        uint64_t from = leaf == first / leaf_keys ? first % leaf_keys : 0;
        uint64_t end = leaf == last / leaf_keys ? last % leaf_keys + 1 : leaf_keys;

        for (uint64_t i = from; slots != NULL && i < end; i++)
            store_value(radix, &slots[i], value);
    }
    return 0;
}

struct check_totals {
    size_t nodes;
    size_t values;
    const char *fault;
};

/* `key` is the first key below the node; `shift` the number of key bits its levels below choose. */
static void check_node(struct kn_radix *radix, kn_radix_slot *node, unsigned shift, uint64_t key,
                       struct check_totals *totals)
{
    if (!kn_is_aligned((uintptr_t)node, sizeof(kn_radix_slot))) {
        totals->fault = "radix: misaligned node";
        return;
    }
    if (++totals->nodes > radix->node_count) {
        totals->fault = "radix: more nodes than were made";
        return;
    }
    for (size_t i = 0; i < (size_t)1 << radix->level_bits && totals->fault == NULL; i++) {
        uint64_t child_key = key | (uint64_t)i << shift;
        void *child = kn_load_relaxed(&node[i]);

        if (child == NULL)
            continue;
        if (radix->key_bits < 64 && child_key >> radix->key_bits != 0)
            totals->fault = "radix: something at a key out of range";
        else if (shift == 0)
            totals->values++;
        else
            check_node(radix, child, shift - radix->level_bits, child_key, totals);
    }
}

const char *kn_radix_check(struct kn_radix *radix)
{
    struct check_totals totals = {0, 0, NULL};
    void *root = kn_load_relaxed(&radix->root);

    if (radix->levels == 0 || radix->level_bits > KN_RADIX_LEVEL_BITS_MAX ||
        radix->levels * radix->level_bits < radix->key_bits)
        return "radix: levels do not fit the keys";
    if (root != NULL)
        check_node(radix, root, (radix->levels - 1) * radix->level_bits, 0, &totals);
    if (totals.fault != NULL)
        return totals.fault;
    if (totals.nodes != radix->node_count)
        return "radix: nodes are lost";
    if (totals.values != radix->value_count)
        return "radix: values differ from their count";
    return NULL;
}
