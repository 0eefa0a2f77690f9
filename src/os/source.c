#include "os/source.h"

#include "base/align.h"
#include "base/assert.h"

#include <errno.h>
#include <stdint.h>

/* Whether a range is made of parts, as far as addresses can tell. */
static bool is_part(const struct kn_source *source, const void *start, size_t bytes)
{
    return start != NULL && bytes != 0 && bytes <= UINTPTR_MAX - (uintptr_t)start &&
           (kn_source_part_bytes(source) == 0 ||
            kn_is_aligned(bytes, kn_source_part_bytes(source)));
}

size_t kn_source_part_bytes(const struct kn_source *source)
{
    return source->ops->part_bytes(source);
}

int kn_source_acquire(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out)
{
    KN_ASSERT(bytes != 0 && kn_is_power_of_two(align));
    int error = source->ops->acquire(source, bytes, align, out);
    KN_ASSERT(error != 0 || (out->bytes >= bytes && kn_is_aligned((uintptr_t)out->start, align)));
    return error;
}

int kn_source_release(struct kn_source *source, void *start, size_t bytes)
{
    KN_ASSERT(is_part(source, start, bytes));
    return source->ops->release(source, start, bytes);
}

int kn_source_reserve(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out)
{
    KN_ASSERT(bytes != 0 && kn_is_power_of_two(align));
    if (source->ops->reserve == NULL)
        return source->ops->acquire(source, bytes, align, out);
    return source->ops->reserve(source, bytes, align, out);
}

int kn_source_commit(struct kn_source *source, void *start, size_t bytes)
{
    KN_ASSERT(is_part(source, start, bytes));
    return source->ops->commit == NULL ? 0 : source->ops->commit(source, start, bytes);
}

int kn_source_extend(struct kn_source *source, void *end, size_t bytes, struct kn_range *out)
{
    KN_ASSERT(end != NULL && bytes != 0);
    if (source->ops->extend == NULL)
        return ENOTSUP;
    int error = source->ops->extend(source, end, bytes, out);
    KN_ASSERT(error != 0 || (out->bytes >= bytes && out->start == end));
    return error;
}

int kn_source_purge(struct kn_source *source, void *start, size_t bytes)
{
    KN_ASSERT(is_part(source, start, bytes));
    return source->ops->purge == NULL ? ENOTSUP : source->ops->purge(source, start, bytes);
}
