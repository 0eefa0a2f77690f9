/* The command `knoll`: finds the subcommand and hands over. */
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/run.h"
#include "cli/suggest.h"

#include <knoll/knoll.h>

struct command {
    const char *name;
    int (*main)(int argc, char **argv);
};

static int help_main(int argc, char **argv);
static int version_main(int argc, char **argv);

static const struct command commands[] = {
    {"run", cli_run_main},
    {"options", cli_options_main},
    {"help", help_main},
    {"version", version_main},
};

static const char usage[] =
    "usage: knoll run [option]... [--] program [argument]...\n"
    "       knoll options\n"
    "       knoll --help | --version\n"
    "\n"
    "knoll is a memory allocator that replaces malloc.\n"
    "\n"
    "  run         runs a program with knoll, and shows what it allocated: run --stats\n"
    "  options     lists the options of the library\n"
    "  help        this, or help on a command: help run\n"
    "  version     the version\n"
    "\n"
    "The manual is knoll(1); knoll(3) is that of the library.\n";

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < KN_ARRAY_LEN(commands); i++) {
        if (strcmp(name, commands[i].name) == 0)
            return &commands[i];
    }
    struct cli_suggestion suggestion = {.word = name, .bytes = strlen(name)};
    for (size_t i = 0; i < KN_ARRAY_LEN(commands); i++)
        cli_suggestion_offer(&suggestion, commands[i].name);
    if (suggestion.best != NULL)
        cli_complain("no command %s; did you mean %s?", name, suggestion.best);
    else
        cli_complain("no command %s; to run a program: knoll run -- %s", name, name);
    fputs(usage, stderr);
    return NULL;
}

static int help_main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "version") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    const struct command *command = find(argv[1]);
    char *arguments[] = {argv[1], (char[]){"--help"}, NULL};
    return command != NULL ? command->main(2, arguments) : CLI_FAILED;
}

static int version_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("knoll %s\n", knoll_version_text());
    return 0;
}

static int call(int argc, char **argv)
{
    if (argc == 0) {
        cli_complain("there is no command");
        fputs(usage, stderr);
        return CLI_FAILED;
    }
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0)
        return help_main(argc, argv);
    if (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "-V") == 0)
        return version_main(argc, argv);
    const struct command *command = find(argv[0]);
    return command != NULL ? command->main(argc, argv) : CLI_FAILED;
}

int main(int argc, char **argv)
{
    int status = call(argc - (argc > 0), argv + (argc > 0));
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_complain("standard output cannot be written");
        return CLI_FAILED;
    }
    return status;
}
