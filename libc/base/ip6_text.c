/* SPDX-License-Identifier: BSD-2-Clause */
#include "ip6_text.h"

#include <stdbool.h>
#include <string.h>

#include <abi/error.h>

#include "bytes.h"
#include "fmt.h"
#include "parse.h"

enum { GROUPS = 8, GROUP_DIGITS = 4, DOTTED_BYTES_MAX = 15 };

/* The first of the longest runs of at least two groups that are zero; its length. */
static int find_zeros(const uint8_t *address, int *first)
{
    int best = 1;
    *first = GROUPS;
    for (int i = 0, run = 0; i < GROUPS; i++) {
        run = bytes_get_be16(address + 2 * i) == 0 ? run + 1 : 0;
        if (run > best) {
            best = run;
            *first = i + 1 - run;
        }
    }
    return best;
}

size_t ip6_format(const uint8_t address[IP6_BYTES], char text[IP6_TEXT_BYTES])
{
    int first;
    int zeros = find_zeros(address, &first);
    size_t len = 0;
    for (int i = 0; i < GROUPS; i++) {
        if (i == first) {
            len += fmt_format(text + len, IP6_TEXT_BYTES - len, "::");
            i += zeros - 1;
            continue;
        }
        bool is_joined = i == 0 || i == first + zeros;
        len += fmt_format(text + len, IP6_TEXT_BYTES - len, is_joined ? "%x" : ":%x",
                          bytes_get_be16(address + 2 * i)); /* <= 39 characters in all */
    }
    return len;
}

/* The digits of one group at the start of the text; 0: there are none, or too many. */
static size_t parse_group(const char *text, size_t length, uint8_t *group)
{
    uint64_t value;
    size_t digits = 0;
    while (digits < length && text[digits] != ':') {
        digits++;
    }
    if (digits > GROUP_DIGITS || parse_u64(text, digits, 16, &value) != OK) {
        return 0;
    }
    bytes_put_be16(group, (uint16_t)value); /* four digits */
    return digits;
}

static bool parse_dotted(const char *text, size_t length, uint8_t *bytes)
{
    uint32_t ip4;
    if (length > DOTTED_BYTES_MAX || parse_ipv4(text, length, &ip4) != OK) {
        return false;
    }
    bytes_put_be32(bytes, ip4);
    return true;
}

/* Groups separated by single colons; the end of the text may be dotted. Their bytes, or -1. */
static int parse_groups(const char *text, size_t length, uint8_t *bytes, bool is_end)
{
    int used = 0;
    while (length != 0) {
        if (is_end && used <= IP6_BYTES - 4 && parse_dotted(text, length, bytes + used)) {
            return used + 4;
        }
        size_t digits = used <= IP6_BYTES - 2 ? parse_group(text, length, bytes + used) : 0;
        bool has_more = digits < length;
        if (digits == 0 || (has_more && digits + 1 == length)) {
            return -1;
        }
        used += 2;
        text += has_more ? digits + 1 : digits;
        length -= has_more ? digits + 1 : digits;
    }
    return used;
}

int ip6_parse(const char *text, size_t length, uint8_t address[IP6_BYTES])
{
    uint8_t left[IP6_BYTES] = {0}, right[IP6_BYTES] = {0};
    size_t gap = 0;
    while (gap + 1 < length && (text[gap] != ':' || text[gap + 1] != ':')) {
        gap++;
    }
    bool has_gap = gap + 1 < length;
    int before = parse_groups(text, has_gap ? gap : length, left, !has_gap);
    int after = has_gap ? parse_groups(text + gap + 2, length - gap - 2, right, true) : 0;
    bool is_whole = has_gap ? before + after <= IP6_BYTES - 2 : before == IP6_BYTES;
    if (before < 0 || after < 0 || !is_whole) {
        return E_INVALID;
    }
    memcpy(left + IP6_BYTES - after, right, (size_t)after);
    memcpy(address, left, IP6_BYTES);
    return OK;
}
