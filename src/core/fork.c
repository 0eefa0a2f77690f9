#include "core/fork.h"

#include <pthread.h>

#include "core/heap.h"
#include "core/init.h"
#include "core/meta.h"
#include "core/options.h"
#include "core/orphan.h"
#include "core/page_heap.h"
#include "os/lock.h"

static void before_fork(void)
{
    kn_init();
    kn_lock_fork_begin();
    kn_lock_fork_take(&kn_options_lock);
    kn_heaps_fork_each(kn_lock_fork_take);
    kn_orphans_fork_each(kn_lock_fork_take);
    kn_lock_fork_take(&kn_page_heap_lock);
    kn_lock_fork_take(&kn_meta_lock);
}

static void after_fork_in_parent(void)
{
    kn_lock_fork_give(&kn_meta_lock);
    kn_lock_fork_give(&kn_page_heap_lock);
    kn_orphans_fork_each(kn_lock_fork_give);
    kn_heaps_fork_each(kn_lock_fork_give);
    kn_lock_fork_give(&kn_options_lock);
    kn_lock_fork_end(false);
}

static void after_fork_in_child(void)
{
    kn_lock_fork_reset(&kn_meta_lock);
    kn_lock_fork_reset(&kn_page_heap_lock);
    kn_orphans_fork_each(kn_lock_fork_reset);
    kn_heaps_fork_each(kn_lock_fork_reset);
    kn_lock_fork_reset(&kn_options_lock);
    kn_lock_fork_end(true);
}

void kn_fork_register(void)
{
    (void)pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}
