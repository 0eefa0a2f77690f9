#include "os/vdso.h"

#include "base/compiler.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>

/* What is needed of the image: an ELF shared library, mapped as one piece and never relocated. */
struct image {
    uintptr_t bias; /* what its addresses must be raised by */
    const ElfW(Sym) * symbols;
    const char *names;
    const uint32_t *hash;     /* DT_HASH, or NULL */
    const uint32_t *gnu_hash; /* DT_GNU_HASH, or NULL */
};

static const void *find_image(void)
{
    int saved = errno;
    const void *start = (const void *)getauxval(AT_SYSINFO_EHDR);
    errno = saved;
    return start;
}

/* The table of dynamic entries; NULL if there is none. Finds the bias on the way. */
static const ElfW(Dyn) * find_dynamic(const char *start, struct image *image)
{
    const ElfW(Ehdr) *header = (const void *)start;
    const ElfW(Phdr) *segment = (const void *)(start + header->e_phoff);
    const ElfW(Dyn) *dynamic = NULL;
    bool has_bias = false;
    for (size_t i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD && !has_bias) {
            image->bias = (uintptr_t)start + segment[i].p_offset - segment[i].p_vaddr;
            has_bias = true;
        } else if (segment[i].p_type == PT_DYNAMIC) {
            dynamic = (const void *)(start + segment[i].p_offset);
        }
    }
    return has_bias ? dynamic : NULL;
}

static bool try_read_image(const char *start, struct image *image)
{
    const ElfW(Dyn) *entry = find_dynamic(start, image);
    if (entry == NULL)
        return false;
    for (; entry->d_tag != DT_NULL; entry++) {
        const void *target = (const void *)(image->bias + entry->d_un.d_ptr);
        if (entry->d_tag == DT_SYMTAB)
            image->symbols = target;
        else if (entry->d_tag == DT_STRTAB)
            image->names = target;
        else if (entry->d_tag == DT_HASH)
            image->hash = target;
        else if (entry->d_tag == DT_GNU_HASH)
            image->gnu_hash = target;
    }
    return image->symbols != NULL && image->names != NULL;
}

/*
 * Only the hash tables tell how many symbols there are. The old one says so; in the other, the
 * longest chain of the last bucket ends with the last symbol, whose entry has its lowest bit set.
 */
static size_t count_symbols(const struct image *image)
{
    if (image->hash != NULL)
        return image->hash[1];
    if (image->gnu_hash == NULL)
        return 0;
    uint32_t buckets = image->gnu_hash[0], offset = image->gnu_hash[1];
    uint32_t bloom_words = image->gnu_hash[2] * (uint32_t)(sizeof(ElfW(Addr)) / sizeof(uint32_t));
    const uint32_t *bucket = image->gnu_hash + 4 + bloom_words, *chain = bucket + buckets;
    uint32_t last = 0;
    for (uint32_t i = 0; i < buckets; i++)
        last = bucket[i] > last ? bucket[i] : last;
    if (last < offset)
        return offset;
    while ((chain[last - offset] & 1) == 0)
        last++;
    return (size_t)last + 1;
}

static bool is_same_text(const char *a, const char *b)
{
    size_t i = 0;
    while (a[i] != '\0' && a[i] == b[i])
        i++;
    return a[i] == b[i];
}

void *kn_vdso_find(const char *name)
{
    struct image image = {0, NULL, NULL, NULL, NULL};
    const char *start = find_image();
    if (start == NULL || !try_read_image(start, &image))
        return NULL;
    size_t count = count_symbols(&image);
    for (size_t i = 0; i < count; i++) {
        const ElfW(Sym) *symbol = &image.symbols[i];
        if (symbol->st_shndx != SHN_UNDEF && is_same_text(image.names + symbol->st_name, name))
            return (void *)(image.bias + symbol->st_value);
    }
    return NULL;
}
