#include "ds/ring.h"

#include "require.h"

static uintptr_t slots[8];
static struct kn_ring ring;

KN_TEST(ring, is_empty_when_initialised)
{
    uintptr_t word = 0;

    kn_ring_init(&ring, slots, 8);
    ck_assert(kn_ring_is_empty(&ring));
    ck_assert(!kn_ring_is_full(&ring));
    ck_assert_uint_eq(kn_ring_count(&ring), 0);
    ck_assert(!kn_ring_try_pop(&ring, &word));
    kn_require_sound(kn_ring_check(&ring));
}

KN_TEST(ring, gives_words_in_order_and_refuses_when_full)
{
    uintptr_t word = 0;

    kn_ring_init(&ring, slots, 8);
    for (uintptr_t i = 0; i < 8; i++)
        ck_assert(kn_ring_try_push(&ring, i + 10));
    ck_assert(kn_ring_is_full(&ring));
    ck_assert(!kn_ring_try_push(&ring, 99));
    for (uintptr_t i = 0; i < 8; i++)
        ck_assert_uint_eq(kn_ring_at(&ring, i), i + 10);
    for (uintptr_t i = 0; i < 8; i++) {
        ck_assert(kn_ring_try_pop(&ring, &word));
        ck_assert_uint_eq(word, i + 10);
    }
    ck_assert(kn_ring_is_empty(&ring));
}

KN_TEST(ring, works_with_a_single_slot)
{
    uintptr_t word = 0;

    kn_ring_init(&ring, slots, 1);
    ck_assert(kn_ring_try_push(&ring, 5));
    ck_assert(!kn_ring_try_push(&ring, 6));
    ck_assert(kn_ring_try_pop(&ring, &word));
    ck_assert_uint_eq(word, 5);
}

KN_TEST(ring, goes_on_when_its_counters_wrap_around)
{
    uintptr_t word = 0;

    kn_ring_init(&ring, slots, 8);
    ring.head = ring.tail = SIZE_MAX - 3;
    for (uintptr_t i = 0; i < 8; i++)
        ck_assert(kn_ring_try_push(&ring, i));
    ck_assert(kn_ring_is_full(&ring));
    kn_require_sound(kn_ring_check(&ring));
    ck_assert_uint_eq(kn_ring_at(&ring, 7), 7);
    for (uintptr_t i = 0; i < 8; i++) {
        ck_assert(kn_ring_try_pop(&ring, &word));
        ck_assert_uint_eq(word, i);
    }
    ck_assert(kn_ring_is_empty(&ring));
}

KN_TEST(ring, check_finds_impossible_counters)
{
    kn_ring_init(&ring, slots, 8);
    ring.head = 9;
    kn_require_fault(kn_ring_check(&ring), "more than");
    ring.capacity = 6;
    kn_require_fault(kn_ring_check(&ring), "power");
}
