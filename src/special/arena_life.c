/* The life of arenas and of what they hold: making, marks, clean-ups, resetting, adopting, ending. */
#include "special/arena.h"
#include "special/misuse.h"
#include "special/source.h"

#include "base/checked.h"

#include <errno.h>
#include <string.h>

enum {
    /* So that marks and clean-ups are never large for a chunk. */
    CHUNK_BYTES_MIN = 512,
    ARENA_BYTES =
        (sizeof(struct knoll_arena) + KNOLL_ARENA_ALIGN - 1) & ~(size_t)(KNOLL_ARENA_ALIGN - 1),
};

KN_ALIGNED(KNOLL_ARENA_ALIGN) char kn_arena_nothing[KNOLL_ARENA_ALIGN];

/* ---- chunks of an arena ----------------------------------------------------------------------- */

static size_t used_in(const struct kn_arena_chunk *chunk)
{
    return (size_t)(chunk->at - chunk->floor);
}

void kn_arena_push(struct knoll_arena *arena, struct kn_arena_chunk *chunk)
{
    if (arena->chunks != NULL) {
        arena->chunks->at = arena->at;
        arena->left_bytes += used_in(arena->chunks);
    }
    chunk->next = arena->chunks;
    arena->chunks = chunk;
    arena->at = chunk->at;
    arena->end = chunk->end;
}

struct kn_arena_chunk *kn_arena_pop(struct knoll_arena *arena)
{
    struct kn_arena_chunk *chunk = arena->chunks;
    chunk->at = arena->at;
    arena->chunks = chunk->next;
    if (chunk->next != NULL) {
        arena->at = chunk->next->at;
        arena->end = chunk->next->end;
        arena->left_bytes -= used_in(chunk->next);
    } else {
        arena->at = arena->end = kn_arena_nothing;
    }
    return chunk;
}

static void cut_current(struct knoll_arena *arena, char *at)
{
    arena->chunks->at = arena->at;
    kn_arena_chunk_cut(arena->chunks, at);
    arena->at = at;
}

static void note_peak(struct knoll_arena *arena)
{
    size_t used = kn_arena_used_bytes(arena);
    if (used > arena->peak_bytes)
        arena->peak_bytes = used;
}

/* ---- making ----------------------------------------------------------------------------------- */

static size_t pick_bytes(size_t wish, size_t usual, size_t least)
{
    size_t bytes = wish == 0 ? usual : wish;
    if (bytes > PTRDIFF_MAX / 4)
        bytes = PTRDIFF_MAX / 4;
    return kn_align_up(bytes < least ? least : bytes, KNOLL_ARENA_ALIGN);
}

int knoll_arena_init(struct knoll_arena *arena, const struct knoll_arena_options *options)
{
    static const struct knoll_arena_options usual;
    struct kn_arena_chunk *first = NULL;
    if (options == NULL)
        options = &usual;
    if (options->buffer != NULL)
        first = kn_arena_chunk_of_buffer(options->buffer, options->buffer_bytes);
    if (first == NULL && (options->buffer != NULL || options->is_fixed))
        return EINVAL;
    size_t chunk_bytes = pick_bytes(options->chunk_bytes, KNOLL_ARENA_CHUNK_BYTES, CHUNK_BYTES_MIN);
    size_t keep = options->keep_chunks == 0 ? KNOLL_ARENA_KEEP_CHUNKS : options->keep_chunks;
    *arena = (struct knoll_arena){
        .at = kn_arena_nothing,
        .end = kn_arena_nothing,
        .root = arena,
        .next_bytes = chunk_bytes,
        .state = KN_ARENA_LIVE,
        .source = options->source != NULL ? options->source : knoll_source_mmap(),
        .keep_chunks = keep == KNOLL_ARENA_KEEP_NONE ? 0 : keep,
        .chunk_bytes = chunk_bytes,
        .chunk_bytes_max =
            pick_bytes(options->chunk_bytes_max, KNOLL_ARENA_CHUNK_BYTES_MAX, chunk_bytes),
        .limit_bytes = options->limit_bytes,
    };
    if (options->is_fixed)
        arena->source = NULL;
    if (first != NULL)
        kn_arena_push(arena, first);
    return 0;
}

/* Moves an arena without chunks into a chunk, which has room for it and becomes its oldest. */
static struct knoll_arena *settle(const struct knoll_arena *draft, struct kn_arena_chunk *chunk)
{
    struct knoll_arena *arena = (struct knoll_arena *)(void *)chunk->floor;
    size_t most = draft->root->chunk_bytes_max;
    *arena = *draft;
    arena->is_inside = true;
    arena->next_bytes = draft->next_bytes < most / 2 ? 2 * draft->next_bytes : most;
    chunk->floor += ARENA_BYTES;
    chunk->at = chunk->floor;
    kn_arena_push(arena, chunk);
    return arena;
}

