/*
 * Stacks. The short ways are in <knoll/stack.h>.
 *
 * Layout      of a chunk; upright lines are multiples of 16:
 *
 *             |chunk ...|.. link| block ....... |   link| block | ... free ...      |
 *                     ^ base                            ^ end, when     limit ^
 *                                                         this one is free
 *             A link is the address of the block below, in the word before the block. The first of
 *             a chunk has the chunk's floor there, an odd address; the floor of no chunk is under
 *             all. With `end`, `limit` and `base` 8 beyond a multiple of 16, a block that follows
 *             another is aligned, and sizes of 16 n + 8 waste nothing.
 * Checked     stacks show the short ways a full chunk, so that all calls come here. The state has the
 *             true top; a block has 16 bytes more before its link, its size and a
 *             number that no other block ever has, and at least 8 bytes behind it of one value.
 */
#include "base/align.h"
#include "base/bits.h"
#include "base/checked.h"
#include "special/misuse.h"
#include "special/source.h"

#include <knoll/stack.h>

#include <errno.h>
#include <stdint.h>
#include <string.h>

enum {
    UNIT = 16,
    LINK_BYTES = 8,
    EXTRA_BYTES = 16, /* before the link, if checked */
    GUARD_BYTES = 8,  /* behind the block, if checked */
    GUARD = 0xfd,
    FREED = 0xdd,
    CHUNK_BYTES = 65536,
};

/* No block is larger, so that sums of a few sizes do not overflow. */
#define BLOCK_BYTES_MAX (SIZE_MAX / 4)

struct chunk {
    struct chunk *older;
    size_t range_bytes;
    struct knoll_stack_top below; /* the top when this chunk became the newest */
};

struct state {
    struct kn_source *source;
    struct chunk *chunk; /* the newest */
    struct chunk *spare;
    size_t chunk_bytes;
    size_t max_bytes;
    size_t source_bytes;
    uintptr_t numbers; /* given to blocks so far, if checked */
    bool is_checked;
    struct knoll_stack_top checked_top;
};

KN_STATIC_ASSERT(sizeof(struct state) <= sizeof(((struct knoll_stack *)0)->opaque) &&
                     _Alignof(struct state) <= _Alignof(void *),
                 "the caller's storage can hold the state");

/* Before a checked block's link. */
struct extra {
    size_t bytes;
    uintptr_t number;
};

KN_STATIC_ASSERT(sizeof(struct extra) <= EXTRA_BYTES, "the extra bytes hold it");

/* What a mark's words are. */
struct mark {
    struct chunk *chunk;
    void *newest;
    char *end;
    uintptr_t number; /* of the newest block, if checked */
};

KN_STATIC_ASSERT(sizeof(struct mark) == sizeof(struct knoll_stack_moment), "one is the other");

static struct state *state_of(const struct knoll_stack *stack)
{
    return (struct state *)(void *)stack->opaque;
}

static struct knoll_stack_top *top_of(const struct knoll_stack *stack)
{
    struct state *state = state_of(stack);
    return state->is_checked ? &state->checked_top : (struct knoll_stack_top *)&stack->top;
}

static void *floor_of(const struct chunk *chunk)
{
    return (void *)((uintptr_t)chunk + 1);
}

/* Where the first block's link begins, at the earliest. */
static char *base_of(const struct chunk *chunk)
{
    uintptr_t behind = (uintptr_t)(chunk + 1) + LINK_BYTES;
    return (char *)kn_align_up(behind, UNIT) - LINK_BYTES;
}

static void *below(const void *block)
{
    return *(const knoll_stack_link *)(const void *)((const char *)block - sizeof(void *));
}

static struct extra *extra_of(const void *block)
{
    return (struct extra *)(void *)((char *)block - LINK_BYTES - EXTRA_BYTES);
}

/* ---- making and ending ---------------------------------------------------------------------- */

