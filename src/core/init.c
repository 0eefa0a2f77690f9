#include "core/init.h"

#include "core/fork.h"
#include "core/heap.h"
#include "core/options.h"
#include "core/orphan.h"
#include "core/page_heap.h"
#include "core/region.h"
#include "core/thread.h"
#include "os/lock.h"

_Atomic int kn_is_initialized;

static struct kn_lock init_lock = KN_LOCK_INITIALIZER(KN_RANK_INIT);

void kn_init_slow(void)
{
    kn_lock_acquire(&init_lock);
    if (!kn_load_relaxed(&kn_is_initialized)) {
        kn_options_load();
        kn_page_heap_init();
        kn_region_init();
        kn_orphans_init();
        kn_heaps_init();
        kn_threads_init();
        kn_store_release(&kn_is_initialized, 1);
    }
    kn_lock_release(&init_lock);
}
