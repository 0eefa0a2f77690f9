#include "base/fmt.h"

#include "base/rng.h"
#include "require.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

static char ours[512], theirs[512];

static void require_equal(size_t length)
{
    kn_require(length == strlen(ours));
    if (strcmp(ours, theirs) != 0)
        ck_abort_msg("\"%s\" where snprintf gives \"%s\"", ours, theirs);
}

/* Formats by kn_format and by snprintf, and wants the same text. */
#define AGREES(...)                                                                                \
    do {                                                                                           \
        size_t length_ = kn_format(ours, sizeof(ours), __VA_ARGS__);                               \
        snprintf(theirs, sizeof(theirs), __VA_ARGS__);                                             \
        require_equal(length_);                                                                    \
    } while (0)

KN_TEST(fmt, agrees_with_snprintf_for_extreme_numbers)
{
    AGREES("%d %d %d %d", 0, 1, INT_MAX, INT_MIN);
    AGREES("%u %u", 0u, UINT_MAX);
    AGREES("%ld %ld %lu", LONG_MAX, LONG_MIN, ULONG_MAX);
    AGREES("%lld %lld %llu", LLONG_MAX, LLONG_MIN, ULLONG_MAX);
    AGREES("%zu %zd", SIZE_MAX, (ssize_t)PTRDIFF_MIN);
    AGREES("%x %lx %llx %zx", UINT_MAX, ULONG_MAX, ULLONG_MAX, SIZE_MAX);
    AGREES("%x %lx %llx %zx", 0u, 0ul, 0ull, (size_t)0);
    AGREES("%p", (void *)ours);
}

KN_TEST(fmt, agrees_with_snprintf_for_widths_and_flags)
{
    AGREES("[%5d][%-5d][%05d][%1d]", 42, 42, 42, 42);
    AGREES("[%5d][%-5d][%05d][%1d]", -42, -42, -42, -42);
    AGREES("[%16lx][%-16lx][%016lx]", 0xbeeful, 0xbeeful, 0xbeeful);
    AGREES("[%*d][%-*d][%*d]", 6, 1, 6, 2, -6, 3);
    AGREES("[%10s][%-10s][%0d]", "abc", "abc", 5);
    AGREES("[%3c][%-3c][%c]", 'x', 'y', 'z');
    AGREES("[%20p][%-20p]", (void *)theirs, (void *)theirs);
}

KN_TEST(fmt, agrees_with_snprintf_for_strings)
{
    AGREES("%s%s%s", "", "one", "two");
    AGREES("%.2s|%.0s|%.9s", "abc", "abc", "abc");
    AGREES("%.*s|%.*s|%8.*s", 2, "abc", -1, "abc", 1, "abc");
    AGREES("100%% of %s%%", "it");
    AGREES("plain text");
}

KN_TEST(fmt, reads_no_further_than_the_precision)
{
    const char unterminated[3] = {'a', 'b', 'c'};

    ck_assert_uint_eq(kn_format(ours, sizeof(ours), "%.*s", 3, unterminated), 3);
    ck_assert_str_eq(ours, "abc");
}

KN_TEST(fmt, names_null_pointers)
{
    const char *volatile nothing = NULL;

    kn_format(ours, sizeof(ours), "%s %p", nothing, (void *)NULL);
    ck_assert_str_eq(ours, "(null) 0x0");
}

KN_TEST(fmt, agrees_with_snprintf_for_random_numbers)
{
    struct kn_rng rng;

    kn_rng_seed(&rng, kn_test_seed());
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t n = kn_rng_next(&rng) >> kn_rng_below(&rng, 64);
        int width = (int)kn_rng_below(&rng, 24);

        AGREES("%llu %lld %llx", (unsigned long long)n, (long long)n, (unsigned long long)n);
        AGREES("%*d %-*u %0*x", width, (int)n, width, (unsigned)n, 9, (unsigned)n);
    }
}

