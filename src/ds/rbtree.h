/* rbtree.h - red-black trees, linked through a member of their elements.
 *
 * Purpose     ordered sets with a guaranteed bound: free runs by size and address.
 * Invariants  an in-order walk meets the nodes in the order of the tree's compare function; equal
 *             ones in the order of their insertion.
 *             The root is black; a red node has no red child; every path from a node down to a
 *             missing child passes the same number of black nodes.
 * Layout      three words a node. The colour is in the lowest bit of the parent's address:
 *               +-----------------+----------+-----------+
 *               | parent | colour | child[0] | child[1]  |      child[0] is left, the smaller side
 *               +-----------------+----------+-----------+
 *             Rebalancing code takes the side as a number, so each case is written once and not
 *             mirrored.
 * Threads     none: the owner of the tree serialises.
 * Cost        height <= 2 log2(n + 1), hence insert, erase, first, last, next, prev, lower_bound
 *             O(log n); a rebalance does at most two (insert) or three (erase) rotations. Walking
 *             the whole tree is O(n).
 * Source      L. Guibas, R. Sedgewick, "A dichromatic framework for balanced trees", FOCS 1978;
 *             deletion cases as in Cormen et al., "Introduction to Algorithms".
 */
#ifndef KN_DS_RBTREE_H
#define KN_DS_RBTREE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kn_rbnode {
    uintptr_t parent_and_colour;
    struct kn_rbnode *child[2];
};

KN_STATIC_ASSERT(sizeof(struct kn_rbnode) == 3 * sizeof(void *), "a node is three words");

/* < 0, 0, > 0 as a stands before, with, or behind b. A node's place must not change while it is in
 * a tree. */
typedef int (*kn_rbtree_compare)(const struct kn_rbnode *a, const struct kn_rbnode *b);

/* < 0, 0, > 0 as the node stands before, with, or behind the key. */
typedef int (*kn_rbtree_probe)(const struct kn_rbnode *node, const void *key);

struct kn_rbtree {
    struct kn_rbnode *root;
    kn_rbtree_compare compare;
};

KN_INLINE void kn_rbtree_init(struct kn_rbtree *tree, kn_rbtree_compare compare)
{
    tree->root = NULL;
    tree->compare = compare;
}

KN_INLINE bool kn_rbtree_is_empty(const struct kn_rbtree *tree)
{
    return tree->root == NULL;
}

void kn_rbtree_insert(struct kn_rbtree *tree, struct kn_rbnode *node);

/* Links `node` as the missing child number `side` of `parent` (NULL: as the root of an empty tree)
 * and rebalances. For callers that find the place by a descent of their own, without the calls
 * through the compare function; the place must be right. */
void kn_rbtree_link(struct kn_rbtree *tree, struct kn_rbnode *parent, unsigned side,
                    struct kn_rbnode *node);

/* `node` must be in the tree. Its links are not cleared. */
void kn_rbtree_erase(struct kn_rbtree *tree, struct kn_rbnode *node);

/* NULL if the tree is empty. */
struct kn_rbnode *kn_rbtree_first(const struct kn_rbtree *tree);
struct kn_rbnode *kn_rbtree_last(const struct kn_rbtree *tree);

/* NULL behind the last and before the first node. */
struct kn_rbnode *kn_rbtree_next(const struct kn_rbnode *node);
struct kn_rbnode *kn_rbtree_prev(const struct kn_rbnode *node);

/* The first node that does not stand before the key: probe(node, key) >= 0; NULL if there is none.
 * Inline, so that a probe known at compile time costs no call. */
KN_INLINE struct kn_rbnode *kn_rbtree_lower_bound(const struct kn_rbtree *tree,
                                                  kn_rbtree_probe probe, const void *key)
{
    struct kn_rbnode *node = tree->root;
    struct kn_rbnode *bound = NULL;

    while (node != NULL) {
        if (probe(node, key) >= 0) {
            bound = node;
            node = node->child[0];
        } else {
            node = node->child[1];
        }
    }
    return bound;
}

/* NULL if all invariants hold; else what is wrong. O(n). */
const char *kn_rbtree_check(const struct kn_rbtree *tree);

#endif
