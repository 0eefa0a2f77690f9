/* What the handle heap looks like: statistics, the walk, the check. */
#include "special/handles.h"

void knoll_handles_stats_get(const struct knoll_handles *heap, struct knoll_handles_stats *stats)
{
    size_t limit = kn_handles_next_limit(heap);
    size_t largest_units = limit > heap->top ? limit - heap->top : 0;
    /* What would be in one piece if no hole was left. */
    size_t packed_top = heap->top - heap->hole_units;
    size_t joined_units = limit > packed_top ? limit - packed_top : 0;
    size_t holes = 0;

    for (uint32_t at = 0; at < heap->top; at += kn_handles_span_at(heap, at)->units) {
        const struct kn_handles_span *span = kn_handles_span_at(heap, at);

        if (!kn_handles_is_hole(span))
            continue;
        holes++;
        /* A block in a hole needs a slot as well. */
        if (span->units > largest_units && span->units >= KN_HANDLES_INDEXED_UNITS &&
            limit >= heap->top)
            largest_units = span->units;
    }
    *stats = (struct knoll_handles_stats){
        .range_bytes = heap->range.bytes,
        .blocks = heap->blocks,
        .locked_blocks = heap->locked_blocks,
        .used_bytes = heap->used_bytes,
        .holes = holes,
        .hole_bytes = heap->hole_units * KN_HANDLES_UNIT_BYTES,
        .tail_bytes = (size_t)(kn_handles_limit(heap) - heap->top) * KN_HANDLES_UNIT_BYTES,
        .largest_free_bytes = largest_units < 2 ? 0 : (largest_units - 1) * KN_HANDLES_UNIT_BYTES,
        .fragmentation_percent =
            joined_units == 0 ? 0 : (unsigned)(100 - (uint64_t)100 * largest_units / joined_units),
        .moved_blocks = heap->moved_blocks,
        .moved_bytes = heap->moved_bytes,
    };
    stats->record_bytes =
        stats->range_bytes - stats->used_bytes - stats->hole_bytes - stats->tail_bytes;
}

int knoll_handles_walk(const struct knoll_handles *heap,
                       int (*visit)(const struct knoll_handles_block *block, void *arg), void *arg)
{
    int result = 0;

    for (uint32_t at = 0; result == 0 && at < heap->top;) {
        struct kn_handles_span *span = kn_handles_span_at(heap, at);
        struct knoll_handles_block block = {
            .address = kn_handles_bytes_of(span),
            .bytes = kn_handles_span_bytes(span),
        };

        if (!kn_handles_is_hole(span)) {
            block.handle = kn_handles_handle_of(heap, span->slot);
            block.locks = kn_handles_slot_at(heap, span->slot)->locks;
        }
        at += span->units;
        result = visit(&block, arg);
    }
    return result;
}

/* ---- the check -------------------------------------------------------------------------------- */

/* What a walk over the spans counts. */
struct census {
    size_t blocks;
    size_t locked_blocks;
    size_t used_bytes;
    size_t hole_units;
    size_t indexed;
    bool has_cursor;
};

/* Whether the link leads to a hole that is in the trie; NULL does. */
static bool is_link(const struct knoll_handles *heap, const struct kn_trienode *link)
{
    size_t offset = (uintptr_t)link - (uintptr_t)heap->start;
    const struct kn_handles_span *hole;

    if (link == NULL)
        return true;
    if (offset / KN_HANDLES_UNIT_BYTES < 1 || offset / KN_HANDLES_UNIT_BYTES >= heap->top ||
        offset % KN_HANDLES_UNIT_BYTES != 0)
        return false;
    hole = kn_handles_span_at(heap, (uint32_t)(offset / KN_HANDLES_UNIT_BYTES) - 1);
    return kn_handles_is_hole(hole) && hole->units == link->key &&
           hole->units >= KN_HANDLES_INDEXED_UNITS;
}

static const char *check_hole(const struct knoll_handles *heap, uint32_t at, struct census *census)
{
    struct kn_handles_span *hole = kn_handles_span_at(heap, at);
    const struct kn_trienode *node = kn_handles_bytes_of(hole);

    census->hole_units += hole->units;
    if (at + hole->units == heap->top)
        return "handles: hole before the tail";
    if (kn_handles_is_hole(kn_handles_span_at(heap, at + hole->units)))
        return "handles: two holes adjoin";
    if (hole->units < KN_HANDLES_INDEXED_UNITS)
        return NULL;
    census->indexed++;
    if (node->key != hole->units || node->next == NULL || node->prev == NULL ||
        !is_link(heap, node->next) || !is_link(heap, node->prev) || !is_link(heap, node->parent) ||
        !is_link(heap, node->child[0]) || !is_link(heap, node->child[1]))
        return "handles: hole was written to";
    return NULL;
}

