/* A shared heap is a record with the lock, and behind it a compact heap. */
#include "base/align.h"
#include "base/atomic.h"
#include "os/robust_lock.h"

#include <knoll/shared.h>

#include <errno.h>

enum { SHARED_MAGIC = 0x6b6e6f53, SHARED_VERSION = 1 };

struct shared {
    _Atomic uint32_t magic; /* written last */
    uint16_t version;
    uint16_t lock_bytes; /* another C library has other locks */
    _Atomic uint64_t deaths;
    bool is_unsettled;
    struct kn_robust_lock lock;
};

static struct shared *record_of(const struct knoll_shared *heap)
{
    return heap->start;
}

static size_t record_bytes(void)
{
    return kn_align_up(sizeof(struct shared), 64);
}

static bool is_usable(const void *buffer, size_t bytes)
{
    return buffer != NULL && kn_is_aligned((uintptr_t)buffer, KNOLL_COMPACT_ALIGN) &&
           (uintptr_t)buffer <= UINTPTR_MAX - bytes;
}

/* ---- beginnings ------------------------------------------------------------------------------ */

int knoll_shared_create(struct knoll_shared *heap, void *buffer, size_t bytes,
                        const struct knoll_compact_index *index)
{
    struct shared *shared = buffer;
    int result;

    if (!is_usable(buffer, bytes))
        return KNOLL_COMPACT_INVALID;
    if (bytes < record_bytes())
        return KNOLL_COMPACT_NO_ROOM;
    kn_store_relaxed(&shared->magic, 0);
    result = knoll_compact_create(&heap->heap, kn_ptr_add(buffer, record_bytes()),
                                  bytes - record_bytes(), index);
    if (result != KNOLL_COMPACT_OK)
        return result;
    result = kn_robust_lock_init(&shared->lock);
    if (result != 0)
        return result;
    shared->version = SHARED_VERSION;
    shared->lock_bytes = sizeof(shared->lock);
    shared->is_unsettled = false;
    kn_store_relaxed(&shared->deaths, 0);
    /* Release: pairs with the acquire in knoll_shared_attach. */
    kn_store_release(&shared->magic, SHARED_MAGIC);
    heap->start = buffer;
    return KNOLL_COMPACT_OK;
}

int knoll_shared_attach(struct knoll_shared *heap, void *buffer, size_t bytes,
                        const struct knoll_compact_index *index)
{
    const struct shared *shared = buffer;
    int result;

    if (!is_usable(buffer, bytes))
        return KNOLL_COMPACT_INVALID;
    /* Acquire: pairs with the release in knoll_shared_create. */
    if (bytes < record_bytes() || kn_load_acquire(&shared->magic) != SHARED_MAGIC)
        return KNOLL_COMPACT_DAMAGED;
    if (shared->version != SHARED_VERSION || shared->lock_bytes != sizeof(shared->lock))
        return KNOLL_COMPACT_OTHER_FORM;
    result = knoll_compact_attach(&heap->heap, kn_ptr_add(buffer, record_bytes()),
                                  bytes - record_bytes(), index);
    if (result == KNOLL_COMPACT_OK)
        heap->start = buffer;
    return result;
}

int knoll_shared_restart(struct knoll_shared *heap, void *buffer, size_t bytes,
                         const struct knoll_compact_index *index)
{
    int result = knoll_shared_attach(heap, buffer, bytes, index);

    if (result == KNOLL_COMPACT_OK)
        result = knoll_compact_mend(&heap->heap);
    if (result == KNOLL_COMPACT_OK)
        result = kn_robust_lock_init(&record_of(heap)->lock);
    return result;
}

void knoll_shared_on_misuse(struct knoll_shared *heap, knoll_misuse_callback *callback, void *arg)
{
    knoll_compact_on_misuse(&heap->heap, callback, arg);
}

/* ---- the lock -------------------------------------------------------------------------------- */

/* The last holder died. Dying in here is no different: the next one starts again. */
static KN_COLD int take_over(struct knoll_shared *heap)
{
    struct shared *shared = record_of(heap);

    shared->is_unsettled = true;
    kn_fetch_add_relaxed(&shared->deaths, 1);
    if (knoll_compact_mend(&heap->heap) != KNOLL_COMPACT_OK) {
        kn_robust_lock_release(&shared->lock);
        return ENOTRECOVERABLE;
    }
    kn_robust_lock_mend(&shared->lock);
    return 0;
}

