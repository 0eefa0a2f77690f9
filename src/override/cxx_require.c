/*
 * In the archive: a program that takes the operators from it takes these from its C++ runtime, where
 * a weak reference alone would not make the linker look.
 */
#include <stdint.h>

#include "api/entry.h"

void (*_ZSt15get_new_handlerv(void))(void);
void _ZSt17__throw_bad_allocv(void);
void *__cxa_begin_catch(void *exception);
void __cxa_end_catch(void);
void _Unwind_SetGR(void *context, int index, uintptr_t value);
void _Unwind_SetIP(void *context, uintptr_t address);
uintptr_t _Unwind_GetLanguageSpecificData(void *context);

typedef void any_function(void);

__attribute__((used)) static any_function *const required[] = {
    (any_function *)_ZSt15get_new_handlerv,
    (any_function *)_ZSt17__throw_bad_allocv,
    (any_function *)__cxa_begin_catch,
    (any_function *)__cxa_end_catch,
    (any_function *)_Unwind_SetGR,
    (any_function *)_Unwind_SetIP,
    (any_function *)_Unwind_GetLanguageSpecificData,
};
