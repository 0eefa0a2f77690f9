/*
 * The inside of the handle heap of <knoll/handles.h>.
 *
 * Purpose     what handles.c (handles and blocks), handles_span.c (memory), handles_compact.c and
 *             handles_check.c share.
 * Invariants  spans tile the memory from `start` to `top`, and each has a header: a block has the
 *             number of its slot there, a hole KN_HANDLES_NONE. No two holes adjoin, and the last span
 *             is a block: what is free behind it is the tail, and has no header.
 *             A slot in use points to its block's span, and the span back to it.
 *             A hole of KN_HANDLES_INDEXED_UNITS and more is in the trie, by its units; smaller ones
 *             have no room for the node, and are found by their neighbours and by compaction only.
 *             Below `cursor`, at which a span starts or the spans end, no unlocked block of less than
 *             passed_bytes with its header lies right behind a hole.
 * Layout      one range, in the caller's buffer or of a source. Spans grow up, slots grow down:
 *
 *             | struct knoll_handles | span | span | .. | tail ....... | .. | slot 1 | slot 0 |
 *                                    ^ start            ^ top          ^ table_at    range's end ^
 *
 *             | units | units before | slot | spare | bytes of the block ................. |
 *             <------------ header, a unit --------><------------ units - 1 -------------->
 *
 *             A handle is the slot's generation, from 1, and its number. A freed slot gets the next
 *             generation; one that has had all of them is not used again.
 * Threads     one at a time.
 * Cost        12 bytes a slot, 16 bytes a header, up to 15 bytes of rounding.
 */
#ifndef KN_SPECIAL_HANDLES_H
#define KN_SPECIAL_HANDLES_H

#include "base/align.h"
#include "ds/trie.h"
#include "os/source.h"

#include <knoll/handles.h>

#define KN_HANDLES_NONE     UINT32_MAX /* no slot, no span */
#define KN_HANDLES_UNLOCKED 0u
#define KN_HANDLES_UNUSED   UINT32_MAX /* locks of a slot that names no block */

enum { KN_HANDLES_UNIT_BYTES = 16 };

struct kn_handles_span {
    uint32_t units;        /* with this header */
    uint32_t before_units; /* of the span before; 0 for the first */
    uint32_t slot;         /* KN_HANDLES_NONE: a hole */
    uint32_t spare_bytes;  /* of a block: not asked for */
};

KN_STATIC_ASSERT(sizeof(struct kn_handles_span) == KN_HANDLES_UNIT_BYTES, "a header is a unit");

enum {
    KN_HANDLES_INDEXED_UNITS =
        1 + (sizeof(struct kn_trienode) + KN_HANDLES_UNIT_BYTES - 1) / KN_HANDLES_UNIT_BYTES
};

struct kn_handles_slot {
    uint32_t generation;
    uint32_t locks;
    uint32_t link; /* in use: where the span is, in units; else the next unused slot */
};

struct knoll_handles {
    char *start;
    char *end; /* of the range: the slots lie below */
    uint32_t top;
    uint32_t last_units; /* of the last span; 0 if there is none */
    uint32_t slots;
    uint32_t unused_slot; /* the first of the unused ones */
    uint32_t cursor;
    size_t passed_bytes; /* the smallest that compaction passed over for its size;
                          * SIZE_MAX: none was */
    struct kn_trie holes;
    size_t blocks;
    size_t locked_blocks;
    size_t used_bytes;
    size_t hole_units;
    uint64_t moved_blocks;
    uint64_t moved_bytes;
    struct kn_source *source; /* NULL: the memory is the caller's */
    struct kn_range range;
    /* Of the range, what lies below and above these offsets is committed. */
    size_t low_bytes;
    size_t high_bytes;
    uint32_t dirty_top; /* the highest top since the tail was last given back */
};

/* ---- handles.c -------------------------------------------------------------------------------- */

KN_INLINE struct kn_handles_slot *kn_handles_slot_at(const struct knoll_handles *heap,
                                                     uint32_t slot)
{
    return (struct kn_handles_slot *)(void *)heap->end - 1 - slot;
}

