#define _GNU_SOURCE

#include "cli/run_options.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/message.h"
#include "cli/options.h"
#include "cli/path.h"
#include "cli/suggest.h"

#include <knoll/options.h>

#define FLAGS_MAX 256

enum {
    FLAG_STATS = 's',
    FLAG_OPTION = 'o',
    FLAG_HELP = 256, /* from here on a letter cannot be meant */
    FLAG_FORMAT,
    FLAG_CHILDREN,
    FLAG_LIBRARY, /* and above: the options of the library, in their order */
};

/* Every flag in getopt's form. A name of the library's with an underscore is there with a hyphen, too. */
struct flags {
    struct option all[FLAGS_MAX];
    const char *names[FLAGS_MAX]; /* of the library's options */
    int count;
    int library_count;
};

struct stats {
    bool is_wanted;
    bool has_children;
    const char *format;
    const char *file;
};

/* ---- the flags there are ---- */

static void add_flag(struct flags *flags, const char *name, int argument, int value)
{
    if (flags->count < FLAGS_MAX - 1)
        flags->all[flags->count++] = (struct option){name, argument, NULL, value};
}

static int add_library_flag(const struct knoll_option *option, void *arg)
{
    struct flags *flags = arg;
    int argument = strcmp(option->type, "switch") == 0 ? optional_argument : required_argument;
    int value = FLAG_LIBRARY + flags->library_count;
    if (flags->library_count >= FLAGS_MAX)
        return 1;
    flags->names[flags->library_count++] = option->name;
    add_flag(flags, option->name, argument, value);
    if (strchr(option->name, '_') != NULL) {
        char *hyphened = cli_text("%s", option->name);
        for (char *at = hyphened; (at = strchr(at, '_')) != NULL;)
            *at = '-';
        add_flag(flags, hyphened, argument, value); /* for as long as the command runs */
    }
    return 0;
}

static void collect_flags(struct flags *flags)
{
    *flags = (struct flags){.count = 0};
    add_flag(flags, "help", no_argument, FLAG_HELP);
    add_flag(flags, "stats", optional_argument, FLAG_STATS);
    add_flag(flags, "stats-format", required_argument, FLAG_FORMAT);
    add_flag(flags, "stats-children", no_argument, FLAG_CHILDREN);
    add_flag(flags, "option", required_argument, FLAG_OPTION);
    knoll_option_list(add_library_flag, flags);
}

/* ---- complaints ---- */

static int complain_about_flag(const struct flags *flags, const char *typed)
{
    const char *name = typed + strspn(typed, "-");
    struct cli_suggestion suggestion = {.word = name, .bytes = strcspn(name, "=")};
    int matches = 0;
    for (int i = 0; i < flags->count; i++) {
        matches += strncmp(flags->all[i].name, name, suggestion.bytes) == 0;
        cli_suggestion_offer(&suggestion, flags->all[i].name);
    }
    if (typed[1] == '-' && matches > 1)
        cli_complain("%s could be one of several options; write it out", typed);
    else if (typed[1] == '-' && suggestion.best != NULL)
        cli_complain("no option %.*s; did you mean --%s?", (int)strcspn(typed, "="), typed,
                     suggestion.best);
    else
        cli_complain("no option %.*s", (int)strcspn(typed, "="), typed);
    fputs("knoll run takes --stats, --stats-format, --stats-children, --option, --help, and the\n"
          "options of the library, as --name=value:\n",
          stderr);
    cli_options_print_short(stderr, "--");
    return CLI_FAILED;
}

static int complain_about_value(const char *typed)
{
    cli_complain("%s: %.*s takes no value", typed, (int)strcspn(typed, "="), typed);
    return CLI_FAILED;
}

static int complain_without_value(const char *typed)
{
    if (typed[1] == '-')
        cli_complain("%s needs a value: %s=...; knoll options lists them", typed, typed);
    else
        cli_complain("-o needs an option and its value: -o name=value; knoll options lists them");
    return CLI_FAILED;
}

/* ---- statistics ---- */

