#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS 20

void kn_command_run(struct kn_child *child, char *const env[], ...)
{
    char command[512];
    char *argv[ARGUMENTS + 2] = {command};
    va_list args;
    int n = 1;
    snprintf(command, sizeof(command), "%s", kn_test_built("knoll"));
    va_start(args, env);
    while (n <= ARGUMENTS && (argv[n] = va_arg(args, char *)) != NULL)
        n++;
    va_end(args);
    unsetenv("LD_PRELOAD");
    unsetenv("KNOLL_OPTIONS");
    unsetenv("KNOLL_LIBRARY");
    kn_child_run(child, argv, env);
}

char *kn_command_known_blocks(void)
{
    static char path[512];
    snprintf(path, sizeof(path), "%s", kn_test_built("tests/conformance/known_blocks"));
    return path;
}

void kn_command_need_preload(void)
{
    /* clang links the runtime of this sanitizer to programs alone. */
    if (kn_test_is_sanitized() || strstr(kn_test_built("knoll"), "/clang-ubsan/") != NULL)
        kn_test_skip("a sanitizer's runtime must be loaded first");
}

void kn_command_need_malloc(void)
{
    kn_command_need_preload();
    if (strstr(kn_test_built("knoll"), "-ubsan/") != NULL)
        kn_test_skip("the library does not replace malloc in this variant");
}

void kn_command_row_find(const char *text, const char *label, struct kn_command_row *row)
{
    for (const char *line = text; line != NULL; line = strchr(line, '\n')) {
        char word[16];
        char amount[16];
        char unit[4];
        line += *line == '\n';
        *row = (struct kn_command_row){0};
        int fields = sscanf(line, "%15s %lu %15s %3s", word, &row->used_blocks, amount, unit);
        if (fields < 3 || strcmp(word, label) != 0)
            continue;
        snprintf(row->used_bytes, sizeof(row->used_bytes), "%s %s", amount,
                 amount[0] != '-' ? unit : "");
        return;
    }
    ck_abort_msg("no row %s in: %s", label, text);
}

const char *kn_command_file(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "r");
    size_t bytes = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
    text[bytes] = 0;
    if (file != NULL)
        fclose(file);
    return text;
}
