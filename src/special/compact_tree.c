/* The best-fit index: a red-black tree of free pieces, by size, then by offset.
 *
 * Invariants  as in ds/rbtree.h: the root is black, a red node has no red child, and all paths down
 *             from a node pass the same number of black nodes. Links are offsets; 0 is no node, and
 *             black.
 * Source      L. Guibas, R. Sedgewick, "A dichromatic framework for balanced trees", FOCS 1978.
 */
#include "special/compact.h"

static size_t *root_of(struct kn_compact_header *heap)
{
    return kn_compact_state(heap);
}

static struct kn_compact_piece *node_at(const struct kn_compact_header *heap, size_t offset)
{
    return kn_compact_at(heap, offset);
}

static size_t parent_of(const struct kn_compact_header *heap, size_t node)
{
    return node_at(heap, node)->tree.parent_and_colour & ~(size_t)1;
}

static void set_parent(const struct kn_compact_header *heap, size_t node, size_t parent)
{
    size_t *word = &node_at(heap, node)->tree.parent_and_colour;

    *word = parent | (*word & 1);
}

static bool is_red(const struct kn_compact_header *heap, size_t node)
{
    return node != 0 && (node_at(heap, node)->tree.parent_and_colour & 1) != 0;
}

static void paint(const struct kn_compact_header *heap, size_t node, bool red)
{
    size_t *word = &node_at(heap, node)->tree.parent_and_colour;

    *word = (*word & ~(size_t)1) | red;
}

static size_t *child_of(const struct kn_compact_header *heap, size_t node, unsigned side)
{
    return &node_at(heap, node)->tree.child[side];
}

/* The link that leads to `node`, whose parent is known. */
static size_t *link_to(struct kn_compact_header *heap, size_t parent, size_t node)
{
    if (parent == 0)
        return root_of(heap);
    return child_of(heap, parent, *child_of(heap, parent, 1) == node);
}

static bool stands_before(const struct kn_compact_piece *piece, size_t offset, uint32_t units,
                          size_t than)
{
    uint32_t own = kn_compact_units(piece);

    return own < units || (own == units && offset < than);
}

/* `node` moves down to `side`, and its child of the other side takes its place. */
static void rotate(struct kn_compact_header *heap, size_t node, unsigned side)
{
    size_t up = *child_of(heap, node, !side);
    size_t parent = parent_of(heap, node);
    size_t inner = *child_of(heap, up, side);

    *link_to(heap, parent, node) = up;
    set_parent(heap, up, parent);
    *child_of(heap, up, side) = node;
    set_parent(heap, node, up);
    *child_of(heap, node, !side) = inner;
    if (inner != 0)
        set_parent(heap, inner, node);
}

static void reset(struct kn_compact_header *heap)
{
    *root_of(heap) = 0;
}

static size_t state_bytes(size_t units, uint32_t *max_units)
{
    (void)units;
    (void)max_units;
    return sizeof(size_t);
}

/* `node` is red; its parent may be, too. */
static void repair_red(struct kn_compact_header *heap, size_t node)
{
    size_t parent;

    while (is_red(heap, parent = parent_of(heap, node))) {
        size_t grand = parent_of(heap, parent);
        unsigned side = *child_of(heap, grand, 1) == parent;
        size_t uncle = *child_of(heap, grand, !side);

        if (is_red(heap, uncle)) {
            paint(heap, parent, false);
            paint(heap, uncle, false);
            paint(heap, grand, true);
            node = grand;
            continue;
        }
        if (*child_of(heap, parent, !side) == node) {
            rotate(heap, parent, side);
            parent = node;
        }
        paint(heap, parent, false);
        paint(heap, grand, true);
        rotate(heap, grand, !side);
        break;
    }
    paint(heap, *root_of(heap), false);
}

static void insert(struct kn_compact_header *heap, struct kn_compact_piece *piece)
{
    size_t node = kn_compact_offset(heap, piece);
    uint32_t units = kn_compact_units(piece);
    size_t *link = root_of(heap);
    size_t parent = 0;

    while (*link != 0) {
        parent = *link;
        link = child_of(heap, parent,
                        stands_before(node_at(heap, parent), parent, units, node) ? 1 : 0);
    }
    piece->tree.parent_and_colour = parent | 1;
    piece->tree.child[0] = 0;
    piece->tree.child[1] = 0;
    *link = node;
    repair_red(heap, node);
}

