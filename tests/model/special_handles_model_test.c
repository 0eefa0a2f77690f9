/* The handle heap under random calls, right and wrong ones: every block keeps its contents wherever it
 * is moved, locked ones stay, bounds are kept, and wrong handles are found. */
#include "base/rng.h"
#include "fake_source.h"
#include "require.h"
#include "special/source.h"

#include <errno.h>
#include <stdlib.h>

#include <knoll/handles.h>

enum { BLOCKS = 400, OLD_HANDLES = 64 };

struct block {
    knoll_handle handle; /* 0: none */
    size_t bytes;
    unsigned char pattern;
    unsigned locks;
    unsigned char *address; /* while locked */
};

static struct knoll_handles *heap;
static struct kn_rng rng;
static struct block blocks[BLOCKS];
static size_t block_count; /* how many of them are made use of */
static size_t largest_bytes;
static knoll_handle old_handles[OLD_HANDLES];
static bool is_limited_by_source; /* memory may be short even if there is room */
static unsigned misuses;

static void count_misuse(const struct knoll_misuse *misuse, void *arg)
{
    (void)misuse;
    (void)arg;
    misuses++;
}

static size_t below(size_t limit)
{
    return (size_t)kn_rng_below(&rng, limit);
}

/* Small ones mostly. */
static size_t random_bytes(void)
{
    return below(1 + below(1 + below(largest_bytes)));
}

static struct knoll_handles_stats stats_now(void)
{
    struct knoll_handles_stats stats;

    knoll_handles_stats_get(heap, &stats);
    return stats;
}

/* ---- contents --------------------------------------------------------------------------------- */

static unsigned char byte_at(const struct block *block, size_t at)
{
    return (unsigned char)(block->pattern + at * 3);
}

static void fill(const struct block *block, unsigned char *bytes, size_t from)
{
    for (size_t i = from; i < block->bytes; i++)
        bytes[i] = byte_at(block, i);
}

static void require_filled(const struct block *block, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kn_require(bytes[i] == byte_at(block, i));
}

static void require_intact(const struct block *block, size_t bytes)
{
    unsigned char *address = knoll_handles_lock(heap, block->handle);

    kn_require(address != NULL && (uintptr_t)address % 16 == 0);
    kn_require(block->locks == 0 || address == block->address);
    require_filled(block, address, bytes);
    knoll_handles_unlock(heap, block->handle);
}

/* ---- calls that are right --------------------------------------------------------------------- */

static void start_block(struct block *block, knoll_handle handle, size_t bytes)
{
    *block = (struct block){.handle = handle, .bytes = bytes, .pattern = (unsigned char)below(256)};
    kn_require(knoll_handles_size(heap, handle) == bytes);
    fill(block, knoll_handles_lock(heap, handle), 0);
    knoll_handles_unlock(heap, handle);
}

static void do_alloc(struct block *block)
{
    size_t bytes = random_bytes();
    size_t largest = stats_now().largest_free_bytes;
    knoll_handle handle;

    errno = 0;
    handle = knoll_handles_alloc(heap, bytes);
    kn_require(errno == (handle == 0 ? ENOMEM : 0));
    /* A block of no bytes takes as much as one of a unit. */
    if (!is_limited_by_source)
        kn_require((handle != 0) == ((bytes == 0 ? 1 : bytes) <= largest));
    if (handle != 0)
        start_block(block, handle, bytes);
}

static void do_alloc_compacting(struct block *block)
{
    size_t bytes = random_bytes();
    struct knoll_handles_stats before = stats_now();
    knoll_handle handle = knoll_handles_alloc_compacting(heap, bytes);

    if (handle != 0) {
        start_block(block, handle, bytes);
        return;
    }
    /* It fails only where memory is short, or locked blocks are in the way. */
    if (!is_limited_by_source && before.locked_blocks == 0)
        kn_require(bytes + 64 > before.hole_bytes + before.tail_bytes);
}

static void do_free(struct block *block)
{
    require_intact(block, block->bytes);
    if (block->locks != 0) {
        misuses = 0;
        knoll_handles_free(heap, block->handle);
        kn_require(misuses == 1);
        return;
    }
    knoll_handles_free(heap, block->handle);
    old_handles[below(OLD_HANDLES)] = block->handle;
    block->handle = 0;
}

