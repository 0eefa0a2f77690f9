#include "fake_source.h"

#include "base/align.h"
#include "os/os.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JUNK = 0xa5 };

/* Aborts rather than fails an assertion, so that a child process of a test can show it. */
static KN_NORETURN KN_PRINTF(1, 2) void complain(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fputs("fake source: ", stderr);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    abort();
}

/* For calls of the system that the fake source itself relies on. */
static void require_success(int error)
{
    if (error != 0)
        complain("the system refused: %s", strerror(error));
}

static struct kn_fake_source *fake_of(struct kn_source *source)
{
    return KN_CONTAINER_OF(source, struct kn_fake_source, source);
}

static bool must_fail(struct kn_fake_source *fake, enum kn_fake_call call)
{
    size_t number = ++fake->calls[call];
    return fake->first[call] != 0 && number >= fake->first[call] &&
           number - fake->first[call] < fake->count[call];
}

static void hold_range(struct kn_fake_source *fake, void *start, size_t bytes)
{
    if (fake->ranges == KN_FAKE_RANGES)
        complain("more than %d ranges", KN_FAKE_RANGES);
    fake->held[fake->ranges++] = (struct kn_range){start, bytes, false};
    fake->held_bytes += bytes;
}

/* The held range that contains the byte at `point`; NULL if none does. */
static struct kn_range *find_range(struct kn_fake_source *fake, const void *point)
{
    for (size_t i = 0; i < fake->ranges; i++) {
        const struct kn_range *range = &fake->held[i];
        if ((uintptr_t)point - (uintptr_t)range->start < range->bytes)
            return &fake->held[i];
    }
    return NULL;
}

/* Fails the test unless all of [start, start + bytes) is held. */
static void require_held(struct kn_fake_source *fake, const char *what, char *start, size_t bytes)
{
    for (char *point = start; point < start + bytes;) {
        const struct kn_range *range = find_range(fake, point);
        if (range == NULL)
            complain("%s of %zu bytes at %p, of which %p is not held", what, bytes, (void *)start,
                     (void *)point);
        point = (char *)range->start + range->bytes;
    }
}

static void require_part(struct kn_fake_source *fake, const char *what, char *start, size_t bytes)
{
    size_t page = kn_os_page_bytes();
    require_held(fake, what, start, bytes);
    if (fake->is_whole_only) {
        const struct kn_range *range = find_range(fake, start);
        if (range->start != start || range->bytes != bytes)
            complain("%s of %zu bytes at %p, which is no whole range", what, bytes, (void *)start);
    } else if (!kn_is_aligned((uintptr_t)start, page) || !kn_is_aligned(bytes, page)) {
        complain("%s of %zu bytes at %p, which is not made of parts", what, bytes, (void *)start);
    }
}

static size_t fake_part_bytes(const struct kn_source *source)
{
    return KN_CONTAINER_OF(source, struct kn_fake_source, source)->is_whole_only
               ? 0
               : kn_os_page_bytes();
}

static void fill_new(const struct kn_fake_source *fake, void *start, size_t bytes)
{
    if (!fake->is_zero)
        memset(start, JUNK, bytes);
}

/* Addresses for a range with a page that faults before it and room and such a page behind. */
static int reserve_range(struct kn_fake_source *fake, size_t bytes, size_t align,
                         struct kn_range *out)
{
    size_t page = kn_os_page_bytes(), limit = (size_t)1 << 40;
    if (bytes > limit || align > limit)
        return ENOMEM;
    bytes = kn_align_up(bytes, page);
    align = align < page ? page : align;
    size_t room = kn_align_up(fake->room_bytes, page);
    char *base = kn_os_reserve(NULL, bytes + room + align + 3 * page);
    if (base == NULL)
        return ENOMEM;
    char *start = (char *)kn_align_up((uintptr_t)base + page, align);
    *out = (struct kn_range){start, bytes, fake->is_zero};
    hold_range(fake, start, bytes);
    return 0;
}

