/*
 * Large blocks: more than KN_MEDIUM_MAX bytes, or aligned to more than slabs can give. Each is a
 * run of its own.
 *
 * Threads: any; a block is grown, cut and freed by one thread at a time, as C demands of its users.
 * Cost: the page heap's lock and O(log n); moving by the OS (mremap) from KN_MOVE_BYTES_MIN up,
 * else a copy.
 */
#ifndef KN_CORE_LARGE_H
#define KN_CORE_LARGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "core/run.h"

#define KN_MOVE_BYTES_MIN ((size_t)256 << 10)

/* `align` is a power of two. With is_zeroed the block reads as zero; what is clean already is not
 * written to. */
KN_NODISCARD void *kn_large_alloc(size_t bytes, size_t align, bool is_zeroed);

void kn_large_free(struct kn_run *run);

/* Changes the usable size in place: always possible downwards, upwards if the granules behind are
 * free. */
KN_NODISCARD bool kn_large_try_resize(struct kn_run *run, size_t bytes);

/* A new block with the old one's contents, which is freed; for growing when resizing in place
 * failed. NULL: the old one stays. */
KN_NODISCARD void *kn_large_move(struct kn_run *run, size_t bytes);

#endif
