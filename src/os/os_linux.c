/* Pages by the system calls of Linux. The contract is in os.h. */
#define _GNU_SOURCE

#include "os/os.h"

#include "base/align.h"
#include "base/assert.h"
#include "base/atomic.h"
#include "base/checked.h"
#include "os/os_fault.h"
#include "os/syscall.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>

/* Since Linux 5.7 and 5.14; older kernel headers lack them. */
#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* 32-bit targets have the old call with its arguments in memory under SYS_mmap. */
#ifdef SYS_mmap2
#define KN_SYS_MMAP SYS_mmap2
#else
#define KN_SYS_MMAP SYS_mmap
#endif

enum {
    KN_MAP_PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS,
    KN_READ_WRITE = PROT_READ | PROT_WRITE,
};

/* What a page table entry of the second level maps: moves that keep this alignment move whole
 * tables. */
static const size_t table_bytes = (size_t)2 << 20;

/* Whether madvise really zeroes; decided by the first purge. */
enum { PURGE_UNKNOWN, PURGE_ZEROES, PURGE_LIES };
static _Atomic int purge_state;

static _Atomic size_t page_bytes;

/* Where glibc notes the break, so that sbrk need not ask; NULL until its first use. Other libraries
 * have no such record, and the symbol has no address then. */
extern void *__curbrk __attribute__((weak));

static size_t kernel_page_bytes(void)
{
    /* Every thread that gets here first computes the same value, so no order is needed. */
    size_t bytes = kn_load_relaxed(&page_bytes);
    if (KN_UNLIKELY(bytes == 0)) {
        int saved = errno;
        bytes = (size_t)getauxval(AT_PAGESZ);
        errno = saved;
        kn_store_relaxed(&page_bytes, bytes);
    }
    return bytes;
}

size_t kn_os_page_bytes(void)
{
    return kn_os_fault_page_bytes(kernel_page_bytes());
}

static bool is_page_range(const void *start, size_t bytes)
{
    size_t page = kn_os_page_bytes();
    return start != NULL && bytes != 0 && kn_is_aligned((uintptr_t)start, page) &&
           kn_is_aligned(bytes, page);
}

static void *map_pages(void *hint, size_t bytes, int protection, int flags)
{
    long result = kn_syscall(KN_SYS_MMAP, hint, bytes, protection, KN_MAP_PRIVATE | flags, -1, 0);
    return kn_syscall_error(result) != 0 ? NULL : (void *)result;
}

static int protect_pages(void *start, size_t bytes, int protection)
{
    KN_ASSERT(is_page_range(start, bytes));
    return kn_syscall_error(kn_syscall(SYS_mprotect, start, bytes, protection));
}

static int advise_pages(void *start, size_t bytes, int advice)
{
    KN_ASSERT(is_page_range(start, bytes));
    return kn_syscall_error(kn_syscall(SYS_madvise, start, bytes, advice));
}

static int unmap_pages(void *start, size_t bytes)
{
    return kn_syscall_error(kn_syscall(SYS_munmap, start, bytes));
}

/* Cuts the aligned middle out of a mapping; gives all of it back if the kernel will not cut. */
static void *trim_mapping(char *start, size_t mapped, size_t bytes, size_t align)
{
    char *aligned = (char *)kn_align_up((uintptr_t)start, align);
    size_t head = (size_t)(aligned - start);
    size_t tail = mapped - head - bytes;
    if (head != 0 && unmap_pages(start, head) != 0) {
        (void)unmap_pages(start, mapped);
        return NULL;
    }
    if (tail != 0 && unmap_pages(aligned + bytes, tail) != 0) {
        (void)unmap_pages(aligned, bytes + tail);
        return NULL;
    }
    return aligned;
}

/* The kernel aligns to its page; more is had by mapping more and cutting. */
static void *map_aligned(void *hint, size_t bytes, size_t align, int protection, int flags)
{
    size_t page = kernel_page_bytes();
    KN_ASSERT(bytes != 0 && kn_is_aligned(bytes, kn_os_page_bytes()));
    if (align <= page)
        return map_pages(hint, bytes, protection, flags);
    size_t mapped;
    if (!kn_try_add(bytes, align - page, &mapped))
        return NULL;
    char *start = map_pages(hint, mapped, protection, flags);
    return start == NULL ? NULL : trim_mapping(start, mapped, bytes, align);
}

void *kn_os_reserve(void *hint, size_t bytes)
{
    if (kn_os_fault_hit(KN_FAULT_RESERVE) != 0)
        return NULL;
    return map_aligned(hint, bytes, kn_os_page_bytes(), PROT_NONE, MAP_NORESERVE);
}

void *kn_os_map_read(size_t bytes)
{
    if (kn_os_fault_hit(KN_FAULT_RESERVE) != 0)
        return NULL;
    return map_aligned(NULL, bytes, kn_os_page_bytes(), PROT_READ, MAP_NORESERVE);
}

