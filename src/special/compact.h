/* compact.h - what the files of the compact heap share: its layout in the buffer.
 *
 * Purpose     <knoll/compact.h> tells; this is for compact*.c alone.
 * Layout      the buffer, in order:
 *
 *             | header | state of the index | part | tag | payload | tag | payload | ... | last tag |
 *
 *             A further buffer is a part of its own: all of the above from `part` on. Memory is
 *             counted in units of KNOLL_COMPACT_ALIGN bytes. A piece is a tag with what follows it up
 *             to the next tag, its payload starts at a unit, and the tag lies in the eight bytes in
 *             front of that:
 *
 *             |  before : 32  |  self : 31 + 1 |  payload: user's block, or links of a free piece |
 *                    |               |     +---- whether the piece is used
 *                    |               +---------- its units, with the tag
 *                    +-------------------------- units of the piece in front; 0 for the first
 *
 *             Both sizes are there whether pieces are used or free: so a free can compare its tag
 *             with those of both neighbours. The last tag of a part is used and has 0 units.
 *             All links are offsets from the header, by the arithmetic of size_t, so a part may also
 *             lie below it. 0, the header itself, stands for NULL.
 * Invariants  no two neighbours are free; all free pieces are in the index; and:
 *             The `self` of the pieces, followed from the start of a part, describe the part by
 *             themselves. Each call changes what they describe by one store (kn_compact_commit), after
 *             it has written the tags that come into being by that. Whatever else there is (before,
 *             index, counts) can be made anew from them. When a part grows, its bytes do before that
 *             store: a part may end at an earlier last tag than they say, until it is mended.
 * Threads     none.
 * Cost        see <knoll/compact.h>.
 * Source      boundary tags: D. Knuth, "The Art of Computer Programming" vol. 1, 2.5.
 */
#ifndef KN_SPECIAL_COMPACT_H
#define KN_SPECIAL_COMPACT_H

#include "base/align.h"
#include "base/atomic.h"

#include <knoll/compact.h>

enum {
    KN_COMPACT_MAGIC = 0x6b6e6f43,
    KN_COMPACT_VERSION = 1,
    KN_COMPACT_UNIT = (int)KNOLL_COMPACT_ALIGN,
    KN_COMPACT_TAG = 8,
};

#define KN_COMPACT_USED      (UINT32_C(1) << 31)
#define KN_COMPACT_UNITS_MAX (KN_COMPACT_USED - 1)

struct KN_MAY_ALIAS kn_compact_piece {
    uint32_t before;
    _Atomic uint32_t self;
    /* Of free pieces. */
    union {
        struct {
            size_t next;
            size_t prev;
        } list;
        struct {
            size_t parent_and_colour; /* red if odd; offsets of pieces are even */
            size_t child[2];
        } tree;
    };
};

KN_STATIC_ASSERT(offsetof(struct kn_compact_piece, list) == KN_COMPACT_TAG, "links are payload");

/* Followed by the state of the index. */
struct kn_compact_header {
    uint32_t magic;
    uint8_t version;
    uint8_t kind;
    uint8_t word_bytes;
    uint8_t unit_bytes;
    uint32_t checksum;  /* of the members from magic to state_bytes, taken with 0 here */
    uint32_t max_units; /* no piece is larger */
    size_t state_bytes; /* of the index */
    size_t bytes;       /* of the buffer, with what followed it and was added */
    size_t parts;       /* the lowest part */
    size_t root;
    size_t free_units;
    size_t free_pieces;
    size_t used_units;
    size_t used_pieces;
};

/* A list by ascending offset, so those below the header come last. */
struct kn_compact_part {
    size_t next;  /* 0 for none */
    size_t bytes; /* from here to the end of the last tag */
};

enum kn_compact_kind {
    KN_COMPACT_FIRST_FIT = 1,
    KN_COMPACT_TLSF,
    KN_COMPACT_BEST_FIT,
};

/* What an index has to do. Pieces have their size when they are inserted, and keep it while they are
 * in the index. */
