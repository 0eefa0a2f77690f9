#include "api/stats_print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/fmt.h"
#include "core/stats.h"
#include "os/os.h"

/* ---- writers ---- */

void kn_writer_flush(struct kn_writer *writer)
{
    if (writer->used != 0)
        writer->write(writer->buffer, writer->used, writer->arg);
    writer->used = 0;
}

void kn_writer_print(struct kn_writer *writer, const char *format, ...)
{
    va_list args;
    if (writer->used > sizeof(writer->buffer) / 2)
        kn_writer_flush(writer);
    va_start(args, format);
    writer->used += kn_vformat(writer->buffer + writer->used, sizeof(writer->buffer) - writer->used,
                               format, args);
    va_end(args);
}

void kn_write_to_fd(const char *text, size_t bytes, void *arg)
{
    (void)kn_os_write(*(int *)arg, text, bytes);
}

/* ---- fields ---- */

struct field {
    const char *name;
    const char *text;
    bool is_bytes;
    uint64_t value;
};

/* Every number of the totals, once, for all formats. X(field, is_bytes, text) */
#define TOTAL_FIELDS(X)                                                                            \
    X(used_bytes, true, "in blocks of the program")                                                \
    X(used_blocks, false, "blocks of the program")                                                 \
    X(large_bytes, true, "of these in large blocks")                                               \
    X(large_blocks, false, "large blocks")                                                         \
    X(cached_bytes, true, "in free blocks of slabs")                                               \
    X(cached_blocks, false, "free blocks of slabs")                                                \
    X(slabs, false, "slabs")                                                                       \
    X(heaps, false, "heaps")                                                                       \
    X(run_bytes, true, "in slabs and large blocks")                                                \
    X(run_peak_bytes, true, "the same at its peak")                                                \
    X(dirty_bytes, true, "unused, not given back")                                                 \
    X(clean_bytes, true, "unused, without memory")                                                 \
    X(committed_bytes, true, "committed for blocks")                                               \
    X(metadata_bytes, true, "committed for records")                                               \
    X(resident_bytes, true, "resident, whole process")                                             \
    X(purge_calls, false, "calls that gave memory back")                                           \
    X(purged_bytes, true, "given back")                                                            \
    X(grow_calls, false, "calls for more memory")                                                  \
    X(lock_waits, false, "waits for locks")

#define CLASS_FIELDS(X)                                                                            \
    X(block_bytes)                                                                                 \
    X(slabs) X(slab_bytes) X(blocks) X(used_blocks) X(cell_blocks) X(listed_blocks) X(fresh_blocks)

#define TOTAL_FIELD(field_, is_bytes_, text_)                                                      \
    {#field_, text_, is_bytes_, (uint64_t)stats->total.field_},
#define CLASS_FIELD(field_) {#field_, "", false, (uint64_t)c->field_},

/* ---- formats ---- */

static void print_text(struct kn_writer *writer, const struct kn_stats *stats)
{
    const struct field fields[] = {TOTAL_FIELDS(TOTAL_FIELD)};
    for (size_t i = 0; i < KN_ARRAY_LEN(fields); i++) {
        char amount[16];
        kn_format_bytes(amount, sizeof(amount), fields[i].value);
        kn_writer_print(writer, "%18llu  %s%s%s%s\n", (unsigned long long)fields[i].value,
                        fields[i].text, fields[i].is_bytes ? " (" : "",
                        fields[i].is_bytes ? amount : "", fields[i].is_bytes ? ")" : "");
    }
    kn_writer_print(writer, "%9s %8s %12s %11s %11s %9s %9s %9s\n", "block", "slabs", "slab bytes",
                    "blocks", "used", "in cells", "in lists", "fresh");
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        const struct knoll_class_stats *c = &stats->classes[i];
        if (c->slabs != 0)
            kn_writer_print(writer, "%9zu %8zu %12zu %11zu %11zu %9zu %9zu %9zu\n", c->block_bytes,
                            c->slabs, c->slab_bytes, c->blocks, c->used_blocks, c->cell_blocks,
                            c->listed_blocks, c->fresh_blocks);
    }
}

