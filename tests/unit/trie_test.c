#include "ds/trie.h"

#include "require.h"

#include <stdint.h>

enum { WIDTH = (int)(sizeof(size_t) * 8) };

static struct kn_trienode nodes[64];

KN_TEST(trie, has_no_bound_when_initialised)
{
    struct kn_trie trie;

    kn_trie_init(&trie, WIDTH);
    ck_assert(kn_trie_is_empty(&trie));
    ck_assert_ptr_null(kn_trie_lower_bound(&trie, 0));
    kn_require_sound(kn_trie_check(&trie));
}

KN_TEST(trie, holds_a_single_key)
{
    struct kn_trie trie;

    kn_trie_init(&trie, 20);
    kn_trie_insert(&trie, &nodes[0], 100);
    kn_require_sound(kn_trie_check(&trie));
    ck_assert_ptr_eq(kn_trie_lower_bound(&trie, 0), &nodes[0]);
    ck_assert_ptr_eq(kn_trie_lower_bound(&trie, 100), &nodes[0]);
    ck_assert_ptr_null(kn_trie_lower_bound(&trie, 101));
    ck_assert_ptr_null(kn_trie_lower_bound(&trie, SIZE_MAX));
    kn_trie_erase(&trie, &nodes[0]);
    ck_assert(kn_trie_is_empty(&trie));
}

KN_TEST_LOOP(trie, holds_least_and_greatest_key_of_each_width, 1, WIDTH + 1)
{
    struct kn_trie trie;
    size_t greatest = SIZE_MAX >> (WIDTH - _i);

    kn_trie_init(&trie, (unsigned)_i);
    kn_trie_insert(&trie, &nodes[0], greatest);
    kn_trie_insert(&trie, &nodes[1], 0);
    kn_require_sound(kn_trie_check(&trie));
    ck_assert_ptr_eq(kn_trie_lower_bound(&trie, 0), &nodes[1]);
    ck_assert_ptr_eq(kn_trie_lower_bound(&trie, 1), &nodes[0]);
    ck_assert_ptr_eq(kn_trie_lower_bound(&trie, greatest), &nodes[0]);
    if (_i < WIDTH)
        ck_assert_ptr_null(kn_trie_lower_bound(&trie, greatest + 1));
}

/* As deep as it gets: each key leaves the path of zeroes one bit later. */
KN_TEST(trie, finds_bounds_on_a_path_as_long_as_a_key)
{
    struct kn_trie trie;

    kn_trie_init(&trie, WIDTH);
    for (int bit = WIDTH - 1; bit >= 0; bit--)
        kn_trie_insert(&trie, &nodes[bit], (size_t)1 << bit);
    kn_require_sound(kn_trie_check(&trie));
    for (int bit = 1; bit < WIDTH; bit++) {
        ck_assert_ptr_eq(kn_trie_lower_bound(&trie, (size_t)1 << bit), &nodes[bit]);
        ck_assert_ptr_eq(kn_trie_lower_bound(&trie, ((size_t)1 << bit) - 1),
                         &nodes[bit == 1 ? 0 : bit]);
    }
    ck_assert_ptr_null(kn_trie_lower_bound(&trie, ((size_t)1 << (WIDTH - 1)) + 1));
}

KN_TEST(trie, finds_the_bound_for_all_sets_of_three_bit_keys)
{
    for (unsigned set = 0; set < 256; set++) {
        struct kn_trie trie;

        kn_trie_init(&trie, 3);
        /* From the middle, so that inner nodes have both greater and smaller keys below them. */
        for (unsigned i = 0; i < 8; i++) {
            unsigned key = i * 5 % 8;

            if ((set >> key & 1) != 0)
                kn_trie_insert(&trie, &nodes[key], key);
        }
        kn_require_sound(kn_trie_check(&trie));
        for (unsigned key = 0; key < 8; key++) {
            unsigned bound = key;

            while (bound < 8 && (set >> bound & 1) == 0)
                bound++;
            kn_require(kn_trie_lower_bound(&trie, key) == (bound < 8 ? &nodes[bound] : NULL));
        }
    }
}

KN_TEST(trie, gives_each_of_equal_keys_once)
{
    struct kn_trie trie;
    bool is_seen[5] = {false};

    kn_trie_init(&trie, 16);
    kn_trie_insert(&trie, &nodes[10], 9);
    for (size_t i = 0; i < 5; i++)
        kn_trie_insert(&trie, &nodes[i], 8);
    kn_require_sound(kn_trie_check(&trie));
    for (size_t i = 0; i < 5; i++) {
        struct kn_trienode *node = kn_trie_lower_bound(&trie, 8);

        ck_assert_uint_eq(node->key, 8);
        ck_assert(!is_seen[node - nodes]);
        is_seen[node - nodes] = true;
        kn_trie_erase(&trie, node);
        kn_require_sound(kn_trie_check(&trie));
    }
    ck_assert_ptr_eq(kn_trie_lower_bound(&trie, 8), &nodes[10]);
}

KN_TEST(trie, keeps_equal_keys_when_the_representative_is_erased)
{
    struct kn_trie trie;

    kn_trie_init(&trie, 16);
    for (size_t i = 0; i < 3; i++)
        kn_trie_insert(&trie, &nodes[i], 8);
    kn_trie_insert(&trie, &nodes[3], 3);
    kn_trie_insert(&trie, &nodes[4], 0xffff);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(kn_trie_lower_bound(&trie, 4)->key, 8);
        kn_trie_erase(&trie, &nodes[i]);
        kn_require_sound(kn_trie_check(&trie));
    }
    ck_assert_ptr_eq(kn_trie_lower_bound(&trie, 4), &nodes[4]);
    ck_assert_ptr_eq(kn_trie_lower_bound(&trie, 0), &nodes[3]);
}

KN_TEST(trie, check_finds_each_kind_of_damage)
{
    struct kn_trie trie;
    struct kn_trienode saved[4];

    kn_trie_init(&trie, 8);
    kn_trie_insert(&trie, &nodes[0], 0x80);
    kn_trie_insert(&trie, &nodes[1], 0x10);
    kn_trie_insert(&trie, &nodes[2], 0x10);
    kn_trie_insert(&trie, &nodes[3], 0x90);
    memcpy(saved, nodes, sizeof(saved));

    nodes[1].key = nodes[2].key = 0x91;
    kn_require_fault(kn_trie_check(&trie), "belong");
    memcpy(nodes, saved, sizeof(saved));
    nodes[2].key = 0x11;
    kn_require_fault(kn_trie_check(&trie), "another key");
    memcpy(nodes, saved, sizeof(saved));
    nodes[3].key = 0x190;
    kn_require_fault(kn_trie_check(&trie), "range");
    memcpy(nodes, saved, sizeof(saved));
    nodes[3].parent = &nodes[1];
    kn_require_fault(kn_trie_check(&trie), "parent");
    memcpy(nodes, saved, sizeof(saved));
    nodes[2].parent = &nodes[0];
    kn_require_fault(kn_trie_check(&trie), "two representatives");
    memcpy(nodes, saved, sizeof(saved));
    nodes[2].prev = &nodes[2];
    kn_require_fault(kn_trie_check(&trie), "disagree");
    memcpy(nodes, saved, sizeof(saved));
    nodes[0].parent = &nodes[3];
    kn_require_fault(kn_trie_check(&trie), "root");
    memcpy(nodes, saved, sizeof(saved));
    kn_require_sound(kn_trie_check(&trie));
}
