#include "base/fmt.h"

#include "base/assert.h"

#include <limits.h>
#include <stdbool.h>

/* The longest text of a number: the decimal digits of a 64-bit value. */
#define DIGITS_MAX 20

struct sink {
    char *at;
    char *end; /* the last byte, kept for the terminator */
};

enum length { LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE };

struct spec {
    bool left;
    bool zero;
    size_t width;
    size_t precision; /* SIZE_MAX when none is given */
    enum length length;
};

/* va_list may be an array type, which decays when passed: in a structure it goes by pointer on
 * every platform. */
struct values {
    va_list list;
};

static void put_char(struct sink *sink, char c)
{
    if (sink->at < sink->end)
        *sink->at++ = c;
}

static void put_fill(struct sink *sink, char c, size_t count)
{
    while (count-- > 0 && sink->at < sink->end)
        *sink->at++ = c;
}

static void put_text(struct sink *sink, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        put_char(sink, text[i]);
}

/* `prefix` (a sign, or 0x) stands before filling zeroes and after filling blanks. */
static void put_padded(struct sink *sink, const struct spec *spec, const char *prefix,
                       const char *text, size_t length)
{
    size_t prefix_length = 0;
    size_t fill;

    while (prefix[prefix_length] != '\0')
        prefix_length++;
    fill = spec->width > prefix_length + length ? spec->width - prefix_length - length : 0;
    if (!spec->left && !spec->zero)
        put_fill(sink, ' ', fill);
    put_text(sink, prefix, prefix_length);
    if (!spec->left && spec->zero)
        put_fill(sink, '0', fill);
    put_text(sink, text, length);
    if (spec->left)
        put_fill(sink, ' ', fill);
}

