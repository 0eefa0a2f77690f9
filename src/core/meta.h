/*
 * Memory for the heap's own records (heap structures, range records, radix nodes): taken from the
 * OS in chunks, never given back, apart from the memory that programs use. Zeroed. Whoever needs
 * recycling keeps a list of its own.
 *
 * Threads: any; one lock. Cost: a bump of a pointer, a mapping for every chunk.
 */
#ifndef KN_CORE_META_H
#define KN_CORE_META_H

#include <stddef.h>

#include "base/compiler.h"
#include "os/lock.h"

/* `bytes` of zeroed memory aligned to a cache line, or NULL. */
KN_NODISCARD void *kn_meta_alloc(size_t bytes);

size_t kn_meta_mapped_bytes(void);

extern KN_HIDDEN struct kn_lock kn_meta_lock;

#endif
