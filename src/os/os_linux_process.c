/* Facts about the process, by the system calls of Linux. The contract is in os.h. */
#define _GNU_SOURCE

#include "os/os.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "os/os_fault.h"
#include "os/syscall.h"
#include "os/vdso.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#if defined(__has_feature)
#define KN_OS_HAS_TSAN __has_feature(thread_sanitizer)
#else
#define KN_OS_HAS_TSAN 0
#endif

/* The kernel's signal set, which is smaller than libc's. */
enum { KERNEL_SIGSET_BYTES = _NSIG / 8 };

/* getauxval sets errno when an entry is missing. */
static unsigned long read_auxv(unsigned long type)
{
    int saved = errno;
    unsigned long value = getauxval(type);
    errno = saved;
    return value;
}

#if !(defined(__x86_64__) || defined(__aarch64__)) || defined(__ILP32__)

size_t kn_os_thread_id(void)
{
    static _Thread_local __attribute__((tls_model("initial-exec"), aligned(8))) char marker;
    return (size_t)(uintptr_t)&marker;
}

#endif

uintptr_t kn_os_program_address(void)
{
    return (uintptr_t)read_auxv(AT_PHDR);
}

/*
 * Between 32 and 80 TiB, which neither programs, libraries and stacks (the top quarter) nor
 * AddressSanitizer's shadow use. ThreadSanitizer knows where memory may lie and wants no other.
 */
struct kn_os_area kn_os_reserve_area(void)
{
#if defined(__LP64__) && !defined(__SANITIZE_THREAD__) && !KN_OS_HAS_TSAN
    return (struct kn_os_area){.first = (uintptr_t)32 << 40, .end = (uintptr_t)80 << 40};
#else
    return (struct kn_os_area){.first = 0, .end = 0};
#endif
}