struct knoll_compact_index {
    enum kn_compact_kind kind;
    uint32_t min_units; /* room for the links */
    /* The size of the state, and the largest piece, of a heap whose buffer has so many units. */
    size_t (*state_bytes)(size_t units, uint32_t *max_units);
    void (*reset)(struct kn_compact_header *heap);
    void (*insert)(struct kn_compact_header *heap, struct kn_compact_piece *piece);
    /* false, with nothing changed, if the piece's links were written over. */
    bool (*remove)(struct kn_compact_header *heap, struct kn_compact_piece *piece);
    /* A piece of at least so many units, left in the index, or NULL. */
    struct kn_compact_piece *(*find)(struct kn_compact_header *heap, uint32_t units);
    struct kn_compact_piece *(*largest)(struct kn_compact_header *heap);
    /* Whether exactly the heap's free pieces are there, in order; NULL, or what is wrong. */
    const char *(*check)(struct kn_compact_header *heap);
};

/* ---- offsets --------------------------------------------------------------------------------- */

KN_INLINE size_t kn_compact_offset(const struct kn_compact_header *heap, const void *p)
{
    return (uintptr_t)p - (uintptr_t)heap;
}

KN_INLINE void *kn_compact_at(const struct kn_compact_header *heap, size_t offset)
{
    return (void *)((uintptr_t)heap + offset);
}

KN_INLINE void *kn_compact_state(struct kn_compact_header *heap)
{
    return heap + 1;
}

/* ---- pieces ---------------------------------------------------------------------------------- */

KN_INLINE uint32_t kn_compact_units(const struct kn_compact_piece *piece)
{
    return kn_load_relaxed(&piece->self) & ~KN_COMPACT_USED;
}

KN_INLINE bool kn_compact_is_used(const struct kn_compact_piece *piece)
{
    return (kn_load_relaxed(&piece->self) & KN_COMPACT_USED) != 0;
}

/* The one store that makes a change. Release: whoever walks the tags after the death of this process
 * sees the tags that were written before. */
KN_INLINE void kn_compact_commit(struct kn_compact_piece *piece, uint32_t self)
{
    kn_store_release(&piece->self, self);
}

KN_INLINE struct kn_compact_piece *kn_compact_after(const struct kn_compact_piece *piece,
                                                    uint32_t units)
{
    return kn_ptr_add(piece, (size_t)units * KN_COMPACT_UNIT);
}

KN_INLINE struct kn_compact_piece *kn_compact_in_front(const struct kn_compact_piece *piece)
{
    return (struct kn_compact_piece *)((uintptr_t)piece - (size_t)piece->before * KN_COMPACT_UNIT);
}

KN_INLINE void *kn_compact_payload(const struct kn_compact_piece *piece)
{
    return kn_ptr_add(piece, KN_COMPACT_TAG);
}

KN_INLINE size_t kn_compact_payload_bytes(uint32_t units)
{
    return (size_t)units * KN_COMPACT_UNIT - KN_COMPACT_TAG;
}

/* ---- parts (compact_part.c) ------------------------------------------------------------------ */

/* NULL behind the last one. */
KN_INLINE struct kn_compact_part *kn_compact_first_part(const struct kn_compact_header *heap)
{
    return kn_compact_at(heap, heap->parts);
}

KN_INLINE struct kn_compact_part *kn_compact_next_part(const struct kn_compact_header *heap,
                                                       const struct kn_compact_part *part)
{
    return part->next == 0 ? NULL : kn_compact_at(heap, part->next);
}

struct kn_compact_piece *kn_compact_first(const struct kn_compact_part *part);
struct kn_compact_piece *kn_compact_last(const struct kn_compact_part *part);

/* The part in whose pieces the address lies, or NULL. */
struct kn_compact_part *kn_compact_part_of(const struct kn_compact_header *heap, const void *p);

/* Whether a free piece that agrees with its neighbour is at the offset, whatever that is. */
bool kn_compact_is_free_piece(const struct kn_compact_header *heap, size_t offset);

/* Makes parts of the memory, with one free piece each, not in the index and not counted. Its start
 * is aligned to words, its end to units. 0, or KNOLL_COMPACT_NO_ROOM. */
KN_NODISCARD int kn_compact_add_parts(struct kn_compact_header *heap, uintptr_t start,
                                      uintptr_t end, uint32_t min_units);

/* The checksum that the header should have. */
uint32_t kn_compact_checksum(const struct kn_compact_header *heap);

/* ---- misuse ---------------------------------------------------------------------------------- */

/* What is done where the heap has no call-back of its own. A file of its own, for an environment
 * without a system brings another one. */
KN_COLD void kn_compact_misuse(const char *call, const void *p, const char *what);

#endif
