/* The life of arenas: marks, clean-ups, resetting, children, adopting, destroying; misuse. */
#include "arena_fixture.h"
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static struct knoll_arena_stats stats;

static const struct knoll_arena_stats *get_stats(void)
{
    kn_require_sound(knoll_arena_check(arena));
    knoll_arena_stats_get(arena, &stats);
    return &stats;
}

static char *take(struct knoll_arena *from, size_t bytes)
{
    char *block = knoll_arena_alloc(from, bytes);
    ck_assert_ptr_nonnull(block);
    memset(block, 0x5c, bytes);
    return block;
}

/* What clean-ups wrote, in the order in which they were called. */
static char written[64];

static void write_down(void *text)
{
    strcat(written, text);
}

static void write_on_clean(struct knoll_arena *to, const char *text)
{
    char *copy = knoll_arena_strdup(to, text);
    ck_assert_ptr_nonnull(knoll_arena_on_clean(to, write_down, copy));
}

static void expect_written(const char *text)
{
    ck_assert_str_eq(written, text);
    written[0] = 0;
}

/* ---- marks ------------------------------------------------------------------------------------ */

KN_TEST(special_arena_mark, frees_what_was_made_since)
{
    init();
    char *block = take(arena, 100);
    struct knoll_arena_moment mark = knoll_arena_mark(arena);
    size_t used = get_stats()->used_bytes;
    size_t held = fake.held_bytes;
    const char *next = take(arena, 1);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 1000; i++)
            take(arena, 64);
        take(arena, 100000);
        ck_assert_ptr_nonnull(knoll_arena_new_child(arena));
        ck_assert_ptr_nonnull(knoll_arena_mark(arena).place);
        knoll_arena_rewind(arena, mark);
        ck_assert_uint_eq(get_stats()->used_bytes, used);
        ck_assert_uint_eq(stats.marks, 1);
        ck_assert_uint_eq(stats.children + stats.apart_chunks, 0);
        ck_assert_ptr_eq(take(arena, 1), next);
    }
    ck_assert_int_eq(block[99], 0x5c);
    knoll_arena_rewind(arena, mark);
    knoll_arena_reset(arena);
    knoll_arena_trim(arena);
    ck_assert_uint_eq(fake.held_bytes, held);
    finish();
}

KN_TEST(special_arena_mark, costs_nothing_when_nothing_was_made_since_the_last)
{
    init();
    struct knoll_arena_moment mark = knoll_arena_mark(arena);
    size_t used = get_stats()->used_bytes;
    for (int i = 0; i < 100; i++) {
        struct knoll_arena_moment again = knoll_arena_mark(arena);
        ck_assert_ptr_eq(again.place, mark.place);
        take(arena, 50);
        knoll_arena_rewind(arena, again);
    }
    ck_assert_uint_eq(get_stats()->used_bytes, used);
    /* A chunk apart and a child take no room in the current chunk, yet are something. */
    take(arena, 100000);
    struct knoll_arena_moment second = knoll_arena_mark(arena);
    ck_assert_ptr_ne(second.place, mark.place);
    ck_assert_ptr_nonnull(knoll_arena_new_child(arena));
    struct knoll_arena_moment third = knoll_arena_mark(arena);
    ck_assert_ptr_ne(third.place, second.place);
    knoll_arena_rewind(arena, third);
    ck_assert_uint_eq(get_stats()->children, 1);
    knoll_arena_rewind(arena, second);
    ck_assert_uint_eq(get_stats()->children, 0);
    ck_assert_uint_eq(stats.apart_chunks, 1);
    knoll_arena_rewind(arena, mark);
    ck_assert_uint_eq(get_stats()->apart_chunks, 0);
    finish();
}

