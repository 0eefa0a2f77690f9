#include "special/compact.h"

struct kn_compact_piece *kn_compact_first(const struct kn_compact_part *part)
{
    uintptr_t behind = (uintptr_t)part + sizeof(*part) + KN_COMPACT_TAG;

    return (struct kn_compact_piece *)(kn_align_up(behind, KN_COMPACT_UNIT) - KN_COMPACT_TAG);
}

struct kn_compact_piece *kn_compact_last(const struct kn_compact_part *part)
{
    return kn_ptr_add(part, part->bytes - KN_COMPACT_TAG);
}

struct kn_compact_part *kn_compact_part_of(const struct kn_compact_header *heap, const void *p)
{
    struct kn_compact_part *part = kn_compact_first_part(heap);

    while (part != NULL &&
           (p < kn_compact_payload(kn_compact_first(part)) || p >= (void *)kn_compact_last(part)))
        part = kn_compact_next_part(heap, part);
    return part;
}

bool kn_compact_is_free_piece(const struct kn_compact_header *heap, size_t offset)
{
    struct kn_compact_piece *piece = kn_compact_at(heap, offset);
    void *payload = kn_compact_payload(piece);
    struct kn_compact_part *part;
    uint32_t units;

    if (!kn_is_aligned((uintptr_t)payload, KN_COMPACT_UNIT))
        return false;
    part = kn_compact_part_of(heap, payload);
    if (part == NULL || kn_compact_is_used(piece))
        return false;
    units = kn_compact_units(piece);
    return units != 0 &&
           units <= ((uintptr_t)kn_compact_last(part) - (uintptr_t)piece) / KN_COMPACT_UNIT &&
           kn_compact_after(piece, units)->before == units;
}

/* The part and its two tags; `units` is what lies between these. */
static void make_part(struct kn_compact_part *part, uint32_t units)
{
    struct kn_compact_piece *piece = kn_compact_first(part);
    struct kn_compact_piece *last = kn_compact_after(piece, units);

    part->bytes = (uintptr_t)last + KN_COMPACT_TAG - (uintptr_t)part;
    piece->before = 0;
    kn_store_relaxed(&piece->self, units);
    last->before = units;
    kn_store_relaxed(&last->self, KN_COMPACT_USED);
}

static void enlist(struct kn_compact_header *heap, struct kn_compact_part *part)
{
    size_t offset = kn_compact_offset(heap, part);
    size_t *link = &heap->parts;

    while (*link != 0 && *link < offset)
        link = &((struct kn_compact_part *)kn_compact_at(heap, *link))->next;
    part->next = *link;
    /* Release, for who mends the heap: what is in the list is there. */
    kn_fence_release();
    *link = offset;
}

int kn_compact_add_parts(struct kn_compact_header *heap, uintptr_t start, uintptr_t end,
                         uint32_t min_units)
{
    int result = KNOLL_COMPACT_NO_ROOM;

    for (;;) {
        struct kn_compact_part *part = (struct kn_compact_part *)start;
        uintptr_t first = (uintptr_t)kn_compact_first(part);
        size_t units;

        if (first < start || first > end || end - first < KN_COMPACT_TAG)
            return result;
        units = (end - first - KN_COMPACT_TAG) / KN_COMPACT_UNIT;
        if (units < min_units)
            return result;
        if (units > heap->max_units)
            units = heap->max_units;
        make_part(part, (uint32_t)units);
        enlist(heap, part);
        start += part->bytes;
        result = KNOLL_COMPACT_OK;
    }
}

uint32_t kn_compact_checksum(const struct kn_compact_header *heap)
{
    struct kn_compact_header copy = *heap;
    const unsigned char *bytes = (const unsigned char *)&copy;
    uint32_t sum = 0;

    copy.checksum = 0;
    for (size_t i = 0; i < offsetof(struct kn_compact_header, bytes); i++)
        sum = (sum ^ bytes[i]) * UINT32_C(0x01000193) + UINT32_C(0x9e3779b9);
    return sum;
}
