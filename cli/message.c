#define _GNU_SOURCE

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

char *cli_text(const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0) {
        cli_complain("out of memory");
        exit(CLI_FAILED);
    }
    return text;
}
