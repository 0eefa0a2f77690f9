#define _GNU_SOURCE

#include "cli/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "cli/elf.h"
#include "cli/message.h"

#define DEFAULT_PATH "/usr/local/bin:/usr/bin:/bin"
#define SCRIPT_DEPTH 4 /* interpreters that are scripts: as many as the kernel follows */

/* ---- finding ---- */

/* 0 if the file can be run, or the errno value that execve would give. */
static int try_file(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return errno;
    if (S_ISDIR(status.st_mode))
        return EISDIR;
    return access(path, X_OK) == 0 ? 0 : errno;
}

static int search_path(const char *name, char **found)
{
    const char *list = getenv("PATH");
    int result = ENOENT;
    for (const char *at = list != NULL ? list : DEFAULT_PATH;; at++) {
        size_t length = strcspn(at, ":");
        char *path =
            length == 0 ? cli_text("./%s", name) : cli_text("%.*s/%s", (int)length, at, name);
        int error = try_file(path);
        if (error == 0) {
            *found = path;
            return 0;
        }
        if (error == EACCES)
            result = EACCES;
        at += length;
        if (*at == 0)
            return result;
    }
}

int cli_program_find(const char *name, struct cli_program *program)
{
    int error;
    *program = (struct cli_program){.path = NULL};
    if (strchr(name, '/') != NULL) {
        program->path = cli_text("%s", name);
        error = try_file(name);
    } else {
        error = name[0] != 0 ? search_path(name, &program->path) : ENOENT;
    }
    if (error == 0)
        return 0;
    if (error == ENOENT || error == ENOTDIR)
        cli_complain(strchr(name, '/') != NULL ? "%s: there is no such program"
                                               : "%s: there is no such program in PATH",
                     name);
    else if (error == EACCES)
        cli_complain("%s: it may not be executed", name);
    else
        cli_complain("%s: %s", name, strerror(error));
    return error == ENOENT || error == ENOTDIR ? CLI_NOT_FOUND : CLI_NOT_RUNNABLE;
}

/* ---- checking ---- */

/* The interpreter named in a script's first line; NULL for anything else. */
static char *interpreter_of(const char *path)
{
    char line[256];
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return NULL;
    size_t length = fread(line, 1, sizeof(line) - 1, file);
    fclose(file);
    line[length] = 0;
    if (strncmp(line, "#!", 2) != 0)
        return NULL;
    const char *start = line + 2 + strspn(line + 2, " \t");
    size_t bytes = strcspn(start, " \t\n");
    return bytes == 0 ? NULL : cli_text("%.*s", (int)bytes, start);
}

/* How the program gets rights that its user does not have, or NULL. */
static const char *more_rights(const char *path)
{
    struct stat status;
    struct statvfs system;
    if (stat(path, &status) != 0)
        return NULL;
    if (statvfs(path, &system) == 0 && (system.f_flag & ST_NOSUID) != 0)
        return NULL;
    if ((status.st_mode & S_ISUID) != 0 && status.st_uid != getuid())
        return "set-user-ID";
    if ((status.st_mode & S_ISGID) != 0 && (status.st_mode & S_IXGRP) != 0 &&
        status.st_gid != getgid())
        return "set-group-ID";
    if (getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0)
        return "file capabilities";
    return NULL;
}

static int refuse(const char *path, const char *script, const char *reason)
{
    if (script != NULL)
        cli_complain("%s, which runs %s, %s", path, script, reason);
    else
        cli_complain("%s %s", path, reason);
    return CLI_NOT_RUNNABLE;
}

static int check_file(const char *path, const char *script, struct cli_elf *elf)
{
    if (cli_elf_read(path, elf) != 0 || !elf->is_elf)
        return 0;
    if (!elf->is_native)
        return refuse(path, script, "is a program for another machine than libknoll.so");
    if (!elf->has_interpreter)
        return refuse(path, script,
                      "is statically linked: no library can be loaded into it, so knoll must be "
                      "linked in, from libknoll.a");
    const char *rights = more_rights(path);
    if (rights == NULL)
        return 0;
    return refuse(path, script,
                  cli_text("runs with more rights than its user (%s): the loader ignores "
                           "LD_PRELOAD for it",
                           rights));
}

int cli_program_check(struct cli_program *program)
{
    struct cli_elf elf = {.is_elf = false};
    char *path = cli_text("%s", program->path);
    char *next;
    for (int depth = 0; depth < SCRIPT_DEPTH && (next = interpreter_of(path)) != NULL; depth++) {
        path = next;
    }
    int result = check_file(path, strcmp(path, program->path) != 0 ? program->path : NULL, &elf);
    if (result == 0)
        memcpy(program->sanitizer, elf.sanitizer, sizeof(program->sanitizer));
    return result;
}