/* Whether the file can be written: better said now than not at all at the program's end. */
static int prepare_file(const char *path, const char *typed)
{
    struct stat status;
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    if (strstr(path, "%p") != NULL || (stat(path, &status) == 0 && !S_ISREG(status.st_mode)))
        return 0;
    int fd = open(path, flags, 0666);
    if (fd < 0) {
        cli_complain("--stats=%s: %s", typed, strerror(errno));
        return CLI_FAILED;
    }
    close(fd);
    return 0;
}

static int add_stats(char **list, const struct stats *stats)
{
    if (!stats->is_wanted)
        return 0;
    int status = cli_options_add(list, "stats_at_exit", stats->format, "--stats-format");
    if (status == 0 && !stats->has_children)
        status = cli_options_add(list, "stats_process", cli_text("%d", (int)getpid()), "--stats");
    if (status != 0 || stats->file == NULL)
        return status;
    const char *path = cli_path_absolute(stats->file);
    status = prepare_file(path, stats->file);
    return status != 0 ? status : cli_options_add(list, "stats_file", path, "--stats");
}

static int set_format(struct stats *stats, const char *format)
{
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0) {
        cli_complain("--stats-format=%s is no format; valid: text, json", format);
        return CLI_FAILED;
    }
    stats->format = format;
    stats->is_wanted = true;
    return 0;
}

/* ---- parsing ---- */

/* -o name=value */
static int add_pair(char **list, const char *pair)
{
    const char *equals = strchr(pair, '=');
    const char *name = cli_text("%.*s", (int)strcspn(pair, "="), pair);
    return cli_options_add(list, name, equals != NULL ? equals + 1 : NULL, cli_text("-o %s", pair));
}

static int add_named(char **list, const char *name, const char *value)
{
    return cli_options_add(list, name, value,
                           value != NULL ? cli_text("--%s=%s", name, value)
                                         : cli_text("--%s", name));
}

/* One flag; values of the library's options go to *list. */
static int take_flag(const struct flags *flags, int flag, struct stats *stats, char **list,
                     bool *is_help)
{
    switch (flag) {
    case 'h':
    case FLAG_HELP:
        *is_help = true;
        return 0;
    case FLAG_STATS:
        stats->is_wanted = true;
        stats->file = optarg;
        return 0;
    case FLAG_CHILDREN:
        stats->is_wanted = true;
        stats->has_children = true;
        return 0;
    case FLAG_FORMAT:
        return set_format(stats, optarg);
    case FLAG_OPTION:
        return add_pair(list, optarg);
    default:
        return add_named(list, flags->names[flag - FLAG_LIBRARY], optarg);
    }
}

int cli_run_options_parse(int argc, char **argv, struct cli_run_options *options)
{
    static struct flags flags;
    struct stats stats = {.format = "text"};
    char *named = cli_text("%s", "");
    int status = 0;
    int flag;
    *options = (struct cli_run_options){.list = cli_text("%s", "")};
    collect_flags(&flags);
    opterr = 0;
    optind = 1;
    while (status == 0 && !options->is_help) {
        const char *typed = argv[optind];
        flag = getopt_long(argc, argv, "+:s::o:h", flags.all, NULL);
        if (flag == -1)
            break;
        if (flag == '?' && optopt >= FLAG_HELP)
            status = complain_about_value(typed);
        else if (flag == '?')
            status = complain_about_flag(&flags, typed);
        else if (flag == ':')
            status = complain_without_value(typed);
        else
            status = take_flag(&flags, flag, &stats, &named, &options->is_help);
    }
    if (status != 0 || options->is_help)
        return status;
    if (argv[optind] == NULL) {
        cli_complain("run needs a program: knoll run [option]... -- program [argument]...");
        return CLI_FAILED;
    }
    options->program = argv + optind;
    status = add_stats(&options->list, &stats);
    /* Behind, so that an option of the library prevails over what --stats stands for. */
    if (named[0] != 0)
        options->list = cli_text("%s%s%s", options->list, options->list[0] != 0 ? "," : "", named);
    return status;
}
