#include "ds/dlist.h"

#include "require.h"

static struct kn_dlist head, other, nodes[4];

static void assert_holds(const struct kn_dlist *list, const struct kn_dlist *const *expected,
                         size_t count)
{
    const struct kn_dlist *node = kn_dlist_first(list);

    kn_require_sound(kn_dlist_check(list));
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(node, expected[i]);
        node = kn_dlist_next(list, node);
    }
    ck_assert_ptr_null(node);
    node = kn_dlist_last(list);
    for (size_t i = count; i-- > 0;) {
        ck_assert_ptr_eq(node, expected[i]);
        node = kn_dlist_prev(list, node);
    }
    ck_assert_ptr_null(node);
}

#define ASSERT_HOLDS(list, ...)                                                                    \
    assert_holds(list, (const struct kn_dlist *[]){__VA_ARGS__},                                   \
                 KN_ARRAY_LEN(((const struct kn_dlist *[]){__VA_ARGS__})))

KN_TEST(dlist, is_empty_when_initialised)
{
    kn_dlist_init(&head);
    ck_assert(kn_dlist_is_empty(&head));
    assert_holds(&head, NULL, 0);
    ck_assert_ptr_null(kn_dlist_pop_front(&head));
}

KN_TEST(dlist, keeps_order_of_pushes_on_both_ends)
{
    kn_dlist_init(&head);
    kn_dlist_push_back(&head, &nodes[1]);
    ASSERT_HOLDS(&head, &nodes[1]);
    kn_dlist_push_front(&head, &nodes[0]);
    kn_dlist_push_back(&head, &nodes[3]);
    kn_dlist_insert_after(&nodes[1], &nodes[2]);
    ASSERT_HOLDS(&head, &nodes[0], &nodes[1], &nodes[2], &nodes[3]);
    ck_assert(!kn_dlist_is_empty(&head));
}

KN_TEST(dlist, removes_first_middle_last_and_only_node)
{
    kn_dlist_init(&head);
    for (size_t i = 0; i < 4; i++)
        kn_dlist_push_back(&head, &nodes[i]);
    kn_dlist_remove(&nodes[1]);
    ck_assert(!kn_dlist_is_linked(&nodes[1]));
    ck_assert(kn_dlist_is_linked(&nodes[2]));
    ASSERT_HOLDS(&head, &nodes[0], &nodes[2], &nodes[3]);
    ck_assert_ptr_eq(kn_dlist_pop_front(&head), &nodes[0]);
    kn_dlist_remove(&nodes[3]);
    ASSERT_HOLDS(&head, &nodes[2]);
    kn_dlist_remove(&nodes[2]);
    assert_holds(&head, NULL, 0);
}

KN_TEST(dlist, is_not_linked_when_node_is_initialised)
{
    kn_dlist_init_node(&nodes[0]);
    ck_assert(!kn_dlist_is_linked(&nodes[0]));
}

KN_TEST(dlist, splices_all_nodes_behind_the_list)
{
    kn_dlist_init(&head);
    kn_dlist_init(&other);
    kn_dlist_splice_back(&head, &other);
    assert_holds(&head, NULL, 0);
    kn_dlist_push_back(&other, &nodes[0]);
    kn_dlist_push_back(&other, &nodes[1]);
    kn_dlist_splice_back(&head, &other);
    assert_holds(&other, NULL, 0);
    ASSERT_HOLDS(&head, &nodes[0], &nodes[1]);
    kn_dlist_push_back(&other, &nodes[2]);
    kn_dlist_splice_back(&head, &other);
    ASSERT_HOLDS(&head, &nodes[0], &nodes[1], &nodes[2]);
    kn_dlist_splice_back(&head, &other);
    ASSERT_HOLDS(&head, &nodes[0], &nodes[1], &nodes[2]);
}

KN_TEST(dlist, check_finds_links_that_disagree)
{
    kn_dlist_init(&head);
    for (size_t i = 0; i < 3; i++)
        kn_dlist_push_back(&head, &nodes[i]);
    nodes[2].prev = &nodes[0];
    kn_require_fault(kn_dlist_check(&head), "disagree");
    nodes[2].prev = &nodes[1];
    nodes[2].next = &nodes[1];
    kn_require_fault(kn_dlist_check(&head), "disagree");
    nodes[2].next = NULL;
    kn_require_fault(kn_dlist_check(&head), "NULL");
}
