/*
 * Paths that hold whatever directory the program goes to.
 */
#ifndef KN_CLI_PATH_H
#define KN_CLI_PATH_H

/* `path` as seen from the root directory; links in it stay what they are. */
char *cli_path_absolute(const char *path);

/* The part behind the last slash. */
const char *cli_path_name(const char *path);

#endif