int knoll_stack_init(struct knoll_stack *stack, struct knoll_source *source,
                     const struct knoll_stack_options *options)
{
    static const struct knoll_stack_options usual;
    struct state *state = state_of(stack);
    if (options == NULL)
        options = &usual;
    if (options->chunk_bytes > PTRDIFF_MAX)
        return EINVAL;
    memset(stack, 0, sizeof(*stack));
    state->source = kn_source_of_public(source);
    state->chunk_bytes = options->chunk_bytes != 0 ? options->chunk_bytes : CHUNK_BYTES;
    state->max_bytes = options->max_bytes != 0 ? options->max_bytes : SIZE_MAX;
    state->is_checked = options->is_checked;
    stack->top.newest = state->checked_top.newest = floor_of(NULL);
    return 0;
}

static size_t release_chunk(struct state *state, struct chunk *chunk)
{
    size_t bytes = chunk != NULL ? chunk->range_bytes : 0;
    if (chunk != NULL)
        (void)kn_source_release(state->source, chunk, bytes);
    state->source_bytes -= bytes;
    return bytes;
}

/* Goes back to the chunk below, and keeps this one as the spare. */
static void drop_chunk(struct state *state, struct knoll_stack_top *top)
{
    struct chunk *chunk = state->chunk;
    if (state->is_checked)
        memset(base_of(chunk), FREED, (size_t)(top->end - base_of(chunk)));
    *top = chunk->below;
    state->chunk = chunk->older;
    (void)release_chunk(state, state->spare);
    state->spare = chunk;
}

size_t knoll_stack_trim(struct knoll_stack *stack)
{
    struct state *state = state_of(stack);
    struct knoll_stack_top *top = top_of(stack);
    size_t bytes = 0;
    while (state->chunk != NULL && top->newest == floor_of(state->chunk)) {
        bytes += release_chunk(state, state->spare);
        state->spare = NULL;
        drop_chunk(state, top);
    }
    bytes += release_chunk(state, state->spare);
    state->spare = NULL;
    return bytes;
}

void knoll_stack_reset(struct knoll_stack *stack)
{
    struct state *state = state_of(stack);
    while (state->chunk != NULL)
        drop_chunk(state, top_of(stack));
}