struct knoll_arena *knoll_arena_new(const struct knoll_arena_options *options)
{
    struct knoll_arena draft;
    struct kn_arena_chunk *chunk;
    int error = knoll_arena_init(&draft, options);
    if (error == 0 && draft.chunks != NULL) {
        chunk = kn_arena_pop(&draft);
        error = (size_t)(chunk->end - chunk->floor) < ARENA_BYTES ? EINVAL : 0;
    } else if (error == 0) {
        chunk = kn_arena_chunk_get(&draft, ARENA_BYTES, draft.chunk_bytes);
        error = chunk == NULL ? ENOMEM : 0;
    }
    if (error != 0) {
        errno = error;
        return NULL;
    }
    struct knoll_arena *arena = settle(&draft, chunk);
    arena->root = arena;
    return arena;
}

struct knoll_arena *knoll_arena_new_child(struct knoll_arena *parent)
{
    if (!kn_arena_is_live(parent, "knoll_arena_new_child"))
        return NULL;
    struct knoll_arena *root = parent->root;
    struct kn_arena_chunk *chunk = kn_arena_chunk_get(root, ARENA_BYTES, root->chunk_bytes);
    if (chunk == NULL) {
        errno = ENOMEM;
        return NULL;
    }
    struct knoll_arena *child = settle(
        &(const struct knoll_arena){
            .at = kn_arena_nothing,
            .end = kn_arena_nothing,
            .root = root,
            .parent = parent,
            .older = parent->children,
            .born = ++parent->serial,
            .next_bytes = root->chunk_bytes,
            .state = KN_ARENA_LIVE,
        },
        chunk);
    if (child->older != NULL)
        child->older->newer = child;
    parent->children = child;
    return child;
}

void kn_arena_leave_parent(struct knoll_arena *child)
{
    if (child->newer != NULL)
        child->newer->older = child->older;
    else if (child->parent != NULL)
        child->parent->children = child->older;
    if (child->older != NULL)
        child->older->newer = child->newer;
    child->parent = child->older = child->newer = NULL;
}

/* ---- ending ----------------------------------------------------------------------------------- */

bool kn_arena_is_live(const struct knoll_arena *arena, const char *call)
{
    bool is_live = arena->state == KN_ARENA_LIVE;
    if (!is_live)
        kn_special_misuse("arena", call, arena, "not an arena, or one that is gone");
    return is_live;
}

/* Whether the arena may lose what it holds now. */
static bool is_free(const struct knoll_arena *arena, const char *call)
{
    if (!kn_arena_is_live(arena, call))
        return false;
    if (arena->busy != 0)
        kn_special_misuse("arena", call, arena, "called from within a clean-up of it");
    return arena->busy == 0;
}

static void call_cleanup(struct knoll_arena *arena)
{
    struct kn_arena_cleanup *cleanup = arena->cleanups;
    knoll_arena_clean *clean = cleanup->clean;
    arena->cleanups = cleanup->older;
    if (cleanup->older != NULL)
        cleanup->older->newer = NULL;
    cleanup->clean = NULL;
    clean(cleanup->arg);
}

static void end_arena(struct knoll_arena *arena);

static bool has_newer_calls(const struct knoll_arena *arena, uint64_t serial)
{
    return (arena->children != NULL && arena->children->born > serial) ||
           (arena->cleanups != NULL && arena->cleanups->serial > serial);
}

static bool has_newer_apart(const struct knoll_arena *arena, uint64_t serial)
{
    return arena->apart != NULL && arena->apart->serial > serial;
}

/* Destroys children and calls clean-ups that are newer than `serial`, also those that the calls
 * themselves make. */
static void call_newer(struct knoll_arena *arena, uint64_t serial)
{
    for (struct knoll_arena *one = arena; one != NULL; one = one->parent)
        one->busy++;
    while (has_newer_calls(arena, serial)) {
        if (arena->children != NULL && arena->children->born > serial)
            end_arena(arena->children);
        else
            call_cleanup(arena);
    }
    for (struct knoll_arena *one = arena; one != NULL; one = one->parent)
        one->busy--;
}

/* Lets go of all that is newer than `serial` and has one of its own. */
static void unwind(struct knoll_arena *arena, uint64_t serial)
{
    if (has_newer_calls(arena, serial))
        call_newer(arena, serial);
    while (has_newer_apart(arena, serial)) {
        struct kn_arena_chunk *chunk = arena->apart;
        arena->apart = chunk->next;
        arena->left_bytes -= used_in(chunk);
        kn_arena_chunk_put(arena->root, chunk);
    }
}

/* Frees everything but the oldest chunk. */
static void clear(struct knoll_arena *arena)
{
    note_peak(arena);
    unwind(arena, 0);
    arena->marks = NULL;
    while (arena->chunks != NULL && arena->chunks->next != NULL)
        kn_arena_chunk_put(arena->root, kn_arena_pop(arena));
}

