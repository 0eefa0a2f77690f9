/* Handles and blocks of the handle heap: everything of <knoll/handles.h> but compaction and reports. */
#include "special/handles.h"

#include "special/misuse.h"
#include "special/source.h"

#include <errno.h>
#include <string.h>

/* ---- making and unmaking ---------------------------------------------------------------------- */

/* Units are counted in 32 bits, and the topmost number is no unit. */
static const size_t units_max = UINT32_MAX - 1;

/* Makes an empty heap in the range, whose first `low_bytes` are committed, or can be. */
static struct knoll_handles *make(struct kn_range range, struct kn_source *source, size_t low_bytes)
{
    uintptr_t range_end = (uintptr_t)range.start + range.bytes;
    uintptr_t at = kn_align_up((uintptr_t)range.start, KN_HANDLES_UNIT_BYTES);
    uintptr_t start = at + kn_align_up(sizeof(struct knoll_handles), KN_HANDLES_UNIT_BYTES);
    uintptr_t end = kn_align_down(range_end, _Alignof(struct kn_handles_slot));
    struct knoll_handles *heap = kn_ptr_add(range.start, at - (uintptr_t)range.start);
    struct knoll_handles made;

    /* There is no block without a span of two units and a slot. */
    if (start + 2 * KN_HANDLES_UNIT_BYTES + sizeof(struct kn_handles_slot) > end)
        return NULL;
    if ((end - start) / KN_HANDLES_UNIT_BYTES > units_max)
        end = start + units_max * KN_HANDLES_UNIT_BYTES;
    made = (struct knoll_handles){
        .start = kn_ptr_add(heap, start - at),
        .end = kn_ptr_add(heap, end - at),
        .unused_slot = KN_HANDLES_NONE,
        .passed_bytes = SIZE_MAX,
        .source = source,
        .range = range,
        .low_bytes = low_bytes,
        .high_bytes = source == NULL ? 0 : range.bytes,
    };
    kn_trie_init(&made.holes, 1 + kn_log2_floor(kn_handles_limit(&made)));
    if (kn_handles_commit_low(&made, start - (uintptr_t)range.start) != 0)
        return NULL;
    *heap = made;
    return heap;
}

struct knoll_handles *knoll_handles_init(void *buffer, size_t bytes)
{
    struct knoll_handles *heap;

    if (buffer == NULL || bytes > UINTPTR_MAX - (uintptr_t)buffer) {
        errno = EINVAL;
        return NULL;
    }
    heap = make((struct kn_range){.start = buffer, .bytes = bytes}, NULL, bytes);
    if (heap == NULL)
        errno = ENOMEM;
    return heap;
}

struct knoll_handles *knoll_handles_new(struct knoll_source *source, size_t max_bytes)
{
    struct kn_source *from = source == NULL ? kn_source_mmap() : kn_source_of_public(source);
    struct knoll_handles *heap = NULL;
    struct kn_range range;

    if (max_bytes != 0 && kn_source_reserve(from, max_bytes, KN_HANDLES_UNIT_BYTES, &range) == 0) {
        heap = make(range, from, 0);
        if (heap == NULL)
            (void)kn_source_release(from, range.start, range.bytes);
    }
    if (heap == NULL)
        errno = ENOMEM;
    return heap;
}

void knoll_handles_delete(struct knoll_handles *heap)
{
    struct kn_range range;

    if (heap == NULL || heap->source == NULL)
        return;
    range = heap->range;
    (void)kn_source_release(heap->source, range.start, range.bytes);
}

/* ---- handles ---------------------------------------------------------------------------------- */

KN_COLD static void report(const char *call, knoll_handle handle, const char *what)
{
    kn_special_misuse("handles", call, (const void *)(uintptr_t)handle, what);
}

/* The slot of a block; NULL if the handle names none. */
static struct kn_handles_slot *find(const struct knoll_handles *heap, knoll_handle handle)
{
    uint32_t number = (uint32_t)handle;
    struct kn_handles_slot *slot;

