#include "special/compact.h"

static KN_COLD void report(const struct knoll_compact *heap, const char *call, const void *p,
                           const char *what)
{
    if (heap->on_misuse != NULL)
        heap->on_misuse(&(struct knoll_misuse){"compact heap", call, p, what}, heap->misuse_arg);
    else
        kn_compact_misuse(call, p, what);
}

/* ---- free pieces ----------------------------------------------------------------------------- */

static void put_free(const struct knoll_compact *heap, struct kn_compact_piece *piece)
{
    struct kn_compact_header *header = heap->start;

    header->free_pieces++;
    header->free_units += kn_compact_units(piece);
    heap->index->insert(header, piece);
}

static bool try_take_free(const struct knoll_compact *heap, struct kn_compact_piece *piece,
                          const char *call)
{
    struct kn_compact_header *header = heap->start;

    if (KN_UNLIKELY(!heap->index->remove(header, piece))) {
        report(heap, call, kn_compact_payload(piece), "this free block was written to");
        return false;
    }
    header->free_pieces--;
    header->free_units -= kn_compact_units(piece);
    return true;
}

/* The piece behind, of `units`, if it is free; NULL if it is not. */
static struct kn_compact_piece *free_behind(const struct kn_compact_piece *piece, uint32_t units)
{
    struct kn_compact_piece *next = kn_compact_after(piece, units);

    return kn_compact_is_used(next) ? NULL : next;
}

/* Makes a used piece of `units` within a free one that has just left the index, `gap` units behind
 * its start; both are 0 or enough for a piece. The rest in front and behind is free again. */
static struct kn_compact_piece *place(const struct knoll_compact *heap,
                                      struct kn_compact_piece *piece, uint32_t gap, uint32_t units)
{
    struct kn_compact_header *header = heap->start;
    uint32_t total = kn_compact_units(piece);
    uint32_t rest = total - gap - units;
    struct kn_compact_piece *behind = kn_compact_after(piece, total);
    struct kn_compact_piece *block = kn_compact_after(piece, gap);
    struct kn_compact_piece *tail;

    if (rest < heap->index->min_units) {
        units += rest;
        rest = 0;
    }
    tail = kn_compact_after(block, units);
    if (rest != 0) {
        tail->before = units;
        kn_store_relaxed(&tail->self, rest);
    }
    if (gap != 0) {
        block->before = gap;
        kn_store_relaxed(&block->self, units | KN_COMPACT_USED);
    }
    kn_compact_commit(piece, gap != 0 ? gap : units | KN_COMPACT_USED);
    behind->before = rest != 0 ? rest : units;
    header->used_pieces++;
    header->used_units += units;
    if (gap != 0)
        put_free(heap, piece);
    if (rest != 0)
        put_free(heap, tail);
    return block;
}

/* ---- what is asked for ------------------------------------------------------------------------ */

/* The units of a piece for so many bytes; 0 if no piece is so large. */
static uint32_t units_of(const struct knoll_compact *heap, size_t bytes)
{
    const struct kn_compact_header *header = heap->start;
    uint32_t units;

    if (bytes / KN_COMPACT_UNIT >= header->max_units)
        return 0;
    units = (uint32_t)((bytes + KN_COMPACT_TAG + KN_COMPACT_UNIT - 1) / KN_COMPACT_UNIT);
    if (units > header->max_units)
        return 0;
    return units < heap->index->min_units ? heap->index->min_units : units;
}

static void *allocate(struct knoll_compact *heap, size_t bytes, const char *call)
{
    uint32_t units = units_of(heap, bytes);
    struct kn_compact_piece *piece;

    if (units == 0)
        return NULL;
    piece = heap->index->find(heap->start, units);
    if (piece == NULL || !try_take_free(heap, piece, call))
        return NULL;
    return kn_compact_payload(place(heap, piece, 0, units));
}

void *knoll_compact_malloc(struct knoll_compact *heap, size_t bytes)
{
    return allocate(heap, bytes, "knoll_compact_malloc");
}

void *knoll_compact_calloc(struct knoll_compact *heap, size_t count, size_t bytes)
{
    size_t total;
    void *p;

    if (__builtin_mul_overflow(count, bytes, &total))
        return NULL;
    p = allocate(heap, total, "knoll_compact_calloc");
    return p == NULL ? NULL : __builtin_memset(p, 0, total);
}

