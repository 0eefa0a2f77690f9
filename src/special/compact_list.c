/* The first-fit index: one list of all free pieces, by ascending offset. */
#include "special/compact_links.h"

static size_t *head_of(struct kn_compact_header *heap)
{
    return kn_compact_state(heap);
}

static size_t state_bytes(size_t units, uint32_t *max_units)
{
    (void)units;
    (void)max_units;
    return sizeof(size_t);
}

static void reset(struct kn_compact_header *heap)
{
    *head_of(heap) = 0;
}

static void insert(struct kn_compact_header *heap, struct kn_compact_piece *piece)
{
    size_t offset = kn_compact_offset(heap, piece);
    struct kn_compact_piece *prev = NULL;

    for (size_t at = *head_of(heap); at != 0 && at < offset; at = prev->list.next)
        prev = kn_compact_at(heap, at);
    kn_compact_link_behind(heap, head_of(heap), prev, piece);
}

static bool remove(struct kn_compact_header *heap, struct kn_compact_piece *piece)
{
    return kn_compact_try_unlink(heap, head_of(heap), piece);
}

static struct kn_compact_piece *find(struct kn_compact_header *heap, uint32_t units)
{
    struct kn_compact_piece *piece;

    for (size_t at = *head_of(heap); at != 0; at = piece->list.next) {
        piece = kn_compact_at(heap, at);
        if (kn_compact_units(piece) >= units)
            return piece;
    }
    return NULL;
}

static struct kn_compact_piece *largest(struct kn_compact_header *heap)
{
    struct kn_compact_piece *best = NULL;
    struct kn_compact_piece *piece;

    for (size_t at = *head_of(heap); at != 0; at = piece->list.next) {
        piece = kn_compact_at(heap, at);
        if (best == NULL || kn_compact_units(piece) > kn_compact_units(best))
            best = piece;
    }
    return best;
}

static const char *check(struct kn_compact_header *heap)
{
    size_t count = 0;
    size_t prev = 0;

    for (size_t at = *head_of(heap); at != 0; count++) {
        struct kn_compact_piece *piece = kn_compact_at(heap, at);

        if (!kn_compact_is_free_piece(heap, at))
            return "compact heap: the list leads to what is no free block";
        if (at <= prev || piece->list.prev != prev)
            return "compact heap: the list is out of order";
        prev = at;
        at = piece->list.next;
    }
    return count == heap->free_pieces ? NULL : "compact heap: free blocks are missing in the list";
}

const struct knoll_compact_index *knoll_compact_first_fit(void)
{
    enum { LINKED = KN_COMPACT_TAG + 2 * (int)sizeof(size_t) };
    static const struct knoll_compact_index index = {
        .kind = KN_COMPACT_FIRST_FIT,
        .min_units = (LINKED + KN_COMPACT_UNIT - 1) / KN_COMPACT_UNIT,
        .state_bytes = state_bytes,
        .reset = reset,
        .insert = insert,
        .remove = remove,
        .find = find,
        .largest = largest,
        .check = check,
    };

    return &index;
}
