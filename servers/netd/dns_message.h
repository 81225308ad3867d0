/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * DNS messages as bytes: the question, and the times that records may be kept.
 *
 * Whatever is asked is passed on as it came; nothing but this is looked at. Every byte is hostile:
 * nothing is read outside `len`, and every walk ends.
 * Pure. [RFC 1035 §4] [RFC 2308 §5]
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNS_HEADER_BYTES = 12,
    DNS_MESSAGE_MAX = 512, /* over UDP without extensions */
    DNS_NAME_MAX = 255,
    DNS_QUESTION_MAX = DNS_NAME_MAX + 4,
    DNS_TTL_MAX_S = 86400,

    DNS_OK = 0, /* response codes */
    DNS_SERVER_FAILED = 2,
    DNS_NO_NAME = 3,
};

/*
 * The bytes of the question behind the header of a query with one question and nothing else that
 * we understand; 0: it is none.
 */
size_t dns_query_question(const uint8_t *message, size_t len);

/*
 * Whether the message answers that question, of `bytes` bytes. Letters are compared as they are: a
 * server repeats the question as it came.
 */
bool dns_answers(const uint8_t *message, size_t len, const uint8_t *question, size_t bytes);

/* Whether both ask the same; case means nothing. Both have passed dns_query_question. */
bool dns_is_same_question(const uint8_t *left, const uint8_t *right, size_t bytes);

/*
 * How long the answer may be kept: the least of its records, of a negative one what its authority
 * says; 0: not at all. Seconds, <= DNS_TTL_MAX_S.
 */
uint32_t dns_keep_s(const uint8_t *message, size_t len);

/* Takes `seconds` off every record of an answer that dns_keep_s has passed. */
void dns_age(uint8_t *message, size_t len, uint32_t seconds);

/* The response code. Requires a whole header. */
static inline uint8_t dns_code(const uint8_t *message)
{
    return message[3] & 15;
}