/* The units in front of the first payload in the piece that is aligned so, and leaves room for a
 * piece in front of itself if it is not the first. */
static size_t gap_of(const struct knoll_compact *heap, const struct kn_compact_piece *piece,
                     size_t align)
{
    uintptr_t payload = (uintptr_t)kn_compact_payload(piece);
    size_t gap = (kn_align_up(payload, align) - payload) / KN_COMPACT_UNIT;

    while (gap != 0 && gap < heap->index->min_units)
        gap += align / KN_COMPACT_UNIT;
    return gap;
}

void *knoll_compact_aligned_alloc(struct knoll_compact *heap, size_t align, size_t bytes)
{
    static const char call[] = "knoll_compact_aligned_alloc";
    uint32_t units = units_of(heap, bytes);
    size_t align_units = align / KN_COMPACT_UNIT;
    struct kn_compact_piece *piece;
    size_t gap;

    if (!kn_is_power_of_two(align))
        return NULL;
    if (align <= KN_COMPACT_UNIT)
        return allocate(heap, bytes, call);
    if (units == 0 || align_units > KN_COMPACT_UNITS_MAX)
        return NULL;
    /* What fits the size may fit the alignment, too; one that is larger by so much does for sure. */
    piece = heap->index->find(heap->start, units);
    if (piece == NULL)
        return NULL;
    gap = gap_of(heap, piece, align);
    if (gap + units > kn_compact_units(piece)) {
        size_t padded = units + align_units - 1 + heap->index->min_units;

        if (padded > ((struct kn_compact_header *)heap->start)->max_units)
            return NULL;
        piece = heap->index->find(heap->start, (uint32_t)padded);
        if (piece == NULL)
            return NULL;
        gap = gap_of(heap, piece, align);
    }
    if (!try_take_free(heap, piece, call))
        return NULL;
    return kn_compact_payload(place(heap, piece, (uint32_t)gap, units));
}

/* ---- what comes back ------------------------------------------------------------------------- */

/* What is wrong with the tags around a block whose part is known; NULL if they agree. */
static const char *tags_fault(const struct knoll_compact *heap, const struct kn_compact_part *part,
                              const struct kn_compact_piece *piece)
{
    const struct kn_compact_piece *first = kn_compact_first(part);
    const struct kn_compact_piece *next;
    size_t behind = ((uintptr_t)kn_compact_last(part) - (uintptr_t)piece) / KN_COMPACT_UNIT;
    size_t in_front = ((uintptr_t)piece - (uintptr_t)first) / KN_COMPACT_UNIT;
    uint32_t units = kn_compact_units(piece);

    if (units < heap->index->min_units || units > behind)
        return "not a block, or its boundary tag was written over";
    if (!kn_compact_is_used(piece))
        return "double free, or not a block";
    next = kn_compact_after(piece, units);
    if (next->before != units)
        return "not a block, or the boundary tag behind it was written over";
    if (piece->before > in_front || (piece->before == 0) != (in_front == 0) ||
        (piece->before != 0 && kn_compact_units(kn_compact_in_front(piece)) != piece->before))
        return "not a block, or its boundary tag or the one in front was written over";
    if (!kn_compact_is_used(next) &&
        (kn_compact_units(next) > behind - units ||
         kn_compact_after(next, kn_compact_units(next))->before != kn_compact_units(next)))
        return "the boundary tag of the free block behind it was written over";
    return NULL;
}

/* The piece whose payload is p; NULL after a report. */
static struct kn_compact_piece *piece_of(const struct knoll_compact *heap, const void *p,
                                         const char *call)
{
    struct kn_compact_piece *piece = (struct kn_compact_piece *)((uintptr_t)p - KN_COMPACT_TAG);
    const struct kn_compact_part *part = kn_compact_part_of(heap->start, p);
    const char *fault = NULL;

    if (part == NULL)
        fault = "this address is not in the heap";
    else if (!kn_is_aligned((uintptr_t)p, KN_COMPACT_UNIT))
        fault = "misaligned: no block starts here";
    else
        fault = tags_fault(heap, part, piece);
    if (KN_LIKELY(fault == NULL))
        return piece;
    report(heap, call, p, fault);
    return NULL;
}

