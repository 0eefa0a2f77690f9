#include "ds/mpsc.h"

#include "require.h"

static struct kn_mpsc queue;
static struct kn_mpsc_node nodes[8];

KN_TEST(mpsc, is_empty_when_initialised)
{
    kn_mpsc_init(&queue);
    ck_assert(kn_mpsc_is_idle(&queue));
    ck_assert_ptr_null(kn_mpsc_pop(&queue));
    ck_assert_ptr_null(kn_mpsc_take(&queue));
    kn_require_sound(kn_mpsc_check(&queue));
}

KN_TEST(mpsc, gives_nodes_in_order_of_pushes)
{
    kn_mpsc_init(&queue);
    ck_assert(kn_mpsc_push(&queue, &nodes[0]));
    ck_assert(!kn_mpsc_push(&queue, &nodes[1]));
    ck_assert(!kn_mpsc_is_idle(&queue));
    ck_assert_ptr_eq(kn_mpsc_pop(&queue), &nodes[0]);
    ck_assert(kn_mpsc_push(&queue, &nodes[2]));
    kn_require_sound(kn_mpsc_check(&queue));
    ck_assert_ptr_eq(kn_mpsc_pop(&queue), &nodes[1]);
    ck_assert_ptr_eq(kn_mpsc_pop(&queue), &nodes[2]);
    ck_assert_ptr_null(kn_mpsc_pop(&queue));
}

KN_TEST(mpsc, gives_a_chain_from_its_oldest_node)
{
    kn_mpsc_init(&queue);
    kn_mpsc_push(&queue, &nodes[0]);
    nodes[3].next = &nodes[2];
    nodes[2].next = &nodes[1];
    ck_assert(!kn_mpsc_push_chain(&queue, &nodes[3], &nodes[1]));
    kn_mpsc_push(&queue, &nodes[4]);
    for (size_t i = 0; i < 5; i++)
        ck_assert_ptr_eq(kn_mpsc_pop(&queue), &nodes[i]);
    ck_assert_ptr_null(kn_mpsc_pop(&queue));
}

KN_TEST(mpsc, takes_ready_and_incoming_nodes_together)
{
    struct kn_mpsc_node *node;

    kn_mpsc_init(&queue);
    for (size_t i = 0; i < 4; i++)
        kn_mpsc_push(&queue, &nodes[i]);
    ck_assert_ptr_eq(kn_mpsc_pop(&queue), &nodes[0]);
    kn_mpsc_push(&queue, &nodes[4]);
    kn_mpsc_push(&queue, &nodes[5]);
    node = kn_mpsc_take(&queue);
    for (size_t i = 1; i < 6; i++, node = node->next)
        ck_assert_ptr_eq(node, &nodes[i]);
    ck_assert_ptr_null(node);
    ck_assert_ptr_null(kn_mpsc_pop(&queue));
    ck_assert(kn_mpsc_is_idle(&queue));
}

KN_TEST(mpsc, check_finds_cycles)
{
    kn_mpsc_init(&queue);
    for (size_t i = 0; i < 6; i++)
        kn_mpsc_push(&queue, &nodes[i]);
    nodes[0].next = &nodes[3];
    kn_require_fault(kn_mpsc_check(&queue), "incoming");
    nodes[0].next = NULL;
    kn_mpsc_pop(&queue);
    nodes[5].next = &nodes[5];
    kn_require_fault(kn_mpsc_check(&queue), "ready");
}
