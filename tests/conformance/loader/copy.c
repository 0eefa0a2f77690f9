/* A plugin with a knoll of its own: it must know its own blocks and nobody else's. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <knoll/knoll.h>

enum { THREADS = 4, BLOCKS = 3000 };

void *run(void);

static void *work(void *arg)
{
    char **blocks = knoll_calloc(BLOCKS, sizeof(*blocks));
    (void)arg;
    for (int round = 0; round < 10; round++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            struct knoll_block block;
            blocks[i] = knoll_realloc(blocks[i], 1 + i * 7 % 2000 + (i % 500 == 0) * 100000);
            if (knoll_block_find(blocks[i], &block) != 0)
                return (void *)1;
            memset(blocks[i], round, 1 + i * 7 % 2000);
        }
    }
    for (size_t i = 0; i < BLOCKS; i++)
        knoll_free(blocks[i]);
    knoll_free(blocks);
    return NULL;
}

void *run(void)
{
    pthread_t threads[THREADS];
    struct knoll_block block;
    void *result;
    void *foreign = malloc(100);
    size_t failed = knoll_block_find(foreign, &block) == 0;
    for (size_t i = 0; i < THREADS; i++)
        failed += pthread_create(&threads[i], NULL, work, NULL) != 0;
    for (size_t i = 0; i < THREADS; i++)
        failed += pthread_join(threads[i], &result) != 0 || result != NULL;
    puts(failed == 0 ? "apart" : "mixed");
    return foreign;
}