void knoll_stack_destroy(struct knoll_stack *stack)
{
    knoll_stack_reset(stack);
    (void)knoll_stack_trim(stack);
    memset(stack, 0, sizeof(*stack));
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* The spare chunk if it is large enough, else one from the source. */
static struct chunk *take_chunk(struct state *state, size_t bytes)
{
    struct kn_range range;
    struct chunk *chunk = state->spare;
    state->spare = NULL;
    if (chunk != NULL && chunk->range_bytes >= bytes)
        return chunk;
    (void)release_chunk(state, chunk);
    size_t part_bytes = kn_source_part_bytes(state->source);
    size_t room = state->max_bytes - state->source_bytes;
    if (part_bytes != 0)
        room = kn_align_down(room, part_bytes);
    size_t wanted = bytes < state->chunk_bytes ? state->chunk_bytes : bytes;
    if (wanted > room)
        wanted = room;
    if (wanted < bytes || kn_source_acquire(state->source, wanted, UNIT, &range) != 0)
        return NULL;
    if (range.bytes > room) {
        (void)kn_source_release(state->source, range.start, range.bytes);
        return NULL;
    }
    chunk = range.start;
    chunk->range_bytes = range.bytes;
    state->source_bytes += range.bytes;
    return chunk;
}

static KN_NODISCARD int grow(struct state *state, struct knoll_stack_top *top, size_t bytes)
{
    struct chunk *chunk = take_chunk(state, bytes);
    if (chunk == NULL)
        return ENOMEM;
    chunk->older = state->chunk;
    chunk->below = *top;
    state->chunk = chunk;
    top->newest = floor_of(chunk);
    top->end = base_of(chunk);
    uintptr_t end = (uintptr_t)chunk + chunk->range_bytes - LINK_BYTES;
    top->limit = (char *)kn_align_down(end, UNIT) + LINK_BYTES;
    return 0;
}

/* What lies before a block, from the end of the last one at the least. */
static size_t head_bytes(const struct state *state)
{
    return LINK_BYTES + (state->is_checked ? EXTRA_BYTES : 0);
}

/* The end of a block in the newest chunk; *block is where it begins. NULL if there is no room. */
static char *place(const struct state *state, const struct knoll_stack_top *top, size_t align,
                   size_t bytes, char **block)
{
    uintptr_t start = kn_align_up((uintptr_t)top->end + head_bytes(state), align);
    size_t guard = state->is_checked ? GUARD_BYTES : 0;
    uintptr_t end = kn_align_up(start + bytes + guard + LINK_BYTES, UNIT) - LINK_BYTES;
    *block = (char *)start;
    return state->chunk == NULL || end > (uintptr_t)top->limit ? NULL : (char *)end;
}

void *knoll_stack_aligned_alloc(struct knoll_stack *stack, size_t align, size_t bytes)
{
    struct state *state = state_of(stack);
    struct knoll_stack_top *top = top_of(stack);
    char *block;
    if (!kn_is_power_of_two(align)) {
        errno = EINVAL;
        return NULL;
    }
    if (align < UNIT)
        align = UNIT;
    if (align > BLOCK_BYTES_MAX || bytes > BLOCK_BYTES_MAX) {
        errno = ENOMEM;
        return NULL;
    }
    char *end = place(state, top, align, bytes, &block);
    if (end == NULL) {
        size_t most = sizeof(struct chunk) + head_bytes(state) + GUARD_BYTES + 4 * UNIT;
        if (grow(state, top, most + align + bytes) != 0) {
            errno = ENOMEM;
            return NULL;
        }
        end = place(state, top, align, bytes, &block);
    }
    if (state->is_checked) {
        *extra_of(block) = (struct extra){bytes, ++state->numbers};
        memset(block + bytes, GUARD, (size_t)(end - block) - bytes);
    }
    *(knoll_stack_link *)(void *)(block - sizeof(void *)) = top->newest;
    top->newest = block;
    top->end = end;
    return block;
}

/* Whether all is as it was behind a block, which reaches to `end` at least. */
static bool is_guarded(const void *block)
{
    const unsigned char *guard = (const unsigned char *)block + extra_of(block)->bytes;
    for (size_t i = 0; i < GUARD_BYTES; i++)
        if (guard[i] != GUARD)
            return false;
    return true;
}

/* ---- going through the blocks --------------------------------------------------------------- */

/* Where a walk from the newest block downwards is. */
struct walk {
    const struct chunk *chunk;
    void *block;
};

/* Passes the floors of chunks. NULL at the end. */
static void *settle(struct walk *walk)
{
    while (walk->block == floor_of(walk->chunk)) {
        if (walk->chunk == NULL)
            return NULL;
        walk->block = walk->chunk->below.newest;
        walk->chunk = walk->chunk->older;
    }
    return walk->block;
}

static void *walk_first(const struct knoll_stack *stack, struct walk *walk)
{
    *walk = (struct walk){state_of(stack)->chunk, top_of(stack)->newest};
    return settle(walk);
}

static void *walk_next(struct walk *walk)
{
    walk->block = below(walk->block);
    return settle(walk);
}

static bool is_block(const struct knoll_stack *stack, const void *address, uintptr_t number)
{
    struct walk walk;
    for (void *block = walk_first(stack, &walk); block != NULL; block = walk_next(&walk))
        if (block == address)
            return number == 0 || extra_of(block)->number == number;
    return false;
}

/* ---- freeing -------------------------------------------------------------------------------- */

void knoll_stack_free_slow(struct knoll_stack *stack, void *block)
{
    static const char call[] = "knoll_stack_free";
    struct state *state = state_of(stack);
    struct knoll_stack_top *top = top_of(stack);
    if (block == NULL)
        return;
    while (state->chunk != NULL && top->newest == floor_of(state->chunk))
        drop_chunk(state, top);
    if (block != top->newest) {
        kn_special_misuse("stack", call, block,
                          is_block(stack, block, 0) ? "out of order: not the newest block"
                                                    : "not a block of this stack, or free already");
        return;
    }
    if (state->is_checked && !is_guarded(block)) {
        kn_special_misuse("stack", call, block, "something was written beyond the block's end");
        return;
    }
    char *end = top->end;
    top->newest = below(block);
    top->end = (char *)block - head_bytes(state);
    if (state->is_checked)
        memset(top->end, FREED, (size_t)(end - top->end));
}

/* Chunks without blocks are passed over: they may be given back, and the mark remain. */
struct knoll_stack_moment knoll_stack_mark(const struct knoll_stack *stack)
{
    const struct knoll_stack_top *top = top_of(stack);
    struct chunk *chunk = state_of(stack)->chunk;
    struct knoll_stack_moment result;
    for (; chunk != NULL && top->newest == floor_of(chunk); chunk = chunk->older)
        top = &chunk->below;
    struct mark mark = {chunk, top->newest, top->end, 0};
    if (state_of(stack)->is_checked && chunk != NULL)
        mark.number = extra_of(top->newest)->number;
    memcpy(&result, &mark, sizeof(result));
    return result;
}

/* NULL, or why a mark has ended. */
static const char *judge_mark(const struct knoll_stack *stack, const struct mark *mark)
{
    const struct chunk *chunk = state_of(stack)->chunk;
    const struct knoll_stack_top *top = top_of(stack);
    for (; chunk != mark->chunk; chunk = chunk->older) {
        if (chunk == NULL)
            return "the mark lies above the stack's end";
        top = &chunk->below;
    }
    if ((uintptr_t)mark->end > (uintptr_t)top->end)
        return "the mark lies above the stack's end";
    if (mark->number != 0 && !is_block(stack, mark->newest, mark->number))
        return "the mark has ended: a block below it has been freed";
    return NULL;
}

void knoll_stack_rewind(struct knoll_stack *stack, struct knoll_stack_moment to)
{
    struct state *state = state_of(stack);
    struct knoll_stack_top *top = top_of(stack);
    struct mark mark;
    memcpy(&mark, &to, sizeof(mark));
    const char *fault = judge_mark(stack, &mark);
    if (fault != NULL) {
        kn_special_misuse("stack", "knoll_stack_rewind", mark.end, fault);
        return;
    }
    while (state->chunk != mark.chunk)
        drop_chunk(state, top);
    if (state->is_checked && mark.chunk != NULL)
        memset(mark.end, FREED, (size_t)(top->end - mark.end));
    top->newest = mark.newest;
    top->end = mark.end;
}

/* ---- reports -------------------------------------------------------------------------------- */

void knoll_stack_stats_get(const struct knoll_stack *stack, struct knoll_stack_stats *stats)
{
    const struct state *state = state_of(stack);
    const char *end = top_of(stack)->end;
    struct walk walk;
    *stats = (struct knoll_stack_stats){.chunks = state->spare != NULL,
                                        .source_bytes = state->source_bytes};
    for (const struct chunk *chunk = state->chunk; chunk != NULL; chunk = chunk->older) {
        stats->chunks++;
        stats->used_bytes += (size_t)(end - base_of(chunk));
        end = chunk->below.end;
    }
    for (void *block = walk_first(stack, &walk); block != NULL; block = walk_next(&walk))
        stats->blocks++;
}

/* The blocks of one chunk, from `newest` down. */
static const char *check_chunk(const struct state *state, const struct chunk *chunk,
                               const struct knoll_stack_top *top)
{
    uintptr_t above = (uintptr_t)top->end;
    if (above > (uintptr_t)top->limit || above < (uintptr_t)base_of(chunk) ||
        (above + LINK_BYTES) % UNIT != 0)
        return "the end of the newest block is not in its chunk";
    for (void *block = top->newest; block != floor_of(chunk); block = below(block)) {
        uintptr_t start = (uintptr_t)block;
        if (start % UNIT != 0 || start > above ||
            start < (uintptr_t)base_of(chunk) + head_bytes(state))
            return "a link does not lead to a block below: it was written to";
        above = start - head_bytes(state);
        if (state->is_checked && !is_guarded(block))
            return "something was written beyond a block's end";
    }
    return NULL;
}

const char *knoll_stack_check(const struct knoll_stack *stack)
{
    const struct state *state = state_of(stack);
    const struct knoll_stack_top *top = top_of(stack);
    size_t source_bytes = state->spare != NULL ? state->spare->range_bytes : 0;
    for (const struct chunk *chunk = state->chunk; chunk != NULL; chunk = chunk->older) {
        const char *fault = check_chunk(state, chunk, top);
        if (fault != NULL)
            return fault;
        source_bytes += chunk->range_bytes;
        top = &chunk->below;
    }
    if (top->newest != floor_of(NULL))
        return "there is a block without a chunk";
    return source_bytes == state->source_bytes ? NULL : "the chunks do not add up";
}
