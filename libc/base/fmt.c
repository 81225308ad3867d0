/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Text from numbers: parse one conversion, make its text, pad it.
 *
 * F1  put() is the only place that writes to the buffer, and it keeps the last byte for the 0.
 */
#include <base/fmt.h>

#include <stdbool.h>
#include <stdint.h>

enum {
    FMT_WIDTH_MAX = 1024,    /* what a hostile width could cost */
    FMT_DIGITS_MAX = 20 + 1, /* UINT64_MAX in decimal, or 16 hex digits, and a sign */
};

struct output {
    char *buffer;
    size_t size;
    size_t length; /* < size */
};

struct conversion {
    bool is_left;
    bool is_zero_padded;
    size_t width;
    size_t precision; /* of %s; SIZE_MAX is none */
    char length;      /* 0, 'l' (also for ll) or 'z' */
};

static void put(struct output *out, char character)
{
    if (out->size - out->length > 1) {
        out->buffer[out->length++] = character;
    }
}

static void put_repeated(struct output *out, char character, size_t count)
{
    while (count-- > 0) {
        put(out, character);
    }
}

/* `prefix` characters at the start (sign, 0x) come before padding with zeros. */
static void put_padded(struct output *out, const struct conversion *conversion, const char *text,
                       size_t length, size_t prefix)
{
    size_t padding = conversion->width > length ? conversion->width - length : 0;
    size_t zeros = conversion->is_zero_padded && !conversion->is_left ? padding : 0;
    size_t at = 0;

    if (!conversion->is_left) {
        put_repeated(out, ' ', padding - zeros);
    }
    while (at < prefix) {
        put(out, text[at++]);
    }
    put_repeated(out, '0', zeros);
    while (at < length) {
        put(out, text[at++]);
    }
    if (conversion->is_left) {
        put_repeated(out, ' ', padding);
    }
}

static void put_number(struct output *out, const struct conversion *conversion, char kind,
                       uint64_t value)
{
    char text[FMT_DIGITS_MAX + 1]; /* one more for the second character of 0x */
    const char *digits = kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    unsigned base = kind == 'd' || kind == 'u' ? 10 : 16;
    bool is_negative = kind == 'd' && (int64_t)value < 0;
    size_t at = sizeof(text);
    size_t prefix = 0;

    value = is_negative ? -value : value;
    do {
        text[--at] = digits[value % base];
        value /= base;
    } while (value != 0);
    if (is_negative) {
        text[--at] = '-';
        prefix = 1;
    }
    if (kind == 'p') {
        text[--at] = 'x';
        text[--at] = '0';
        prefix = 2;
    }
    put_padded(out, conversion, text + at, sizeof(text) - at, prefix);
}

static void put_string(struct output *out, struct conversion *conversion, const char *text)
{
    size_t length = 0;
    text = text == NULL ? "(null)" : text;
    while (length < conversion->precision && text[length] != 0) {
        length++;
    }
    conversion->is_zero_padded = false;
    put_padded(out, conversion, text, length, 0);
}

static size_t bounded(size_t value)
{
    return value < FMT_WIDTH_MAX ? value : FMT_WIDTH_MAX;
}

/* Reads digits; stays bounded whatever stands there. */
static size_t read_count(const char **format)
{
    size_t value = 0;
    for (; **format >= '0' && **format <= '9'; (*format)++) {
        value = bounded(value * 10 + (size_t)(**format - '0'));
    }
    return value;
}

/* The argument list inside a struct, so that a function may advance it for its caller. */
struct arguments {
    va_list list;
};

/* Reads what stands between % and the letter. */
static struct conversion read_conversion(const char **format, struct arguments *arguments)
{
    struct conversion conversion = {.precision = SIZE_MAX};

    for (; **format == '-' || **format == '0'; (*format)++) {
        conversion.is_left |= **format == '-';
        conversion.is_zero_padded |= **format == '0';
    }
    if (**format == '*') {
        int width = va_arg(arguments->list, int);
        conversion.is_left |= width < 0;
        conversion.width = bounded((size_t)(width < 0 ? -(int64_t)width : width));
        (*format)++;
    } else {
        conversion.width = read_count(format);
    }
    if (**format == '.') {
        (*format)++;
        if (**format == '*') {
            int precision = va_arg(arguments->list, int);
            conversion.precision = precision < 0 ? SIZE_MAX : (size_t)precision;
            (*format)++;
        } else {
            conversion.precision = read_count(format);
        }
    }
    for (; **format == 'l' || **format == 'z'; (*format)++) {
        conversion.length = **format;
    }
    return conversion;
}

static_assert(sizeof(long) == 8 && sizeof(long long) == 8 && sizeof(size_t) == 8, "l, ll and z");

static uint64_t read_unsigned(char length, struct arguments *arguments)
{
    return length == 0 ? va_arg(arguments->list, unsigned) : va_arg(arguments->list, uint64_t);
}

static int64_t read_signed(char length, struct arguments *arguments)
{
    return length == 0 ? va_arg(arguments->list, int) : va_arg(arguments->list, int64_t);
}

/* Prints one conversion; `format` stands behind the % and is left behind the letter. */
static void put_conversion(struct output *out, const char **format, struct arguments *arguments)
{
    const char *start = *format;
    struct conversion conversion = read_conversion(format, arguments);
    char kind = **format;

    if (kind != 0) {
        (*format)++;
    }
    switch (kind) {
    case 'd':
    case 'i':
        put_number(out, &conversion, 'd', (uint64_t)read_signed(conversion.length, arguments));
        break;
    case 'u':
    case 'x':
    case 'X':
        put_number(out, &conversion, kind, read_unsigned(conversion.length, arguments));
        break;
    case 'p':
        put_number(out, &conversion, kind, (uintptr_t)va_arg(arguments->list, void *));
        break;
    case 'c': {
        char character = (char)va_arg(arguments->list, int);
        conversion.is_zero_padded = false;
        put_padded(out, &conversion, &character, 1, 0);
        break;
    }
    case 's':
        put_string(out, &conversion, va_arg(arguments->list, const char *));
        break;
    case '%':
        put(out, '%');
        break;
    default: /* not ours: as it stands */
        put(out, '%');
        while (start < *format) {
            put(out, *start++);
        }
        break;
    }
}

size_t fmt_format_list(char *buffer, size_t size, const char *format, va_list list)
{
    struct output out = {.buffer = buffer, .size = size};
    struct arguments arguments;

    if (size == 0) {
        return 0;
    }
    va_copy(arguments.list, list);
    while (*format != 0) {
        char character = *format++;
        if (character == '%') {
            put_conversion(&out, &format, &arguments);
        } else {
            put(&out, character);
        }
    }
    va_end(arguments.list);
    buffer[out.length] = 0;
    return out.length;
}

size_t fmt_format(char *buffer, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    size_t length = fmt_format_list(buffer, size, format, list);
    va_end(list);
    return length;
}
