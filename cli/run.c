#include "cli/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/environment.h"
#include "cli/library.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/program.h"
#include "cli/run_options.h"

static const char usage[] =
    "usage: knoll run [option]... [--] program [argument]...\n"
    "\n"
    "Runs a program with knoll in place of its malloc. The exit status is the program's; it is\n"
    "127 if there is no such program, 126 if it cannot be run with knoll, and 125 if the command\n"
    "was called wrongly or finds no library.\n"
    "\n"
    "  -s, --stats[=FILE]     show at exit what was allocated, on standard error or in FILE;\n"
    "                         %p in FILE stands for the number of the process\n"
    "      --stats-format=text|json\n"
    "      --stats-children   also for each process that the program starts\n"
    "  -o, --option=NAME=VALUE\n"
    "                         sets an option of the library\n"
    "  -h, --help\n"
    "\n"
    "Each option of the library is an option here, too:\n"
    "\n";

static const char examples[] = "\n"
                               "Sizes take the suffixes K, M, G and T. Switches are on or off.\n"
                               "\n"
                               "    knoll run --stats -- python3 -c 'print(sum(range(10)))'\n"
                               "    knoll run --stats=memory.%p --stats-children -- make -j4\n"
                               "    knoll run --on_error=report --limit_hard=2G -- ./server\n";

static void print_help(void)
{
    fputs(usage, stdout);
    cli_options_print(stdout, "--");
    fputs(examples, stdout);
}

/* Does not return if the program starts. */
static int start(const char *path, char **argv)
{
    execvp(path, argv);
    cli_complain("%s: %s", path, strerror(errno));
    return errno == ENOENT ? CLI_NOT_FOUND : CLI_NOT_RUNNABLE;
}

int cli_run_main(int argc, char **argv)
{
    struct cli_run_options options;
    struct cli_program program;
    int status = cli_run_options_parse(argc, argv, &options);
    if (status != 0)
        return status;
    if (options.is_help) {
        print_help();
        return 0;
    }
    char *library = cli_library_find();
    if (library == NULL)
        return CLI_FAILED;
    status = cli_program_find(options.program[0], &program);
    if (status == 0)
        status = cli_program_check(&program);
    if (status != 0)
        return status;
    if (program.sanitizer[0] != 0)
        cli_complain("note: %s was built with %s, whose malloc comes first; knoll is only loaded",
                     options.program[0], program.sanitizer);
    cli_environment_preload(library, program.sanitizer);
    cli_environment_options(options.list);
    return start(program.path, options.program);
}
