/* Each of the calls as the first one of a new thread, with blocks of another thread where it takes
 * a block, while the main thread has used its own heap. */
#include <malloc.h>
#include <pthread.h>

#include "expect.h"

struct task {
    void (*call)(void *block);
    size_t bytes;
};

static void call_free(void *block)
{
    free(block);
}

static void call_free_null(void *block)
{
    free(opaque(NULL));
    free(block);
}

static void call_usable_size(void *block)
{
    EXPECT(malloc_usable_size(block) >= 1);
    free(block);
}

static void call_realloc(void *block)
{
    char *larger = realloc(block, 100000);
    EXPECT(larger != NULL && larger[0] == 'x');
    free(larger);
}

static void call_shrink(void *block)
{
    char *smaller = realloc(block, 1);
    EXPECT(smaller != NULL && smaller[0] == 'x');
    free(smaller);
}

static void call_calloc(void *block)
{
    free(calloc(3, 50));
    free(block);
}

static void call_memalign(void *block)
{
    void *aligned = memalign(4096, 10);
    EXPECT(aligned != NULL && (uintptr_t)aligned % 4096 == 0);
    free(aligned);
    free(block);
}

static void call_trim(void *block)
{
    (void)malloc_trim(0);
    free(block);
}

static void call_mallinfo(void *block)
{
    (void)mallinfo2();
    free(block);
}

static void call_nothing(void *block)
{
    (void)block;
}

static void *run_call(void *argument)
{
    void **pair = argument;
    const struct task *task = pair[0];
    task->call(pair[1]);
    return NULL;
}

int main(void)
{
    static const size_t sizes[] = {1, 100, 5000, 40000, 300000, 5000000};
    static void (*const calls[])(void *) = {
        call_free,   call_free_null, call_usable_size, call_realloc,  call_shrink,
        call_calloc, call_memalign,  call_trim,        call_mallinfo,
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            struct task task = {calls[i], sizes[j]};
            char *block = malloc(sizes[j]);
            EXPECT(block != NULL);
            memset(block, 'x', sizes[j]);
            void *pair[] = {&task, block};
            pthread_t thread;
            EXPECT(pthread_create(&thread, NULL, run_call, pair) == 0);
            EXPECT(pthread_join(thread, NULL) == 0);
        }
    }
    struct task nothing = {call_nothing, 0};
    void *pair[] = {&nothing, NULL};
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, run_call, pair) == 0);
        EXPECT(pthread_join(thread, NULL) == 0);
    }
    exercise_heap();
    return 0;
}
