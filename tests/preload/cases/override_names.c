/* Prints, for each name of the malloc family and each C++ operator that the process knows, the
 * file that provides it. One that still comes from libc or libstdc++ would meet blocks that are not
 * its own. */
#include <dlfcn.h>

#include "expect.h"

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        void *address = dlsym(RTLD_DEFAULT, argv[i]);
        Dl_info info;
        if (address == NULL)
            printf("%s -\n", argv[i]);
        else if (dladdr(address, &info) != 0)
            printf("%s %s\n", argv[i], info.dli_fname);
    }
    return 0;
}
