/* Pages of the operating system as a source. The contract is in source.h. */
#include "os/source.h"

#include "base/align.h"
#include "base/atomic.h"
#include "base/checked.h"
#include "os/os.h"
#include "os/source_lock.h"

#include <errno.h>

/*
 * Ranges which the kernel would not unmap, because it would have had to split a mapping and there
 * were too many already. Their memory is purged, their addresses are handed out again.
 */
static struct kn_range_list leftovers;
/* Saves acquire the lock while there are none, which is nearly always. Written with the lock held.
 */
static _Atomic bool has_leftovers;

struct kn_lock kn_source_lock = KN_LOCK_INITIALIZER(KN_RANK_SOURCE);

static void *take_leftover(size_t bytes, size_t align)
{
    /* Relaxed: a hint. A range that is missed now is found by a later call. */
    if (KN_LIKELY(!kn_load_relaxed(&has_leftovers)))
        return NULL;
    kn_lock_acquire(&kn_source_lock);
    void *start = kn_range_list_take(&leftovers, bytes, align);
    kn_store_relaxed(&has_leftovers, leftovers.first != NULL);
    kn_lock_release(&kn_source_lock);
    return start;
}

static int keep_leftover(void *start, size_t bytes)
{
    /* Parts of it may be reserved only; the list needs memory that can be written. If even that is
     * refused, the addresses are lost. If purging is refused, the memory is held until it is used.
     */
    int unpurged = kn_os_purge(start, bytes);
    (void)unpurged;
    if (kn_os_commit(start, bytes) != 0)
        return 0;
    kn_lock_acquire(&kn_source_lock);
    int error = kn_range_list_give(&leftovers, start, bytes);
    kn_store_relaxed(&has_leftovers, true);
    kn_lock_release(&kn_source_lock);
    return error;
}

static int acquire_pages(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out)
{
    (void)source;
    if (!kn_try_align_up(bytes, kn_os_page_bytes(), &bytes))
        return ENOMEM;
    void *leftover = take_leftover(bytes, align);
    void *start = leftover != NULL ? leftover : kn_os_map(bytes, align);
    *out = (struct kn_range){start, bytes, leftover == NULL};
    return start == NULL ? ENOMEM : 0;
}

static int release_pages(struct kn_source *source, void *start, size_t bytes)
{
    (void)source;
    return kn_os_unmap(start, bytes) == 0 ? 0 : keep_leftover(start, bytes);
}

static int reserve_pages(struct kn_source *source, size_t bytes, size_t align, struct kn_range *out)
{
    size_t page = kn_os_page_bytes(), room;
    if (align < page)
        align = page;
    if (!kn_try_align_up(bytes, page, &bytes) || !kn_try_add(bytes, align - page, &room))
        return ENOMEM;
    char *reserved = kn_os_reserve(NULL, room);
    if (reserved == NULL)
        return ENOMEM;
    char *start = (char *)kn_align_up((uintptr_t)reserved, align);
    size_t head = (size_t)(start - reserved), tail = room - head - bytes;
    if (head != 0 && kn_os_unmap(reserved, head) != 0) {
        (void)release_pages(source, reserved, room);
        return ENOMEM;
    }
    /* What cannot be cut off behind is no more than a longer range. */
    if (tail != 0 && kn_os_unmap(start + bytes, tail) != 0)
        bytes += tail;
    *out = (struct kn_range){start, bytes, true};
    return 0;
}

static int commit_pages(struct kn_source *source, void *start, size_t bytes)
{
    (void)source;
    return kn_os_commit(start, bytes);
}

static int extend_pages(struct kn_source *source, void *end, size_t bytes, struct kn_range *out)
{
    if (!kn_try_align_up(bytes, kn_os_page_bytes(), &bytes))
        return ENOMEM;
    void *start = kn_os_reserve(end, bytes);
    if (start == NULL)
        return ENOMEM;
    if (start != end || kn_os_commit(start, bytes) != 0) {
        (void)release_pages(source, start, bytes);
        return ENOMEM;
    }
    *out = (struct kn_range){start, bytes, true};
    return 0;
}

static int purge_pages(struct kn_source *source, void *start, size_t bytes)
{
    (void)source;
    return kn_os_purge(start, bytes);
}

static size_t page_part_bytes(const struct kn_source *source)
{
    (void)source;
    return kn_os_page_bytes();
}

struct kn_source *kn_source_mmap(void)
{
    static const struct kn_source_ops ops = {
        .part_bytes = page_part_bytes,
        .acquire = acquire_pages,
        .release = release_pages,
        .reserve = reserve_pages,
        .commit = commit_pages,
        .extend = extend_pages,
        .purge = purge_pages,
    };
    static struct kn_source source = {&ops};
    return &source;
}

void kn_source_fork_take(void)
{
    kn_lock_fork_take(&kn_source_lock);
}

void kn_source_fork_give(void)
{
    kn_lock_fork_give(&kn_source_lock);
}

void kn_source_fork_reset(void)
{
    kn_lock_fork_reset(&kn_source_lock);
}
