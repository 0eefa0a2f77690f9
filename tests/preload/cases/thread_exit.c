/* Calls after a thread's teardown: keys whose destructors allocate, free and set themselves again
 * for as many rounds as POSIX grants, in many threads. The last round's calls come after any
 * destructor of the allocator's own has run. Memory has to stay flat. */
#include <limits.h>
#include <malloc.h>
#include <pthread.h>

#include "expect.h"

enum { KEYS = 10 };

static pthread_key_t keys[KEYS];
static _Atomic long destructor_calls;

struct value {
    int key;
    int round;
    char padding[200];
};

static void set_value(int key, int round)
{
    struct value *value = malloc(sizeof *value);
    EXPECT(value != NULL);
    value->key = key;
    value->round = round;
    memset(value->padding, key, sizeof value->padding);
    EXPECT(pthread_setspecific(keys[key], value) == 0);
}

static void destroy_value(void *argument)
{
    struct value *value = argument;
    int key = value->key, round = value->round;
    EXPECT(value->padding[199] == key);
    destructor_calls++;
    void *large = malloc((size_t)(1000 << key));
    void *aligned = memalign(64, 100);
    void *zeroed = calloc(7, 11);
    EXPECT(large != NULL && aligned != NULL && zeroed != NULL);
    value = realloc(value, sizeof *value + 5000);
    EXPECT(value != NULL && value->key == key && malloc_usable_size(value) >= 5000);
    free(aligned);
    free(value);
    free(zeroed);
    free(large);
    if (round < PTHREAD_DESTRUCTOR_ITERATIONS)
        set_value(key, round + 1);
}

static void *run_thread(void *argument)
{
    for (int key = 0; key < KEYS; key++)
        set_value(key, 1);
    exercise_heap();
    return argument;
}

static void run_threads(int count)
{
    enum { AT_ONCE = 8 };
    for (int done = 0; done < count; done += AT_ONCE) {
        pthread_t threads[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++)
            EXPECT(pthread_create(&threads[i], NULL, run_thread, NULL) == 0);
        for (int i = 0; i < AT_ONCE; i++)
            EXPECT(pthread_join(threads[i], NULL) == 0);
    }
}

int main(void)
{
    for (int key = 0; key < KEYS; key++)
        EXPECT(pthread_key_create(&keys[key], destroy_value) == 0);
    run_threads(200);
    size_t before = resident_bytes();
    int count = scaled(800);
    run_threads(count);
    size_t after = resident_bytes();
    EXPECT(destructor_calls == (long)(200 + count) * KEYS * PTHREAD_DESTRUCTOR_ITERATIONS);
    EXPECT(after < before + ((size_t)2 << 20));
    return 0;
}