KN_TEST(special_arena_mark, keeps_a_block_with_a_chunk_of_its_own_that_moved_since)
{
    init();
    for (int is_newest = 0; is_newest < 2; is_newest++) {
        char *block = take(arena, 50000);
        struct knoll_arena_moment mark = knoll_arena_mark(arena);
        if (!is_newest)
            take(arena, 60000);
        ck_assert_ptr_ne(knoll_arena_realloc(arena, block, 50000, 200000), block);
        knoll_arena_rewind(arena, mark);
        ck_assert_int_eq(block[49999], 0x5c);
        ck_assert_uint_eq(get_stats()->apart_chunks, 1);
        knoll_arena_reset(arena);
    }
    finish();
}

static struct knoll_arena_moment void_mark;

static void rewind_to_void(void *arg)
{
    (void)arg;
    knoll_arena_rewind(arena, void_mark);
}

static void expect_void(void)
{
    static struct kn_child child;
    kn_child_call(&child, rewind_to_void, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "knoll: arena: knoll_arena_rewind(0x");
    kn_child_assert_says(&child, "): no mark of the arena, or one that is void\n");
}

KN_TEST(special_arena_mark, is_found_to_be_void_even_when_a_new_one_has_its_place)
{
    init();
    struct knoll_arena_moment first = knoll_arena_mark(arena);
    take(arena, 32);
    void_mark = knoll_arena_mark(arena);
    knoll_arena_rewind(arena, first);
    expect_void();
    take(arena, 32);
    ck_assert_ptr_eq(knoll_arena_mark(arena).place, void_mark.place);
    expect_void();
    knoll_arena_reset(arena);
    void_mark = first;
    expect_void();
    finish();
}

KN_TEST(special_arena_mark, is_found_to_be_of_another_arena)
{
    init();
    struct knoll_arena *other = knoll_arena_new_child(arena);
    void_mark = knoll_arena_mark(other);
    expect_void();
    void_mark.place = (struct kn_arena_mark *)16;
    expect_void();
    finish();
}

/* ---- clean-ups -------------------------------------------------------------------------------- */

KN_TEST(special_arena_clean, calls_the_newest_first)
{
    init();
    write_on_clean(arena, "a");
    struct knoll_arena_moment mark = knoll_arena_mark(arena);
    write_on_clean(arena, "b");
    write_on_clean(arena, "c");
    knoll_arena_rewind(arena, mark);
    expect_written("cb");
    write_on_clean(arena, "d");
    knoll_arena_reset(arena);
    expect_written("da");
    write_on_clean(arena, "e");
    finish();
    expect_written("e");
}

KN_TEST(special_arena_clean, cancelled_ones_are_not_called)
{
    struct kn_arena_cleanup *cleanups[5];
    static char text[5][2] = {"a", "b", "c", "d", "e"};
    init();
    for (int i = 0; i < 5; i++)
        cleanups[i] = knoll_arena_on_clean(arena, write_down, text[i]);
    knoll_arena_cancel_clean(arena, cleanups[4]);
    knoll_arena_cancel_clean(arena, cleanups[2]);
    knoll_arena_cancel_clean(arena, cleanups[0]);
    ck_assert_uint_eq(get_stats()->cleanups, 2);
    finish();
    expect_written("db");
}

static void use_arena(void *text)
{
    write_down(text);
    take(arena, 100);
    take(arena, 100000);
    ck_assert_ptr_nonnull(knoll_arena_mark(arena).place);
    ck_assert_ptr_nonnull(knoll_arena_new_child(arena));
    write_on_clean(arena, "later");
}

KN_TEST(special_arena_clean, may_use_the_arena)
{
    static char text[] = "first ";
    init();
    struct knoll_arena_moment mark = knoll_arena_mark(arena);
    size_t used = get_stats()->used_bytes;
    ck_assert_ptr_nonnull(knoll_arena_on_clean(arena, use_arena, text));
    knoll_arena_rewind(arena, mark);
    ck_assert_uint_eq(get_stats()->used_bytes, used);
    ck_assert_uint_eq(stats.children + stats.apart_chunks + stats.cleanups, 0);
    expect_written("first later");
    finish();
}

/* ---- reset and kept chunks -------------------------------------------------------------------- */

static void work_through_a_frame(void)
{
    for (int i = 0; i < 300; i++)
        take(arena, 100);
    take(arena, 50000);
}

