/* Compaction of the handle heap, in bounded pieces.
 *
 * Two ways to be rid of holes take turns. The last block is moved into a hole that fits it, which
 * copies no more than is won; else the lowest hole that may still be closed is moved up past the
 * block behind it, and so joined with the holes above, until it is part of the tail. A cursor tells
 * how far the second has come. Both only ever move blocks down, so they come to an end: the first
 * copies no more than it lowers the top by, the second passes each block once. */
#include "special/handles.h"

#include "special/misuse.h"

#include <errno.h>

enum outcome { WENT_ON, OUT_OF_BYTES, FINISHED, BROKEN };

static size_t span_cost(const struct kn_handles_span *span)
{
    return (size_t)span->units * KN_HANDLES_UNIT_BYTES;
}

static void count(struct knoll_handles_progress *done, size_t bytes)
{
    done->moved_blocks++;
    done->moved_bytes += bytes;
}

/* Fills a hole with the last block. FINISHED: there is no such hole, or the block stays. */
static enum outcome fill(struct knoll_handles *heap, size_t max_bytes,
                         struct knoll_handles_progress *done)
{
    uint32_t at = heap->top - heap->last_units;
    const struct kn_handles_span *last = kn_handles_span_at(heap, at);
    size_t cost = span_cost(last);

    if (!kn_handles_is_sound(heap, at))
        return BROKEN;
    if (cost > max_bytes || kn_handles_is_locked(heap, last) ||
        kn_trie_lower_bound(&heap->holes, last->units) == NULL)
        return FINISHED;
    if (cost > max_bytes - done->moved_bytes)
        return OUT_OF_BYTES;
    if (kn_handles_try_fill(heap))
        count(done, cost);
    return WENT_ON;
}

/* Moves the hole at the cursor up by a block, or the cursor past what stays. */
static enum outcome slide(struct knoll_handles *heap, size_t max_bytes,
                          struct knoll_handles_progress *done)
{
    const struct kn_handles_span *span = kn_handles_span_at(heap, heap->cursor);
    uint32_t next = heap->cursor + span->units;
    size_t cost;

    if (!kn_handles_is_sound(heap, heap->cursor))
        return BROKEN;
    if (!kn_handles_is_hole(span)) {
        heap->cursor = next;
        return WENT_ON;
    }
    if (!kn_handles_is_sound(heap, next))
        return BROKEN;
    span = kn_handles_span_at(heap, next);
    cost = span_cost(span);
    if (cost > max_bytes || kn_handles_is_locked(heap, span)) {
        if (!kn_handles_is_locked(heap, span) && heap->passed_bytes > cost)
            heap->passed_bytes = cost;
        heap->cursor = next + span->units;
        return WENT_ON;
    }
    if (cost > max_bytes - done->moved_bytes)
        return OUT_OF_BYTES;
    heap->cursor = kn_handles_slide(heap, heap->cursor);
    count(done, cost);
    return WENT_ON;
}

static enum outcome step(struct knoll_handles *heap, size_t max_bytes,
                         struct knoll_handles_progress *done)
{
    enum outcome outcome;

    if (heap->hole_units == 0) {
        heap->cursor = heap->top;
        return FINISHED;
    }
    outcome = fill(heap, max_bytes, done);
    if (outcome == WENT_ON || outcome == BROKEN || heap->cursor == heap->top)
        return outcome;
    return slide(heap, max_bytes, done);
}

static enum outcome compact(struct knoll_handles *heap, size_t max_bytes, size_t max_steps,
                            struct knoll_handles_progress *done)
{
    enum outcome outcome;

    if (heap->passed_bytes != SIZE_MAX && max_bytes >= heap->passed_bytes) {
        heap->cursor = 0;
        heap->passed_bytes = SIZE_MAX;
    }
    do {
        outcome = step(heap, max_bytes, done);
        done->steps++;
    } while (outcome == WENT_ON && done->steps < max_steps);
    return outcome;
}

bool knoll_handles_compact(struct knoll_handles *heap, size_t max_bytes, size_t max_steps,
                           struct knoll_handles_progress *progress)
{
    struct knoll_handles_progress done = {0};
    enum outcome outcome = compact(heap, max_bytes, max_steps, &done);

    if (progress != NULL)
        *progress = done;
    if (outcome == BROKEN)
        kn_special_misuse("handles", "knoll_handles_compact", heap,
                          "the header of a block was written over");
    return outcome == WENT_ON || outcome == OUT_OF_BYTES;
}

/* Whether a block of `units`, and a slot for it, would fit if all that is free lay together. */
static bool has_enough_in_all(const struct knoll_handles *heap, uint32_t units)
{
    return units != 0 && heap->top - heap->hole_units + units <= kn_handles_next_limit(heap);
}

knoll_handle knoll_handles_alloc_compacting(struct knoll_handles *heap, size_t bytes)
{
    /* Between two looks for a place. */
    enum { STEPS = 4 };
    knoll_handle handle = kn_handles_try_alloc(heap, bytes);
    bool has_more = has_enough_in_all(heap, kn_handles_units_for(bytes));

    while (handle == 0 && has_more) {
        has_more = knoll_handles_compact(heap, SIZE_MAX, STEPS, NULL);
        handle = kn_handles_try_alloc(heap, bytes);
    }
    if (handle == 0)
        errno = ENOMEM;
    return handle;
}

size_t knoll_handles_trim(struct knoll_handles *heap)
{
    size_t part_bytes = heap->source == NULL ? 0 : kn_source_part_bytes(heap->source);
    size_t start_at = (size_t)(heap->start - (char *)heap->range.start);
    size_t table_at = start_at + (size_t)kn_handles_limit(heap) * KN_HANDLES_UNIT_BYTES;
    size_t from;
    size_t to;

    if (part_bytes == 0)
        return 0;
    from = kn_align_up(start_at + (size_t)heap->top * KN_HANDLES_UNIT_BYTES, part_bytes);
    to = kn_align_up(start_at + (size_t)heap->dirty_top * KN_HANDLES_UNIT_BYTES, part_bytes);
    /* The slots keep what they share with the tail. */
    if (to > table_at)
        to = kn_align_down(table_at, part_bytes);
    if (from >= to ||
        kn_source_purge(heap->source, (char *)heap->range.start + from, to - from) != 0)
        return 0;
    heap->dirty_top = heap->top;
    return to - from;
}
