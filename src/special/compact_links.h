/* compact_links.h - doubly linked lists of free pieces, by offsets.
 *
 * Purpose     for the indexes made of lists.
 * Invariants  the neighbours of a piece link back to it; the first one's prev and the last one's next
 *             are 0. The lists do not know each other.
 * Threads     none.
 * Cost        constant, with one part; looks for the parts of the neighbours.
 */
#ifndef KN_SPECIAL_COMPACT_LINKS_H
#define KN_SPECIAL_COMPACT_LINKS_H

#include "special/compact.h"

/* Between `prev`, NULL for in front of all, and what follows it. */
KN_INLINE void kn_compact_link_behind(struct kn_compact_header *heap, size_t *head,
                                      struct kn_compact_piece *prev, struct kn_compact_piece *piece)
{
    size_t *from = prev == NULL ? head : &prev->list.next;

    piece->list.prev = prev == NULL ? 0 : kn_compact_offset(heap, prev);
    piece->list.next = *from;
    if (*from != 0) {
        struct kn_compact_piece *next = kn_compact_at(heap, *from);

        next->list.prev = kn_compact_offset(heap, piece);
    }
    *from = kn_compact_offset(heap, piece);
}

/* false, with nothing changed, if the neighbours do not link back. */
KN_INLINE bool kn_compact_try_unlink(struct kn_compact_header *heap, size_t *head,
                                     struct kn_compact_piece *piece)
{
    size_t offset = kn_compact_offset(heap, piece);
    struct kn_compact_piece *prev = kn_compact_at(heap, piece->list.prev);
    struct kn_compact_piece *next = kn_compact_at(heap, piece->list.next);
    size_t *from = head;

    if (piece->list.prev != 0) {
        if (!kn_compact_is_free_piece(heap, piece->list.prev))
            return false;
        from = &prev->list.next;
    }
    if (*from != offset)
        return false;
    if (piece->list.next != 0) {
        if (!kn_compact_is_free_piece(heap, piece->list.next) || next->list.prev != offset)
            return false;
        next->list.prev = piece->list.prev;
    }
    *from = piece->list.next;
    return true;
}

#endif
