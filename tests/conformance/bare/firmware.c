/* A program without a system: a compact heap in a static array, no libc, no start-up files. It
 * comes to an end only because Linux runs it; its exit status is the number of the check that
 * failed, or 0. INDEX is the function that names the index. */
#include <stdint.h>

#include <knoll/compact.h>

void *memset(void *p, int value, size_t bytes);
void *memcpy(void *to, const void *from, size_t bytes);
void _start(void);

void *memset(void *p, int value, size_t bytes)
{
    for (volatile unsigned char *at = p; bytes != 0; bytes--)
        *at++ = (unsigned char)value;
    return p;
}

void *memcpy(void *to, const void *from, size_t bytes)
{
    volatile unsigned char *at = to;

    for (const unsigned char *source = from; bytes != 0; bytes--)
        *at++ = *source++;
    return to;
}

static void leave(int status)
{
#if defined(__x86_64__)
    __asm__ volatile("syscall" : : "a"(60), "D"(status));
#else
    __asm__ volatile("int $0x80" : : "a"(1), "b"(status));
#endif
    for (;;)
        ;
}

static _Alignas(16) unsigned char room[2048];
static struct knoll_compact heap;
static unsigned told;

static void tell(const struct knoll_misuse *misuse, void *arg)
{
    (void)misuse;
    *(unsigned *)arg += 1;
}

static int use_heap(void)
{
    unsigned char *p[64];
    unsigned count = 0;
    struct knoll_compact_stats stats;

    if (knoll_compact_create(&heap, room, 1024, INDEX()) != KNOLL_COMPACT_OK)
        return 1;
    knoll_compact_on_misuse(&heap, tell, &told);
    while (count < 64 && (p[count] = knoll_compact_calloc(&heap, 1, count)) != 0)
        count++;
    if (count < 8 || knoll_compact_extend(&heap, room + 1024, 1024) != KNOLL_COMPACT_OK)
        return 2;
    for (unsigned i = 0; i < count; i += 2)
        knoll_compact_free(&heap, p[i]);
    knoll_compact_free(&heap, p[0]);
    knoll_compact_free(&heap, &told);
    if (told != 2)
        return 3;
    for (unsigned i = 1; i < count; i += 2) {
        p[i] = knoll_compact_realloc(&heap, p[i], 40);
        if (p[i] == 0)
            return 4;
    }
    if (knoll_compact_check(&heap) != 0 || knoll_compact_mend(&heap) != KNOLL_COMPACT_OK)
        return 5;
    for (unsigned i = 1; i < count; i += 2)
        knoll_compact_free(&heap, p[i]);
    knoll_compact_stats_get(&heap, &stats);
    return stats.used_blocks == 0 && stats.free_blocks == 1 ? 0 : 6;
}

/* The stack as a function expects it, which is not as a program starts with it. */
__attribute__((force_align_arg_pointer)) void _start(void)
{
    leave(use_heap());
}