/* SplitMix64's finaliser: every bit of the result depends on every bit of x. */
static uint64_t mix_bits(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/*
 * What the kernel writes for a clock. 32-bit seconds are enough for one that starts with the
 * machine; the newest 32-bit targets have 64-bit ones only.
 */
#ifdef SYS_clock_gettime
struct kernel_time {
    long seconds, nanoseconds;
};
#define KN_SYS_CLOCK_GETTIME SYS_clock_gettime
#else
struct kernel_time {
    int64_t seconds, nanoseconds;
};
#define KN_SYS_CLOCK_GETTIME SYS_clock_gettime64
#endif

#if defined(__x86_64__) || defined(__i386__)
#define KN_VDSO_CLOCK_GETTIME "__vdso_clock_gettime"
#elif defined(__aarch64__)
#define KN_VDSO_CLOCK_GETTIME "__kernel_clock_gettime"
#else
#define KN_VDSO_CLOCK_GETTIME ""
#endif

typedef int (*read_clock_fn)(int clock, struct kernel_time *out);

static int read_clock_by_call(int clock, struct kernel_time *out)
{
    return kn_syscall_error(kn_syscall(KN_SYS_CLOCK_GETTIME, clock, out));
}

uint64_t kn_os_time_ns(void)
{
    static _Atomic(read_clock_fn) cached;
    /* Relaxed: every thread finds the same function, whose code was there before the process. */
    read_clock_fn read_clock = kn_load_relaxed(&cached);
    if (KN_UNLIKELY(read_clock == NULL)) {
        read_clock = (read_clock_fn)kn_vdso_find(KN_VDSO_CLOCK_GETTIME);
        if (read_clock == NULL)
            read_clock = read_clock_by_call;
        kn_store_relaxed(&cached, read_clock);
    }
    struct kernel_time now = {0, 0};
    (void)read_clock(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.seconds * UINT64_C(1000000000) + (uint64_t)now.nanoseconds;
}

uint64_t kn_os_random(void)
{
    static _Atomic size_t counter;
    /*
     * libc makes its stack canary of the first eight of these sixteen bytes and its pointer guard
     * of the rest. Numbers leave here only as a function of their mixed sum, of which no half can
     * be told.
     */
    uint64_t halves[2] = {0, 0};
    const void *bytes = (const void *)read_auxv(AT_RANDOM);
    if (KN_LIKELY(bytes != NULL))
        memcpy(halves, bytes, sizeof(halves));
    else
        halves[0] = kn_os_time_ns();
    uint64_t secret = halves[0] + mix_bits(halves[1] ^ (uintptr_t)&counter);
    uint64_t step = kn_fetch_add_relaxed(&counter, 1);
    return mix_bits(mix_bits(secret) + step * UINT64_C(0x9e3779b97f4a7c15));
}

unsigned kn_os_cpu_count(void)
{
    static _Atomic unsigned cached;
    unsigned count = kn_load_relaxed(&cached);
    if (count != 0)
        return count;
    uint64_t mask[128];
    long bytes = kn_syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);
    if (kn_syscall_error(bytes) == 0) {
        memset((char *)mask + bytes, 0, sizeof(mask) - (size_t)bytes);
        for (size_t i = 0; i < KN_ARRAY_LEN(mask); i++)
            count += (unsigned)kn_popcount64(mask[i]);
    }
    if (count == 0)
        count = 1;
    kn_store_relaxed(&cached, count);
    return count;
}

uint64_t kn_os_address_space_limit(void)
{
    struct {
        uint64_t soft, hard;
    } limit;
    long result = kn_syscall(SYS_prlimit64, 0, RLIMIT_AS, NULL, &limit);
    return kn_syscall_error(result) != 0 || limit.soft > SIZE_MAX ? SIZE_MAX : limit.soft;
}

bool kn_os_is_secure(void)
{
    return read_auxv(AT_SECURE) != 0;
}

const char *kn_os_env(const char *name)
{
    if (environ == NULL || kn_os_is_secure())
        return NULL;
    for (char **entry = environ; *entry != NULL; entry++) {
        const char *text = *entry;
        size_t i = 0;
        while (name[i] != '\0' && text[i] == name[i])
            i++;
        if (name[i] == '\0' && text[i] == '=')
            return text + i + 1;
    }
    return NULL;
}

/* Reads the second of the numbers in a line, as in "1234 567 ..."; 0 if there is none. */
static size_t parse_second_number(const char *text, size_t bytes)
{
    size_t i = 0, value = 0;
    while (i < bytes && text[i] != ' ')
        i++;
    for (i++; i < bytes && text[i] >= '0' && text[i] <= '9'; i++)
        value = value * 10 + (size_t)(text[i] - '0');
    return value;
}

size_t kn_os_resident_bytes(void)
{
    char text[128];
    if (kn_os_fault_hit(KN_FAULT_OTHER) != 0)
        return 0;
    long fd = kn_syscall(SYS_openat, AT_FDCWD, "/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (kn_syscall_error(fd) != 0)
        return 0;
    long bytes = kn_syscall(SYS_read, fd, text, sizeof(text));
    (void)kn_syscall(SYS_close, fd);
    if (kn_syscall_error(bytes) != 0)
        return 0;
    return parse_second_number(text, (size_t)bytes) * kn_os_page_bytes();
}

int kn_os_write(int fd, const void *data, size_t bytes)
{
    const char *next = data;
    while (bytes != 0) {
        long written = kn_syscall(SYS_write, fd, next, bytes);
        int error = kn_syscall_error(written);
        if (error != 0 && error != EINTR)
            return error;
        if (error == 0) {
            next += written;
            bytes -= (size_t)written;
        }
    }
    return 0;
}

static void raise_abort(void)
{
    long process = kn_syscall(SYS_getpid, 0);
    long thread = kn_syscall(SYS_gettid, 0);
    (void)kn_syscall(SYS_tgkill, process, thread, SIGABRT);
}

void kn_os_abort(void)
{
    /* Zero is SIG_DFL with no flags and an empty mask in the kernel's layout on every architecture.
     */
    static const uint64_t default_action[8];
    static const uint64_t abort_only[2] = {UINT64_C(1) << (SIGABRT - 1), 0};
    (void)kn_syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, abort_only, NULL, KERNEL_SIGSET_BYTES);
    raise_abort();
    (void)kn_syscall(SYS_rt_sigaction, SIGABRT, default_action, NULL, KERNEL_SIGSET_BYTES);
    raise_abort();
    for (;;)
        (void)kn_syscall(SYS_exit_group, 127);
}
