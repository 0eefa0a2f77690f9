/*
 * A game loop with one arena for each frame.
 *
 * Everything that a frame needs is taken from the arena and freed at once by the reset at its end.
 * After the first frames the arena has all the chunks it needs, and the loop asks nobody for memory.
 */
#include <knoll/arena.h>
#include <knoll/arena_format.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 600, BODIES = 2000, CELLS = 32 };

struct body {
    float x, y, dx, dy;
};

/* A body as it is seen from its cell of the grid. */
struct entry {
    struct entry *next;
    const struct body *body;
};

struct world {
    struct body bodies[BODIES];
    unsigned long contacts;
};

static void fill_world(struct world *world)
{
    unsigned state = 1;
    for (int i = 0; i < BODIES; i++) {
        float values[4];
        for (int k = 0; k < 4; k++) {
            state = state * 1664525u + 1013904223u;
            values[k] = (float)(state >> 8) / (float)(1 << 24);
        }
        world->bodies[i] = (struct body){values[0], values[1], (values[2] - 0.5f) / 50.0f,
                                         (values[3] - 0.5f) / 50.0f};
    }
}

static float wrap(float x)
{
    return x < 0 ? x + 1 : x >= 1 ? x - 1 : x;
}

static int cell_of(float x)
{
    int cell = (int)(x * CELLS);
    return cell < CELLS ? cell : CELLS - 1;
}

/* The grid, its lists and the list of contacts live as long as the frame. */
static unsigned long find_contacts(const struct world *world, struct knoll_arena *frame)
{
    unsigned long contacts = 0;
    struct entry **grid = knoll_arena_calloc(frame, (size_t)CELLS * CELLS, sizeof(*grid));
    if (grid == NULL)
        abort();
    for (int i = 0; i < BODIES; i++) {
        const struct body *body = &world->bodies[i];
        struct entry **cell = &grid[cell_of(body->y) * CELLS + cell_of(body->x)];
        struct entry *entry = knoll_arena_alloc(frame, sizeof(*entry));
        if (entry == NULL)
            abort();
        for (const struct entry *one = *cell; one != NULL; one = one->next) {
            float dx = one->body->x - body->x, dy = one->body->y - body->y;
            contacts += dx * dx + dy * dy < 0.00002f;
        }
        *entry = (struct entry){*cell, body};
        *cell = entry;
    }
    return contacts;
}

/* What would be drawn on top of the picture. */
static size_t draw_text(const struct world *world, int number, struct knoll_arena *frame)
{
    const char *line =
        knoll_arena_format(frame, "frame %d, %lu contacts so far", number, world->contacts);
    return line == NULL ? 0 : strlen(line);
}

int main(void)
{
    static struct world world;
    struct knoll_arena frame;
    struct knoll_arena_stats stats;
    size_t held_early = 0, letters = 0;
    if (knoll_arena_init(&frame, NULL) != 0)
        return 1;
    fill_world(&world);
    for (int number = 0; number < FRAMES; number++) {
        for (int i = 0; i < BODIES; i++) {
            world.bodies[i].x = wrap(world.bodies[i].x + world.bodies[i].dx);
            world.bodies[i].y = wrap(world.bodies[i].y + world.bodies[i].dy);
        }
        world.contacts += find_contacts(&world, &frame);
        letters += draw_text(&world, number, &frame);
        knoll_arena_reset(&frame);
        knoll_arena_stats_get(&frame, &stats);
        if (number == 2)
            held_early = stats.held_bytes;
    }
    printf("%d frames, %lu contacts, %zu letters; each frame used up to %zu bytes of %zu held\n",
           FRAMES, world.contacts, letters, stats.peak_bytes, stats.held_bytes);
    knoll_arena_destroy(&frame);
    return held_early == stats.held_bytes ? 0 : 1;
}
