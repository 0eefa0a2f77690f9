/* A small program for builds of other kinds: static, with a sanitizer, with a profiler. */
#include <pthread.h>

#include "expect.h"

static void *run_thread(void *argument)
{
    exercise_heap();
    return argument;
}

int main(void)
{
    exercise_heap();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_create(&threads[i], NULL, run_thread, NULL) == 0);
    for (int i = 0; i < 4; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
    char *text = NULL;
    EXPECT(asprintf(&text, "%s %d", "hello", 7) == 7);
    puts(text);
    free(text);
    return 0;
}
