/* Linked with the library and made set-user-ID by the driver: the loader then ignores LD_PRELOAD,
 * and the library has to ignore its own variables. Ends with status 9 if the process is not one
 * that the kernel calls secure. */
#include <sys/auxv.h>

#include "expect.h"

int main(void)
{
    exercise_heap();
    return getauxval(AT_SECURE) != 0 ? 0 : 9;
}
