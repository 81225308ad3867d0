/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A table small enough to be searched. The payload is the nonce, then bytes that count up, so that
 * every byte of a reply can be compared without keeping what was sent.
 */
#include "ping.h"

#include <base/bytes.h>

#include "checksum.h"

enum {
    US_PER_S = 1000 * 1000,
    NONCE_BYTES = 8,
    IP4_PROTOCOL_ICMP = 1,
    IP6_PROTOCOL_ICMP = 58,
    GENERATION_SHIFT = 8,
    GENERATION_MAX = 0xffffff,
};

/* What differs between the two ICMPs. */
struct icmp {
    uint8_t request;
    uint8_t reply;
    uint8_t unreachable;
    uint8_t time_exceeded;
    size_t ip_bytes; /* of a header without options or extensions */
};

static const struct icmp icmp4 = {8, 0, 3, 11, 20};
static const struct icmp icmp6 = {128, 129, 1, 3, 40};

static const struct icmp *icmp_of(struct ping_host host)
{
    return ping_host_is_ip6(host) ? &icmp6 : &icmp4;
}

void pings_init(struct pings *pings, uint16_t identifier, struct stats *stats)
{
    *pings = (struct pings){.identifier = identifier, .stats = stats, .next_generation = 1};
}

/* Byte `at` of the payload. */
static uint8_t payload_byte(const struct ping *ping, size_t at)
{
    return at < NONCE_BYTES ? (uint8_t)(ping->nonce >> (8 * at)) : (uint8_t)at;
}

/* Neither nobody nor a group nor broadcast. */
static bool is_pingable(struct ping_host host)
{
    if (ping_host_is_ip6(host)) {
        return host.high >> 56 != 0xff && (host.high != 0 || host.low != 0);
    }
    uint32_t first = (uint32_t)host.low >> 24;
    return first != 0 && first < 224;
}

static void free_slot(struct pings *pings, struct ping *ping)
{
    ping->state = PING_FREE;
    pings->used--;
}

/* A free slot, unless the client has its share. */
static struct ping *find_slot(struct pings *pings, uint64_t badge)
{
    struct ping *found = NULL;
    int count = 0;
    for (int i = 0; i < PING_SLOTS; i++) {
        struct ping *ping = &pings->slot[i];
        if (ping->state == PING_FREE) {
            found = ping;
        } else if (ping->badge == badge) {
            count++;
        }
    }
    return count < PING_PER_CLIENT ? found : NULL;
}

int ping_start(struct pings *pings, const struct ping_request *request, uint64_t now_us,
               struct ping **ping)
{
    bool is_ip6 = ping_host_is_ip6(request->destination);
    if (request->payload_bytes > (is_ip6 ? NETD_PING6_PAYLOAD_MAX : NETD_PING_PAYLOAD_MAX) ||
        !is_pingable(request->destination)) {
        return E_INVALID;
    }
    if (request->deadline_us <= now_us) {
        return E_TIMEOUT;
    }
    struct ping *slot = find_slot(pings, request->badge);
    if (slot == NULL) {
        stats_count(pings->stats, COUNTER_ping_refused);
        return E_LIMIT;
    }
    /* --- committed --- */
    uint64_t longest_us = now_us + (uint64_t)PING_LONGEST_S * US_PER_S;
    uint32_t index = (uint32_t)(slot - pings->slot); /* < PING_SLOTS */
    *slot = (struct ping){
        .state = PING_IN_FLIGHT,
        .badge = request->badge,
        .token = pings->next_generation << GENERATION_SHIFT | index,
        .destination = request->destination,
        .interface = request->interface,
        .sequence = pings->next_sequence,
        .payload_bytes = request->payload_bytes,
        .nonce = request->nonce,
        .sent_us = now_us,
        .until_us = request->deadline_us < longest_us ? request->deadline_us : longest_us,
        .wakeup = request->wakeup,
    };
    pings->used++; /* <= PING_SLOTS */
    pings->next_sequence++;
    pings->next_generation = pings->next_generation % GENERATION_MAX + 1;
    stats_count(pings->stats, COUNTER_ping_sent);
    *ping = slot;
    return OK;
}

size_t ping_build(const struct pings *pings, const struct ping *ping, uint8_t *message)
{
    size_t len = (size_t)PING_HEADER_BYTES + ping->payload_bytes;
    message[0] = icmp_of(ping->destination)->request;
    message[1] = 0;
    bytes_put_be16(message + 2, 0);
    bytes_put_be16(message + 4, pings->identifier);
    bytes_put_be16(message + 6, ping->sequence);
    for (size_t i = 0; i < ping->payload_bytes; i++) {
        message[PING_HEADER_BYTES + i] = payload_byte(ping, i);
    }
    if (!ping_host_is_ip6(ping->destination)) { /* there the source counts too: lwIP sums */
        uint16_t sum = (uint16_t)~checksum_partial(message, len);
        bytes_put_be16(message + 2, checksum_wire16(sum));
    }
    return len;
}

static void answer(struct ping *ping, int result, uint64_t now_us)
{
    ping->state = PING_ANSWERED;
    ping->result = result;
    ping->rtt_us = now_us - ping->sent_us;
    ping->until_us = now_us + (uint64_t)PING_KEEP_S * US_PER_S;
}

void ping_fail(struct pings *pings, struct ping *ping, int result, uint64_t now_us)
{
    stats_count(pings->stats, COUNTER_ping_unreachable);
    answer(ping, result, now_us);
}

