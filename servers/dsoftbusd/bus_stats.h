/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one list of dsoftbusd's counters: every announce that comes in, every drop, every refusal.
 *
 * X(name, sentence). A received announce raises exactly one counter of the first group, a session
 * that ends exactly one of the second. A test expects each of them.
 */
#pragma once

#include <stdint.h>

/* What becomes of an announce: malformed, in the order in which it is read; refused; taken. */
#define ANNOUNCE_COUNTERS(X)                                                                       \
    X(announce_rate, "its source sends too many")                                                  \
    X(announce_long, "longer than 1,145 bytes")                                                    \
    X(announce_short, "cut short")                                                                 \
    X(announce_magic, "does not begin with NXSB")                                                  \
    X(announce_version, "of another version")                                                      \
    X(announce_id_length, "id empty or longer than 64 bytes")                                      \
    X(announce_id_text, "id is not UTF-8, or has control characters")                              \
    X(announce_port, "session port is 0")                                                          \
    X(announce_services, "more than 16 services")                                                  \
    X(announce_service_length, "service name empty or longer than 64 bytes")                       \
    X(announce_service_text, "service name is not UTF-8, or has control characters")               \
    X(announce_trailing, "bytes behind the last service")                                          \
    X(announce_own, "our own, come back")                                                          \
    X(announce_own_id, "our id with another key")                                                  \
    X(announce_denied, "id or key is denied")                                                      \
    X(announce_not_pinned, "id is pinned to another key, or the key to another id")                \
    X(announce_key_changed, "a known peer with another key")                                       \
    X(announce_moved, "from another address while the peer is heard from its own")                 \
    X(announce_debounced, "a peer that was heard a moment ago")                                    \
    X(announce_new_rate, "too many new peers at once")                                             \
    X(announce_full, "a new peer, and nobody to make room")                                        \
    X(announce_new, "a new peer")                                                                  \
    X(announce_changed, "a known peer with another port, address or services")                     \
    X(announce_refreshed, "a known peer as before")

/* Why a session ended. */
#define SESSION_COUNTERS(X)                                                                        \
    X(end_by_us, "closed here")                                                                    \
    X(end_by_peer, "the peer said goodbye")                                                        \
    X(end_lost, "the connection closed or failed")                                                 \
    X(end_replaced, "the peer began a new one")                                                    \
    X(end_handshake, "a handshake message was not genuine")                                        \
    X(end_handshake_late, "a step of the handshake took too long")                                 \
    X(end_key_refused, "the peer's key is not trusted")                                            \
    X(end_length, "a frame of impossible length")                                                  \
    X(end_forged, "a frame that was not genuine")                                                  \
    X(end_record, "a record that breaks the format")                                               \
    X(end_flow, "more bytes than there was credit for")                                            \
    X(end_silent, "nothing was heard for too long")                                                \
    X(end_nonces, "the nonces are used up")

#define OTHER_COUNTERS(X)                                                                          \
    X(announce_sent, "announces made")                                                             \
    X(peer_evicted, "peers that made room for another")                                            \
    X(peer_expired, "peers that were not heard for too long")                                      \
    X(session_out, "sessions begun here")                                                          \
    X(session_in, "sessions begun by a peer")                                                      \
    X(session_full, "connections refused: no slot")                                                \
    X(session_half_open, "connections refused: too many handshakes")                               \
    X(session_no_entropy, "sessions not begun: no random bytes")                                   \
    X(auth_ok, "handshakes completed with a trusted peer")                                         \
    X(first_use, "keys pinned on first use")                                                       \
    X(rekey_sent, "keys of ours renewed")                                                          \
    X(rekey_received, "keys of peers renewed")                                                     \
    X(frame_sent, "frames sent")                                                                   \
    X(frame_received, "frames received")                                                           \
    X(ping_sent, "pings sent")                                                                     \
    X(ping_answered, "pings answered by the peer, nonce and all")                                  \
    X(ping_unmatched, "answers to no ping of ours")                                                \
    X(ping_received, "pings of peers answered")                                                    \
    X(ping_dropped, "pings of peers not answered: the peer does not read")                         \
    X(channel_refused, "channels refused: none free")                                              \
    X(channel_stale, "records for a channel that is closed")                                       \
    X(call_sent, "calls sent")                                                                     \
    X(call_answered, "calls answered by the peer")                                                 \
    X(call_timeout, "calls without an answer in time")                                             \
    X(call_failed, "calls that were refused or ended with their session")                          \
    X(call_received, "calls of peers passed to their service")                                     \
    X(call_no_service, "calls of peers for a service that is not there")                           \
    X(call_denied, "calls of peers for a service they may not use")                                \
    X(call_oversized, "calls of peers longer than the service takes")                              \
    X(event_lost, "events nobody took in time")

#define BUS_COUNTERS(X) ANNOUNCE_COUNTERS(X) SESSION_COUNTERS(X) OTHER_COUNTERS(X)

enum bus_counter {
#define BUS_COUNTER_ENUM(name, sentence) BUS_##name,
    BUS_COUNTERS(BUS_COUNTER_ENUM)
#undef BUS_COUNTER_ENUM
        BUS_COUNTER_COUNT,
};

struct bus_stats {
    uint64_t value[BUS_COUNTER_COUNT];
};

static inline void bus_count(struct bus_stats *stats, enum bus_counter counter)
{
    stats->value[counter]++;
}

/* Its name, and what it counts; both stay. */
const char *bus_counter_name(enum bus_counter counter);
const char *bus_counter_sentence(enum bus_counter counter);
