/*
 * The replacement of malloc: the functions of C and POSIX, under their own names.
 *
 * The rules are those of api/entry.h and the same as glibc's wherever programs depend on them:
 * malloc(0) is a block of its own, realloc(p, 0) frees and returns NULL, free and success leave
 * errno alone, alignments that are no power of two are rounded up.
 *
 * The names carry no symbol version, so they satisfy references to any version of libc's.
 */
#include "api/entry.h"
#include "override/override.h"

KN_EXPORT void *malloc(size_t bytes)
{
    return kn_malloc(bytes);
}

KN_EXPORT void free(void *p)
{
    kn_free(p, KN_CALL_FREE);
}

KN_EXPORT void *calloc(size_t count, size_t bytes)
{
    return kn_entry_calloc(count, bytes);
}

KN_EXPORT void *realloc(void *p, size_t bytes)
{
    return kn_entry_realloc(p, bytes, KN_CALL_REALLOC);
}

KN_EXPORT void free_sized(void *p, size_t bytes)
{
    (void)bytes;
    kn_free(p, KN_CALL_FREE_SIZED);
}

KN_EXPORT void free_aligned_sized(void *p, size_t align, size_t bytes)
{
    (void)align;
    (void)bytes;
    kn_free(p, KN_CALL_FREE_ALIGNED_SIZED);
}

KN_EXPORT void cfree(void *p)
{
    kn_free(p, KN_CALL_FREE);
}

KN_EXPORT void *memalign(size_t align, size_t bytes)
{
    return kn_entry_memalign(align, bytes);
}

KN_EXPORT void *aligned_alloc(size_t align, size_t bytes)
{
    return kn_entry_memalign(align, bytes);
}

KN_EXPORT int posix_memalign(void **result, size_t align, size_t bytes)
{
    return kn_entry_posix_memalign(result, align, bytes);
}

KN_EXPORT void *valloc(size_t bytes)
{
    return kn_entry_valloc(bytes);
}

KN_EXPORT void *pvalloc(size_t bytes)
{
    return kn_entry_pvalloc(bytes);
}

KN_EXPORT size_t malloc_usable_size(void *p)
{
    return kn_usable_size(p, KN_CALL_USABLE_SIZE);
}

KN_EXPORT int malloc_trim(size_t keep_bytes)
{
    return kn_trim(keep_bytes);
}
