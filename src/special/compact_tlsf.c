/* The TLSF index: lists of free pieces by class of size, and bitmaps of the lists that are filled.
 *
 * Classes     sizes below `columns` units have a class each. Above, each doubling of the size is a
 *             row, cut into `columns` equal steps:
 *
 *                 row 0   0, 1, 2 ... columns - 1
 *                 row r   from columns * 2^(r-1) in steps of 2^(r-1)
 *
 * Fit         a request is rounded up to the next start of a class, so that whatever is in that class
 *             or above fits: found by two bit scans. Only if there is none, the first piece of the
 *             class below is looked at, which may be large enough. Rounding costs at most 1/columns
 *             of the request; a request may fail although there is a piece as large, but not if there
 *             is one larger by that.
 * Size        more columns for larger heaps, so that the lists take some hundred bytes of a small
 *             heap, and the fit is good in a large one.
 * Source      M. Masmano, I. Ripoll, A. Crespo, J. Real, "TLSF: a new dynamic memory allocator for
 *             real-time systems", ECRTS 2004.
 */
#include "special/compact_links.h"

struct tlsf {
    uint32_t rows_filled; /* bit r: row r has a filled list */
    uint32_t columns_log2;
    uint32_t rows;
    uint32_t columns_filled[]; /* per row; behind it, aligned, the heads of all lists */
};

static struct tlsf *tlsf_of(struct kn_compact_header *heap)
{
    return kn_compact_state(heap);
}

static size_t bitmap_bytes(uint32_t rows)
{
    return kn_align_up(sizeof(struct tlsf) + rows * sizeof(uint32_t), sizeof(size_t));
}

static size_t *heads_of(struct tlsf *tlsf)
{
    return kn_ptr_add(tlsf, bitmap_bytes(tlsf->rows));
}

/* By what does not change when the heap is extended. */
static uint32_t choose_columns_log2(uint32_t max_units)
{
    if (max_units < 4096)
        return 3;
    return max_units < UINT32_C(1) << 20 ? 4 : 5;
}

/* Bits of 32-bit words, which every processor can find without a function of the compiler's. */
static uint32_t lowest_bit(uint32_t x)
{
    return (uint32_t)__builtin_ctz(x);
}

static uint32_t highest_bit(uint32_t x)
{
    return 31 ^ (uint32_t)__builtin_clz(x);
}

static uint32_t row_of(uint32_t units, uint32_t columns_log2)
{
    return units >> columns_log2 == 0 ? 0 : highest_bit(units) - columns_log2 + 1;
}

/* The number of the class, row by row. */
static uint32_t class_of(const struct tlsf *tlsf, uint32_t units)
{
    uint32_t row = row_of(units, tlsf->columns_log2);
    uint32_t columns = UINT32_C(1) << tlsf->columns_log2;

    if (row == 0)
        return units;
    return (row << tlsf->columns_log2) + (units >> (row - 1)) - columns;
}

static size_t state_bytes(size_t units, uint32_t *max_units)
{
    uint32_t columns_log2;
    uint32_t rows;

    if (units < 2)
        units = 2;
    *max_units = units > KN_COMPACT_UNITS_MAX / 2
                     ? KN_COMPACT_UNITS_MAX
                     : (UINT32_C(2) << highest_bit((uint32_t)units)) - 1;
    columns_log2 = choose_columns_log2(*max_units);
    rows = row_of(*max_units, columns_log2) + 1;
    return bitmap_bytes(rows) + ((size_t)rows << columns_log2) * sizeof(size_t);
}

static void reset(struct kn_compact_header *heap)
{
    struct tlsf *tlsf = tlsf_of(heap);

    tlsf->rows_filled = 0;
    tlsf->columns_log2 = choose_columns_log2(heap->max_units);
    tlsf->rows = row_of(heap->max_units, tlsf->columns_log2) + 1;
    for (uint32_t row = 0; row < tlsf->rows; row++)
        tlsf->columns_filled[row] = 0;
    for (size_t i = 0; i < (size_t)tlsf->rows << tlsf->columns_log2; i++)
        heads_of(tlsf)[i] = 0;
}

static void insert(struct kn_compact_header *heap, struct kn_compact_piece *piece)
{
    struct tlsf *tlsf = tlsf_of(heap);
    uint32_t class = class_of(tlsf, kn_compact_units(piece));
    uint32_t row = class >> tlsf->columns_log2;
    uint32_t column = class - (row << tlsf->columns_log2);

    kn_compact_link_behind(heap, &heads_of(tlsf)[class], NULL, piece);
    tlsf->rows_filled |= UINT32_C(1) << row;
    tlsf->columns_filled[row] |= UINT32_C(1) << column;
}