/* The arena may lie in its oldest chunk, so that goes last. */
static void end_arena(struct knoll_arena *arena)
{
    bool is_root = arena->parent == NULL;
    struct knoll_arena *root = arena->root;
    clear(arena);
    struct kn_arena_chunk *oldest = arena->chunks == NULL ? NULL : kn_arena_pop(arena);
    kn_arena_leave_parent(arena);
    arena->state = KN_ARENA_GONE;
    if (is_root)
        (void)knoll_arena_trim(root);
    if (oldest == NULL)
        return;
    if (is_root)
        kn_arena_chunk_release(root, oldest);
    else
        kn_arena_chunk_put(root, oldest);
}

void knoll_arena_destroy(struct knoll_arena *arena)
{
    if (arena != NULL && is_free(arena, "knoll_arena_destroy"))
        end_arena(arena);
}

void knoll_arena_reset(struct knoll_arena *arena)
{
    if (!is_free(arena, "knoll_arena_reset"))
        return;
    clear(arena);
    if (arena->chunks != NULL)
        cut_current(arena, arena->chunks->floor);
}

/* ---- marks ------------------------------------------------------------------------------------ */

/* Whether the newest mark is of the present moment. What takes no room in a chunk has a serial. */
static bool is_marked(const struct knoll_arena *arena)
{
    const struct kn_arena_mark *mark = arena->marks;
    return mark != NULL && (const char *)(mark + 1) == arena->at &&
           !has_newer_apart(arena, mark->serial) && !has_newer_calls(arena, mark->serial);
}

static KN_NOINLINE struct knoll_arena_moment make_mark(struct knoll_arena *arena)
{
    struct kn_arena_mark *mark =
        knoll_arena_aligned_alloc(arena, _Alignof(struct kn_arena_mark), sizeof(*mark));
    if (mark == NULL)
        return (struct knoll_arena_moment){NULL, 0};
    *mark = (struct kn_arena_mark){arena->marks, ++arena->serial};
    arena->marks = mark;
    return (struct knoll_arena_moment){mark, mark->serial};
}

struct knoll_arena_moment knoll_arena_mark(struct knoll_arena *arena)
{
    if (!is_marked(arena))
        return make_mark(arena);
    return (struct knoll_arena_moment){arena->marks, arena->marks->serial};
}

static bool has_mark(const struct knoll_arena *arena, struct knoll_arena_moment mark)
{
    const struct kn_arena_mark *one = arena->marks;
    while (one != NULL && one != mark.place)
        one = one->older;
    return one != NULL && one->serial == mark.serial;
}

/* Whether the mark is the newest, and nothing but blocks of its chunk are newer. */
static bool is_near(const struct knoll_arena *arena, struct knoll_arena_moment mark)
{
    return mark.place != NULL && mark.place == arena->marks && mark.place->serial == mark.serial &&
           arena->busy == 0 && kn_arena_chunk_has(arena->chunks, mark.place) &&
           !has_newer_apart(arena, mark.serial) && !has_newer_calls(arena, mark.serial);
}

static KN_NOINLINE void rewind_far(struct knoll_arena *arena, struct knoll_arena_moment mark)
{
    if (mark.place == NULL || !is_free(arena, "knoll_arena_rewind"))
        return;
    if (!has_mark(arena, mark)) {
        kn_special_misuse("arena", "knoll_arena_rewind", mark.place,
                          "no mark of the arena, or one that is void");
        return;
    }
    note_peak(arena);
    unwind(arena, mark.serial);
    arena->marks = mark.place;
    while (!kn_arena_chunk_has(arena->chunks, mark.place))
        kn_arena_chunk_put(arena->root, kn_arena_pop(arena));
    cut_current(arena, (char *)(mark.place + 1));
}

void knoll_arena_rewind(struct knoll_arena *arena, struct knoll_arena_moment mark)
{
    if (!is_near(arena, mark)) {
        rewind_far(arena, mark);
        return;
    }
    note_peak(arena);
    cut_current(arena, (char *)(mark.place + 1));
}

/* ---- clean-ups -------------------------------------------------------------------------------- */

struct kn_arena_cleanup *knoll_arena_on_clean(struct knoll_arena *arena, knoll_arena_clean *clean,
                                              void *arg)
{
    struct kn_arena_cleanup *cleanup =
        knoll_arena_aligned_alloc(arena, _Alignof(struct kn_arena_cleanup), sizeof(*cleanup));
    if (cleanup == NULL)
        return NULL;
    *cleanup = (struct kn_arena_cleanup){
        .older = arena->cleanups,
        .serial = ++arena->serial,
        .clean = clean,
        .arg = arg,
    };
    if (cleanup->older != NULL)
        cleanup->older->newer = cleanup;
    arena->cleanups = cleanup;
    return cleanup;
}

void knoll_arena_cancel_clean(struct knoll_arena *arena, struct kn_arena_cleanup *cleanup)
{
    if (cleanup->clean == NULL) {
        kn_special_misuse("arena", "knoll_arena_cancel_clean", cleanup,
                          "cancelled before, or called");
        return;
    }
    if (cleanup->newer != NULL)
        cleanup->newer->older = cleanup->older;
    else
        arena->cleanups = cleanup->older;
    if (cleanup->older != NULL)
        cleanup->older->newer = cleanup->newer;
    cleanup->clean = NULL;
}
