#include "special/compact.h"

/* Some 32 GiB, and never more than half of all addresses. */
#define UNITS_LIMIT                                                                                \
    (SIZE_MAX / KN_COMPACT_UNIT / 2 < KN_COMPACT_UNITS_MAX                                         \
         ? (uint32_t)(SIZE_MAX / KN_COMPACT_UNIT / 2)                                              \
         : KN_COMPACT_UNITS_MAX)

static void view(struct knoll_compact *heap, void *buffer, const struct knoll_compact_index *index)
{
    heap->start = buffer;
    heap->index = index;
    heap->on_misuse = NULL;
    heap->misuse_arg = NULL;
}

static bool is_usable(const void *buffer, size_t bytes, const struct knoll_compact_index *index)
{
    return buffer != NULL && index != NULL && kn_is_aligned((uintptr_t)buffer, KN_COMPACT_UNIT) &&
           (uintptr_t)buffer <= UINTPTR_MAX - bytes;
}

/* Puts the pieces of the parts that lie in [start, end) into the index. */
static void open_parts(struct knoll_compact *heap, uintptr_t start, uintptr_t end)
{
    struct kn_compact_header *header = heap->start;

    for (struct kn_compact_part *part = kn_compact_first_part(header); part != NULL;
         part = kn_compact_next_part(header, part)) {
        struct kn_compact_piece *piece = kn_compact_first(part);

        if ((uintptr_t)part < start || (uintptr_t)part >= end)
            continue;
        header->free_pieces++;
        header->free_units += kn_compact_units(piece);
        heap->index->insert(header, piece);
    }
}

int knoll_compact_create(struct knoll_compact *heap, void *buffer, size_t bytes,
                         const struct knoll_compact_index *index)
{
    struct kn_compact_header *header = buffer;
    uint32_t max_units = KN_COMPACT_UNITS_MAX;
    size_t state_bytes;

    if (!is_usable(buffer, bytes, index))
        return KNOLL_COMPACT_INVALID;
    bytes = kn_align_down(bytes, KN_COMPACT_UNIT);
    state_bytes = index->state_bytes(bytes / KN_COMPACT_UNIT, &max_units);
    if (bytes < sizeof(*header) + state_bytes)
        return KNOLL_COMPACT_NO_ROOM;
    *header = (struct kn_compact_header){
        .magic = KN_COMPACT_MAGIC,
        .version = KN_COMPACT_VERSION,
        .kind = (uint8_t)index->kind,
        .word_bytes = sizeof(size_t),
        .unit_bytes = KN_COMPACT_UNIT,
        .max_units = max_units < UNITS_LIMIT ? max_units : UNITS_LIMIT,
        .state_bytes = state_bytes,
        .bytes = bytes,
    };
    if (kn_compact_add_parts(header, (uintptr_t)(header + 1) + state_bytes,
                             (uintptr_t)buffer + bytes, index->min_units) != KNOLL_COMPACT_OK) {
        header->magic = 0;
        return KNOLL_COMPACT_NO_ROOM;
    }
    header->checksum = kn_compact_checksum(header);
    view(heap, buffer, index);
    index->reset(header);
    open_parts(heap, (uintptr_t)buffer, (uintptr_t)buffer + bytes);
    return KNOLL_COMPACT_OK;
}

/* Whether all parts lie wholly in the buffer, one behind the other; says nothing about what is in
 * them. */
static int check_parts(const struct kn_compact_header *header)
{
    size_t offset = header->parts;
    size_t end = sizeof(*header) + header->state_bytes;

    do {
        const struct kn_compact_part *part = kn_compact_at(header, offset);

        if (offset > header->bytes)
            return KNOLL_COMPACT_CUT_OFF;
        if (offset < end || header->bytes - offset < sizeof(*part) ||
            !kn_is_aligned(offset, sizeof(size_t)))
            return KNOLL_COMPACT_DAMAGED;
        if (part->bytes > header->bytes - offset || part->bytes < sizeof(*part) + KN_COMPACT_TAG ||
            !kn_is_aligned((uintptr_t)part + part->bytes, KN_COMPACT_UNIT))
            return KNOLL_COMPACT_DAMAGED;
        end = offset + part->bytes;
        offset = part->next;
    } while (offset != 0);
    return KNOLL_COMPACT_OK;
}