static void print_json_class(struct kn_writer *writer, const struct knoll_class_stats *c)
{
    const struct field fields[] = {CLASS_FIELDS(CLASS_FIELD)};
    for (size_t i = 0; i < KN_ARRAY_LEN(fields); i++)
        kn_writer_print(writer, "%c\"%s\":%llu", i == 0 ? '{' : ',', fields[i].name,
                        (unsigned long long)fields[i].value);
    kn_writer_print(writer, "}");
}

static void print_json(struct kn_writer *writer, const struct kn_stats *stats)
{
    const struct field fields[] = {TOTAL_FIELDS(TOTAL_FIELD)};
    bool is_first = true;
    for (size_t i = 0; i < KN_ARRAY_LEN(fields); i++)
        kn_writer_print(writer, "%c\"%s\":%llu", i == 0 ? '{' : ',', fields[i].name,
                        (unsigned long long)fields[i].value);
    kn_writer_print(writer, ",\"classes\":[");
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        if (stats->classes[i].slabs == 0)
            continue;
        if (!is_first)
            kn_writer_print(writer, ",");
        print_json_class(writer, &stats->classes[i]);
        is_first = false;
    }
    kn_writer_print(writer, "]}\n");
}

void knoll_stats_print(enum knoll_stats_format format, knoll_write *write, void *arg)
{
    struct kn_stats stats;
    struct kn_writer writer = {.write = write, .arg = arg, .used = 0};
    kn_stats_gather(&stats);
    if (format == KNOLL_STATS_JSON)
        print_json(&writer, &stats);
    else
        print_text(&writer, &stats);
    kn_writer_flush(&writer);
}

static void print_xml_sizes(struct kn_writer *writer, const struct kn_stats *stats)
{
    kn_writer_print(writer, "<sizes>\n");
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        const struct knoll_class_stats *c = &stats->classes[i];
        size_t count = c->cell_blocks + c->listed_blocks;
        if (count != 0)
            kn_writer_print(
                writer, "  <size from=\"%zu\" to=\"%zu\" total=\"%zu\" count=\"%zu\"/>\n",
                kn_class_bytes(i - 1) + 1, c->block_bytes, count * c->block_bytes, count);
    }
    kn_writer_print(writer, "</sizes>\n");
}

void kn_stats_print_xml(knoll_write *write, void *arg)
{
    struct kn_stats stats;
    struct kn_writer writer = {.write = write, .arg = arg, .used = 0};
    kn_stats_gather(&stats);
    const struct knoll_stats *total = &stats.total;
    kn_writer_print(&writer, "<malloc version=\"1\">\n<heap nr=\"0\">\n");
    print_xml_sizes(&writer, &stats);
    for (int is_sum = 0; is_sum <= 1; is_sum++) {
        kn_writer_print(&writer, "<total type=\"fast\" count=\"%zu\" size=\"%zu\"/>\n",
                        total->cached_blocks, total->cached_bytes);
        kn_writer_print(&writer, "<total type=\"rest\" count=\"%d\" size=\"%zu\"/>\n", 0,
                        total->dirty_bytes + total->clean_bytes);
        if (is_sum != 0)
            kn_writer_print(&writer, "<total type=\"mmap\" count=\"%zu\" size=\"%zu\"/>\n",
                            total->large_blocks, total->large_bytes);
        kn_writer_print(&writer,
                        "<system type=\"current\" size=\"%zu\"/>\n"
                        "<system type=\"max\" size=\"%zu\"/>\n",
                        total->committed_bytes, total->committed_bytes);
        kn_writer_print(&writer, is_sum != 0 ? "</malloc>\n" : "</heap>\n");
    }
    kn_writer_flush(&writer);
}

/* ---- into a buffer ---- */

struct target {
    char *buffer;
    size_t room; /* for text, without the terminating zero */
    size_t length;
};

static void write_to_buffer(const char *text, size_t bytes, void *arg)
{
    struct target *target = arg;
    if (target->length < target->room) {
        size_t left = target->room - target->length;
        memcpy(target->buffer + target->length, text, bytes < left ? bytes : left);
    }
    target->length += bytes;
}

size_t knoll_stats_format(enum knoll_stats_format format, char *buffer, size_t buffer_bytes)
{
    struct target target = {buffer, buffer_bytes == 0 ? 0 : buffer_bytes - 1, 0};
    knoll_stats_print(format, write_to_buffer, &target);
    if (buffer_bytes != 0)
        buffer[target.length < target.room ? target.length : target.room] = 0;
    return target.length;
}
