/* A library whose fork handlers allocate, free and take their time. With FORK_IN_CONSTRUCTOR, its
 * constructor starts a thread that forks while the rest of the program starts. */
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include "expect.h"

static void *kept;

static void allocate_slowly(void)
{
    static const size_t sizes[] = {16, 700, 9000, 70000, 900000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *block = malloc(sizes[i]);
        EXPECT(block != NULL);
        memset(block, 1, sizes[i] < 9000 ? sizes[i] : 9000);
        /* Two threads that fork at once run their handlers at once. */
        free(__atomic_exchange_n(&kept, block, __ATOMIC_ACQ_REL));
    }
    nanosleep(&(struct timespec){0, 500000}, NULL);
    void *aligned = NULL;
    EXPECT(posix_memalign(&aligned, 64, 300) == 0);
    free(aligned);
}

#ifdef FORK_IN_CONSTRUCTOR
static void *fork_children(void *argument)
{
    for (int i = 0; i < 20; i++) {
        pid_t child = fork();
        EXPECT(child >= 0);
        if (child == 0) {
            alarm(10);
            exercise_heap();
            _exit(0);
        }
        int status;
        EXPECT(waitpid(child, &status, 0) == child && status == 0);
    }
    return argument;
}

static pthread_t forker;

__attribute__((destructor)) static void join_forker(void)
{
    EXPECT(pthread_join(forker, NULL) == 0);
}
#endif

__attribute__((constructor(102))) static void register_handlers(void)
{
    EXPECT(pthread_atfork(allocate_slowly, allocate_slowly, allocate_slowly) == 0);
#ifdef FORK_IN_CONSTRUCTOR
    EXPECT(pthread_create(&forker, NULL, fork_children, NULL) == 0);
#endif
}
