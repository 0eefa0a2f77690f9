/* All memory locked, present and future: advice to give pages back fails, zeroed blocks must still
 * be zero, and reserved address space must not become resident. Ends with status 9 where locking
 * is not allowed. */
#include <pthread.h>
#include <sys/mman.h>

#include "expect.h"

static void *run_thread(void *argument)
{
    exercise_heap();
    return argument;
}

int main(void)
{
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0)
        return 9;
    size_t before = resident_bytes();
    for (int round = 0; round < 20; round++) {
        enum { BLOCKS = 60 };
        char *blocks[BLOCKS];
        for (int i = 0; i < BLOCKS; i++) {
            size_t bytes = (size_t)(i + 1) * 3000;
            blocks[i] = calloc(1, bytes);
            EXPECT(blocks[i] != NULL);
            for (size_t at = 0; at < bytes; at += 100)
                EXPECT(blocks[i][at] == 0);
            memset(blocks[i], 0xAA, bytes);
        }
        for (int i = 0; i < BLOCKS; i++)
            free(blocks[i]);
    }
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_create(&threads[i], NULL, run_thread, NULL) == 0);
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    /* Stacks of threads, 8 MiB each, are locked as well; they are not the allocator's. */
    size_t after = resident_bytes();
    EXPECT(after < before + ((size_t)100 << 20));
    return 0;
}
