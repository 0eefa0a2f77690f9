#include "model_blocks.h"

#include "base/atomic.h"
#include "harness.h"

#include <string.h>
#include <sys/mman.h>

enum {
    UNIT_BYTES = 16,
    LEAF_LOG2 = 20, /* bytes of address space under one leaf */
    LEAF_WORDS = (1 << LEAF_LOG2) / UNIT_BYTES / 64,
    ADDRESS_BITS = 47,

    LINE_BYTES = 64,
    EDGE_BYTES = 4096,
    /* Up to this size every line is written. */
    WHOLE_BYTES_MAX = 65536,
    /* Old contents are found at every multiple of this: no free memory is cut more finely. */
    ZERO_STRIDE = 16384,
    STRIDE = 16384,
    HUGE_STRIDE = 65536,
};
static const size_t huge_bytes_min = (size_t)4 << 20;

/* ---- who is where ---- */

typedef _Atomic uint64_t bits_word;
static _Atomic(bits_word *) *leaves;

/* Apart from malloc, whose leak checkers would not look for leaves where they are noted. */
static void *map(size_t bytes)
{
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ck_assert_ptr_ne(start, MAP_FAILED);
    return start;
}

void model_blocks_init(void)
{
    leaves = map(((size_t)1 << (ADDRESS_BITS - LEAF_LOG2)) * sizeof(*leaves));
}

static bits_word *leaf_of(uintptr_t address)
{
    _Atomic(bits_word *) *slot = &leaves[address >> LEAF_LOG2];
    /* Acquire: pairs with the release below, so that the leaf's zeroes are seen. */
    bits_word *leaf = kn_load_acquire(slot);
    if (leaf != NULL)
        return leaf;
    bits_word *fresh = map(LEAF_WORDS * sizeof(*fresh));
    /* Release: see above. Acquire: another thread's leaf, if it was first. */
    if (kn_cas_strong_acq_rel(slot, &leaf, fresh))
        return fresh;
    munmap(fresh, LEAF_WORDS * sizeof(*fresh));
    return leaf;
}

/* Calls for each word of bits that the range has a part in; returns whether all agreed. */
static bool for_each_word(const void *start, size_t bytes,
                          bool (*action)(bits_word *word, uint64_t mask))
{
    uintptr_t unit = (uintptr_t)start / UNIT_BYTES;
    uintptr_t end = ((uintptr_t)start + bytes + UNIT_BYTES - 1) / UNIT_BYTES;
    bool is_agreed = true;
    while (unit < end) {
        size_t bit = unit % 64;
        size_t count = end - unit < 64 - bit ? end - unit : 64 - bit;
        uint64_t mask = (count == 64 ? ~(uint64_t)0 : ((uint64_t)1 << count) - 1) << bit;
        bits_word *leaf = leaf_of(unit * UNIT_BYTES);
        is_agreed &= action(&leaf[unit / 64 % LEAF_WORDS], mask);
        unit += count;
    }
    return is_agreed;
}

static bool set_bits(bits_word *word, uint64_t mask)
{
    return (kn_fetch_or_relaxed(word, mask) & mask) == 0;
}

static bool clear_bits(bits_word *word, uint64_t mask)
{
    return (kn_fetch_and_relaxed(word, ~mask) & mask) == mask;
}

bool model_try_occupy(const void *start, size_t bytes)
{
    return for_each_word(start, bytes, set_bits);
}

bool model_try_vacate(const void *start, size_t bytes)
{
    return for_each_word(start, bytes, clear_bits);
}

/* ---- contents ---- */

static uint64_t word_at(uint64_t identity, size_t offset)
{
    return (identity + offset) * UINT64_C(0x9E3779B97F4A7C15);
}

static size_t stride_of(size_t bytes)
{
    return bytes <= WHOLE_BYTES_MAX ? LINE_BYTES : bytes < huge_bytes_min ? STRIDE : HUGE_STRIDE;
}

/* The next line after the one at `offset` that is looked at in a block of that size. */
static size_t next_line(size_t offset, size_t stride, size_t bytes)
{
    size_t next = offset + LINE_BYTES;
    size_t edge = bytes > EDGE_BYTES ? (bytes - EDGE_BYTES) / LINE_BYTES * LINE_BYTES : 0;
    if (next < EDGE_BYTES || next >= edge || next % stride == 0)
        return next;
    next = (next + stride - 1) / stride * stride;
    return next < edge ? next : edge;
}

/* Words first, then the bytes of an incomplete one. */
static void fill_line(uint64_t identity, char *start, size_t offset, size_t end)
{
    for (; offset + sizeof(uint64_t) <= end; offset += sizeof(uint64_t)) {
        uint64_t word = word_at(identity, offset);
        memcpy(start + offset, &word, sizeof(word));
    }
    if (offset < end) {
        uint64_t word = word_at(identity, offset);
        memcpy(start + offset, &word, end - offset);
    }
}

void model_block_fill(const struct model_block *block)
{
    size_t stride = stride_of(block->usable);
    for (size_t at = 0; at < block->usable; at = next_line(at, stride, block->usable)) {
        size_t end = block->usable - at < LINE_BYTES ? block->usable : at + LINE_BYTES;
        fill_line(block->identity, block->start, at, end);
    }
}

static bool is_line_filled(uint64_t identity, const char *start, size_t *offset, size_t end)
{
    for (; *offset < end; *offset += sizeof(uint64_t)) {
        uint64_t word = word_at(identity, *offset);
        size_t left = end - *offset;
        if (memcmp(start + *offset, &word, left < sizeof(word) ? left : sizeof(word)) != 0)
            return false;
    }
    return true;
}

size_t model_block_find_damage(const struct model_block *block, const char *at, size_t bytes)
{
    size_t stride = stride_of(block->usable);
    size_t limit = bytes < block->usable ? bytes : block->usable;
    for (size_t line = 0; line < limit; line = next_line(line, stride, block->usable)) {
        size_t offset = line;
        size_t end = limit - line < LINE_BYTES ? limit : line + LINE_BYTES;
        if (!is_line_filled(block->identity, at, &offset, end))
            return offset;
    }
    return SIZE_MAX;
}

size_t model_find_nonzero(const char *start, size_t from, size_t bytes)
{
    static const char zeroes[LINE_BYTES];
    size_t stride = bytes <= WHOLE_BYTES_MAX ? LINE_BYTES : ZERO_STRIDE;
    for (size_t at = 0; at < bytes; at = next_line(at, stride, bytes)) {
        size_t end = bytes - at < LINE_BYTES ? bytes : at + LINE_BYTES;
        if (end <= from)
            continue;
        size_t first = at < from ? from : at;
        if (memcmp(start + first, zeroes, end - first) != 0)
            return first;
    }
    return SIZE_MAX;
}
