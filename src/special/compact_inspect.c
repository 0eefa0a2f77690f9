#include "special/compact.h"

/* Whether the piece's size leads to another piece or the last tag of its part. */
static bool leads_on(const struct knoll_compact *heap, const struct kn_compact_piece *piece,
                     const struct kn_compact_piece *last)
{
    uint32_t units = kn_compact_units(piece);

    return units >= heap->index->min_units &&
           units <= ((uintptr_t)last - (uintptr_t)piece) / KN_COMPACT_UNIT;
}

int knoll_compact_walk(const struct knoll_compact *heap,
                       int (*visit)(const struct knoll_compact_block *block, void *arg), void *arg)
{
    const struct kn_compact_header *header = heap->start;
    const struct kn_compact_part *part = kn_compact_first_part(header);

    while (part != NULL) {
        const struct kn_compact_piece *piece = kn_compact_first(part);
        const struct kn_compact_piece *last = kn_compact_last(part);

        while (piece < last && leads_on(heap, piece, last)) {
            uint32_t units = kn_compact_units(piece);
            struct knoll_compact_block block = {
                .address = kn_compact_payload(piece),
                .bytes = kn_compact_payload_bytes(units),
                .is_used = kn_compact_is_used(piece),
            };
            int result = visit(&block, arg);

            if (result != 0)
                return result;
            piece = kn_compact_after(piece, units);
        }
        part = kn_compact_next_part(header, part);
    }
    return 0;
}

void knoll_compact_stats_get(const struct knoll_compact *heap, struct knoll_compact_stats *stats)
{
    struct kn_compact_header *header = heap->start;
    const struct kn_compact_piece *largest = heap->index->largest(header);
    const struct kn_compact_part *part = kn_compact_first_part(header);
    size_t total = header->parts;

    while (part != NULL) {
        total += part->bytes;
        part = kn_compact_next_part(header, part);
    }
    *stats = (struct knoll_compact_stats){
        .total_bytes = total,
        .used_bytes = header->used_units * KN_COMPACT_UNIT - header->used_pieces * KN_COMPACT_TAG,
        .used_blocks = header->used_pieces,
        .free_bytes = header->free_units * KN_COMPACT_UNIT - header->free_pieces * KN_COMPACT_TAG,
        .free_blocks = header->free_pieces,
    };
    stats->overhead_bytes = total - stats->used_bytes - stats->free_bytes;
    if (largest != NULL) {
        stats->largest_free_bytes = kn_compact_payload_bytes(kn_compact_units(largest));
        stats->fragmentation = (unsigned)((stats->free_bytes - stats->largest_free_bytes) /
                                          (stats->free_bytes / 100 + 1));
    }
}

struct counts {
    size_t free_units;
    size_t free_pieces;
    size_t used_units;
    size_t used_pieces;
};

static const char *check_part(const struct knoll_compact *heap, const struct kn_compact_part *part,
                              struct counts *counts)
{
    const struct kn_compact_piece *piece = kn_compact_first(part);
    const struct kn_compact_piece *last = kn_compact_last(part);
    uint32_t before = 0;
    bool is_free_before = false;

    while (piece < last) {
        uint32_t units = kn_compact_units(piece);
        bool is_free = !kn_compact_is_used(piece);

        if (!leads_on(heap, piece, last))
            return "compact heap: the size in a boundary tag leads outside";
        if (piece->before != before)
            return "compact heap: two boundary tags disagree";
        if (is_free && is_free_before)
            return "compact heap: free neighbours are not joined";
        *(is_free ? &counts->free_units : &counts->used_units) += units;
        *(is_free ? &counts->free_pieces : &counts->used_pieces) += 1;
        before = units;
        is_free_before = is_free;
        piece = kn_compact_after(piece, units);
    }
    if (piece != last || last->before != before || kn_load_relaxed(&last->self) != KN_COMPACT_USED)
        return "compact heap: the last boundary tag of a part is wrong";
    return NULL;
}

const char *knoll_compact_check(const struct knoll_compact *heap)
{
    struct kn_compact_header *header = heap->start;
    const struct kn_compact_part *part = kn_compact_first_part(header);
    struct counts counts = {0};

    if (header->magic != KN_COMPACT_MAGIC || header->checksum != kn_compact_checksum(header) ||
        header->kind != heap->index->kind)
        return "compact heap: the header was written over";
    while (part != NULL) {
        const char *fault = check_part(heap, part, &counts);

        if (fault != NULL)
            return fault;
        part = kn_compact_next_part(header, part);
    }
    if (counts.free_units != header->free_units || counts.free_pieces != header->free_pieces ||
        counts.used_units != header->used_units || counts.used_pieces != header->used_pieces)
        return "compact heap: the blocks differ from their counts";
    return heap->index->check(header);
}

/* ---- mending --------------------------------------------------------------------------------- */

/* The last tag to which the sizes of the part's pieces lead: where the part says it ends, or earlier,
 * if it was growing when its user was stopped. NULL if they lead nowhere. */
static struct kn_compact_piece *find_last(const struct knoll_compact *heap,
                                          const struct kn_compact_part *part)
{
    struct kn_compact_piece *piece = kn_compact_first(part);
    const struct kn_compact_piece *last = kn_compact_last(part);

    while (piece < last && leads_on(heap, piece, last))
        piece = kn_compact_after(piece, kn_compact_units(piece));
    return piece <= last && kn_load_relaxed(&piece->self) == KN_COMPACT_USED ? piece : NULL;
}

static void mend_part(const struct knoll_compact *heap, struct kn_compact_part *part)
{
    struct kn_compact_header *header = heap->start;
    struct kn_compact_piece *piece = kn_compact_first(part);
    struct kn_compact_piece *last = find_last(heap, part);
    uint32_t before = 0;

    part->bytes = (uintptr_t)last + KN_COMPACT_TAG - (uintptr_t)part;

    while (piece < last) {
        uint32_t units = kn_compact_units(piece);
        struct kn_compact_piece *next = kn_compact_after(piece, units);

        piece->before = before;
        if (kn_compact_is_used(piece)) {
            header->used_units += units;
            header->used_pieces++;
        } else {
            while (!kn_compact_is_used(next)) {
                units += kn_compact_units(next);
                next = kn_compact_after(piece, units);
            }
            kn_compact_commit(piece, units);
            header->free_units += units;
            header->free_pieces++;
            heap->index->insert(header, piece);
        }
        before = units;
        piece = next;
    }
    last->before = before;
}

int knoll_compact_mend(struct knoll_compact *heap)
{
    struct kn_compact_header *header = heap->start;
    struct kn_compact_part *part = kn_compact_first_part(header);

    while (part != NULL) {
        if (find_last(heap, part) == NULL)
            return KNOLL_COMPACT_DAMAGED;
        part = kn_compact_next_part(header, part);
    }
    heap->index->reset(header);
    header->free_units = 0;
    header->free_pieces = 0;
    header->used_units = 0;
    header->used_pieces = 0;
    part = kn_compact_first_part(header);
    while (part != NULL) {
        mend_part(heap, part);
        part = kn_compact_next_part(header, part);
    }
    return KNOLL_COMPACT_OK;
}
