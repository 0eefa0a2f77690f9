#include "api/entry.h"

#include "core/options.h"
#include "core/report.h"
#include "os/os.h"

void *kn_entry_refuse(int error)
{
    errno = error;
    return NULL;
}

void *kn_entry_realloc_zero(void *p, enum kn_call call)
{
    static const char line[] = "knoll: realloc(p, 0): ended, as the option realloc_zero demands\n";
    switch (kn_option(KN_OPTION_realloc_zero)) {
    case KN_REALLOC_ZERO_BLOCK:
        return kn_realloc(p, 1, call);
    case KN_REALLOC_ZERO_ABORT:
        (void)kn_os_write(2, line, sizeof(line) - 1);
        kn_os_abort();
    default:
        kn_free(p, call);
        return NULL;
    }
}

bool kn_entry_has_deepbind(void)
{
    return kn_option(KN_OPTION_deepbind) != 0;
}
