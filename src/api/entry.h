/*
 * The rules of the malloc family on top of the heap, in one place for both of its users: the knoll_
 * functions and the replacement of malloc.
 *
 * The heap knows sizes, alignments and blocks. What is here is what C and POSIX say around them:
 * products, sizes of zero, odd alignments, errno. kn_malloc and kn_free (core/fastpath.h) need
 * nothing around them.
 */
#ifndef KN_API_ENTRY_H
#define KN_API_ENTRY_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/align.h"
#include "base/bits.h"
#include "base/checked.h"
#include "base/compiler.h"
#include "core/alloc.h"
#include "core/fastpath.h"
#include "os/os.h"

/* A request that cannot be met whatever memory there is. */
KN_COLD void *kn_entry_refuse(int error);

/* realloc to a size of zero, of a block. */
void *kn_entry_realloc_zero(void *p, enum kn_call call);

/* Whether the program wants RTLD_DEEPBIND honoured. */
bool kn_entry_has_deepbind(void);

KN_INLINE void *kn_entry_calloc(size_t count, size_t bytes)
{
    size_t total;
    if (KN_UNLIKELY(!kn_try_mul(count, bytes, &total)))
        return kn_entry_refuse(ENOMEM);
    return kn_zalloc(total);
}

KN_INLINE void *kn_entry_realloc(void *p, size_t bytes, enum kn_call call)
{
    if (p == NULL)
        return kn_malloc(bytes);
    if (KN_UNLIKELY(bytes == 0))
        return kn_entry_realloc_zero(p, call);
    return kn_realloc(p, bytes, call);
}

KN_INLINE void *kn_entry_reallocarray(void *p, size_t count, size_t bytes, enum kn_call call)
{
    size_t total;
    if (KN_UNLIKELY(!kn_try_mul(count, bytes, &total)))
        return kn_entry_refuse(ENOMEM);
    return kn_entry_realloc(p, total, call);
}

/* Any alignment is rounded up to a power of two, as memalign has always done. */
KN_INLINE void *kn_entry_memalign(size_t align, size_t bytes)
{
    if (KN_UNLIKELY(!kn_is_power_of_two(align))) {
        if (align > SIZE_MAX / 2 + 1)
            return kn_entry_refuse(EINVAL);
        align = align == 0 ? 1 : (size_t)1 << kn_log2_ceil(align);
    }
    return kn_alloc_aligned(bytes, align, false);
}

KN_INLINE int kn_entry_posix_memalign(void **result, size_t align, size_t bytes)
{
    if (!kn_is_power_of_two(align) || align < sizeof(void *))
        return EINVAL;
    int saved = errno;
    void *block = kn_alloc_aligned(bytes, align, false);
    if (KN_UNLIKELY(block == NULL)) {
        errno = saved;
        return ENOMEM;
    }
    *result = block;
    return 0;
}

KN_INLINE void *kn_entry_valloc(size_t bytes)
{
    return kn_alloc_aligned(bytes, kn_os_page_bytes(), false);
}

KN_INLINE void *kn_entry_pvalloc(size_t bytes)
{
    size_t rounded;
    if (KN_UNLIKELY(!kn_try_align_up(bytes, kn_os_page_bytes(), &rounded)))
        return kn_entry_refuse(ENOMEM);
    return kn_alloc_aligned(rounded, kn_os_page_bytes(), false);
}

#endif
