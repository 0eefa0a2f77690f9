/*
 * trees: binary trees built and torn down.
 *
 * Stresses: one small size, allocated in the order of use and freed in the order of a walk;
 * placement of neighbours, since the walk follows pointers. Modelled after: the binary-trees
 * program of the Computer Language Benchmarks Game, itself after GCBench by John Ellis, Pete Kovac
 * and Hans Boehm. Arguments: depth of the trees, count of trees built one after the other per
 * thread beside one that lives through the run, threads. One operation: one malloc and its free.
 */
#include "bench/support/blocks.h"

struct node {
    struct node *left, *right;
    uint64_t mark;
};

static uint64_t node_mark(const struct node *node)
{
    return kb_address_hash(node) ^ kb_address_hash(node->left) ^ kb_address_hash(node->right);
}

static struct node *tree_build(uint64_t depth)
{
    struct node *node = kb_malloc(sizeof *node);
    if (node == NULL)
        kb_die("out of memory");
    node->left = depth > 0 ? tree_build(depth - 1) : NULL;
    node->right = depth > 0 ? tree_build(depth - 1) : NULL;
    node->mark = node_mark(node);
    return node;
}

static void tree_free(struct node *node)
{
    if (node == NULL)
        return;
    if (node->mark != node_mark(node))
        kb_broken("a node is damaged", node, sizeof *node);
    tree_free(node->left);
    tree_free(node->right);
    kb_free(node, sizeof *node);
}

static void trees_thread(struct kb_thread *self)
{
    uint64_t depth = kb_arg(self->run, "depth");
    uint64_t count = kb_arg(self->run, "count");
    struct node *lasting = tree_build(depth);
    for (uint64_t i = 0; i < count; i++)
        tree_free(tree_build(depth - i % 4));
    tree_free(lasting);
}

static void trees_run(struct kb_run *run)
{
    uint64_t depth = kb_arg(run, "depth");
    uint64_t count = kb_arg(run, "count");
    if (depth < 4 || depth > 30)
        kb_die("depth must be 4 to 30");
    kb_threads_run(run, run->threads, 0, trees_thread, NULL);
    uint64_t nodes = (UINT64_C(2) << depth) - 1;
    for (uint64_t i = 0; i < count; i++)
        nodes += (UINT64_C(2) << (depth - i % 4)) - 1;
    run->ops = nodes * run->threads;
}

const struct kb_workload kb_workload_trees = {
    .name = "trees",
    .summary = "binary trees built and torn down",
    .operation = "one malloc and one free",
    .run = trees_run,
    .params = {{"depth", 17, 8, NULL, "levels below the root"},
               {"count", 200, 8, NULL, "trees per thread"}},
};
