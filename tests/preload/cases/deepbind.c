/* Opens a plugin with RTLD_DEEPBIND and calls one of its functions, or frees its block here, or
 * lets it free ours.
 *
 *   deepbind PLUGIN FUNCTION|free-here|free-there */
#include <dlfcn.h>

#include "expect.h"

int main(int argc, char **argv)
{
    EXPECT(argc == 3);
    void *plugin = dlopen(argv[1], RTLD_NOW | RTLD_DEEPBIND);
    EXPECT(plugin != NULL);
    void *(*plugin_malloc)(size_t) = (void *(*)(size_t))dlsym(plugin, "plugin_malloc");
    void (*plugin_free)(void *) = (void (*)(void *))dlsym(plugin, "plugin_free");
    EXPECT(plugin_malloc != NULL && plugin_free != NULL);
    for (size_t bytes = 1; bytes < 1000000; bytes *= 3) {
        if (strcmp(argv[2], "free-here") == 0)
            free(opaque(plugin_malloc(bytes)));
        else if (strcmp(argv[2], "free-there") == 0)
            plugin_free(opaque(malloc(bytes)));
    }
    if (strncmp(argv[2], "free-", 5) != 0) {
        int (*function)(void) = (int (*)(void))dlsym(plugin, argv[2]);
        EXPECT(function != NULL);
        for (int i = 0; i < 20; i++)
            EXPECT(function() == 1);
    }
    exercise_heap();
    return 0;
}
