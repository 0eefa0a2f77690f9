/* compact_links.h - doubly linked lists of free chunks, by offsets.
 *
 * Purpose     for the indexes made of lists.
 * Invariants  the neighbours of a chunk link back to it; the first one's prev and the last one's next
 *             are 0. The lists do not know each other.
 * Threads     none.
 * Cost        constant, with one part; looks for the parts of the neighbours.
 */
#ifndef KN_SPECIAL_COMPACT_LINKS_H
#define KN_SPECIAL_COMPACT_LINKS_H

#include "special/compact.h"

/* Between `prev`, NULL for in front of all, and what follows it. */
KN_INLINE void kn_compact_link_behind(struct kn_compact_header *heap, size_t *head,
                                      struct kn_compact_chunk *prev, struct kn_compact_chunk *chunk)
{
    size_t *from = prev == NULL ? head : &prev->list.next;

    chunk->list.prev = prev == NULL ? 0 : kn_compact_offset(heap, prev);
    chunk->list.next = *from;
    if (*from != 0) {
        struct kn_compact_chunk *next = kn_compact_at(heap, *from);

        next->list.prev = kn_compact_offset(heap, chunk);
    }
    *from = kn_compact_offset(heap, chunk);
}

/* false, with nothing changed, if the neighbours do not link back. */
KN_INLINE bool kn_compact_try_unlink(struct kn_compact_header *heap, size_t *head,
                                     struct kn_compact_chunk *chunk)
{
    size_t offset = kn_compact_offset(heap, chunk);
    struct kn_compact_chunk *prev = kn_compact_at(heap, chunk->list.prev);
    struct kn_compact_chunk *next = kn_compact_at(heap, chunk->list.next);
    size_t *from = head;

    if (chunk->list.prev != 0) {
        if (!kn_compact_is_free_chunk(heap, chunk->list.prev))
            return false;
        from = &prev->list.next;
    }
    if (*from != offset)
        return false;
    if (chunk->list.next != 0) {
        if (!kn_compact_is_free_chunk(heap, chunk->list.next) || next->list.prev != offset)
            return false;
        next->list.prev = chunk->list.prev;
    }
    *from = chunk->list.next;
    return true;
}

#endif
