/*
 * What the program finds in its environment: LD_PRELOAD and KNOLL_OPTIONS.
 */
#ifndef KN_CLI_ENVIRONMENT_H
#define KN_CLI_ENVIRONMENT_H

/*
 * Puts `library` in front of what is preloaded already, and a sanitizer's runtime in front of both:
 * one that is preloaded, or the one that the program needs, `sanitizer`, unless it is empty.
 */
void cli_environment_preload(const char *library, const char *sanitizer);

/* Adds a list "name=value,name=value" behind the options that are there, so that it prevails. */
void cli_environment_options(const char *list);

#endif
