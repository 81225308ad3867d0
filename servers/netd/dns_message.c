/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One walk over the records serves both what keeps and what ages them. Names are stepped over, not
 * followed: a pointer ends one.
 */
#include "dns_message.h"

#include <string.h>

#include <base/bytes.h>

enum {
    FLAGS_AT = 2,
    QUESTIONS_AT = 4,
    ANSWERS_AT = 6,
    AUTHORITIES_AT = 8,
    ADDITIONALS_AT = 10,
    IS_RESPONSE = 0x80, /* in the first byte of the flags */
    OPCODE = 0x78,
    IS_CUT = 0x02,
    POINTER = 0xc0,
    LABEL_MAX = 63,
    QUESTION_REST_BYTES = 4, /* type and class */
    RECORD_REST_BYTES = 10,  /* type, class, TTL, length */
    TYPE_SOA = 6,
    TYPE_OPT = 41,
    SOA_NUMBERS_BYTES = 20, /* the last of five is the time for negative answers */
};

/* The bytes of a name at `at`; 0: it leaves the message or is too long. */
static size_t name_bytes(const uint8_t *message, size_t len, size_t at)
{
    size_t bytes = 0;
    while (bytes < len - at && bytes < DNS_NAME_MAX) { /* at <= len */
        uint8_t label = message[at + bytes];
        if (label == 0) {
            return bytes + 1;
        }
        if ((label & POINTER) == POINTER) {
            return len - at - bytes >= 2 ? bytes + 2 : 0;
        }
        if (label > LABEL_MAX) {
            return 0;
        }
        bytes += 1 + (size_t)label;
    }
    return 0;
}

/* The bytes of the one question; 0: it is broken, or its name is not written out. */
static size_t question_bytes(const uint8_t *message, size_t len)
{
    size_t name = name_bytes(message, len, DNS_HEADER_BYTES);
    if (name == 0 || message[DNS_HEADER_BYTES + name - 1] != 0 ||
        len - DNS_HEADER_BYTES - name < QUESTION_REST_BYTES) {
        return 0;
    }
    return name + QUESTION_REST_BYTES; /* <= DNS_QUESTION_MAX */
}

size_t dns_query_question(const uint8_t *message, size_t len)
{
    if (len < DNS_HEADER_BYTES || len > DNS_MESSAGE_MAX ||
        (message[FLAGS_AT] & (IS_RESPONSE | OPCODE)) != 0 ||
        bytes_get_be16(message + QUESTIONS_AT) != 1 || bytes_get_be16(message + ANSWERS_AT) != 0 ||
        bytes_get_be16(message + AUTHORITIES_AT) != 0) {
        return 0;
    }
    return question_bytes(message, len);
}

bool dns_answers(const uint8_t *message, size_t len, const uint8_t *question, size_t bytes)
{
    return len >= DNS_HEADER_BYTES + bytes && len <= DNS_MESSAGE_MAX &&
           (message[FLAGS_AT] & (IS_RESPONSE | OPCODE)) == IS_RESPONSE &&
           bytes_get_be16(message + QUESTIONS_AT) == 1 &&
           memcmp(message + DNS_HEADER_BYTES, question, bytes) == 0;
}

static uint8_t lower(uint8_t letter)
{
    return letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter + 'a' - 'A') : letter;
}

bool dns_is_same_question(const uint8_t *left, const uint8_t *right, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (lower(left[i]) != lower(right[i])) { /* lengths of labels are no letters */
            return false;
        }
    }
    return true;
}

/* A record: where its TTL is, its type, its data. */
struct record {
    size_t ttl_at;
    uint16_t type;
    size_t data_at;
    size_t data_bytes;
};

/* The record at *at, and *at behind it. False: it leaves the message. */
static bool next_record(const uint8_t *message, size_t len, size_t *at, struct record *record)
{
    size_t name = name_bytes(message, len, *at);
    if (name == 0 || len - *at - name < RECORD_REST_BYTES) {
        return false;
    }
    const uint8_t *rest = message + *at + name;
    record->type = bytes_get_be16(rest);
    record->ttl_at = *at + name + 4;
    record->data_bytes = bytes_get_be16(rest + 8);
    record->data_at = *at + name + RECORD_REST_BYTES;
    if (record->data_bytes > len - record->data_at) {
        return false;
    }
    *at = record->data_at + record->data_bytes;
    return true;
}

static uint32_t records(const uint8_t *message)
{
    return (uint32_t)bytes_get_be16(message + ANSWERS_AT) +
           bytes_get_be16(message + AUTHORITIES_AT) + bytes_get_be16(message + ADDITIONALS_AT);
}

/* Of a negative answer: how long that there is nothing may be believed. */
static uint32_t negative_s(const uint8_t *message, const struct record *record, uint32_t ttl)
{
    if (record->type != TYPE_SOA || record->data_bytes < SOA_NUMBERS_BYTES) {
        return 0;
    }
    uint32_t minimum = bytes_get_be32(message + record->data_at + record->data_bytes - 4);
    return minimum < ttl ? minimum : ttl;
}

uint32_t dns_keep_s(const uint8_t *message, size_t len)
{
    uint32_t keep_s = DNS_TTL_MAX_S;
    uint32_t nothing_s = 0;
    size_t at = DNS_HEADER_BYTES + question_bytes(message, len);
    bool is_negative = bytes_get_be16(message + ANSWERS_AT) == 0;
    uint8_t code = dns_code(message);
    if (at == DNS_HEADER_BYTES || (message[FLAGS_AT] & IS_CUT) != 0 ||
        (code != DNS_OK && code != DNS_NO_NAME)) {
        return 0;
    }
    for (uint32_t left = records(message); left != 0; left--) {
        struct record record;
        if (!next_record(message, len, &at, &record)) {
            return 0;
        }
        uint32_t ttl = bytes_get_be32(message + record.ttl_at);
        if (record.type == TYPE_OPT) {
            continue; /* there that field means something else */
        }
        if (ttl > INT32_MAX) {
            ttl = 0; /* [RFC 2181 §8] */
        }
        keep_s = ttl < keep_s ? ttl : keep_s;
        nothing_s = is_negative ? nothing_s | negative_s(message, &record, ttl) : 0;
    }
    if (is_negative || code == DNS_NO_NAME) {
        keep_s = nothing_s < keep_s ? nothing_s : keep_s;
    }
    return keep_s;
}

void dns_age(uint8_t *message, size_t len, uint32_t seconds)
{
    size_t at = DNS_HEADER_BYTES + question_bytes(message, len);
    for (uint32_t left = records(message); left != 0; left--) {
        struct record record;
        if (!next_record(message, len, &at, &record)) {
            return;
        }
        uint32_t ttl = bytes_get_be32(message + record.ttl_at);
        if (record.type != TYPE_OPT) {
            bytes_put_be32(message + record.ttl_at, ttl > seconds ? ttl - seconds : 0);
        }
    }
}
