#include "cli/library.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/elf.h"
#include "cli/message.h"
#include "cli/path.h"

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

/* The path, if LD_PRELOAD can hold it; NULL after a complaint. */
static char *expressible(char *path)
{
    if (strpbrk(path, " :") == NULL)
        return path;
    cli_complain("%s: LD_PRELOAD cannot hold a path with a space or a colon; make a link to the "
                 "library elsewhere, and name it in KNOLL_LIBRARY",
                 path);
    return NULL;
}

static char *find_named(const char *path)
{
    int error = check(path);
    if (error == ENOEXEC)
        cli_complain("KNOLL_LIBRARY: %s is not a shared library for this machine", path);
    else if (error != 0)
        cli_complain("KNOLL_LIBRARY: %s: %s", path, strerror(error));
    return error == 0 ? expressible(cli_path_absolute(path)) : NULL;
}

/* The first file that matches and can be loaded, without links and dots in its path, or NULL. */
static char *match(const char *pattern)
{
    char real[PATH_MAX];
    glob_t found;
    char *path = NULL;
    if (glob(pattern, 0, NULL, &found) != 0)
        return NULL;
    for (size_t i = 0; i < found.gl_pathc && path == NULL; i++) {
        if (check(found.gl_pathv[i]) == 0 && realpath(found.gl_pathv[i], real) != NULL)
            path = cli_text("%s", real);
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
    for (size_t i = 0; directory != NULL && found == NULL && i < KN_ARRAY_LEN(places); i++)
        found = match(cli_text("%s%s", directory, places[i]));
    if (found != NULL)
        return expressible(found);
    cli_complain("libknoll.so is neither beside this command nor in ../lib; name it in "
                 "KNOLL_LIBRARY, or build it with: make lib");
    return NULL;
}
