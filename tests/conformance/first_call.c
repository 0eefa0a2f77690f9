/*
 * Any function of the family may be the first call of the process, before any library is initialised,
 * and the first call of a thread:  first_call NUMBER.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>

#include "conformance.h"

static void call(int number)
{
    void *block = NULL;
    errno = 4242;
    switch (number) {
    case 0:
        block = malloc(opaque_size(100));
        break;
    case 1:
        free(opaque(NULL));
        break;
    case 2:
        block = realloc(NULL, opaque_size(0));
        break;
    case 3:
        block = realloc(NULL, opaque_size(8));
        break;
    case 4:
        block = calloc(opaque_size(10), 10);
        break;
    case 5:
        block = memalign(64, opaque_size(100));
        break;
    case 6:
        REQUIRE(posix_memalign(&block, 4096, opaque_size(100)) == 0);
        break;
    case 7:
        REQUIRE(malloc_usable_size(opaque(NULL)) == 0);
        break;
    case 8:
        (void)malloc_trim(0);
        break;
    case 9:
        block = valloc(opaque_size(1));
        break;
    case 10:
        block = malloc(opaque_size(1000000));
        break;
    case 11:
        block = reallocarray(NULL, opaque_size(10), 10);
        break;
    case 12:
        REQUIRE(mallopt(M_ARENA_MAX, 1) == 1);
        break;
    case 13:
        REQUIRE(mallinfo2().uordblks < (size_t)1 << 40);
        break;
    default:
        exit(2);
    }
    if (number != 8)
        REQUIRE(errno == 4242);
    if (block != NULL)
        memset(block, 1, number == 2 ? 0 : malloc_usable_size(block));
    free(block);
}

static void before_all(int argc, char **argv, char **environment)
{
    (void)environment;
    if (argc == 2)
        call(atoi(argv[1]));
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **,
                                                                            char **) = before_all;

static void *in_thread(void *arg)
{
    call(*(int *)arg);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    int number = argc == 2 ? atoi(argv[1]) : 0;
    REQUIRE(pthread_create(&thread, NULL, in_thread, &number) == 0);
    REQUIRE(pthread_join(thread, NULL) == 0);
    call(number);
    return 0;
}
