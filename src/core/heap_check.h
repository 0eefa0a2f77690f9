/*
 * The check of the whole heap: that every granule belongs to one run, every slab to one place, and
 * every free block to one list.
 *
 * For tests and debug builds. Threads: a quiescent moment, that is, no other thread is inside the
 * heap, and what the others did last has been seen by the caller (a barrier, a join). After a fork
 * the child must not ask if other threads were using the heap: what they were in the middle of
 * stays as it was. Cost: linear in the number of granules and of free blocks; maps one bit for
 * every 16 bytes of committed memory meanwhile.
 */
#ifndef KN_CORE_HEAP_CHECK_H
#define KN_CORE_HEAP_CHECK_H

#include <stddef.h>

/* What the program holds, counted from the records of slabs and runs. */
struct kn_check_totals {
    size_t slab_blocks; /* carved and in no list of free blocks */
    size_t large_blocks;
    size_t large_bytes;
};

/* NULL, or what is wrong. `totals` may be NULL; it is not complete if something is wrong. */
const char *kn_check_all(struct kn_check_totals *totals);

#endif
