/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small tables, each entry where the ends of its flow put it; a newer flow takes the place of an
 * older one. An entry of an earlier generation is none.
 */
#include "flow.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <lwip/prot/ip.h>

#include <base/bytes.h>
#include <proto/frames.h>

#include "checksum.h"
#include "lwip/port.h"
#include "socket.h"

enum {
    FLOWS = 16, /* of each table */
    KNOWN_US = 1000 * 1000,
    ETHERTYPE_AT = 12,
    ETHERTYPE_IP4 = 0x0800,
    IP_AT = 14,
    IP_BYTES = 20,
    UDP_AT = IP_AT + IP_BYTES,
    UDP_BYTES = 8,
    IP4_WITHOUT_OPTIONS = 0x45,
    IP4_FRAGMENT_MASK = 0x3fff, /* more fragments, and the offset */
    /* offsets in an IP header and a UDP header */
    IP_LENGTH = 2,
    IP_ID = 4,
    IP_PLACE = 6,
    IP_PROTOCOL = 9,
    IP_SUM = 10,
    IP_SOURCE = 12,
    IP_DESTINATION = 16,
    UDP_LENGTH = 4,
    UDP_SUM = 6,
};

static_assert(FLOW_HEADER_BYTES + FRAMES_OFFSET <= FLOW_HEADER_ROOM, "headers and their padding");

/* Who sent to whom: words as they lie in the packet. */
struct ends {
    uint32_t source;
    uint32_t destination;
    uint32_t ports;
};

struct receiver {
    struct socket *socket; /* NULL: none */
    uint32_t generation;
    struct ends ends;
    const void *interface;
};

/* Packets of TCP from there are heard. */
struct sender {
    uint32_t generation;
    struct flow_hosts hosts;
    const void *interface;
};

struct neighbour {
    uint32_t generation;
    uint32_t address;
    const void *interface;
    alignas(8) uint8_t header[FLOW_LINK_BYTES];
};

static struct {
    uint32_t generation;
    uint64_t until_us; /* then everything is forgotten */
    uint32_t listeners;
    uint16_t id; /* of the next packet; lwIP counts its own */
    struct receiver receivers[FLOWS];
    struct flow_way ways[FLOWS];
    struct sender senders[FLOWS];
    struct neighbour neighbours[FLOWS];
} flows;

void flows_init(uint16_t id)
{
    memset(&flows, 0, sizeof(flows));
    flows.generation = 1;
    flows.id = id;
}

void flows_forget(void)
{
    flows.generation++;
}

/* A word as it lies there: IP headers are aligned, in frames and in what lwIP is lent. */
static uint32_t word(const uint8_t *at)
{
    uint32_t value;
    memcpy(&value, __builtin_assume_aligned(at, sizeof(value)), sizeof(value));
    return value;
}

static uint16_t half(const uint8_t *at)
{
    uint16_t value;
    memcpy(&value, __builtin_assume_aligned(at, sizeof(value)), sizeof(value));
    return value;
}

static void put_half(uint8_t *at, uint16_t value)
{
    memcpy(__builtin_assume_aligned(at, sizeof(value)), &value, sizeof(value));
}

static struct ends ends_of(const uint8_t *ip)
{
    return (struct ends){word(ip + IP_SOURCE), word(ip + IP_DESTINATION), word(ip + IP_BYTES)};
}

static bool is_same(const struct ends *left, const struct ends *right)
{
    return ((left->source ^ right->source) | (left->destination ^ right->destination) |
            (left->ports ^ right->ports)) == 0;
}

/* F2, of an IP header. */
static bool is_plain(const uint8_t *ip)
{
    return ip[0] == IP4_WITHOUT_OPTIONS && ip[IP_PROTOCOL] == IP_PROTO_UDP &&
           (half(ip + IP_PLACE) & checksum_wire16(IP4_FRAGMENT_MASK)) == 0 &&
           bytes_get_be16(ip + IP_LENGTH) ==
               IP_BYTES + (uint32_t)bytes_get_be16(ip + IP_BYTES + UDP_LENGTH);
}

/* F2, of a frame to one station. */
static bool is_plain_frame(const uint8_t *frame)
{
    return (frame[0] & 1) == 0 && half(frame + ETHERTYPE_AT) == checksum_wire16(ETHERTYPE_IP4) &&
           is_plain(frame + IP_AT);
}

static struct receiver *receiver_at(const struct ends *ends)
{
    uint32_t mixed = ends->source ^ ends->ports;
    mixed ^= mixed >> 16;
    return &flows.receivers[(mixed ^ mixed >> 8) % FLOWS];
}

static struct flow_way *way_at(const struct socket *socket, const struct socket_name *to)
{
    return &flows.ways[(socket->slot ^ to->port) % FLOWS];
}

/* Something is remembered: of this generation, which began with the first of it. */
static uint32_t begin_entry(void)
{
    if (port_now_us() >= flows.until_us) {
        flows_forget();
        flows.until_us = port_now_us() + KNOWN_US;
    }
    return flows.generation;
}

static bool is_known(uint32_t generation)
{
    return generation == flows.generation && port_now_us() < flows.until_us;
}

/* --- in ------------------------------------------------------------------------------------ */

void flow_add_listener(void)
{
    flows_forget();
    flows.listeners++;
}

void flow_remove_listener(void)
{
    flows.listeners--;
}

