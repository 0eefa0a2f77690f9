/* malloc_trim gives the pages of freed blocks back to the system, from the heaps of all threads,
 * while those threads sleep; mallinfo2 tells how much is in use. */
#include <malloc.h>
#include <pthread.h>

#include "expect.h"

enum { THREADS = 4, BLOCKS = 12000, BLOCK_BYTES = 2000 };

static pthread_barrier_t filled, checked;

static void *run_thread(void *argument)
{
    char **blocks = malloc(BLOCKS * sizeof *blocks);
    EXPECT(blocks != NULL);
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK_BYTES);
        EXPECT(blocks[i] != NULL);
        memset(blocks[i], 1, BLOCK_BYTES);
    }
    pthread_barrier_wait(&filled);
    pthread_barrier_wait(&checked);
    /* In an order that leaves no run of neighbours at first. */
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[(int)((long)i * 7919 % BLOCKS)]);
    free(blocks);
    pthread_barrier_wait(&filled);
    pthread_barrier_wait(&checked);
    return argument;
}

int main(void)
{
    const size_t total = (size_t)THREADS * BLOCKS * BLOCK_BYTES;
    EXPECT(pthread_barrier_init(&filled, NULL, THREADS + 1) == 0);
    EXPECT(pthread_barrier_init(&checked, NULL, THREADS + 1) == 0);
    size_t at_start = resident_bytes();
    size_t used_at_start = mallinfo2().uordblks;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, run_thread, NULL) == 0);
    pthread_barrier_wait(&filled);
    size_t peak = resident_bytes();
    size_t used = mallinfo2().uordblks - used_at_start;
    EXPECT(peak - at_start >= total);
    pthread_barrier_wait(&checked);
    pthread_barrier_wait(&filled);
    size_t freed = mallinfo2().uordblks;
    (void)malloc_trim(0);
    size_t trimmed = resident_bytes();
    pthread_barrier_wait(&checked);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    size_t kept = trimmed > at_start ? trimmed - at_start : 0;
    if (kept > total / 10) {
        dprintf(STDERR_FILENO, "after malloc_trim %zu KiB of %zu stay resident\n", kept >> 10,
                total >> 10);
        return 1;
    }
    if (used < total || used > total + total / 4 || freed > used_at_start + total / 20) {
        dprintf(STDERR_FILENO, "mallinfo2 says %zu KiB in use of %zu, %zu after freeing\n",
                used >> 10, total >> 10, freed >> 10);
        return 1;
    }
    return 0;
}
