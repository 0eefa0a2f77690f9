/*
 * What operator new needs of the C++ runtime, without linking to it.
 *
 * A program in C has none. In a C++ program it is there from the start, and found through weak
 * references, or it comes later with a plugin, and is asked for by name once memory has run out.
 * Nothing here is on the way of an allocation that succeeds.
 *
 * Threads: any.
 */
#ifndef KN_OVERRIDE_CXX_RUNTIME_H
#define KN_OVERRIDE_CXX_RUNTIME_H

#include <stdbool.h>

#include "api/entry.h"

/* std::get_new_handler(); NULL also when there is no C++ runtime. */
void (*kn_cxx_new_handler(void))(void);

/* Throws std::bad_alloc; without a C++ runtime, or with one built without exceptions, ends the
 * program with a line on file descriptor 2. */
KN_NORETURN KN_COLD void kn_cxx_throw_bad_alloc(void);

/* Calls the handler; false if it ended by an exception, which is caught. */
bool kn_cxx_try_call(void (*handler)(void));

#endif
