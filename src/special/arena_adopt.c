/* Arenas that become a part of others. */
#include "special/arena.h"

#include <errno.h>

static bool is_in_line(const struct knoll_arena *ancestor, const struct knoll_arena *arena)
{
    while (arena != NULL && arena != ancestor)
        arena = arena->parent;
    return arena != NULL;
}

/* 0, or why the one may not adopt the other. */
static int forbid(const struct knoll_arena *arena, const struct knoll_arena *child)
{
    const struct knoll_arena *root = arena->root;
    if (is_in_line(child, arena) || child->busy != 0 || arena->busy != 0)
        return EINVAL;
    if (child->root == root)
        return 0;
    if (child->parent != NULL || (child->source != root->source && child->held_bytes != 0))
        return EINVAL;
    return kn_arena_is_within_limit(root, child->held_bytes) ? 0 : ENOMEM;
}

static void change_root(struct knoll_arena *arena, struct knoll_arena *root)
{
    arena->root = root;
    for (struct knoll_arena *child = arena->children; child != NULL; child = child->older)
        change_root(child, root);
}

/* Makes an arena of its own a member of a family: what it has counts there from now on. */
static void join_family(struct knoll_arena *root, struct knoll_arena *newcomer)
{
    struct kn_arena_chunk *kept = newcomer->kept;
    root->held_bytes += newcomer->held_bytes;
    newcomer->held_bytes = 0;
    newcomer->kept = NULL;
    newcomer->kept_chunks = 0;
    change_root(newcomer, root);
    while (kept != NULL) {
        struct kn_arena_chunk *next = kept->next;
        kn_arena_chunk_put(root, kept);
        kept = next;
    }
}

static void set_apart(struct knoll_arena *arena, struct kn_arena_chunk *chunk)
{
    chunk->serial = arena->serial;
    chunk->next = arena->apart;
    arena->apart = chunk;
    arena->left_bytes += (size_t)(chunk->at - chunk->floor);
}

static size_t room_in(const struct knoll_arena *arena)
{
    return (size_t)(arena->end - arena->at);
}

/* The child's current chunk becomes the arena's if it has more room, the others are set apart. */
static void move_chunks(struct knoll_arena *arena, struct knoll_arena *child)
{
    bool is_current = room_in(child) > room_in(arena);
    while (child->apart != NULL) {
        struct kn_arena_chunk *chunk = child->apart;
        child->apart = chunk->next;
        set_apart(arena, chunk);
    }
    while (child->chunks != NULL) {
        struct kn_arena_chunk *chunk = kn_arena_pop(child);
        if (child->chunks == NULL)
            chunk->floor = (char *)(chunk + 1);
        if (is_current)
            kn_arena_push(arena, chunk);
        else
            set_apart(arena, chunk);
        is_current = false;
    }
}

static void move_cleanups(struct knoll_arena *arena, struct knoll_arena *child)
{
    struct kn_arena_cleanup *oldest = child->cleanups;
    if (oldest == NULL)
        return;
    oldest->serial = arena->serial;
    while (oldest->older != NULL) {
        oldest = oldest->older;
        oldest->serial = arena->serial;
    }
    oldest->older = arena->cleanups;
    if (oldest->older != NULL)
        oldest->older->newer = oldest;
    arena->cleanups = child->cleanups;
    child->cleanups = NULL;
}

static void move_children(struct knoll_arena *arena, struct knoll_arena *child)
{
    struct knoll_arena *oldest = NULL;
    for (struct knoll_arena *one = child->children; one != NULL; one = one->older) {
        one->parent = arena;
        one->born = arena->serial;
        oldest = one;
    }
    if (oldest == NULL)
        return;
    oldest->older = arena->children;
    if (oldest->older != NULL)
        oldest->older->newer = oldest;
    arena->children = child->children;
    child->children = NULL;
}

int knoll_arena_adopt(struct knoll_arena *arena, struct knoll_arena *child)
{
    if (!kn_arena_is_live(arena, "knoll_arena_adopt") ||
        !kn_arena_is_live(child, "knoll_arena_adopt"))
        return EINVAL;
    int error = forbid(arena, child);
    if (error != 0)
        return error;
    kn_arena_leave_parent(child);
    if (child->root != arena->root)
        join_family(arena->root, child);
    arena->serial++;
    move_chunks(arena, child);
    move_cleanups(arena, child);
    move_children(arena, child);
    child->marks = NULL;
    child->state = KN_ARENA_GONE;
    return 0;
}