static void do_resize(struct block *block)
{
    size_t bytes = below(4) == 0 ? block->bytes + below(64) : random_bytes();
    size_t kept = bytes < block->bytes ? bytes : block->bytes;
    int error = knoll_handles_resize(heap, block->handle, bytes);

    kn_require(error == 0 || (error == ENOMEM && bytes > block->bytes));
    if (error != 0) {
        require_intact(block, block->bytes);
        return;
    }
    block->bytes = bytes;
    require_intact(block, kept);
    fill(block, knoll_handles_lock(heap, block->handle), kept);
    knoll_handles_unlock(heap, block->handle);
    kn_require(knoll_handles_size(heap, block->handle) == bytes);
}

static void do_lock(struct block *block)
{
    unsigned char *address = knoll_handles_lock(heap, block->handle);

    kn_require(block->locks == 0 || address == block->address);
    block->address = address;
    block->locks++;
}

static void do_unlock(struct block *block)
{
    misuses = 0;
    knoll_handles_unlock(heap, block->handle);
    kn_require(misuses == (block->locks == 0));
    if (block->locks != 0)
        block->locks--;
}

static void do_compact(void)
{
    static const size_t limits[] = {0, 1, 40, 100, 1000, 20000, SIZE_MAX};
    size_t max_bytes = limits[below(sizeof(limits) / sizeof(limits[0]))];
    size_t max_steps = limits[below(sizeof(limits) / sizeof(limits[0]))];
    struct knoll_handles_progress progress;
    struct knoll_handles_stats before = stats_now();
    bool has_more = knoll_handles_compact(heap, max_bytes, max_steps, &progress);
    struct knoll_handles_stats after = stats_now();

    kn_require(progress.moved_bytes <= max_bytes);
    kn_require(progress.steps <= (max_steps == 0 ? 1 : max_steps));
    kn_require(after.moved_blocks - before.moved_blocks == progress.moved_blocks);
    kn_require(after.moved_bytes - before.moved_bytes == progress.moved_bytes);
    kn_require(after.hole_bytes + after.tail_bytes == before.hole_bytes + before.tail_bytes);
    kn_require(after.tail_bytes >= before.tail_bytes);
    if (has_more)
        return;
    kn_require(!knoll_handles_compact(heap, max_bytes, SIZE_MAX, &progress));
    kn_require(progress.moved_blocks == 0);
    if (max_bytes == SIZE_MAX && after.locked_blocks == 0)
        kn_require(after.holes == 0 && after.fragmentation_percent == 0);
}

/* ---- calls that are wrong --------------------------------------------------------------------- */

static bool is_live(knoll_handle handle)
{
    for (size_t i = 0; i < block_count; i++)
        if (blocks[i].handle == handle)
            return true;
    return false;
}

static void do_wrong(void)
{
    knoll_handle handle = below(2) == 0 ? old_handles[below(OLD_HANDLES)] : kn_rng_next(&rng);

    if (handle == 0 || is_live(handle))
        return;
    misuses = 0;
    kn_require(!knoll_handles_is_valid(heap, handle) && misuses == 0);
    kn_require(knoll_handles_lock(heap, handle) == NULL && misuses == 1);
    knoll_handles_unlock(heap, handle);
    kn_require(misuses == 2);
    kn_require(knoll_handles_resize(heap, handle, 1) == EINVAL && misuses == 3);
    kn_require(knoll_handles_size(heap, handle) == 0 && misuses == 4);
    knoll_handles_free(heap, handle);
    kn_require(misuses == 5);
}

/* ---- runs ------------------------------------------------------------------------------------- */

static void random_call(bool is_filling)
{
    struct block *block = &blocks[below(block_count)];

    switch (below(16)) {
    case 0:
        do_compact();
        return;
    case 1:
        do_wrong();
        return;
    case 2:
        (void)knoll_handles_trim(heap);
        return;
    default:
        break;
    }
    if (block->handle == 0) {
        if (!is_filling && below(4) != 0)
            return;
        if (below(8) == 0)
            do_alloc_compacting(block);
        else
            do_alloc(block);
        return;
    }
    switch (below(is_filling ? 12 : 8)) {
    case 0:
        do_lock(block);
        break;
    case 1:
    case 2:
        do_unlock(block);
        break;
    case 3:
        do_resize(block);
        break;
    case 4:
    case 5:
    case 6:
        do_free(block);
        break;
    default:
        require_intact(block, block->bytes);
    }
}

