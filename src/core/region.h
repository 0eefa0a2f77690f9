/*
 * Ranges of address space for the heap: reserved in large pieces, committed in steps.
 *
 * The main range is reserved once (1 TiB; half as much until it fits) together with the flat
 * descriptor table. Where address space is limited, or the main range is full, further ranges are
 * reserved as the heap grows. A range is never given back; its memory is (see purge in
 * page_heap.h).
 *
 *     a range:   | granules                   | slots, 64 B each | descriptors (not main) |
 *                | committed in growing steps | committed ahead of what they describe     |
 *
 * Locking: kn_region_grow is called with the page heap's lock held, which is also what protects
 * the state of region.c. Readers (kn_map_find) take no lock: a range is published with release order
 * once it is complete.
 */
#ifndef KN_CORE_REGION_H
#define KN_CORE_REGION_H

#include "base/compiler.h"
#include "core/map.h"

struct kn_growth {
    struct kn_run *slot; /* slot of the first new granule; its base is set */
    size_t granules;     /* all clean */
};

/* Reserves the flat table and the main range as far as possible. Cannot fail: without them the heap
 * uses small ranges. */
void kn_region_init(void);

/*
 * Makes new granules usable: as many consecutive ones as asked for or more, or what was left of a
 * range that is too short for them, which may do together with free granules before it. The caller
 * asks again if it does not. 0, or ENOMEM.
 */
KN_NODISCARD int kn_region_grow(size_t granules, struct kn_growth *growth);

/* Bytes of address space committed for blocks, and for slots and descriptors. */
size_t kn_region_committed_bytes(void);
size_t kn_region_metadata_bytes(void);

/* The first range; others follow by ->next (acquire). For walks. */
struct kn_range *kn_region_first(void);

#endif
