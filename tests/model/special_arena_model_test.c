/*
 * Arenas against a naive reference: a list of the blocks that must be there, in the order in which
 * they were made, each filled with a value of its own. After each step the arena checks itself, and a
 * block chosen at random, or all of them now and then, must still be filled as it was.
 */
#include "fake_source.h"
#include "model_run.h"
#include "require.h"

#include "base/align.h"
#include "base/rng.h"
#include "special/source.h"

#include <knoll/arena.h>
#include <string.h>

enum { BLOCKS = 4096, MARKS = 64, STEPS = 4000, CLEANUPS = 256 };

struct block {
    unsigned char *start;
    size_t bytes;
    unsigned char fill;
};

struct mark {
    struct knoll_arena_moment mark;
    size_t blocks;
    size_t cleanups;
};

/* One arena and what it must hold. */
struct model {
    struct knoll_arena *arena;
    struct block blocks[BLOCKS];
    size_t block_count;
    struct mark marks[MARKS];
    size_t mark_count;
    bool *cleanups[CLEANUPS]; /* set by the call */
    size_t cleanup_count;
};

static struct kn_fake_source fake;
static struct model models[2]; /* a parent and its child */
static struct kn_rng rng;
static bool flags[2 * STEPS];
static size_t flags_used;

static size_t below(size_t limit)
{
    return (size_t)kn_rng_below(&rng, limit);
}

/* Mostly small, sometimes large for a chunk. */
static size_t random_bytes(void)
{
    size_t most = below(20) == 0 ? 30000 : below(4) == 0 ? 900 : 60;
    return below(most + 1);
}

static bool is_filled(const struct block *block)
{
    for (size_t i = 0; i < block->bytes; i++) {
        if (block->start[i] != block->fill)
            return false;
    }
    return true;
}

static void add_block(struct model *model, void *start, size_t bytes)
{
    kn_require(start != NULL && model->block_count < BLOCKS);
    struct block *block = &model->blocks[model->block_count++];
    *block = (struct block){start, bytes, (unsigned char)below(256)};
    memset(start, block->fill, bytes);
}

static void require_filled(const struct model *model, size_t from)
{
    for (size_t i = from; i < model->block_count; i++)
        kn_require(is_filled(&model->blocks[i]));
}

static void alloc(struct model *model)
{
    size_t bytes = random_bytes(), align = (size_t)1 << below(below(8) == 0 ? 13 : 5);
    void *start = knoll_arena_aligned_alloc(model->arena, align, bytes);
    kn_require((uintptr_t)start % align == 0);
    add_block(model, start, bytes);
}

static void alloc_zeroed(struct model *model)
{
    size_t bytes = random_bytes();
    unsigned char *start = knoll_arena_calloc(model->arena, bytes, 1);
    for (size_t i = 0; i < bytes; i++)
        kn_require(start[i] == 0);
    add_block(model, start, bytes);
}

/* The block made last more often than others. Blocks of before the newest mark stay as they are, for
 * rewinding brings them back. */
static void resize(struct model *model)
{
    size_t oldest = model->mark_count == 0 ? 0 : model->marks[model->mark_count - 1].blocks;
    if (model->block_count == oldest)
        return;
    size_t i = below(3) == 0 ? oldest + below(model->block_count - oldest) : model->block_count - 1;
    struct block old = model->blocks[i];
    size_t bytes = random_bytes();
    unsigned char *start = below(2) == 0
                               ? knoll_arena_expand(model->arena, old.start, old.bytes, bytes)
                               : knoll_arena_realloc(model->arena, old.start, old.bytes, bytes);
    if (start == NULL)
        return;
    old.start = start;
    old.bytes = old.bytes < bytes ? old.bytes : bytes;
    kn_require(is_filled(&old));
    model->blocks[i] = model->blocks[--model->block_count];
    add_block(model, start, bytes);
}

static void raise_flag(void *flag)
{
    kn_require(!*(bool *)flag);
    *(bool *)flag = true;
}

static void add_cleanup(struct model *model)
{
    if (model->cleanup_count == CLEANUPS)
        return;
    bool *flag = &flags[flags_used++];
    kn_require(knoll_arena_on_clean(model->arena, raise_flag, flag) != NULL);
    model->cleanups[model->cleanup_count++] = flag;
}

static void mark(struct model *model)
{
    if (model->mark_count == MARKS)
        return;
    model->marks[model->mark_count++] =
        (struct mark){knoll_arena_mark(model->arena), model->block_count, model->cleanup_count};
}

