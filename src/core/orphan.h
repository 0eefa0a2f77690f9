/*
 * The pool of orphans: slabs with free blocks that no heap owns, one list per size class.
 *
 * They get here when their heap ends, or when other threads have freed enough blocks of a slab that
 * was handed out completely. A heap that needs a slab takes one from here before it asks the page
 * heap.
 *
 * Locking: one lock per class, ranked below the page heap's; a slab is in state POOLED exactly
 * while it is linked. kn_orphan_take looks at an atomic counter first, so an empty pool costs one
 * load.
 */
#ifndef KN_CORE_ORPHAN_H
#define KN_CORE_ORPHAN_H

#include "base/compiler.h"
#include "core/slab.h"
#include "os/lock.h"

void kn_orphans_init(void);

/* Adopts a slab of the class: OWNED by the caller, its free blocks in the local list, owner tag and
 * descriptors not set; NULL if none. */
KN_NODISCARD struct kn_run *kn_orphan_take(unsigned size_class);

/*
 * Gives up an OWNED slab that is in no bin. Its free blocks stay with it: it becomes POOLED, or
 * FULL if it has none, or goes to the page heap if it has nothing else.
 */
void kn_orphan_give(struct kn_run *run);

/* Pushes a chain (head, tail and count set) onto a slab that the caller does not own. */
void kn_remote_push(struct kn_run *run, const struct kn_chain *chain);

/* For fork: every lock of the pool, in order. */
void kn_orphans_fork_each(void (*action)(struct kn_lock *lock));

#endif
