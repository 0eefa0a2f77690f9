#include "special/arena.h"
#include "special/misuse.h"

#include "base/checked.h"

#include <errno.h>
#include <string.h>

/* The library's own copies, for programs that do not inline them and for other languages. */
extern inline void *knoll_arena_aligned_alloc(struct knoll_arena *arena, size_t align,
                                              size_t bytes);
extern inline void *knoll_arena_alloc(struct knoll_arena *arena, size_t bytes);

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

/* A block in the current chunk, for any alignment. */
static void *take_here(struct knoll_arena *arena, size_t align, size_t bytes)
{
    size_t room = (size_t)(arena->end - arena->at);
    size_t gap = (0 - (size_t)(uintptr_t)arena->at) & (align - 1);
    if (gap > room || bytes > room - gap)
        return NULL;
    char *start = arena->at + gap;
    arena->at = start + bytes;
    return start;
}

/* A block in a chunk that is for it alone; `room` includes what the alignment may skip. */
static void *take_apart(struct knoll_arena *arena, size_t align, size_t bytes, size_t room)
{
    struct kn_arena_chunk *chunk = kn_arena_chunk_get(arena->root, room, 0);
    if (chunk == NULL)
        return no_memory();
    char *start = (char *)kn_align_up((uintptr_t)chunk->floor, align);
    chunk->at = start + bytes;
    chunk->serial = ++arena->serial;
    chunk->is_single = true;
    chunk->next = arena->apart;
    arena->apart = chunk;
    arena->left_bytes += (size_t)(chunk->at - chunk->floor);
    return start;
}

void *knoll_arena_alloc_slow(struct knoll_arena *arena, size_t align, size_t bytes)
{
    size_t room;
    if (arena->state != KN_ARENA_LIVE) {
        kn_special_misuse("arena", "knoll_arena_alloc", arena, "not an arena, or one that is gone");
        return no_memory();
    }
    if (!kn_is_power_of_two(align)) {
        errno = EINVAL;
        return NULL;
    }
    void *block = take_here(arena, align, bytes);
    if (block != NULL)
        return block;
    if (!kn_try_add(bytes, align > KNOLL_ARENA_ALIGN ? align - KNOLL_ARENA_ALIGN : 0, &room) ||
        room > PTRDIFF_MAX)
        return no_memory();
    /* What the current chunk loses by being left is less than what the block takes. */
    if (room > arena->next_bytes / 4)
        return take_apart(arena, align, bytes, room);
    struct kn_arena_chunk *chunk = kn_arena_chunk_get(arena->root, room, arena->next_bytes);
    if (chunk == NULL)
        return no_memory();
    size_t most = arena->root->chunk_bytes_max;
    if (chunk->bytes >= arena->next_bytes)
        arena->next_bytes = arena->next_bytes < most / 2 ? 2 * arena->next_bytes : most;
    kn_arena_push(arena, chunk);
    return take_here(arena, align, bytes);
}

void *knoll_arena_calloc(struct knoll_arena *arena, size_t count, size_t bytes)
{
    size_t total;
    if (!kn_try_mul(count, bytes, &total))
        return no_memory();
    char *block = knoll_arena_alloc(arena, total);
    if (block == NULL || total == 0)
        return block;
    bool is_here = arena->chunks != NULL && kn_arena_chunk_has(arena->chunks, block);
    const struct kn_arena_chunk *chunk = is_here ? arena->chunks : arena->apart;
    if (block < chunk->clean) {
        size_t dirty = (size_t)(chunk->clean - block);
        memset(block, 0, dirty < total ? dirty : total);
    }
    return block;
}

/* ---- the block made last ---------------------------------------------------------------------- */

/* Whether a block ends where the used part of a chunk ends, which is at `at`. */
static bool is_last(const struct kn_arena_chunk *chunk, const char *at, const char *p, size_t bytes)
{
    return chunk != NULL && kn_arena_chunk_has(chunk, p) && bytes == (size_t)(at - p);
}

