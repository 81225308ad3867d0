/* SPDX-License-Identifier: BSD-2-Clause */
#include "info6_message.h"

#include <stdbool.h>

#include <base/bytes.h>

enum {
    REPLY = 7,
    HEADER_BYTES = 4,
    OPTION_BYTES = 4,
    ADDRESS_BYTES = 16,
    OPTION_CLIENT = 1,
    OPTION_SERVER = 2,
    OPTION_STATUS = 13,
    OPTION_NAME_SERVERS = 23,
    OPTION_REFRESH = 32,
    SERVER_BYTES_MIN = 3, /* a kind and something [RFC 8415 §11.1] */
    SERVER_BYTES_MAX = 130,
    MAPPED = 0xffff,
};

/* One that a datagram can be sent to: no group, not nobody, not ourselves. */
static bool is_host(const uint8_t *address)
{
    uint64_t low = bytes_get_be64(address + 8);
    return address[0] != 0xff && (bytes_get_be64(address) != 0 || (low > 1 && low >> 32 != MAPPED));
}

static enum counter check_name_servers(const uint8_t *list, size_t bytes)
{
    if (bytes == 0 || bytes % ADDRESS_BYTES != 0) {
        return COUNTER_dhcp6_malformed;
    }
    for (size_t at = 0; at < bytes; at += ADDRESS_BYTES) {
        if (!is_host(list + at)) {
            return COUNTER_dhcp6_malformed;
        }
    }
    return COUNTER_dhcp6_answered;
}

struct reply {
    bool has_server;
    uint32_t refresh_s;
};

static enum counter check_option(struct reply *reply, uint16_t kind, const uint8_t *value,
                                 size_t bytes)
{
    switch (kind) {
    case OPTION_CLIENT:
        return COUNTER_dhcp6_unmatched; /* a request of ours names nobody */
    case OPTION_SERVER:
        reply->has_server = true;
        return bytes >= SERVER_BYTES_MIN && bytes <= SERVER_BYTES_MAX ? COUNTER_dhcp6_answered
                                                                      : COUNTER_dhcp6_malformed;
    case OPTION_STATUS:
        if (bytes < 2) {
            return COUNTER_dhcp6_malformed;
        }
        return bytes_get_be16(value) == 0 ? COUNTER_dhcp6_answered : COUNTER_dhcp6_refused;
    case OPTION_NAME_SERVERS:
        return check_name_servers(value, bytes);
    case OPTION_REFRESH:
        reply->refresh_s = bytes == 4 ? bytes_get_be32(value) : 0;
        return bytes == 4 ? COUNTER_dhcp6_answered : COUNTER_dhcp6_malformed;
    default:
        return COUNTER_dhcp6_answered;
    }
}

enum counter info6_check(const uint8_t *message, size_t len, uint32_t transaction,
                         uint32_t *refresh_s)
{
    struct reply reply = {.refresh_s = INFO6_REFRESH_S};
    if (len < HEADER_BYTES) {
        return COUNTER_dhcp6_malformed;
    }
    if (bytes_get_be32(message) != ((uint32_t)REPLY << 24 | transaction)) {
        return COUNTER_dhcp6_unmatched;
    }
    message += HEADER_BYTES;
    len -= HEADER_BYTES;
    while (len != 0) {
        size_t bytes = len >= OPTION_BYTES ? bytes_get_be16(message + 2) : SIZE_MAX;
        if (len < OPTION_BYTES || bytes > len - OPTION_BYTES) {
            return COUNTER_dhcp6_malformed;
        }
        enum counter verdict =
            check_option(&reply, bytes_get_be16(message), message + OPTION_BYTES, bytes);
        if (verdict != COUNTER_dhcp6_answered) {
            return verdict;
        }
        message += OPTION_BYTES + bytes;
        len -= OPTION_BYTES + bytes;
    }
    *refresh_s = reply.refresh_s < INFO6_REFRESH_MIN_S ? INFO6_REFRESH_MIN_S : reply.refresh_s;
    return reply.has_server ? COUNTER_dhcp6_answered : COUNTER_dhcp6_malformed;
}
