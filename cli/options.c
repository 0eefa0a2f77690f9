#include "cli/options.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/message.h"
#include "cli/suggest.h"

#include <knoll/options.h>

#define TEXT_INDENT 6
#define TEXT_WIDTH  78

/* Prints words, in lines of TEXT_WIDTH at most. */
static void print_wrapped(FILE *stream, const char *text)
{
    size_t column = 0;
    for (const char *at = text; *at != 0;) {
        size_t bytes = strcspn(at, " ");
        if (column == 0 || column + 1 + bytes > TEXT_WIDTH) {
            fprintf(stream, "%s%*s", column == 0 ? "" : "\n", TEXT_INDENT, "");
            column = TEXT_INDENT;
        } else {
            fputc(' ', stream);
            column++;
        }
        fprintf(stream, "%.*s", (int)bytes, at);
        column += bytes;
        at += bytes + strspn(at + bytes, " ");
    }
    fputc('\n', stream);
}

struct listing {
    FILE *stream;
    const char *prefix;
    bool has_texts;
};

static int print_option(const struct knoll_option *option, void *arg)
{
    const struct listing *listing = arg;
    const char *value = option->default_value[0] != 0 ? option->default_value : "(empty)";
    fprintf(listing->stream, "  %s%-*s %-9s %s\n", listing->prefix,
            (int)(18 - strlen(listing->prefix)), option->name, value, option->range);
    if (listing->has_texts)
        print_wrapped(listing->stream, option->text);
    return 0;
}

static void print_list(FILE *stream, const char *prefix, bool has_texts)
{
    struct listing listing = {stream, prefix, has_texts};
    fprintf(stream, "  %-18s %-9s %s\n", "name", "default", "values");
    knoll_option_list(print_option, &listing);
}

void cli_options_print(FILE *stream, const char *prefix)
{
    print_list(stream, prefix, true);
}

void cli_options_print_short(FILE *stream, const char *prefix)
{
    print_list(stream, prefix, false);
}

/* ---- checking ---- */

static int offer(const struct knoll_option *option, void *suggestion)
{
    cli_suggestion_offer(suggestion, option->name);
    return 0;
}

static void complain_about_name(const char *name, const char *typed)
{
    struct cli_suggestion suggestion = {.word = name, .bytes = strlen(name)};
    knoll_option_list(offer, &suggestion);
    if (suggestion.best != NULL)
        cli_complain("%s: the library has no option %s; did you mean %s?", typed, name,
                     suggestion.best);
    else
        cli_complain("%s: the library has no option %s", typed, name);
    fputs("Its options are:\n", stderr);
    cli_options_print_short(stderr, "");
}

int cli_options_add(char **list, const char *name, const char *value, const char *typed)
{
    struct knoll_option option;
    const char *text = value != NULL ? value : "on";
    int error = knoll_option_set(name, text);
    if (error == ENOENT) {
        complain_about_name(name, typed);
        return CLI_FAILED;
    }
    if (error == 0 && strchr(text, ',') == NULL) {
        *list = cli_text("%s%s%s=%s", *list, **list != 0 ? "," : "", name, text);
        return 0;
    }
    if (error == 0) {
        cli_complain("%s: a value cannot contain a comma, which separates options", typed);
        return CLI_FAILED;
    }
    if (knoll_option_describe(name, &option) == 0)
        cli_complain("%s: %s%s is %s; valid: %s", typed, value != NULL ? "" : "no value: ", text,
                     error == ERANGE ? "out of range" : "not a value", option.range);
    return CLI_FAILED;
}

/* ---- the command ---- */

static const char usage[] =
    "usage: knoll options\n"
    "\n"
    "Lists the options of the library. They are given as options to knoll run,\n"
    "\n"
    "    knoll run --on_error=report --dirty_min=16M -- program argument...\n"
    "\n"
    "or, without it, in the environment of any program that uses the library:\n"
    "\n"
    "    KNOLL_OPTIONS=on_error=report,dirty_min=16M\n"
    "\n"
    "Sizes take the suffixes K, M, G and T. Switches are on or off.\n";

int cli_options_main(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc > 1) {
        cli_complain("options takes no argument: %s", argv[1]);
        return CLI_FAILED;
    }
    cli_options_print(stdout, "");
    return 0;
}
