#include "api/stats_table.h"

#include "base/fmt.h"
#include "os/process.h"

#include <knoll/knoll.h>

#define AMOUNT_BYTES 16

/* A size for people. */
static const char *amount(char *text, uint64_t bytes)
{
    kn_format_bytes(text, AMOUNT_BYTES, bytes);
    return text;
}

/* ---- summary ---- */

static const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

static void print_summary(struct kn_writer *writer, const struct knoll_stats *total)
{
    char a[AMOUNT_BYTES];
    char b[AMOUNT_BYTES];
    char name[KN_PROCESS_NAME_BYTES];
    kn_writer_print(writer, "knoll %s: memory of %s, process %u\n\n", knoll_version_text(),
                    kn_process_name(name), kn_process_id());
    kn_writer_print(writer, "  used       %11s   in %zu block%s", amount(a, total->used_bytes),
                    total->used_blocks, plural(total->used_blocks));
    if (total->large_blocks != 0)
        kn_writer_print(writer, "; %s of it in %zu large one%s", amount(b, total->large_bytes),
                        total->large_blocks, plural(total->large_blocks));
    kn_writer_print(writer, "\n  peak       %11s   of slabs and large blocks; %s now\n",
                    amount(a, total->run_peak_bytes), amount(b, total->run_bytes));
    if (total->resident_bytes != 0)
        kn_writer_print(writer, "  resident   %11s   the whole process, at its peak %s\n",
                        amount(a, total->resident_bytes), amount(b, total->resident_peak_bytes));
}

static void print_part(struct kn_writer *writer, const char *sign, uint64_t bytes, const char *what)
{
    char text[AMOUNT_BYTES];
    kn_writer_print(writer, "  %-10s %11s   %s\n", sign, amount(text, bytes), what);
}

/* Parts and their sums. The parts were read one after the other, so a rest may come out negative. */
static void print_parts(struct kn_writer *writer, const struct knoll_stats *total)
{
    uint64_t filled = (uint64_t)total->used_bytes + total->cached_bytes;
    uint64_t rest = total->run_bytes > filled ? total->run_bytes - filled : 0;
    kn_writer_print(writer, "\nWhere it is\n");
    print_part(writer, "", total->used_bytes, "blocks of the program");
    print_part(writer, "", total->cached_bytes,
               "free blocks, in cells of threads and lists of slabs");
    print_part(writer, "", rest, "never handed out: ends of slabs, most of them not touched yet");
    print_part(writer, "=", total->run_bytes, "slabs and large blocks");
    print_part(writer, "", total->dirty_bytes, "unused and dirty: kept for the next request");
    print_part(writer, "", total->clean_bytes, "unused and clean: without memory behind it");
    print_part(writer, "=", total->committed_bytes, "committed for blocks");
    print_part(writer, "", total->metadata_bytes, "metadata, most of it not touched yet");
}

static void print_costs(struct kn_writer *writer, const struct knoll_stats *total)
{
    char text[AMOUNT_BYTES];
    kn_writer_print(writer, "\nWhat it took\n");
    kn_writer_print(writer, "  page faults  %9llu   %llu of them waited for a disk\n",
                    (unsigned long long)total->page_faults,
                    (unsigned long long)total->major_faults);
    kn_writer_print(writer, "  system calls %9llu   %llu for more memory, %llu gave back %s\n",
                    (unsigned long long)(total->grow_calls + total->purge_calls),
                    (unsigned long long)total->grow_calls, (unsigned long long)total->purge_calls,
                    amount(text, total->purged_bytes));
    kn_writer_print(writer, "  heaps        %9zu   one for each thread that allocated at a time\n",
                    total->heaps);
    kn_writer_print(writer, "  lock waits   %9llu\n", (unsigned long long)total->lock_waits);
}

/* ---- size classes ---- */

struct row {
    size_t slabs;
    uint64_t memory_bytes;
    size_t used_blocks;
    uint64_t used_bytes, cell_bytes, listed_bytes, fresh_bytes;
};

