#include "ds/rbtree.h"

#include "require.h"

struct item {
    int key;
    struct kn_rbnode node;
};

static int key_of(const struct kn_rbnode *node)
{
    return KN_CONTAINER_OF(node, struct item, node)->key;
}

static int compare(const struct kn_rbnode *a, const struct kn_rbnode *b)
{
    return (key_of(a) > key_of(b)) - (key_of(a) < key_of(b));
}

static int probe(const struct kn_rbnode *node, const void *key)
{
    int wanted = *(const int *)key;

    return (key_of(node) > wanted) - (key_of(node) < wanted);
}

static struct kn_rbnode *lower_bound(const struct kn_rbtree *tree, int key)
{
    return kn_rbtree_lower_bound(tree, probe, &key);
}

KN_TEST(rbtree, has_no_nodes_when_initialised)
{
    struct kn_rbtree tree;

    kn_rbtree_init(&tree, compare);
    ck_assert(kn_rbtree_is_empty(&tree));
    ck_assert_ptr_null(kn_rbtree_first(&tree));
    ck_assert_ptr_null(kn_rbtree_last(&tree));
    ck_assert_ptr_null(lower_bound(&tree, 0));
    kn_require_sound(kn_rbtree_check(&tree));
}

KN_TEST(rbtree, holds_a_single_node)
{
    struct kn_rbtree tree;
    struct item item = {.key = 7};

    kn_rbtree_init(&tree, compare);
    kn_rbtree_insert(&tree, &item.node);
    kn_require_sound(kn_rbtree_check(&tree));
    ck_assert_ptr_eq(kn_rbtree_first(&tree), &item.node);
    ck_assert_ptr_eq(kn_rbtree_last(&tree), &item.node);
    ck_assert_ptr_null(kn_rbtree_next(&item.node));
    ck_assert_ptr_null(kn_rbtree_prev(&item.node));
    ck_assert_ptr_eq(lower_bound(&tree, 7), &item.node);
    ck_assert_ptr_null(lower_bound(&tree, 8));
    kn_rbtree_erase(&tree, &item.node);
    ck_assert(kn_rbtree_is_empty(&tree));
}

KN_TEST(rbtree, walks_in_order_when_built_ascending_and_descending)
{
    enum { COUNT = 100 };
    struct kn_rbtree tree;
    struct item items[COUNT];

    for (int direction = 0; direction < 2; direction++) {
        struct kn_rbnode *node;

        kn_rbtree_init(&tree, compare);
        for (int i = 0; i < COUNT; i++) {
            int key = direction == 0 ? i : COUNT - 1 - i;

            items[key].key = key;
            kn_rbtree_insert(&tree, &items[key].node);
            kn_require_sound(kn_rbtree_check(&tree));
        }
        node = kn_rbtree_first(&tree);
        for (int i = 0; i < COUNT; i++, node = kn_rbtree_next(node))
            kn_require(node == &items[i].node);
        kn_require(node == NULL);
        node = kn_rbtree_last(&tree);
        for (int i = COUNT; i-- > 0; node = kn_rbtree_prev(node))
            kn_require(node == &items[i].node);
        kn_require(node == NULL);
    }
}

KN_TEST(rbtree, keeps_equal_keys_in_order_of_insertion)
{
    struct kn_rbtree tree;
    struct item items[9];
    struct kn_rbnode *node;

    kn_rbtree_init(&tree, compare);
    for (int i = 0; i < 9; i++) {
        items[i].key = i % 3;
        kn_rbtree_insert(&tree, &items[i].node);
    }
    node = kn_rbtree_first(&tree);
    for (int i = 0; i < 9; i++, node = kn_rbtree_next(node))
        ck_assert_ptr_eq(node, &items[i % 3 * 3 + i / 3].node);
    ck_assert_ptr_eq(lower_bound(&tree, 1), &items[1].node);
    kn_rbtree_erase(&tree, &items[1].node);
    ck_assert_ptr_eq(lower_bound(&tree, 1), &items[4].node);
}

