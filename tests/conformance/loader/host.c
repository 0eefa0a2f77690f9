/* Opens a plugin and runs it:  host deep|local|global NAME. A plugin may leave a block to be freed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int mode = RTLD_NOW;
    if (strcmp(argv[1], "deep") == 0)
        mode |= RTLD_DEEPBIND;
    if (strcmp(argv[1], "global") == 0)
        mode |= RTLD_GLOBAL;
    void *plugin = dlopen(argv[2], mode);
    if (plugin == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 3;
    }
    void *(*run)(void) = (void *(*)(void))dlsym(plugin, "run");
    free(run());
    puts("ran");
    return 0;
}