static int fake_acquire(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out)
{
    struct kn_fake_source *fake = fake_of(source);
    if (must_fail(fake, KN_FAKE_ACQUIRE) || reserve_range(fake, bytes, align, out) != 0)
        return ENOMEM;
    require_success(kn_os_commit(out->start, out->bytes));
    fill_new(fake, out->start, out->bytes);
    return 0;
}

static int fake_reserve(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out)
{
    struct kn_fake_source *fake = fake_of(source);
    return must_fail(fake, KN_FAKE_RESERVE) ? ENOMEM : reserve_range(fake, bytes, align, out);
}

static int fake_commit(struct kn_source *source, void *start, size_t bytes)
{
    struct kn_fake_source *fake = fake_of(source);
    require_held(fake, "commit", start, bytes);
    if (must_fail(fake, KN_FAKE_COMMIT))
        return ENOMEM;
    require_success(kn_os_commit(start, bytes));
    return 0;
}

static int fake_extend(struct kn_source *source, void *end, size_t bytes, struct kn_range *out)
{
    struct kn_fake_source *fake = fake_of(source);
    bytes = kn_align_up(bytes, kn_os_page_bytes());
    struct kn_range *range = find_range(fake, (char *)end - 1);
    if (range == NULL || (char *)range->start + range->bytes != end)
        complain("extension at %p, where no held range ends", end);
    if (must_fail(fake, KN_FAKE_EXTEND) || bytes > fake->room_bytes)
        return ENOMEM;
    fake->room_bytes -= bytes;
    require_success(kn_os_commit(end, bytes));
    fill_new(fake, end, bytes);
    range->bytes += bytes;
    fake->held_bytes += bytes;
    *out = (struct kn_range){end, bytes, fake->is_zero};
    return 0;
}

static int fake_purge(struct kn_source *source, void *start, size_t bytes)
{
    struct kn_fake_source *fake = fake_of(source);
    require_part(fake, "purge", start, bytes);
    if (must_fail(fake, KN_FAKE_PURGE))
        return ENOMEM;
    require_success(kn_os_purge(start, bytes));
    return 0;
}

/* Takes what a held range has of [start, end) out of it, which may leave a piece on each side. */
static void cut_range(struct kn_fake_source *fake, struct kn_range *range, char *start, char *end)
{
    char *range_start = range->start, *range_end = range_start + range->bytes;
    if (end > range_end)
        end = range_end;
    fake->held_bytes -= range->bytes;
    *range = fake->held[--fake->ranges];
    if (range_start < start)
        hold_range(fake, range_start, (size_t)(start - range_start));
    if (end < range_end)
        hold_range(fake, end, (size_t)(range_end - end));
}

static int fake_release(struct kn_source *source, void *start, size_t bytes)
{
    struct kn_fake_source *fake = fake_of(source);
    char *point = start, *end = point + bytes;
    fake->calls[KN_FAKE_RELEASE]++;
    require_part(fake, "release", start, bytes);
    while (point < end) {
        struct kn_range *range = find_range(fake, point);
        char *next = (char *)range->start + range->bytes;
        cut_range(fake, range, point, end);
        point = next;
    }
    require_success(kn_os_decommit(start, bytes));
    return 0;
}

void kn_fake_source_init(struct kn_fake_source *fake)
{
    static const struct kn_source_ops ops = {
        .part_bytes = fake_part_bytes,
        .acquire = fake_acquire,
        .release = fake_release,
        .reserve = fake_reserve,
        .commit = fake_commit,
        .extend = fake_extend,
        .purge = fake_purge,
    };
    memset(fake, 0, sizeof(*fake));
    fake->source.ops = &ops;
}

void kn_fake_source_fail(struct kn_fake_source *fake, enum kn_fake_call call, size_t nth,
                         size_t count)
{
    if (call == KN_FAKE_RELEASE)
        complain("release cannot be made to fail");
    fake->first[call] = fake->calls[call] + nth;
    fake->count[call] = count;
}

void kn_fake_source_assert_all_released(const struct kn_fake_source *fake)
{
    if (fake->held_bytes != 0)
        complain("%zu bytes in %zu pieces were not given back, the first at %p", fake->held_bytes,
                 fake->ranges, fake->held[0].start);
}