/* The request in flight with this header of an echo message, or NULL. */
static struct ping *find_in_flight(struct pings *pings, struct ping_host destination,
                                   const uint8_t *header)
{
    for (int i = 0; i < PING_SLOTS; i++) {
        struct ping *ping = &pings->slot[i];
        if (ping->state == PING_IN_FLIGHT && ping->destination.high == destination.high &&
            ping->destination.low == destination.low &&
            bytes_get_be16(header + 4) == pings->identifier &&
            bytes_get_be16(header + 6) == ping->sequence) {
            return ping;
        }
    }
    return NULL;
}

static bool has_our_payload(const struct ping *ping, const uint8_t *message, size_t len)
{
    if (len != (size_t)PING_HEADER_BYTES + ping->payload_bytes || message[1] != 0) {
        return false;
    }
    for (size_t i = 0; i < ping->payload_bytes; i++) {
        if (message[PING_HEADER_BYTES + i] != payload_byte(ping, i)) {
            return false;
        }
    }
    return true;
}

/*
 * An ICMP error quotes the packet it is about: its header and eight bytes, here of our request. We
 * send neither options nor extension headers.
 */
static struct ping *find_quoted(struct pings *pings, const struct icmp *icmp,
                                const struct ping_message *message)
{
    if (message->len < PING_HEADER_BYTES + icmp->ip_bytes + PING_HEADER_BYTES) {
        return NULL;
    }
    const uint8_t *quoted = message->bytes + PING_HEADER_BYTES;
    const uint8_t *echo = quoted + icmp->ip_bytes;
    struct ping_host host;
    if (icmp == &icmp6) {
        host = (struct ping_host){bytes_get_be64(quoted + 24), bytes_get_be64(quoted + 32)};
    } else {
        host = ping_host_ip4(bytes_get_be32(quoted + 16));
    }
    bool is_echo = icmp == &icmp6
                       ? quoted[0] >> 4 == 6 && quoted[6] == IP6_PROTOCOL_ICMP
                       : quoted[0] == 0x45 && quoted[9] == IP4_PROTOCOL_ICMP;
    return is_echo && echo[0] == icmp->request ? find_in_flight(pings, host, echo) : NULL;
}

static bool has_good_sum(const struct ping_message *message)
{
    uint16_t sum = checksum_partial(message->bytes, message->len);
    return checksum_is_good(checksum_add(sum, message->pseudo_sum));
}

bool ping_input(struct pings *pings, const struct ping_message *message, uint64_t now_us)
{
    const struct icmp *icmp = icmp_of(message->source);
    if (message->len < PING_HEADER_BYTES || !has_good_sum(message)) {
        return false;
    }
    uint8_t type = message->bytes[0];
    if (type == icmp->unreachable || type == icmp->time_exceeded) {
        struct ping *ping = find_quoted(pings, icmp, message);
        if (ping != NULL) {
            ping_fail(pings, ping, E_UNREACHABLE, now_us);
        }
        return ping != NULL;
    }
    if (type != icmp->reply) {
        return false;
    }
    struct ping *ping = find_in_flight(pings, message->source, message->bytes);
    if (ping == NULL || !has_our_payload(ping, message->bytes, message->len)) {
        stats_count(pings->stats, COUNTER_ping_unmatched);
        return true;
    }
    ping->hop_limit = message->hop_limit;
    stats_count(pings->stats, COUNTER_ping_answered);
    answer(ping, OK, now_us);
    return true;
}

void pings_expire(struct pings *pings, uint64_t now_us)
{
    for (int i = 0; pings->used != 0 && i < PING_SLOTS; i++) {
        struct ping *ping = &pings->slot[i];
        if (ping->state == PING_FREE || now_us < ping->until_us) {
            continue;
        }
        if (ping->state == PING_IN_FLIGHT) {
            stats_count(pings->stats, COUNTER_ping_timeout);
            answer(ping, E_TIMEOUT, now_us);
        } else if (ping->wakeup.notification == HANDLE_NONE) { /* a handle is never forgotten */
            free_slot(pings, ping);
        }
    }
}

uint64_t pings_next_us(const struct pings *pings)
{
    uint64_t next_us = UINT64_MAX;
    for (int i = 0; pings->used != 0 && i < PING_SLOTS; i++) {
        const struct ping *ping = &pings->slot[i];
        if (ping->state != PING_FREE && ping->until_us < next_us) {
            next_us = ping->until_us;
        }
    }
    return next_us;
}

int ping_take(struct pings *pings, uint64_t badge, uint32_t token, struct ping *answer)
{
    uint32_t index = token & ((1u << GENERATION_SHIFT) - 1);
    if (index >= PING_SLOTS) {
        return E_NOT_FOUND;
    }
    struct ping *ping = &pings->slot[index];
    if (ping->state == PING_FREE || ping->is_taken || ping->token != token ||
        ping->badge != badge) {
        return E_NOT_FOUND;
    }
    if (ping->state == PING_IN_FLIGHT) {
        return E_AGAIN;
    }
    /* --- committed --- */
    *answer = *ping;
    ping->is_taken = true;
    if (ping->wakeup.notification == HANDLE_NONE) {
        free_slot(pings, ping);
    }
    return answer->result;
}

struct wakeup pings_next_wakeup(struct pings *pings)
{
    for (int i = 0; pings->used != 0 && i < PING_SLOTS; i++) {
        struct ping *ping = &pings->slot[i];
        if (ping->state == PING_ANSWERED && ping->wakeup.notification != HANDLE_NONE) {
            struct wakeup wakeup = ping->wakeup;
            ping->wakeup.notification = HANDLE_NONE;
            if (ping->is_taken) {
                free_slot(pings, ping);
            }
            return wakeup;
        }
    }
    return (struct wakeup){.notification = HANDLE_NONE};
}