KN_TEST(special_arena_reset, lets_the_next_round_do_without_the_source)
{
    init();
    work_through_a_frame();
    knoll_arena_reset(arena);
    work_through_a_frame();
    size_t calls = fake.calls[KN_FAKE_ACQUIRE];
    for (int round = 0; round < 10; round++) {
        knoll_arena_reset(arena);
        kn_require_sound(knoll_arena_check(arena));
        work_through_a_frame();
    }
    ck_assert_uint_eq(fake.calls[KN_FAKE_ACQUIRE], calls);
    finish();
}

KN_TEST(special_arena_reset, keeps_no_more_chunks_than_told_and_the_largest)
{
    init();
    knoll_arena_destroy(arena);
    options.keep_chunks = 3;
    arena = knoll_arena_new(&options);
    for (size_t i = 1; i <= 10; i++)
        take(arena, i * 10000);
    knoll_arena_reset(arena);
    ck_assert_uint_eq(get_stats()->kept_chunks, 3);
    ck_assert_uint_gt(stats.kept_bytes, 3 * 80000);
    ck_assert_uint_eq(stats.kept_bytes + CHUNK, stats.held_bytes);
    ck_assert_uint_eq(knoll_arena_trim(arena), stats.kept_bytes);
    ck_assert_uint_eq(fake.held_bytes, CHUNK);
    knoll_arena_destroy(arena);
    options.keep_chunks = KNOLL_ARENA_KEEP_NONE;
    arena = knoll_arena_new(&options);
    take(arena, 100000);
    knoll_arena_reset(arena);
    ck_assert_uint_eq(fake.held_bytes, CHUNK);
    finish();
}

/* ---- children --------------------------------------------------------------------------------- */

KN_TEST(special_arena_child, ends_alone_or_with_its_parent)
{
    init();
    struct knoll_arena *children[5];
    for (int i = 0; i < 5; i++) {
        children[i] = knoll_arena_new_child(arena);
        take(children[i], 10000);
        write_on_clean(children[i], (const char[]){(char)('a' + i), 0});
    }
    struct knoll_arena *grandchild = knoll_arena_new_child(children[1]);
    write_on_clean(grandchild, "x");
    knoll_arena_destroy(children[2]);
    expect_written("c");
    knoll_arena_destroy(children[4]);
    expect_written("e");
    knoll_arena_destroy(children[0]);
    expect_written("a");
    ck_assert_uint_eq(get_stats()->children, 2);
    write_on_clean(arena, "p");
    knoll_arena_reset(arena);
    expect_written("dxbp");
    knoll_arena_destroy(NULL);
    finish();
}

KN_TEST(special_arena_child, uses_the_chunks_that_others_gave_up)
{
    init();
    for (int i = 0; i < 3; i++) {
        struct knoll_arena *child = knoll_arena_new_child(arena);
        take(child, 1000);
        knoll_arena_destroy(child);
    }
    ck_assert_uint_eq(fake.calls[KN_FAKE_ACQUIRE], 2);
    finish();
}

KN_TEST(special_arena_child, adopted_lives_as_long_as_its_parent)
{
    init();
    char *before = take(arena, 100);
    struct knoll_arena_moment mark = knoll_arena_mark(arena);
    struct knoll_arena *child = knoll_arena_new_child(arena);
    struct knoll_arena *grandchild = knoll_arena_new_child(child);
    ck_assert_ptr_nonnull(knoll_arena_new_child(child));
    char *block = take(child, 100);
    char *large = take(child, 50000);
    write_on_clean(arena, "a");
    write_on_clean(child, "b");
    write_on_clean(child, "c");
    ck_assert_int_eq(knoll_arena_adopt(arena, child), 0);
    take(arena, 5000);
    ck_assert(knoll_arena_contains(arena, block) && knoll_arena_contains(arena, large));
    ck_assert_int_eq(block[99] + large[49999], 2 * 0x5c);
    take(grandchild, 100);
    ck_assert_uint_eq(get_stats()->children, 2);
    expect_written("");
    knoll_arena_rewind(arena, mark);
    expect_written("cba");
    ck_assert(!knoll_arena_contains(arena, block) && !knoll_arena_contains(arena, large));
    ck_assert_int_eq(before[99], 0x5c);
    finish();
}

