/* The memory of the handle heap: spans, holes, the tail. */
#include "special/handles.h"

#include <errno.h>
#include <string.h>

/* Memory is committed in steps of this, where a source commits at all. */
enum { COMMIT_BYTES = 65536 };

/* Of the holes of one size, so many are compared before one is filled. */
enum { HOLES_COMPARED = 16 };

static uint32_t span_end(const struct knoll_handles *heap, uint32_t at)
{
    return at + kn_handles_span_at(heap, at)->units;
}

bool kn_handles_is_sound(const struct knoll_handles *heap, uint32_t at)
{
    const struct kn_handles_span *span = kn_handles_span_at(heap, at);
    uint32_t next_before;

    if (span->units == 0 || span->units > heap->top - at || span->before_units > at)
        return false;
    if (!kn_handles_is_hole(span)) {
        const struct kn_handles_slot *slot;

        if (span->slot >= heap->slots ||
            span->spare_bytes > (size_t)(span->units - 1) * KN_HANDLES_UNIT_BYTES)
            return false;
        slot = kn_handles_slot_at(heap, span->slot);
        if (slot->locks == KN_HANDLES_UNUSED || slot->link != at)
            return false;
    }
    if (at != 0 && kn_handles_span_at(heap, at - span->before_units)->units != span->before_units)
        return false;
    next_before = span_end(heap, at) == heap->top
                      ? heap->last_units
                      : kn_handles_span_at(heap, span_end(heap, at))->before_units;
    return next_before == span->units;
}

uint32_t kn_handles_units_for(size_t bytes)
{
    size_t units;

    if (bytes > (size_t)PTRDIFF_MAX)
        return 0;
    units = 1 + bytes / KN_HANDLES_UNIT_BYTES + (bytes % KN_HANDLES_UNIT_BYTES != 0);
    /* A block has an address of its own even if it has no bytes. */
    if (units < 2)
        units = 2;
    return units < KN_HANDLES_NONE ? (uint32_t)units : 0;
}

/* ---- committing ------------------------------------------------------------------------------- */

static size_t commit_step(const struct knoll_handles *heap)
{
    size_t part_bytes = kn_source_part_bytes(heap->source);

    return part_bytes > COMMIT_BYTES ? part_bytes : COMMIT_BYTES;
}

int kn_handles_commit_low(struct knoll_handles *heap, size_t bytes)
{
    size_t to;
    int error;

    if (bytes <= heap->low_bytes)
        return 0;
    to = kn_align_up(bytes, commit_step(heap));
    if (to > heap->range.bytes)
        to = heap->range.bytes;
    error = kn_source_commit(heap->source, (char *)heap->range.start + heap->low_bytes,
                             to - heap->low_bytes);
    if (error == 0)
        heap->low_bytes = to;
    return error;
}

int kn_handles_commit_high(struct knoll_handles *heap, size_t from)
{
    size_t down_to;
    int error;

    if (from >= heap->high_bytes || from >= heap->range.bytes)
        return 0;
    down_to = kn_align_down(from, commit_step(heap));
    error = kn_source_commit(heap->source, (char *)heap->range.start + down_to,
                             heap->high_bytes - down_to);
    if (error == 0)
        heap->high_bytes = down_to;
    return error;
}

/* ---- holes ------------------------------------------------------------------------------------ */

static struct kn_trienode *node_of(struct kn_handles_span *hole)
{
    return kn_handles_bytes_of(hole);
}

static uint32_t at_of_node(const struct knoll_handles *heap, const struct kn_trienode *node)
{
    return (uint32_t)((size_t)((const char *)node - heap->start) / KN_HANDLES_UNIT_BYTES) - 1;
}

/* Writes the header of a hole and, for the span behind it, how large it is. There is one. */
static void add_hole(struct knoll_handles *heap, uint32_t at, uint32_t units, uint32_t before_units)
{
    struct kn_handles_span *hole = kn_handles_span_at(heap, at);

    *hole = (struct kn_handles_span){units, before_units, KN_HANDLES_NONE, 0};
    kn_handles_span_at(heap, at + units)->before_units = units;
    heap->hole_units += units;
    if (units >= KN_HANDLES_INDEXED_UNITS)
        kn_trie_insert(&heap->holes, node_of(hole), units);
}