static void put_number(struct sink *sink, const struct spec *spec, const char *prefix,
                       uint64_t value, unsigned base)
{
    char digits[DIGITS_MAX];
    size_t first = DIGITS_MAX;

    do {
        digits[--first] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    put_padded(sink, spec, prefix, digits + first, DIGITS_MAX - first);
}

static void put_signed(struct sink *sink, const struct spec *spec, int64_t value)
{
    if (value < 0)
        put_number(sink, spec, "-", 0 - (uint64_t)value, 10);
    else
        put_number(sink, spec, "", (uint64_t)value, 10);
}

static void put_string(struct sink *sink, struct spec *spec, const char *text)
{
    size_t length = 0;

    if (text == NULL)
        text = "(null)";
    while (length < spec->precision && text[length] != '\0')
        length++;
    spec->zero = false;
    put_padded(sink, spec, "", text, length);
}

static int64_t next_signed(struct values *values, enum length length)
{
    switch (length) {
    case LENGTH_LONG:
        return va_arg(values->list, long);
    case LENGTH_LONG_LONG:
        return va_arg(values->list, long long);
    case LENGTH_SIZE:
        return va_arg(values->list, ptrdiff_t);
    case LENGTH_INT:
        break;
    }
    return va_arg(values->list, int);
}

static uint64_t next_unsigned(struct values *values, enum length length)
{
    switch (length) {
    case LENGTH_LONG:
        return va_arg(values->list, unsigned long);
    case LENGTH_LONG_LONG:
        return va_arg(values->list, unsigned long long);
    case LENGTH_SIZE:
        return va_arg(values->list, size_t);
    case LENGTH_INT:
        break;
    }
    return va_arg(values->list, unsigned);
}

/* A width or precision at *format: digits or a star. Widths have no use beyond INT_MAX, where they
 * stop growing. */
static size_t parse_count(const char **format, struct values *values, bool *negative)
{
    size_t count = 0;

    *negative = false;
    if (**format == '*') {
        int value = va_arg(values->list, int);

        ++*format;
        *negative = value < 0;
        return value < 0 ? 0 - (size_t)value : (size_t)value;
    }
    for (; **format >= '0' && **format <= '9'; ++*format) {
        if (count < INT_MAX / 10)
            count = count * 10 + (size_t)(**format - '0');
    }
    return count;
}

static struct spec parse_spec(const char **format, struct values *values)
{
    struct spec spec = {.precision = SIZE_MAX, .length = LENGTH_INT};
    bool negative;

    for (; **format == '-' || **format == '0'; ++*format) {
        spec.left |= **format == '-';
        spec.zero |= **format == '0';
    }
    spec.width = parse_count(format, values, &negative);
    spec.left |= negative;
    if (**format == '.') {
        ++*format;
        spec.precision = parse_count(format, values, &negative);
        if (negative)
            spec.precision = SIZE_MAX;
    }
    if (**format == 'z') {
        ++*format;
        spec.length = LENGTH_SIZE;
    } else if (**format == 'l') {
        ++*format;
        spec.length = LENGTH_LONG;
        if (**format == 'l') {
            ++*format;
            spec.length = LENGTH_LONG_LONG;
        }
    }
    return spec;
}

/* Formats one value by the specification behind a percent sign. False, with nothing written, if it
 * is unknown. */
static bool put_conversion(struct sink *sink, const char **format, struct values *values)
{
    struct spec spec = parse_spec(format, values);
    char c;

    switch (**format) {
    case 'd':
        put_signed(sink, &spec, next_signed(values, spec.length));
        break;
    case 'u':
        put_number(sink, &spec, "", next_unsigned(values, spec.length), 10);
        break;
    case 'x':
        put_number(sink, &spec, "", next_unsigned(values, spec.length), 16);
        break;
    case 'p':
        put_number(sink, &spec, "0x", (uintptr_t)va_arg(values->list, void *), 16);
        break;
    case 's':
        put_string(sink, &spec, va_arg(values->list, const char *));
        break;
    case 'c':
        c = (char)va_arg(values->list, int);
        spec.zero = false;
        put_padded(sink, &spec, "", &c, 1);
        break;
    case '%':
        put_char(sink, '%');
        break;
    default:
        return false;
    }
    ++*format;
    return true;
}

size_t kn_vformat(char *buf, size_t cap, const char *format, va_list args)
{
    struct sink sink;
    struct values values;
    bool is_known = true;

    if (cap == 0)
        return 0;
    sink = (struct sink){.at = buf, .end = buf + cap - 1};
    va_copy(values.list, args);
    while (*format != '\0') {
        const char *start = format++;

        if (*start == '%' && is_known) {
            is_known = put_conversion(&sink, &format, &values);
            KN_ASSERT(is_known);
            if (is_known)
                continue;
            /* The types of further values are unknown: everything from here on is only copied. */
            format = start + 1;
        }
        put_char(&sink, *start);
    }
    va_end(values.list);
    *sink.at = '\0';
    return (size_t)(sink.at - buf);
}

size_t kn_format(char *buf, size_t cap, const char *format, ...)
{
    va_list args;
    size_t length;

    va_start(args, format);
    length = kn_vformat(buf, cap, format, args);
    va_end(args);
    return length;
}

size_t kn_format_bytes(char *buf, size_t cap, uint64_t bytes)
{
    static const char units[] = "KMGTPE";
    unsigned unit = 0;
    unsigned shift = 10;
    uint64_t tenths;

    if (bytes < 1024)
        return kn_format(buf, cap, "%llu B", (unsigned long long)bytes);
    while (unit + 1 < sizeof(units) - 1 && bytes >> shift >= 1024) {
        unit++;
        shift += 10;
    }
    /* Whole and fraction apart, so that the product of the fraction by ten fits 64 bits even for
     * EiB. */
    tenths = (bytes >> shift) * 10;
    tenths += ((bytes & ((UINT64_C(1) << shift) - 1)) * 10 + (UINT64_C(1) << (shift - 1))) >> shift;
    if (tenths == 10240) {
        unit++;
        tenths = 10;
    }
    return kn_format(buf, cap, "%llu.%llu %ciB", (unsigned long long)(tenths / 10),
                     (unsigned long long)(tenths % 10), units[unit]);
}