/* The paths through `node`, a child of `parent` on `side`, have one black node too few. */
static void repair_black(struct kn_compact_header *heap, size_t node, size_t parent)
{
    while (parent != 0 && !is_red(heap, node)) {
        unsigned side = *child_of(heap, parent, 1) == node;
        size_t sibling = *child_of(heap, parent, !side);

        if (is_red(heap, sibling)) {
            paint(heap, sibling, false);
            paint(heap, parent, true);
            rotate(heap, parent, side);
            sibling = *child_of(heap, parent, !side);
        }
        if (!is_red(heap, *child_of(heap, sibling, 0)) &&
            !is_red(heap, *child_of(heap, sibling, 1))) {
            paint(heap, sibling, true);
            node = parent;
            parent = parent_of(heap, node);
            continue;
        }
        if (!is_red(heap, *child_of(heap, sibling, !side))) {
            paint(heap, *child_of(heap, sibling, side), false);
            paint(heap, sibling, true);
            rotate(heap, sibling, !side);
            sibling = *child_of(heap, parent, !side);
        }
        paint(heap, sibling, is_red(heap, parent));
        paint(heap, parent, false);
        paint(heap, *child_of(heap, sibling, !side), false);
        rotate(heap, parent, side);
        return;
    }
    if (node != 0)
        paint(heap, node, false);
}

/* `by`, which may be 0, takes the place of `node` below its parent. */
static void replace(struct kn_compact_header *heap, size_t node, size_t by)
{
    size_t parent = parent_of(heap, node);

    *link_to(heap, parent, node) = by;
    if (by != 0)
        set_parent(heap, by, parent);
}

/* `next`, the first node of the right side of `node`, takes its place and colour. */
static void replace_by_next(struct kn_compact_header *heap, size_t node, size_t next)
{
    bool red = is_red(heap, node);

    for (unsigned side = 0; side < 2; side++) {
        size_t child = *child_of(heap, node, side);

        *child_of(heap, next, side) = child;
        if (child != 0)
            set_parent(heap, child, next);
    }
    replace(heap, node, next);
    paint(heap, next, red);
}

static void erase(struct kn_compact_header *heap, size_t node)
{
    size_t left = *child_of(heap, node, 0);
    size_t right = *child_of(heap, node, 1);
    size_t parent = parent_of(heap, node);
    bool lost_black = !is_red(heap, node);
    size_t moved;

    if (left == 0 || right == 0) {
        moved = left != 0 ? left : right;
        replace(heap, node, moved);
    } else {
        size_t next = right;

        while (*child_of(heap, next, 0) != 0)
            next = *child_of(heap, next, 0);
        lost_black = !is_red(heap, next);
        moved = *child_of(heap, next, 1);
        parent = parent_of(heap, next);
        replace(heap, next, moved);
        if (parent == node)
            parent = next;
        replace_by_next(heap, node, next);
    }
    if (lost_black)
        repair_black(heap, moved, parent);
}

/* Whether the node's neighbours in the tree link back to it. */
static bool is_linked(struct kn_compact_header *heap, size_t node)
{
    size_t parent = parent_of(heap, node);

    if (parent != 0 && !kn_compact_is_free_piece(heap, parent))
        return false;
    if (*link_to(heap, parent, node) != node)
        return false;
    for (unsigned side = 0; side < 2; side++) {
        size_t child = *child_of(heap, node, side);

        if (child != 0 &&
            (!kn_compact_is_free_piece(heap, child) || parent_of(heap, child) != node))
            return false;
    }
    return true;
}

static bool remove(struct kn_compact_header *heap, struct kn_compact_piece *piece)
{
    size_t node = kn_compact_offset(heap, piece);

    if (!is_linked(heap, node))
        return false;
    erase(heap, node);
    return true;
}

static struct kn_compact_piece *find(struct kn_compact_header *heap, uint32_t units)
{
    size_t node = *root_of(heap);
    struct kn_compact_piece *best = NULL;

    while (node != 0) {
        struct kn_compact_piece *piece = node_at(heap, node);
        bool fits = kn_compact_units(piece) >= units;

        if (fits)
            best = piece;
        node = piece->tree.child[!fits];
    }
    return best;
}

