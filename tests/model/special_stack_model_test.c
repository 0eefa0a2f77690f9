/* Random sequences of all calls on a stack, plain and checked, against an array of the blocks. Blocks
 * are filled; the stack is checked after each step. The source fails now and then. */
#include "fake_source.h"
#include "model_run.h"
#include "require.h"

#include "base/rng.h"
#include "special/source.h"

#include <knoll/stack.h>

#include <string.h>

enum { BLOCKS_MAX = 400, POINTS_MAX = 50, BYTES_MAX = 700, STEPS = 10000 };

struct block {
    unsigned char *start;
    size_t bytes;
};

struct point {
    struct knoll_stack_moment point;
    size_t blocks;
};

static struct kn_fake_source fake;
static struct knoll_stack stack;
static struct kn_rng rng;
static struct block blocks[BLOCKS_MAX];
static struct point points[POINTS_MAX];
static size_t count, point_count;

static unsigned char filling(size_t index)
{
    return (unsigned char)(index * 37 + 1);
}

static void make(void)
{
    size_t bytes = kn_rng_below(&rng, kn_rng_below(&rng, 20) == 0 ? 20 * BYTES_MAX : BYTES_MAX);
    size_t align = kn_rng_below(&rng, 5) == 0 ? (size_t)1 << kn_rng_below(&rng, 10) : 16;
    if (count == BLOCKS_MAX)
        return;
    unsigned char *start = align == 16 ? knoll_stack_malloc(&stack, bytes)
                                       : knoll_stack_aligned_alloc(&stack, align, bytes);
    if (start == NULL)
        return;
    kn_require((uintptr_t)start % align == 0 && (uintptr_t)start % 16 == 0);
    memset(start, filling(count), bytes);
    blocks[count++] = (struct block){start, bytes};
}

static void require_intact(size_t from)
{
    for (size_t i = from; i < count; i++)
        for (size_t b = 0; b < blocks[i].bytes; b++)
            kn_require(blocks[i].start[b] == filling(i));
}

static void drop_points(void)
{
    while (point_count != 0 && points[point_count - 1].blocks > count)
        point_count--;
}

static void free_some(size_t most)
{
    for (size_t n = kn_rng_below(&rng, most); n != 0 && count != 0; n--) {
        require_intact(count - 1);
        knoll_stack_free(&stack, blocks[--count].start);
        drop_points();
    }
}

static void mark(void)
{
    if (point_count < POINTS_MAX)
        points[point_count++] = (struct point){knoll_stack_mark(&stack), count};
}

static void go_back(void)
{
    if (point_count == 0)
        return;
    point_count = kn_rng_below(&rng, point_count);
    knoll_stack_rewind(&stack, points[point_count].point);
    count = points[point_count].blocks;
}

static void step(void)
{
    switch (kn_rng_below(&rng, 64)) {
    case 0:
        go_back();
        break;
    case 1:
        (void)knoll_stack_trim(&stack);
        break;
    case 2:
        if (kn_rng_below(&rng, 8) == 0) {
            knoll_stack_reset(&stack);
            count = point_count = 0;
        }
        break;
    case 3:
        kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 1, kn_rng_below(&rng, 4));
        break;
    case 4:
    case 5:
        mark();
        break;
    case 6:
        free_some(60);
        break;
    default:
        if (kn_rng_below(&rng, 5) < 3)
            make();
        else
            free_some(3);
    }
}

KN_TEST_LOOP(special_stack_model, random_calls_agree_with_an_array, 0, 4)
{
    struct knoll_stack_options options = {.chunk_bytes = 4096, .is_checked = _i % 2 == 1};
    struct knoll_stack_stats stats;
    kn_rng_seed(&rng, kn_test_seed() + (unsigned)_i);
    kn_fake_source_init(&fake);
    kn_require(knoll_stack_init(&stack, kn_source_to_public(&fake.source), &options) == 0);
    for (uint64_t n = model_operations(STEPS); n != 0; n--) {
        step();
        kn_require_sound(knoll_stack_check(&stack));
        knoll_stack_stats_get(&stack, &stats);
        kn_require(stats.blocks == count);
        kn_require(stats.source_bytes == fake.held_bytes);
    }
    require_intact(0);
    knoll_stack_destroy(&stack);
    kn_fake_source_assert_all_released(&fake);
}