static void forget(struct model *model, size_t blocks, size_t cleanups)
{
    for (size_t i = 0; i < model->cleanup_count; i++)
        kn_require(*model->cleanups[i] == (i >= cleanups));
    model->block_count = blocks;
    model->cleanup_count = cleanups;
}

static void end_child(struct model *child)
{
    if (child->arena == NULL)
        return;
    forget(child, 0, 0);
    child->mark_count = 0;
    child->arena = NULL;
}

static void rewind_to(struct model *model, size_t i)
{
    const struct mark *to = &model->marks[i];
    knoll_arena_rewind(model->arena, to->mark);
    forget(model, to->blocks, to->cleanups);
    model->mark_count = i + 1;
}

static void reset(struct model *model)
{
    knoll_arena_reset(model->arena);
    forget(model, 0, 0);
    model->mark_count = 0;
    if (model == &models[0])
        end_child(&models[1]);
}

/* The child is made after every mark of the parent, which takes none while there is a child. */
static void toggle_child(void)
{
    struct model *parent = &models[0], *child = &models[1];
    if (child->arena == NULL) {
        child->arena = knoll_arena_new_child(parent->arena);
    } else if (below(2) == 0) {
        knoll_arena_destroy(child->arena);
        end_child(child);
    } else if (parent->block_count + child->block_count <= BLOCKS &&
               parent->cleanup_count + child->cleanup_count <= CLEANUPS) {
        kn_require(knoll_arena_adopt(parent->arena, child->arena) == 0);
        for (size_t i = 0; i < child->block_count; i++)
            parent->blocks[parent->block_count++] = child->blocks[i];
        for (size_t i = 0; i < child->cleanup_count; i++)
            parent->cleanups[parent->cleanup_count++] = child->cleanups[i];
        *child = (struct model){0};
    }
}

static void change_parent(struct model *parent)
{
    struct model *child = &models[1];
    size_t what = below(40);
    if (what == 0) {
        reset(parent);
    } else if (what < 4 && parent->mark_count != 0) {
        rewind_to(parent, below(parent->mark_count));
        end_child(child);
    } else if (what < 7 && child->arena == NULL) {
        mark(parent);
    } else if (what < 10) {
        toggle_child();
    } else if (what == 10) {
        knoll_arena_trim(parent->arena);
    }
}

static void change_child(struct model *child)
{
    size_t what = below(40);
    if (child->arena == NULL)
        return;
    if (what == 0)
        reset(child);
    else if (what < 4 && child->mark_count != 0)
        rewind_to(child, below(child->mark_count));
    else if (what < 8)
        mark(child);
}

static void step(struct model *model)
{
    size_t what = below(16);
    if (model->arena == NULL)
        return;
    if (model->block_count == BLOCKS)
        reset(model);
    else if (what < 7)
        alloc(model);
    else if (what < 9)
        alloc_zeroed(model);
    else if (what < 14)
        resize(model);
    else
        add_cleanup(model);
}

static void require_sound(size_t number)
{
    kn_require_sound(knoll_arena_check(models[0].arena));
    for (size_t i = 0; i < 2; i++) {
        const struct model *model = &models[i];
        if (number % 16 == 0)
            require_filled(model, 0);
        else if (model->block_count != 0)
            require_filled(model, model->block_count - 1);
    }
}

static void run(struct knoll_arena_options options, size_t steps)
{
    kn_fake_source_init(&fake);
    fake.is_zero = below(2) == 0;
    fake.is_whole_only = below(2) == 0;
    fake.room_bytes = below(2) * 40000;
    memset(models, 0, sizeof(models));
    memset(flags, 0, sizeof(flags));
    flags_used = 0;
    options.source = kn_source_to_public(&fake.source);
    models[0].arena = knoll_arena_new(&options);
    kn_require(models[0].arena != NULL);
    for (size_t number = 0; number < steps; number++) {
        change_parent(&models[0]);
        change_child(&models[1]);
        step(&models[below(2)]);
        require_sound(number);
    }
    knoll_arena_destroy(models[0].arena);
    for (size_t i = 0; i < 2; i++)
        forget(&models[i], 0, 0);
    kn_fake_source_assert_all_released(&fake);
}

KN_TEST_SLOW(special_arena_model, agrees_with_a_list_of_blocks, 60)
{
    kn_rng_seed(&rng, kn_test_seed());
    uint64_t runs = (model_operations(10 * STEPS) + STEPS - 1) / STEPS;
    for (uint64_t i = 0; i < runs; i++) {
        run((struct knoll_arena_options){.chunk_bytes = 512u << below(5),
                                         .chunk_bytes_max = 512u << below(8),
                                         .keep_chunks = below(5) - 1},
            STEPS);
    }
}