KN_INLINE knoll_handle kn_handles_handle_of(const struct knoll_handles *heap, uint32_t slot)
{
    return (knoll_handle)kn_handles_slot_at(heap, slot)->generation << 32 | slot;
}

/* knoll_handles_alloc, but for errno. */
KN_NODISCARD knoll_handle kn_handles_try_alloc(struct knoll_handles *heap, size_t bytes);

/* The units up to which spans may reach before they meet that many slots. */
KN_INLINE uint32_t kn_handles_limit_for(const struct knoll_handles *heap, size_t slots)
{
    size_t bytes = (size_t)(heap->end - heap->start);
    size_t slot_bytes = slots * sizeof(struct kn_handles_slot);

    return slot_bytes > bytes ? 0 : (uint32_t)((bytes - slot_bytes) / KN_HANDLES_UNIT_BYTES);
}

/* The same for those that there are. */
KN_INLINE uint32_t kn_handles_limit(const struct knoll_handles *heap)
{
    return kn_handles_limit_for(heap, heap->slots);
}

/* The same for the next block, which may need another slot. */
KN_INLINE uint32_t kn_handles_next_limit(const struct knoll_handles *heap)
{
    return kn_handles_limit_for(heap, heap->slots + (size_t)(heap->unused_slot == KN_HANDLES_NONE));
}

/* ---- handles_span.c --------------------------------------------------------------------------- */

KN_INLINE struct kn_handles_span *kn_handles_span_at(const struct knoll_handles *heap, uint32_t at)
{
    return (struct kn_handles_span *)(void *)(heap->start + (size_t)at * KN_HANDLES_UNIT_BYTES);
}

KN_INLINE void *kn_handles_bytes_of(struct kn_handles_span *span)
{
    return span + 1;
}

KN_INLINE bool kn_handles_is_hole(const struct kn_handles_span *span)
{
    return span->slot == KN_HANDLES_NONE;
}

/* The bytes asked for of a block; all of a hole. */
KN_INLINE size_t kn_handles_span_bytes(const struct kn_handles_span *span)
{
    return (size_t)(span->units - 1) * KN_HANDLES_UNIT_BYTES - span->spare_bytes;
}

KN_INLINE bool kn_handles_is_locked(const struct knoll_handles *heap,
                                    const struct kn_handles_span *span)
{
    return kn_handles_slot_at(heap, span->slot)->locks != KN_HANDLES_UNLOCKED;
}

/* Whether the header at `at`, below top, agrees with its neighbours and its slot. */
bool kn_handles_is_sound(const struct knoll_handles *heap, uint32_t at);

/* The units of a span for a block of `bytes`; 0 if none can be so large. */
uint32_t kn_handles_units_for(size_t bytes);

/* Makes sure that `bytes` from the start of the range, or all above `from`, are committed. 0 or
 * ENOMEM. */
KN_NODISCARD int kn_handles_commit_low(struct knoll_handles *heap, size_t bytes);
KN_NODISCARD int kn_handles_commit_high(struct knoll_handles *heap, size_t from);

/* A span for the slot, from the hole that fits best, else of the tail; KN_HANDLES_NONE if there is
 * none. The caller links the slot to it. */
KN_NODISCARD uint32_t kn_handles_take_span(struct knoll_handles *heap, uint32_t units,
                                           uint32_t slot);

/* Makes a block's span a hole, or part of one, or of the tail. */
void kn_handles_give_span(struct knoll_handles *heap, uint32_t at);

/* Makes the block's span one of `units` where it is, if what is behind it allows for that. */
KN_NODISCARD bool kn_handles_try_fit(struct knoll_handles *heap, uint32_t at, uint32_t units);

/* Lets compaction look at the block again, if there is a hole before it. */
void kn_handles_rewind(struct knoll_handles *heap, uint32_t at);

/* Moves the last block into a hole that fits best; false, with nothing done, if there is none. */
KN_NODISCARD bool kn_handles_try_fill(struct knoll_handles *heap);

/* Moves the block behind the hole at `at` down to there; returns where the hole is then. */
uint32_t kn_handles_slide(struct knoll_handles *heap, uint32_t at);

#endif
