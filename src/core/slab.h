/*
 * Slabs: runs carved into equal blocks of one size class.
 *
 * Where the blocks of a slab are:
 *
 *     | in use, or in a cell | local list (owner) | remote list (anyone) | not carved yet |
 *
 * A slab is in one of three states, kept with the remote list in one atomic word so that no free is
 * lost between them:
 *
 *     word   | 0 ... 31                   | 32 ... 47 | 48 ... 49 |
 *            | first block: offset/16 + 1 | count     | state     |
 *
 *     OWNED    in a heap's bin. Only that heap touches the local list, `carved` and the links.
 *     FULL     all blocks are handed out, nobody owns it. Whoever frees into it may claim it.
 *     POOLED   nobody owns it, it may have free blocks, it is linked in its class's pool.
 *
 *              handed out completely                        enough freed
 *       OWNED ---------------------> FULL -----------------------------------> POOLED
 *         ^ ^                         | | all freed                              | | all freed
 *         | +---- claimed by a free --+ +----> back to the page heap <-----------|-+
 *         +------------------------------- adopted by a heap that needs one -----+
 *
 * Transitions to and from POOLED happen under the pool's lock; all others are one compare-and-swap.
 * Pushing a chain is a release, taking the list an acquire, so a block's new user sees all that its
 * old user did.
 *
 * Why nothing is lost: a chain is pushed by a compare-and-swap on the whole word, so it fails if
 * the state changed in between, and is retried against the new state; every transition out of a
 * state takes the list of that moment with it. The protocol is modelled in tests/model/remote.pml.
 */
#ifndef KN_CORE_SLAB_H
#define KN_CORE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "core/run.h"
#include "core/sizeclass.h"

enum kn_slab_state {
    KN_SLAB_FULL = 0,
    KN_SLAB_OWNED = 1,
    KN_SLAB_POOLED = 2,
};

/* Blocks of one slab linked through their first words; the last one's link is NULL. */
struct kn_chain {
    void *head;
    void *tail; /* where another list can be appended; unset in chains that are only consumed */
    uint32_t count;
};

static inline uint64_t kn_remote_pack(enum kn_slab_state state, uint32_t count, uint32_t head)
{
    return (uint64_t)state << 48 | (uint64_t)count << 32 | head;
}

static inline enum kn_slab_state kn_remote_state(uint64_t word)
{
    return (enum kn_slab_state)(word >> 48);
}

static inline uint32_t kn_remote_count(uint64_t word)
{
    return (uint32_t)(word >> 32) & 0xFFFFu;
}

static inline void *kn_remote_head(const struct kn_run *run, uint64_t word)
{
    uint32_t head = (uint32_t)word;
    return head == 0 ? NULL : (void *)(run->base + (size_t)(head - 1) * KN_ALIGN_MIN);
}

static inline uint32_t kn_remote_code(const struct kn_run *run, const void *block)
{
    return (uint32_t)(((uintptr_t)block - run->base) / KN_ALIGN_MIN) + 1;
}

static inline void *kn_link_next(const void *block)
{
    return *(void *const *)block;
}

static inline void kn_link_set(void *block, void *next)
{
    *(void **)block = next;
}

/* Whether `address` is the first byte of a block that has been carved. */
static inline bool kn_slab_is_block(const struct kn_run *run, unsigned size_class,
                                    uintptr_t address)
{
    const struct kn_class *c = &kn_classes[size_class];
    uint32_t offset = (uint32_t)(address - run->base);
    uint32_t index = kn_class_index_of(c, offset);
    return index * c->block_bytes == offset && index < kn_load_relaxed(&run->carved);
}

/* A new slab, OWNED by the heap with that tag, with descriptors set, nothing carved; NULL when out
 * of memory. */
KN_NODISCARD struct kn_run *kn_slab_new(unsigned size_class, uint32_t tag, bool is_grown);

/* Gives a slab all of whose blocks are free, and that nobody can reach any more, back to the page
 * heap. */
void kn_slab_release(struct kn_run *run);

/* Writes the slab's descriptors: owner tag, or KN_DESC_UNOWNED. */
void kn_slab_describe(struct kn_run *run, uint32_t tag);

/* Makes 1..max new blocks from untouched memory, up to the end of a page. The slab must have some
 * left. */
struct kn_chain kn_slab_carve(struct kn_run *run, uint32_t max);

/* Takes the local list. */
static inline struct kn_chain kn_slab_take_local(struct kn_run *run)
{
    struct kn_chain chain = {.head = run->slab.local, .count = run->slab.local_count};
    run->slab.local = NULL;
    run->slab.local_count = 0;
    return chain;
}

/* Takes the remote list of an OWNED slab. */
struct kn_chain kn_slab_take_remote(struct kn_run *run);

/* Moves the remote list of an OWNED slab into the local one. */
void kn_slab_collect(struct kn_run *run);

/* FULL or POOLED -> OWNED with an empty list, if the word is still `seen`; its list becomes the
 * local list. */
KN_NODISCARD bool kn_slab_try_claim(struct kn_run *run, uint64_t seen);

/* OWNED -> FULL, unless blocks have come back in the meantime. Descriptors must already say
 * KN_DESC_UNOWNED. */
KN_NODISCARD bool kn_slab_try_disown(struct kn_run *run);

/* Whether all carved blocks of an OWNED slab are in its local list. */
static inline bool kn_slab_is_idle(const struct kn_run *run)
{
    return run->slab.local_count == kn_load_relaxed(&run->carved);
}

const char *kn_slab_check(const struct kn_run *run);

#endif
