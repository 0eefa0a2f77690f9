#include "base/assert.h"

#include "base/fmt.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

void kn_assert_failed(const char *text, const char *file, unsigned line, const char *function)
{
    char message[512];
    size_t length = kn_format(message, sizeof(message), "knoll: %s:%u: %s: assertion failed: %s\n",
                              file, line, function, text);

    if (length == sizeof(message) - 1)
        message[length - 1] = '\n';
    /* syscall rather than write, which programs interpose; nothing can be done about a failure. */
    if (syscall(SYS_write, STDERR_FILENO, message, length) < 0)
        abort();
    abort();
}
