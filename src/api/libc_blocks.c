#include "api/libc_blocks.h"

#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/auxv.h>

#include "base/align.h"
#include "core/foreign.h"
#include "os/os.h"
#include "os/syscall.h"

__attribute__((weak)) void __libc_free(void *p);

/* Flags in the low bits of glibc's size word. */
#define PREVIOUS_IN_USE ((size_t)1)
#define IS_MAPPED       ((size_t)2)
#define IS_OF_THREAD    ((size_t)4)
#define FLAGS           ((size_t)7)

#define WORD         sizeof(size_t)
#define HEADER_BYTES (2 * WORD)
#define CHUNK_ALIGN  ((size_t)16)
/* The heaps of threads are aligned to this. */
#define THREAD_HEAP_BYTES ((size_t)(sizeof(void *) == 8 ? 64 : 1) << 20)

/* What a thread's heap begins with. */
struct thread_heap {
    uintptr_t arena;
    uintptr_t previous;
    size_t bytes;
    size_t writable_bytes;
};

/* Whether the word at an address can be read: the kernel reads it as a set of signals, and then finds
 * that there is nothing to do with it. */
static bool is_readable(uintptr_t address)
{
    long result = kn_syscall(SYS_rt_sigprocmask, ~0L, kn_align_down(address, 8), NULL, 8);
    return kn_syscall_error(result) == EINVAL;
}

static size_t word_at(uintptr_t address)
{
    return *(const size_t *)address;
}

/* The end of the program's own data, behind which brk's heap begins. */
static uintptr_t program_end(void)
{
    const ElfW(Phdr) *headers = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    size_t count = getauxval(AT_PHNUM);
    uintptr_t bias = 0;
    uintptr_t end = 0;
    for (size_t i = 0; i < count; i++) {
        if (headers[i].p_type == PT_PHDR)
            bias = (uintptr_t)headers - headers[i].p_vaddr;
        if (headers[i].p_type == PT_LOAD && headers[i].p_vaddr + headers[i].p_memsz > end)
            end = headers[i].p_vaddr + headers[i].p_memsz;
    }
    return bias + end;
}

/* Between two addresses, with its successor saying that it is in use. */
static bool is_chunk_within(uintptr_t chunk, size_t bytes, uintptr_t from, uintptr_t to)
{
    if (chunk < from || chunk >= to || bytes >= to - chunk || bytes % CHUNK_ALIGN != 0)
        return false;
    uintptr_t next_size = chunk + bytes + WORD;
    return is_readable(next_size) && (word_at(next_size) & PREVIOUS_IN_USE) != 0;
}

static bool is_in_thread_heap(uintptr_t chunk, size_t bytes)
{
    uintptr_t base = kn_align_down(chunk, THREAD_HEAP_BYTES);
    const struct thread_heap *heap = (const struct thread_heap *)base;
    if (!is_readable(base) || !is_readable((uintptr_t)&heap->writable_bytes))
        return false;
    return heap->bytes <= heap->writable_bytes && heap->writable_bytes <= THREAD_HEAP_BYTES &&
           heap->bytes % kn_os_page_bytes() == 0 && is_readable(heap->arena) &&
           is_chunk_within(chunk, bytes, base + sizeof(*heap), base + heap->bytes);
}

static bool is_mapping(uintptr_t chunk, size_t bytes)
{
    size_t page = kn_os_page_bytes();
    size_t before = word_at(chunk);
    return bytes >= page && before < chunk && kn_is_aligned(chunk - before, page) &&
           kn_is_aligned(before + bytes, page) && is_readable(chunk + bytes - WORD);
}

static size_t usable_bytes(const void *p)
{
    uintptr_t chunk = (uintptr_t)p - HEADER_BYTES;
    if (__libc_free == NULL || !kn_is_aligned((uintptr_t)p, CHUNK_ALIGN) || !is_readable(chunk) ||
        !is_readable(chunk + WORD))
        return 0;
    size_t size_word = word_at(chunk + WORD);
    size_t bytes = size_word & ~FLAGS;
    if (bytes < 2 * HEADER_BYTES)
        return 0;
    if ((size_word & IS_MAPPED) != 0)
        return is_mapping(chunk, bytes) ? bytes - HEADER_BYTES : 0;
    bool is_known =
        (size_word & IS_OF_THREAD) != 0
            ? is_in_thread_heap(chunk, bytes)
            : is_chunk_within(chunk, bytes, program_end(), (uintptr_t)kn_syscall(SYS_brk, 0));
    /* An ordinary block extends into the first word of its successor. */
    return is_known ? bytes - WORD : 0;
}

static void free_block(void *p)
{
    __libc_free(p);
}

void kn_libc_blocks_accept(void)
{
    static const struct kn_foreign libc_blocks = {usable_bytes, free_block};
    /* Release: pairs with the acquire of those who ask. */
    kn_store_release(&kn_foreign, &libc_blocks);
}
