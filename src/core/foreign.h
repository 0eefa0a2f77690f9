/*
 * Blocks of another allocator that the heap is handed: libc's own, when part of the process does
 * not see that malloc is replaced. Who they belong to is decided above the heap; without anybody to
 * ask, or when they are nobody's, they are reported like every wrong pointer.
 *
 * Threads: any. Cost: none but for pointers that are not blocks of the heap.
 */
#ifndef KN_CORE_FOREIGN_H
#define KN_CORE_FOREIGN_H

#include <stddef.h>

#include "base/atomic.h"
#include "base/compiler.h"

struct kn_foreign {
    size_t (*usable_bytes)(const void *p); /* 0: not a block that is known */
    void (*free)(void *p);                 /* of a block that is */
};

extern KN_HIDDEN _Atomic(const struct kn_foreign *) kn_foreign;

/* The usable size of a foreign block; 0 if it is not known. Never faults. */
static inline size_t kn_foreign_usable_bytes(const void *p)
{
    /* Acquire: pairs with the release of whoever set it. */
    const struct kn_foreign *foreign = kn_load_acquire(&kn_foreign);
    return foreign != NULL ? foreign->usable_bytes(p) : 0;
}

static inline void kn_foreign_free(void *p)
{
    kn_load_acquire(&kn_foreign)->free(p); /* pairs as above */
}

#endif
