/* Free ranges against an array that says of each unit whether it is free. */
#include "harness.h"
#include "require.h"

#include "base/rng.h"
#include "os/range_list.h"

#include <errno.h>
#include <string.h>

enum { UNIT = KN_RANGE_UNIT_BYTES, UNITS = 256, STEPS = 200000 };

static _Alignas(UNITS *UNIT) char memory[UNITS * UNIT];
static bool is_free[UNITS];
static struct kn_range_list list;
static struct kn_rng rng;

static bool is_run(size_t first, size_t units, bool value)
{
    for (size_t i = first; i < first + units; i++)
        if (i >= UNITS || is_free[i] != value)
            return false;
    return true;
}

static void set_run(size_t first, size_t units, bool value)
{
    memset(is_free + first, value, units);
    /* Whoever has memory writes to all of it. */
    if (!value)
        memset(memory + first * UNIT, 0x5a, units * UNIT);
}

static void step_give(size_t first, size_t units)
{
    bool has_free = false;
    for (size_t i = first; i < first + units; i++)
        has_free = has_free || is_free[i];
    int error = kn_range_list_give(&list, memory + first * UNIT, units * UNIT);
    kn_require(error == (has_free ? EINVAL : 0));
    if (error == 0)
        set_run(first, units, true);
}

static void step_take(size_t units, size_t align)
{
    size_t first = 0;
    while (first < UNITS && !is_run(first, units, true))
        first += align;
    char *taken = kn_range_list_take(&list, units * UNIT, align * UNIT);
    kn_require(taken == (first < UNITS ? memory + first * UNIT : NULL));
    if (taken != NULL)
        set_run(first, units, false);
}

static void step_take_at(size_t first, size_t units)
{
    int error = kn_range_list_take_at(&list, memory + first * UNIT, units * UNIT);
    kn_require(error == (is_run(first, units, true) ? 0 : ENOMEM));
    if (error == 0)
        set_run(first, units, false);
}

KN_TEST(range_list_model, agrees_with_an_array_of_units)
{
    kn_rng_seed(&rng, kn_test_seed());
    kn_range_list_init(&list);
    for (int step = 0; step < STEPS; step++) {
        size_t first = (size_t)kn_rng_below(&rng, UNITS);
        size_t units = (size_t)kn_rng_range(&rng, 1, kn_rng_below(&rng, 8) == 0 ? UNITS : 12);
        if (units > UNITS - first)
            units = UNITS - first;
        switch (kn_rng_below(&rng, 5)) {
        case 0:
        case 1:
            step_give(first, units);
            break;
        case 2:
            step_take_at(first, units);
            break;
        default:
            step_take(units, (size_t)1 << kn_rng_below(&rng, 6));
            break;
        }
        kn_require_sound(kn_range_list_check(&list, memory, memory + sizeof(memory)));
    }
}
