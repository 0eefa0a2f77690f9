#include "override/cxx_runtime.h"

#include <stdint.h>

#include "api/entry.h"
#include "override/loader.h"

typedef void (*handler)(void);

__attribute__((weak)) handler _ZSt15get_new_handlerv(void); /* std::get_new_handler */
__attribute__((weak)) void _ZSt17__throw_bad_allocv(void);  /* std::__throw_bad_alloc */
__attribute__((weak)) void *__cxa_begin_catch(void *exception);
__attribute__((weak)) void __cxa_end_catch(void);
__attribute__((weak)) void _Unwind_SetGR(void *context, int index, uintptr_t value);
__attribute__((weak)) void _Unwind_SetIP(void *context, uintptr_t address);
__attribute__((weak)) uintptr_t _Unwind_GetLanguageSpecificData(void *context);

/* ---- finding the runtime ---- */

/* Global references do not see the runtime that came with a plugin; the loader does, if there is one. */
#define FIND(function)                                                                             \
    (function != NULL ? function : (__typeof__(function) *)(uintptr_t)find_late(#function))

static void *find_late(const char *name)
{
    return kn_loader_find_cxx != NULL ? kn_loader_find_cxx(name) : NULL;
}

handler kn_cxx_new_handler(void)
{
    handler (*get)(void) = FIND(_ZSt15get_new_handlerv);
    return get != NULL ? get() : NULL;
}

void kn_cxx_throw_bad_alloc(void)
{
    static const char line[] = "knoll: operator new: out of memory, and no C++ runtime to throw\n";
    void (*throw_bad_alloc)(void) = FIND(_ZSt17__throw_bad_allocv);
    if (throw_bad_alloc != NULL)
        throw_bad_alloc();
    (void)kn_os_write(2, line, sizeof(line) - 1);
    kn_os_abort();
}

/* ---- catching ---- */

/*
 * C has no catch, so the frame that catches is written by hand: a function whose personality claims
 * every exception and continues at the address that stands where other languages keep their tables.
 */
#if defined(__x86_64__)
#define HAS_CATCH 1
__asm__(".text\n"
        "\t.p2align 4\n"
        "\t.type kn_cxx_call_caught, @function\n"
        "kn_cxx_call_caught:\n"
        "\t.cfi_startproc\n"
        "\t.cfi_personality 0x1b, kn_cxx_personality\n"
        "\t.cfi_lsda 0x1b, .Lkn_cxx_landing\n"
        "\tendbr64\n"
        "\tsubq $8, %rsp\n"
        "\t.cfi_adjust_cfa_offset 8\n"
        "\tcallq *%rdi\n"
        "\tmovl $1, %eax\n"
        ".Lkn_cxx_return:\n"
        "\taddq $8, %rsp\n"
        "\t.cfi_remember_state\n"
        "\t.cfi_adjust_cfa_offset -8\n"
        "\tretq\n"
        "\t.cfi_restore_state\n"
        ".Lkn_cxx_landing:\n"
        "\tendbr64\n"
        "\tmovq %rax, %rdi\n"
        "\tcallq kn_cxx_caught\n"
        "\txorl %eax, %eax\n"
        "\tjmp .Lkn_cxx_return\n"
        "\t.cfi_endproc\n"
        "\t.size kn_cxx_call_caught, . - kn_cxx_call_caught\n");
#elif defined(__aarch64__)
#define HAS_CATCH 1
__asm__(".text\n"
        "\t.p2align 4\n"
        "\t.type kn_cxx_call_caught, %function\n"
        "kn_cxx_call_caught:\n"
        "\t.cfi_startproc\n"
        "\t.cfi_personality 0x1b, kn_cxx_personality\n"
        "\t.cfi_lsda 0x1b, .Lkn_cxx_landing\n"
        "\tstp x29, x30, [sp, #-16]!\n"
        "\t.cfi_def_cfa_offset 16\n"
        "\t.cfi_offset 29, -16\n"
        "\t.cfi_offset 30, -8\n"
        "\tblr x0\n"
        "\tmov w0, #1\n"
        ".Lkn_cxx_return:\n"
        "\tldp x29, x30, [sp], #16\n"
        "\t.cfi_remember_state\n"
        "\t.cfi_restore 29\n"
        "\t.cfi_restore 30\n"
        "\t.cfi_def_cfa_offset 0\n"
        "\tret\n"
        "\t.cfi_restore_state\n"
        ".Lkn_cxx_landing:\n"
        "\tbl kn_cxx_caught\n"
        "\tmov w0, #0\n"
        "\tb .Lkn_cxx_return\n"
        "\t.cfi_endproc\n"
        "\t.size kn_cxx_call_caught, . - kn_cxx_call_caught\n");
#else
#define HAS_CATCH 0
#endif

#if HAS_CATCH

/* Values of the exception handling ABI. */
enum { ACTION_SEARCH = 1, ACTION_FORCED = 8 };
enum { HANDLER_FOUND = 6, INSTALL_CONTEXT = 7, CONTINUE_UNWIND = 8 };

KN_HIDDEN bool kn_cxx_call_caught(handler function);
KN_HIDDEN void kn_cxx_caught(void *exception);
KN_HIDDEN int kn_cxx_personality(int version, int actions, uint64_t class, void *exception,
                                 void *context);

__attribute__((used)) int kn_cxx_personality(int version, int actions, uint64_t class,
                                             void *exception, void *context)
{
    (void)version;
    (void)class;
    if (actions & ACTION_FORCED) /* the end of a thread is not to be caught */
        return CONTINUE_UNWIND;
    if (actions & ACTION_SEARCH)
        return HANDLER_FOUND;
    FIND(_Unwind_SetGR)(context, 0, (uintptr_t)exception);
    FIND(_Unwind_SetIP)(context, FIND(_Unwind_GetLanguageSpecificData)(context));
    return INSTALL_CONTEXT;
}

__attribute__((used)) void kn_cxx_caught(void *exception)
{
    FIND(__cxa_begin_catch)(exception);
    FIND(__cxa_end_catch)();
}

bool kn_cxx_try_call(handler function)
{
    return kn_cxx_call_caught(function);
}

#else

bool kn_cxx_try_call(handler function)
{
    function();
    return true;
}

#endif
