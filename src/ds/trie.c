#include "ds/trie.h"

#include "base/assert.h"

enum { SIZE_BITS = (int)(sizeof(size_t) * 8) };

void kn_trie_init(struct kn_trie *trie, unsigned key_bits)
{
    KN_ASSERT(key_bits >= 1 && key_bits <= SIZE_BITS);
    trie->root = NULL;
    trie->key_bits = key_bits;
}

static bool has_key_in_range(const struct kn_trie *trie, size_t key)
{
    return trie->key_bits == SIZE_BITS || key >> trie->key_bits == 0;
}

/* The key with its highest possible bit moved to the top, from where descents take bit by bit. */
static size_t to_path(const struct kn_trie *trie, size_t key)
{
    return key << (SIZE_BITS - trie->key_bits);
}

static unsigned top_bit(size_t path)
{
    return (unsigned)(path >> (SIZE_BITS - 1));
}

static bool is_representative(const struct kn_trie *trie, const struct kn_trienode *node)
{
    return node->parent != NULL || trie->root == node;
}

void kn_trie_insert(struct kn_trie *trie, struct kn_trienode *node, size_t key)
{
    struct kn_trienode *parent = NULL;
    struct kn_trienode **link = &trie->root;
    size_t path = to_path(trie, key);

    KN_ASSERT(has_key_in_range(trie, key));
    node->key = key;
    node->child[0] = NULL;
    node->child[1] = NULL;
    while (*link != NULL && (*link)->key != key) {
        parent = *link;
        link = &parent->child[top_bit(path)];
        path <<= 1;
    }
    if (*link == NULL) {
        *link = node;
        node->parent = parent;
        node->next = node;
        node->prev = node;
    } else {
        struct kn_trienode *representative = *link;

        node->parent = NULL;
        node->next = representative->next;
        node->prev = representative;
        node->next->prev = node;
        representative->next = node;
    }
}

static void replace_in_parent(struct kn_trie *trie, const struct kn_trienode *node,
                              struct kn_trienode *replacement)
{
    struct kn_trienode *parent = node->parent;

    if (parent == NULL)
        trie->root = replacement;
    else
        parent->child[parent->child[1] == node] = replacement;
}

/* Any leaf under `node` shares all the bits that its place stands for. */
static struct kn_trienode *leaf_under(struct kn_trienode *node)
{
    for (;;) {
        if (node->child[1] != NULL)
            node = node->child[1];
        else if (node->child[0] != NULL)
            node = node->child[0];
        else
            return node;
    }
}

void kn_trie_erase(struct kn_trie *trie, struct kn_trienode *node)
{
    struct kn_trienode *heir;

    node->next->prev = node->prev;
    node->prev->next = node->next;
    if (!is_representative(trie, node))
        return;
    if (node->next != node) {
        heir = node->next;
    } else {
        heir = leaf_under(node);
        replace_in_parent(trie, heir, NULL);
        if (heir == node)
            return;
    }
    replace_in_parent(trie, node, heir);
    heir->parent = node->parent;
    for (unsigned side = 0; side < 2; side++) {
        heir->child[side] = node->child[side];
        if (heir->child[side] != NULL)
            heir->child[side]->parent = heir;
    }
}

struct kn_trienode *kn_trie_lower_bound(const struct kn_trie *trie, size_t key)
{
    struct kn_trienode *bound = NULL;
    struct kn_trienode *right = NULL;
    struct kn_trienode *node = trie->root;
    size_t path;

    if (!has_key_in_range(trie, key))
        return NULL;
    /* Down the path of `key`, noting the lowest subtree that lies right of it. */
    for (path = to_path(trie, key); node != NULL; path <<= 1) {
        if (node->key >= key && (bound == NULL || node->key < bound->key)) {
            bound = node;
            if (node->key == key)
                return node->next;
        }
        if (top_bit(path) == 0 && node->child[1] != NULL)
            right = node->child[1];
        node = node->child[top_bit(path)];
    }
    for (node = right; node != NULL; node = node->child[node->child[0] == NULL]) {
        if (bound == NULL || node->key < bound->key)
            bound = node;
    }
    return bound == NULL ? NULL : bound->next;
}

static const char *check_ring(const struct kn_trie *trie, const struct kn_trienode *representative)
{
    const struct kn_trienode *node = representative;

    do {
        if (node->next == NULL || node->next->prev != node)
            return "trie: ring links disagree";
        node = node->next;
        if (node->key != representative->key)
            return "trie: another key on a ring";
        if (node != representative && is_representative(trie, node))
            return "trie: two representatives on a ring";
    } while (node != representative);
    return NULL;
}

/* `prefix` is what the highest `depth` of the key's bits must be. A child knows its parent, so no
 * node is met twice, and the walk ends on a damaged trie too. */
static const char *check_subtree(const struct kn_trie *trie, const struct kn_trienode *node,
                                 unsigned depth, size_t prefix)
{
    const char *fault = check_ring(trie, node);

    if (fault != NULL)
        return fault;
    if (!has_key_in_range(trie, node->key))
        return "trie: key out of range";
    if (depth > 0 && node->key >> (trie->key_bits - depth) != prefix)
        return "trie: key does not belong here";
    for (unsigned side = 0; side < 2 && fault == NULL; side++) {
        const struct kn_trienode *child = node->child[side];

        if (child == NULL)
            continue;
        if (child->parent != node)
            return "trie: child does not know its parent";
        if (depth == trie->key_bits)
            return "trie: deeper than a key has bits";
        fault = check_subtree(trie, child, depth + 1, prefix << 1 | side);
    }
    return fault;
}

const char *kn_trie_check(const struct kn_trie *trie)
{
    if (trie->root == NULL)
        return NULL;
    if (trie->root->parent != NULL)
        return "trie: root has a parent";
    return check_subtree(trie, trie->root, 0, 0);
}
