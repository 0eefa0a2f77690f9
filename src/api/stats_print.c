#include "api/stats_print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "api/stats_table.h"
#include "base/fmt.h"
#include "core/stats.h"
#include "os/os.h"
#include "os/process.h"

#include <knoll/knoll.h>

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

/* ---- JSON ---- */

/* Every number of the totals, in order. */
#define TOTAL_FIELDS(X)                                                                            \
    X(used_bytes)                                                                                  \
    X(used_blocks)                                                                                 \
    X(large_bytes)                                                                                 \
    X(large_blocks)                                                                                \
    X(cached_bytes)                                                                                \
    X(cached_blocks)                                                                               \
    X(slabs)                                                                                       \
    X(heaps)                                                                                       \
    X(threads)                                                                                     \
    X(run_bytes)                                                                                   \
    X(run_peak_bytes)                                                                              \
    X(dirty_bytes)                                                                                 \
    X(clean_bytes)                                                                                 \
    X(committed_bytes)                                                                             \
    X(metadata_bytes)                                                                              \
    X(resident_bytes)                                                                              \
    X(resident_peak_bytes)                                                                         \
    X(purge_calls)                                                                                 \
    X(purged_bytes)                                                                                \
    X(grow_calls)                                                                                  \
    X(lock_waits)                                                                                  \
    X(page_faults)                                                                                 \
    X(major_faults)

#define CLASS_FIELDS(X)                                                                            \
    X(block_bytes)                                                                                 \
    X(slabs)                                                                                       \
    X(slab_bytes)                                                                                  \
    X(blocks)                                                                                      \
    X(used_blocks)                                                                                 \
    X(cell_blocks)                                                                                 \
    X(listed_blocks)                                                                               \
    X(fresh_blocks)

struct field {
    const char *name;
    uint64_t value;
};

#define TOTAL_FIELD(field_) {#field_, (uint64_t)stats->total.field_},
#define CLASS_FIELD(field_) {#field_, (uint64_t)c->field_},

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
    char program[KN_PROCESS_NAME_BYTES];
    bool is_first = true;
    kn_writer_print(writer, "{\"knoll\":\"%s\",\"process\":%u,\"program\":\"%s\"",
                    knoll_version_text(), kn_process_id(), kn_process_name(program));
    for (size_t i = 0; i < KN_ARRAY_LEN(fields); i++)
        kn_writer_print(writer, ",\"%s\":%llu", fields[i].name,
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

/* ---- all formats ---- */

void knoll_stats_print(enum knoll_stats_format format, knoll_write *write, void *arg)
{
    struct kn_stats stats;
    struct kn_writer writer = {.write = write, .arg = arg, .used = 0};
    kn_stats_gather(&stats);
    if (format == KNOLL_STATS_JSON)
        print_json(&writer, &stats);
    else
        kn_stats_print_table(&writer, &stats);
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
