/* After a first use of the heap, allows only the system calls that an allocator and threads need,
 * and then allocates a great deal. Any other call kills the process.
 *
 *   seccomp kill            the calls not allowed kill
 *   seccomp no-advice       madvise fails besides, as it does on locked pages or old kernels
 *   seccomp no-remap        mremap fails besides */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "expect.h"

#define LOAD(field)                                                                                \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, field))
#define ALLOW(name)                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1),                                         \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define FAIL(number)                                                                               \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)(number), 0, 1),                                 \
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL)

static void restrict_calls(int failing)
{
    struct sock_filter instructions[] = {
        LOAD(nr),
        FAIL(failing),
        ALLOW(mmap),
        ALLOW(munmap),
        ALLOW(mremap),
        ALLOW(madvise),
        ALLOW(mprotect),
        ALLOW(brk),
        ALLOW(futex),
        ALLOW(read),
        ALLOW(write),
        ALLOW(exit),
        ALLOW(exit_group),
        ALLOW(clone),
        ALLOW(clone3),
        ALLOW(rt_sigprocmask),
        ALLOW(rt_sigreturn),
        ALLOW(set_robust_list),
        ALLOW(rseq),
        ALLOW(sched_yield),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof instructions / sizeof instructions[0], instructions};
    EXPECT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    EXPECT(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

enum { BLOCKS = 1000 };

/* Fills, frees and takes again, so that memory is given back in between; zeroed blocks must be
 * zero even if giving back has failed, and errno must stay as it was. */
static void churn(uint64_t state)
{
    char *blocks[BLOCKS] = {NULL};
    for (int i = 0; i < 6000; i++) {
        uint64_t number = next_random(&state);
        char **block = &blocks[number % BLOCKS];
        size_t bytes = number % 60 == 0 ? 1 + number % 2000000 : 1 + number % 6000;
        errno = 42;
        free(*block);
        EXPECT(errno == 42);
        *block = number % 3 == 0 ? calloc(1, bytes) : malloc(bytes);
        EXPECT(*block != NULL);
        if (number % 3 == 0)
            EXPECT((*block)[0] == 0 && (*block)[bytes / 2] == 0 && (*block)[bytes - 1] == 0);
        memset(*block, 0xAA, bytes);
        if (number % 11 == 0) {
            *block = realloc(*block, bytes * 2);
            EXPECT(*block != NULL && (*block)[bytes - 1] == (char)0xAA);
            memset(*block, 0xAA, bytes * 2);
        }
    }
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
}

static void *run_thread(void *argument)
{
    churn((uint64_t)(uintptr_t)argument);
    return NULL;
}

static void run_threads(int count)
{
    pthread_t threads[8];
    for (int i = 0; i < count; i++)
        EXPECT(pthread_create(&threads[i], NULL, run_thread, (void *)(uintptr_t)(i + 1)) == 0);
    for (int i = 0; i < count; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

int main(int argc, char **argv)
{
    EXPECT(argc == 2);
    int failing = -1;
    if (strcmp(argv[1], "no-advice") == 0)
        failing = SYS_madvise;
    else if (strcmp(argv[1], "no-remap") == 0)
        failing = SYS_mremap;
    exercise_heap();
    /* The first thread of a process makes calls of the thread library's own. */
    run_threads(1);
    restrict_calls(failing);
    churn(99);
    run_threads(4);
    (void)malloc_trim(0);
    run_threads(4);
    churn(100);
    return 0;
}
