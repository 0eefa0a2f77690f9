/*
 * Pools: objects of one size and alignment.
 *
 *     struct knoll_pool pool;
 *     struct knoll_pool_options options = {.object_bytes = sizeof(struct connection)};
 *     if (knoll_pool_init(&pool, knoll_source_mmap(), &options) != 0)
 *         ...
 *     struct connection *connection = knoll_pool_malloc(&pool);
 *     knoll_pool_free(&pool, connection);
 *     knoll_pool_destroy(&pool);
 *
 * Memory comes from a source in chunks, each as large as all before it together, so there are few,
 * whatever the pool grows to; a fixed pool has one, if the source has it in one piece. There are
 * three kinds:
 *
 *                 finding an object    bookkeeping               checks       threads
 *     LIST        5 instructions       in the free objects       none         one at a time
 *     BITMAP      some 40              a bit per object, apart   every free   one at a time
 *     SHARED      the same, one atomic a bit per object, apart   every free   any
 *
 * A bitmap never touches an object's memory: objects may be of any size from one byte, keep their
 * contents while they are free, and can be listed. Every wrong free is found and answered as
 * <knoll/misuse.h> says.
 *
 * Contents    of new objects are undefined.
 * Failure     is NULL with errno ENOMEM.
 * Threads     a LIST or BITMAP pool is used by one thread at a time. Any thread may use a SHARED
 *             one, without locks but for growing; init, destroy, reset, trim and check need it for
 *             themselves. A child process made by fork while another thread grew a SHARED pool must
 *             leave that pool alone.
 */
#ifndef KNOLL_POOL_H
#define KNOLL_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <knoll/attributes.h>
#include <knoll/misuse.h>
#include <knoll/source.h>

KNOLL_BEGIN

/* In memory of the caller's, which must not move while it is in use; the members are the
 * library's. */
struct knoll_pool {
    void *ready;       /* LIST: the free objects, each beginning with the address of the next */
    uintptr_t slow_to; /* objects at addresses up to this are freed the long way: 0 for a LIST */
    void *opaque[18];
};

enum knoll_pool_kind {
    KNOLL_POOL_LIST,
    KNOLL_POOL_BITMAP,
    KNOLL_POOL_SHARED,
};

/* What is 0 is chosen by the pool. */
struct knoll_pool_options {
    size_t object_bytes;       /* 1 to KNOLL_POOL_OBJECT_BYTES_MAX */
    size_t align;              /* a power of two up to the same; 0: what an object of that size may
                                  need, at most 16 */
    enum knoll_pool_kind kind; /* LIST */
    size_t first_objects;      /* in the first chunk; 0: about as many as fit 4 KiB, at least 8 */
    size_t max_objects;        /* never more than these; 0: as many as there is memory for */
    bool is_fixed;             /* acquire memory for max_objects now, and never again */
};

#define KNOLL_POOL_OBJECT_BYTES_MAX ((size_t)1 << 28)

struct knoll_pool_stats {
    size_t object_bytes;
    size_t stride_bytes; /* from one object to the next */
    size_t objects;      /* for which there is memory */
    size_t used_objects; /* handed out and not freed */
    size_t chunks;
    size_t source_bytes; /* held from the source */
};

/*
 * Makes a pool on a source. Nothing is acquired until the first object is needed, but for a fixed
 * pool. 0; EINVAL, an option is out of its range, or the pool is fixed without max_objects; ENOMEM,
 * the source has no memory for a fixed pool. On failure there is no pool.
 */
KNOLL_API KNOLL_NODISCARD int
knoll_pool_init(struct knoll_pool *pool, struct knoll_source *source,
                const struct knoll_pool_options *options) KNOLL_NOTHROW;

/* Gives all memory back to the source. Objects still in use end with it. The pool can be initialised
 * again. Cost: linear in the number of chunks. */
KNOLL_API void knoll_pool_destroy(struct knoll_pool *pool) KNOLL_NOTHROW;

/* What the two functions below call when the short way is not open. */
KNOLL_API KNOLL_NODISCARD void *knoll_pool_malloc_slow(struct knoll_pool *pool) KNOLL_NOTHROW;
KNOLL_API void knoll_pool_free_slow(struct knoll_pool *pool, void *object) KNOLL_NOTHROW;