static void count_block(const struct knoll_handles *heap, uint32_t at, struct census *census)
{
    const struct kn_handles_span *span = kn_handles_span_at(heap, at);

    census->blocks++;
    census->locked_blocks += kn_handles_is_locked(heap, span);
    census->used_bytes += kn_handles_span_bytes(span);
}

/* Blocks that could be moved down lie above the cursor only. */
static bool is_passed_rightly(const struct knoll_handles *heap, uint32_t at)
{
    const struct kn_handles_span *span = kn_handles_span_at(heap, at);

    return at >= heap->cursor || at == 0 ||
           !kn_handles_is_hole(kn_handles_span_at(heap, at - span->before_units)) ||
           kn_handles_is_locked(heap, span) ||
           (size_t)span->units * KN_HANDLES_UNIT_BYTES >= heap->passed_bytes;
}

/* Until all headers are known to be right, nothing else of them is believed. */
static const char *check_headers(const struct knoll_handles *heap)
{
    uint32_t before_units = 0;

    for (uint32_t at = 0; at < heap->top; at += before_units) {
        const struct kn_handles_span *span = kn_handles_span_at(heap, at);

        if (!kn_handles_is_sound(heap, at) || span->before_units != before_units)
            return "handles: header of a block or hole was written over";
        before_units = span->units;
    }
    return before_units == heap->last_units ? NULL : "handles: last span differs from its record";
}

static const char *check_spans(const struct knoll_handles *heap, struct census *census)
{
    for (uint32_t at = 0; at < heap->top; at += kn_handles_span_at(heap, at)->units) {
        const char *fault = NULL;

        census->has_cursor |= at == heap->cursor;
        if (kn_handles_is_hole(kn_handles_span_at(heap, at)))
            fault = check_hole(heap, at, census);
        else if (!is_passed_rightly(heap, at))
            fault = "handles: compaction passed over a block";
        else
            count_block(heap, at, census);
        if (fault != NULL)
            return fault;
    }
    census->has_cursor |= heap->cursor == heap->top;
    return NULL;
}

/* Unused slots are in their list, but those that have had all generations. */
static const char *check_slots(const struct knoll_handles *heap)
{
    size_t used = 0;
    size_t ended = 0;
    size_t unused = 0;

    for (uint32_t number = 0; number < heap->slots; number++) {
        const struct kn_handles_slot *slot = kn_handles_slot_at(heap, number);

        used += slot->locks != KN_HANDLES_UNUSED;
        ended += slot->generation == 0;
    }
    for (uint32_t number = heap->unused_slot; number != KN_HANDLES_NONE; unused++) {
        if (number >= heap->slots || unused >= heap->slots ||
            kn_handles_slot_at(heap, number)->locks != KN_HANDLES_UNUSED)
            return "handles: list of unused handles is broken";
        number = kn_handles_slot_at(heap, number)->link;
    }
    if (used != heap->blocks || used + ended + unused != heap->slots)
        return "handles: handles differ from their count";
    return NULL;
}

/* How many holes the trie has: those of each ring, over all of its nodes. */
static size_t count_indexed(const struct knoll_handles *heap)
{
    size_t count = 0;
    size_t key = 0;
    struct kn_trienode *node;

    while ((node = kn_trie_lower_bound(&heap->holes, key)) != NULL) {
        const struct kn_trienode *other = node;

        do {
            count++;
            other = other->next;
        } while (other != node);
        key = node->key + 1;
        if (key >> heap->holes.key_bits != 0)
            break;
    }
    return count;
}

const char *knoll_handles_check(const struct knoll_handles *heap)
{
    struct census census = {0};
    const char *fault;

    if (heap->top > kn_handles_limit(heap))
        return "handles: blocks reach into the handles";
    fault = check_headers(heap);
    if (fault == NULL)
        fault = check_spans(heap, &census);
    if (fault == NULL)
        fault = check_slots(heap);
    if (fault == NULL)
        fault = is_link(heap, heap->holes.root) ? kn_trie_check(&heap->holes)
                                                : "handles: index of holes is broken";
    if (fault != NULL)
        return fault;
    if (census.blocks != heap->blocks || census.locked_blocks != heap->locked_blocks ||
        census.used_bytes != heap->used_bytes || census.hole_units != heap->hole_units)
        return "handles: blocks or holes differ from their counts";
    if (census.indexed != count_indexed(heap))
        return "handles: holes are missing in the index";
    return census.has_cursor ? NULL : "handles: compaction stands inside a block";
}