static void release(struct knoll_compact *heap, struct kn_compact_piece *piece, const char *call)
{
    struct kn_compact_header *header = heap->start;
    uint32_t units = kn_compact_units(piece);
    uint32_t total = units;
    struct kn_compact_piece *start = piece;
    struct kn_compact_piece *next = free_behind(piece, units);
    struct kn_compact_piece *front = piece->before != 0 ? kn_compact_in_front(piece) : NULL;

    if (front != NULL && kn_compact_is_used(front))
        front = NULL;
    if (next != NULL && !try_take_free(heap, next, call))
        return;
    if (front != NULL && !try_take_free(heap, front, call)) {
        if (next != NULL)
            put_free(heap, next);
        return;
    }
    if (next != NULL)
        total += kn_compact_units(next);
    if (front != NULL) {
        total += kn_compact_units(front);
        start = front;
    }
    kn_compact_commit(start, total);
    /* So that a second free is recognised, until the memory is used again. */
    if (start != piece)
        kn_store_relaxed(&piece->self, units);
    kn_compact_after(start, total)->before = total;
    header->used_pieces--;
    header->used_units -= units;
    put_free(heap, start);
}

void knoll_compact_free(struct knoll_compact *heap, void *p)
{
    static const char call[] = "knoll_compact_free";
    struct kn_compact_piece *piece;

    if (p == NULL)
        return;
    piece = piece_of(heap, p, call);
    if (piece != NULL)
        release(heap, piece, call);
}

size_t knoll_compact_usable_size(const struct knoll_compact *heap, const void *p)
{
    const struct kn_compact_piece *piece;

    if (p == NULL)
        return 0;
    piece = piece_of(heap, p, "knoll_compact_usable_size");
    return piece == NULL ? 0 : kn_compact_payload_bytes(kn_compact_units(piece));
}

/* ---- other sizes ----------------------------------------------------------------------------- */

static bool try_resize(struct knoll_compact *heap, struct kn_compact_piece *piece, uint32_t units,
                       const char *call)
{
    struct kn_compact_header *header = heap->start;
    uint32_t old = kn_compact_units(piece);
    struct kn_compact_piece *next = free_behind(piece, old);
    uint32_t total = old + (next != NULL ? kn_compact_units(next) : 0);
    uint32_t rest;

    if (units > total)
        return false;
    if (units == old || (units < old && next == NULL && old - units < heap->index->min_units))
        return true;
    if (next != NULL && !try_take_free(heap, next, call))
        return false;
    rest = total - units;
    if (rest < heap->index->min_units) {
        units = total;
        rest = 0;
    }
    next = kn_compact_after(piece, units);
    if (rest != 0) {
        next->before = units;
        kn_store_relaxed(&next->self, rest);
    }
    kn_compact_commit(piece, units | KN_COMPACT_USED);
    kn_compact_after(piece, total)->before = rest != 0 ? rest : units;
    header->used_units += units;
    header->used_units -= old;
    if (rest != 0)
        put_free(heap, next);
    return true;
}

bool knoll_compact_try_resize(struct knoll_compact *heap, void *p, size_t bytes)
{
    static const char call[] = "knoll_compact_try_resize";
    uint32_t units = units_of(heap, bytes);
    struct kn_compact_piece *piece = piece_of(heap, p, call);

    return units != 0 && piece != NULL && try_resize(heap, piece, units, call);
}

void *knoll_compact_realloc(struct knoll_compact *heap, void *p, size_t bytes)
{
    static const char call[] = "knoll_compact_realloc";
    struct kn_compact_piece *piece;
    uint32_t units;
    size_t kept;
    void *copy;

    if (p == NULL)
        return allocate(heap, bytes, call);
    piece = piece_of(heap, p, call);
    units = units_of(heap, bytes);
    if (piece == NULL || units == 0)
        return NULL;
    if (bytes == 0) {
        release(heap, piece, call);
        return NULL;
    }
    if (try_resize(heap, piece, units, call))
        return p;
    copy = allocate(heap, bytes, call);
    if (copy == NULL)
        return NULL;
    kept = kn_compact_payload_bytes(kn_compact_units(piece));
    __builtin_memcpy(copy, p, kept < bytes ? kept : bytes);
    release(heap, piece, call);
    return copy;
}
