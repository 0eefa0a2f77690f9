/* The replacement's own beginning: from now on blocks of the malloc it replaced are expected. */
#include "api/libc_blocks.h"

#define CONSTRUCTOR_PRIORITY 101

__attribute__((constructor(CONSTRUCTOR_PRIORITY))) static void begin(void)
{
    kn_libc_blocks_accept();
}
