/* Blocks of libc's own malloc, from the main thread and from another, given to the replaced functions. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_memalign(size_t align, size_t bytes);

static const size_t sizes[] = {1, 24, 25, 1000, 5000, 100000, 200000, 5000000};

enum { COUNT = sizeof(sizes) / sizeof(sizes[0]) };

static void fail(const char *what, size_t bytes)
{
    printf("%s of %zu bytes\n", what, bytes);
    exit(1);
}

static void check(char *(*allocate)(size_t bytes))
{
    for (size_t i = 0; i < COUNT; i++) {
        char *block = allocate(sizes[i]);
        memset(block, 7, sizes[i]);
        if (malloc_usable_size(block) < sizes[i])
            fail("usable size", sizes[i]);
        errno = 4242;
        free(block);
        if (errno != 4242)
            fail("errno after free", sizes[i]);
        block = allocate(sizes[i]);
        memset(block, 7, sizes[i]);
        block = realloc(block, sizes[i] * 2);
        if (block[0] != 7 || block[sizes[i] - 1] != 7)
            fail("contents after realloc", sizes[i]);
        block = realloc(block, sizes[i] * 3);
        free(block);
    }
}

static char *plain(size_t bytes)
{
    return __libc_malloc(bytes);
}

static void *in_thread(void *arg)
{
    check(plain);
    return arg;
}

int main(void)
{
    pthread_t thread;
    check(plain);
    pthread_create(&thread, NULL, in_thread, NULL);
    pthread_join(thread, NULL);
    puts("taken");
    return 0;
}
