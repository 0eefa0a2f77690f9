#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench/support/bench.h"

static void line_write(const char *line, size_t length)
{
    ssize_t written = write(STDERR_FILENO, line, length);
    (void)written;
}

void kb_die(const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line - 1, format, arguments);
    va_end(arguments);
    if (length < 0)
        length = 0;
    if ((size_t)length > sizeof line - 2)
        length = (int)sizeof line - 2;
    line[length] = '\n';
    line_write(line, (size_t)length + 1);
    _exit(1);
}

void kb_broken(const char *what, const void *block, size_t bytes)
{
    char line[256];
    int length = snprintf(line, sizeof line, "broken allocator: %s: block %p of %zu bytes\n", what,
                          block, bytes);
    line_write(line, length > 0 ? (size_t)length : 0);
    abort();
}

uint64_t kb_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void kb_sleep_ms(uint64_t ms)
{
    struct timespec rest = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
    while (nanosleep(&rest, &rest) != 0 && errno == EINTR)
        continue;
}

static size_t file_read(const char *path, char *buffer, size_t capacity)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    size_t length = 0;
    while (length < capacity - 1) {
        ssize_t got = read(fd, buffer + length, capacity - 1 - length);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    close(fd);
    buffer[length] = '\0';
    return length;
}

uint64_t kb_rss_kib(void)
{
    char text[4096];
    if (file_read("/proc/self/smaps_rollup", text, sizeof text) > 0) {
        const char *field = strstr(text, "\nRss:");
        if (field != NULL)
            return strtoull(field + 5, NULL, 10);
    }
    if (file_read("/proc/self/statm", text, sizeof text) == 0)
        return 0;
    const char *resident = strchr(text, ' ');
    uint64_t page_kib = (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
    return resident == NULL ? 0 : strtoull(resident, NULL, 10) * page_kib;
}

void *kb_table_map(size_t count, size_t item_bytes)
{
    void *table =
        mmap(NULL, count * item_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED)
        kb_die("cannot map a table of %zu items of %zu bytes", count, item_bytes);
    return table;
}

void kb_table_unmap(void *table, size_t count, size_t item_bytes)
{
    munmap(table, count * item_bytes);
}
