#include "ds/rbtree.h"

#include "base/assert.h"

#define RED ((uintptr_t)1)

/* No tree in a 64-bit address space is higher: 2 log2(n + 1) with n < 2^60. */
#define HEIGHT_MAX 120

static struct kn_rbnode *parent_of(const struct kn_rbnode *node)
{
    return (struct kn_rbnode *)(node->parent_and_colour & ~RED);
}

static bool is_red(const struct kn_rbnode *node)
{
    return node != NULL && (node->parent_and_colour & RED) != 0;
}

static void set_parent(struct kn_rbnode *node, const struct kn_rbnode *parent)
{
    node->parent_and_colour = (uintptr_t)parent | (node->parent_and_colour & RED);
}

static void set_red(struct kn_rbnode *node)
{
    node->parent_and_colour |= RED;
}

static void set_black(struct kn_rbnode *node)
{
    node->parent_and_colour &= ~RED;
}

static unsigned side_of(const struct kn_rbnode *parent, const struct kn_rbnode *child)
{
    return parent->child[1] == child;
}

/* Puts `replacement` where `node` hangs; the parent link of `replacement` is left to the caller. */
static void replace_in_parent(struct kn_rbtree *tree, const struct kn_rbnode *node,
                              struct kn_rbnode *replacement)
{
    struct kn_rbnode *parent = parent_of(node);

    if (parent == NULL)
        tree->root = replacement;
    else
        parent->child[side_of(parent, node)] = replacement;
}

/* Moves `node` down to `side`; its child on the other side takes its place.
 *
 *        node                  pivot
 *       /    \                /     \
 *    outer   pivot   --->   node    far       (drawn for side 0)
 *            /   \         /    \
 *        inner   far    outer  inner
 */
static void rotate(struct kn_rbtree *tree, struct kn_rbnode *node, unsigned side)
{
    struct kn_rbnode *pivot = node->child[!side];
    struct kn_rbnode *inner = pivot->child[side];

    node->child[!side] = inner;
    if (inner != NULL)
        set_parent(inner, node);
    replace_in_parent(tree, node, pivot);
    set_parent(pivot, parent_of(node));
    pivot->child[side] = node;
    set_parent(node, pivot);
}

void kn_rbtree_link(struct kn_rbtree *tree, struct kn_rbnode *parent, unsigned side,
                    struct kn_rbnode *node)
{
    node->parent_and_colour = (uintptr_t)parent | RED;
    node->child[0] = NULL;
    node->child[1] = NULL;
    if (parent == NULL) {
        KN_ASSERT(tree->root == NULL);
        tree->root = node;
    } else {
        KN_ASSERT(parent->child[side] == NULL);
        parent->child[side] = node;
    }

    /* Only one thing can be wrong here: `node` and its parent are both red. */
    while (is_red(parent)) {
        struct kn_rbnode *grandparent = parent_of(parent);
        struct kn_rbnode *uncle;

        side = side_of(grandparent, parent);
        uncle = grandparent->child[!side];
        if (!is_red(uncle)) {
            if (node == parent->child[!side]) {
                rotate(tree, parent, side);
                parent = node;
            }
            set_black(parent);
            set_red(grandparent);
            rotate(tree, grandparent, !side);
            break;
        }
        set_black(parent);
        set_black(uncle);
        set_red(grandparent);
        node = grandparent;
        parent = parent_of(node);
    }
    set_black(tree->root);
}

void kn_rbtree_insert(struct kn_rbtree *tree, struct kn_rbnode *node)
{
    struct kn_rbnode *parent = NULL;
    struct kn_rbnode *next = tree->root;
    unsigned side = 0;

    while (next != NULL) {
        parent = next;
        side = tree->compare(node, parent) >= 0;
        next = parent->child[side];
    }
    kn_rbtree_link(tree, parent, side, node);
}

/* The paths through child `side` of `parent` have one black node too few. */
static void restore_black(struct kn_rbtree *tree, struct kn_rbnode *parent, unsigned side)
{
    while (parent != NULL && !is_red(parent->child[side])) {
        struct kn_rbnode *sibling = parent->child[!side];

        if (is_red(sibling)) {
            set_black(sibling);
            set_red(parent);
            rotate(tree, parent, side);
            sibling = parent->child[!side];
        }
        if (is_red(sibling->child[0]) || is_red(sibling->child[1])) {
            if (!is_red(sibling->child[!side])) {
                set_black(sibling->child[side]);
                set_red(sibling);
                rotate(tree, sibling, !side);
                sibling = parent->child[!side];
            }
            set_black(sibling->child[!side]);
            if (is_red(parent))
                set_red(sibling);
            set_black(parent);
            rotate(tree, parent, side);
            return;
        }
        set_red(sibling);
        if (is_red(parent)) {
            set_black(parent);
            return;
        }
        if (parent_of(parent) != NULL)
            side = side_of(parent_of(parent), parent);
        parent = parent_of(parent);
    }
    if (parent != NULL)
        set_black(parent->child[side]);
    else if (tree->root != NULL)
        set_black(tree->root);
}

