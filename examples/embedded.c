/*
 * Memory without an operating system: a compact heap in a static array.
 *
 * A device takes measurements and sends them in messages of any length, with retries, so messages
 * end in another order than they began. All memory is the array below, and the TLSF index bounds the
 * time of each call, whatever was allocated before.
 *
 * The heap needs nothing of this program's libc. For a target without one, `make bare` builds it
 * alone, and tests/conformance/bare/firmware.c is a program without a system.
 */
#include <stdio.h>
#include <string.h>

#include <knoll/compact.h>

enum { MESSAGES = 12, TICKS = 2000 };

static _Alignas(KNOLL_COMPACT_ALIGN) unsigned char ram[8192];
static struct knoll_compact heap;

struct message {
    unsigned length;
    unsigned due; /* the tick at which it is sent at last */
    unsigned char bytes[];
};

static struct message *messages[MESSAGES];
static unsigned sent;
static unsigned refused;

static unsigned measure(void)
{
    static unsigned state = 1;

    state = state * 1103515245u + 12345u;
    return state >> 16 & 0x7fff;
}

static void begin_message(unsigned number, unsigned tick)
{
    unsigned length = measure() % 900;
    struct message *message = knoll_compact_malloc(&heap, sizeof(*message) + length);

    if (message == NULL) {
        refused++;
        return;
    }
    message->length = length;
    message->due = tick + measure() % 20;
    memset(message->bytes, (int)length, length);
    messages[number] = message;
}

static void end_message(unsigned number)
{
    knoll_compact_free(&heap, messages[number]);
    messages[number] = NULL;
    sent++;
}

int main(void)
{
    struct knoll_compact_stats stats;
    const char *fault = NULL;

    if (knoll_compact_create(&heap, ram, sizeof(ram), knoll_compact_tlsf()) != KNOLL_COMPACT_OK)
        return 1;
    for (unsigned tick = 0; tick < TICKS && fault == NULL; tick++) {
        unsigned number = tick % MESSAGES;

        if (messages[number] == NULL)
            begin_message(number, tick);
        for (unsigned i = 0; i < MESSAGES; i++)
            if (messages[i] != NULL && messages[i]->due <= tick)
                end_message(i);
        fault = knoll_compact_check(&heap);
    }
    knoll_compact_stats_get(&heap, &stats);
    printf("%u messages sent, %u refused; of %zu bytes %zu are used, %zu free in %zu blocks, "
           "%u %% fragmented\n",
           sent, refused, stats.total_bytes, stats.used_bytes, stats.free_bytes, stats.free_blocks,
           stats.fragmentation);
    if (fault != NULL)
        printf("%s\n", fault);
    return fault != NULL;
}
