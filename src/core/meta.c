#include "core/meta.h"

#include <stdint.h>

#include "base/align.h"
#include "base/atomic.h"
#include "os/os.h"

#define CHUNK_BYTES ((size_t)65536)
#define LINE_BYTES  ((size_t)64)

struct kn_lock kn_meta_lock = KN_LOCK_INITIALIZER(KN_RANK_META);

static struct {
    uintptr_t next;
    uintptr_t end;
    _Atomic size_t mapped_bytes;
} meta;

static void *map_chunk(size_t bytes)
{
    void *chunk = kn_os_map(bytes, kn_os_page_bytes());
    if (chunk != NULL)
        kn_fetch_add_relaxed(&meta.mapped_bytes, bytes);
    return chunk;
}

void *kn_meta_alloc(size_t bytes)
{
    void *result = NULL;

    bytes = kn_align_up(bytes, LINE_BYTES);
    kn_lock_acquire(&kn_meta_lock);
    if (bytes > CHUNK_BYTES / 4) {
        result = map_chunk(kn_align_up(bytes, kn_os_page_bytes()));
    } else {
        if (meta.end - meta.next < bytes) {
            void *chunk = map_chunk(CHUNK_BYTES);
            meta.next = (uintptr_t)chunk;
            meta.end = chunk == NULL ? 0 : meta.next + CHUNK_BYTES;
        }
        if (meta.end - meta.next >= bytes) {
            result = (void *)meta.next;
            meta.next += bytes;
        }
    }
    kn_lock_release(&kn_meta_lock);
    return result;
}

size_t kn_meta_mapped_bytes(void)
{
    return kn_load_relaxed(&meta.mapped_bytes);
}