static void remove_hole(struct knoll_handles *heap, uint32_t at)
{
    struct kn_handles_span *hole = kn_handles_span_at(heap, at);

    heap->hole_units -= hole->units;
    if (hole->units >= KN_HANDLES_INDEXED_UNITS)
        kn_trie_erase(&heap->holes, node_of(hole));
}

/* Tells what follows the span at `at` that it has `units` now. */
static void link_behind(struct knoll_handles *heap, uint32_t at, uint32_t units)
{
    if (at + units == heap->top)
        heap->last_units = units;
    else
        kn_handles_span_at(heap, at + units)->before_units = units;
}

/* Frees `units` at `at`, in front of which lies a span of before_units, and which are no span or an
 * invalid one: joins them with a hole on either side, or with the tail. */
static void release(struct knoll_handles *heap, uint32_t at, uint32_t units, uint32_t before_units)
{
    uint32_t end = at + units;

    if (before_units != 0 && kn_handles_is_hole(kn_handles_span_at(heap, at - before_units))) {
        at -= before_units;
        remove_hole(heap, at);
        before_units = kn_handles_span_at(heap, at)->before_units;
    }
    if (end < heap->top && kn_handles_is_hole(kn_handles_span_at(heap, end))) {
        remove_hole(heap, end);
        end = span_end(heap, end);
    }
    if (end == heap->top) {
        heap->top = at;
        heap->last_units = before_units;
    } else {
        add_hole(heap, at, end - at, before_units);
    }
    if (heap->cursor > at)
        heap->cursor = at;
}

/* Makes the front of the hole at `at` a span for the slot. */
static void fill_hole(struct knoll_handles *heap, uint32_t at, uint32_t units, uint32_t slot)
{
    struct kn_handles_span *span = kn_handles_span_at(heap, at);
    uint32_t left = span->units - units;

    remove_hole(heap, at);
    *span = (struct kn_handles_span){units, span->before_units, slot, 0};
    if (left != 0)
        add_hole(heap, at + units, left, units);
    else
        kn_handles_span_at(heap, at + units)->before_units = units;
}

static uint32_t find_hole(const struct knoll_handles *heap, uint32_t units)
{
    struct kn_trienode *node = kn_trie_lower_bound(&heap->holes, units);

    return node == NULL ? KN_HANDLES_NONE : at_of_node(heap, node);
}

/* Of the holes that fit as well, the lowest of some: a block in a high one would soon be moved again. */
static uint32_t find_low_hole(const struct knoll_handles *heap, uint32_t units)
{
    const struct kn_trienode *node = kn_trie_lower_bound(&heap->holes, units);
    const struct kn_trienode *lowest = node;

    if (node == NULL)
        return KN_HANDLES_NONE;
    for (unsigned looks = HOLES_COMPARED; looks > 0; looks--) {
        node = node->next;
        if (node < lowest)
            lowest = node;
    }
    return at_of_node(heap, lowest);
}

/* ---- spans ------------------------------------------------------------------------------------ */

/* Moves the top up by `units`; false if the slots or memory do not allow for that. */
static bool try_raise_top(struct knoll_handles *heap, uint32_t units)
{
    size_t low_bytes;

    if (units > kn_handles_limit(heap) - heap->top)
        return false;
    low_bytes = (size_t)(heap->start - (char *)heap->range.start) +
                ((size_t)heap->top + units) * KN_HANDLES_UNIT_BYTES;
    if (kn_handles_commit_low(heap, low_bytes) != 0)
        return false;
    if (heap->cursor == heap->top)
        heap->cursor += units;
    heap->top += units;
    if (heap->dirty_top < heap->top)
        heap->dirty_top = heap->top;
    return true;
}

