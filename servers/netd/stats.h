/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one list of netd's counters: every frame that comes in, every drop, every retry.
 *
 * X(name, sentence). A received frame raises exactly one of the counters of the first group.
 * Names are what `netstat -s` prints; a test expects each of them.
 */
#pragma once

#include <stdint.h>

/* Refused by the ingress check, in the order in which it looks. */
#define INGRESS_COUNTERS(X)                                                                        \
    X(eth_short, "frame shorter than an Ethernet header")                                          \
    X(eth_long, "frame longer than the MTU allows")                                                \
    X(eth_source_group, "Ethernet source is a group address")                                      \
    X(eth_not_ours, "Ethernet destination is another station")                                     \
    X(eth_group, "Ethernet destination is a group that nobody here has joined")                    \
    X(eth_type, "neither IPv4, ARP nor IPv6")                                                      \
    X(arp_short, "ARP packet cut short")                                                           \
    X(arp_format, "ARP not of Ethernet and IPv4, or an unknown operation")                         \
    X(arp_sender, "ARP sender has a group address")                                                \
    X(ip4_short, "IPv4 header cut short")                                                          \
    X(ip4_version, "IPv4 frame with another version")                                              \
    X(ip4_header_length, "IPv4 header length below 20 or past the frame")                          \
    X(ip4_total_length, "IPv4 total length below its header or past the frame")                    \
    X(ip4_checksum, "IPv4 header checksum wrong")                                                  \
    X(ip4_options, "IPv4 options malformed")                                                       \
    X(ip4_source, "IPv4 source is a group or loopback address")                                    \
    X(ip4_destination, "IPv4 destination is a loopback address")                                   \
    X(ip4_fragment, "IPv4 fragment of impossible size or place")                                   \
    X(ip6_short, "IPv6 header cut short")                                                          \
    X(ip6_version, "IPv6 frame with another version")                                              \
    X(ip6_payload_length, "IPv6 payload length past the frame")                                    \
    X(ip6_source, "IPv6 source is a group, loopback, mapped or, but for a solicitation, none")     \
    X(ip6_destination, "IPv6 destination is a loopback or mapped address, or none")                \
    X(ip6_extension, "IPv6 extension header cut short or too many of them")                        \
    X(ip6_options, "IPv6 options past their header")                                               \
    X(ip6_off, "IPv6 is not in use here")                                                          \
    X(icmp_short, "ICMP header cut short")                                                         \
    X(icmp_checksum, "ICMP checksum wrong")                                                        \
    X(icmp_mtu, "ICMPv6 packet too big for less than the least MTU")                               \
    X(igmp_short, "IGMP message cut short")                                                        \
    X(igmp_checksum, "IGMP checksum wrong")                                                        \
    X(nd_hop_limit, "neighbour discovery from beyond the link")                                    \
    X(nd_fragment, "neighbour discovery in a fragment")                                            \
    X(nd_short, "neighbour discovery message cut short")                                           \
    X(nd_option, "neighbour discovery option of length zero or past the message")                  \
    X(nd_address, "neighbour discovery that does not begin with an Ethernet address")             \
    X(udp_short, "UDP header cut short")                                                           \
    X(udp_length, "UDP length below its header or past the packet")                                \
    X(udp_checksum, "UDP checksum wrong, or missing over IPv6")                                    \
    X(tcp_short, "TCP header cut short")                                                           \
    X(tcp_data_offset, "TCP data offset below 20 or past the segment")                             \
    X(tcp_options, "TCP options malformed")                                                        \
    X(tcp_checksum, "TCP checksum wrong")

