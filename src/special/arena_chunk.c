#include "special/arena.h"
#include "special/source.h"

#include "base/checked.h"

KN_STATIC_ASSERT(sizeof(struct kn_arena_chunk) % KNOLL_ARENA_ALIGN == 0,
                 "the first block is aligned where the chunk is");

static size_t room_of(const struct kn_arena_chunk *chunk)
{
    return (size_t)(chunk->end - (char *)(chunk + 1));
}

/* Fills in a header for the `bytes` at `start`, which is aligned. */
static struct kn_arena_chunk *make_chunk(void *start, size_t bytes, bool is_zero)
{
    struct kn_arena_chunk *chunk = start;
    char *floor = (char *)(chunk + 1);
    char *end = (char *)kn_ptr_add(start, kn_align_down(bytes, KNOLL_ARENA_ALIGN));
    *chunk = (struct kn_arena_chunk){
        .floor = floor,
        .at = floor,
        .clean = is_zero ? floor : end,
        .end = end,
        .bytes = bytes,
    };
    return chunk;
}

struct kn_arena_chunk *kn_arena_chunk_of_buffer(void *buffer, size_t bytes)
{
    size_t skipped = (0 - (size_t)(uintptr_t)buffer) % KNOLL_ARENA_ALIGN;
    if (bytes < skipped + sizeof(struct kn_arena_chunk) + KNOLL_ARENA_ALIGN)
        return NULL;
    struct kn_arena_chunk *chunk = make_chunk(kn_ptr_add(buffer, skipped), bytes - skipped, false);
    chunk->is_callers = true;
    return chunk;
}

/* The smallest kept chunk that has room, unless that is far more than a single block needs. */
static struct kn_arena_chunk *take_kept(struct knoll_arena *root, size_t bytes, size_t wish)
{
    size_t most = wish > bytes ? SIZE_MAX : 2 * bytes;
    struct kn_arena_chunk **best = NULL;
    for (struct kn_arena_chunk **link = &root->kept; *link != NULL; link = &(*link)->next) {
        size_t room = room_of(*link);
        if (room >= bytes && room <= most && (best == NULL || room < room_of(*best)))
            best = link;
    }
    if (best == NULL)
        return NULL;
    struct kn_arena_chunk *chunk = *best;
    *best = chunk->next;
    root->kept_chunks--;
    return chunk;
}

bool kn_arena_is_within_limit(const struct knoll_arena *root, size_t bytes)
{
    return root->limit_bytes == 0 ||
           (root->held_bytes <= root->limit_bytes && bytes <= root->limit_bytes - root->held_bytes);
}

static struct kn_arena_chunk *fetch_chunk(struct knoll_arena *root, size_t bytes)
{
    struct kn_range range;
    if (!kn_arena_is_within_limit(root, bytes) ||
        kn_source_acquire(kn_source_of_public(root->source), bytes, KNOLL_ARENA_ALIGN, &range) != 0)
        return NULL;
    root->held_bytes += range.bytes;
    return make_chunk(range.start, range.bytes, range.is_zero);
}

struct kn_arena_chunk *kn_arena_chunk_get(struct knoll_arena *root, size_t bytes, size_t wish)
{
    size_t needed;
    struct kn_arena_chunk *chunk = take_kept(root, bytes, wish);
    if (chunk != NULL || root->source == NULL)
        return chunk;
    if (!kn_try_add(bytes, sizeof(*chunk) + KNOLL_ARENA_ALIGN - 1, &needed) || needed > PTRDIFF_MAX)
        return NULL;
    needed = kn_align_down(needed, KNOLL_ARENA_ALIGN);
    /* A source that is nearly used up may still have less than is wished for. */
    for (; chunk == NULL && wish > needed; wish /= 2)
        chunk = fetch_chunk(root, wish);
    if (chunk == NULL)
        chunk = fetch_chunk(root, needed);
    /* Kept chunks stand in the way of others: of a limit, or of merging in the source. */
    if (chunk == NULL && knoll_arena_trim(root) != 0)
        chunk = fetch_chunk(root, needed);
    return chunk;
}

void kn_arena_chunk_release(struct knoll_arena *root, struct kn_arena_chunk *chunk)
{
    if (chunk->is_callers)
        return;
    size_t bytes = chunk->bytes;
    root->held_bytes -= bytes;
    (void)kn_source_release(kn_source_of_public(root->source), chunk, bytes);
}

void kn_arena_chunk_put(struct knoll_arena *root, struct kn_arena_chunk *chunk)
{
    if (chunk->is_callers)
        return;
    kn_arena_chunk_cut(chunk, (char *)(chunk + 1));
    chunk->floor = chunk->at;
    chunk->is_single = false;
    chunk->next = root->kept;
    root->kept = chunk;
    if (++root->kept_chunks <= root->keep_chunks)
        return;
    struct kn_arena_chunk **smallest = &root->kept;
    for (struct kn_arena_chunk **link = smallest; *link != NULL; link = &(*link)->next) {
        if (room_of(*link) < room_of(*smallest))
            smallest = link;
    }
    chunk = *smallest;
    *smallest = chunk->next;
    root->kept_chunks--;
    kn_arena_chunk_release(root, chunk);
}

size_t knoll_arena_trim(struct knoll_arena *arena)
{
    struct knoll_arena *root = arena->root;
    size_t before = root->held_bytes;
    while (root->kept != NULL) {
        struct kn_arena_chunk *chunk = root->kept;
        root->kept = chunk->next;
        kn_arena_chunk_release(root, chunk);
    }
    root->kept_chunks = 0;
    return before - root->held_bytes;
}

bool kn_arena_chunk_try_extend(struct knoll_arena *root, struct kn_arena_chunk *chunk, size_t bytes)
{
    struct kn_range range;
    char *old_end = chunk->end;
    if (chunk->is_callers || bytes > PTRDIFF_MAX || !kn_arena_is_within_limit(root, bytes) ||
        kn_source_extend(kn_source_of_public(root->source), kn_ptr_add(chunk, chunk->bytes),
                         kn_align_up(bytes, KNOLL_ARENA_ALIGN), &range) != 0)
        return false;
    chunk->bytes += range.bytes;
    root->held_bytes += range.bytes;
    chunk->end = kn_ptr_add(chunk, kn_align_down(chunk->bytes, KNOLL_ARENA_ALIGN));
    if (!range.is_zero)
        chunk->clean = chunk->end;
    else if (chunk->clean == old_end)
        chunk->clean = range.start;
    return true;
}
