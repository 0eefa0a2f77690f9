/*
 * reallocarray reaches realloc by its name, as glibc's does: who replaces realloc (the program
 * itself, a library before this one, valgrind) need not know of reallocarray. In a file of its own,
 * so that the compiler does not take the realloc that it sees for the one that counts.
 */
#include "api/entry.h"
#include "override/override.h"

KN_EXPORT void *reallocarray(void *p, size_t count, size_t bytes)
{
    size_t total;
    if (KN_UNLIKELY(!kn_try_mul(count, bytes, &total)))
        return kn_entry_refuse(ENOMEM);
    return realloc(p, total);
}
