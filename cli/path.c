#include "cli/path.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cli/message.h"

char *cli_path_absolute(const char *path)
{
    char directory[PATH_MAX];
    if (path[0] == '/' || getcwd(directory, sizeof(directory)) == NULL)
        return cli_text("%s", path);
    return cli_text("%s/%s", directory, path);
}

const char *cli_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}
