/* The public buddy against a plain reference: small ones in all states that any sequence of calls
 * leads to, larger ones by random sequences with filled blocks. */
#include "base/rng.h"
#include "buddy_reference.h"
#include "require.h"

#include <stdint.h>
#include <stdlib.h>

/* ---- all states of small ones ----------------------------------------------------------------- */

enum { MIN_ORDER = 4, SMALL_UNITS = 13, RECORDS_BYTES = 4096 };

static _Alignas(8) unsigned char records[RECORDS_BYTES];
static size_t records_bytes;
static struct knoll_buddy *buddy;

/* A state that was reached: the reference's view, and the records to go back to. */
struct state {
    signed char height[SMALL_UNITS];
    unsigned char records[];
};

static struct kn_buddy_reference reference;
static struct state **states; /* in the order found: those before `explored` are done */
static size_t state_count, state_room;
static uint32_t *index_of; /* 1 + number of a state, by the hash of its heights */
static size_t index_room;

static size_t hash_of(const signed char *height)
{
    uint64_t hash = 0;

    for (size_t i = 0; i < reference.units; i++)
        hash = (hash ^ (unsigned char)height[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 20);
}

static void remember(void)
{
    size_t at = hash_of(reference.height) % index_room;

    for (; index_of[at] != 0; at = (at + 1) % index_room)
        if (memcmp(states[index_of[at] - 1]->height, reference.height, reference.units) == 0)
            return;
    kn_require(state_count < state_room);
    states[state_count] = malloc(sizeof(struct state) + records_bytes);
    memcpy(states[state_count]->height, reference.height, reference.units);
    memcpy(states[state_count]->records, records, records_bytes);
    index_of[at] = (uint32_t)++state_count;
}

static void go_back_to(const struct state *state)
{
    memcpy(reference.height, state->height, reference.units);
    memcpy(records, state->records, records_bytes);
}

/* The outcome must be the one of the reference, to the byte. */
static void compare(void)
{
    kn_buddy_reference_compare(&reference, buddy, MIN_ORDER);
    remember();
}

static void try_alloc(unsigned height, unsigned align_height)
{
    size_t unit = kn_buddy_reference_alloc(&reference, height, align_height);
    size_t offset = knoll_buddy_alloc_offset(buddy, (size_t)1 << (MIN_ORDER + height),
                                             (size_t)1 << (MIN_ORDER + align_height));

    kn_require(offset == (unit == KN_BUDDY_REFERENCE_NONE ? KNOLL_BUDDY_NONE : unit << MIN_ORDER));
    compare();
}

static void try_all_of_block(const struct state *state, size_t unit)
{
    size_t offset = unit << MIN_ORDER;

    kn_require(knoll_buddy_size_offset(buddy, offset) == (size_t)1
                                                             << (MIN_ORDER + state->height[unit]));
    kn_buddy_reference_free(&reference, unit);
    knoll_buddy_free_offset(buddy, offset);
    compare();
    for (unsigned height = 0; height <= reference.max_height + 1; height++) {
        bool done;

        go_back_to(state);
        done = kn_buddy_reference_try_resize(&reference, unit, height);
        kn_require((knoll_buddy_resize_offset(buddy, offset, (size_t)1 << (MIN_ORDER + height)) ==
                    0) == done);
        compare();
    }
}

static void explore(const struct state *state)
{
    for (unsigned height = 0; height <= reference.max_height + 1; height++)
        for (unsigned align_height = height; align_height <= reference.max_height + 1;
             align_height++) {
            go_back_to(state);
            try_alloc(height, align_height);
        }
    for (size_t unit = 0; unit < reference.units; unit++) {
        go_back_to(state);
        if (state->height[unit] >= 0)
            try_all_of_block(state, unit);
        else
            kn_require(knoll_buddy_size_offset(buddy, unit << MIN_ORDER) == 0);
    }
}

/* How many states there are: of a block of 2^height units, it is used as a whole, or free as one, or
 * each half has a state of its own and not both are free as a whole. */
static size_t states_of_block(unsigned height)
{
    size_t half;

    if (height == 0)
        return 2;
    half = states_of_block(height - 1);
    return half * half - 1 + 2;
}

static size_t states_of_range(size_t units, unsigned max_height)
{
    size_t product = 1;

    while (units != 0) {
        unsigned height = max_height;

        while ((size_t)1 << height > units)
            height--;
        product *= states_of_block(height);
        units -= (size_t)1 << height;
    }
    return product;
}

static void explore_all(size_t units, unsigned max_height)
{
    records_bytes = knoll_buddy_state_bytes(units << MIN_ORDER, MIN_ORDER, MIN_ORDER + max_height);
    kn_require(records_bytes <= sizeof(records));
    buddy = knoll_buddy_init(records, records_bytes, NULL, units << MIN_ORDER, MIN_ORDER,
                             MIN_ORDER + max_height);
    kn_require(buddy != NULL);
    kn_buddy_reference_init(&reference, units, max_height);
    state_room = states_of_range(units, max_height);
    index_room = 2 * state_room + 1;
    states = calloc(state_room, sizeof(*states));
    index_of = calloc(index_room, sizeof(*index_of));
    state_count = 0;
    compare();
    for (size_t explored = 0; explored < state_count; explored++)
        explore(states[explored]);
    kn_require(state_count == state_room);
    while (state_count > 0)
        free(states[--state_count]);
    free(states);
    free(index_of);
}

KN_TEST(special_buddy_model, is_right_in_all_states_of_small_ranges)
{
    for (size_t units = 1; units <= 9; units++)
        for (unsigned max_height = 0; max_height <= 4; max_height++)
            explore_all(units, max_height);
}

KN_TEST_SLOW(special_buddy_model, is_right_in_all_states_of_larger_ranges, 240)
{
    for (size_t units = 10; units <= SMALL_UNITS; units++)
        for (unsigned max_height = 1; max_height <= 4; max_height++)
            explore_all(units, max_height);
}

/* ---- random sequences, by pointer, with filled blocks ------------------------------------------ */

enum { UNIT_BYTES = 1 << MIN_ORDER, STEPS = 8000, RANGE_ALIGN_HEIGHT = 9 };

static _Alignas(
    UNIT_BYTES << RANGE_ALIGN_HEIGHT) unsigned char range[KN_BUDDY_REFERENCE_UNITS * UNIT_BYTES];

static void fill(size_t unit, size_t from_bytes)
{
    size_t bytes = (size_t)UNIT_BYTES << reference.height[unit];

    for (size_t i = from_bytes; i < bytes; i++)
        range[unit * UNIT_BYTES + i] = (unsigned char)(unit * 7 + i);
}

static void require_filled(size_t unit, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        kn_require(range[unit * UNIT_BYTES + i] == (unsigned char)(unit * 7 + i));
}

static void random_alloc(struct kn_rng *rng)
{
    unsigned height = (unsigned)kn_rng_below(rng, 1 + kn_rng_below(rng, reference.max_height + 2));
    unsigned align_height = kn_rng_below(rng, 3) == 0 ? height + (unsigned)kn_rng_below(rng, 4) : 0;
    size_t bytes = ((size_t)UNIT_BYTES << height) -
                   (size_t)kn_rng_below(rng, height == 0 ? UNIT_BYTES : UNIT_BYTES / 2 << height);
    size_t unit;
    void *block;

    /* More than that the range itself is not aligned. */
    if (align_height > RANGE_ALIGN_HEIGHT)
        align_height = RANGE_ALIGN_HEIGHT;
    unit = kn_buddy_reference_alloc(&reference, height, align_height);
    block = knoll_buddy_alloc_aligned(buddy, (size_t)UNIT_BYTES << align_height, bytes);

    kn_require(block ==
               (unit == KN_BUDDY_REFERENCE_NONE ? NULL : (void *)&range[unit * UNIT_BYTES]));
    if (block != NULL)
        fill(unit, 0);
}

static void random_resize(struct kn_rng *rng, size_t unit)
{
    unsigned height = (unsigned)kn_rng_below(rng, reference.max_height + 2);
    size_t old_bytes = (size_t)UNIT_BYTES << reference.height[unit];
    size_t new_bytes = (size_t)UNIT_BYTES << height;
    bool done = kn_buddy_reference_try_resize(&reference, unit, height);

    kn_require((knoll_buddy_resize(buddy, &range[unit * UNIT_BYTES], new_bytes) == 0) == done);
    require_filled(unit, done && new_bytes < old_bytes ? new_bytes : old_bytes);
    if (done && new_bytes > old_bytes)
        fill(unit, old_bytes);
}

static void random_step(struct kn_rng *rng, size_t step)
{
    size_t unit = (size_t)kn_rng_below(rng, reference.units);
    bool is_filling = step / 500 % 2 == 0;

    if (reference.height[unit] < 0) {
        if (is_filling || kn_rng_below(rng, 4) == 0)
            random_alloc(rng);
    } else if (kn_rng_below(rng, 3) == 0) {
        random_resize(rng, unit);
    } else if (!is_filling || kn_rng_below(rng, 2) == 0) {
        require_filled(unit, (size_t)UNIT_BYTES << reference.height[unit]);
        kn_buddy_reference_free(&reference, unit);
        knoll_buddy_free(buddy, &range[unit * UNIT_BYTES]);
    }
}

static const size_t random_units[] = {1, 7, 33, 64, 65, 200, 511, KN_BUDDY_REFERENCE_UNITS};

KN_TEST_LOOP(special_buddy_model, agrees_with_the_reference_on_random_calls, 0,
             (int)(sizeof(random_units) / sizeof(random_units[0])))
{
    struct kn_rng rng;
    size_t units = random_units[_i];
    unsigned max_height;

    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    max_height = (unsigned)kn_rng_range(&rng, 2, 9);
    kn_buddy_reference_init(&reference, units, max_height);
    buddy = knoll_buddy_new(NULL, range, units * UNIT_BYTES + UNIT_BYTES / 2, MIN_ORDER,
                            MIN_ORDER + max_height);
    kn_require(buddy != NULL);
    for (size_t step = 0; step < STEPS; step++) {
        random_step(&rng, step);
        if (units <= 64 || step % 32 == 0)
            kn_buddy_reference_compare(&reference, buddy, MIN_ORDER);
    }
    knoll_buddy_reset(buddy);
    kn_buddy_reference_init(&reference, units, max_height);
    kn_buddy_reference_compare(&reference, buddy, MIN_ORDER);
    knoll_buddy_delete(buddy);
}
