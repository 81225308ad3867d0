/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Requests of local processes to dsoftbusd, on the role "dsoftbusd"; wherry/bus.h makes calls of
 * them.
 *
 * Word 0 of a request is its label, word 0 of a reply 0 or a negative error. Every request is
 * answered at once; what takes time is begun by one request, signalled, and taken by another. What
 * is longer than words goes through a buffer of BUS_BYTES_MAX bytes that dsoftbusd has for each
 * client, in pieces: `in` is what BUS_PUT wrote before the request that uses it up, `out` is what
 * the last request left for BUS_GET. A name in a buffer is a byte of length and its text.
 *
 *     label            words of the request      in            words of the reply  out
 *     BUS_PUT          1 offset | bytes << 32
 *                      2-7 up to 48 bytes
 *     BUS_GET          1 offset                                1 bytes in all
 *                                                              2-7 up to 48 bytes
 *     BUS_NODE_GET     1 index                                 1 port of sessions  its id, its
 *                                                              2 enum bus_mode     public key
 *                                                              3 seconds it is up
 *                                                              4 1: with dual=1 both
 *                                                                nodes have met
 *     BUS_PEER_GET     1 index                                 1 address           its id, its
 *                                                                | port << 32      key, services
 *                                                              2 enum bus_peer_flag
 *                                                              3 seconds since it was heard
 *                                                              4 the next index to ask for
 *     BUS_SERVICE_GET  1 index                                 1 enum bus_policy   its name
 *                                                              2 bytes of a request
 *                                                              3 the next index to ask for
 *     BUS_COUNTER_GET  1 index                                 1 value
 *                                                              2-6 name, 40 characters
 *     BUS_PING_START   1 bits to signal          peer, text    1 token
 *     BUS_CALL_START   1 bits to signal          peer, service 1 token
 *                                                and request
 *     BUS_TAKE         1 token                                 1 round trip in us  the answer
 *                                                              2 enum bus_result   to a call
 *     BUS_TRUST_GET    1 index                                 1 enum bus_trust    id, then key
 *                                                              2 the next index    or nothing
 *     BUS_TRUST_SET    1 enum bus_trust          id, then key
 *                                                or nothing
 *     BUS_SERVE        1 bits to signal          service, and  1 epoch
 *                      2 enum bus_policy         of BUS_FOR_
 *                      3 bytes of a request      LISTED peers
 *                      4 epoch, 0: the first
 *     BUS_UNSERVE                                service
 *     BUS_NEXT                                                 1 number of the     peer, service
 *                                                                request           and request
 *     BUS_ANSWER       1 number of the request   the answer
 *                      2 0: done, 1: failed
 *
 * BUS_PING_START, BUS_CALL_START and BUS_SERVE take a notification as handle 0: signalled with the
 * bits when there is an answer, or a request. A client has one ping or call at a time. Requests
 * are about the first node where there are two; services are offered by each. The epoch is that of
 * the dsoftbusd which has the client's other services: one that was started again has none of them.
 *
 * Errors: E_BAD_CALL no such label; E_DENIED the manifest does not allow it; E_INVALID a word or
 * a buffer that cannot be; E_NOT_FOUND index past the end, no session with that peer, no such
 * token, service, request or entry; E_UNSUPPORTED not every node is there yet, as for want of
 * entropy. BUS_*_START:
 * E_BUSY one is under way; E_LIMIT too many; E_AGAIN the peer takes no more now, or is being
 * asked by another. BUS_TAKE, BUS_NEXT: E_AGAIN nothing yet; BUS_NEXT: E_NOT_FOUND this client
 * offers nothing. BUS_TRUST_SET: E_EXISTS the id has another key or the key another id; E_LIMIT
 * full. BUS_SERVE: E_EXISTS another process has it; E_LIMIT too many; E_RESTARTED another epoch.
 */
#pragma once

#include <abi/types.h>

#define ROLE_BUS "dsoftbusd"

enum bus_label {
    BUS_PUT = 1,
    BUS_GET,
    BUS_NODE_GET,
    BUS_PEER_GET,
    BUS_SERVICE_GET,
    BUS_COUNTER_GET,
    BUS_PING_START,
    BUS_CALL_START,
    BUS_TAKE,
    BUS_TRUST_GET,
    BUS_TRUST_SET,
    BUS_SERVE,
    BUS_UNSERVE,
    BUS_NEXT,
    BUS_ANSWER,
};

enum {
    BUS_ID_MAX = 64,
    BUS_KEY_BYTES = 32,
    BUS_CALL_MAX = 1024, /* bytes of a request or an answer */
    BUS_PING_MAX = 64,   /* bytes of a ping's text */
    BUS_BYTES_MAX = 1 + BUS_ID_MAX + 1 + BUS_ID_MAX + BUS_CALL_MAX,
    BUS_PIECE_BYTES = (IPC_WORDS - 2) * 8,
    BUS_COUNTER_NAME_WORDS = 5,
};

enum bus_mode {
    BUS_MODE_SEEKING, /* no interface to be found on yet */
    BUS_MODE_GROUP,
    BUS_MODE_BROADCAST,
    BUS_MODE_NONE,
    BUS_MODES,
};

enum bus_peer_flag {
    BUS_PEER_SESSION = 1 << 0,
    BUS_PEER_PINNED = 1 << 1,
};

enum bus_policy {
    BUS_FOR_NOBODY,
    BUS_FOR_LISTED, /* at most 8 */
    BUS_FOR_PEERS,
};

/* What became of a ping or a call. */
enum bus_result {
    BUS_DONE,
    BUS_FAILED,     /* the service could not */
    BUS_TOO_LONG,   /* a longer request than the service takes */
    BUS_NO_SERVICE, /* the peer has none of that name */
    BUS_DENIED,     /* it is not for us */
    BUS_NO_CHANNEL, /* the peer is busy */
    BUS_LATE,       /* no answer in time */
    BUS_LOST,       /* the session ended */
    BUS_RESULTS,
};

/* An entry of BUS_TRUST_GET, or what BUS_TRUST_SET does. */
enum bus_trust {
    BUS_TRUST_PIN = 1, /* id and key */
    BUS_TRUST_ALLOW,   /* key */
    BUS_TRUST_DENY_KEY,
    BUS_TRUST_DENY_ID,
    BUS_TRUST_ROTATE,     /* id and key; from here on for BUS_TRUST_SET alone */
    BUS_TRUST_FORGET_ID,  /* all that is said of it */
    BUS_TRUST_FORGET_KEY, /* likewise */
};
