#include "special/compact.h"

#include "base/rng.h"
#include "require.h"

#include <errno.h>
#include <sys/mman.h>

enum { KINDS = 3, ROOM = 16384 };

/* Sizes that the compiler must not warn of. */
static volatile size_t all = SIZE_MAX;

static _Alignas(4096) unsigned char room[ROOM];
static struct knoll_compact heap;

static const struct knoll_compact_index *index_of(int kind)
{
    const struct knoll_compact_index *(*const indexes[KINDS])(void) = {
        knoll_compact_first_fit, knoll_compact_tlsf, knoll_compact_best_fit};

    return indexes[kind]();
}

static void create(int kind, size_t bytes)
{
    ck_assert_int_eq(knoll_compact_create(&heap, room, bytes, index_of(kind)), KNOLL_COMPACT_OK);
}

static void require_sound(void)
{
    const char *fault = knoll_compact_check(&heap);

    ck_assert_msg(fault == NULL, "%s", fault);
}

static struct knoll_compact_stats stats_of(void)
{
    struct knoll_compact_stats stats;

    knoll_compact_stats_get(&heap, &stats);
    return stats;
}

/* ---- beginnings ------------------------------------------------------------------------------ */

KN_TEST(special_compact, has_the_error_numbers_of_the_system)
{
    ck_assert_int_eq(KNOLL_COMPACT_INVALID, EINVAL);
    ck_assert_int_eq(KNOLL_COMPACT_NO_ROOM, ENOSPC);
    ck_assert_int_eq(KNOLL_COMPACT_DAMAGED, EBADMSG);
    ck_assert_int_eq(KNOLL_COMPACT_CUT_OFF, EMSGSIZE);
    ck_assert_int_eq(KNOLL_COMPACT_OTHER_KIND, EPROTOTYPE);
    ck_assert_int_eq(KNOLL_COMPACT_OTHER_FORM, EOPNOTSUPP);
}

KN_TEST_LOOP(special_compact, is_refused_when_the_buffer_is_wrong, 0, KINDS)
{
    ck_assert_int_eq(knoll_compact_create(&heap, room + 8, 4096, index_of(_i)),
                     KNOLL_COMPACT_INVALID);
    ck_assert_int_eq(knoll_compact_create(&heap, NULL, 4096, index_of(_i)), KNOLL_COMPACT_INVALID);
    ck_assert_int_eq(knoll_compact_create(&heap, room, 4096, NULL), KNOLL_COMPACT_INVALID);
    ck_assert_int_eq(knoll_compact_create(&heap, room, SIZE_MAX, index_of(_i)),
                     KNOLL_COMPACT_INVALID);
    for (size_t bytes = 0; bytes < 1024; bytes++) {
        int result = knoll_compact_create(&heap, room, bytes, index_of(_i));

        if (result == KNOLL_COMPACT_OK) {
            void *p = knoll_compact_malloc(&heap, 24);
            ck_assert_ptr_nonnull(p);
            require_sound();
        } else {
            ck_assert_int_eq(result, KNOLL_COMPACT_NO_ROOM);
        }
    }
}

KN_TEST_LOOP(special_compact, has_half_of_the_smallest_buffer_for_blocks, 0, KINDS)
{
    create(_i, 1024);
    ck_assert_uint_ge(stats_of().free_bytes, 512);
    ck_assert_uint_eq(stats_of().free_blocks, 1);
}

KN_TEST_LOOP(special_compact, stays_inside_its_buffer, 0, KINDS)
{
    for (size_t bytes = 1024; bytes < 1124; bytes++) {
        memset(room, 0xaa, sizeof(room));
        ck_assert_int_eq(knoll_compact_create(&heap, room, bytes, index_of(_i)), KNOLL_COMPACT_OK);
        for (void *p; (p = knoll_compact_malloc(&heap, 24)) != NULL;)
            memset(p, 0x55, knoll_compact_usable_size(&heap, p));
        for (size_t i = bytes; i < sizeof(room); i++)
            kn_require(room[i] == 0xaa);
    }
}

