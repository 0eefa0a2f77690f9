/*
 * What the allocator needs from the operating system: pages, time, a few facts about the process.
 *
 * Ranges. Every range is a start address and a length in bytes, both multiples of
 * kn_os_page_bytes(), the length not zero, unless a function says otherwise. A range is in one of
 * two states:
 *
 *     reserved    addresses only: any access faults, no memory is held, nothing is charged
 *     committed   readable and writable; a page that was never written reads as zero and holds no
 *                 memory
 *
 *              kn_os_reserve               kn_os_commit
 *     nothing ---------------> reserved -----------------> committed <------------ nothing
 *        ^                        |  <--------------------     |  ^     kn_os_map
 *        |      kn_os_unmap       |       kn_os_decommit       |  |
 *        +------------------------+----------------------------+  +-- kn_os_purge: stays committed,
 *                                                                     reads zero, holds no memory
 *
 * Errors. Functions returning int return 0 or an errno value; functions returning a pointer return
 * NULL on failure. A failed call changes nothing unless its description says so. Every one of them
 * can fail in a healthy process: the kernel refuses when splitting a mapping would exceed its limit
 * on mappings, when memory is locked, or when a limit on address space or commit charge is reached.
 * Callers must carry on.
 *
 * errno of the caller is left untouched by every function here, on success and on failure.
 *
 * Thread and signal safety: every function may be called from any thread, from a signal handler, as
 * the first call of the process, and after thread and process teardown. Two calls that overlap in
 * time must not be given overlapping ranges, except where one of them is a mere reader.
 *
 * Cost: one system call each, unless stated. No function takes a lock.
 */
#ifndef KN_OS_OS_H
#define KN_OS_OS_H

#include "base/compiler.h"
#include "os/thread_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- pages ---- */

/*
 * Size of a page of this kernel, a power of two of at least 4096. Read once from the auxiliary
 * vector, so that one binary works on kernels of every page size. getauxval is libc's, but it reads
 * a table which the loader filled before any other code ran: it neither allocates, nor locks, nor
 * calls anything. Cost: one load after the first call.
 */
size_t kn_os_page_bytes(void);

/* Where hints for large reservations should lie, far from what programs and their libraries use;
 * end is 0 where there is no such area or the kernel's choice must stand. */
struct kn_os_area {
    uintptr_t first;
    uintptr_t end;
};
struct kn_os_area kn_os_reserve_area(void);

/* An address in the main program, near which the break begins. */
uintptr_t kn_os_program_address(void);

/*
 * Reserves `bytes` of addresses. `hint` is where they are wanted, or NULL; the kernel may choose
 * another place, and never replaces what is mapped there. Absurd sizes give NULL.
 */
KN_NODISCARD void *kn_os_reserve(void *hint, size_t bytes);

/* reserved -> committed and zero. ENOMEM: commit charge or mapping count exhausted; still reserved
 * then. */
KN_NODISCARD int kn_os_commit(void *start, size_t bytes);

/*
 * nothing -> readable zeroes, anywhere. Never charged and never holding memory of its own, so large
 * tables that are mostly zero can be read everywhere and committed only where written. Writing
 * faults. Absurd sizes give NULL.
 */
KN_NODISCARD void *kn_os_map_read(size_t bytes);

/* committed, readable or reserved -> reserved. Memory and commit charge are given back, contents
 * are lost. */
KN_NODISCARD int kn_os_decommit(void *start, size_t bytes);

/*
 * Gives back the memory of a committed range, which stays committed. 0 promises that the range
 * reads as zero. On an error the range still holds memory and any contents: the caller must treat
 * it as dirty. EINVAL: the pages are locked (mlock). ENOTSUP: this system accepts the call but does
 * not zero, which some emulators do; found out on the first call.
 */
KN_NODISCARD int kn_os_purge(void *start, size_t bytes);

/*
 * A new committed range, zero, starting at a multiple of `align`, a power of two of any size.
 * Cost: one system call, up to three where `align` exceeds the page.
 */
