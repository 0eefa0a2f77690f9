/*
 * knoll: a memory allocator.
 *
 * The functions here are the allocator under names of its own. Whether the program's malloc and
 * operator new are knoll as well depends on how it was linked; where they are, both families share
 * one heap, and a block of one may be given to the other.
 *
 *     void *p = knoll_malloc(100);
 *     p = knoll_realloc(p, 200);
 *     knoll_free(p);
 *
 * What holds for all functions, unless one says otherwise:
 *
 * Sizes       are in bytes. A size of zero is valid and gives a block of its own. More than
 *             PTRDIFF_MAX bytes are never had.
 * Alignment   every block starts at a multiple of 16. Where an alignment can be chosen, it may be
 *             any power of two.
 * Contents    are undefined unless said to be zero.
 * Ownership   a block belongs to the caller until it is freed, by any thread, once.
 * Failure     is NULL with errno set to ENOMEM. Success leaves errno alone, and so does freeing.
 * Misuse      (a pointer that is not a block, or no longer) is found as far as it costs nothing,
 *             reported in one line on file descriptor 2, and ends the program by SIGABRT; the option
 *             on_error chooses otherwise.
 * Threads     any thread may call any function at any time, also before main and after the end of
 *             main, in destructors of threads, and after fork. No function may be called from a
 *             signal handler that interrupts another.
 * Cost        constant, no lock and no system call for blocks up to 64 KiB as long as the thread's
 *             heap has free ones; larger blocks take one lock.
 *
 * Further headers: <knoll/stats.h> counts and shows, <knoll/walk.h> visits every block,
 * <knoll/options.h> steers, <knoll/limits.h> bounds. <knoll/knoll.hpp> is for C++ containers,
 * <knoll/my_malloc.h> gives the same functions the names of textbooks.
 */
#ifndef KNOLL_KNOLL_H
#define KNOLL_KNOLL_H

#include <stddef.h>

#include <knoll/attributes.h>
#include <knoll/limits.h>
#include <knoll/options.h>
#include <knoll/stats.h>
#include <knoll/walk.h>

KNOLL_BEGIN

/* The version of this header. A program built with it runs with every later library of the same
 * major version. */
#define KNOLL_VERSION_MAJOR 0
#define KNOLL_VERSION_MINOR 1
#define KNOLL_VERSION_PATCH 0
#define KNOLL_VERSION                                                                              \
    (KNOLL_VERSION_MAJOR * 10000 + KNOLL_VERSION_MINOR * 100 + KNOLL_VERSION_PATCH)

/* The version of the library in use, composed as KNOLL_VERSION is. */
KNOLL_API int knoll_version(void) KNOLL_NOTHROW;

/* The same as text, such as "0.1.0". */
KNOLL_API const char *knoll_version_text(void) KNOLL_NOTHROW;

/* ---- the family of malloc ------------------------------------------------------------------- */

