#include "harness.h"

#include "os/source.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

enum { SENTINEL = 4711 };

/* A context that answers as told and notes what it was asked. Every callback spoils errno. */
struct script {
    void *answer;
    bool consents;
    size_t bytes, align;
    void *start;
    int acquired, released, extended, purged;
};

static _Alignas(4096) char array[8192];
static struct script script;
static struct kn_source_custom custom;

static void *acquire(void *context, size_t bytes, size_t align)
{
    struct script *s = context;
    s->acquired++;
    s->bytes = bytes;
    s->align = align;
    errno = EIO;
    return s->answer;
}

static void release(void *context, void *start, size_t bytes)
{
    struct script *s = context;
    s->released++;
    s->start = start;
    s->bytes = bytes;
    errno = EIO;
}

static bool extend(void *context, void *end, size_t bytes)
{
    struct script *s = context;
    s->extended++;
    s->start = end;
    s->bytes = bytes;
    errno = EIO;
    return s->consents;
}

static bool purge(void *context, void *start, size_t bytes)
{
    struct script *s = context;
    s->purged++;
    s->start = start;
    s->bytes = bytes;
    errno = EIO;
    return s->consents;
}

static void begin(size_t part_bytes, bool is_zero)
{
    const struct kn_source_callbacks callbacks = {&script, acquire,    release, extend,
                                                  purge,   part_bytes, is_zero};
    memset(&script, 0, sizeof(script));
    script.answer = array;
    script.consents = true;
    ck_assert_int_eq(kn_source_custom_init(&custom, &callbacks), 0);
    errno = SENTINEL;
}

static void end(void)
{
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(source_custom, passes_calls_on_and_keeps_errno)
{
    struct kn_range range;
    begin(0, true);
    ck_assert_uint_eq(kn_source_part_bytes(&custom.source), 0);
    ck_assert_int_eq(kn_source_acquire(&custom.source, 1001, 64, &range), 0);
    ck_assert(script.bytes == 1001 && script.align == 64);
    ck_assert(range.start == array && range.bytes == 1001 && range.is_zero);
    ck_assert_int_eq(kn_source_extend(&custom.source, array + 1001, 9, &range), 0);
    ck_assert(script.start == array + 1001 && script.bytes == 9);
    ck_assert(range.start == array + 1001 && range.bytes == 9);
    ck_assert_int_eq(kn_source_purge(&custom.source, array, 1010), 0);
    ck_assert_int_eq(script.purged, 1);
    ck_assert_int_eq(kn_source_release(&custom.source, array, 1010), 0);
    ck_assert(script.start == array && script.bytes == 1010 && script.released == 1);
    end();
}

KN_TEST(source_custom, rounds_sizes_up_to_parts)
{
    struct kn_range range;
    begin(256, false);
    ck_assert_uint_eq(kn_source_part_bytes(&custom.source), 256);
    ck_assert_int_eq(kn_source_acquire(&custom.source, 257, 1, &range), 0);
    ck_assert(script.bytes == 512 && range.bytes == 512 && !range.is_zero);
    ck_assert_int_eq(kn_source_extend(&custom.source, array + 512, 1, &range), 0);
    ck_assert(script.bytes == 256 && range.bytes == 256);
    ck_assert_int_eq(kn_source_acquire(&custom.source, SIZE_MAX, 1, &range), ENOMEM);
    ck_assert_int_eq(kn_source_extend(&custom.source, array, SIZE_MAX, &range), ENOMEM);
    ck_assert(script.acquired == 1 && script.extended == 1);
    end();
}

KN_TEST(source_custom, returns_enomem_when_a_callback_refuses)
{
    struct kn_range range;
    begin(0, false);
    script.answer = NULL;
    script.consents = false;
    ck_assert_int_eq(kn_source_acquire(&custom.source, 8, 8, &range), ENOMEM);
    ck_assert_int_eq(kn_source_extend(&custom.source, array, 8, &range), ENOMEM);
    ck_assert_int_eq(kn_source_purge(&custom.source, array, 8), ENOMEM);
    ck_assert_int_eq(script.released, 0);
    end();
}

KN_TEST(source_custom, gives_back_what_is_not_aligned)
{
    struct kn_range range;
    begin(0, false);
    script.answer = array + 8;
    ck_assert_int_eq(kn_source_acquire(&custom.source, 100, 16, &range), ENOMEM);
    ck_assert(script.released == 1 && script.start == array + 8 && script.bytes == 100);
    ck_assert_int_eq(kn_source_acquire(&custom.source, 100, 8, &range), 0);
    script.answer = (void *)(UINTPTR_MAX - 15);
    ck_assert_int_eq(kn_source_acquire(&custom.source, 100, 16, &range), ENOMEM);
    ck_assert_int_eq(script.released, 2);
    end();
}

KN_TEST(source_custom, needs_acquire_only)
{
    struct kn_range range;
    struct kn_source_callbacks callbacks = {.context = &script, .acquire = acquire};
    script.answer = array;
    ck_assert_int_eq(kn_source_custom_init(&custom, &callbacks), 0);
    errno = SENTINEL;
    ck_assert_int_eq(kn_source_acquire(&custom.source, 100, 1, &range), 0);
    ck_assert_int_eq(kn_source_extend(&custom.source, array + 100, 1, &range), ENOTSUP);
    ck_assert_int_eq(kn_source_purge(&custom.source, array, 100), ENOTSUP);
    ck_assert_int_eq(kn_source_release(&custom.source, array, 100), 0);
    end();
    callbacks.part_bytes = 48;
    ck_assert_int_eq(kn_source_custom_init(&custom, &callbacks), EINVAL);
    callbacks.part_bytes = 0;
    callbacks.acquire = NULL;
    ck_assert_int_eq(kn_source_custom_init(&custom, &callbacks), EINVAL);
}