    if (number >= heap->slots)
        return NULL;
    slot = kn_handles_slot_at(heap, number);
    if (slot->generation != handle >> 32 || slot->locks == KN_HANDLES_UNUSED)
        return NULL;
    return slot;
}

/* Generations that a slot has gone through were those of blocks; 0 comes after the last. */
KN_COLD static void report_unknown(const struct knoll_handles *heap, const char *call,
                                   knoll_handle handle)
{
    uint32_t number = (uint32_t)handle;
    uint32_t generation = (uint32_t)(handle >> 32);
    bool was_block = false;

    if (number < heap->slots && generation != 0) {
        uint32_t current = kn_handles_slot_at(heap, number)->generation;

        was_block = current == 0 || generation < current;
    }
    report(call, handle,
           was_block ? "stale handle, its block was freed" : "no handle of this heap");
}

/* As above; NULL after a report, also if the block's header was written over. */
static struct kn_handles_slot *find_block(const struct knoll_handles *heap, knoll_handle handle,
                                          const char *call)
{
    struct kn_handles_slot *slot = find(heap, handle);

    if (slot == NULL) {
        report_unknown(heap, call, handle);
        return NULL;
    }
    if (!kn_handles_is_sound(heap, slot->link)) {
        report(call, handle, "the header of the block was written over");
        return NULL;
    }
    return slot;
}

/* The number of a slot that names nothing; KN_HANDLES_NONE if there is no room for one. */
static uint32_t take_slot(struct knoll_handles *heap)
{
    uint32_t number = heap->unused_slot;
    struct kn_handles_slot *slot;

    if (number != KN_HANDLES_NONE) {
        heap->unused_slot = kn_handles_slot_at(heap, number)->link;
        return number;
    }
    number = heap->slots;
    slot = kn_handles_slot_at(heap, number);
    if (kn_handles_next_limit(heap) < heap->top ||
        kn_handles_commit_high(heap, (size_t)((char *)slot - (char *)heap->range.start)) != 0)
        return KN_HANDLES_NONE;
    heap->slots++;
    *slot = (struct kn_handles_slot){.generation = 1, .locks = KN_HANDLES_UNUSED};
    return number;
}

static void give_slot(struct knoll_handles *heap, uint32_t number)
{
    struct kn_handles_slot *slot = kn_handles_slot_at(heap, number);

    slot->locks = KN_HANDLES_UNUSED;
    slot->link = heap->unused_slot;
    heap->unused_slot = number;
}

/* ---- blocks ----------------------------------------------------------------------------------- */

static void set_bytes(struct knoll_handles *heap, uint32_t at, size_t bytes)
{
    struct kn_handles_span *span = kn_handles_span_at(heap, at);

    span->spare_bytes = (uint32_t)((size_t)(span->units - 1) * KN_HANDLES_UNIT_BYTES - bytes);
}

knoll_handle kn_handles_try_alloc(struct knoll_handles *heap, size_t bytes)
{
    uint32_t units = kn_handles_units_for(bytes);
    uint32_t number;
    uint32_t at;

    if (units == 0)
        return 0;
    number = take_slot(heap);
    if (number == KN_HANDLES_NONE)
        return 0;
    at = kn_handles_take_span(heap, units, number);
    if (at == KN_HANDLES_NONE) {
        give_slot(heap, number);
        return 0;
    }
    set_bytes(heap, at, bytes);
    kn_handles_slot_at(heap, number)->locks = KN_HANDLES_UNLOCKED;
    kn_handles_slot_at(heap, number)->link = at;
    heap->blocks++;
    heap->used_bytes += bytes;
    return kn_handles_handle_of(heap, number);
}

knoll_handle knoll_handles_alloc(struct knoll_handles *heap, size_t bytes)
{
    knoll_handle handle = kn_handles_try_alloc(heap, bytes);

    if (handle == 0)
        errno = ENOMEM;
    return handle;
}

