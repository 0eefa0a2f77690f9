/*
 * The arena that tests of its chunks work on, with a source that counts and fails as told. Each test
 * file that includes this has one of its own.
 */
#ifndef KN_TESTS_SUPPORT_ARENA_FIXTURE_H
#define KN_TESTS_SUPPORT_ARENA_FIXTURE_H

#include "fake_source.h"
#include "harness.h"
#include "require.h"

#include "special/source.h"

#include <knoll/arena.h>

enum { CHUNK = 4096 };

static struct kn_fake_source fake;
static struct knoll_arena_options options;
static struct knoll_arena *arena;

static inline void init(void)
{
    kn_fake_source_init(&fake);
    options = (struct knoll_arena_options){.source = kn_source_to_public(&fake.source),
                                           .chunk_bytes = CHUNK};
    arena = knoll_arena_new(&options);
    ck_assert_ptr_nonnull(arena);
}

/* The source must have everything back. */
static inline void finish(void)
{
    kn_require_sound(knoll_arena_check(arena));
    knoll_arena_destroy(arena);
    kn_fake_source_assert_all_released(&fake);
}

#endif
