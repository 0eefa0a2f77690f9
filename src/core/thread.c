#include "core/thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include "core/heap.h"

static pthread_key_t end_key;
/* Without a key (all of them taken) the heaps of ended threads are not reused. */
static bool has_end_key;

static void end_hook(void *unused)
{
    (void)unused;
    kn_heap_thread_end();
}

void kn_threads_init(void)
{
    has_end_key = pthread_key_create(&end_key, end_hook) == 0;
}

void kn_thread_arm_end_hook(void)
{
    int saved = errno;
    if (has_end_key)
        (void)pthread_setspecific(end_key, &end_key);
    errno = saved;
}
