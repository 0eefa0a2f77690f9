/* Leaves a block of its own malloc to the host, which may see another one. */
#include <stdlib.h>

void *run(void);

void *run(void)
{
    return malloc(1000);
}
