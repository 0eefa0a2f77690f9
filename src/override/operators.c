/*
 * operator new and operator delete of C++, all forms, by their mangled names.
 *
 * What the standard asks for when memory is short: call the new_handler, which frees something,
 * throws, or ends the program, and try again; without a handler throw std::bad_alloc. The nothrow
 * forms return NULL where the others throw.
 *
 * Exceptions pass through these functions, which have no state to clean up.
 */
#include <stdbool.h>

#include "api/entry.h"
#include "override/cxx_runtime.h"

/* In mangled names size_t is m, or j where it is an unsigned int. */
#if UINTPTR_MAX > 0xFFFFFFFFu
#define NAME(before, after) before##m##after
#else
#define NAME(before, after) before##j##after
#endif

struct nothrow; /* std::nothrow_t */

#define BYTES   size_t bytes
#define ALIGN   size_t align
#define NOTHROW KN_UNUSED const struct nothrow *nothrow
#define BLOCK   void *p
/* The heap knows both. */
#define BYTES_UNUSED KN_UNUSED size_t bytes
#define ALIGN_UNUSED KN_UNUSED size_t align

/* ---- when memory is short ---- */

/* Tries again as often as the handler allows. NULL: there is none, or it threw and may not. */
static void *retry(size_t bytes, size_t align, bool is_nothrow)
{
    for (;;) {
        void (*handler)(void) = kn_cxx_new_handler();
        if (handler == NULL)
            return NULL;
        if (!is_nothrow)
            handler();
        else if (!kn_cxx_try_call(handler))
            return NULL;
        void *block = kn_entry_memalign(align, bytes);
        if (block != NULL)
            return block;
    }
}

KN_COLD static void *retry_or_throw(size_t bytes, size_t align)
{
    void *block = retry(bytes, align, false);
    if (block == NULL)
        kn_cxx_throw_bad_alloc();
    return block;
}

KN_COLD static void *retry_or_null(size_t bytes, size_t align)
{
    return retry(bytes, align, true);
}

/* ---- operator new ---- */

KN_NOINLINE static void *new_slow(size_t bytes)
{
    void *block = kn_malloc(bytes);
    return KN_LIKELY(block != NULL) ? block : retry_or_throw(bytes, KN_ALIGN_MIN);
}

KN_NOINLINE static void *new_slow_or_null(size_t bytes)
{
    void *block = kn_malloc(bytes);
    return KN_LIKELY(block != NULL) ? block : retry_or_null(bytes, KN_ALIGN_MIN);
}

KN_INLINE void *new_block(size_t bytes)
{
    return kn_malloc_or(bytes, new_slow);
}

KN_INLINE void *new_or_null(size_t bytes)
{
    return kn_malloc_or(bytes, new_slow_or_null);
}

KN_INLINE void *new_aligned(size_t bytes, size_t align)
{
    void *block = kn_entry_memalign(align, bytes);
    return KN_LIKELY(block != NULL) ? block : retry_or_throw(bytes, align);
}

KN_INLINE void *new_aligned_or_null(size_t bytes, size_t align)
{
    void *block = kn_entry_memalign(align, bytes);
    return KN_LIKELY(block != NULL) ? block : retry_or_null(bytes, align);
}

#define NEW(name, parameters, block)                                                               \
    void *name parameters;                                                                         \
    KN_EXPORT void *name parameters                                                                \
    {                                                                                              \
        return block;                                                                              \
    }

NEW(NAME(_Znw, ), (BYTES), new_block(bytes))
NEW(NAME(_Zna, ), (BYTES), new_block(bytes))
NEW(NAME(_Znw, RKSt9nothrow_t), (BYTES, NOTHROW), new_or_null(bytes))
NEW(NAME(_Zna, RKSt9nothrow_t), (BYTES, NOTHROW), new_or_null(bytes))
NEW(NAME(_Znw, St11align_val_t), (BYTES, ALIGN), new_aligned(bytes, align))
NEW(NAME(_Zna, St11align_val_t), (BYTES, ALIGN), new_aligned(bytes, align))
NEW(NAME(_Znw, St11align_val_tRKSt9nothrow_t), (BYTES, ALIGN, NOTHROW),
    new_aligned_or_null(bytes, align))
NEW(NAME(_Zna, St11align_val_tRKSt9nothrow_t), (BYTES, ALIGN, NOTHROW),
    new_aligned_or_null(bytes, align))

/* ---- operator delete ---- */

#define DELETE(name, parameters, call)                                                             \
    void name parameters;                                                                          \
    KN_EXPORT void name parameters                                                                 \
    {                                                                                              \
        kn_free(p, call);                                                                          \
    }

DELETE(_ZdlPv, (BLOCK), KN_CALL_DELETE)
DELETE(_ZdaPv, (BLOCK), KN_CALL_DELETE_ARRAY)
DELETE(_ZdlPvRKSt9nothrow_t, (BLOCK, NOTHROW), KN_CALL_DELETE)
DELETE(_ZdaPvRKSt9nothrow_t, (BLOCK, NOTHROW), KN_CALL_DELETE_ARRAY)
DELETE(NAME(_ZdlPv, ), (BLOCK, BYTES_UNUSED), KN_CALL_DELETE)
DELETE(NAME(_ZdaPv, ), (BLOCK, BYTES_UNUSED), KN_CALL_DELETE_ARRAY)
DELETE(_ZdlPvSt11align_val_t, (BLOCK, ALIGN_UNUSED), KN_CALL_DELETE)
DELETE(_ZdaPvSt11align_val_t, (BLOCK, ALIGN_UNUSED), KN_CALL_DELETE_ARRAY)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, (BLOCK, ALIGN_UNUSED, NOTHROW), KN_CALL_DELETE)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, (BLOCK, ALIGN_UNUSED, NOTHROW), KN_CALL_DELETE_ARRAY)
DELETE(NAME(_ZdlPv, St11align_val_t), (BLOCK, BYTES_UNUSED, ALIGN_UNUSED), KN_CALL_DELETE)
DELETE(NAME(_ZdaPv, St11align_val_t), (BLOCK, BYTES_UNUSED, ALIGN_UNUSED), KN_CALL_DELETE_ARRAY)