#define NETD_COUNTERS(X)                                                                           \
    X(rx_whole, "packets accepted and summed")                                                     \
    X(rx_fragment, "fragments accepted, to be summed after reassembly")                            \
    INGRESS_COUNTERS(X)                                                                            \
    X(fragment_checksum, "packet put together from fragments whose checksum is wrong")             \
    X(rx_bad_entry, "ring entry outside the pool or of impossible size")                           \
    X(rx_not_lent, "ring entry for a frame the driver does not have")                              \
    X(rx_ring_corrupt, "driver broke the indexes of a ring")                                       \
    X(rx_pool_share, "frame returned at once: too many are held in queues")                        \
    X(tx_frames, "frames given to the driver")                                                     \
    X(tx_no_frame, "frame not sent: the pool is empty")                                            \
    X(tx_long, "frame not sent: longer than the MTU allows")                                       \
    X(tx_bad_done, "driver returned a frame it did not have")                                      \
    X(dhcp_bound, "leases taken or renewed")                                                       \
    X(dhcp_lost, "leases lost by refusal or expiry")                                               \
    X(dhcp_bad_lease, "leases refused for an impossible address or mask")                          \
    X(dhcp_declined, "leases given back because another host has the address")                     \
    X(dhcp_bad_mtu, "leases with an MTU that is not used: too small")                              \
    X(dhcp_no_memory, "renewals by request not sent for want of memory")                           \
    X(dhcp_fallback, "times the static address was put in force")                                  \
    X(addr_conflict, "static addresses not used because another host has them")                    \
    X(dhcp6_asked, "DHCPv6 requests begun")                                                        \
    X(dhcp6_answered, "DHCPv6 requests answered")                                                  \
    X(dhcp6_unanswered, "DHCPv6 requests given up")                                                \
    X(dhcp6_unmatched, "DHCPv6 messages that answer nothing we asked")                             \
    X(dhcp6_malformed, "DHCPv6 messages with an impossible option, or in fragments")               \
    X(dhcp6_refused, "DHCPv6 messages by which a server refuses")                                  \
    X(dhcp6_no_memory, "DHCPv6 requests not made: no PCB, or its port is taken")                   \
    X(addr6_valid, "IPv6 addresses that came into use")                                            \
    X(addr6_duplicate, "IPv6 addresses not used because another host has them")                    \
    X(addr6_router_lost, "routers given up because they do not answer")                            \
    X(neighbour_flush, "neighbour caches emptied for a new address")                               \
    X(ping_sent, "echo requests sent for clients")                                                 \
    X(ping_answered, "echo replies that matched a request")                                        \
    X(ping_unmatched, "echo replies that matched none")                                            \
    X(ping_timeout, "echo requests whose deadline passed")                                         \
    X(ping_unreachable, "echo requests answered with an ICMP error")                               \
    X(ping_refused, "ping requests refused: too many at once")                                     \
    X(dns_questions, "questions of programs for names")                                            \
    X(dns_cached, "questions answered from the cache")                                             \
    X(dns_asked, "questions sent to name servers")                                                 \
    X(dns_answered, "answers of name servers passed on")                                           \
    X(dns_unmatched, "answers of name servers to no question of ours")                             \
    X(dns_timeout, "questions that a name server did not answer in time")                          \
    X(dns_failed, "questions answered with a failure")                                             \
    X(dns_full, "questions failed because too many were under way")                                \
    X(dns_bad_query, "datagrams to the resolver that are no question")                             \
    X(dns_no_memory, "answers to programs not sent for want of memory")                            \
    X(request_bad, "IPC requests malformed or unknown")                                            \
    X(request_denied, "requests to configure that the manifest forbids")                           \
    X(request_late, "wake-ups for a client that no longer takes them")                             \
    X(socket_denied, "requests that the manifest forbids")                                         \
    X(socket_stale, "requests that named an old epoch of the arena")                               \
    X(socket_no_slot, "sockets or connections refused: no slot free")                              \
    X(socket_no_memory, "sockets refused: no PCB free")                                            \
    X(socket_corrupt, "sockets ended: the client broke an index or a record")                      \
    X(socket_ring_corrupt, "arenas closed: the client broke a ring")                               \
    X(socket_ready_full, "news not told: the client does not take its numbers")                    \
    X(socket_bad_kick, "kicks of slots that do not exist")                                         \
    X(socket_client_gone, "clients that died")                                                     \
    X(stream_backlog, "connections not answered: the backlog is full")                             \
    X(stream_no_slot, "connections not answered: the listener has no slot free")                   \
    X(stream_failed, "connections that ended by force")                                            \
    X(stream_starved, "times a stream found no memory for a segment")                              \
    X(stream_overrun, "bytes that came without room, a bug")                                       \
    X(datagram_no_room, "datagrams dropped: the receive ring is full")                             \
    X(datagram_changed, "datagrams dropped: the driver changed them after they were checked")      \
    X(datagram_not_sent, "datagrams dropped: no way there, no memory or not allowed")              \
    X(datagram_bad_record, "records that cannot be in a send ring")

enum counter {
#define COUNTER_ENUM(name, sentence) COUNTER_##name,
    NETD_COUNTERS(COUNTER_ENUM)
#undef COUNTER_ENUM
    COUNTERS,
};

struct stats {
    uint64_t value[COUNTERS];
};

static inline void stats_count(struct stats *stats, enum counter counter)
{
    stats->value[counter]++;
}

/* The name of a counter, and its sentence; both live for ever. Requires counter < COUNTERS. */
const char *stats_name(enum counter counter);
const char *stats_sentence(enum counter counter);