KN_TEST(special_arena_child, an_arena_of_its_own_is_adopted_with_all_it_has)
{
    init();
    struct knoll_arena other;
    ck_assert_int_eq(knoll_arena_init(&other, &options), 0);
    struct knoll_arena *child = knoll_arena_new_child(&other);
    struct knoll_arena *grandchild = knoll_arena_new_child(child);
    take(&other, 100000);
    knoll_arena_reset(&other);
    child = knoll_arena_new_child(&other);
    grandchild = knoll_arena_new_child(child);
    for (int i = 0; i < 200; i++)
        take(&other, 100);
    write_on_clean(grandchild, "g");
    size_t used = get_stats()->used_bytes;
    ck_assert_int_eq(knoll_arena_adopt(arena, &other), 0);
    ck_assert_uint_gt(get_stats()->used_bytes, used + 20000);
    ck_assert_uint_eq(stats.held_bytes, fake.held_bytes);
    ck_assert_ptr_eq(grandchild->root, arena);
    knoll_arena_destroy(grandchild);
    expect_written("g");
    take(child, 5000);
    ck_assert_int_eq(knoll_arena_init(&other, &options), 0);
    take(&other, 100);
    knoll_arena_destroy(&other);
    finish();
}

KN_TEST(special_arena_child, gives_its_room_to_the_arena_that_adopts_it)
{
    init();
    while (get_stats()->free_bytes > 100)
        take(arena, 50);
    struct knoll_arena *child = knoll_arena_new_child(arena);
    struct knoll_arena_moment mark = knoll_arena_mark(arena);
    const char *block = take(child, 160);
    ck_assert_int_eq(knoll_arena_adopt(arena, child), 0);
    ck_assert_ptr_eq(take(arena, 16), block + 160);
    kn_require_sound(knoll_arena_check(arena));
    knoll_arena_rewind(arena, mark);
    ck_assert_uint_le(get_stats()->free_bytes, 100);
    finish();
}

static int adopt_from_within_result;

static void adopt_from_within(void *arg)
{
    (void)arg;
    adopt_from_within_result = knoll_arena_adopt(arena, knoll_arena_new_child(arena));
}

KN_TEST(special_arena_child, is_not_adopted_by_those_that_cannot)
{
    init();
    struct knoll_arena *child = knoll_arena_new_child(arena);
    struct knoll_arena *grandchild = knoll_arena_new_child(child);
    ck_assert_int_eq(knoll_arena_adopt(arena, arena), EINVAL);
    ck_assert_int_eq(knoll_arena_adopt(grandchild, arena), EINVAL);
    ck_assert_int_eq(knoll_arena_adopt(grandchild, child), EINVAL);
    struct knoll_arena other;
    ck_assert_int_eq(knoll_arena_init(&other, NULL), 0);
    take(&other, 10);
    ck_assert_int_eq(knoll_arena_adopt(arena, &other), EINVAL);
    ck_assert_int_eq(knoll_arena_adopt(&other, child), EINVAL);
    knoll_arena_destroy(&other);
    options.limit_bytes = 2 * CHUNK;
    ck_assert_int_eq(knoll_arena_init(&other, &options), 0);
    struct knoll_arena *large = knoll_arena_new(&options);
    take(&other, 8000);
    ck_assert_int_eq(knoll_arena_adopt(&other, large), ENOMEM);
    knoll_arena_destroy(large);
    knoll_arena_destroy(&other);
    ck_assert_ptr_nonnull(knoll_arena_on_clean(arena, adopt_from_within, NULL));
    ck_assert_int_eq(knoll_arena_adopt(child, grandchild), 0);
    knoll_arena_reset(arena);
    ck_assert_int_eq(adopt_from_within_result, EINVAL);
    finish();
}

