#include "os/os_fault.h"

#if KN_FAULTS

#include "base/assert.h"
#include "base/atomic.h"
#include "base/bits.h"

/* Relaxed order throughout: the counters order nothing, and the rest is set while no thread looks.
 */
struct fault {
    _Atomic size_t calls;
    _Atomic size_t first; /* number of the first call that fails; 0 if none does */
    _Atomic size_t count;
};

static struct fault faults[KN_FAULT_COUNT];
static _Atomic size_t pretended_page_bytes;

static const int errors[] = {
#define KN_FAULT_KIND_ERROR(name, error) [KN_FAULT_##name] = error,
    KN_FAULT_KINDS(KN_FAULT_KIND_ERROR)
#undef KN_FAULT_KIND_ERROR
};

void kn_os_fault_set(enum kn_fault_kind kind, size_t nth, size_t count)
{
    struct fault *fault = &faults[kind];
    kn_store_relaxed(&fault->calls, 0);
    kn_store_relaxed(&fault->first, nth);
    kn_store_relaxed(&fault->count, count);
}

void kn_os_fault_clear(void)
{
    for (int kind = 0; kind < KN_FAULT_COUNT; kind++)
        kn_os_fault_set((enum kn_fault_kind)kind, 0, 0);
    kn_store_relaxed(&pretended_page_bytes, 0);
}

size_t kn_os_fault_calls(enum kn_fault_kind kind)
{
    return kn_load_relaxed(&faults[kind].calls);
}

void kn_os_fault_set_page_bytes(size_t bytes)
{
    KN_ASSERT(kn_is_power_of_two(bytes));
    kn_store_relaxed(&pretended_page_bytes, bytes);
}

int kn_os_fault_hit(enum kn_fault_kind kind)
{
    struct fault *fault = &faults[kind];
    size_t call = kn_fetch_add_relaxed(&fault->calls, 1) + 1;
    size_t first = kn_load_relaxed(&fault->first);
    if (KN_LIKELY(first == 0 || call < first))
        return 0;
    return call - first < kn_load_relaxed(&fault->count) ? errors[kind] : 0;
}

size_t kn_os_fault_page_bytes(size_t kernel_bytes)
{
    size_t bytes = kn_load_relaxed(&pretended_page_bytes);
    return bytes > kernel_bytes ? bytes : kernel_bytes;
}

#endif
