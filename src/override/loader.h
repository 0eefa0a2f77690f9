/*
 * What only a shared library can do with the loader. Not part of libknoll.a, so everything here is
 * weak: it is missing in static programs.
 */
#ifndef KN_OVERRIDE_LOADER_H
#define KN_OVERRIDE_LOADER_H

#include "api/entry.h"

/* A function of a C++ runtime that is loaded, wherever; NULL if there is none. */
__attribute__((weak)) KN_COLD void *kn_loader_find_cxx(const char *name);

#endif