uint32_t kn_handles_take_span(struct knoll_handles *heap, uint32_t units, uint32_t slot)
{
    uint32_t at = find_hole(heap, units);

    if (at != KN_HANDLES_NONE) {
        fill_hole(heap, at, units, slot);
        return at;
    }
    at = heap->top;
    if (!try_raise_top(heap, units))
        return KN_HANDLES_NONE;
    *kn_handles_span_at(heap, at) = (struct kn_handles_span){units, heap->last_units, slot, 0};
    heap->last_units = units;
    return at;
}

void kn_handles_give_span(struct knoll_handles *heap, uint32_t at)
{
    struct kn_handles_span *span = kn_handles_span_at(heap, at);

    release(heap, at, span->units, span->before_units);
}

static bool try_grow(struct knoll_handles *heap, uint32_t at, uint32_t units)
{
    struct kn_handles_span *span = kn_handles_span_at(heap, at);
    uint32_t end = span_end(heap, at);
    uint32_t more = units - span->units;
    uint32_t left;

    if (end == heap->top) {
        if (!try_raise_top(heap, more))
            return false;
        span->units = units;
        heap->last_units = units;
        return true;
    }
    if (!kn_handles_is_hole(kn_handles_span_at(heap, end)) ||
        kn_handles_span_at(heap, end)->units < more)
        return false;
    left = kn_handles_span_at(heap, end)->units - more;
    remove_hole(heap, end);
    span->units = units;
    if (left != 0)
        add_hole(heap, at + units, left, units);
    else
        link_behind(heap, at, units);
    /* The hole may have been what the cursor was at. */
    if (heap->cursor == end)
        heap->cursor = at + units;
    return true;
}

bool kn_handles_try_fit(struct knoll_handles *heap, uint32_t at, uint32_t units)
{
    struct kn_handles_span *span = kn_handles_span_at(heap, at);
    uint32_t old_units = span->units;

    if (units > old_units)
        return try_grow(heap, at, units);
    if (units < old_units) {
        span->units = units;
        release(heap, at + units, old_units - units, units);
        /* It may have been too large to be moved, and is not now. */
        kn_handles_rewind(heap, at);
    }
    return true;
}

void kn_handles_rewind(struct knoll_handles *heap, uint32_t at)
{
    uint32_t before = at - kn_handles_span_at(heap, at)->before_units;

    if (before < heap->cursor && kn_handles_is_hole(kn_handles_span_at(heap, before)))
        heap->cursor = before;
}

/* ---- moving ----------------------------------------------------------------------------------- */

static void count_move(struct knoll_handles *heap, uint32_t units)
{
    heap->moved_blocks++;
    heap->moved_bytes += (uint64_t)units * KN_HANDLES_UNIT_BYTES;
}

bool kn_handles_try_fill(struct knoll_handles *heap)
{
    uint32_t from = heap->top - heap->last_units;
    struct kn_handles_span *span = kn_handles_span_at(heap, from);
    uint32_t to = find_low_hole(heap, span->units);
    struct kn_handles_span *target;

    if (to == KN_HANDLES_NONE)
        return false;
    fill_hole(heap, to, span->units, span->slot);
    target = kn_handles_span_at(heap, to);
    target->spare_bytes = span->spare_bytes;
    memcpy(kn_handles_bytes_of(target), kn_handles_bytes_of(span), kn_handles_span_bytes(span));
    kn_handles_slot_at(heap, span->slot)->link = to;
    count_move(heap, span->units);
    kn_handles_give_span(heap, from);
    return true;
}

uint32_t kn_handles_slide(struct knoll_handles *heap, uint32_t at)
{
    struct kn_handles_span *hole = kn_handles_span_at(heap, at);
    uint32_t hole_units = hole->units;
    uint32_t before_units = hole->before_units;
    struct kn_handles_span *span = kn_handles_span_at(heap, at + hole_units);
    uint32_t units = span->units;

    remove_hole(heap, at);
    memmove(hole, span, (size_t)units * KN_HANDLES_UNIT_BYTES);
    hole->before_units = before_units;
    kn_handles_slot_at(heap, hole->slot)->link = at;
    count_move(heap, units);
    /* The cursor is at the hole, and goes up with it; or below, and stays. */
    release(heap, at + units, hole_units, units);
    return at + units;
}