void knoll_handles_free(struct knoll_handles *heap, knoll_handle handle)
{
    static const char call[] = "knoll_handles_free";
    struct kn_handles_slot *slot;

    if (handle == 0)
        return;
    slot = find_block(heap, handle, call);
    if (slot == NULL)
        return;
    if (slot->locks != KN_HANDLES_UNLOCKED) {
        report(call, handle, "the block is locked");
        return;
    }
    heap->blocks--;
    heap->used_bytes -= kn_handles_span_bytes(kn_handles_span_at(heap, slot->link));
    kn_handles_give_span(heap, slot->link);
    if (++slot->generation != 0)
        give_slot(heap, (uint32_t)handle);
    else
        slot->locks = KN_HANDLES_UNUSED;
}

void *knoll_handles_lock(struct knoll_handles *heap, knoll_handle handle)
{
    static const char call[] = "knoll_handles_lock";
    struct kn_handles_slot *slot = find(heap, handle);
    struct kn_handles_span *span;

    if (slot == NULL) {
        report_unknown(heap, call, handle);
        return NULL;
    }
    span = kn_handles_span_at(heap, slot->link);
    if (span->slot != (uint32_t)handle) {
        report(call, handle, "the header of the block was written over");
        return NULL;
    }
    if (slot->locks == KN_HANDLES_UNUSED - 1) {
        report(call, handle, "locked too many times");
        return NULL;
    }
    if (slot->locks++ == KN_HANDLES_UNLOCKED)
        heap->locked_blocks++;
    return kn_handles_bytes_of(span);
}

void knoll_handles_unlock(struct knoll_handles *heap, knoll_handle handle)
{
    static const char call[] = "knoll_handles_unlock";
    struct kn_handles_slot *slot = find_block(heap, handle, call);

    if (slot == NULL)
        return;
    if (slot->locks == KN_HANDLES_UNLOCKED) {
        report(call, handle, "the block is not locked");
        return;
    }
    if (--slot->locks == KN_HANDLES_UNLOCKED) {
        heap->locked_blocks--;
        kn_handles_rewind(heap, slot->link);
    }
}

/* Moves the block to another span of `units`, more than it has. */
static bool try_move(struct knoll_handles *heap, struct kn_handles_slot *slot, uint32_t units)
{
    uint32_t from = slot->link;
    struct kn_handles_span *span = kn_handles_span_at(heap, from);
    uint32_t to = kn_handles_take_span(heap, units, span->slot);

    if (to == KN_HANDLES_NONE)
        return false;
    memcpy(kn_handles_bytes_of(kn_handles_span_at(heap, to)), kn_handles_bytes_of(span),
           kn_handles_span_bytes(span));
    slot->link = to;
    kn_handles_give_span(heap, from);
    return true;
}

int knoll_handles_resize(struct knoll_handles *heap, knoll_handle handle, size_t bytes)
{
    struct kn_handles_slot *slot = find_block(heap, handle, "knoll_handles_resize");
    uint32_t units = kn_handles_units_for(bytes);
    size_t old_bytes;

    if (slot == NULL)
        return EINVAL;
    if (units == 0)
        return ENOMEM;
    old_bytes = kn_handles_span_bytes(kn_handles_span_at(heap, slot->link));
    if (!kn_handles_try_fit(heap, slot->link, units) &&
        (slot->locks != KN_HANDLES_UNLOCKED || !try_move(heap, slot, units)))
        return ENOMEM;
    set_bytes(heap, slot->link, bytes);
    heap->used_bytes += bytes;
    heap->used_bytes -= old_bytes;
    return 0;
}

size_t knoll_handles_size(const struct knoll_handles *heap, knoll_handle handle)
{
    const struct kn_handles_slot *slot = find_block(heap, handle, "knoll_handles_size");

    return slot == NULL ? 0 : kn_handles_span_bytes(kn_handles_span_at(heap, slot->link));
}

bool knoll_handles_is_valid(const struct knoll_handles *heap, knoll_handle handle)
{
    return find(heap, handle) != NULL;
}
