/* Arenas whose source fails. */
#include "arena_fixture.h"

#include <errno.h>
#include <string.h>

static void ignore(void *arg)
{
    (void)arg;
}

static void do_a_little_of_everything(void)
{
    struct knoll_arena_moment mark = knoll_arena_mark(arena);
    unsigned char *block = knoll_arena_calloc(arena, 10, 70);
    if (block != NULL)
        ck_assert_int_eq(block[699], 0);
    if (block != NULL)
        block = knoll_arena_realloc(arena, block, 700, 30000);
    struct knoll_arena *child = knoll_arena_new_child(arena);
    if (child != NULL) {
        (void)!knoll_arena_on_clean(child, ignore, "");
        (void)!knoll_arena_alloc(child, 20000);
        for (int i = 0; i < 100; i++)
            (void)!knoll_arena_strdup(child, "some text that is not short");
        kn_require_sound(knoll_arena_check(child));
        if (knoll_arena_mark(arena).place != NULL)
            ck_assert_int_eq(knoll_arena_adopt(arena, child), 0);
    }
    for (int i = 0; i < 200; i++)
        (void)!knoll_arena_alloc(arena, 60);
    kn_require_sound(knoll_arena_check(arena));
    knoll_arena_rewind(arena, mark);
    kn_require_sound(knoll_arena_check(arena));
}

KN_TEST(special_arena_oom, nothing_is_lost_whichever_call_of_the_source_fails)
{
    for (size_t count = 1; count < 100; count = count * 3 + 1) {
        for (size_t nth = 1; nth < 16; nth++) {
            init();
            kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, nth, count);
            do_a_little_of_everything();
            do_a_little_of_everything();
            knoll_arena_reset(arena);
            finish();
        }
    }
}

KN_TEST(special_arena_oom, making_an_arena_fails_cleanly)
{
    init();
    kn_fake_source_fail(&fake, KN_FAKE_ACQUIRE, 1, 100);
    ck_assert_ptr_null(knoll_arena_new(&options));
    ck_assert_int_eq(errno, ENOMEM);
    errno = 0;
    ck_assert_ptr_null(knoll_arena_new_child(arena));
    ck_assert_int_eq(errno, ENOMEM);
    finish();
}
