/*
 * What happens when a specialised allocator finds that it is misused: a block freed twice, freed to
 * an allocator it is not of, freed out of order, or written over.
 *
 * Without a call-back, one line on file descriptor 2 says what, and the program ends by SIGABRT.
 * With one, the call-back is told, and the call that was wrong then does nothing; the allocator
 * stays as it was. Errors that are not misuse, such as memory that has run out, are results of
 * functions and never come here.
 */
#ifndef KNOLL_MISUSE_H
#define KNOLL_MISUSE_H

#include <stddef.h>

#include <knoll/attributes.h>

KNOLL_BEGIN

/* All texts are valid for ever. */
struct knoll_misuse {
    const char *product; /* the kind of allocator, such as "pool" */
    const char *call;    /* the function called, such as "knoll_pool_free" */
    const void *address; /* what it was called with */
    const char *what;    /* what is wrong with that, such as "double free" */
};

/*
 * Called by the thread that made the wrong call, from inside that call. It may use other allocators,
 * not the one concerned. Several threads may be in it at the same time. It must not throw or
 * longjmp.
 */
typedef void knoll_misuse_callback(const struct knoll_misuse *misuse, void *arg);

/*
 * Sets the function to call for all specialised allocators of the process, or with NULL goes back to
 * ending the program. To be called while no other thread uses any of them.
 */
KNOLL_API void knoll_special_on_misuse(knoll_misuse_callback *callback, void *arg) KNOLL_NOTHROW;

KNOLL_END

#endif
