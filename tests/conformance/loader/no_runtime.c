/* A program in C calls operator new, and runs out of memory. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

__attribute__((weak)) void *_Znwm(size_t bytes);

int main(void)
{
    volatile size_t impossible = SIZE_MAX;
    if (_Znwm == NULL)
        return 2;
    free(_Znwm(10));
    free(_Znwm(impossible));
    return 0;
}
