#include "cli/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void cli_complain(const char *format, ...)
{
    va_list args;
    fflush(stdout);
    fputs("knoll: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* Every text, so that all memory can be found: nothing is lost. */
struct text {
    struct text *next;
    char characters[];
};

static struct text *texts;

char *cli_text(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    struct text *text = length < 0 ? NULL : malloc(sizeof(*text) + (size_t)length + 1);
    if (text == NULL) {
        cli_complain("out of memory");
        exit(CLI_FAILED);
    }
    va_start(args, format);
    vsnprintf(text->characters, (size_t)length + 1, format, args);
    va_end(args);
    text->next = texts;
    texts = text;
    return text->characters;
}