KN_TEST(special_compact, spans_more_than_one_block_can)
{
    size_t bytes = (size_t)70 << 30;
    void *space = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (space == MAP_FAILED)
        kn_test_skip("there is not enough address space");
    for (int kind = 0; kind < KINDS; kind++) {
        void *p;

        ck_assert_int_eq(knoll_compact_create(&heap, space, bytes, index_of(kind)),
                         KNOLL_COMPACT_OK);
        ck_assert_uint_eq(stats_of().free_blocks, 3);
        ck_assert_uint_gt(stats_of().free_bytes, bytes - 1024 - (bytes >> 20));
        ck_assert_ptr_null(knoll_compact_malloc(&heap, (size_t)33 << 30));
        ck_assert_ptr_null(knoll_compact_malloc(&heap, all));
        ck_assert_ptr_null(knoll_compact_malloc(&heap, all - 20));
        p = knoll_compact_malloc(&heap, (size_t)31 << 30);
        ck_assert_ptr_nonnull(p);
        require_sound();
        knoll_compact_free(&heap, p);
        ck_assert_uint_eq(stats_of().free_blocks, 3);
    }
    munmap(space, bytes);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

KN_TEST_LOOP(special_compact, costs_eight_bytes_a_block, 0, KINDS)
{
    unsigned char *first;
    unsigned char *second;

    create(_i, ROOM);
    for (size_t bytes = 24; bytes < 1000; bytes += 16) {
        first = knoll_compact_malloc(&heap, bytes);
        second = knoll_compact_malloc(&heap, bytes);
        ck_assert_uint_eq(knoll_compact_usable_size(&heap, first), bytes);
        ck_assert_int_eq(second - first, (long)bytes + 8);
        knoll_compact_free(&heap, first);
        knoll_compact_free(&heap, second);
    }
    ck_assert_uint_eq(stats_of().free_blocks, 1);
}

KN_TEST_LOOP(special_compact, gives_blocks_of_size_zero, 0, KINDS)
{
    void *p;
    void *q;

    create(_i, ROOM);
    p = knoll_compact_malloc(&heap, 0);
    q = knoll_compact_calloc(&heap, 0, 8);
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_nonnull(q);
    ck_assert_ptr_ne(p, q);
    knoll_compact_free(&heap, p);
    knoll_compact_free(&heap, q);
    knoll_compact_free(&heap, NULL);
    ck_assert_uint_eq(knoll_compact_usable_size(&heap, NULL), 0);
    ck_assert_uint_eq(stats_of().used_blocks, 0);
}

KN_TEST_LOOP(special_compact, refuses_what_cannot_be, 0, KINDS)
{
    create(_i, ROOM);
    ck_assert_ptr_null(knoll_compact_calloc(&heap, all / 2, 3));
    ck_assert_ptr_null(knoll_compact_aligned_alloc(&heap, 0, 8));
    ck_assert_ptr_null(knoll_compact_aligned_alloc(&heap, 48, 8));
    ck_assert_ptr_null(knoll_compact_aligned_alloc(&heap, (size_t)1 << 40, 8));
    ck_assert_ptr_null(knoll_compact_aligned_alloc(&heap, (size_t)1 << 63, 8));
    ck_assert_ptr_null(knoll_compact_malloc(&heap, ROOM));
    ck_assert_uint_eq(stats_of().free_blocks, 1);
}

KN_TEST_LOOP(special_compact, resizes_in_place_where_it_can, 0, KINDS)
{
    void *p;
    void *barrier;

    create(_i, ROOM);
    p = knoll_compact_malloc(&heap, 1000);
    memset(p, 7, 1000);
    ck_assert_ptr_eq(knoll_compact_realloc(&heap, p, 100), p);
    ck_assert_uint_lt(knoll_compact_usable_size(&heap, p), 120);
    ck_assert_ptr_eq(knoll_compact_realloc(&heap, p, 3000), p);
    ck_assert(knoll_compact_try_resize(&heap, p, 200));
    barrier = knoll_compact_malloc(&heap, 24);
    ck_assert(!knoll_compact_try_resize(&heap, p, 14000));
    ck_assert_ptr_null(knoll_compact_realloc(&heap, p, 2 * ROOM));
    ck_assert_uint_ge(knoll_compact_usable_size(&heap, p), 200);
    require_sound();
    ck_assert_ptr_null(knoll_compact_realloc(&heap, p, 0));
    knoll_compact_free(&heap, barrier);
    ck_assert_uint_eq(stats_of().free_blocks, 1);
    p = knoll_compact_realloc(&heap, NULL, 50);
    ck_assert_uint_ge(knoll_compact_usable_size(&heap, p), 50);
}

KN_TEST(special_compact, takes_the_first_or_the_best_fit)
{
    for (int kind = 0; kind < KINDS; kind++) {
        void *large;
        void *exact;

        create(kind, ROOM);
        large = knoll_compact_malloc(&heap, 1000);
        ck_assert_ptr_nonnull(knoll_compact_malloc(&heap, 24));
        exact = knoll_compact_malloc(&heap, 104);
        ck_assert_ptr_nonnull(knoll_compact_malloc(&heap, 24));
        knoll_compact_free(&heap, large);
        knoll_compact_free(&heap, exact);
        ck_assert_ptr_eq(knoll_compact_malloc(&heap, 104), kind == 0 ? large : exact);
    }
}

KN_TEST_LOOP(special_compact, tells_how_fragmented_it_is, 0, KINDS)
{
    void *p[10];

    create(_i, ROOM);
    ck_assert_uint_eq(stats_of().fragmentation, 0);
    for (int i = 0; i < 10; i++)
        p[i] = knoll_compact_malloc(&heap, 1000);
    for (void *rest; (rest = knoll_compact_malloc(&heap, 24)) != NULL;)
        ck_assert_uint_lt(knoll_compact_usable_size(&heap, rest), 60);
    ck_assert_uint_eq(stats_of().free_bytes, 0);
    for (int i = 0; i < 10; i += 2)
        knoll_compact_free(&heap, p[i]);
    ck_assert_uint_eq(stats_of().free_blocks, 5);
    ck_assert_uint_ge(stats_of().largest_free_bytes, 1000);
    ck_assert_uint_ge(stats_of().fragmentation, 75);
    ck_assert_uint_le(stats_of().fragmentation, 80);
}

/* ---- further buffers ------------------------------------------------------------------------- */

KN_TEST_LOOP(special_compact, joins_a_buffer_that_follows, 0, KINDS)
{
    void *p;

    create(_i, 8192);
    ck_assert_ptr_null(knoll_compact_malloc(&heap, 8192));
    ck_assert_int_eq(knoll_compact_extend(&heap, room + 8192, 4096), KNOLL_COMPACT_OK);
    ck_assert_uint_eq(stats_of().free_blocks, 1);
    p = knoll_compact_malloc(&heap, 11000);
    ck_assert_ptr_nonnull(p);
    require_sound();
    ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM, index_of(_i)), KNOLL_COMPACT_OK);
    ck_assert_int_eq(knoll_compact_attach(&heap, room, 8192, index_of(_i)), KNOLL_COMPACT_CUT_OFF);
    ck_assert_int_eq(knoll_compact_extend(&heap, room + 12288, 16), KNOLL_COMPACT_NO_ROOM);
    ck_assert_int_eq(knoll_compact_extend(&heap, room + 12289, 64), KNOLL_COMPACT_INVALID);
}

