#include "special/source.h"

#include <errno.h>

KN_STATIC_ASSERT(sizeof(struct kn_source_buffer) <= sizeof(struct knoll_source_buffer) &&
                     _Alignof(struct kn_source_buffer) <= _Alignof(struct knoll_source_buffer),
                 "the caller's storage can hold a buffer source");
KN_STATIC_ASSERT(sizeof(struct kn_source_custom) <= sizeof(struct knoll_source_custom) &&
                     _Alignof(struct kn_source_custom) <= _Alignof(struct knoll_source_custom),
                 "the caller's storage can hold a callbacks source");

struct knoll_source *knoll_source_mmap(void)
{
    return kn_source_to_public(kn_source_mmap());
}

struct knoll_source *knoll_source_sbrk(void)
{
    return kn_source_to_public(kn_source_sbrk());
}

struct knoll_source *knoll_source_buffer_init(struct knoll_source_buffer *storage, void *start,
                                              size_t bytes)
{
    struct kn_source_buffer *buffer = (struct kn_source_buffer *)(void *)storage;
    /* An empty buffer may be NULL, from which no address can be computed. */
    kn_source_buffer_init(buffer, start != NULL ? start : storage, start != NULL ? bytes : 0);
    return kn_source_to_public(&buffer->source);
}

const char *knoll_source_buffer_check(const struct knoll_source_buffer *storage)
{
    return kn_source_buffer_check((const struct kn_source_buffer *)(const void *)storage);
}

struct knoll_source *knoll_source_custom_init(struct knoll_source_custom *storage,
                                              const struct knoll_source_callbacks *callbacks)
{
    struct kn_source_custom *custom = (struct kn_source_custom *)(void *)storage;
    int error = kn_source_custom_init(custom, &(const struct kn_source_callbacks){
                                                  .context = callbacks->context,
                                                  .acquire = callbacks->acquire,
                                                  .release = callbacks->release,
                                                  .extend = callbacks->extend,
                                                  .purge = callbacks->purge,
                                                  .part_bytes = callbacks->part_bytes,
                                                  .is_zero_when_new = callbacks->is_zero_when_new,
                                              });
    if (error != 0) {
        errno = error;
        return NULL;
    }
    return kn_source_to_public(&custom->source);
}
