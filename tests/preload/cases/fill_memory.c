/* Allocates blocks until there is no more, under a limit that the caller has set, and checks how
 * much of the limit it got, that errno is right, and that it gets as much again after freeing.
 *
 *   fill_memory BLOCK_BYTES LIMIT_BYTES SHARE_PERCENT      blocks of mixed sizes if 0 */
#include <errno.h>

#include "expect.h"

struct block {
    struct block *next;
    size_t bytes;
};

static size_t fill(size_t block_bytes, struct block **blocks)
{
    size_t total = 0;
    uint64_t state = 1;
    for (;;) {
        size_t bytes = block_bytes;
        if (bytes == 0) {
            uint64_t number = next_random(&state);
            bytes = number % 40 == 0 ? 100000 + number % 100000 : 32 + number % 8000;
        }
        errno = 0;
        struct block *block = malloc(bytes);
        if (block == NULL) {
            EXPECT(errno == ENOMEM);
            return total;
        }
        block->next = *blocks;
        block->bytes = bytes;
        *blocks = block;
        total += bytes;
    }
}

static void free_all(struct block **blocks, size_t total)
{
    while (*blocks != NULL) {
        struct block *next = (*blocks)->next;
        total -= (*blocks)->bytes;
        free(*blocks);
        *blocks = next;
    }
    EXPECT(total == 0);
}

int main(int argc, char **argv)
{
    EXPECT(argc == 4);
    size_t block_bytes = strtoul(argv[1], NULL, 10);
    size_t limit = strtoul(argv[2], NULL, 10);
    size_t wanted = limit / 100 * strtoul(argv[3], NULL, 10);
    struct block *blocks = NULL;
    size_t first = fill(block_bytes, &blocks);
    free_all(&blocks, first);
    size_t second = fill(block_bytes, &blocks);
    free_all(&blocks, second);
    exercise_heap();
    if (first < wanted || second < wanted) {
        dprintf(STDERR_FILENO, "got %zu, then %zu MiB of %zu, wanted %zu\n", first >> 20,
                second >> 20, limit >> 20, wanted >> 20);
        return 1;
    }
    return 0;
}
