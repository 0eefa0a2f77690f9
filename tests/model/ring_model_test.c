/* A ring against an array that keeps everything ever pushed. */
#include "ds/ring.h"

#include "base/rng.h"
#include "require.h"

enum { CAPACITY = 32, STEPS = 50000 };

static uintptr_t slots[CAPACITY];
static uintptr_t history[STEPS];

KN_TEST(ring_model, agrees_with_an_array)
{
    struct kn_ring ring;
    struct kn_rng rng;
    size_t pushed = 0, popped = 0;

    kn_rng_seed(&rng, kn_test_seed());
    kn_ring_init(&ring, slots, CAPACITY);
    ring.head = ring.tail = SIZE_MAX - STEPS / 8;
    for (unsigned step = 0; step < STEPS; step++) {
        uintptr_t word = (uintptr_t)kn_rng_next(&rng);

        if (kn_rng_below(&rng, 100) < (step / 500 % 2 ? 60 : 40)) {
            kn_require(kn_ring_try_push(&ring, word) == (pushed - popped < CAPACITY));
            if (pushed - popped < CAPACITY)
                history[pushed++] = word;
        } else if (kn_ring_try_pop(&ring, &word)) {
            kn_require(popped < pushed && word == history[popped]);
            popped++;
        } else {
            kn_require(popped == pushed);
        }
        kn_require_sound(kn_ring_check(&ring));
        kn_require(kn_ring_count(&ring) == pushed - popped);
        kn_require(kn_ring_is_empty(&ring) == (pushed == popped));
        kn_require(kn_ring_is_full(&ring) == (pushed - popped == CAPACITY));
        for (size_t i = 0; i < pushed - popped; i++)
            kn_require(kn_ring_at(&ring, i) == history[popped + i]);
    }
}
