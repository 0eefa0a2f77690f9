/*
 * The model test of an allocator: threads make random sequences of all calls, and every result is
 * held against what the model knows (model_blocks.h).
 *
 * Work goes in rounds. Between two rounds no thread is inside the allocator; there the plan's check
 * is called. Threads live for several rounds and end at any of them, their successors go on with
 * the blocks they leave. Some go on calling after the allocator has seen them end. Within a round
 * threads hand blocks to each other, so that many are resized and freed by another thread than the
 * one that got them; and they start short-lived threads that work on some of their blocks.
 *
 * A failure names the seed, the thread and the number of its operation. With one thread the same
 * seed gives the same sequence of calls.
 */
#ifndef KN_TESTS_SUPPORT_MODEL_RUN_H
#define KN_TESTS_SUPPORT_MODEL_RUN_H

#include "model_calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What lives, at a moment without calls. */
struct model_live {
    size_t blocks;
    size_t bytes; /* usable */
};

struct model_plan {
    const struct model_calls *calls;
    unsigned threads;
    uint64_t operations;    /* by all threads together */
    size_t live_bytes_max;  /* of each thread; a single block may exceed it */
    size_t bytes_max;       /* of one block */
    unsigned large_percent; /* of new blocks are of 128 KiB to 4 MiB, besides what chance gives */
    bool may_be_short;      /* calls may find no memory, and must then say so and change nothing */
    /* NULL, or what is wrong with the allocator while it holds that much. */
    const char *(*check)(const struct model_live *live);
};

void model_run(const struct model_plan *plan);

/* The number of operations the environment asks for by KNOLL_TEST_OPS, or `usual`. */
uint64_t model_operations(uint64_t usual);

#endif
