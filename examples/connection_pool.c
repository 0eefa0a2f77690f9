/*
 * A server's connections in a pool.
 *
 * Their number is bounded, and the memory for all of them is there from the start: under load, a
 * connection is refused and nothing else fails. The bitmap kind knows which connections are open,
 * so finding those that have been silent for too long needs no list of them; and when a connection
 * is closed twice, the pool says so.
 */
#include <stdio.h>
#include <stdlib.h>

#include <knoll/pool.h>

enum { CONNECTIONS_MAX = 1000, SILENT_SECONDS = 60, RUN_SECONDS = 600, ARRIVALS = 25 };

struct connection {
    unsigned client;
    long last_heard; /* seconds since the start */
    char request[200];
};

struct sweep {
    struct knoll_pool *connections;
    long now;
    unsigned closed;
};

static unsigned wrong_closes;

static void count_misuse(const struct knoll_misuse *misuse, void *arg)
{
    unsigned *count = arg;
    printf("%s: %s\n", misuse->call, misuse->what);
    ++*count;
}

static struct connection *open_connection(struct knoll_pool *connections, unsigned client, long now)
{
    struct connection *connection = knoll_pool_malloc(connections);
    if (connection == NULL)
        return NULL;
    connection->client = client;
    connection->last_heard = now;
    snprintf(connection->request, sizeof(connection->request), "GET /%u", client);
    return connection;
}

/* Called for each open connection; may close it. */
static int close_if_silent(void *object, void *arg)
{
    struct connection *connection = object;
    struct sweep *sweep = arg;
    if (sweep->now - connection->last_heard >= SILENT_SECONDS) {
        knoll_pool_free(sweep->connections, connection);
        sweep->closed++;
    }
    return 0;
}

static void serve(struct knoll_pool *connections)
{
    unsigned opened = 0, refused = 0, answered = 0, client = 0;
    struct sweep sweep = {connections, 0, 0};
    for (; sweep.now < RUN_SECONDS; sweep.now++) {
        for (int i = 0; i < ARRIVALS; i++) {
            struct connection *connection = open_connection(connections, ++client, sweep.now);
            if (connection == NULL) {
                refused++;
                continue;
            }
            opened++;
            /* Two of three say goodbye; the others are never heard of again. */
            if (client % 3 != 0) {
                knoll_pool_free(connections, connection);
                answered++;
            }
        }
        knoll_pool_walk(connections, close_if_silent, &sweep);
    }
    printf("%u opened, %u answered, %u closed for silence, %u refused\n", opened, answered,
           sweep.closed, refused);
}

int main(void)
{
    struct knoll_pool connections;
    struct knoll_pool_stats stats;
    struct knoll_pool_options options = {
        .object_bytes = sizeof(struct connection),
        .kind = KNOLL_POOL_BITMAP,
        .max_objects = CONNECTIONS_MAX,
        .is_fixed = true,
    };
    if (knoll_pool_init(&connections, knoll_source_mmap(), &options) != 0) {
        fprintf(stderr, "no memory for %d connections\n", CONNECTIONS_MAX);
        return EXIT_FAILURE;
    }
    serve(&connections);
    knoll_pool_stats_get(&connections, &stats);
    printf("%zu connections open, %zu KiB held for %zu\n", stats.used_objects,
           stats.source_bytes / 1024, stats.objects);

    knoll_special_on_misuse(count_misuse, &wrong_closes);
    struct connection *connection = open_connection(&connections, 1, 0);
    knoll_pool_free(&connections, connection);
    knoll_pool_free(&connections, connection);
    knoll_pool_destroy(&connections);
    return wrong_closes == 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