static struct row row_of(const struct knoll_class_stats *c)
{
    return (struct row){
        .slabs = c->slabs,
        .memory_bytes = c->slab_bytes,
        .used_blocks = c->used_blocks,
        .used_bytes = (uint64_t)c->used_blocks * c->block_bytes,
        .cell_bytes = (uint64_t)c->cell_blocks * c->block_bytes,
        .listed_bytes = (uint64_t)c->listed_blocks * c->block_bytes,
        .fresh_bytes = (uint64_t)c->fresh_blocks * c->block_bytes,
    };
}

static void add_row(struct row *sum, const struct row *row)
{
    sum->slabs += row->slabs;
    sum->memory_bytes += row->memory_bytes;
    sum->used_blocks += row->used_blocks;
    sum->used_bytes += row->used_bytes;
    sum->cell_bytes += row->cell_bytes;
    sum->listed_bytes += row->listed_bytes;
    sum->fresh_bytes += row->fresh_bytes;
}

static const char *amount_or_dash(char *text, uint64_t bytes)
{
    return bytes != 0 ? amount(text, bytes) : "-";
}

static void print_row(struct kn_writer *writer, const char *label, const struct row *row)
{
    char texts[5][AMOUNT_BYTES];
    uint64_t percent = row->memory_bytes != 0 ? row->used_bytes * 100 / row->memory_bytes : 0;
    char slabs[AMOUNT_BYTES];
    kn_format(slabs, sizeof(slabs), row->slabs != 0 ? "%zu" : "-", row->slabs);
    kn_writer_print(
        writer, "%7s %11zu %10s %10s %10s %10s %6s %10s %3llu %%\n", label, row->used_blocks,
        amount_or_dash(texts[0], row->used_bytes), amount_or_dash(texts[1], row->cell_bytes),
        amount_or_dash(texts[2], row->listed_bytes), amount_or_dash(texts[3], row->fresh_bytes),
        slabs, amount_or_dash(texts[4], row->memory_bytes), (unsigned long long)percent);
}

static void print_classes(struct kn_writer *writer, const struct kn_stats *stats)
{
    const struct knoll_stats *total = &stats->total;
    struct row sum = {0};
    char label[8];
    kn_writer_print(writer, "\nSize classes\n");
    kn_writer_print(writer, "%7s %11s %10s %10s %10s %10s %6s %10s %5s\n", "block", "used blocks",
                    "used bytes", "in cells", "in lists", "never used", "slabs", "memory", "used");
    for (unsigned i = 1; i < KN_CLASS_COUNT; i++) {
        struct row row = row_of(&stats->classes[i]);
        if (row.slabs == 0)
            continue;
        kn_format(label, sizeof(label), "%zu", stats->classes[i].block_bytes);
        print_row(writer, label, &row);
        add_row(&sum, &row);
    }
    struct row large = {.memory_bytes = total->large_bytes,
                        .used_blocks = total->large_blocks,
                        .used_bytes = total->large_bytes};
    if (large.used_blocks != 0)
        print_row(writer, "large", &large);
    add_row(&sum, &large);
    print_row(writer, "all", &sum);
}

/* ---- the whole ---- */

static void print_notes(struct kn_writer *writer, const struct knoll_stats *total)
{
    if (total->threads > 1)
        kn_writer_print(
            writer,
            "\n%zu threads were running: what is used, in cells and in lists was read while"
            " they went\non. Peaks and sums are exact.\n",
            total->threads);
    else
        kn_writer_print(writer, "\nThe heap's numbers are exact.\n");
    kn_writer_print(writer,
                    "Not known, for allocating counts nothing: how often blocks were allocated,\n"
                    "and how many bytes of a block the program asked for.\n");
}

void kn_stats_print_table(struct kn_writer *writer, const struct kn_stats *stats)
{
    print_summary(writer, &stats->total);
    print_parts(writer, &stats->total);
    print_costs(writer, &stats->total);
    print_classes(writer, stats);
    print_notes(writer, &stats->total);
}
