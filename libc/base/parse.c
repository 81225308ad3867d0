/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Numbers and addresses from text, strictly.
 */
#include <base/parse.h>

#include <abi/error.h>

/* The value of a digit in any base up to 16; 16 when it is none. */
static unsigned digit_value(char character)
{
    if (character >= '0' && character <= '9') {
        return (unsigned)(character - '0');
    }
    if (character >= 'a' && character <= 'f') {
        return (unsigned)(character - 'a') + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return (unsigned)(character - 'A') + 10;
    }
    return 16;
}

int parse_u64(const char *text, size_t length, unsigned base, uint64_t *value)
{
    uint64_t result = 0;
    if (length == 0) {
        return E_INVALID;
    }
    for (size_t i = 0; i < length; i++) {
        if (digit_value(text[i]) >= base) {
            return E_INVALID;
        }
    }
    for (size_t i = 0; i < length; i++) {
        unsigned digit = digit_value(text[i]);
        if (result > (UINT64_MAX - digit) / base) {
            return E_RANGE;
        }
        result = result * base + digit;
    }
    *value = result;
    return OK;
}

/* A decimal number up to `limit` in its shortest form. */
static MUST_CHECK int parse_small(const char *text, size_t length, uint32_t limit, uint32_t *value)
{
    uint64_t wide;
    if (length > 1 && text[0] == '0') {
        return E_INVALID;
    }
    if (parse_u64(text, length, 10, &wide) != OK || wide > limit) {
        return E_INVALID;
    }
    *value = (uint32_t)wide;
    return OK;
}

/* The distance to the first `stop`, or `length`. */
static size_t span(const char *text, size_t length, char stop)
{
    size_t at = 0;
    while (at < length && text[at] != stop) {
        at++;
    }
    return at;
}

int parse_ipv4(const char *text, size_t length, uint32_t *address)
{
    uint32_t result = 0;
    for (unsigned part = 0; part < 4; part++) {
        uint32_t octet;
        size_t digits = part < 3 ? span(text, length, '.') : length;
        if ((part < 3 && digits == length) || parse_small(text, digits, 255, &octet) != OK) {
            return E_INVALID;
        }
        result = result << 8 | octet;
        if (part < 3) {
            text += digits + 1; /* digits < length: there is a dot */
            length -= digits + 1;
        }
    }
    *address = result;
    return OK;
}

int parse_ipv4_prefix(const char *text, size_t length, uint32_t *address, uint32_t *prefix_bits)
{
    uint32_t parsed_address;
    uint32_t parsed_bits;
    size_t slash = span(text, length, '/');
    if (slash == length || parse_ipv4(text, slash, &parsed_address) != OK ||
        parse_small(text + slash + 1, length - slash - 1, 32, &parsed_bits) != OK) {
        return E_INVALID;
    }
    *address = parsed_address;
    *prefix_bits = parsed_bits;
    return OK;
}
