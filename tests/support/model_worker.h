/* One thread's part of the model test; see model_run.h. */
#ifndef KN_TESTS_SUPPORT_MODEL_WORKER_H
#define KN_TESTS_SUPPORT_MODEL_WORKER_H

#include "model_blocks.h"
#include "model_run.h"

#include "base/rng.h"

#include <pthread.h>

enum { MODEL_SLOTS = 64, MODEL_LIVE_MAX = 6000 };

/* Where threads leave blocks for each other. */
struct model_exchange {
    _Atomic(struct model_block *) slots[MODEL_SLOTS];
};

/* A habit that lasts for a while, so that heaps grow, shrink, and see bursts of one size. */
struct model_mood {
    unsigned left;          /* operations */
    unsigned alloc_percent; /* of the calls that allocate or free */
    size_t bytes;           /* of the size that is asked for most; 0: none */
    bool is_lifo;           /* what came last goes first; else by chance */
};

struct model_worker {
    const struct model_plan *plan;
    struct model_exchange *exchange;
    unsigned index;
    struct kn_rng rng;
    struct model_mood mood;
    uint64_t operation;
    bool is_helper;
    size_t count;
    size_t bytes; /* usable, of all live blocks */
    struct model_block *live[MODEL_LIVE_MAX];
};

void model_worker_init(struct model_worker *worker, const struct model_plan *plan,
                       struct model_exchange *exchange, unsigned index);

/* Makes so many random operations. */
void model_worker_run(struct model_worker *worker, uint64_t operations);

/* Checks and frees all of its blocks. */
void model_worker_clear(struct model_worker *worker);

/* Gives the blocks of one worker to another that has none. */
void model_worker_inherit(struct model_worker *to, struct model_worker *from);

/* Checks a block and frees it. */
void model_worker_drop(struct model_worker *worker, struct model_block *block);

#endif
