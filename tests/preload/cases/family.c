/* Every function of the malloc family, its results freed by free, and what glibc promises of each
 * where programs rely on it: sizes of zero, failures, alignment, errno. */
#include <errno.h>
#include <malloc.h>

#include "expect.h"

#define TOO_LARGE ((size_t)opaque((void *)(SIZE_MAX - 100)))
#define OVER_HALF ((size_t)opaque((void *)((SIZE_MAX >> 1) + 2)))

static void check_zero_sizes(void)
{
    void *first = malloc(0), *second = malloc(0);
    EXPECT(first != NULL && second != NULL && first != second);
    /* As glibc: a size of zero frees the block. */
    EXPECT(realloc(first, 0) == NULL);
    free(second);
    void *third = realloc(opaque(NULL), 0);
    EXPECT(third != NULL);
    free(third);
    void *fourth = calloc(0, 10);
    EXPECT(fourth != NULL);
    free(fourth);
    EXPECT(malloc_usable_size(opaque(NULL)) == 0);
}

static void check_failures(void)
{
    char *block = malloc(100);
    EXPECT(block != NULL);
    memset(block, 'k', 100);
    errno = 0;
    EXPECT(malloc(TOO_LARGE) == NULL && errno == ENOMEM);
    errno = 0;
    EXPECT(malloc(OVER_HALF) == NULL && errno == ENOMEM);
    errno = 0;
    EXPECT(calloc(OVER_HALF, 2) == NULL && errno == ENOMEM);
    errno = 0;
    EXPECT(calloc((size_t)opaque((void *)(((size_t)1 << 32) + 1)), (size_t)1 << 32) == NULL);
    EXPECT(errno == ENOMEM);
    errno = 0;
    EXPECT(realloc(block, TOO_LARGE) == NULL && errno == ENOMEM);
    errno = 0;
    EXPECT(reallocarray(block, OVER_HALF, 2) == NULL && errno == ENOMEM);
    errno = 0;
    EXPECT(aligned_alloc(64, TOO_LARGE) == NULL && errno == ENOMEM);
    EXPECT(block[0] == 'k' && block[99] == 'k');
    free(block);
}

static void check_posix_memalign(void)
{
    static const size_t bad[] = {0, 1, 2, 4, 3, 24, 1000};
    char sentinel;
    errno = 42;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        void *block = &sentinel;
        EXPECT(posix_memalign(&block, (size_t)opaque((void *)bad[i]), 100) == EINVAL);
        EXPECT(block == &sentinel && errno == 42);
    }
    /* Too large a size may set errno as well, as it does in glibc. */
    void *block = &sentinel;
    EXPECT(posix_memalign(&block, 64, TOO_LARGE) == ENOMEM);
    EXPECT(posix_memalign(&block, 64, OVER_HALF) == ENOMEM);
    EXPECT(block == &sentinel);
}

static void check_alignment(void)
{
    for (size_t alignment = 8; alignment <= (size_t)4 << 20; alignment *= 2) {
        for (size_t bytes = 1; bytes < 100000; bytes = bytes * 3 + 1) {
            void *block = NULL;
            EXPECT(posix_memalign(&block, alignment, bytes) == 0);
            EXPECT((uintptr_t)block % alignment == 0 && malloc_usable_size(block) >= bytes);
            memset(block, 1, bytes);
            char *larger = realloc(block, bytes + 5000);
            EXPECT(larger != NULL && larger[0] == 1 && larger[bytes - 1] == 1);
            free(larger);
            char *aligned = memalign(alignment, bytes);
            EXPECT(aligned != NULL && (uintptr_t)aligned % alignment == 0);
            free(aligned);
            aligned = aligned_alloc(alignment, bytes);
            EXPECT(aligned != NULL && (uintptr_t)aligned % alignment == 0);
            free(aligned);
        }
    }
    for (size_t bytes = 16; bytes < 5000; bytes++) {
        void *block = malloc(bytes);
        EXPECT((uintptr_t)block % _Alignof(max_align_t) == 0);
        free(block);
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *paged = valloc(100), *whole = pvalloc(100);
    EXPECT((uintptr_t)paged % page == 0 && (uintptr_t)whole % page == 0);
    EXPECT(malloc_usable_size(whole) >= page);
    free(paged);
    free(whole);
}

static void check_errno_is_kept(void)
{
    static const size_t sizes[] = {1, 100, 5000, 70000, 300000, 40000000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        errno = 42;
        char *block = opaque(malloc(sizes[i]));
        EXPECT(block != NULL && errno == 42);
        block = realloc(block, sizes[i] / 2 + 1);
        EXPECT(block != NULL && errno == 42);
        free(block);
        EXPECT(errno == 42);
        block = opaque(calloc(1, sizes[i]));
        EXPECT(block != NULL && errno == 42);
        free(block);
        EXPECT(errno == 42);
    }
}

static void check_zeroed(void)
{
    for (size_t bytes = 1; bytes < 20000000; bytes = bytes * 2 + 7) {
        for (int round = 0; round < 3; round++) {
            char *block = calloc(1, bytes);
            EXPECT(block != NULL);
            for (size_t at = 0; at < bytes; at += bytes < 5000 ? 1 : 511)
                EXPECT(block[at] == 0);
            EXPECT(block[bytes - 1] == 0);
            memset(block, 0xAA, bytes);
            free(block);
        }
    }
}

int main(void)
{
    check_zero_sizes();
    check_failures();
    check_posix_memalign();
    check_alignment();
    check_errno_is_kept();
    check_zeroed();
    exercise_heap();
    return 0;
}