/* A block of at least `bytes`. */
KNOLL_API KNOLL_NODISCARD void *knoll_malloc(size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_SIZE(1);

/*
 * A block for `count` objects of `bytes` each, all of it zero. ENOMEM also if the product does not
 * fit a size_t. Memory that is fresh from the operating system is not written to.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_calloc(size_t count,
                                             size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_SIZES(1, 2);

/*
 * Changes the size of a block, which may move; the contents are kept as far as they fit. On failure
 * NULL is returned and the block is unchanged.
 *
 * p NULL: as knoll_malloc(bytes). bytes 0: frees the block and returns NULL with errno unchanged,
 * as glibc does; the option realloc_zero chooses otherwise.
 * Cost: nothing while the block fits and uses at least half of itself. Large blocks grow in place
 * when the memory behind them is free, and are else moved by the kernel, without copying.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_realloc(void *p, size_t bytes) KNOLL_NOTHROW KNOLL_SIZE(2);

/* Gives a block back. NULL is allowed and does nothing. */
KNOLL_API void knoll_free(void *p) KNOLL_NOTHROW;

/* As knoll_realloc(p, count * bytes), but ENOMEM if the product does not fit a size_t. */
KNOLL_API KNOLL_NODISCARD void *knoll_reallocarray(void *p, size_t count,
                                                   size_t bytes) KNOLL_NOTHROW KNOLL_SIZES(2, 3);

/*
 * As knoll_reallocarray, for blocks that came zeroed from knoll_calloc or knoll_recalloc: what lies
 * beyond the old contents is zero. When the block shrinks, the rest is cleared, so that it is zero
 * should it grow again.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_recalloc(void *p, size_t count, size_t bytes) KNOLL_NOTHROW
    KNOLL_SIZES(2, 3);

/* ---- alignment ------------------------------------------------------------------------------- */

/*
 * A block at a multiple of `align`, which must be a power of two, or errno is EINVAL and the result
 * NULL. `bytes` need not be a multiple of it. knoll_free and all others take such blocks.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_aligned_alloc(size_t align,
                                                    size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_ALIGN(1) KNOLL_SIZE(2);

/* As above, but any alignment is rounded up to a power of two. EINVAL if there is none so large. */
KNOLL_API KNOLL_NODISCARD void *knoll_memalign(size_t align,
                                               size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_SIZE(2);

/*
 * As POSIX has it: 0 and the block in *result, or EINVAL if `align` is not a power of two or smaller
 * than a pointer, or ENOMEM; then *result is untouched. errno is untouched always.
 */
KNOLL_API KNOLL_NODISCARD int knoll_posix_memalign(void **result, size_t align,
                                                   size_t bytes) KNOLL_NOTHROW;

/* A block that starts at a page of the operating system; pvalloc also rounds the size up to pages. */
KNOLL_API KNOLL_NODISCARD void *knoll_valloc(size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_SIZE(1);
KNOLL_API KNOLL_NODISCARD void *knoll_pvalloc(size_t bytes) KNOLL_NOTHROW KNOLL_NEW_BLOCK
    KNOLL_SIZE(1);

/* ---- sizes that are known --------------------------------------------------------------------- */

/*
 * knoll_free for callers that know what was asked for. The heap trusts its own records, so a wrong
 * size does no harm.
 */
KNOLL_API void knoll_free_sized(void *p, size_t bytes) KNOLL_NOTHROW;
KNOLL_API void knoll_free_aligned_sized(void *p, size_t align, size_t bytes) KNOLL_NOTHROW;

/*
 * How many bytes of the block may be used: at least as many as were asked for. 0 for NULL. Cost: a
 * few loads.
 */
KNOLL_API size_t knoll_usable_size(const void *p) KNOLL_NOTHROW;

/*
 * The usable size that a block of `bytes` would have: asking for as much wastes nothing. 0 if
 * no block could be that large.
 */
KNOLL_API size_t knoll_good_size(size_t bytes) KNOLL_NOTHROW;

/*
 * Makes a block hold at least `bytes` without moving it. Returns p, or NULL if that cannot be done,
 * with the block and errno unchanged. p must not be NULL.
 */
KNOLL_API KNOLL_NODISCARD void *knoll_expand(void *p, size_t bytes) KNOLL_NOTHROW;

/* ---- many at once ----------------------------------------------------------------------------- */

/*
 * Up to `count` blocks of `bytes` each, stored in out[0] and following. Returns how many; if fewer
 * than `count`, errno is ENOMEM and the rest of out[] undefined.
 */
KNOLL_API KNOLL_NODISCARD size_t knoll_malloc_batch(size_t bytes, size_t count,
                                                    void **out) KNOLL_NOTHROW;

/* Frees blocks[0] to blocks[count - 1], each of which may be NULL. */
KNOLL_API void knoll_free_batch(void **blocks, size_t count) KNOLL_NOTHROW;

/* ---- giving memory back ----------------------------------------------------------------------- */

/*
 * Returns unused memory to the operating system, all but keep_bytes of it: what the calling thread
 * has ready to hand out, and what nobody uses. The heap does so by itself as it goes; this is for a
 * program that knows it is about to be idle. 1 if anything was returned, else 0.
 * Cost: system calls in proportion to what is returned.
 */
KNOLL_API int knoll_trim(size_t keep_bytes) KNOLL_NOTHROW;

KNOLL_END

#endif
