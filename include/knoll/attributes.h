/*
 * What the compiler is told about knoll's functions. Not for use on its own.
 *
 * Everything here may expand to nothing: the functions work the same with any compiler that knows
 * C11 or C++17.
 */
#ifndef KNOLL_ATTRIBUTES_H
#define KNOLL_ATTRIBUTES_H

/* For size_t, which every header needs. */
#include <stddef.h>

#ifdef __cplusplus
#define KNOLL_BEGIN   extern "C" {
#define KNOLL_END     }
#define KNOLL_NOTHROW noexcept
#else
#define KNOLL_BEGIN
#define KNOLL_END
#define KNOLL_NOTHROW __attribute__((__nothrow__))
#endif

/* What the library shows to its users. */
#define KNOLL_API __attribute__((__visibility__("default")))

/* A part of the program, which is not in the library. */
#define KNOLL_INLINE static inline __attribute__((__unused__))

/* The result is to be used: ignoring it loses memory or an error. */
#define KNOLL_NODISCARD __attribute__((__warn_unused_result__))

/* The result aliases nothing; the numbers say which parameters multiply to its size, or align it. */
#define KNOLL_NEW_BLOCK       __attribute__((__malloc__))
#define KNOLL_SIZE(n)         __attribute__((__alloc_size__(n)))
#define KNOLL_SIZES(count, n) __attribute__((__alloc_size__(count, n)))
#define KNOLL_ALIGN(n)        __attribute__((__alloc_align__(n)))

#endif
