/*
 * Start of the heap: on the first call that needs it, whichever that is, from any thread.
 *
 * There is no end: the heap works until the process is gone.
 */
#ifndef KN_CORE_INIT_H
#define KN_CORE_INIT_H

#include "base/atomic.h"
#include "base/compiler.h"

extern KN_HIDDEN _Atomic int kn_is_initialized;

KN_COLD void kn_init_slow(void);

static inline void kn_init(void)
{
    /* Acquire: pairs with the release in kn_init_slow, so that all tables are seen. */
    if (KN_UNLIKELY(!kn_load_acquire(&kn_is_initialized)))
        kn_init_slow();
}

#endif