/* For each capacity: cut, terminated, nothing written behind. */
KN_TEST(fmt, cuts_and_terminates_when_the_buffer_is_too_small)
{
    static const char whole[] = "abc -00012     0x1 def";
    const size_t length = sizeof(whole) - 1;

    for (size_t cap = 0; cap <= length + 2; cap++) {
        size_t expected = cap == 0 ? 0 : cap - 1 < length ? cap - 1 : length;
        size_t written;

        memset(ours, '#', sizeof(ours));
        written = kn_format(ours, cap, "%s %06d %7p %s", "abc", -12, (void *)1, "def");
        ck_assert_uint_eq(written, expected);
        ck_assert_mem_eq(ours, whole, expected);
        if (cap > 0)
            ck_assert_int_eq(ours[expected], '\0');
        for (size_t i = cap == 0 ? 0 : expected + 1; i < sizeof(ours); i++)
            kn_require(ours[i] == '#');
    }
}

KN_TEST(fmt, results_can_be_chained)
{
    size_t n = 0;

    for (int i = 0; i < 1000; i++)
        n += kn_format(ours + n, sizeof(ours) - n, "%d,", i);
    ck_assert_uint_eq(n, sizeof(ours) - 1);
    ck_assert_uint_eq(strlen(ours), n);
}

KN_TEST(fmt, ends_soon_when_width_is_absurd)
{
    /* Volatile, or the compiler would object to what is tested. */
    volatile int widths[] = {INT_MAX, INT_MIN};

    for (size_t i = 0; i < KN_ARRAY_LEN(widths); i++)
        ck_assert_uint_eq(kn_format(ours, sizeof(ours), "%*d", widths[i], 1), sizeof(ours) - 1);
}

#if !KN_DEBUG
KN_TEST(fmt, copies_the_rest_when_a_conversion_is_unknown)
{
    /* Not literals, or the compiler would object, as it should. */
    static const char *const volatile formats[] = {"%d %y %d", "%", "a%", "%l", "%5"};
    static const char *const expected[] = {"7 %y %d", "%", "a%", "%l", "%5"};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    for (size_t i = 0; i < KN_ARRAY_LEN(expected); i++) {
        kn_format(ours, sizeof(ours), formats[i], 7, 8);
        ck_assert_str_eq(ours, expected[i]);
    }
#pragma GCC diagnostic pop
}
#endif

KN_TEST(fmt, leaves_errno_alone)
{
    errno = 42;
    kn_format(ours, sizeof(ours), "%s %d", "x", 1);
    kn_format_bytes(ours, sizeof(ours), 1 << 20);
    ck_assert_int_eq(errno, 42);
}

KN_TEST(fmt, writes_sizes_in_units_rounded_to_tenths)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0 B"},
        {1, "1 B"},
        {1023, "1023 B"},
        {1024, "1.0 KiB"},
        {1075, "1.0 KiB"},
        {1076, "1.1 KiB"},
        {1536, "1.5 KiB"},
        {12897485, "12.3 MiB"},
        {1023 * 1024 + 972, "1023.9 KiB"},
        {1023 * 1024 + 973, "1.0 MiB"},
        {1048575, "1.0 MiB"},
        {UINT64_C(1) << 30, "1.0 GiB"},
        {UINT64_C(5) << 39, "2.5 TiB"},
        {UINT64_C(1) << 50, "1.0 PiB"},
        {UINT64_C(1) << 60, "1.0 EiB"},
        {UINT64_MAX, "16.0 EiB"},
    };

    for (size_t i = 0; i < KN_ARRAY_LEN(cases); i++) {
        size_t length = kn_format_bytes(ours, sizeof(ours), cases[i].bytes);

        ck_assert_str_eq(ours, cases[i].text);
        ck_assert_uint_eq(length, strlen(cases[i].text));
        ck_assert_uint_lt(length, 11);
    }
}