/* ---- misuse ----------------------------------------------------------------------------------- */

static struct knoll_arena local;

static void destroy_twice(void *arg)
{
    (void)arg;
    knoll_arena_destroy(&local);
    knoll_arena_destroy(&local);
}

static void use_after_destroy(void *arg)
{
    (void)arg;
    knoll_arena_destroy(&local);
    take(&local, 1);
}

static void use_adopted(void *arg)
{
    (void)arg;
    struct knoll_arena *child = knoll_arena_new_child(&local);
    ck_assert_int_eq(knoll_arena_adopt(&local, child), 0);
    knoll_arena_reset(child);
}

static void reset_local(void *arg)
{
    (void)arg;
    knoll_arena_reset(&local);
}

static void reset_from_within(void *arg)
{
    (void)arg;
    ck_assert_ptr_nonnull(knoll_arena_on_clean(&local, reset_local, NULL));
    knoll_arena_destroy(&local);
}

static void reset_parent_from_within(void *arg)
{
    (void)arg;
    struct knoll_arena *child = knoll_arena_new_child(&local);
    ck_assert_ptr_nonnull(knoll_arena_on_clean(child, reset_local, NULL));
    knoll_arena_destroy(child);
}

static void rewind_to(void *mark)
{
    knoll_arena_rewind(&local, *(struct knoll_arena_moment *)mark);
}

static void rewind_from_within(void *arg)
{
    (void)arg;
    struct knoll_arena_moment mark = knoll_arena_mark(&local);
    ck_assert_ptr_nonnull(knoll_arena_on_clean(&local, rewind_to, &mark));
    knoll_arena_rewind(&local, mark);
}

static void cancel_twice(void *arg)
{
    (void)arg;
    struct kn_arena_cleanup *cleanup = knoll_arena_on_clean(&local, write_down, NULL);
    knoll_arena_cancel_clean(&local, cleanup);
    knoll_arena_cancel_clean(&local, cleanup);
}

static void adopt_into_nothing(void *arg)
{
    (void)arg;
    struct knoll_arena nothing = {0};
    (void)!knoll_arena_adopt(&nothing, &local);
}

KN_TEST(special_arena_misuse, ends_the_program_with_a_line)
{
    static const struct {
        void (*crime)(void *);
        const char *says;
    } cases[] = {
        {destroy_twice, "knoll_arena_destroy"},      {destroy_twice, "one that is gone"},
        {use_after_destroy, "knoll_arena_alloc"},    {use_adopted, "knoll_arena_reset"},
        {use_adopted, "one that is gone"},           {reset_from_within, "from within a clean-up"},
        {reset_parent_from_within, "from within a"}, {rewind_from_within, "from within a"},
        {cancel_twice, "cancelled before"},          {adopt_into_nothing, "not an arena"},
    };
    static struct kn_child child;
    ck_assert_int_eq(knoll_arena_init(&local, NULL), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        kn_child_call(&child, cases[i].crime, NULL);
        kn_child_assert_signal(&child, SIGABRT);
        kn_child_assert_says(&child, cases[i].says);
    }
}

static unsigned times_told;

static void tell(const struct knoll_misuse *misuse, void *arg)
{
    (void)arg;
    ck_assert_str_eq(misuse->product, "arena");
    times_told++;
}

KN_TEST(special_arena_misuse, changes_nothing_when_there_is_a_call_back)
{
    init();
    knoll_special_on_misuse(tell, NULL);
    ck_assert_int_eq(knoll_arena_init(&local, &options), 0);
    void_mark = knoll_arena_mark(&local);
    char *block = take(arena, 100);
    knoll_arena_rewind(arena, void_mark);
    ck_assert_int_eq(block[99], 0x5c);
    reset_parent_from_within(NULL);
    cancel_twice(NULL);
    reset_from_within(NULL);
    knoll_arena_destroy(&local);
    errno = 0;
    ck_assert_ptr_null(knoll_arena_alloc(&local, 1));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(times_told, 6);
    finish();
}
