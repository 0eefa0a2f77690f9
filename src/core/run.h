/*
 * Runs: consecutive granules, and the record that describes one.
 *
 * Every granule of a range has one 64-byte slot in an array apart from the memory itself, so
 * nothing that a program writes into its blocks can reach it. The slot of a run's first granule is
 * the run's record; the slots of its other granules hold only the way back to the first:
 *
 *     granules   | g0       g1      g2     | g3 ...
 *     slots      | record   back=1  back=2 | next run's record
 *
 * The `back` of a run's last granule is valid for every kind of run (coalescing needs it); the ones
 * between are valid in slabs only (a block's address must lead to its slab), since writing them for
 * a huge run would cost too much.
 *
 * Who may touch a record:
 *   kind, base, granules, back   written under the page heap's lock; constant in slabs; only the
 *                                step from KN_RUN_BUSY on is made by the owner, without the lock
 *   free part                    page heap's lock
 *   slab part                    the slab's owner, see slab.h; `remote` by anyone, atomically
 *   large part                   whoever holds the block; `large.bytes` only through large.c
 */
#ifndef KN_CORE_RUN_H
#define KN_CORE_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "core/sizeclass.h"
#include "ds/dlist.h"
#include "ds/rbtree.h"

enum kn_run_kind {
    KN_RUN_NONE = 0, /* not the first granule of a run */
    KN_RUN_FREE,     /* in the page heap's indexes */
    KN_RUN_BUSY,     /* taken out of the page heap, not yet anything (also while being purged) */
    KN_RUN_SLAB,
    KN_RUN_LARGE,
    KN_RUN_EDGE, /* beyond the end of a range's committed part */
};

struct kn_run {
    uintptr_t base; /* address of the first byte */
    uint32_t granules;
    uint32_t back;        /* distance to the run's first granule */
    _Atomic uint8_t kind; /* enum kn_run_kind */
    uint8_t size_class;   /* slab */
    union {
        uint8_t moved;  /* large: its pages came by mremap, in a mapping of their own */
        uint8_t parked; /* slab: linked in the pool of orphans */
    };
    uint8_t warm; /* slab: all of its memory was in use before, so carving need not be sparing */
    union {
        uint32_t dirty; /* free: granules that may hold memory and old contents */
        struct {
            uint16_t capacity;       /* slab: blocks that fit */
            _Atomic uint16_t carved; /* slab: blocks made, the rest is untouched; owner writes */
        };
    };
    union {
        struct {
            union {
                struct kn_rbnode node; /* in the index of free runs, long ones */
                struct kn_dlist link;  /* short ones */
            };
            struct kn_dlist age; /* in the list of dirty free runs, oldest first */
        } free;
        struct {
            _Atomic uint64_t remote; /* see slab.h */
            void *local;             /* blocks freed by the owner beyond its cell's room */
            uint32_t local_count;
            uint32_t owner_tag;   /* of the heap that owns it, or 0; written by owners only */
            struct kn_dlist link; /* in the owner's bin or in the pool of orphans */
        } slab;
        struct {
            size_t bytes;         /* usable size */
            struct kn_dlist link; /* free for the owner of the block (first-class heaps) */
        } large;
    };
};

KN_STATIC_ASSERT(sizeof(struct kn_run) <= 64,
                 "one cache line per granule: metadata stays below 0.5 %");

/* Acquire: pairs with the release below, so whoever finds a slab or a large block, a neighbour that
 * coalesces or a walk, finds its record filled in. */
static inline enum kn_run_kind kn_run_kind_of(const struct kn_run *run)
{
    return (enum kn_run_kind)kn_load_acquire(&run->kind);
}

static inline void kn_run_set_kind(struct kn_run *run, enum kn_run_kind kind)
{
    kn_store_release(&run->kind, (uint8_t)kind); /* pairs as above */
}

#endif