/* For the link in a free object, which was of any type before. */
typedef void *__attribute__((__may_alias__)) knoll_pool_link;

/*
 * An object; NULL with errno ENOMEM if there is none. Cost: constant; LIST: 5 instructions. Now
 * and then a chunk is acquired, and up to 64 objects are linked to each other.
 */
KNOLL_NODISCARD KNOLL_INLINE void *knoll_pool_malloc(struct knoll_pool *pool)
{
    void *object = pool->ready;
    if (__builtin_expect(object == NULL, 0))
        return knoll_pool_malloc_slow(pool);
    pool->ready = *(knoll_pool_link *)object;
    return object;
}

/*
 * Gives an object back. NULL is allowed and does nothing. BITMAP, SHARED: what is not an object of
 * the pool, or is free already, is misuse. LIST: the object must be one in use. Cost: constant, but
 * for finding the object's chunk, where the newest half of all objects comes first.
 */
KNOLL_INLINE void knoll_pool_free(struct knoll_pool *pool, void *object)
{
    /* NULL in a LIST, and all in other pools. */
    if (__builtin_expect((uintptr_t)object <= pool->slow_to, 0)) {
        knoll_pool_free_slow(pool, object);
        return;
    }
    *(knoll_pool_link *)object = pool->ready;
    pool->ready = object;
}

/*
 * Up to `count` objects, stored in out[0] and following. Returns how many; if fewer than `count`,
 * errno is ENOMEM and the rest of out[] undefined. BITMAP, SHARED: up to 64 objects at the cost of
 * one.
 */
KNOLL_API KNOLL_NODISCARD size_t knoll_pool_malloc_batch(struct knoll_pool *pool, size_t count,
                                                         void **out) KNOLL_NOTHROW;

/* Frees objects[0] to objects[count - 1], each of which may be NULL. */
KNOLL_API void knoll_pool_free_batch(struct knoll_pool *pool, void *const *objects,
                                     size_t count) KNOLL_NOTHROW;

/* Sees to it that the pool has memory for `count` objects in all. 0, or ENOMEM: there is less,
 * though maybe more than before. */
KNOLL_API KNOLL_NODISCARD int knoll_pool_reserve(struct knoll_pool *pool,
                                                 size_t count) KNOLL_NOTHROW;

/* Frees all objects, and keeps the memory. Cost: linear in the number of chunks; BITMAP, SHARED: and
 * of objects, 512 a cache line. */
KNOLL_API void knoll_pool_reset(struct knoll_pool *pool) KNOLL_NOTHROW;

/*
 * Gives the chunks in which no object is in use back to the source; of a fixed pool none. Returns
 * how many bytes. LIST: also brings the free objects into the order of their addresses, which costs
 * n log n of their number.
 */
KNOLL_API size_t knoll_pool_trim(struct knoll_pool *pool) KNOLL_NOTHROW;

/*
 * Whether an address, any whatever, is that of an object in use. LIST: of an object, in use or free.
 * Cost: as for knoll_pool_free.
 */
KNOLL_API KNOLL_NODISCARD bool knoll_pool_has(const struct knoll_pool *pool,
                                              const void *address) KNOLL_NOTHROW;

/*
 * Calls visit(object, arg) for every object in use, chunk by chunk in order of address, until a call
 * returns another value than 0. Returns that, or 0. visit may free the object that it visits, and
 * nothing else of this pool. SHARED: objects that other threads make or free meanwhile may be
 * visited or not. Cost: linear in the number of objects; LIST: as knoll_pool_trim, in addition.
 */
KNOLL_API int knoll_pool_walk(struct knoll_pool *pool, int (*visit)(void *object, void *arg),
                              void *arg);

/* Counts. Cost: BITMAP, SHARED: linear in the number of objects, 512 a cache line; LIST: linear in
 * that of free ones. */
KNOLL_API void knoll_pool_stats_get(const struct knoll_pool *pool,
                                    struct knoll_pool_stats *stats) KNOLL_NOTHROW;

/* NULL, or what is wrong with the pool: an object of a LIST was written to when free, or freed
 * twice. Cost: as for the statistics; LIST: times the number of chunks. */
KNOLL_API KNOLL_NODISCARD const char *knoll_pool_check(const struct knoll_pool *pool) KNOLL_NOTHROW;

KNOLL_END

#endif
