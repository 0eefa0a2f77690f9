#define _GNU_SOURCE

#include "cli/library.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/elf.h"
#include "cli/message.h"

#include <knoll/knoll.h>

#define WORD(number)  WORD_(number)
#define WORD_(number) #number
#define SONAME        "libknoll.so." WORD(KNOLL_VERSION_MAJOR)

/* Relative to the command's directory, best first. */
static const char *const places[] = {
    "/libknoll.so",
    "/../lib/" SONAME,
    "/../lib64/" SONAME,
    "/../lib/*-linux-*/" SONAME,
};

/* 0, or an errno value; ENOEXEC: not a library that programs of this machine can load. */
static int check(const char *path)
{
    struct cli_elf elf;
    int error = cli_elf_read(path, &elf);
    if (error == 0 && !(elf.is_native && elf.is_shared && !elf.has_interpreter))
        error = ENOEXEC;
    return error;
}

static char *absolute(const char *path)
{
    char *real = realpath(path, NULL);
    if (real == NULL)
        cli_complain("%s: %s", path, strerror(errno));
    else if (strpbrk(real, " :") != NULL) {
        cli_complain(
            "%s: LD_PRELOAD cannot hold a path with a space or a colon; make a link to the "
            "library elsewhere, and name it in KNOLL_LIBRARY",
            real);
        free(real);
        real = NULL;
    }
    return real;
}

static char *find_named(const char *path)
{
    int error = check(path);
    if (error == ENOEXEC)
        cli_complain("KNOLL_LIBRARY: %s is not a shared library for this machine", path);
    else if (error != 0)
        cli_complain("KNOLL_LIBRARY: %s: %s", path, strerror(error));
    return error == 0 ? absolute(path) : NULL;
}

/* The first file that matches and can be loaded, in new memory, or NULL. */
static char *match(const char *pattern)
{
    glob_t found;
    char *path = NULL;
    if (glob(pattern, 0, NULL, &found) != 0)
        return NULL;
    for (size_t i = 0; i < found.gl_pathc && path == NULL; i++) {
        if (check(found.gl_pathv[i]) == 0)
            path = cli_text("%s", found.gl_pathv[i]);
    }
    globfree(&found);
    return path;
}

/* The command's directory, with what a pattern would take for its own made plain. */
static char *own_directory(void)
{
    char path[PATH_MAX];
    char quoted[2 * PATH_MAX];
    size_t n = 0;
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length <= 0)
        return NULL;
    path[length] = 0;
    *strrchr(path, '/') = 0;
    for (const char *at = path; *at != 0; at++) {
        if (strchr("*?[\\", *at) != NULL)
            quoted[n++] = '\\';
        quoted[n++] = *at;
    }
    quoted[n] = 0;
    return cli_text("%s", quoted);
}

char *cli_library_find(void)
{
    const char *named = getenv("KNOLL_LIBRARY");
    if (named != NULL && named[0] != 0)
        return find_named(named);
    char *directory = own_directory();
    char *found = NULL;
    for (size_t i = 0; directory != NULL && found == NULL && i < KN_ARRAY_LEN(places); i++) {
        char *pattern = cli_text("%s%s", directory, places[i]);
        found = match(pattern);
        free(pattern);
    }
    char *library = found != NULL ? absolute(found) : NULL;
    if (found == NULL)
        cli_complain("libknoll.so is neither beside this command nor in ../lib; name it in "
                     "KNOLL_LIBRARY, or build it with: make lib");
    free(found);
    free(directory);
    return library;
}