/* Moves the end of the last block of a chunk, whose header knows where that is. */
static bool try_resize(struct knoll_arena *root, struct kn_arena_chunk *chunk, char *p,
                       size_t bytes)
{
    size_t room = (size_t)(chunk->end - p);
    if (bytes > room && !kn_arena_chunk_try_extend(root, chunk, bytes - room))
        return false;
    if (p + bytes < chunk->at)
        kn_arena_chunk_cut(chunk, p + bytes);
    else
        chunk->at = p + bytes;
    return true;
}

static bool try_resize_here(struct knoll_arena *arena, char *p, size_t bytes)
{
    struct kn_arena_chunk *chunk = arena->chunks;
    chunk->at = arena->at;
    if (!try_resize(arena->root, chunk, p, bytes))
        return false;
    arena->at = chunk->at;
    arena->end = chunk->end;
    return true;
}

static bool try_resize_apart(struct knoll_arena *arena, char *p, size_t bytes)
{
    struct kn_arena_chunk *chunk = arena->apart;
    char *old_at = chunk->at;
    if (!try_resize(arena->root, chunk, p, bytes))
        return false;
    arena->left_bytes += (size_t)(chunk->at - old_at);
    return true;
}

void *knoll_arena_expand(struct knoll_arena *arena, void *p, size_t old_bytes, size_t bytes)
{
    bool is_done = bytes <= old_bytes;
    if (p == NULL || bytes > PTRDIFF_MAX)
        return NULL;
    if (is_last(arena->chunks, arena->at, p, old_bytes))
        is_done = try_resize_here(arena, p, bytes);
    else if (arena->apart != NULL && is_last(arena->apart, arena->apart->at, p, old_bytes) &&
             bytes != 0)
        is_done = try_resize_apart(arena, p, bytes);
    return is_done ? p : NULL;
}

/* The newest chunk apart, if the block is all that is in it and no mark is to bring it back. */
static struct kn_arena_chunk *single_chunk_of(const struct knoll_arena *arena, const void *p)
{
    struct kn_arena_chunk *chunk = arena->apart;
    if (chunk == NULL || !chunk->is_single || !kn_arena_chunk_has(chunk, p) ||
        (arena->marks != NULL && chunk->serial < arena->marks->serial))
        return NULL;
    return chunk;
}

/* Lets go of a chunk apart that is the newest, or was before the last block. */
static void drop_apart(struct knoll_arena *arena, struct kn_arena_chunk *chunk)
{
    if (arena->apart == chunk)
        arena->apart = chunk->next;
    else
        arena->apart->next = chunk->next;
    arena->left_bytes -= (size_t)(chunk->at - chunk->floor);
    kn_arena_chunk_put(arena->root, chunk);
}

void *knoll_arena_realloc(struct knoll_arena *arena, void *p, size_t old_bytes, size_t bytes)
{
    if (knoll_arena_expand(arena, p, old_bytes, bytes) != NULL)
        return p;
    struct kn_arena_chunk *chunk = p == NULL ? NULL : single_chunk_of(arena, p);
    void *block = knoll_arena_alloc(arena, bytes);
    if (block == NULL || p == NULL)
        return block;
    memcpy(block, p, old_bytes);
    if (chunk != NULL)
        drop_apart(arena, chunk);
    else
        (void)!knoll_arena_expand(arena, p, old_bytes, 0);
    return block;
}

/* ---- copies ----------------------------------------------------------------------------------- */

void *knoll_arena_memdup(struct knoll_arena *arena, const void *from, size_t bytes)
{
    void *copy = knoll_arena_alloc(arena, bytes);
    if (copy != NULL && bytes != 0)
        memcpy(copy, from, bytes);
    return copy;
}

char *knoll_arena_strndup(struct knoll_arena *arena, const char *text, size_t bytes)
{
    const char *end = memchr(text, 0, bytes);
    size_t length = end == NULL ? bytes : (size_t)(end - text);
    size_t with_end;
    if (!kn_try_add(length, 1, &with_end))
        return no_memory();
    char *copy = knoll_arena_aligned_alloc(arena, 1, with_end);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

char *knoll_arena_strdup(struct knoll_arena *arena, const char *text)
{
    size_t bytes = strlen(text) + 1;
    char *copy = knoll_arena_aligned_alloc(arena, 1, bytes);
    if (copy != NULL)
        memcpy(copy, text, bytes);
    return copy;
}
