/* A program that uses the installed library: its malloc must be knoll's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <knoll/knoll.h>
#include <knoll/my_malloc.h>

int main(void)
{
    struct knoll_block block;
    char *text = malloc(100);
    char *copy = strdup("made by libc");
    if (knoll_block_find(text, &block) != 0 || knoll_block_find(copy, &block) != 0)
        return 1;
    free(copy);
    my_free(text);
    if (knoll_version() != KNOLL_VERSION)
        return 2;
    puts("consumer of knoll");
    return 0;
}