KN_NODISCARD void *kn_os_map(size_t bytes, size_t align);

/*
 * Removes any range obtained above, or a part of one. On failure (ENOMEM, when a mapping would have
 * to be split) the range is as before, and purging it is the next best.
 */
KN_NODISCARD int kn_os_unmap(void *start, size_t bytes);

/*
 * Moves the pages of the committed range `from` to `to` without copying. `to` is a range of the
 * caller's, reserved or committed, disjoint from `from`; its contents are lost. Afterwards `to` is
 * committed and has the contents, `from` is still committed and reads as zero. On failure both
 * ranges are as before; the caller copies instead. EOPNOTSUPP: the kernel is too old (before 5.7).
 * EFAULT: `from` is made of several mappings of the kernel's, which earlier moves cause. Cost: two
 * to four system calls, and the page tables of the range are walked twice. Adds up to two mappings
 * to the process, so it pays for large ranges only. Memory locks of `from` are lost.
 */
KN_NODISCARD int kn_os_move(void *from, void *to, size_t bytes);

/*
 * Gives memory to every page of a committed range at once, which is cheaper than a fault for each.
 * Purely for speed. EINVAL: the kernel is too old (before 5.14). After any error part of the range
 * may have got memory; all of it is as usable as before.
 */
KN_NODISCARD int kn_os_populate(void *start, size_t bytes);

/*
 * Moves the end of the program's data segment (the break) to `end`, or leaves it if `end` is NULL.
 * Returns the break as it is afterwards: the caller compares. libc's own record of the break is
 * kept right, so that sbrk goes on from the new one; the break is not moved if that record was
 * wrong before. Not for use while another thread calls this or sbrk.
 */
void *kn_os_brk(void *end);

/* Asks for huge pages in a range, or asks for none. Purely for speed; EINVAL: kernel built without.
 */
KN_NODISCARD int kn_os_huge(void *start, size_t bytes, bool on);

/* ---- process ---- */

/*
 * Nanoseconds of a clock that never goes back, counted from some moment before the process. No
 * system call where the kernel offers the clock in user space, as it does on all common machines.
 */
uint64_t kn_os_time_ns(void);

/*
 * A number that an attacker outside the process cannot guess: the kernel's start-up randomness
 * mixed with the address of the library and a counter. Not for keys of cryptography. A forked child
 * continues with the same sequence as its parent. No system call, so that it works under any
 * seccomp filter.
 */
uint64_t kn_os_random(void);

/*
 * How many processors the calling thread may run on, at least 1; 1 if that cannot be known. Asks
 * the kernel on the first call, which strict seccomp filters punish with death: ask only where the
 * user's option needs the answer, never on the way into malloc.
 */
unsigned kn_os_cpu_count(void);

/* Bytes of addresses the process may map (RLIMIT_AS at the time of the call); SIZE_MAX if
 * unlimited. */
uint64_t kn_os_address_space_limit(void);

/* Whether the program runs with more rights than its user (set-user-id, capabilities). No system
 * call. */
bool kn_os_is_secure(void);

/*
 * The value of an environment variable, owned by the environment; NULL if it is not set, if libc
 * has not set the environment up yet, or if kn_os_is_secure(), since the user must not steer such a
 * program. For use while starting only: the program may change its environment later. No system
 * call.
 */
const char *kn_os_env(const char *name);

/* Bytes of memory the process holds according to the kernel (/proc/self/statm); 0 if that cannot be
 * read. */
size_t kn_os_resident_bytes(void);

/* Writes all of the buffer, however often interrupted. 0 or an errno value; part may have been
 * written. */
int kn_os_write(int fd, const void *data, size_t bytes);

/*
 * Ends the process by SIGABRT, which runs the program's own handler first. Does not return even if
 * that handler does.
 */
KN_NORETURN KN_COLD void kn_os_abort(void);

#endif
