/* A plain program: threads that allocate, hand blocks to each other through shared slots, fork
 * once, and end. Used where a case is about the surroundings and not about the program. */
#include <pthread.h>
#include <sys/wait.h>

#include "expect.h"

enum { THREADS = 6, SLOTS = 256 };

static void *_Atomic slots[SLOTS];

static void *run_thread(void *argument)
{
    uint64_t state = (uint64_t)(uintptr_t)argument;
    for (int i = 0; i < 20000; i++) {
        uint64_t number = next_random(&state);
        size_t bytes = number % 100 == 0 ? number % 300000 : number % 2000;
        char *block = malloc(bytes + 1);
        EXPECT(block != NULL);
        block[0] = 'a';
        block[bytes] = 'z';
        free(__atomic_exchange_n((void **)&slots[number % SLOTS], block, __ATOMIC_ACQ_REL));
    }
    exercise_heap();
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, run_thread, (void *)(uintptr_t)(i + 1)) == 0);
    pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        exercise_heap();
        _exit(7);
    }
    int status;
    EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < SLOTS; i++)
        free(slots[i]);
    return 0;
}