/* 0, with the lock held and the heap right, or an errno value. */
static int enter(struct knoll_shared *heap)
{
    int result = kn_robust_lock_acquire(&record_of(heap)->lock);

    return KN_UNLIKELY(result == EOWNERDEAD) ? take_over(heap) : result;
}

static void leave(struct knoll_shared *heap)
{
    kn_robust_lock_release(&record_of(heap)->lock);
}

int knoll_shared_lock(struct knoll_shared *heap)
{
    int result = enter(heap);

    return result == 0 && record_of(heap)->is_unsettled ? EOWNERDEAD : result;
}

void knoll_shared_unlock(struct knoll_shared *heap)
{
    leave(heap);
}

void knoll_shared_settle(struct knoll_shared *heap)
{
    record_of(heap)->is_unsettled = false;
}

uint64_t knoll_shared_deaths(const struct knoll_shared *heap)
{
    return kn_load_relaxed(&record_of(heap)->deaths);
}

/* ---- blocks ---------------------------------------------------------------------------------- */

void *knoll_shared_malloc(struct knoll_shared *heap, size_t bytes)
{
    void *p;

    if (enter(heap) != 0)
        return NULL;
    p = knoll_compact_malloc(&heap->heap, bytes);
    leave(heap);
    return p;
}

void *knoll_shared_calloc(struct knoll_shared *heap, size_t count, size_t bytes)
{
    void *p;

    if (enter(heap) != 0)
        return NULL;
    p = knoll_compact_calloc(&heap->heap, count, bytes);
    leave(heap);
    return p;
}

void *knoll_shared_aligned_alloc(struct knoll_shared *heap, size_t align, size_t bytes)
{
    void *p;

    if (enter(heap) != 0)
        return NULL;
    p = knoll_compact_aligned_alloc(&heap->heap, align, bytes);
    leave(heap);
    return p;
}

void *knoll_shared_realloc(struct knoll_shared *heap, void *p, size_t bytes)
{
    if (enter(heap) != 0)
        return NULL;
    p = knoll_compact_realloc(&heap->heap, p, bytes);
    leave(heap);
    return p;
}

void knoll_shared_free(struct knoll_shared *heap, void *p)
{
    if (p == NULL || enter(heap) != 0)
        return;
    knoll_compact_free(&heap->heap, p);
    leave(heap);
}

size_t knoll_shared_usable_size(struct knoll_shared *heap, const void *p)
{
    size_t bytes;

    if (p == NULL || enter(heap) != 0)
        return 0;
    bytes = knoll_compact_usable_size(&heap->heap, p);
    leave(heap);
    return bytes;
}

void knoll_shared_set_root(struct knoll_shared *heap, const void *p)
{
    if (enter(heap) != 0)
        return;
    knoll_compact_set_root(&heap->heap, p);
    leave(heap);
}

void *knoll_shared_root(struct knoll_shared *heap)
{
    void *root;

    if (enter(heap) != 0)
        return NULL;
    root = knoll_compact_root(&heap->heap);
    leave(heap);
    return root;
}

size_t knoll_shared_offset(const struct knoll_shared *heap, const void *p)
{
    return knoll_compact_offset(&heap->heap, p);
}

void *knoll_shared_pointer(const struct knoll_shared *heap, size_t offset)
{
    return knoll_compact_pointer(&heap->heap, offset);
}

/* ---- looking inside -------------------------------------------------------------------------- */

int knoll_shared_walk(struct knoll_shared *heap,
                      int (*visit)(const struct knoll_compact_block *block, void *arg), void *arg)
{
    int result;

    if (enter(heap) != 0)
        return -1;
    result = knoll_compact_walk(&heap->heap, visit, arg);
    leave(heap);
    return result;
}

void knoll_shared_stats_get(struct knoll_shared *heap, struct knoll_compact_stats *stats)
{
    *stats = (struct knoll_compact_stats){0};
    if (enter(heap) != 0)
        return;
    knoll_compact_stats_get(&heap->heap, stats);
    leave(heap);
}

const char *knoll_shared_check(struct knoll_shared *heap)
{
    const char *fault;

    if (enter(heap) != 0)
        return "shared heap: the lock is lost";
    fault = knoll_compact_check(&heap->heap);
    leave(heap);
    return fault;
}