/* All orders of insertion and of removal of five nodes: each shape that rebalancing meets. */
static void permute(int *order, int from, int count, void (*visit)(const int *order, void *arg),
                    void *arg)
{
    if (from == count)
        visit(order, arg);
    for (int i = from; i < count; i++) {
        int swap = order[from];

        order[from] = order[i];
        order[i] = swap;
        permute(order, from + 1, count, visit, arg);
        order[i] = order[from];
        order[from] = swap;
    }
}

enum { SMALL = 6 };

static void erase_all(const int *order, void *arg)
{
    const int *insertion = arg;
    struct kn_rbtree tree;
    struct item items[SMALL];

    kn_rbtree_init(&tree, compare);
    for (int i = 0; i < SMALL; i++) {
        items[insertion[i]].key = insertion[i];
        kn_rbtree_insert(&tree, &items[insertion[i]].node);
    }
    kn_require_sound(kn_rbtree_check(&tree));
    for (int i = 0; i < SMALL; i++) {
        kn_rbtree_erase(&tree, &items[order[i]].node);
        kn_require_sound(kn_rbtree_check(&tree));
    }
    kn_require(kn_rbtree_is_empty(&tree));
}

static void insert_all(const int *order, void *arg)
{
    int insertion[SMALL];
    int removal[SMALL];

    (void)arg;
    for (int i = 0; i < SMALL; i++) {
        insertion[i] = order[i];
        removal[i] = i;
    }
    permute(removal, 0, SMALL, erase_all, insertion);
}

KN_TEST(rbtree, stays_sound_for_all_orders_of_six_insertions_and_removals)
{
    int order[SMALL];

    for (int i = 0; i < SMALL; i++)
        order[i] = i;
    permute(order, 0, SMALL, insert_all, NULL);
}

KN_TEST(rbtree, links_a_node_at_a_place_found_by_the_caller)
{
    struct kn_rbtree tree;
    struct item items[3] = {{.key = 1}, {.key = 2}, {.key = 3}};

    kn_rbtree_init(&tree, compare);
    kn_rbtree_link(&tree, NULL, 0, &items[1].node);
    kn_rbtree_link(&tree, &items[1].node, 0, &items[0].node);
    kn_rbtree_link(&tree, &items[1].node, 1, &items[2].node);
    kn_require_sound(kn_rbtree_check(&tree));
    ck_assert_ptr_eq(kn_rbtree_first(&tree), &items[0].node);
    ck_assert_ptr_eq(kn_rbtree_last(&tree), &items[2].node);
}

KN_TEST(rbtree, check_finds_each_kind_of_damage)
{
    struct kn_rbtree tree;
    struct item items[7];
    struct item saved[7];

    kn_rbtree_init(&tree, compare);
    for (int i = 0; i < 7; i++) {
        items[i].key = i;
        kn_rbtree_insert(&tree, &items[i].node);
    }
    memcpy(saved, items, sizeof(items));

    items[6].key = 0;
    kn_require_fault(kn_rbtree_check(&tree), "order");
    memcpy(items, saved, sizeof(items));
    tree.root->parent_and_colour |= 1;
    kn_require_fault(kn_rbtree_check(&tree), "root is red");
    memcpy(items, saved, sizeof(items));
    tree.root->child[0]->parent_and_colour ^= 1;
    kn_require_fault(kn_rbtree_check(&tree), "black heights");
    memcpy(items, saved, sizeof(items));
    tree.root->child[0]->parent_and_colour = (uintptr_t)&items[6].node;
    kn_require_fault(kn_rbtree_check(&tree), "parent");
    memcpy(items, saved, sizeof(items));
    tree.root->child[0] = tree.root->child[1];
    kn_require_fault(kn_rbtree_check(&tree), "both sides");
    memcpy(items, saved, sizeof(items));
    kn_require_sound(kn_rbtree_check(&tree));
}
