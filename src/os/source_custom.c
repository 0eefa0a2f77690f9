/* A caller's functions as a source. The contract is in source.h. */
#include "os/source.h"

#include "base/align.h"
#include "base/checked.h"

#include <errno.h>
#include <stdint.h>

static const struct kn_source_callbacks *callbacks_of(const struct kn_source *source)
{
    return &KN_CONTAINER_OF(source, struct kn_source_custom, source)->callbacks;
}

static size_t told_part_bytes(const struct kn_source *source)
{
    return callbacks_of(source)->part_bytes;
}

static KN_NODISCARD bool try_round(const struct kn_source_callbacks *callbacks, size_t *bytes)
{
    return callbacks->part_bytes == 0 || kn_try_align_up(*bytes, callbacks->part_bytes, bytes);
}

static void call_release(const struct kn_source_callbacks *callbacks, void *start, size_t bytes)
{
    int saved = errno;
    if (callbacks->release != NULL)
        callbacks->release(callbacks->context, start, bytes);
    errno = saved;
}

static int acquire_range(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out)
{
    const struct kn_source_callbacks *callbacks = callbacks_of(source);
    if (!try_round(callbacks, &bytes))
        return ENOMEM;
    int saved = errno;
    void *start = callbacks->acquire(callbacks->context, bytes, align);
    errno = saved;
    if (start == NULL)
        return ENOMEM;
    /* The callback is not ours: a range that would break the allocator is not let through. */
    if (!kn_is_aligned((uintptr_t)start, align) || bytes > UINTPTR_MAX - (uintptr_t)start) {
        call_release(callbacks, start, bytes);
        return ENOMEM;
    }
    *out = (struct kn_range){start, bytes, callbacks->is_zero_when_new};
    return 0;
}

static int release_range(struct kn_source *source, void *start, size_t bytes)
{
    call_release(callbacks_of(source), start, bytes);
    return 0;
}

static int extend_range(struct kn_source *source, void *end, size_t bytes, struct kn_range *out)
{
    const struct kn_source_callbacks *callbacks = callbacks_of(source);
    if (callbacks->extend == NULL)
        return ENOTSUP;
    if (!try_round(callbacks, &bytes))
        return ENOMEM;
    int saved = errno;
    bool is_extended = callbacks->extend(callbacks->context, end, bytes);
    errno = saved;
    *out = (struct kn_range){end, bytes, callbacks->is_zero_when_new};
    return is_extended ? 0 : ENOMEM;
}

static int purge_range(struct kn_source *source, void *start, size_t bytes)
{
    const struct kn_source_callbacks *callbacks = callbacks_of(source);
    if (callbacks->purge == NULL)
        return ENOTSUP;
    int saved = errno;
    bool is_purged = callbacks->purge(callbacks->context, start, bytes);
    errno = saved;
    return is_purged ? 0 : ENOMEM;
}

int kn_source_custom_init(struct kn_source_custom *custom,
                          const struct kn_source_callbacks *callbacks)
{
    static const struct kn_source_ops ops = {
        .part_bytes = told_part_bytes,
        .acquire = acquire_range,
        .release = release_range,
        .extend = extend_range,
        .purge = purge_range,
    };
    if (callbacks->acquire == NULL ||
        (callbacks->part_bytes != 0 && !kn_is_power_of_two(callbacks->part_bytes)))
        return EINVAL;
    custom->source.ops = &ops;
    custom->callbacks = *callbacks;
    return 0;
}