/* Takes out a node that has at most one child, which moves up. */
static void erase_single(struct kn_rbtree *tree, struct kn_rbnode *node)
{
    struct kn_rbnode *parent = parent_of(node);
    struct kn_rbnode *child = node->child[node->child[0] == NULL];
    unsigned side = parent != NULL ? side_of(parent, node) : 0;

    replace_in_parent(tree, node, child);
    if (child != NULL)
        set_parent(child, parent);
    if (!is_red(node))
        restore_black(tree, parent, side);
}

void kn_rbtree_erase(struct kn_rbtree *tree, struct kn_rbnode *node)
{
    struct kn_rbnode *heir;

    if (node->child[0] == NULL || node->child[1] == NULL) {
        erase_single(tree, node);
        return;
    }
    /* The next node has no left child: take it out, then let it replace `node` as it is by then. */
    heir = kn_rbtree_next(node);
    erase_single(tree, heir);
    replace_in_parent(tree, node, heir);
    *heir = *node;
    for (unsigned side = 0; side < 2; side++) {
        if (heir->child[side] != NULL)
            set_parent(heir->child[side], heir);
    }
}

/* The outermost node to `side` under `node`. */
static struct kn_rbnode *outermost(struct kn_rbnode *node, unsigned side)
{
    while (node != NULL && node->child[side] != NULL)
        node = node->child[side];
    return node;
}

static struct kn_rbnode *neighbour(const struct kn_rbnode *node, unsigned side)
{
    const struct kn_rbnode *child = node;
    struct kn_rbnode *parent;

    if (node->child[side] != NULL)
        return outermost(node->child[side], !side);
    parent = parent_of(child);
    while (parent != NULL && parent->child[side] == child) {
        child = parent;
        parent = parent_of(child);
    }
    return parent;
}

struct kn_rbnode *kn_rbtree_first(const struct kn_rbtree *tree)
{
    return outermost(tree->root, 0);
}

struct kn_rbnode *kn_rbtree_last(const struct kn_rbtree *tree)
{
    return outermost(tree->root, 1);
}

struct kn_rbnode *kn_rbtree_next(const struct kn_rbnode *node)
{
    return neighbour(node, 1);
}

struct kn_rbnode *kn_rbtree_prev(const struct kn_rbnode *node)
{
    return neighbour(node, 0);
}

/* Black nodes on each path under `node`, itself included; *fault is set if something is wrong. As
 * every node is reached from its own parent and once only, the walk ends on a damaged tree too. */
static unsigned check_subtree(const struct kn_rbnode *node, unsigned depth, const char **fault)
{
    unsigned black[2];

    if (node == NULL || *fault != NULL)
        return 0;
    if (depth > HEIGHT_MAX)
        *fault = "rbtree: higher than any balanced tree";
    else if (node->child[0] != NULL && node->child[0] == node->child[1])
        *fault = "rbtree: one child on both sides";
    for (unsigned side = 0; side < 2; side++) {
        const struct kn_rbnode *child = node->child[side];

        if (child != NULL && parent_of(child) != node)
            *fault = "rbtree: child does not know its parent";
        else if (is_red(node) && is_red(child))
            *fault = "rbtree: red node has a red child";
        black[side] = check_subtree(child, depth + 1, fault);
    }
    if (*fault == NULL && black[0] != black[1])
        *fault = "rbtree: black heights differ";
    return black[0] + !is_red(node);
}

const char *kn_rbtree_check(const struct kn_rbtree *tree)
{
    const char *fault = NULL;

    if (tree->root == NULL)
        return NULL;
    if (parent_of(tree->root) != NULL)
        return "rbtree: root has a parent";
    if (is_red(tree->root))
        return "rbtree: root is red";
    (void)check_subtree(tree->root, 1, &fault);
    if (fault != NULL)
        return fault;
    for (const struct kn_rbnode *node = kn_rbtree_first(tree); node != NULL;) {
        const struct kn_rbnode *next = kn_rbtree_next(node);

        if (next != NULL && tree->compare(node, next) > 0)
            return "rbtree: nodes out of order";
        node = next;
    }
    return NULL;
}
