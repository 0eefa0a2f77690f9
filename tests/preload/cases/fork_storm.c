/* fork from a process whose threads allocate blocks of all sizes and free those of others. Each
 * child uses every size, starts a thread of its own, forks once more and ends; one that hangs is
 * ended by its alarm.
 *
 *   fork_storm FORKS [handlers]    with handlers: fork handlers of the program allocate as well */
#include <pthread.h>
#include <sys/wait.h>
#include <time.h>

#include "expect.h"

enum { THREADS = 8, SLOTS = 512 };

static void *slots[SLOTS];
static _Atomic int is_over;

static void *churn(void *argument)
{
    uint64_t state = (uint64_t)(uintptr_t)argument;
    while (!is_over) {
        uint64_t number = next_random(&state);
        size_t bytes = number % 50 == 0 ? number % 3000000 : number % 5000;
        char *block = malloc(bytes + 1);
        EXPECT(block != NULL);
        block[0] = 'a';
        block[bytes] = 'z';
        free(__atomic_exchange_n(&slots[number % SLOTS], block, __ATOMIC_ACQ_REL));
        /* So many threads would leave the forking one little time. */
        if (number % 256 == 0)
            nanosleep(&(struct timespec){0, 3000000}, NULL);
    }
    return NULL;
}

static void *exercise(void *argument)
{
    exercise_heap();
    return argument;
}

static void run_child(int number)
{
    alarm(20);
    exercise_heap();
    for (int i = number % 7; i < SLOTS; i += 7) {
        free(slots[i]);
        slots[i] = NULL;
    }
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, exercise, NULL) == 0);
    EXPECT(pthread_join(thread, NULL) == 0);
    pid_t grandchild = fork();
    EXPECT(grandchild >= 0);
    if (grandchild == 0) {
        alarm(20);
        exercise_heap();
        _exit(0);
    }
    int status;
    EXPECT(waitpid(grandchild, &status, 0) == grandchild && status == 0);
    _exit(0);
}

static void allocate_in_handler(void)
{
    free(opaque(malloc(100)));
    free(opaque(calloc(1, 200000)));
}

int main(int argc, char **argv)
{
    EXPECT(argc >= 2);
    if (argc == 3)
        EXPECT(pthread_atfork(allocate_in_handler, allocate_in_handler, allocate_in_handler) == 0);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(i + 1)) == 0);
    int forks = scaled(atoi(argv[1]));
    for (int i = 0; i < forks; i++) {
        pid_t child = fork();
        EXPECT(child >= 0);
        if (child == 0)
            run_child(i);
        int status;
        EXPECT(waitpid(child, &status, 0) == child);
        EXPECT(status == 0);
        exercise_heap();
    }
    is_over = 1;
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    return 0;
}
