/* SPDX-License-Identifier: BSD-2-Clause */
#include "bus_name.h"

#include <string.h>

/* The least value that needs so many bytes. */
static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

/*
 * The bytes of one character at `text`, 0 if there is none: cut short, a continuation out of
 * place, longer than needed, a surrogate, past U+10FFFF, or a control character.
 */
static size_t character_bytes(const uint8_t *text, size_t left)
{
    size_t bytes = 1;
    uint32_t value = text[0];
    if (value >= 0xf0) {
        bytes = 4;
        value &= 0x0f; /* of 0xf5 and above the value becomes too large */
    } else if (value >= 0xe0) {
        bytes = 3;
        value &= 0x0f;
    } else if (value >= 0xc0) {
        bytes = 2;
        value &= 0x1f;
    } else if (value >= 0x80) {
        return 0;
    }
    if (bytes > left) {
        return 0;
    }
    for (size_t i = 1; i < bytes; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (text[i] & 0x3f); /* < 2^22 */
    }
    bool is_control = value < 0x20 || (value >= 0x7f && value < 0xa0);
    bool is_surrogate = value >= 0xd800 && value < 0xe000;
    return value < least[bytes] || value > 0x10ffff || is_control || is_surrogate ? 0 : bytes;
}

bool bus_name_is_good(const uint8_t *text, size_t len)
{
    if (len == 0 || len > BUS_NAME_MAX) {
        return false;
    }
    for (size_t at = 0; at < len;) {
        size_t bytes = character_bytes(text + at, len - at);
        if (bytes == 0) {
            return false;
        }
        at += bytes; /* <= len */
    }
    return true;
}

bool bus_name_set(struct bus_name *name, const void *text, size_t len)
{
    *name = (struct bus_name){.len = 0};
    if (!bus_name_is_good(text, len)) {
        return false;
    }
    name->len = (uint8_t)len; /* <= BUS_NAME_MAX */
    memcpy(name->text, text, len);
    return true;
}

bool bus_name_is_equal(const struct bus_name *a, const struct bus_name *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

uint64_t bus_name_hash(const struct bus_name *name)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, then the end of splitmix64 */
    for (size_t i = 0; i < name->len; i++) {
        hash = (hash ^ (uint8_t)name->text[i]) * 0x100000001b3;
    }
    hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
    hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
    return hash ^ hash >> 31;
}
