#define _GNU_SOURCE

#include "cli/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct image {
    const unsigned char *start;
    size_t bytes;
};

/* `bytes` at `offset`, or NULL where the file has no so many. */
static const void *image_at(const struct image *image, uint64_t offset, uint64_t bytes)
{
    if (offset > image->bytes || bytes > image->bytes - offset)
        return NULL;
    return image->start + offset;
}

static const ElfW(Phdr) * segment(const struct image *image, unsigned index)
{
    const ElfW(Ehdr) *header = image_at(image, 0, sizeof(*header));
    if (index >= header->e_phnum || header->e_phentsize != sizeof(ElfW(Phdr)) ||
        header->e_phoff % _Alignof(ElfW(Phdr)) != 0)
        return NULL;
    return image_at(image, header->e_phoff + index * sizeof(ElfW(Phdr)), sizeof(ElfW(Phdr)));
}

static const ElfW(Phdr) * segment_of_type(const struct image *image, unsigned type)
{
    const ElfW(Phdr) * found;
    for (unsigned i = 0; (found = segment(image, i)) != NULL; i++) {
        if (found->p_type == type)
            break;
    }
    return found;
}

/* The place in the file of what is loaded to `address`. */
static uint64_t offset_of(const struct image *image, uint64_t address)
{
    const ElfW(Phdr) * s;
    for (unsigned i = 0; (s = segment(image, i)) != NULL; i++) {
        if (s->p_type == PT_LOAD && address >= s->p_vaddr && address - s->p_vaddr < s->p_filesz)
            return s->p_offset + (address - s->p_vaddr);
    }
    return UINT64_MAX;
}

bool cli_elf_is_sanitizer(const char *name)
{
    static const char *const starts[] = {
        "libasan.so",       "libhwasan.so",       "liblsan.so",       "libtsan.so",
        "libclang_rt.asan", "libclang_rt.hwasan", "libclang_rt.lsan", "libclang_rt.tsan",
    };
    for (size_t i = 0; i < KN_ARRAY_LEN(starts); i++) {
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    return false;
}

static void find_sanitizer(const struct image *image, struct cli_elf *elf)
{
    const ElfW(Phdr) *dynamic = segment_of_type(image, PT_DYNAMIC);
    if (dynamic == NULL || dynamic->p_offset % _Alignof(ElfW(Dyn)) != 0)
        return;
    size_t count = dynamic->p_filesz / sizeof(ElfW(Dyn));
    const ElfW(Dyn) *entries = image_at(image, dynamic->p_offset, count * sizeof(ElfW(Dyn)));
    uint64_t names = UINT64_MAX;
    for (size_t i = 0; entries != NULL && i < count; i++) {
        if (entries[i].d_tag == DT_STRTAB)
            names = offset_of(image, entries[i].d_un.d_ptr);
    }
    for (size_t i = 0; names != UINT64_MAX && i < count && entries[i].d_tag != DT_NULL; i++) {
        const char *name = image_at(image, names + entries[i].d_un.d_val, sizeof(elf->sanitizer));
        if (entries[i].d_tag == DT_NEEDED && name != NULL && cli_elf_is_sanitizer(name) &&
            memchr(name, 0, sizeof(elf->sanitizer)) != NULL) {
            strcpy(elf->sanitizer, name);
            return;
        }
    }
}

static void read_native(const struct image *image, struct cli_elf *elf)
{
    const ElfW(Ehdr) *header = image_at(image, 0, sizeof(*header));
    elf->is_shared = header->e_type == ET_DYN;
    elf->has_interpreter = segment_of_type(image, PT_INTERP) != NULL;
    find_sanitizer(image, elf);
}

/* The header of a file that is native for sure: our own. */
static bool is_native(const ElfW(Ehdr) * header)
{
    static ElfW(Ehdr) own;
    if (own.e_machine == 0) {
        int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return true;
        if (read(fd, &own, sizeof(own)) != sizeof(own))
            own.e_machine = 0;
        close(fd);
        if (own.e_machine == 0)
            return true;
    }
    return header->e_ident[EI_CLASS] == own.e_ident[EI_CLASS] &&
           header->e_ident[EI_DATA] == own.e_ident[EI_DATA] && header->e_machine == own.e_machine;
}

int cli_elf_read(const char *path, struct cli_elf *elf)
{
    struct stat status;
    *elf = (struct cli_elf){.is_elf = false};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno;
    int error = fstat(fd, &status) != 0 ? errno : S_ISREG(status.st_mode) ? 0 : EACCES;
    if (error != 0 || (size_t)status.st_size < sizeof(ElfW(Ehdr))) {
        close(fd);
        return error;
    }
    struct image image = {.bytes = (size_t)status.st_size};
    image.start = mmap(NULL, image.bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    error = image.start == MAP_FAILED ? errno : 0;
    close(fd);
    if (error != 0)
        return error;
    const ElfW(Ehdr) *header = image_at(&image, 0, sizeof(*header));
    elf->is_elf = memcmp(header->e_ident, ELFMAG, SELFMAG) == 0;
    elf->is_native = elf->is_elf && is_native(header);
    if (elf->is_native)
        read_native(&image, elf);
    munmap((void *)(uintptr_t)image.start, image.bytes);
    return 0;
}
