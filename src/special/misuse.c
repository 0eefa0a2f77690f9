#include "special/misuse.h"

#include "base/fmt.h"
#include "os/os.h"

/* Set while nobody else uses an allocator, so it needs no order of its own. */
static knoll_misuse_callback *callback;
static void *callback_arg;

void kn_special_misuse(const char *product, const char *call, const void *p, const char *what)
{
    if (callback != NULL) {
        callback(&(struct knoll_misuse){product, call, p, what}, callback_arg);
        return;
    }
    char line[256];
    size_t length =
        kn_format(line, sizeof(line), "knoll: %s: %s(%p): %s\n", product, call, p, what);
    (void)kn_os_write(2, line, length);
    kn_os_abort();
}

void knoll_special_on_misuse(knoll_misuse_callback *function, void *arg)
{
    callback = function;
    callback_arg = arg;
}
