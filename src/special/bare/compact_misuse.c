/* In place of special/compact_misuse.c where there is no system to report to. A program sets a
 * call-back for its heap to do better. */
#include "special/compact.h"

void kn_compact_misuse(const char *call, const void *p, const char *what)
{
    (void)call;
    (void)p;
    (void)what;
    __builtin_trap();
}
