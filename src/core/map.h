/*
 * The granule map: from an address to what lies there.
 *
 * Ranges of address space hold the heap's memory. Each granule of a range has a 4-byte descriptor
 * and a 64-byte slot (run.h). The descriptor answers free's question "is this a small block of my
 * own heap?" with one load and one compare; everything else is asked of the slot.
 *
 *     descriptor   | owner tag (24 bits) | size class (8 bits) |      a slab's granule
 *
 * or one of the KN_DESC_ values, whose tag part belongs to no heap.
 *
 * The flat table. Descriptors of the main range live in one sparse table that every address has a
 * place in, so the lookup needs no bounds check: a foreign address finds a zero. The index is
 *
 *     (address * multiplier) >> 36,  multiplier = 2^22 + 2^60
 *
 * that is, bits 14..41 of the address, plus the low four bits of the address times 2^24. Addresses
 * that are 4 TiB apart share a place: the main range is put where it shares none with the program,
 * its libraries and its stack (region.c). An address that is not 16-byte aligned looks at a place
 * at least 256 GiB away from its own, where smaller heaps have nothing: misaligned addresses find a
 * zero, too. Where the table's 1 GiB of address space cannot be had (RLIMIT_AS, 32-bit), the
 * multiplier is 0 and the table a single KN_DESC_NOWHERE, so every free takes the slow path and
 * asks kn_map_find. The table is not larger because mlockall fills in all of it.
 *
 * Further ranges are found through a radix map by kn_map_find only.
 *
 * Threads: descriptors are atomic and relaxed. A heap's own tag is stored and cleared by the heap's
 * own thread alone, so a thread never misjudges its own blocks; whatever else it reads only decides
 * which slow path it takes. Ranges are added under the page heap's lock and never removed;
 * kn_map_find takes no lock.
 */
#ifndef KN_CORE_MAP_H
#define KN_CORE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "core/run.h"

#define KN_MAP_SHIFT 36
#define KN_TAG_SHIFT 8
#define KN_TAG_NONE  0u /* in owner_tag: nobody */
#define KN_TAG_FIRST (1u << KN_TAG_SHIFT)
#define KN_TAG_LAST  (0xFFFFFBu << KN_TAG_SHIFT)
#define KN_TAG_NEVER (0xFFFFFCu << KN_TAG_SHIFT) /* matches no descriptor */

#define KN_DESC_CLEAN      0u          /* reads as zero; not in use or inside a large block */
#define KN_DESC_DIRTY      0xFFFFFF01u /* old contents; not in use or inside a large block */
#define KN_DESC_LARGE      0xFFFFFF02u /* first granule of a large block */
#define KN_DESC_NOWHERE    0xFFFFFF03u /* the only value of the table that stands for no table */
#define KN_DESC_UNOWNED    0xFFFFFE00u /* | class: a slab that no heap owns */
#define KN_DESC_CLASS_MASK 0xFFu
#define KN_DESC_TAG_MASK   0xFFFFFF00u

typedef _Atomic uint32_t kn_desc;

/* Whether a descriptor is one of a slab, owned or not. */
static inline bool kn_desc_is_slab(uint32_t desc)
{
    return desc - KN_TAG_FIRST < 0xFFFFFF00u - KN_TAG_FIRST;
}

struct kn_map {
    uint64_t multiplier;
    kn_desc *table;
};

/* A contiguous piece of address space with its descriptors and slots; edges[] of slots lie at -1
 * and `granules`. */
struct kn_range {
    uintptr_t base;
    size_t granules_reserved;
    _Atomic size_t granules; /* usable; stored with release when their slots are readable */
    kn_desc *desc;
    struct kn_run *slots;
    size_t described; /* granules with committed slots and descriptors */
    _Atomic(struct kn_range *) next;
};

struct kn_place {
    struct kn_run *slot; /* of the granule, not of the run */
    kn_desc *desc;
};

extern KN_HIDDEN struct kn_map kn_map;

/* The descriptor of any address; 0 for foreign and misaligned ones and for those outside the flat
 * table, KN_DESC_NOWHERE for all of them while there is none. */
static inline uint32_t kn_map_desc(uintptr_t address)
{
    return kn_load_relaxed(&kn_map.table[(address * kn_map.multiplier) >> KN_MAP_SHIFT]);
}

/* The range that was reserved first; without granules where there is none. Head of the list. */
extern KN_HIDDEN struct kn_range kn_main_range;

/* The range among the further ones that holds an address, or NULL. */
struct kn_range *kn_range_find_further(uintptr_t address);

static inline struct kn_range *kn_range_find(uintptr_t address)
{
    if (KN_LIKELY(address - kn_main_range.base < kn_main_range.granules_reserved * KN_GRANULE))
        return &kn_main_range;
    return kn_range_find_further(address);
}

/* Finds the granule of `address` in any range. False for foreign addresses. Never faults. */
KN_NODISCARD static inline bool kn_map_find(uintptr_t address, struct kn_place *place)
{
    struct kn_range *range = kn_range_find(address);
    if (KN_UNLIKELY(range == NULL))
        return false;
    size_t granule = (address - range->base) >> KN_GRANULE_LOG2;
    /* Acquire: pairs with the release of growth, so that the slots are there. */
    if (KN_UNLIKELY(granule >= kn_load_acquire(&range->granules)))
        return false;
    place->slot = &range->slots[granule];
    place->desc = &range->desc[granule];
    return true;
}

/* The record of the run at or around a slot of a slab, or of any run at its first or last slot. */
static inline struct kn_run *kn_run_of_slot(struct kn_run *slot)
{
    return slot - slot->back;
}

/* The run that starts at, or is a slab around, an address which is known to lie in a range. */
static inline struct kn_run *kn_run_at(uintptr_t address)
{
    struct kn_range *range = kn_range_find(address);
    return kn_run_of_slot(&range->slots[(address - range->base) >> KN_GRANULE_LOG2]);
}

/* The descriptors of a run, one per granule. */
static inline kn_desc *kn_map_descs(const struct kn_run *run)
{
    struct kn_range *range = kn_range_find(run->base);
    return &range->desc[(run->base - range->base) >> KN_GRANULE_LOG2];
}

static inline void kn_desc_fill(kn_desc *desc, size_t count, uint32_t value)
{
    for (size_t i = 0; i < count; i++)
        kn_store_relaxed(&desc[i], value);
}

#endif
