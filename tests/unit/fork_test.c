#include "core/fork.h"

#include "child.h"
#include "model_calls.h"
#include "require.h"
#include "start.h"

#include "core/heap.h"
#include "core/heap_check.h"
#include "core/meta.h"
#include "core/page_heap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 10 };

static const struct model_calls *const core = &model_calls_core;

static void use(void)
{
    void *blocks[60];
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++) {
        blocks[i] = core->zalloc(i * i * 30);
        kn_require(blocks[i] != NULL);
    }
    for (size_t i = 0; i < KN_ARRAY_LEN(blocks); i++)
        core->free(blocks[i]);
    kn_require(kn_meta_alloc(100) != NULL);
    (void)core->trim(0);
}

static void *use_in_thread(void *arg)
{
    use();
    return arg;
}

static void use_everywhere(void)
{
    pthread_t thread;
    use();
    kn_require(pthread_create(&thread, NULL, use_in_thread, NULL) == 0);
    pthread_join(thread, NULL);
}

static void fork_and_use(void)
{
    int status;
    pid_t child = fork();
    kn_require(child >= 0);
    if (child == 0) {
        alarm(SECONDS);
        use_everywhere();
        _exit(kn_check_all(NULL) == NULL ? 0 : 1);
    }
    kn_require(waitpid(child, &status, 0) == child);
    ck_assert_int_eq(status, 0);
    use_everywhere();
    kn_require_sound(kn_check_all(NULL));
}

KN_TEST(fork, leaves_the_heap_sound_in_parent_and_child)
{
    fork_and_use();
    fork_and_use();
}

static void fork_in_child(void *arg)
{
    size_t *depth = arg;
    fork_and_use();
    if (--*depth != 0) {
        struct kn_child child;
        kn_child_call(&child, fork_in_child, depth);
        kn_child_assert_exit(&child, 0);
    }
}

KN_TEST(fork, works_in_children_of_children)
{
    size_t depth = 4;
    fork_in_child(&depth);
}

static unsigned handled;
static void *carried;

/* Allocates in one handler and frees in the next. */
static void handle(void)
{
    handled++;
    core->free(carried);
    carried = core->malloc(handled * 3000);
    kn_require(carried != NULL);
    use();
}

KN_TEST(fork, lets_handlers_of_others_allocate_outside_its_own)
{
    ck_assert_int_eq(pthread_atfork(handle, handle, handle), 0);
    fork_and_use();
    ck_assert_uint_eq(handled, 2);
}

/* The heap's handlers have taken every lock when these run before the fork. */
KN_TEST(fork, lets_handlers_of_others_allocate_within_its_own)
{
    if (kn_start_again("fork/lets_handlers_of_others_allocate_within", "early-fork=1"))
        return;
    kn_start_fork_hook = handle;
    fork_and_use();
    ck_assert_uint_eq(handled, 2);
}

static _Atomic(void *) held;

static void *hold_block(void *arg)
{
    void *block = core->malloc(5000);
    memset(block, 4, 5000);
    atomic_store(&held, block);
    pause();
    return arg;
}

KN_TEST(fork, lets_the_child_free_blocks_of_threads_it_does_not_have)
{
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, hold_block, NULL), 0);
    while (atomic_load(&held) == NULL)
        usleep(100);
    pid_t child = fork();
    if (child == 0) {
        alarm(SECONDS);
        core->free(atomic_load(&held));
        use();
        _exit(0);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
