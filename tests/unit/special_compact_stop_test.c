/* A call on a compact heap may stop after any instruction, and the heap can be mended. The processor
 * is made to trap after each one, and the handler keeps a copy of the buffer whenever that has
 * changed; each copy is then mended and looked at. */
#include <knoll/compact.h>

#include "base/align.h"
#include "require.h"

#include <signal.h>

#ifdef __x86_64__

enum { KINDS = 3, ROOM = 2048, COPIES_MAX = 2000, BLOCKS = 7 };

static _Alignas(4096) unsigned char room[ROOM];
static _Alignas(4096) unsigned char mended[ROOM];
static unsigned char copies[COPIES_MAX][ROOM];
static volatile unsigned copy_count;
static struct knoll_compact heap;

/* What lives all the while, and the block that the call is about. */
static size_t blocks[BLOCKS];
static size_t target;
static size_t target_bytes; /* of its contents that must be there whichever way the call ends */

static void keep_copy(int signo)
{
    (void)signo;
    if (copy_count < COPIES_MAX &&
        (copy_count == 0 || memcmp(copies[copy_count - 1], room, ROOM) != 0)) {
        memcpy(copies[copy_count], room, ROOM);
        copy_count = copy_count + 1;
    }
}

static void trap_from_here(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t"
                     "lea 128(%%rsp), %%rsp"
                     :
                     :
                     : "memory", "cc");
}

static void trap_to_here(void)
{
    __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq\n\t"
                     "lea 128(%%rsp), %%rsp"
                     :
                     :
                     : "memory", "cc");
}

static void *address_of(size_t offset)
{
    return knoll_compact_pointer(&heap, offset);
}

static void release(unsigned number)
{
    knoll_compact_free(&heap, address_of(blocks[number]));
    blocks[number] = 0;
}

static void call_malloc(void)
{
    (void)!knoll_compact_malloc(&heap, 40);
}

static void call_malloc_all(void)
{
    (void)!knoll_compact_malloc(&heap, knoll_compact_usable_size(&heap, address_of(blocks[0])));
}

static void call_aligned(void)
{
    (void)!knoll_compact_aligned_alloc(&heap, 256, 40);
}

static void call_free(void)
{
    knoll_compact_free(&heap, address_of(target));
}

static void call_grow(void)
{
    (void)!knoll_compact_realloc(&heap, address_of(target), 150);
}

static void call_grow_far(void)
{
    (void)!knoll_compact_realloc(&heap, address_of(target), 400);
}

static void call_shrink(void)
{
    (void)!knoll_compact_realloc(&heap, address_of(target), 30);
}

static void call_extend(void)
{
    (void)!knoll_compact_extend(&heap, room + ROOM - 256, 256);
}

/* Of seven blocks the call is about number 3; 2 and 4 may be free. */
static const struct scene {
    void (*call)(void);
    bool is_about_target;
    bool is_free_in_front;
    bool is_free_behind;
    size_t kept; /* of the target's contents */
} scenes[] = {
    {call_malloc, false, true, false, 0},    {call_malloc, false, false, false, 0},
    {call_malloc_all, false, true, true, 0}, {call_aligned, false, false, false, 0},
    {call_free, true, false, false, 100},    {call_free, true, true, false, 100},
    {call_free, true, false, true, 100},     {call_free, true, true, true, 100},
    {call_grow, true, false, true, 100},     {call_grow_far, true, true, false, 100},
    {call_shrink, true, false, false, 30},   {call_shrink, true, false, true, 30},
    {call_extend, false, false, true, 0},
};

enum { SCENES = sizeof(scenes) / sizeof(scenes[0]) };

static void set_up(const struct scene *scene, int kind)
{
    const struct knoll_compact_index *(*const indexes[KINDS])(void) = {
        knoll_compact_first_fit, knoll_compact_tlsf, knoll_compact_best_fit};

    kn_require(knoll_compact_create(&heap, room, ROOM - 256, indexes[kind]()) == KNOLL_COMPACT_OK);
    for (unsigned i = 0; i < BLOCKS; i++) {
        void *p = knoll_compact_malloc(&heap, 100);

        kn_require(p != NULL);
        memset(p, (int)i + 1, 100);
        blocks[i] = knoll_compact_offset(&heap, p);
    }
    target = blocks[3];
    target_bytes = scene->kept;
    blocks[3] = scene->is_about_target ? 0 : blocks[3];
    if (scene->is_free_in_front)
        release(2);
    if (scene->is_free_behind)
        release(4);
}

static bool is_filled(const unsigned char *p, size_t bytes, unsigned value)
{
    for (size_t i = 0; i < bytes; i++) {
        if (p[i] != value)
            return false;
    }
    return true;
}

struct seen {
    bool blocks[BLOCKS];
    unsigned others;
};

static int look_at(const struct knoll_compact_block *block, void *arg)
{
    struct seen *seen = arg;
    size_t offset = (size_t)((unsigned char *)block->address - mended);

    if (!block->is_used)
        return 0;
    for (unsigned i = 0; i < BLOCKS; i++) {
        if (blocks[i] == offset) {
            kn_require(is_filled(block->address, 100, i + 1));
            seen->blocks[i] = true;
            return 0;
        }
    }
    if (offset == target)
        kn_require(is_filled(block->address, target_bytes, 4));
    seen->others++;
    return 0;
}

static void require_mendable(unsigned number)
{
    struct knoll_compact view;
    struct seen seen = {0};

    memcpy(mended, copies[number], ROOM);
    kn_require(knoll_compact_attach(&view, mended, ROOM, heap.index) == KNOLL_COMPACT_OK);
    kn_require(knoll_compact_mend(&view) == KNOLL_COMPACT_OK);
    kn_require_sound(knoll_compact_check(&view));
    kn_require(knoll_compact_walk(&view, look_at, &seen) == 0);
    for (unsigned i = 0; i < BLOCKS; i++)
        kn_require(seen.blocks[i] == (blocks[i] != 0));
    kn_require(seen.others <= 2);
}

KN_TEST_LOOP(special_compact_stop, heap_can_be_mended_after_each_instruction, 0, SCENES *KINDS)
{
    const struct scene *scene = &scenes[_i / KINDS];

    if (kn_test_is_sanitized())
        kn_test_skip("sanitizers handle signals late, and make too many instructions");
    set_up(scene, _i % KINDS);
    signal(SIGTRAP, keep_copy);
    trap_from_here();
    scene->call();
    trap_to_here();
    kn_require_sound(knoll_compact_check(&heap));
    kn_require(copy_count > 4 && copy_count < COPIES_MAX);
    for (unsigned i = 0; i < copy_count; i++)
        require_mendable(i);
}

#endif
