#include "special/compact.h"

/* Whether the chunk's size leads to another chunk or the last tag of its part. */
static bool leads_on(const struct knoll_compact *heap, const struct kn_compact_chunk *chunk,
                     const struct kn_compact_chunk *last)
{
    uint32_t units = kn_compact_units(chunk);

    return units >= heap->index->min_units &&
           units <= ((uintptr_t)last - (uintptr_t)chunk) / KN_COMPACT_UNIT;
}

int knoll_compact_walk(const struct knoll_compact *heap,
                       int (*visit)(const struct knoll_compact_block *block, void *arg), void *arg)
{
    const struct kn_compact_header *header = heap->start;
    const struct kn_compact_part *part = kn_compact_at(header, header->parts);

    for (size_t i = 0; i < header->part_count; i++) {
        const struct kn_compact_chunk *chunk = kn_compact_first(part);
        const struct kn_compact_chunk *last = kn_compact_last(part);

        while (chunk < last && leads_on(heap, chunk, last)) {
            uint32_t units = kn_compact_units(chunk);
            struct knoll_compact_block block = {
                .address = kn_compact_payload(chunk),
                .bytes = kn_compact_payload_bytes(units),
                .is_used = kn_compact_is_used(chunk),
            };
            int result = visit(&block, arg);

            if (result != 0)
                return result;
            chunk = kn_compact_after(chunk, units);
        }
        part = kn_compact_at(header, part->next);
    }
    return 0;
}

void knoll_compact_stats_get(const struct knoll_compact *heap, struct knoll_compact_stats *stats)
{
    struct kn_compact_header *header = heap->start;
    const struct kn_compact_chunk *largest = heap->index->largest(header);
    const struct kn_compact_part *part = kn_compact_at(header, header->parts);
    size_t total = header->parts;

    for (size_t i = 0; i < header->part_count; i++) {
        total += part->bytes;
        part = kn_compact_at(header, part->next);
    }
    *stats = (struct knoll_compact_stats){
        .total_bytes = total,
        .used_bytes = header->used_units * KN_COMPACT_UNIT - header->used_chunks * KN_COMPACT_TAG,
        .used_blocks = header->used_chunks,
        .free_bytes = header->free_units * KN_COMPACT_UNIT - header->free_chunks * KN_COMPACT_TAG,
        .free_blocks = header->free_chunks,
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
    size_t free_chunks;
    size_t used_units;
    size_t used_chunks;
};

static const char *check_part(const struct knoll_compact *heap, const struct kn_compact_part *part,
                              struct counts *counts)
{
    const struct kn_compact_chunk *chunk = kn_compact_first(part);
    const struct kn_compact_chunk *last = kn_compact_last(part);
    uint32_t before = 0;
    bool is_free_before = false;

    while (chunk < last) {
        uint32_t units = kn_compact_units(chunk);
        bool is_free = !kn_compact_is_used(chunk);

        if (!leads_on(heap, chunk, last))
            return "compact heap: the size in a boundary tag leads outside";
        if (chunk->before != before)
            return "compact heap: two boundary tags disagree";
        if (is_free && is_free_before)
            return "compact heap: free neighbours are not joined";
        *(is_free ? &counts->free_units : &counts->used_units) += units;
        *(is_free ? &counts->free_chunks : &counts->used_chunks) += 1;
        before = units;
        is_free_before = is_free;
        chunk = kn_compact_after(chunk, units);
    }
    if (chunk != last || last->before != before || kn_load_relaxed(&last->self) != KN_COMPACT_USED)
        return "compact heap: the last boundary tag of a part is wrong";
    return NULL;
}

const char *knoll_compact_check(const struct knoll_compact *heap)
{
    struct kn_compact_header *header = heap->start;
    const struct kn_compact_part *part = kn_compact_at(header, header->parts);
    struct counts counts = {0};

    if (header->magic != KN_COMPACT_MAGIC || header->checksum != kn_compact_checksum(header) ||
        header->kind != heap->index->kind)
        return "compact heap: the header was written over";
    for (size_t i = 0; i < header->part_count; i++) {
        const char *fault = check_part(heap, part, &counts);

        if (fault != NULL)
            return fault;
        part = kn_compact_at(header, part->next);
    }
    if (counts.free_units != header->free_units || counts.free_chunks != header->free_chunks ||
        counts.used_units != header->used_units || counts.used_chunks != header->used_chunks)
        return "compact heap: the blocks differ from their counts";
    return heap->index->check(header);
}

/* ---- mending --------------------------------------------------------------------------------- */

/* Whether the sizes of the part's chunks lead from its first to its last tag. */
static bool is_whole(const struct knoll_compact *heap, const struct kn_compact_part *part)
{
    const struct kn_compact_chunk *chunk = kn_compact_first(part);
    const struct kn_compact_chunk *last = kn_compact_last(part);

    while (chunk < last && leads_on(heap, chunk, last))
        chunk = kn_compact_after(chunk, kn_compact_units(chunk));
    return chunk == last && kn_load_relaxed(&last->self) == KN_COMPACT_USED;
}

static void mend_part(const struct knoll_compact *heap, const struct kn_compact_part *part)
{
    struct kn_compact_header *header = heap->start;
    struct kn_compact_chunk *chunk = kn_compact_first(part);
    struct kn_compact_chunk *last = kn_compact_last(part);
    uint32_t before = 0;

    while (chunk < last) {
        uint32_t units = kn_compact_units(chunk);
        struct kn_compact_chunk *next = kn_compact_after(chunk, units);

        chunk->before = before;
        if (kn_compact_is_used(chunk)) {
            header->used_units += units;
            header->used_chunks++;
        } else {
            while (!kn_compact_is_used(next)) {
                units += kn_compact_units(next);
                next = kn_compact_after(chunk, units);
            }
            kn_compact_commit(chunk, units);
            header->free_units += units;
            header->free_chunks++;
            heap->index->insert(header, chunk);
        }
        before = units;
        chunk = next;
    }
    last->before = before;
}

int knoll_compact_mend(struct knoll_compact *heap)
{
    struct kn_compact_header *header = heap->start;
    const struct kn_compact_part *part = kn_compact_at(header, header->parts);

    for (size_t i = 0; i < header->part_count; i++) {
        if (!is_whole(heap, part))
            return KNOLL_COMPACT_DAMAGED;
        part = kn_compact_at(header, part->next);
    }
    heap->index->reset(header);
    header->free_units = 0;
    header->free_chunks = 0;
    header->used_units = 0;
    header->used_chunks = 0;
    part = kn_compact_at(header, header->parts);
    for (size_t i = 0; i < header->part_count; i++) {
        mend_part(heap, part);
        part = kn_compact_at(header, part->next);
    }
    return KNOLL_COMPACT_OK;
}
