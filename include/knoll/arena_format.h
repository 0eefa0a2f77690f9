/*
 * Formatted strings in an arena.
 *
 *     char *path = knoll_arena_format(arena, "%s/%s.%d", directory, name, number);
 *
 * The formats are those of the program's own printf, which does the work. The functions are a part of
 * the program for that reason: the library itself calls nothing that might allocate elsewhere.
 *
 * Threads, failure and so on are as <knoll/arena.h> says.
 */
#ifndef KNOLL_ARENA_FORMAT_H
#define KNOLL_ARENA_FORMAT_H

#include <stdarg.h>
#include <stdio.h>

#include <knoll/arena.h>

KNOLL_BEGIN

/*
 * The text that vprintf would write, with a zero behind it and without a gap before it. NULL, with
 * errno as printf sets it, if there is an error in the format or a value; ENOMEM if there is no
 * memory. Cost: the text is formatted once if it fits the current chunk, else twice.
 */
KNOLL_NODISCARD __attribute__((__format__(__printf__, 2, 0))) KNOLL_INLINE char *
knoll_arena_vformat(struct knoll_arena *arena, const char *format, va_list values)
{
    size_t room = (size_t)((uintptr_t)arena->end - (uintptr_t)arena->at);
    va_list again;
    va_copy(again, values);
    char *text = arena->at;
    int length = vsnprintf(text, room, format, values);
    if (length >= 0 && (size_t)length < room) {
        arena->at += (size_t)length + 1;
    } else {
        /* The arena is to know that what is free in the chunk was written to. */
        arena->at += room;
        (void)!knoll_arena_expand(arena, text, room, 0);
        text = NULL;
        if (length >= 0)
            text = (char *)knoll_arena_aligned_alloc(arena, 1, (size_t)length + 1);
        if (text != NULL)
            (void)vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

/* The same with the values as arguments. */
KNOLL_NODISCARD __attribute__((__format__(__printf__, 2, 3))) KNOLL_INLINE char *
knoll_arena_format(struct knoll_arena *arena, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = knoll_arena_vformat(arena, format, values);
    va_end(values);
    return text;
}

KNOLL_END

#endif