KN_TEST_LOOP(special_compact, takes_memory_below_itself, 0, KINDS)
{
    void *low;

    ck_assert_int_eq(knoll_compact_create(&heap, room + 8192, 1024, index_of(_i)),
                     KNOLL_COMPACT_OK);
    ck_assert_int_eq(knoll_compact_extend(&heap, room, 2048), KNOLL_COMPACT_OK);
    ck_assert_uint_eq(stats_of().free_blocks, 2);
    low = knoll_compact_malloc(&heap, 1000);
    ck_assert_ptr_nonnull(low);
    ck_assert((unsigned char *)low < room + 2048);
    require_sound();
    knoll_compact_free(&heap, low);
    require_sound();
    ck_assert_int_eq(
        knoll_compact_attach(&heap, room + 8192, ROOM - 8192, index_of(_i)) == KNOLL_COMPACT_OK, 0);
}

/* ---- finding a heap again -------------------------------------------------------------------- */

KN_TEST_LOOP(special_compact, is_found_again_with_its_root, 0, KINDS)
{
    static _Alignas(64) unsigned char copy[ROOM];
    char *text;

    create(_i, ROOM);
    ck_assert_ptr_null(knoll_compact_root(&heap));
    text = knoll_compact_malloc(&heap, 20);
    strcpy(text, "kept");
    knoll_compact_set_root(&heap, text);
    ck_assert_ptr_eq(knoll_compact_pointer(&heap, knoll_compact_offset(&heap, text)), text);
    ck_assert_uint_eq(knoll_compact_offset(&heap, NULL), 0);
    ck_assert_ptr_null(knoll_compact_pointer(&heap, 0));
    memcpy(copy, room, ROOM);
    memset(room, 0, ROOM);
    ck_assert_int_eq(knoll_compact_attach(&heap, copy, ROOM, index_of(_i)), KNOLL_COMPACT_OK);
    ck_assert_str_eq(knoll_compact_root(&heap), "kept");
    require_sound();
    knoll_compact_free(&heap, knoll_compact_root(&heap));
    ck_assert_uint_eq(stats_of().used_blocks, 0);
}

