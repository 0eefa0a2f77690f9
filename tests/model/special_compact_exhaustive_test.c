/* Compact heaps so small that all sequences of calls up to a length can be tried: each step is made
 * from a copy of the heap before it. */
#include <knoll/compact.h>

#include "require.h"

enum { BYTES_MAX = 1024, DEPTH = 7, KINDS = 3, SIZES = 3 };

/* Two, three and five units with the tag, on machines with 64 bits. */
static const size_t sizes[SIZES] = {24, 40, 72};

static _Alignas(64) unsigned char room[BYTES_MAX];
static struct knoll_compact heap;
static unsigned long states;

struct state {
    unsigned char copy[BYTES_MAX];
    unsigned char *blocks[DEPTH];
    unsigned count;
};

static struct state stack[DEPTH + 1];

static size_t heap_bytes;

static void require_sound(const struct state *state)
{
    states++;
    kn_require_sound(knoll_compact_check(&heap));
    for (unsigned i = 0; i < state->count; i++) {
        size_t bytes = knoll_compact_usable_size(&heap, state->blocks[i]);

        for (unsigned k = 0; k < state->count; k++)
            kn_require(k == i || state->blocks[k] >= state->blocks[i] + bytes ||
                       state->blocks[k] < state->blocks[i]);
    }
}

static void explore(unsigned depth);

/* The state that follows the one at `depth`, to be changed by one call. */
static struct state *next_state(unsigned depth)
{
    stack[depth + 1].count = stack[depth].count;
    memcpy(stack[depth + 1].blocks, stack[depth].blocks, sizeof(stack[depth].blocks));
    memcpy(room, stack[depth].copy, heap_bytes);
    return &stack[depth + 1];
}

static void go_on(unsigned depth, struct state *state)
{
    require_sound(state);
    memcpy(state->copy, room, heap_bytes);
    explore(depth + 1);
}

static void explore(unsigned depth)
{
    if (depth == DEPTH)
        return;
    for (unsigned i = 0; i < SIZES; i++) {
        struct state *state = next_state(depth);
        unsigned char *p = knoll_compact_malloc(&heap, sizes[i]);

        if (p == NULL)
            continue;
        state->blocks[state->count++] = p;
        go_on(depth, state);
    }
    for (unsigned i = 0; i < stack[depth].count; i++) {
        struct state *state = next_state(depth);

        knoll_compact_free(&heap, state->blocks[i]);
        state->blocks[i] = state->blocks[--state->count];
        go_on(depth, state);
        for (unsigned k = 0; k < SIZES; k += 2) {
            unsigned char *p;

            state = next_state(depth);
            p = knoll_compact_realloc(&heap, state->blocks[i], sizes[k]);
            if (p == NULL)
                continue;
            state->blocks[i] = p;
            go_on(depth, state);
        }
    }
}

KN_TEST_LOOP(special_compact_exhaustive, all_short_sequences_keep_small_heaps_sound, 0, KINDS)
{
    const struct knoll_compact_index *(*const indexes[KINDS])(void) = {
        knoll_compact_first_fit, knoll_compact_tlsf, knoll_compact_best_fit};
    struct knoll_compact_stats stats;

    /* Room for eleven of the smallest blocks, so that most sequences meet a full heap. */
    heap_bytes = 0;
    do {
        heap_bytes += KNOLL_COMPACT_ALIGN;
        kn_require(heap_bytes <= BYTES_MAX);
        stats.free_bytes = 0;
        if (knoll_compact_create(&heap, room, heap_bytes, indexes[_i]()) == KNOLL_COMPACT_OK)
            knoll_compact_stats_get(&heap, &stats);
    } while (stats.free_bytes < 11 * 2 * KNOLL_COMPACT_ALIGN - 8);
    memcpy(stack[0].copy, room, heap_bytes);
    explore(0);
    kn_require(states > 10000);
}
