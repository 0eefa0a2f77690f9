#include "core/options.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/fmt.h"
#include "core/limits.h"
#include "core/page_heap.h"
#include "core/report.h"
#include "os/os.h"

#define LINE_BYTES 1024

enum type {
    TYPE_SWITCH,
    TYPE_NUMBER,
    TYPE_SIZE,
    TYPE_CHOICE,
    TYPE_TEXT,
};

static const char *const type_names[] = {"switch", "number", "size", "choice", "text"};

struct description {
    const char *name;
    const char *words;
    const char *text;
    uint64_t value;
    uint64_t least;
    uint64_t most;
    enum type type;
};

static const struct description descriptions[KN_OPTION_COUNT] = {
#define KN_OPTION(name_, type_, value_, least_, most_, words_, text_)                              \
    {#name_, words_, text_, value_, least_, most_, TYPE_##type_},
#include "core/options.def"
#undef KN_OPTION
};

#define KN_OPTION(name_, type_, value_, least_, most_, words_, text_)                              \
    KN_STATIC_ASSERT((value_) + 1 > (least_) && (value_) <= (most_), "default of " #name_);        \
    KN_STATIC_ASSERT(sizeof(#name_) <= KNOLL_OPTION_NAME_BYTES, "name of " #name_);
#include "core/options.def"
#undef KN_OPTION

_Atomic uint64_t kn_option_values[KN_OPTION_COUNT] = {
#define KN_OPTION(name_, type_, value_, least_, most_, words_, text_) value_,
#include "core/options.def"
#undef KN_OPTION
};

struct kn_lock kn_options_lock = KN_LOCK_INITIALIZER(KN_RANK_OPTIONS);

static struct {
    bool is_loaded;
    char texts[KN_OPTION_COUNT][KNOLL_OPTION_VALUE_BYTES]; /* used for TEXT options only */
} options;

/* ---- text to value ---- */

static bool try_word(const char *words, const char *word, uint64_t *value)
{
    size_t length = strlen(word);
    uint64_t index = 0;
    for (const char *at = words;; index++) {
        const char *end = strchr(at, '|');
        size_t bytes = end != NULL ? (size_t)(end - at) : strlen(at);
        if (bytes == length && memcmp(at, word, length) == 0) {
            *value = index;
            return true;
        }
        if (end == NULL)
            return false;
        at = end + 1;
    }
}

static bool try_switch(const char *text, uint64_t *value)
{
    if (!try_word("off|on|0|1|no|yes|false|true", text, value))
        return false;
    *value &= 1;
    return true;
}

/* The power of two that a suffix stands for, or -1. */
static int suffix_log2(const char *suffix)
{
    static const char letters[] = "kKmMgGtT";
    if (suffix[0] == 0)
        return 0;
    const char *letter = strchr(letters, suffix[0]);
    if (letter == NULL)
        return suffix[0] == 'B' && suffix[1] == 0 ? 0 : -1;
    suffix++;
    if (suffix[0] == 'i')
        suffix++;
    if (suffix[0] == 'B')
        suffix++;
    return suffix[0] == 0 ? 10 * (int)((letter - letters) / 2 + 1) : -1;
}

static int parse_number(const char *text, bool has_suffix, uint64_t *value)
{
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9'; at++) {
        if (__builtin_mul_overflow(number, (uint64_t)10, &number) ||
            __builtin_add_overflow(number, (uint64_t)(*at - '0'), &number))
            return ERANGE;
    }
    int shift = has_suffix ? suffix_log2(at) : *at == 0 ? 0 : -1;
    if (at == text || shift < 0)
        return EINVAL;
    if (number > UINT64_MAX >> shift)
        return ERANGE;
    *value = number << shift;
    return 0;
}

static int parse_value(const struct description *d, const char *text, uint64_t *value)
{
    switch (d->type) {
    case TYPE_SWITCH:
        return try_switch(text, value) ? 0 : EINVAL;
    case TYPE_CHOICE:
        return try_word(d->words, text, value) ? 0 : EINVAL;
    case TYPE_TEXT:
        *value = strlen(text);
        return *value <= d->most ? 0 : ERANGE;
    case TYPE_NUMBER:
    case TYPE_SIZE:
        break;
    }
    int error = parse_number(text, d->type == TYPE_SIZE, value);
    if (error == 0 && (*value < d->least || *value > d->most))
        error = ERANGE;
    return error;
}

/* ---- value to text ---- */

static void format_size(char *text, size_t bytes, uint64_t value)
{
    static const char *const suffixes[] = {"", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;
    while (value != 0 && value % 1024 == 0 && unit + 1 < KN_ARRAY_LEN(suffixes)) {
        value /= 1024;
        unit++;
    }
    kn_format(text, bytes, "%llu%s", (unsigned long long)value, suffixes[unit]);
}

static void format_word(char *text, size_t bytes, const char *words, uint64_t index)
{
    const char *at = words;
    for (; index > 0; index--)
        at = strchr(at, '|') + 1;
    const char *end = strchr(at, '|');
    kn_format(text, bytes, "%.*s", end != NULL ? (int)(end - at) : (int)strlen(at), at);
}

static void format_value(char *text, size_t bytes, const struct description *d, uint64_t value)
{
    switch (d->type) {
    case TYPE_SWITCH:
        kn_format(text, bytes, "%s", value != 0 ? "on" : "off");
        break;
    case TYPE_CHOICE:
        format_word(text, bytes, d->words, value);
        break;
    case TYPE_SIZE:
        format_size(text, bytes, value);
        break;
    case TYPE_NUMBER:
        kn_format(text, bytes, "%llu", (unsigned long long)value);
        break;
    case TYPE_TEXT:
        text[0] = 0;
        break;
    }
}

static void format_range(char *text, size_t bytes, const struct description *d)
{
    char least[32];
    char most[32];
    format_value(least, sizeof(least), d, d->least);
    format_value(most, sizeof(most), d, d->most);
    switch (d->type) {
    case TYPE_SWITCH:
        kn_format(text, bytes, "on, off");
        break;
    case TYPE_TEXT:
        kn_format(text, bytes, "up to %llu characters", (unsigned long long)d->most);
        break;
    case TYPE_NUMBER:
    case TYPE_SIZE:
        kn_format(text, bytes, "%s to %s", least, most);
        break;
    case TYPE_CHOICE:
        for (size_t i = 0, n = 0; i <= d->most && n < bytes; i++) {
            format_word(most, sizeof(most), d->words, i);
            n += kn_format(text + n, bytes - n, "%s%s", i == 0 ? "" : ", ", most);
        }
        break;
    }
}

/* ---- setting ---- */

/* Tells those who keep a value of their own. Called with the lock held. */
static void apply(enum kn_option_id id)
{
    uint64_t value = kn_option(id);
    switch (id) {
    case KN_OPTION_on_error:
        kn_on_error = (enum kn_on_error)value;
        break;
    case KN_OPTION_dirty_min:
    case KN_OPTION_dirty_share:
    case KN_OPTION_dirty_slack:
        kn_lock_acquire(&kn_page_heap_lock);
        kn_page_heap_dirty_min_bytes = (size_t)kn_option(KN_OPTION_dirty_min);
        kn_page_heap_dirty_share = (size_t)kn_option(KN_OPTION_dirty_share);
        kn_page_heap_dirty_slack_bytes = (size_t)kn_option(KN_OPTION_dirty_slack);
        kn_lock_release(&kn_page_heap_lock);
        break;
    case KN_OPTION_limit_soft:
    case KN_OPTION_limit_hard:
    case KN_OPTION_limit_reserve:
        kn_limits_apply();
        break;
    case KN_OPTION_limit_cgroup:
        kn_limits_apply_cgroup();
        break;
    default:
        break;
    }
}

int kn_option_find(const char *name)
{
    for (int id = 0; id < KN_OPTION_COUNT; id++) {
        if (strcmp(descriptions[id].name, name) == 0)
            return id;
    }
    return -1;
}

int kn_option_set(const char *name, const char *text)
{
    int id = kn_option_find(name);
    uint64_t value;
    if (id < 0)
        return ENOENT;
    int error = parse_value(&descriptions[id], text, &value);
    if (error != 0)
        return error;
    kn_lock_acquire(&kn_options_lock);
    if (descriptions[id].type == TYPE_TEXT)
        memcpy(options.texts[id], text, value + 1);
    kn_store_relaxed(&kn_option_values[id], value);
    apply((enum kn_option_id)id);
    kn_lock_release(&kn_options_lock);
    return 0;
}

void kn_option_text(enum kn_option_id id, char *value)
{
    kn_lock_acquire(&kn_options_lock);
    memcpy(value, options.texts[id], KNOLL_OPTION_VALUE_BYTES);
    kn_lock_release(&kn_options_lock);
}

void kn_option_describe(enum kn_option_id id, struct knoll_option *option)
{
    const struct description *d = &descriptions[id];
    option->name = d->name;
    option->type = type_names[d->type];
    option->text = d->text;
    format_range(option->range, sizeof(option->range), d);
    format_value(option->default_value, sizeof(option->default_value), d, d->value);
    if (d->type == TYPE_TEXT)
        kn_option_text(id, option->value);
    else
        format_value(option->value, sizeof(option->value), d, kn_option(id));
}

/* ---- the environment ---- */

static void complain(const char *name, const char *text, int error)
{
    char line[LINE_BYTES];
    size_t n = kn_format(line, sizeof(line), "knoll: KNOLL_OPTIONS: ");
    int id = kn_option_find(name);
    if (id < 0) {
        n += kn_format(line + n, sizeof(line) - n, "no option %s; there are:", name);
        for (size_t i = 0; i < KN_OPTION_COUNT; i++)
            n += kn_format(line + n, sizeof(line) - n, " %s", descriptions[i].name);
    } else {
        struct knoll_option option;
        kn_option_describe((enum kn_option_id)id, &option);
        n += kn_format(line + n, sizeof(line) - n, "%s=%s is %s; valid: %s; kept: %s", name, text,
                       error == ERANGE ? "out of range" : "not a value", option.range,
                       option.value[0] != 0 ? option.value : "(empty)");
    }
    if (n > sizeof(line) - 2)
        n = sizeof(line) - 2;
    line[n++] = '\n';
    (void)kn_os_write(2, line, n);
}

/* Sets one "name=value", which need not be terminated. */
static void parse_one(const char *text, size_t bytes)
{
    char copy[KNOLL_OPTION_NAME_BYTES + KNOLL_OPTION_VALUE_BYTES];
    kn_format(copy, sizeof(copy), "%.*s", (int)bytes, text);
    char *equals = strchr(copy, '=');
    char *value = equals != NULL ? equals + 1 : copy + strlen(copy);
    if (equals != NULL)
        *equals = 0;
    /* A switch alone is on. */
    int error = kn_option_set(copy, equals == NULL ? "on" : value);
    if (error != 0)
        complain(copy, value, error);
}

void kn_options_parse(const char *list)
{
    for (const char *at = list; *at != 0;) {
        const char *end = strchr(at, ',');
        size_t bytes = end != NULL ? (size_t)(end - at) : strlen(at);
        if (bytes != 0)
            parse_one(at, bytes);
        at += bytes + (end != NULL);
    }
}

void kn_options_load(void)
{
    kn_lock_acquire(&kn_options_lock);
    const char *list = options.is_loaded ? NULL : kn_os_env("KNOLL_OPTIONS");
    if (list != NULL)
        options.is_loaded = true;
    kn_lock_release(&kn_options_lock);
    if (list != NULL)
        kn_options_parse(list);
}
