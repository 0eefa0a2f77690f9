/*
 * Heaps: what a thread allocates from.
 *
 * Per size class a heap has a cell (the blocks ready to hand out, last in first out) and a bin (the
 * slabs it owns). A block in a cell counts as used by its slab, so moving blocks between program
 * and cell touches no slab. Free puts a block into the cell only if the block's slab belongs to
 * this heap and the cell has room:
 *
 *     malloc <-- cell <-- free of own block
 *                 ^          | no room
 *                 |          v
 *              slab's local list    remote list <-- batches of other threads' heaps
 *
 * A cell of a small class (up to 512 bytes) counts its blocks in one byte, in units of 16 bytes:
 *
 *     units[c] = 1 + c * blocks      empty: 1, full: above 255 - c; up to 4 KiB
 *
 * so that malloc's subtraction of c and free's addition of c tell "empty" and "full" by the carry
 * flag. A list that a refill takes over may be longer than the counter can say; bin->beyond counts
 * the blocks that units[c] leaves out, and they are counted in when the counter says empty. A cell
 * of a medium class has a signed count of free places, room[c].
 *
 * kn_self, in thread storage, steers the fast path: with limits of 0 and a tag that no descriptor
 * has, every call takes the slow path, and there is no test for "initialised". A thread without a
 * heap has such values, and points at a constant heap that nothing is in.
 *
 * The storage of a process's first thread holds zeroes while the loader runs the resolvers of
 * indirect functions, and is set to its initial values afterwards, whatever a resolver's malloc
 * has made of it. So zeroes mean "no heap yet" as well, and the thread finds the heap that it had.
 *
 * Threads: a heap belongs to one thread at a time, except the shared heap, which has a lock and
 * serves threads that cannot have one of their own (out of memory, or past their end). Ended heaps
 * are recycled with their tag.
 */
#ifndef KN_CORE_HEAP_H
#define KN_CORE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "core/map.h"
#include "core/slab.h"
#include "os/lock.h"

#define KN_FAST_LIMIT   (KN_SMALL_MAX + 1)
#define KN_MEDIUM_LIMIT (KN_MEDIUM_MAX + 1)
#define KN_BATCHES      16
#define KN_UNITS_EMPTY  1
#define KN_UNITS_ARRAY  40

struct kn_bin {
    struct kn_dlist slabs; /* owned; the first is refilled from */
    uint32_t beyond;       /* blocks in the cell that its counter leaves out */
    int32_t balance;       /* slabs this heap handed out completely, less those it claimed back */
    uint32_t slabs_made;
    uint32_t slab_count; /* owned now */
};

/* Blocks of one slab that another heap owns, or nobody, on their way back. */
struct kn_batch {
    struct kn_run *slab; /* NULL: none */
    struct kn_chain chain;
};

struct kn_heap {
    void *head[KN_CLASS_COUNT]; /* first, so that the compilers index it without an addition */
    uint8_t units[KN_UNITS_ARRAY];
    uint32_t tag;
    int16_t room[KN_CLASS_COUNT];
    uint16_t refills; /* since batches were last posted */
    struct kn_bin bins[KN_CLASS_COUNT];
    struct kn_batch batches[KN_BATCHES];
    uint32_t open_batches;
    bool is_shared;
    struct kn_heap *next;        /* in the list of all heaps, never removed */
    struct kn_heap *next_unused; /* in the list of heaps whose thread has ended */
};

struct kn_self {
    struct kn_heap *heap; /* NULL only before kn_init */
    size_t fast_limit;    /* requests below it try the small cells: KN_FAST_LIMIT, or 0 */
    size_t medium_limit;  /* requests below it try the medium cells: KN_MEDIUM_LIMIT, or 0 */
    uint64_t fast_tag;    /* the heap's tag, or KN_TAG_NEVER */
};

extern KN_HIDDEN _Thread_local struct kn_self kn_self;

/* Heaps that threads have at the moment. */
extern KN_HIDDEN _Atomic uint32_t kn_heaps_in_use;

/* The calling thread's heap, made on first use. NULL if it cannot have one; then use the shared
 * heap. */
struct kn_heap *kn_heap_get(void);

/* The shared heap, locked; kn_heap_unlock when done. */
struct kn_heap *kn_heap_lock_shared(void);
void kn_heap_unlock_shared(void);

/* One block of the class, after the cell turned out to be empty; refills the cell. NULL when out of
 * memory. */
KN_NODISCARD void *kn_heap_refill(struct kn_heap *heap, unsigned size_class);

/* Takes back a block of a slab that this heap owns, past the cell. */
void kn_heap_free_local(struct kn_heap *heap, struct kn_run *run, void *block);

/* Enters a slab that the calling thread has just claimed into the heap's bin. */
void kn_heap_own(struct kn_heap *heap, struct kn_run *run);

/* Takes back a list of blocks of whatever slabs. */
void kn_heap_return_list(struct kn_heap *heap, void *block);

/* Adds a block to the batch of a slab that this heap does not own; false if it has none open, or if
 * the block is the one added last. */
KN_NODISCARD bool kn_heap_try_batch(struct kn_heap *heap, struct kn_run *run, void *block);

/* Whether the block is the last one added to a batch: it is being freed twice. */
bool kn_heap_is_last_batched(const struct kn_heap *heap, const struct kn_run *run,
                             const void *block);

/* Takes back a block of a slab that this heap does not own and has no batch open for (batch.c). */
void kn_heap_free_remote(struct kn_heap *heap, struct kn_run *run, void *block);

/* Pushes all batches onto their slabs. */
void kn_heap_post_batches(struct kn_heap *heap);

/* Empties cells and batches and gives idle slabs back to the page heap. */
void kn_heap_flush(struct kn_heap *heap);

/* Called when a thread ends: its heap becomes unused, its slabs orphans. */
void kn_heap_thread_end(void);

/* First of all heaps, in use or not; follow ->next. Acquire. */
struct kn_heap *kn_heap_first(void);

/* NULL, or what is wrong. The heap must not be in use meanwhile. */
const char *kn_heap_check(const struct kn_heap *heap);

void kn_heaps_init(void);

/* For fork: the locks, in order of rank. */
void kn_heaps_fork_each(void (*action)(struct kn_lock *lock));

#endif