KN_TEST_LOOP(special_compact, is_not_found_where_it_is_not, 0, KINDS)
{
    struct kn_compact_header *header = (struct kn_compact_header *)room;
    const struct knoll_compact_index *index = index_of(_i);

    ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM, index), KNOLL_COMPACT_DAMAGED);
    create(_i, ROOM);
    ck_assert_int_eq(knoll_compact_attach(&heap, room, 16, index), KNOLL_COMPACT_DAMAGED);
    ck_assert_int_eq(knoll_compact_attach(&heap, room + 4, 16, index), KNOLL_COMPACT_INVALID);
    ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM, NULL), KNOLL_COMPACT_INVALID);
    ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM - 16, index), KNOLL_COMPACT_CUT_OFF);
    ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM, index_of((_i + 1) % KINDS)),
                     KNOLL_COMPACT_OTHER_KIND);
    header->version++;
    ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM, index), KNOLL_COMPACT_OTHER_FORM);
    header->version--;
    header->word_bytes = 4;
    ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM, index), KNOLL_COMPACT_OTHER_FORM);
    header->word_bytes = sizeof(size_t);
    header->max_units++;
    ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM, index), KNOLL_COMPACT_DAMAGED);
    header->max_units--;
    for (int i = 0; i < 2; i++) {
        struct kn_compact_part *part = kn_compact_first_part(header);
        size_t wrong = i == 0 ? header->parts : header->parts + 64;

        part->next = wrong;
        ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM, index), KNOLL_COMPACT_DAMAGED);
        part->next = 0;
        header->parts ^= wrong;
        ck_assert_int_ne(knoll_compact_attach(&heap, room, ROOM, index), KNOLL_COMPACT_OK);
        header->parts ^= wrong;
    }
    ck_assert_int_eq(knoll_compact_attach(&heap, room, ROOM, index), KNOLL_COMPACT_OK);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void fragment(void)
{
    void *p[40];

    for (size_t i = 0; i < 40; i++)
        p[i] = knoll_compact_malloc(&heap, 24 + 16 * (i % 7));
    for (size_t i = 0; i < 40; i += 2)
        knoll_compact_free(&heap, p[i]);
}

KN_TEST_LOOP(special_compact, is_mended_from_its_sizes_alone, 0, KINDS)
{
    struct kn_compact_header *header = (struct kn_compact_header *)room;
    struct knoll_compact_stats before;
    struct knoll_compact_stats after;

    create(_i, ROOM);
    fragment();
    before = stats_of();
    memset(header + 1, 0xee, header->state_bytes);
    header->free_pieces = 77;
    ck_assert_ptr_nonnull(knoll_compact_check(&heap));
    ck_assert_int_eq(knoll_compact_mend(&heap), KNOLL_COMPACT_OK);
    require_sound();
    after = stats_of();
    ck_assert_uint_eq(after.used_bytes, before.used_bytes);
    ck_assert_uint_eq(after.used_blocks, before.used_blocks);
    ck_assert_uint_eq(after.free_bytes, before.free_bytes);
    ck_assert_uint_eq(after.free_blocks, before.free_blocks);
    ck_assert_uint_eq(after.largest_free_bytes, before.largest_free_bytes);
    ck_assert_uint_eq(after.overhead_bytes, before.overhead_bytes);
}

/* Whatever is in the buffer, looking at it ends, and says that it is sound only if it is; once
 * mended it is. */
KN_TEST_LOOP(special_compact, survives_the_sight_of_any_damage, 0, KINDS)
{
    static unsigned char good[ROOM];
    struct kn_rng rng;
    unsigned mended = 0;

    kn_rng_seed(&rng, kn_test_seed() + (uint64_t)_i);
    create(_i, ROOM);
    fragment();
    memcpy(good, room, ROOM);
    for (unsigned round = 0; round < 8000; round++) {
        unsigned count = 1 + (unsigned)kn_rng_below(&rng, 4);

        memcpy(room, good, ROOM);
        for (unsigned i = 0; i < count; i++) {
            size_t at = kn_rng_below(&rng, kn_rng_below(&rng, 2) != 0 ? 256 : 4096);

            room[at] = (unsigned char)(kn_rng_below(&rng, 2) != 0
                                           ? kn_rng_next(&rng)
                                           : room[at] ^ 1u << kn_rng_below(&rng, 8));
        }
        if (knoll_compact_attach(&heap, room, ROOM, index_of(_i)) != KNOLL_COMPACT_OK)
            continue;
        (void)knoll_compact_check(&heap);
        if (knoll_compact_mend(&heap) == KNOLL_COMPACT_OK) {
            mended++;
            kn_require_sound(knoll_compact_check(&heap));
        }
    }
    ck_assert_uint_gt(mended, 200);
}
