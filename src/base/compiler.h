/* compiler.h - what the compiler can be told, under one spelling.
 *
 * Purpose     every attribute and compiler extension the library uses is named here, so that no
 *             other file needs to know which compiler reads it. gcc and clang are supported; both
 *             accept all of these.
 * Invariants  no macro evaluates an argument more than once.
 * Threads     nothing here exists at run time.
 * Cost        none.
 */
#ifndef KN_BASE_COMPILER_H
#define KN_BASE_COMPILER_H

#include <stddef.h>

/* 1 in the debug variants: KN_ASSERT is checked, and structures may afford checks in linear
 * time. */
#ifndef KN_DEBUG
#define KN_DEBUG 0
#endif

#define KN_LIKELY(cond)   __builtin_expect(!!(cond), 1)
#define KN_UNLIKELY(cond) __builtin_expect(!!(cond), 0)

#define KN_INLINE   static inline __attribute__((always_inline))
#define KN_NOINLINE __attribute__((noinline))
/* Off the hot path: optimised for size, placed apart, and calls to it predicted as not taken. */
#define KN_COLD      __attribute__((cold, noinline))
#define KN_NORETURN  __attribute__((noreturn))
#define KN_NODISCARD __attribute__((warn_unused_result))
#define KN_UNUSED    __attribute__((unused))

/* The library is built with hidden visibility; KN_EXPORT marks what users may link to. */
#define KN_EXPORT __attribute__((visibility("default")))
#define KN_HIDDEN __attribute__((visibility("hidden")))

/* Parameter number `format` is a printf format, whose values start at parameter `first` (0 for a
 * va_list). */
#define KN_PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
/* Accesses through such a type may touch objects of any type: for words laid over foreign
 * memory. */
#define KN_MAY_ALIAS      __attribute__((may_alias))
#define KN_ALIGNED(bytes) __attribute__((aligned(bytes)))

#define KN_STATIC_ASSERT(cond, message) _Static_assert(cond, message)
#define KN_ARRAY_LEN(array)             (sizeof(array) / sizeof((array)[0]))

/* The object of type `type` whose member `member` is at `ptr`. The conditional only makes the
 * compiler check that `ptr` has the member's type. As with strchr, a pointer to const comes back
 * without it. */
#define KN_CONTAINER_OF(ptr, type, member)                                                         \
    ((type *)(void *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))

#endif
