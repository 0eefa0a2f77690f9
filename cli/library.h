/*
 * Where libknoll.so is.
 *
 *     KNOLL_LIBRARY            names it, if set
 *     build tree               beside the command
 *     installed                lib, lib64 or lib/<machine> beside the command's directory
 *
 * The last two hold wherever the tree is moved to.
 */
#ifndef KN_CLI_LIBRARY_H
#define KN_CLI_LIBRARY_H

/* The absolute path; NULL after a complaint. */
char *cli_library_find(void);

#endif
