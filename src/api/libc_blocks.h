/*
 * The blocks of glibc's own malloc, in a process whose malloc is knoll's.
 *
 * Some code does not see the replacement: a plugin opened with RTLD_DEEPBIND, or whoever calls
 * __libc_malloc. When such a block is passed to free, realloc or malloc_usable_size, it is recognised
 * by the header that glibc keeps in front of it and by where it lies, and given to __libc_free.
 *
 *     in the heap that brk made         an ordinary block of the main thread
 *     in an aligned heap with its own   an ordinary block of another thread
 *       record at the beginning
 *     16 bytes into a mapping           a large block
 *
 * Addresses are asked of the kernel before they are read, so no pointer makes the check fault. With
 * another libc, or linked statically, there is no __libc_free and nothing is recognised.
 *
 * Threads: any. Cost: a few system calls, for foreign pointers alone.
 */
#ifndef KN_API_LIBC_BLOCKS_H
#define KN_API_LIBC_BLOCKS_H

/* From now on such blocks are accepted. */
void kn_libc_blocks_accept(void);

#endif
