/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Datagrams whose way is known: what lwIP decided for the last one between two ends, so that the
 * next is delivered, or sent, without asking it again.
 *
 * lwIP decides, this remembers: to which socket it gave a datagram, and with which headers it sent
 * one. ingress.c has checked a packet before it is looked up here, as it has for lwIP. Whatever
 * does not fit goes through lwIP. Pure.
 *
 * F1  Everything is forgotten when anything may have changed that lwIP decides by: any frame but
 *     data for sockets, any request, any timer that ran, any word of a driver, any socket bound,
 *     joined to a peer or ended; and in any case after a second.
 * F2  Only whole packets of IPv4 without options and of UDP, to one host, of one interface.
 */
#pragma once

#include <stdalign.h>
#include <stdint.h>

#include <base/attributes.h>
#include <proto/socket.h>

struct interface;
struct socket;

/* Ethernet, IPv4 and UDP, behind FRAMES_OFFSET bytes of padding; whole words of eight. */
enum { FLOW_HEADER_BYTES = 14 + 20 + 8, FLOW_HEADER_ROOM = 48 };

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

/* lwIP gave the socket a datagram that came by the interface, whose IPv4 header stands at `ip`. */
void flow_note_received(struct socket *socket, const void *interface, const uint8_t *ip);

/* The socket that the frame is for; NULL: ask lwIP. */
MUST_CHECK struct socket *flow_find_socket(const void *interface, const uint8_t *frame);

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
