/*
 * What the header of an executable tells about how it will be started.
 *
 * Only the parts are read that decide whether a library can be loaded ahead of the program: the kind
 * of machine, the loader that it names (PT_INTERP; a statically linked program names none), and a
 * sanitizer's runtime among the libraries it needs, which insists on coming first.
 */
#ifndef KN_CLI_ELF_H
#define KN_CLI_ELF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct cli_elf {
    bool is_elf;
    bool is_native;       /* class, byte order and machine are those of this command */
    bool is_shared;       /* a shared object, or a program that can be loaded anywhere */
    bool has_interpreter; /* known for native files, as is what follows */
    char sanitizer[64];   /* the name of the runtime, or empty */
};

/* 0, or an errno value: the file cannot be read. A file of any other format is not an error. */
KN_NODISCARD int cli_elf_read(const char *path, struct cli_elf *elf);

/* Whether a library of that file name is a sanitizer's runtime with a malloc of its own. */
bool cli_elf_is_sanitizer(const char *name);

#endif
