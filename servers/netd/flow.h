/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Packets whose way is known: what lwIP decided for the last one between two ends, so that the
 * next is delivered, or sent, without asking it again.
 *
 * lwIP decides, this remembers: to which socket it gave a datagram, and with which headers it sent
 * one; that it gave TCP the packets of a host, and to which neighbour it sent. ingress.c has
 * checked a packet before it is looked up here, as it has for lwIP. Whatever does not fit goes
 * through lwIP. Pure.
 *
 * F1  Everything is forgotten when anything may have changed that lwIP decides by: any frame but
 *     data for sockets, any request, any timer that ran, any word of a driver, any socket bound,
 *     joined to a peer or ended; and in any case after a second.
 * F2  Only whole packets of IPv4 without options, to one host, of one interface; but a neighbour
 *     gets fragments too.
 * F3  A raw socket hears every packet: while there is one, nothing that comes is remembered.
 */
#pragma once

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>
#include <proto/socket.h>

struct interface;
struct socket;

/* Ethernet, IPv4 and UDP, and Ethernet alone, behind FRAMES_OFFSET bytes; whole words of eight. */
enum { FLOW_HEADER_BYTES = 14 + 20 + 8, FLOW_HEADER_ROOM = 48, FLOW_LINK_BYTES = 16 };

/* Of a packet, as they lie in it. */
struct flow_hosts {
    uint32_t source;
    uint32_t destination;
};

struct flow_way {
    struct socket *socket; /* NULL: none */
    uint32_t generation;
    uint16_t ip_sum;  /* of the header, without length, id and sum */
    uint16_t udp_sum; /* of both addresses, the protocol and the ports */
    struct socket_name to; /* as in the record; all zero: the peer */
    struct interface *interface;
    alignas(8) uint8_t header[FLOW_HEADER_ROOM];
};

/* Begins without any; packets are counted from this id on. */
void flows_init(uint16_t id);

/* F1. */
void flows_forget(void);

/* F3. */
void flow_add_listener(void);
void flow_remove_listener(void);

/* lwIP gave the socket a datagram that came by the interface, whose IPv4 header stands at `ip`. */
void flow_note_received(struct socket *socket, const void *interface, const uint8_t *ip);

/* The socket that the frame is for; NULL: ask lwIP. */
MUST_CHECK struct socket *flow_find_socket(const void *interface, const uint8_t *frame);

/* The hosts of the packet whose IPv4 header stands at `ip`. */
struct flow_hosts flow_hosts_of(const uint8_t *ip);

/* lwIP gave TCP a packet between these hosts, for the address of the interface it came by. */
void flow_note_segment(const void *interface, struct flow_hosts hosts);

/* Whether it would do that with the next. */
MUST_CHECK bool flow_is_segment(const void *interface, struct flow_hosts hosts);

/* lwIP sent a packet to that address as this frame. */
void flow_note_neighbour(const void *interface, uint32_t address, const uint8_t *frame);

/* The link's header of what goes to that address, behind FRAMES_OFFSET bytes; NULL: ask lwIP. */
MUST_CHECK const uint8_t *flow_find_neighbour(const void *interface, uint32_t address);

/* lwIP sent a datagram of the socket as this frame. */
void flow_note_sent(struct socket *socket, const struct socket_name *to,
                    struct interface *interface, const uint8_t *frame);

/* How a datagram leaves; NULL: ask lwIP. */
MUST_CHECK const struct flow_way *flow_find_way(const struct socket *socket,
                                                const struct socket_name *to);

/*
 * Fills a frame, which begins at 2 mod 8, with headers and `bytes` of data; gives its length.
 * Requires FLOW_HEADER_BYTES + bytes <= the frame's room.
 */
MUST_CHECK uint16_t flow_fill(const struct flow_way *way, uint8_t *frame, const uint8_t *data,
                              uint16_t bytes);