static int find_block(const struct knoll_handles_block *block, void *arg)
{
    size_t *found = arg;

    for (size_t i = 0; i < block_count; i++)
        if (blocks[i].handle != 0 && blocks[i].handle == block->handle) {
            kn_require(blocks[i].bytes == block->bytes && blocks[i].locks == block->locks);
            require_filled(&blocks[i], block->address, block->bytes);
            ++*found;
        }
    return 0;
}

static void compare_all(void)
{
    struct knoll_handles_stats stats = stats_now();
    size_t count = 0;
    size_t locked = 0;
    size_t bytes = 0;
    size_t found = 0;

    for (size_t i = 0; i < block_count; i++) {
        if (blocks[i].handle == 0)
            continue;
        count++;
        locked += blocks[i].locks != 0;
        bytes += blocks[i].bytes;
    }
    kn_require(stats.blocks == count && stats.locked_blocks == locked && stats.used_bytes == bytes);
    kn_require(stats.used_bytes + stats.hole_bytes + stats.tail_bytes + stats.record_bytes ==
               stats.range_bytes);
    kn_require(knoll_handles_walk(heap, find_block, &found) == 0);
    kn_require(found == count);
}

static void run(size_t calls, size_t count, size_t largest)
{
    knoll_special_on_misuse(count_misuse, NULL);
    memset(blocks, 0, sizeof(blocks));
    block_count = count;
    largest_bytes = largest;
    for (size_t call = 0; call < calls; call++) {
        random_call(call / 1000 % 3 != 2);
        kn_require_sound(knoll_handles_check(heap));
        if (call % 64 == 0)
            compare_all();
    }
    for (size_t i = 0; i < block_count; i++) {
        while (blocks[i].locks != 0)
            do_unlock(&blocks[i]);
        if (blocks[i].handle != 0)
            do_free(&blocks[i]);
    }
    kn_require_sound(knoll_handles_check(heap));
    kn_require(stats_now().holes == 0 && stats_now().blocks == 0);
}

/* A buffer of `bytes` at an odd address, with guards around it. */
static void run_in_buffer(size_t bytes, size_t calls, size_t count, size_t largest)
{
    unsigned char *buffer = malloc(bytes + 34);

    memset(buffer, 0xd7, bytes + 34);
    heap = knoll_handles_init(buffer + 17, bytes);
    kn_require(heap != NULL);
    is_limited_by_source = false;
    run(calls, count, largest);
    knoll_handles_delete(heap);
    for (size_t i = 0; i < 17; i++)
        kn_require(buffer[i] == 0xd7 && buffer[17 + bytes + i] == 0xd7);
    free(buffer);
}

static const struct {
    size_t bytes, count, largest;
} shapes[] = {{400, 4, 40},       {1024, 12, 100},     {4096, 60, 200},      {16384, 100, 1000},
              {65536, 300, 1500}, {200000, 400, 3000}, {200000, 100, 40000}, {20000, 400, 60}};

enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

KN_TEST_LOOP(special_handles_model, keeps_all_blocks_in_a_buffer, 0, SHAPES)
{
    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    run_in_buffer(shapes[_i].bytes, 12000, shapes[_i].count, shapes[_i].largest);
}

KN_TEST_SLOW(special_handles_model, keeps_all_blocks_for_long, 240)
{
    kn_rng_seed(&rng, kn_test_seed() ^ UINT64_C(0x5eed));
    for (size_t i = 0; i < SHAPES; i++)
        run_in_buffer(shapes[i].bytes + below(64), 100000, shapes[i].count, shapes[i].largest);
}

/* Committing fails now and then. */
KN_TEST_LOOP(special_handles_model, keeps_all_blocks_over_a_source_that_fails, 0, 4)
{
    static struct kn_fake_source fake;

    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    kn_fake_source_init(&fake);
    heap = knoll_handles_new(kn_source_to_public(&fake.source), (size_t)1 << 20);
    kn_require(heap != NULL);
    is_limited_by_source = true;
    kn_fake_source_fail(&fake, KN_FAKE_COMMIT, 2 + (size_t)_i, 40);
    run(8000, BLOCKS, 8000);
    knoll_handles_delete(heap);
    kn_fake_source_assert_all_released(&fake);
}
