#include "core/report.h"

#include <stdint.h>

#include "base/fmt.h"
#include "core/map.h"
#include "core/slab.h"
#include "os/os.h"

#define LINE_BYTES 256
/* Addresses this close to a local variable are taken for the calling thread's stack. */
#define STACK_REACH ((uintptr_t)8 << 20)

enum kn_on_error kn_on_error = KN_ON_ERROR_ABORT;

static const char *const call_names[KN_CALL_COUNT] = {
#define KN_CALL(id, name) [KN_CALL_##id] = name,
#include "core/calls.def"
#undef KN_CALL
};

static void report(const char *line, size_t length)
{
    if (kn_on_error == KN_ON_ERROR_IGNORE)
        return;
    (void)kn_os_write(2, line, length);
    if (kn_on_error == KN_ON_ERROR_ABORT)
        kn_os_abort();
}

static size_t describe_slab_address(char *text, size_t size, const struct kn_run *run,
                                    uintptr_t address)
{
    const struct kn_class *c = &kn_classes[run->size_class];
    uint32_t offset = (uint32_t)(address - run->base);
    uint32_t index = kn_class_index_of(c, offset);
    uint32_t inside = offset - index * c->block_bytes;

    if (index >= kn_load_relaxed(&run->carved))
        return kn_format(text, size, "invalid pointer: no block has been handed out there");
    if (inside == 0)
        return kn_format(text, size, "a %u-byte block", c->block_bytes);
    return kn_format(text, size, "invalid pointer: it is %u bytes into the %u-byte block at 0x%zx",
                     inside, c->block_bytes, (size_t)(address - inside));
}

static size_t describe_large_interior(char *text, size_t size, const struct kn_place *place,
                                      uintptr_t address)
{
    const struct kn_run *slot = place->slot;
    const kn_desc *desc = place->desc;
    for (; kn_run_kind_of(slot) == KN_RUN_NONE; slot--, desc--) {
        uint32_t mark = kn_load_relaxed(desc);
        if (mark != KN_DESC_CLEAN && mark != KN_DESC_DIRTY)
            break;
    }
    if (kn_run_kind_of(slot) == KN_RUN_LARGE && address - slot->base < slot->granules * KN_GRANULE)
        return kn_format(text, size,
                         "invalid pointer: it is %zu bytes into the %zu-byte block at 0x%zx",
                         (size_t)(address - slot->base), slot->large.bytes, (size_t)slot->base);
    return kn_format(text, size, "invalid pointer: the memory there is free (double free?)");
}

static size_t describe(char *text, size_t size, uintptr_t address)
{
    struct kn_place place;
    uintptr_t here = (uintptr_t)&place;

    if (kn_map_find(address, &place)) {
        uint32_t desc = kn_load_relaxed(place.desc);
        if (desc == KN_DESC_CLEAN || desc == KN_DESC_DIRTY || desc == KN_DESC_LARGE)
            return describe_large_interior(text, size, &place, address);
        return describe_slab_address(text, size, kn_run_of_slot(place.slot), address);
    }
    const char *misaligned = address % KN_ALIGN_MIN != 0 ? ", and it is not 16-byte aligned" : "";
    if (address - here < STACK_REACH || here - address < STACK_REACH)
        return kn_format(text, size, "invalid pointer: it is on the calling thread's stack%s",
                         misaligned);
    return kn_format(text, size, "invalid pointer: not a block of this heap%s", misaligned);
}

void kn_report_bad_pointer(const void *p, enum kn_call call)
{
    char line[LINE_BYTES];
    char what[LINE_BYTES - 80];
    (void)describe(what, sizeof(what), (uintptr_t)p);
    size_t length =
        kn_format(line, sizeof(line), "knoll: %s(0x%zx): %s\n", call_names[call], (size_t)p, what);
    report(line, length < sizeof(line) ? length : sizeof(line) - 1);
}

void kn_report_double_free(const void *p, enum kn_call call)
{
    char line[LINE_BYTES];
    char what[LINE_BYTES - 80];
    (void)describe(what, sizeof(what), (uintptr_t)p);
    size_t length =
        kn_format(line, sizeof(line), "knoll: %s(0x%zx): double free: already free: %s\n",
                  call_names[call], (size_t)p, what);
    report(line, length < sizeof(line) ? length : sizeof(line) - 1);
}
