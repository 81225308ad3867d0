/* SPDX-License-Identifier: BSD-2-Clause */
#include "record.h"

#include <string.h>

#include <base/bytes.h>

struct kind_rule {
    uint8_t kind;
    bool is_control;
    uint16_t least;
    uint16_t most;
};

static const struct kind_rule rules[] = {
#define RECORD_RULE(number, name, is_control, least, most) {number, is_control, least, most},
    RECORD_KINDS(RECORD_RULE)
#undef RECORD_RULE
};

bool record_read(const uint8_t *bytes, size_t len, struct record *record)
{
    if (len < RECORD_HEADER_BYTES) {
        return false;
    }
    record->channel = bytes_get_be16(bytes);
    record->body = (struct crypto_span){bytes + RECORD_HEADER_BYTES, len - RECORD_HEADER_BYTES};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const struct kind_rule *rule = &rules[i];
        if (rule->kind == bytes[2]) {
            record->kind = (enum record_kind)rule->kind;
            return rule->is_control == (record->channel == 0) && record->body.len >= rule->least &&
                   record->body.len <= rule->most;
        }
    }
    return false;
}

size_t record_write(const struct record *record, uint8_t *bytes)
{
    bytes_put_be16(bytes, record->channel);
    bytes[2] = (uint8_t)record->kind;
    if (record->body.len != 0) {
        memcpy(bytes + RECORD_HEADER_BYTES, record->body.bytes, record->body.len);
    }
    return RECORD_HEADER_BYTES + record->body.len;
}