void *kn_os_map(size_t bytes, size_t align)
{
    size_t page = kn_os_page_bytes();
    if (kn_os_fault_hit(KN_FAULT_MAP) != 0)
        return NULL;
    return map_aligned(NULL, bytes, align < page ? page : align, KN_READ_WRITE, 0);
}

int kn_os_commit(void *start, size_t bytes)
{
    int fault = kn_os_fault_hit(KN_FAULT_COMMIT);
    if (fault != 0)
        return fault;
    return protect_pages(start, bytes, KN_READ_WRITE);
}

int kn_os_decommit(void *start, size_t bytes)
{
    int fault = kn_os_fault_hit(KN_FAULT_OTHER);
    if (fault != 0)
        return fault;
    KN_ASSERT(is_page_range(start, bytes));
    /* A fresh mapping, because taking the access rights away would keep the commit charge. */
    long result = kn_syscall(KN_SYS_MMAP, start, bytes, PROT_NONE,
                             KN_MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return kn_syscall_error(result);
}

int kn_os_purge(void *start, size_t bytes)
{
    int fault = kn_os_fault_hit(KN_FAULT_PURGE);
    if (fault != 0)
        return fault;
    /* The states differ in nothing but this one word, so relaxed order suffices. */
    int state = kn_load_relaxed(&purge_state);
    if (KN_UNLIKELY(state == PURGE_LIES))
        return ENOTSUP;
    /* The contents are about to be lost, so the range itself can serve for the trial. */
    volatile char *probe = start;
    if (KN_UNLIKELY(state == PURGE_UNKNOWN))
        *probe = 1;
    int error = advise_pages(start, bytes, MADV_DONTNEED);
    if (KN_LIKELY(state == PURGE_ZEROES) || error != 0)
        return error;
    state = *probe == 0 ? PURGE_ZEROES : PURGE_LIES;
    kn_store_relaxed(&purge_state, state);
    return state == PURGE_ZEROES ? 0 : ENOTSUP;
}

int kn_os_unmap(void *start, size_t bytes)
{
    int fault = kn_os_fault_hit(KN_FAULT_UNMAP);
    if (fault != 0)
        return fault;
    KN_ASSERT(is_page_range(start, bytes));
    return unmap_pages(start, bytes);
}

/*
 * A free place for a range on its way between two addresses that lie alike within a page table:
 * with such a place the kernel moves whole tables and huge pages. Only a hint: it may be taken by
 * the time it is used.
 */
static void *find_waypoint(const void *from, const void *to, size_t bytes)
{
    uintptr_t offset = (uintptr_t)from % table_bytes;
    size_t room;
    if (bytes < table_bytes || offset != (uintptr_t)to % table_bytes ||
        !kn_try_add(bytes, table_bytes, &room))
        return NULL;
    char *start = map_pages(NULL, room, PROT_NONE, MAP_NORESERVE);
    if (start == NULL || unmap_pages(start, room) != 0)
        return NULL;
    return start + (offset - (uintptr_t)start) % table_bytes;
}

int kn_os_move(void *from, void *to, size_t bytes)
{
    int fault = kn_os_fault_hit(KN_FAULT_MOVE);
    if (fault != 0)
        return fault;
    KN_ASSERT(is_page_range(from, bytes) && is_page_range(to, bytes));
    /*
     * In two steps. In one, the kernel would first unmap `to` and only then find out whether it can
     * move `from`; on failure that leaves a hole in which other threads' mappings appear. The first
     * step goes to a free address, replaces nothing, and meets every condition that can fail in
     * practice.
     */
    long way = kn_syscall(SYS_mremap, from, bytes, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
                          find_waypoint(from, to, bytes));
    int error = kn_syscall_error(way);
    if (error != 0)
        return error == EINVAL ? EOPNOTSUPP : error;
    long moved = kn_syscall(SYS_mremap, way, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to);
    error = kn_syscall_error(moved);
    if (KN_UNLIKELY(error != 0)) {
        /* Too many mappings, so moving back might fail as well; copying cannot. */
        memcpy(from, (const void *)way, bytes);
        (void)unmap_pages((void *)way, bytes);
    }
    return error;
}

int kn_os_populate(void *start, size_t bytes)
{
    int fault = kn_os_fault_hit(KN_FAULT_POPULATE);
    if (fault != 0)
        return fault;
    return advise_pages(start, bytes, MADV_POPULATE_WRITE);
}

int kn_os_huge(void *start, size_t bytes, bool on)
{
    int fault = kn_os_fault_hit(KN_FAULT_OTHER);
    if (fault != 0)
        return fault;
    return advise_pages(start, bytes, on ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

void *kn_os_brk(void *end)
{
    void *now = (void *)kn_syscall(SYS_brk, 0);
    bool has_record = &__curbrk != NULL && __curbrk != NULL;
    if (end == NULL || (has_record && __curbrk != now) || kn_os_fault_hit(KN_FAULT_MAP) != 0)
        return now;
    now = (void *)kn_syscall(SYS_brk, end);
    if (has_record)
        __curbrk = now;
    return now;
}
