/* Compact heaps against a plain list of blocks: blocks are aligned, apart from each other, keep their
 * contents whatever happens to others, and are refused only where there is no room for them. In
 * between, the heap is extended, mended, and moved to another address. */
#include <knoll/compact.h>

#include "base/align.h"
#include "base/rng.h"
#include "require.h"

#include <stdlib.h>

enum { ROOM_BYTES = 192 * 1024, BLOCKS_MAX = 600, STEPS = 20000, KINDS = 3 };

static _Alignas(4096) unsigned char rooms[2][ROOM_BYTES];
static unsigned room; /* the one that the heap is in */
static size_t heap_bytes;
static bool is_movable; /* not extended by memory that lies apart */
static struct knoll_compact heap;
static struct kn_rng rng;

struct block {
    size_t offset;
    size_t bytes; /* as asked for, all of it filled */
    unsigned char fill;
};

static struct block blocks[BLOCKS_MAX];
static unsigned block_count;

static const struct knoll_compact_index *index_of(int kind)
{
    switch (kind) {
    case 0:
        return knoll_compact_first_fit();
    case 1:
        return knoll_compact_tlsf();
    default:
        return knoll_compact_best_fit();
    }
}

static unsigned char *address_of(const struct block *block)
{
    return knoll_compact_pointer(&heap, block->offset);
}

static size_t random_bytes(void)
{
    uint64_t kind = kn_rng_below(&rng, 16);

    if (kind == 0)
        return kn_rng_below(&rng, heap_bytes);
    return kn_rng_below(&rng, kind < 8 ? 100 : 1500);
}

static bool is_filled(const struct block *block, size_t bytes)
{
    const unsigned char *p = address_of(block);

    for (size_t i = 0; i < bytes; i++) {
        if (p[i] != block->fill)
            return false;
    }
    return true;
}

static void fill(struct block *block, void *p, size_t bytes)
{
    kn_require(knoll_compact_usable_size(&heap, p) >= bytes);
    kn_require((uintptr_t)p % KNOLL_COMPACT_ALIGN == 0);
    block->offset = knoll_compact_offset(&heap, p);
    block->bytes = bytes;
    block->fill = (unsigned char)kn_rng_next(&rng);
    memset(p, block->fill, bytes);
}

/* The block has been refused; was there none that holds `bytes` and the slack of the index? */
static void require_no_room(size_t bytes, size_t slack)
{
    struct knoll_compact_stats stats;
    size_t needed = bytes < 3 * sizeof(void *) ? 3 * sizeof(void *) : bytes;

    if (heap.index == knoll_compact_tlsf())
        slack += (needed + slack) / 8 + 2 * KNOLL_COMPACT_ALIGN;
    knoll_compact_stats_get(&heap, &stats);
    kn_require(stats.largest_free_bytes < needed + slack ||
               (heap.index == knoll_compact_tlsf() && needed > heap_bytes / 2));
}

static void add_block(void)
{
    size_t bytes = random_bytes();
    size_t align = 1;
    void *p;

    if (block_count == BLOCKS_MAX)
        return;
    if (kn_rng_below(&rng, 4) == 0) {
        align = (size_t)1 << kn_rng_below(&rng, 11);
        p = knoll_compact_aligned_alloc(&heap, align, bytes);
        kn_require((uintptr_t)p % align == 0);
    } else if (kn_rng_below(&rng, 4) == 0) {
        p = knoll_compact_calloc(&heap, 1, bytes);
        for (size_t i = 0; p != NULL && i < bytes; i++)
            kn_require(((unsigned char *)p)[i] == 0);
    } else {
        p = knoll_compact_malloc(&heap, bytes);
    }
    if (p == NULL)
        require_no_room(bytes, align == 1 ? 0 : align + 3 * KNOLL_COMPACT_ALIGN);
    else
        fill(&blocks[block_count++], p, bytes);
}

static void remove_block(void)
{
    struct block *block;

    if (block_count == 0)
        return;
    block = &blocks[kn_rng_below(&rng, block_count)];
    kn_require(is_filled(block, block->bytes));
    knoll_compact_free(&heap, address_of(block));
    *block = blocks[--block_count];
}

