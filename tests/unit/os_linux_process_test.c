#define _GNU_SOURCE

#include "child.h"
#include "harness.h"
#include "require.h"

#include "os/os.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SENTINEL = 4711 };

KN_TEST(os_linux_process, time_advances_as_the_monotonic_clock)
{
    struct timespec now;
    errno = SENTINEL;
    uint64_t first = kn_os_time_ns();
    ck_assert_int_eq(errno, SENTINEL);
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    uint64_t reference = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
    uint64_t last = kn_os_time_ns();
    ck_assert(first <= reference && reference <= last);
    ck_assert_uint_gt(last, 0);
}

/* A fair number of distinct values and of set bits; a constant or a counter would fail. */
KN_TEST(os_linux_process, random_differs_from_call_to_call)
{
    enum { COUNT = 1000 };
    uint64_t seen[COUNT];
    unsigned bits = 0;
    errno = SENTINEL;
    for (size_t i = 0; i < COUNT; i++) {
        seen[i] = kn_os_random();
        bits += (unsigned)__builtin_popcountll(seen[i]);
        for (size_t k = 0; k < i; k++)
            kn_require(seen[k] != seen[i]);
    }
    ck_assert_int_eq(errno, SENTINEL);
    ck_assert(bits > 31 * COUNT && bits < 33 * COUNT);
}

KN_TEST(os_linux_process, cpu_count_is_that_of_the_affinity_mask)
{
    cpu_set_t set;
    ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
    errno = SENTINEL;
    ck_assert_uint_eq(kn_os_cpu_count(), (unsigned)CPU_COUNT(&set));
    ck_assert_uint_eq(kn_os_cpu_count(), (unsigned)CPU_COUNT(&set));
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(os_linux_process, is_secure_is_false_when_run_by_its_user)
{
    errno = SENTINEL;
    ck_assert(!kn_os_is_secure());
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(os_linux_process, env_finds_whole_names_only)
{
    ck_assert_int_eq(setenv("KN_TEST_VARIABLE", "a=b", 1), 0);
    ck_assert_int_eq(setenv("KN_TEST_EMPTY", "", 1), 0);
    ck_assert_int_eq(unsetenv("KN_TEST_VAR"), 0);
    errno = SENTINEL;
    ck_assert_str_eq(kn_os_env("KN_TEST_VARIABLE"), "a=b");
    ck_assert_str_eq(kn_os_env("KN_TEST_EMPTY"), "");
    ck_assert_ptr_null(kn_os_env("KN_TEST_VAR"));
    ck_assert_ptr_null(kn_os_env("KN_TEST_VARIABLES"));
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST(os_linux_process, env_is_null_when_there_is_no_environment)
{
    char *none[] = {NULL};
    environ = none;
    ck_assert_ptr_null(kn_os_env("PATH"));
    environ = NULL;
    ck_assert_ptr_null(kn_os_env("PATH"));
}

KN_TEST(os_linux_process, resident_bytes_grows_when_memory_is_touched)
{
    size_t bytes = (size_t)32 << 20;
    char *start = kn_os_map(bytes, kn_os_page_bytes());
    ck_assert_ptr_nonnull(start);
    errno = SENTINEL;
    size_t before = kn_os_resident_bytes();
    memset(start, 1, bytes);
    size_t after = kn_os_resident_bytes();
    ck_assert_int_eq(errno, SENTINEL);
    ck_assert_uint_gt(before, 0);
    ck_assert_uint_ge(after, before + bytes / 8 * 7);
}

KN_TEST(os_linux_process, write_writes_all_when_the_pipe_is_small)
{
    enum { BYTES = 300000 };
    static char text[BYTES];
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    memset(text, 'x', sizeof(text));
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        _exit(kn_os_write(ends[1], text, sizeof(text)));
    }
    close(ends[1]);
    size_t total = 0;
    for (ssize_t got = 1; got > 0; total += (size_t)got)
        got = read(ends[0], text, 1000);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(total, BYTES);
}

KN_TEST(os_linux_process, write_returns_error_when_descriptor_is_closed)
{
    errno = SENTINEL;
    ck_assert_int_eq(kn_os_write(-1, "x", 1), EBADF);
    ck_assert_int_eq(kn_os_write(-1, "x", 0), 0);
    ck_assert_int_eq(errno, SENTINEL);
}

KN_TEST_SIGNAL(os_linux_process, abort_ends_the_process_by_sigabrt, SIGABRT)
{
    kn_os_abort();
}

KN_TEST_SIGNAL(os_linux_process, abort_ends_the_process_when_the_signal_is_blocked, SIGABRT)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_BLOCK, &all, NULL);
    kn_os_abort();
}

static void say_handler(int signo)
{
    (void)signo;
    (void)kn_os_write(1, "handled\n", 8);
}

static void abort_with_handler(void *arg)
{
    (void)arg;
    signal(SIGABRT, say_handler);
    kn_os_abort();
}

KN_TEST(os_linux_process, abort_runs_the_handler_and_ends_though_it_returns)
{
    struct kn_child child;
    kn_child_call(&child, abort_with_handler, NULL);
    kn_child_assert_signal(&child, SIGABRT);
    kn_child_assert_says(&child, "handled");
}

static void *store_thread_id(void *arg)
{
    size_t *id = arg;
    *id = kn_os_thread_id();
    return NULL;
}

KN_TEST(os_linux_process, thread_id_is_distinct_and_stays_the_same)
{
    pthread_t thread;
    size_t other = 0, own = kn_os_thread_id();
    ck_assert_int_eq(pthread_create(&thread, NULL, store_thread_id, &other), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_uint_ne(own, 0);
    ck_assert_uint_ne(other, 0);
    ck_assert_uint_ne(own, other);
    ck_assert_uint_eq(own, kn_os_thread_id());
    pid_t child = fork();
    if (child == 0)
        _exit(kn_os_thread_id() == own ? 0 : 1);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

/* ---- under a filter that kills at any system call but exit ---- */

static void forbid_all_but_exit(void)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL),
    };
    struct sock_fprog program = {sizeof(steps) / sizeof(steps[0]), steps};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(1);
}

static _Noreturn void exit_thread(long status)
{
    for (;;)
        syscall(SYS_exit, status);
}

static void use_libc_clock(void *arg)
{
    struct timespec now;
    (void)arg;
    forbid_all_but_exit();
    exit_thread(clock_gettime(CLOCK_MONOTONIC, &now) == 0 && now.tv_sec >= 0 ? 0 : 1);
}

static void use_all_that_makes_no_call(void *arg)
{
    (void)arg;
    forbid_all_but_exit();
    bool is_right = kn_os_page_bytes() >= 4096 && kn_os_time_ns() <= kn_os_time_ns() &&
                    kn_os_random() != kn_os_random() && kn_os_thread_id() != 0 &&
                    !kn_os_is_secure() && kn_os_env("NO_SUCH_VARIABLE") == NULL;
    exit_thread(is_right ? 0 : 1);
}

KN_TEST(os_linux_process, makes_no_system_call_where_none_is_announced)
{
    struct kn_child child;
    if (kn_test_is_sanitized())
        kn_test_skip("the sanitizer makes system calls of its own");
    kn_child_call(&child, use_libc_clock, NULL);
    if (!WIFEXITED(child.status) || WEXITSTATUS(child.status) != 0)
        kn_test_skip("there are no filters here, or no clock in user space");
    kn_child_call(&child, use_all_that_makes_no_call, NULL);
    kn_child_assert_exit(&child, 0);
}
