/*
 * Memory of a graphics device, handed out by a buddy.
 *
 * The device's memory has no address in this program, so blocks are offsets, as a driver takes them,
 * and everything that is known about them is kept on this side. Two scenes are loaded one after the
 * other: textures must start at multiples of 64 KiB, small buffers at multiples of 256 bytes, and a
 * buffer of particles grows where it is for as long as the memory behind it is free.
 */
#include <stdio.h>
#include <stdlib.h>

#include <knoll/buddy.h>

enum {
    DEVICE_BYTES = 64 << 20,
    SMALLEST_ORDER = 8, /* 256 bytes */
    LARGEST_ORDER = 26, /* 64 MiB */
    TEXTURE_ALIGN = 64 << 10,
    BUFFER_ALIGN = 256,
    PARTICLES_ALIGN = 1 << 20,
    TEXTURES = 10,
    MESHES = 200
};

struct scene {
    size_t textures[TEXTURES];
    size_t meshes[MESHES];
};

static struct knoll_buddy *device;

static size_t device_alloc(size_t bytes, size_t align)
{
    size_t offset = knoll_buddy_alloc_offset(device, bytes, align);

    if (offset == KNOLL_BUDDY_NONE) {
        printf("the device has no block of %zu bytes; the largest has %zu\n", bytes,
               knoll_buddy_largest_bytes(device));
        exit(1);
    }
    return offset;
}

/* Textures of 1 to 4 MiB, and meshes of some thousand bytes. */
static void scene_load(struct scene *scene, unsigned variety)
{
    for (size_t i = 0; i < TEXTURES; i++)
        scene->textures[i] = device_alloc((size_t)1 << 20 << i * variety % 3, TEXTURE_ALIGN);
    for (size_t i = 0; i < MESHES; i++)
        scene->meshes[i] = device_alloc(700 + i * variety * 37 % 9000, BUFFER_ALIGN);
}

static void scene_unload(struct scene *scene)
{
    for (size_t i = 0; i < MESHES; i++)
        knoll_buddy_free_offset(device, scene->meshes[i]);
    for (size_t i = 0; i < TEXTURES; i++)
        knoll_buddy_free_offset(device, scene->textures[i]);
}

static void show(const char *when)
{
    struct knoll_buddy_stats stats;

    knoll_buddy_stats_get(device, &stats);
    printf("%-22s %5zu blocks, %6zu KiB used, largest free block %6zu KiB, fragmentation %u %%\n",
           when, stats.used_blocks, stats.used_bytes >> 10, stats.largest_free_bytes >> 10,
           stats.fragmentation_percent);
}

/* Doubles a buffer until what is behind it is in use; returns its size. */
static size_t grow_in_place(size_t buffer)
{
    size_t bytes = knoll_buddy_size_offset(device, buffer);

    while (bytes < DEVICE_BYTES && knoll_buddy_resize_offset(device, buffer, 2 * bytes) == 0)
        bytes *= 2;
    return bytes;
}

int main(void)
{
    struct scene first;
    struct scene second;
    size_t particles;

    device = knoll_buddy_new(NULL, NULL, DEVICE_BYTES, SMALLEST_ORDER, LARGEST_ORDER);
    if (device == NULL) {
        perror("knoll_buddy_new");
        return 1;
    }
    printf("%d MiB of the device are managed by %zu KiB of records\n\n", DEVICE_BYTES >> 20,
           knoll_buddy_state_bytes(DEVICE_BYTES, SMALLEST_ORDER, LARGEST_ORDER) >> 10);
    show("at the start");
    scene_load(&first, 4);
    show("first scene");
    scene_load(&second, 5);
    /* Aligned to the size it may come to, so that it can. */
    particles = device_alloc(4096, PARTICLES_ALIGN);
    show("and second scene");
    scene_unload(&first);
    show("second scene alone");
    printf("\nthe particles at offset %#zx grow from 4 KiB to %zu KiB where they are\n\n",
           particles, grow_in_place(particles) >> 10);
    scene_unload(&second);
    knoll_buddy_free_offset(device, particles);
    show("at the end");
    if (knoll_buddy_free_bytes(device) != DEVICE_BYTES || knoll_buddy_check(device) != NULL)
        return 1;
    knoll_buddy_delete(device);
    return 0;
}