void flow_note_received(struct socket *socket, const void *interface, const uint8_t *ip)
{
    struct ends ends = ends_of(ip);
    if (is_plain(ip) && flows.listeners == 0) {
        *receiver_at(&ends) = (struct receiver){
            .socket = socket,
            .generation = begin_entry(),
            .ends = ends,
            .interface = interface,
        };
    }
}

struct socket *flow_find_socket(const void *interface, const uint8_t *frame)
{
    if (!is_plain_frame(frame)) {
        return NULL;
    }
    struct ends ends = ends_of(frame + IP_AT);
    const struct receiver *receiver = receiver_at(&ends);
    bool is_it = is_known(receiver->generation) && receiver->interface == interface &&
                 is_same(&receiver->ends, &ends);
    return is_it ? receiver->socket : NULL;
}

static struct sender *sender_at(struct flow_hosts hosts)
{
    return &flows.senders[(hosts.source ^ hosts.source >> 24) % FLOWS];
}

struct flow_hosts flow_hosts_of(const uint8_t *ip)
{
    return (struct flow_hosts){word(ip + IP_SOURCE), word(ip + IP_DESTINATION)};
}

void flow_note_segment(const void *interface, struct flow_hosts hosts)
{
    if (flows.listeners == 0) {
        *sender_at(hosts) = (struct sender){begin_entry(), hosts, interface};
    }
}

bool flow_is_segment(const void *interface, struct flow_hosts hosts)
{
    const struct sender *sender = sender_at(hosts);
    return is_known(sender->generation) && sender->interface == interface &&
           sender->hosts.source == hosts.source && sender->hosts.destination == hosts.destination;
}

/* --- out ----------------------------------------------------------------------------------- */

static struct neighbour *neighbour_at(uint32_t address)
{
    return &flows.neighbours[(address ^ address >> 24) % FLOWS];
}

void flow_note_neighbour(const void *interface, uint32_t address, const uint8_t *frame)
{
    if ((frame[0] & 1) == 0 && half(frame + ETHERTYPE_AT) == checksum_wire16(ETHERTYPE_IP4) &&
        word(frame + IP_AT + IP_DESTINATION) == address) {
        struct neighbour *neighbour = neighbour_at(address);
        *neighbour = (struct neighbour){begin_entry(), address, interface, {0}};
        memcpy(neighbour->header + FRAMES_OFFSET, frame, FRAMES_ETHERNET_BYTES);
    }
}

const uint8_t *flow_find_neighbour(const void *interface, uint32_t address)
{
    const struct neighbour *neighbour = neighbour_at(address);
    bool is_it = is_known(neighbour->generation) && neighbour->address == address &&
                 neighbour->interface == interface;
    return is_it ? neighbour->header : NULL;
}

void flow_note_sent(struct socket *socket, const struct socket_name *to,
                    struct interface *interface, const uint8_t *frame)
{
    if (!is_plain_frame(frame)) {
        return; /* what lwIP sent was a question for the neighbour's address, or fragments */
    }
    struct flow_way *way = way_at(socket, to);
    uint8_t *ip = way->header + FRAMES_OFFSET + IP_AT;
    *way = (struct flow_way){
        .socket = socket, .generation = begin_entry(), .to = *to, .interface = interface};
    memcpy(way->header + FRAMES_OFFSET, frame, FLOW_HEADER_BYTES);
    put_half(ip + IP_LENGTH, 0);
    put_half(ip + IP_ID, 0);
    put_half(ip + IP_SUM, 0);
    way->ip_sum = checksum_header(ip, IP_BYTES);
    way->udp_sum = checksum_add(checksum_header(ip + IP_SOURCE, 8), checksum_wire16(IP_PROTO_UDP));
    way->udp_sum = checksum_add(way->udp_sum, checksum_header(ip + IP_BYTES, UDP_LENGTH));
}

const struct flow_way *flow_find_way(const struct socket *socket, const struct socket_name *to)
{
    const struct flow_way *way = way_at(socket, to);
    bool is_it = is_known(way->generation) && way->socket == socket &&
                 socket_name_is_same(&way->to, to);
    return is_it ? way : NULL;
}

static uint16_t inverted(uint32_t sum)
{
    return (uint16_t)~checksum_fold(sum);
}

uint16_t flow_fill(const struct flow_way *way, uint8_t *frame, const uint8_t *data, uint16_t bytes)
{
    uint8_t *ip = frame + IP_AT, *udp = frame + UDP_AT;
    uint16_t udp_bytes = (uint16_t)(UDP_BYTES + bytes);
    uint16_t length = checksum_wire16((uint16_t)(IP_BYTES + udp_bytes));
    uint16_t udp_length = checksum_wire16(udp_bytes);
    memcpy(__builtin_assume_aligned(frame - FRAMES_OFFSET, 8), way->header, FLOW_HEADER_ROOM);
    uint16_t data_sum = checksum_copy(udp + UDP_BYTES, data, bytes); /* over what was too long */
    put_half(ip + IP_LENGTH, length);
    put_half(ip + IP_ID, flows.id);
    put_half(ip + IP_SUM, inverted((uint32_t)way->ip_sum + length + flows.id));
    put_half(udp + UDP_LENGTH, udp_length);
    uint16_t sum = inverted((uint32_t)way->udp_sum + data_sum + 2 * (uint32_t)udp_length);
    put_half(udp + UDP_SUM, sum != 0 ? sum : 0xffff); /* 0 would mean: no sum [RFC 768] */
    flows.id++;
    return (uint16_t)(FLOW_HEADER_BYTES + bytes);
}
