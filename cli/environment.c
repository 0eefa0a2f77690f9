#include "cli/environment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/elf.h"
#include "cli/message.h"
#include "cli/path.h"

#define SEPARATORS " :"

static void set(const char *name, const char *value)
{
    if (setenv(name, value, 1) != 0) {
        cli_complain("%s cannot be set: %s", name, strerror(errno));
        exit(CLI_FAILED);
    }
}

static void append(char **list, const char *item, const char *separator)
{
    *list = cli_text("%s%s%s", *list, **list != 0 ? separator : "", item);
}

void cli_environment_preload(const char *library, const char *sanitizer)
{
    const char *present = getenv("LD_PRELOAD");
    char *items = cli_text("%s", present != NULL ? present : "");
    char *first = cli_text("%s", "");
    char *rest = cli_text("%s", "");
    for (char *item = strtok(items, SEPARATORS); item != NULL; item = strtok(NULL, SEPARATORS)) {
        if (strcmp(item, library) != 0)
            append(cli_elf_is_sanitizer(cli_path_name(item)) ? &first : &rest, item, ":");
    }
    if (first[0] == 0)
        append(&first, sanitizer, ":");
    append(&first, library, ":");
    if (rest[0] != 0)
        append(&first, rest, ":");
    set("LD_PRELOAD", first);
}

void cli_environment_options(const char *list)
{
    const char *present = getenv("KNOLL_OPTIONS");
    char *all = cli_text("%s", present != NULL ? present : "");
    if (list[0] != 0) {
        append(&all, list, ",");
        set("KNOLL_OPTIONS", all);
    }
}
