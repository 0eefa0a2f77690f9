/* What compact heaps answer to wrong pointers and to blocks that were written over. */
#include "special/compact.h"

#include "child.h"
#include "harness.h"

#include <signal.h>
#include <string.h>

enum { KINDS = 3, ROOM = 8192 };

static _Alignas(64) unsigned char room[ROOM];
static struct knoll_compact heap;
static unsigned char *block; /* has a used block on either side */
static unsigned char *front;

static void create(int kind)
{
    const struct knoll_compact_index *(*const indexes[KINDS])(void) = {
        knoll_compact_first_fit, knoll_compact_tlsf, knoll_compact_best_fit};

    ck_assert_int_eq(knoll_compact_create(&heap, room, ROOM, indexes[kind]()), KNOLL_COMPACT_OK);
    front = knoll_compact_malloc(&heap, 100);
    block = knoll_compact_malloc(&heap, 100);
    ck_assert_ptr_nonnull(knoll_compact_malloc(&heap, 24));
}

static void free_twice(void *arg)
{
    (void)arg;
    knoll_compact_free(&heap, block);
    knoll_compact_free(&heap, block);
}

static void free_twice_joined(void *arg)
{
    (void)arg;
    knoll_compact_free(&heap, front);
    knoll_compact_free(&heap, block);
    knoll_compact_free(&heap, block);
}

static void free_foreign(void *arg)
{
    knoll_compact_free(&heap, &arg);
}

static void free_header(void *arg)
{
    (void)arg;
    knoll_compact_free(&heap, room);
}

static void free_misaligned(void *arg)
{
    (void)arg;
    knoll_compact_free(&heap, block + 8);
}

static void free_inside(void *arg)
{
    (void)arg;
    memset(block, 0, 100);
    knoll_compact_free(&heap, block + 32);
}

static void free_looking_like_a_block(void *arg)
{
    (void)arg;
    /* What is in front of it says: a used block of three units. */
    memcpy(block + 24, (uint32_t[]){0, 3 | KN_COMPACT_USED}, 8);
    knoll_compact_free(&heap, block + 32);
}

static void write_behind(void *arg)
{
    (void)arg;
    memset(front, 'x', 108);
    knoll_compact_free(&heap, front);
}

static void write_far_behind(void *arg)
{
    (void)arg;
    memset(front, 'x', 112);
    knoll_compact_free(&heap, block);
}

static void write_in_front(void *arg)
{
    (void)arg;
    block[-8] ^= 1;
    knoll_compact_free(&heap, block);
}

static void write_after_free(void *arg)
{
    (void)arg;
    knoll_compact_free(&heap, block);
    memset(block, 'x', 24);
    knoll_compact_free(&heap, front);
}

static void write_after_free_and_malloc(void *arg)
{
    (void)arg;
    knoll_compact_free(&heap, block);
    memset(block + (arg == NULL ? 0 : 8), 'x', 8);
    (void)!knoll_compact_malloc(&heap, 100);
}

static void resize_foreign(void *arg)
{
    (void)!knoll_compact_realloc(&heap, &arg, 10);
}

static const struct crime {
    void (*commit)(void *arg);
    const char *call;
    const char *what;
} crimes[] = {
    {free_twice, "knoll_compact_free", "double free"},
    {free_twice_joined, "knoll_compact_free", "double free"},
    {free_foreign, "knoll_compact_free", "not in the heap"},
    {free_header, "knoll_compact_free", "not in the heap"},
    {free_misaligned, "knoll_compact_free", "misaligned"},
    {free_inside, "knoll_compact_free", "not a block"},
    {free_looking_like_a_block, "knoll_compact_free", "not a block"},
    {write_behind, "knoll_compact_free", "boundary tag"},
    {write_far_behind, "knoll_compact_free", "boundary tag"},
    {write_in_front, "knoll_compact_free", "boundary tag"},
    {write_after_free, "knoll_compact_free", "written to"},
    {write_after_free_and_malloc, "knoll_compact_malloc", "written to"},
    {resize_foreign, "knoll_compact_realloc", "not in the heap"},
};

enum { CRIMES = sizeof(crimes) / sizeof(crimes[0]) };

KN_TEST_LOOP(special_compact_misuse, ends_the_program_with_a_report, 0, CRIMES *KINDS)
{
    static struct kn_child child;
    const struct crime *crime = &crimes[_i / KINDS];

    create(_i % KINDS);
    kn_child_call(&child, crime->commit, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "knoll: compact heap: ");
    kn_child_assert_says(&child, crime->call);
    kn_child_assert_says(&child, crime->what);
}

static unsigned told;

static void tell(const struct knoll_misuse *misuse, void *arg)
{
    ck_assert_str_eq(misuse->product, "compact heap");
    ck_assert_ptr_eq(arg, &heap);
    told++;
}

KN_TEST_LOOP(special_compact_misuse, changes_nothing_when_there_is_a_call_back, 0, KINDS)
{
    create(_i);
    knoll_compact_on_misuse(&heap, tell, &heap);
    free_foreign(NULL);
    free_header(NULL);
    free_misaligned(NULL);
    free_inside(NULL);
    free_looking_like_a_block(NULL);
    resize_foreign(NULL);
    ck_assert_uint_eq(told, 6);
    ck_assert_ptr_null(knoll_compact_check(&heap));
    free_twice_joined(NULL);
    ck_assert_uint_eq(told, 7);
    ck_assert_ptr_null(knoll_compact_check(&heap));
    ck_assert_uint_eq(knoll_compact_usable_size(&heap, &told), 0);
    ck_assert(!knoll_compact_try_resize(&heap, &told, 1));
    ck_assert_uint_eq(told, 9);
}
