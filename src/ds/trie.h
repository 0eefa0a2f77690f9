/* trie.h - binary tries of free blocks by size, linked through the blocks.
 *
 * Purpose     best fit: the smallest key >= n, without the rebalancing of a tree and without a call
 *             per comparison. Many blocks share a size, so equal keys hang on one node.
 * Invariants  a node under child d of a node at depth i has the same highest i bits as that node,
 *             and d as its next bit. The nodes on a path are in no order otherwise.
 *             Equal keys form a ring; exactly one of them, its representative, is in the trie.
 *             Nodes on a ring only have no parent, and are not the root.
 * Layout      each node carries a key, inner ones too (a digital search tree), so a trie of n keys
 *             has n nodes; with key_bits = 3, inserted in the order 5, 6, 1, 4, 4, 7:
 *
 *                           101
 *                       0 /     \ 1                bit 2 (the highest)
 *                     001         110
 *                              0 /   \ 1           bit 1
 *                             100     111
 *                              || ring
 *                             100
 *
 * Threads     none: the owner of the trie serialises.
 * Cost        six words a node. insert, erase, lower_bound: at most key_bits steps, usually about
 *             log2(n); constant where an equal key is inserted or erased that is not the
 *             representative. The fewer key_bits the better: keys share their leading zeroes.
 * Source      E. Coffman, J. Eve, "File structures using hashing functions", CACM 1970. The bound:
 *             keys above n that do not lie on n's own path lie right of it, and the lowest such
 *             subtree holds the smallest; its minimum is on its leftmost path.
 */
#ifndef KN_DS_TRIE_H
#define KN_DS_TRIE_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stddef.h>

struct kn_trienode {
    size_t key;
    struct kn_trienode *child[2];
    struct kn_trienode *parent;
    struct kn_trienode *next; /* the ring of equal keys; the node itself if it is alone */
    struct kn_trienode *prev;
};

struct kn_trie {
    struct kn_trienode *root;
    unsigned key_bits;
};

/* An empty trie for keys below 2^key_bits; 1 <= key_bits <= the width of size_t. */
void kn_trie_init(struct kn_trie *trie, unsigned key_bits);

KN_INLINE bool kn_trie_is_empty(const struct kn_trie *trie)
{
    return trie->root == NULL;
}

void kn_trie_insert(struct kn_trie *trie, struct kn_trienode *node, size_t key);

/* `node` must be in the trie. Its links are not cleared. */
void kn_trie_erase(struct kn_trie *trie, struct kn_trienode *node);

/* A node with the smallest key >= `key`; NULL if there is none. Of equal ones, not the
 * representative, unless it is alone: the erasure of any other costs less. */
struct kn_trienode *kn_trie_lower_bound(const struct kn_trie *trie, size_t key);

/* NULL if all invariants hold; else what is wrong. Linear. */
const char *kn_trie_check(const struct kn_trie *trie);

#endif
