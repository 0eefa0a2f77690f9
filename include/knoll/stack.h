/*
 * Stacks: blocks of any size that are freed in the reverse order of their making.
 *
 *     struct knoll_stack stack;
 *     if (knoll_stack_init(&stack, knoll_source_mmap(), NULL) != 0)
 *         ...
 *     struct knoll_stack_moment before = knoll_stack_mark(&stack);
 *     char *line = knoll_stack_malloc(&stack, 200);
 *     double *row = knoll_stack_malloc(&stack, 50 * sizeof(double));
 *     knoll_stack_free(&stack, row);
 *     knoll_stack_rewind(&stack, before);
 *     knoll_stack_destroy(&stack);
 *
 * Before each block lies the address of the one below it, 8 bytes, and nothing else. So the order is
 * checked always: freeing anything but the newest block is misuse, see <knoll/misuse.h>. A checked
 * stack finds more, at some cost: marks that are out of date, and blocks that were written beyond
 * their ends; and what is freed is overwritten with 0xdd.
 *
 * Memory comes from a source in chunks. One chunk more than needed is kept, so that going up and down
 * at its border costs nothing.
 *
 * Sizes       are in bytes; 0 is valid and gives a block of its own.
 * Alignment   16, unless chosen.
 * Contents    of new blocks are undefined.
 * Failure     is NULL with errno ENOMEM.
 * Threads     a stack is used by one thread at a time.
 */
#ifndef KNOLL_STACK_H
#define KNOLL_STACK_H

#include <stdbool.h>
#include <stddef.h>

#include <knoll/attributes.h>
#include <knoll/misuse.h>
#include <knoll/source.h>

KNOLL_BEGIN

/* The library's. */
struct knoll_stack_top {
    char *end;    /* of the newest block; 8 beyond a multiple of 16 */
    char *limit;  /* of the chunk, likewise */
    void *newest; /* the newest block; something odd if the chunk has none */
};

/* In memory of the caller's, which must not move while it is in use; the members are the library's. */
struct knoll_stack {
    struct knoll_stack_top top;
    void *opaque[11];
};

/* What is 0 is chosen by the stack. */
struct knoll_stack_options {
    size_t chunk_bytes; /* to get from the source at a time; 0: 64 KiB. Larger blocks get more */
    size_t max_bytes;   /* never hold more than that from the source; 0: no limit */
    bool is_checked;
};

/* A mark to go back to. */
struct knoll_stack_moment {
    void *opaque[4];
};

struct knoll_stack_stats {
    size_t blocks;
    size_t used_bytes;   /* of the blocks, what they need around them included */
    size_t chunks;       /* the spare one included */
    size_t source_bytes; /* held from the source */
};

/*
 * Makes a stack on a source. Nothing is acquired before the first block. `options` may be NULL. 0,
 * or EINVAL: chunk_bytes is above PTRDIFF_MAX.
 */
KNOLL_API KNOLL_NODISCARD int
knoll_stack_init(struct knoll_stack *stack, struct knoll_source *source,
                 const struct knoll_stack_options *options) KNOLL_NOTHROW;

/* Gives all memory back to the source; all blocks end with it. */
KNOLL_API void knoll_stack_destroy(struct knoll_stack *stack) KNOLL_NOTHROW;

/* A block of at least `bytes` at a multiple of `align`, which must be a power of two, or errno is
 * EINVAL and the result NULL. What alignments above 16 skip is free again when the block below is. */
KNOLL_API KNOLL_NODISCARD void *knoll_stack_aligned_alloc(struct knoll_stack *stack, size_t align,
                                                          size_t bytes) KNOLL_NOTHROW;

/* What knoll_stack_free calls when the short way is not open. */
KNOLL_API void knoll_stack_free_slow(struct knoll_stack *stack, void *block) KNOLL_NOTHROW;

/* For the word before a block. */
typedef void *__attribute__((__may_alias__)) knoll_stack_link;

/* A block of at least `bytes`. Cost: a dozen instructions; now and then a chunk is acquired. */
KNOLL_NODISCARD KNOLL_INLINE void *knoll_stack_malloc(struct knoll_stack *stack, size_t bytes)
{
    struct knoll_stack_top *top = &stack->top;
    size_t room = (size_t)(top->limit - top->end), taken = (bytes + 23) & ~(size_t)15;
    if (__builtin_expect(bytes >= room || taken > room, 0))
        return knoll_stack_aligned_alloc(stack, 16, bytes);
    char *block = top->end + 8;
    *(knoll_stack_link *)(void *)(block - sizeof(void *)) = top->newest;
    top->newest = block;
    top->end += taken;
    return block;
}

/* Frees the newest block; another one is misuse. NULL is allowed and does nothing. Cost: 6
 * instructions; now and then a chunk is given back. */
KNOLL_INLINE void knoll_stack_free(struct knoll_stack *stack, void *block)
{
    struct knoll_stack_top *top = &stack->top;
    char *newest = (char *)top->newest;
    if (__builtin_expect(block != newest, 0)) {
        knoll_stack_free_slow(stack, block);
        return;
    }
    /* Lest the compiler take what it knows of a wrong `block`, NULL say, for the newest one. */
    __asm__("" : "+r"(newest));
    top->newest = *(knoll_stack_link *)(void *)(newest - sizeof(void *));
    top->end = newest - 8;
}

/* Where the stack stands. Nothing needs to be done about a mark that is not needed. */
KNOLL_API KNOLL_NODISCARD struct knoll_stack_moment
knoll_stack_mark(const struct knoll_stack *stack) KNOLL_NOTHROW;

/*
 * Frees all blocks made since the mark was taken. Marks taken since, or before blocks that were
 * freed one by one below, end with them. A mark that is seen to have ended is misuse: those above
 * the stack's end always are, all others in a checked stack. Cost: linear in the number of chunks
 * left; checked: and of blocks.
 */
KNOLL_API void knoll_stack_rewind(struct knoll_stack *stack,
                                  struct knoll_stack_moment mark) KNOLL_NOTHROW;

/* Frees all blocks, and keeps one chunk. */
KNOLL_API void knoll_stack_reset(struct knoll_stack *stack) KNOLL_NOTHROW;

/* Gives chunks without blocks back to the source. Returns how many bytes. */
KNOLL_API size_t knoll_stack_trim(struct knoll_stack *stack) KNOLL_NOTHROW;

/* Counts. Cost: linear in the number of blocks. */
KNOLL_API void knoll_stack_stats_get(const struct knoll_stack *stack,
                                     struct knoll_stack_stats *stats) KNOLL_NOTHROW;

/* NULL, or what is wrong with the stack: what lies before a block was written to; in a checked one,
 * also what lies behind. Cost: linear in the number of blocks. */
KNOLL_API KNOLL_NODISCARD const char *
knoll_stack_check(const struct knoll_stack *stack) KNOLL_NOTHROW;

KNOLL_END

#endif