static bool remove(struct kn_compact_header *heap, struct kn_compact_piece *piece)
{
    struct tlsf *tlsf = tlsf_of(heap);
    uint32_t class = class_of(tlsf, kn_compact_units(piece));
    uint32_t row = class >> tlsf->columns_log2;
    uint32_t column = class - (row << tlsf->columns_log2);

    if (!kn_compact_try_unlink(heap, &heads_of(tlsf)[class], piece))
        return false;
    if (heads_of(tlsf)[class] == 0) {
        tlsf->columns_filled[row] &= ~(UINT32_C(1) << column);
        if (tlsf->columns_filled[row] == 0)
            tlsf->rows_filled &= ~(UINT32_C(1) << row);
    }
    return true;
}

/* The first piece of the first filled list from `class` on; NULL if there is none. */
static struct kn_compact_piece *first_from(struct kn_compact_header *heap, uint32_t class)
{
    struct tlsf *tlsf = tlsf_of(heap);
    uint32_t row = class >> tlsf->columns_log2;
    uint32_t filled;

    if (row >= tlsf->rows)
        return NULL;
    filled = tlsf->columns_filled[row] & (UINT32_MAX << (class - (row << tlsf->columns_log2)));
    if (filled == 0) {
        uint32_t rows = tlsf->rows_filled & ~(UINT32_MAX >> (31 - row));

        if (rows == 0)
            return NULL;
        row = lowest_bit(rows);
        filled = tlsf->columns_filled[row];
    }
    return kn_compact_at(heap, heads_of(tlsf)[(row << tlsf->columns_log2) + lowest_bit(filled)]);
}

static struct kn_compact_piece *find(struct kn_compact_header *heap, uint32_t units)
{
    struct tlsf *tlsf = tlsf_of(heap);
    uint32_t row = row_of(units, tlsf->columns_log2);
    uint32_t rounded = row == 0 ? units : units + (UINT32_C(1) << (row - 1)) - 1;
    struct kn_compact_piece *piece = first_from(heap, class_of(tlsf, rounded));
    size_t below;

    if (piece != NULL)
        return piece;
    below = heads_of(tlsf)[class_of(tlsf, units)];
    piece = kn_compact_at(heap, below);
    return below != 0 && kn_compact_units(piece) >= units ? piece : NULL;
}

static struct kn_compact_piece *largest(struct kn_compact_header *heap)
{
    struct tlsf *tlsf = tlsf_of(heap);
    struct kn_compact_piece *best = NULL;
    struct kn_compact_piece *piece;
    uint32_t row;
    uint32_t column;

    if (tlsf->rows_filled == 0)
        return NULL;
    row = highest_bit(tlsf->rows_filled);
    column = highest_bit(tlsf->columns_filled[row]);
    for (size_t at = heads_of(tlsf)[(row << tlsf->columns_log2) + column]; at != 0;
         at = piece->list.next) {
        piece = kn_compact_at(heap, at);
        if (best == NULL || kn_compact_units(piece) > kn_compact_units(best))
            best = piece;
    }
    return best;
}

static const char *check_list(struct kn_compact_header *heap, uint32_t class, size_t *count)
{
    struct tlsf *tlsf = tlsf_of(heap);
    size_t prev = 0;

    for (size_t at = heads_of(tlsf)[class]; at != 0; (*count)++) {
        struct kn_compact_piece *piece = kn_compact_at(heap, at);

        if (!kn_compact_is_free_piece(heap, at))
            return "compact heap: a list leads to what is no free block";
        if (piece->list.prev != prev || *count >= heap->free_pieces)
            return "compact heap: the links of a list disagree";
        if (class_of(tlsf, kn_compact_units(piece)) != class)
            return "compact heap: a free block is in the list of another size";
        prev = at;
        at = piece->list.next;
    }
    return NULL;
}

static const char *check(struct kn_compact_header *heap)
{
    struct tlsf *tlsf = tlsf_of(heap);
    uint32_t columns;
    size_t count = 0;

    if (tlsf->columns_log2 < 3 || tlsf->columns_log2 > 5 ||
        tlsf->rows != row_of(heap->max_units, tlsf->columns_log2) + 1)
        return "compact heap: the shape of the table of lists is wrong";
    columns = UINT32_C(1) << tlsf->columns_log2;
    for (uint32_t row = 0; row < tlsf->rows; row++) {
        if ((tlsf->columns_filled[row] != 0) != (tlsf->rows_filled >> row & 1))
            return "compact heap: the bitmaps disagree";
        for (uint32_t column = 0; column < columns; column++) {
            uint32_t class = row * columns + column;
            const char *fault = check_list(heap, class, &count);

            if (fault != NULL)
                return fault;
            if ((heads_of(tlsf)[class] != 0) != (tlsf->columns_filled[row] >> column & 1))
                return "compact heap: a bitmap disagrees with its lists";
        }
    }
    return count == heap->free_pieces ? NULL : "compact heap: free blocks are missing in the lists";
}

const struct knoll_compact_index *knoll_compact_tlsf(void)
{
    enum { LINKED = KN_COMPACT_TAG + 2 * (int)sizeof(size_t) };
    static const struct knoll_compact_index index = {
        .kind = KN_COMPACT_TLSF,
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