int knoll_compact_attach(struct knoll_compact *heap, void *buffer, size_t bytes,
                         const struct knoll_compact_index *index)
{
    const struct kn_compact_header *header = buffer;
    int result;

    if (!is_usable(buffer, bytes, index))
        return KNOLL_COMPACT_INVALID;
    if (bytes < sizeof(*header) || header->magic != KN_COMPACT_MAGIC)
        return KNOLL_COMPACT_DAMAGED;
    if (header->version != KN_COMPACT_VERSION || header->word_bytes != sizeof(size_t) ||
        header->unit_bytes != KN_COMPACT_UNIT)
        return KNOLL_COMPACT_OTHER_FORM;
    if (header->checksum != kn_compact_checksum(header))
        return KNOLL_COMPACT_DAMAGED;
    if (header->kind != index->kind)
        return KNOLL_COMPACT_OTHER_KIND;
    if (header->bytes > bytes)
        return KNOLL_COMPACT_CUT_OFF;
    result = check_parts(header);
    if (result == KNOLL_COMPACT_OK)
        view(heap, buffer, index);
    return result;
}

/* The part that ends where `start` is and can take `units` more; NULL if there is none. */
static struct kn_compact_part *part_to_join(const struct kn_compact_header *header, uintptr_t start,
                                            size_t units)
{
    struct kn_compact_part *part = kn_compact_first_part(header);

    while (part != NULL && ((uintptr_t)part + part->bytes != start ||
                            part->bytes / KN_COMPACT_UNIT + units > header->max_units))
        part = kn_compact_next_part(header, part);
    return part;
}

/* The last tag of the part becomes that of a used block with the new memory, which is then freed. */
static void join(struct knoll_compact *heap, struct kn_compact_part *part, uint32_t units)
{
    struct kn_compact_header *header = heap->start;
    struct kn_compact_piece *piece = kn_compact_last(part);
    struct kn_compact_piece *last = kn_compact_after(piece, units);

    last->before = units;
    kn_store_relaxed(&last->self, KN_COMPACT_USED);
    /* Release, for who mends the heap: there is a last tag where the part is said to end. */
    kn_fence_release();
    part->bytes += (size_t)units * KN_COMPACT_UNIT;
    header->used_pieces++;
    header->used_units += units;
    kn_compact_commit(piece, units | KN_COMPACT_USED);
    knoll_compact_free(heap, kn_compact_payload(piece));
}

/* Before the parts grow, so that they are inside whenever the call is stopped. */
static void widen(struct kn_compact_header *header, uintptr_t start, size_t bytes)
{
    size_t offset = start - (uintptr_t)header;

    if (offset <= header->bytes && offset + bytes > header->bytes)
        header->bytes = offset + bytes;
    kn_fence_release();
}

int knoll_compact_extend(struct knoll_compact *heap, void *buffer, size_t bytes)
{
    struct kn_compact_header *header = heap->start;
    uintptr_t start = (uintptr_t)buffer;
    size_t units = bytes / KN_COMPACT_UNIT;
    size_t known_bytes = header->bytes;
    struct kn_compact_part *part;
    int result;

    if (!is_usable(buffer, bytes, heap->index))
        return KNOLL_COMPACT_INVALID;
    if (units < heap->index->min_units)
        return KNOLL_COMPACT_NO_ROOM;
    bytes = units * KN_COMPACT_UNIT;
    part = part_to_join(header, start, units);
    widen(header, start, bytes);
    if (part != NULL) {
        join(heap, part, (uint32_t)units);
        return KNOLL_COMPACT_OK;
    }
    result = kn_compact_add_parts(header, start, start + bytes, heap->index->min_units);
    if (result == KNOLL_COMPACT_OK)
        open_parts(heap, start, start + bytes);
    else
        header->bytes = known_bytes;
    return result;
}

void knoll_compact_on_misuse(struct knoll_compact *heap, knoll_misuse_callback *callback, void *arg)
{
    heap->on_misuse = callback;
    heap->misuse_arg = arg;
}

/* ---- finding blocks again -------------------------------------------------------------------- */

size_t knoll_compact_offset(const struct knoll_compact *heap, const void *p)
{
    return p == NULL ? 0 : kn_compact_offset(heap->start, p);
}

void *knoll_compact_pointer(const struct knoll_compact *heap, size_t offset)
{
    return offset == 0 ? NULL : kn_compact_at(heap->start, offset);
}

void knoll_compact_set_root(struct knoll_compact *heap, const void *p)
{
    struct kn_compact_header *header = heap->start;

    header->root = knoll_compact_offset(heap, p);
}

void *knoll_compact_root(const struct knoll_compact *heap)
{
    const struct kn_compact_header *header = heap->start;

    return knoll_compact_pointer(heap, header->root);
}
