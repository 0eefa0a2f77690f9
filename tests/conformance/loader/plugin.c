/* Frees what libc allocated for it, and leaves a block of its own malloc to the host. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *run(void);

void *run(void)
{
    char *text = NULL;
    char *line = NULL;
    size_t bytes = 0;
    if (asprintf(&text, "%d plus %d", 1, 2) < 0)
        return NULL;
    free(text);
    free(strdup("text"));
    FILE *file = fopen("/proc/self/maps", "r");
    while (file != NULL && getline(&line, &bytes, file) > 0)
        line = realloc(line, bytes += 10);
    if (file != NULL)
        fclose(file);
    free(line);
    return malloc(1000);
}