static void resize_block(void)
{
    struct block *block;
    size_t bytes = random_bytes() + 1;
    unsigned char *p;

    if (block_count == 0)
        return;
    block = &blocks[kn_rng_below(&rng, block_count)];
    if (kn_rng_below(&rng, 3) == 0) {
        p = address_of(block);
        if (!knoll_compact_try_resize(&heap, p, bytes))
            p = NULL;
    } else {
        p = knoll_compact_realloc(&heap, address_of(block), bytes);
        if (p == NULL)
            require_no_room(bytes, 0);
    }
    if (p == NULL) {
        kn_require(is_filled(block, block->bytes));
        return;
    }
    block->offset = knoll_compact_offset(&heap, p);
    kn_require(is_filled(block, block->bytes < bytes ? block->bytes : bytes));
    fill(block, p, bytes);
}

static void extend(void)
{
    size_t gap = kn_rng_below(&rng, 2) * 256;
    size_t bytes = 64 + kn_rng_below(&rng, 8192);

    bytes = kn_align_down(bytes, KNOLL_COMPACT_ALIGN);
    if (heap_bytes + gap + bytes > ROOM_BYTES)
        return;
    kn_require(knoll_compact_extend(&heap, rooms[room] + heap_bytes + gap, bytes) ==
               KNOLL_COMPACT_OK);
    if (gap != 0)
        is_movable = false;
    heap_bytes += gap + bytes;
}

/* To the other room, without a word to the heap. */
static void move(void)
{
    const struct knoll_compact_index *index = heap.index;
    unsigned to = 1 - room;

    memcpy(rooms[to], rooms[room], heap_bytes);
    if (is_movable)
        memset(rooms[room], 0xdd, heap_bytes);
    if (is_movable) {
        kn_require(knoll_compact_attach(&heap, rooms[to], ROOM_BYTES, index) == KNOLL_COMPACT_OK);
        room = to;
    } else {
        struct knoll_compact other;

        kn_require(knoll_compact_attach(&other, rooms[to], ROOM_BYTES, index) ==
                   KNOLL_COMPACT_CUT_OFF);
    }
}

static int count_used(const struct knoll_compact_block *block, void *arg)
{
    *(size_t *)arg += block->is_used;
    return 0;
}

static void require_agreement(void)
{
    struct knoll_compact_stats stats;
    size_t used = 0;
    size_t bytes = 0;

    knoll_compact_stats_get(&heap, &stats);
    kn_require(knoll_compact_walk(&heap, count_used, &used) == 0);
    kn_require(used == block_count);
    kn_require(stats.used_blocks == block_count);
    for (unsigned i = 0; i < block_count; i++) {
        kn_require(is_filled(&blocks[i], blocks[i].bytes));
        bytes += knoll_compact_usable_size(&heap, address_of(&blocks[i]));
    }
    kn_require(stats.used_bytes == bytes);
    kn_require(stats.used_bytes + stats.free_bytes + stats.overhead_bytes == stats.total_bytes);
}

static void step(void)
{
    uint64_t choice = kn_rng_below(&rng, 1000);

    if (choice < 420)
        add_block();
    else if (choice < 760)
        remove_block();
    else if (choice < 985)
        resize_block();
    else if (choice < 990)
        extend();
    else if (choice < 995)
        move();
    else
        kn_require(knoll_compact_mend(&heap) == KNOLL_COMPACT_OK);
}

static void run(int kind, size_t bytes, unsigned steps)
{
    heap_bytes = bytes;
    is_movable = true;
    block_count = 0;
    kn_require(knoll_compact_create(&heap, rooms[room], bytes, index_of(kind)) == KNOLL_COMPACT_OK);
    for (unsigned i = 0; i < steps; i++) {
        step();
        kn_require_sound(knoll_compact_check(&heap));
        if (i % 64 == 0)
            require_agreement();
    }
    while (block_count != 0)
        remove_block();
    require_agreement();
    kn_require_sound(knoll_compact_check(&heap));
}

/* Small heaps are full most of the time, larger ones seldom. */
KN_TEST_LOOP(special_compact_model, agrees_with_a_plain_list_of_blocks, 0, KINDS * 3)
{
    static const size_t sizes[] = {1024, 16384, 65536};
    const char *wish = getenv("KNOLL_TEST_OPS");
    unsigned steps = wish != NULL ? (unsigned)strtoul(wish, NULL, 10) : STEPS;

    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    run(_i % KINDS, sizes[_i / KINDS], steps);
}

KN_TEST_LOOP(special_compact_model, agrees_in_heaps_of_any_size, 0, KINDS)
{
    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    for (unsigned i = 0; i < 60; i++)
        run(_i, kn_align_down(1024 + kn_rng_below(&rng, 20000), KNOLL_COMPACT_ALIGN), 200);
}
