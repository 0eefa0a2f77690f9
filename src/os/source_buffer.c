/* A caller's buffer as a source. The contract is in source.h. */
#include "os/source.h"

#include "base/align.h"
#include "base/checked.h"

#include <errno.h>
#include <stdint.h>

static struct kn_source_buffer *buffer_of(struct kn_source *source)
{
    return KN_CONTAINER_OF(source, struct kn_source_buffer, source);
}

static size_t unit_part_bytes(const struct kn_source *source)
{
    (void)source;
    return KN_SOURCE_UNIT_BYTES;
}

static int acquire_range(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out)
{
    if (!kn_try_align_up(bytes, KN_SOURCE_UNIT_BYTES, &bytes))
        return ENOMEM;
    void *start = kn_range_list_take(&buffer_of(source)->free, bytes, align);
    *out = (struct kn_range){start, bytes, false};
    return start == NULL ? ENOMEM : 0;
}

static int release_range(struct kn_source *source, void *start, size_t bytes)
{
    struct kn_source_buffer *buffer = buffer_of(source);
    uintptr_t offset = (uintptr_t)start - (uintptr_t)buffer->start;
    if (offset > buffer->bytes || bytes > buffer->bytes - offset ||
        !kn_is_aligned(offset, KN_SOURCE_UNIT_BYTES))
        return EINVAL;
    return kn_range_list_give(&buffer->free, start, bytes);
}

static int extend_range(struct kn_source *source, void *end, size_t bytes, struct kn_range *out)
{
    if (!kn_try_align_up(bytes, KN_SOURCE_UNIT_BYTES, &bytes) ||
        kn_range_list_take_at(&buffer_of(source)->free, end, bytes) != 0)
        return ENOMEM;
    *out = (struct kn_range){end, bytes, false};
    return 0;
}

void kn_source_buffer_init(struct kn_source_buffer *buffer, void *start, size_t bytes)
{
    static const struct kn_source_ops ops = {
        .part_bytes = unit_part_bytes,
        .acquire = acquire_range,
        .release = release_range,
        .extend = extend_range,
    };
    size_t skipped = (0 - (size_t)(uintptr_t)start) % KN_SOURCE_UNIT_BYTES;
    buffer->source.ops = &ops;
    buffer->start = kn_ptr_add(start, skipped);
    buffer->bytes = bytes < skipped ? 0 : kn_align_down(bytes - skipped, KN_SOURCE_UNIT_BYTES);
    kn_range_list_init(&buffer->free);
    if (buffer->bytes != 0)
        (void)kn_range_list_give(&buffer->free, buffer->start, buffer->bytes);
}

const char *kn_source_buffer_check(const struct kn_source_buffer *buffer)
{
    return kn_range_list_check(&buffer->free, buffer->start,
                               kn_ptr_add(buffer->start, buffer->bytes));
}
