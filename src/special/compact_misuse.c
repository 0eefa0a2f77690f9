#include "special/compact.h"
#include "special/misuse.h"

void kn_compact_misuse(const char *call, const void *p, const char *what)
{
    kn_special_misuse("compact heap", call, p, what);
}