static struct kn_compact_piece *largest(struct kn_compact_header *heap)
{
    size_t node = *root_of(heap);

    if (node == 0)
        return NULL;
    while (*child_of(heap, node, 1) != 0)
        node = *child_of(heap, node, 1);
    return node_at(heap, node);
}

/* The first node, or the one after `node`, in order. The tree's links have been checked. */
static size_t next_of(struct kn_compact_header *heap, size_t node)
{
    size_t next = node == 0 ? *root_of(heap) : *child_of(heap, node, 1);

    if (next != 0) {
        while (*child_of(heap, next, 0) != 0)
            next = *child_of(heap, next, 0);
        return next;
    }
    while (node != 0) {
        size_t parent = parent_of(heap, node);

        if (parent != 0 && *child_of(heap, parent, 0) == node)
            return parent;
        node = parent;
    }
    return 0;
}

/* How many black nodes the path from the root to the node has. */
static unsigned black_depth(struct kn_compact_header *heap, size_t node)
{
    unsigned depth = 0;

    for (; node != 0; node = parent_of(heap, node))
        depth += !is_red(heap, node);
    return depth;
}

static const char *check_node(struct kn_compact_header *heap, size_t node, unsigned *depth)
{
    for (unsigned side = 0; side < 2; side++) {
        size_t child = *child_of(heap, node, side);

        if (child == 0) {
            unsigned own = black_depth(heap, node);

            if (*depth != 0 && own != *depth)
                return "compact heap: the tree is out of balance";
            *depth = own;
        } else if (is_red(heap, node) && is_red(heap, child)) {
            return "compact heap: a red node of the tree has a red child";
        }
    }
    return NULL;
}

/* Every node from here is met by following links down first, so a node that links to what is no node,
 * or to one that does not link back, is found before anything is done with it. */
static const char *check_links(struct kn_compact_header *heap)
{
    size_t node = *root_of(heap);
    size_t from = 0;
    size_t steps = 0;

    while (node != 0) {
        size_t to;

        if (!kn_compact_is_free_piece(heap, node) || steps++ > 3 * heap->free_pieces)
            return "compact heap: the tree leads to what is no free block";
        if (!is_linked(heap, node))
            return "compact heap: links of the tree disagree";
        if (from == parent_of(heap, node))
            to = *child_of(heap, node, 0);
        else if (from == *child_of(heap, node, 0))
            to = *child_of(heap, node, 1);
        else
            to = parent_of(heap, node);
        /* Missing children are passed as if they had been visited. */
        if (to == 0 && from == parent_of(heap, node))
            to = *child_of(heap, node, 1);
        if (to == 0)
            to = parent_of(heap, node);
        from = node;
        node = to;
    }
    return NULL;
}

static const char *check(struct kn_compact_header *heap)
{
    const char *fault = check_links(heap);
    unsigned depth = 0;
    size_t count = 0;
    size_t prev = 0;

    if (fault != NULL)
        return fault;
    if (is_red(heap, *root_of(heap)))
        return "compact heap: the root of the tree is red";
    for (size_t node = next_of(heap, 0); node != 0; node = next_of(heap, node)) {
        struct kn_compact_piece *piece = node_at(heap, node);

        if (prev != 0 && !stands_before(node_at(heap, prev), prev, kn_compact_units(piece), node))
            return "compact heap: the tree is out of order";
        fault = check_node(heap, node, &depth);
        if (fault != NULL)
            return fault;
        prev = node;
        count++;
    }
    return count == heap->free_pieces ? NULL : "compact heap: free blocks are missing in the tree";
}

const struct knoll_compact_index *knoll_compact_best_fit(void)
{
    enum { LINKED = KN_COMPACT_TAG + 3 * (int)sizeof(size_t) };
    static const struct knoll_compact_index index = {
        .kind = KN_COMPACT_BEST_FIT,
        .min_units = (LINKED + KN_COMPACT_UNIT - 1) / KN_COMPACT_UNIT,
        .state_bytes = state_bytes,
        .reset = reset,
        .insert = insert,
        .remove = remove,
        .find = find,
        .largest = largest,
        .check = check,
    };

    return &index;
}
