/*
 * dlopen without RTLD_DEEPBIND, and functions of libraries that came late.
 *
 * A plugin that is opened with RTLD_DEEPBIND looks names up in libc before the program, so its calls
 * of malloc and free reach libc's, while libc itself, whose strdup and getline it calls, allocates
 * from knoll: the plugin then frees blocks that libc does not know. Without the flag all names are
 * looked up in one order, and there is one heap. The option deepbind=on leaves the flag alone.
 *
 * libc's dlopen looks at its return address to know whose search path (RUNPATH, $ORIGIN) counts, so
 * it is reached by a jump: it returns to our caller.
 */
#include <dlfcn.h>
#include <stddef.h>

#include "api/entry.h"
#include "override/loader.h"

/* Not every C library has it. */
#ifndef RTLD_DEEPBIND
#define RTLD_DEEPBIND 0
#endif

/* Optimised builds turn the last call into a jump; the others have to be told. */
#if defined(__clang__)
#define KN_JUMP_LAST
#define KN_RETURN_BY_JUMP __attribute__((musttail)) return
#else
#define KN_JUMP_LAST      __attribute__((optimize("optimize-sibling-calls")))
#define KN_RETURN_BY_JUMP return
#endif

typedef void *open_function(const char *name, int mode);

static open_function *next_dlopen(void)
{
    static _Atomic(void *) found;
    void *next = kn_load_relaxed(&found);
    if (next == NULL) {
        next = dlsym(RTLD_NEXT, "dlopen");
        kn_store_relaxed(&found, next);
    }
    return (open_function *)(uintptr_t)next;
}

KN_EXPORT KN_JUMP_LAST void *dlopen(const char *name, int mode)
{
    open_function *next = next_dlopen();
    if (KN_UNLIKELY(next == NULL))
        return NULL;
    if (!kn_entry_has_deepbind())
        mode &= ~RTLD_DEEPBIND;
    KN_RETURN_BY_JUMP next(name, mode);
}

void *kn_loader_find_cxx(const char *name)
{
    static const char *const libraries[] = {"libstdc++.so.6", "libc++.so.1"};
    for (size_t i = 0; i < KN_ARRAY_LEN(libraries); i++) {
        /* The handle is not closed: a program asks when it has run out of memory, not all the time. */
        void *library = dlopen(libraries[i], RTLD_LAZY | RTLD_NOLOAD);
        void *found = library != NULL ? dlsym(library, name) : NULL;
        if (found != NULL)
            return found;
    }
    return NULL;
}
