#include "ds/freelist.h"

static const char *check(const struct kn_freelist *list, const struct kn_freelist_bounds *bounds,
                         size_t count, bool is_encoded, uintptr_t secret)
{
    const void *block = list->head;

    for (size_t i = 0; i < count; i++) {
        if (block == NULL)
            return "free list: fewer blocks than counted";
        if (!kn_freelist_is_inside(bounds, block))
            return "free list: link leads out of bounds";
        block = is_encoded ? kn_freelist_encoded_next(secret, block) : kn_freelist_next(block);
    }
    return block == NULL ? NULL : "free list: more blocks than counted, or a cycle";
}

const char *kn_freelist_check(const struct kn_freelist *list,
                              const struct kn_freelist_bounds *bounds, size_t count)
{
    return check(list, bounds, count, false, 0);
}

const char *kn_freelist_encoded_check(const struct kn_freelist *list, uintptr_t secret,
                                      const struct kn_freelist_bounds *bounds, size_t count)
{
    return check(list, bounds, count, true, secret);
}
