/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each layer looks at a span: the bytes that are left. Lengths are only ever compared with what
 * is left and subtracted from it; nothing is added to an offset before it was compared.
 */
#include "ingress.h"

#include <base/bytes.h>

#include "checksum.h"

enum {
    ETHERTYPE_IP4 = 0x0800,
    ETHERTYPE_ARP = 0x0806,
    ETHERTYPE_IP6 = 0x86dd,
    ARP_BYTES = 28,
    ARP_OPERATION_MAX = 2, /* request 1, reply 2 */

    IP4_HEADER_BYTES = 20,
    IP4_MORE_FRAGMENTS = 0x2000,
    IP4_OFFSET_MASK = 0x1fff,
    IP_BYTES_MAX = 65535,
    IP6_HEADER_BYTES = 40,
    IP6_EXTENSIONS_MAX = 8,
    IP6_EXTENSION_UNIT = 8,

    PROTOCOL_HOP_BY_HOP = 0,
    PROTOCOL_ICMP4 = 1,
    PROTOCOL_IGMP = 2,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_ROUTING = 43,
    PROTOCOL_FRAGMENT = 44,
    PROTOCOL_ICMP6 = 58,
    PROTOCOL_DESTINATION = 60,

    IGMP_BYTES = 8,
    ICMP_HEADER_BYTES = 8, /* of every type that means anything to us */
    UDP_HEADER_BYTES = 8,
    TCP_HEADER_BYTES = 20,
    ICMP6_TOO_BIG = 2,
    IP6_MTU_MIN = 1280,
    ND_FIRST = 133,
    ND_SOLICITATION = 135,
    ND_ADVERTISEMENT = 136,
    ND_LAST = 137,
    ND_HOP_LIMIT = 255,
    ND_OPTION_UNIT = 8,
    ND_SOURCE_ADDRESS = 1, /* options */
    ND_TARGET_ADDRESS = 2,

    OPTION_END = 0,
    OPTION_NONE = 1,
};

struct span {
    const uint8_t *at;
    size_t left;
};

/* What the transport checks need to know of the IP packet around them. */
struct packet {
    uint8_t protocol;
    uint8_t hop_limit;
    bool is_ip6;
    bool has_source; /* is not the address of nobody */
    bool is_fragment; /* the first of several: headers are checked, sums cannot be */
    uint16_t address_sum; /* of both addresses, for the pseudo header */
};

/* What comes before the options of router solicitation, advertisement, neighbour solicitation,
   advertisement and redirect. */
static const uint8_t nd_fixed_bytes[ND_LAST - ND_FIRST + 1] = {8, 16, 24, 24, 40};

/* How every ARP packet of Ethernet and IPv4 begins. */
static const uint8_t arp_ethernet_ip4[6] = {0, 1, ETHERTYPE_IP4 >> 8, 0, ETH_ADDRESS_BYTES, 4};

static struct span skip(struct span span, size_t bytes)
{
    return (struct span){span.at + bytes, span.left - bytes};
}

static bool is_group(const uint8_t *mac)
{
    return (mac[0] & 1) != 0;
}

static bool is_same_address(const uint8_t *left, const uint8_t *right)
{
    unsigned differs = 0;
    for (int i = 0; i < ETH_ADDRESS_BYTES; i++) {
        differs |= (unsigned)(left[i] ^ right[i]);
    }
    return differs == 0;
}

/* --- groups of the link -------------------------------------------------------------------- */

static uint64_t group_key(const uint8_t *mac)
{
    return (uint64_t)bytes_get_be16(mac) << 32 | bytes_get_be32(mac + 2);
}

static uint32_t find_group(const struct ingress_groups *groups, uint64_t key)
{
    uint32_t i = 0;
    while (i < groups->count && groups->mac[i] != key) {
        i++;
    }
    return i;
}

void ingress_join(struct ingress_rules *rules, const uint8_t mac[ETH_ADDRESS_BYTES])
{
    struct ingress_groups *groups = &rules->groups;
    uint32_t i = find_group(groups, group_key(mac));
    if (i < groups->count) {
        groups->users[i]++; /* joins are fewer: each takes a block of a pool */
    } else if (i == INGRESS_GROUPS_MAX) {
        groups->is_full = true;
    } else {
        groups->mac[i] = group_key(mac);
        groups->users[i] = 1;
        groups->count++;
    }
}

void ingress_leave(struct ingress_rules *rules, const uint8_t mac[ETH_ADDRESS_BYTES])
{
    struct ingress_groups *groups = &rules->groups;
    uint32_t i = find_group(groups, group_key(mac));
    if (i < groups->count && --groups->users[i] == 0) {
        groups->count--;
        groups->mac[i] = groups->mac[groups->count];
        groups->users[i] = groups->users[groups->count];
    }
}

/* Broadcast and all nodes of IPv6 need no joining. */
static bool is_joined(const struct ingress_rules *rules, const uint8_t *mac)
{
    const uint64_t broadcast = 0xffffffffffff, all_nodes = 0x333300000001;
    uint64_t key = group_key(mac);
    return key == broadcast || (key == all_nodes && rules->takes_ip6) || rules->groups.is_full ||
           find_group(&rules->groups, key) < rules->groups.count;
}

/* --- layers -------------------------------------------------------------------------------- */

/* Options of IPv4 and TCP have one form: a kind, then except for two kinds a length from 2 up. */
static bool has_good_options(struct span options)
{
    while (options.left != 0 && options.at[0] != OPTION_END) {
        size_t bytes = 1;
        if (options.at[0] != OPTION_NONE) {
            bytes = options.left >= 2 ? options.at[1] : 0;
            if (bytes < 2 || bytes > options.left) {
                return false;
            }
        }
        options = skip(options, bytes);
    }
    return true;
}

static bool has_good_sum(const struct packet *packet, struct span segment)
{
    if (packet->is_fragment) {
        return true;
    }
    uint32_t sum = checksum_partial(segment.at, segment.left);
    if (packet->is_ip6 || packet->protocol != PROTOCOL_ICMP4) {
        sum += packet->address_sum;
        sum += checksum_wire16(packet->protocol);
        sum += checksum_wire16((uint16_t)segment.left); /* <= IP_BYTES_MAX */
    }
    return checksum_is_good(checksum_fold(sum));
}

static enum counter check_udp(const struct packet *packet, struct span segment)
{
    if (segment.left < UDP_HEADER_BYTES) {
        return COUNTER_udp_short;
    }
    size_t length = bytes_get_be16(segment.at + 4);
    if (length < UDP_HEADER_BYTES || (length > segment.left && !packet->is_fragment)) {
        return COUNTER_udp_length;
    }
    if (length < segment.left) {
        segment.left = length;
    }
    bool has_sum = bytes_get_be16(segment.at + 6) != 0;
    if (has_sum ? !has_good_sum(packet, segment) : packet->is_ip6) {
        return COUNTER_udp_checksum; /* [RFC 8200 §8.1] none over IPv6 */
    }
    return COUNTER_rx_whole;
}

static enum counter check_tcp(const struct packet *packet, struct span segment)
{
    if (segment.left < TCP_HEADER_BYTES) {
        return COUNTER_tcp_short;
    }
    size_t header = (size_t)(segment.at[12] >> 4) * 4;
    if (header < TCP_HEADER_BYTES || header > segment.left) {
        return COUNTER_tcp_data_offset;
    }
    struct span options = {segment.at + TCP_HEADER_BYTES, header - TCP_HEADER_BYTES};
    if (!has_good_options(options)) {
        return COUNTER_tcp_options;
    }
    return has_good_sum(packet, segment) ? COUNTER_rx_whole : COUNTER_tcp_checksum;
}

/*
 * The stack takes the first option of a solicitation, and the first of an advertisement if it has
 * any, for an Ethernet address of the sender. [RFC 4861 §4.3, §4.4]
 */
static bool has_good_address(const struct packet *packet, uint8_t type, struct span options)
{
    bool is_solicitation = type == ND_SOLICITATION && packet->has_source;
    if (is_solicitation || (type == ND_ADVERTISEMENT && options.left != 0)) {
        uint8_t kind = is_solicitation ? ND_SOURCE_ADDRESS : ND_TARGET_ADDRESS;
        return options.left != 0 && options.at[0] == kind && options.at[1] == 1;
    }
    return true;
}

static enum counter check_nd(const struct packet *packet, uint8_t type, struct span message)
{
    size_t fixed = nd_fixed_bytes[type - ND_FIRST];
    if (packet->is_fragment) {
        return COUNTER_nd_fragment; /* [RFC 6980 §5] */
    }
    if (packet->hop_limit != ND_HOP_LIMIT) {
        return COUNTER_nd_hop_limit;
    }
    if (message.left < fixed) {
        return COUNTER_nd_short;
    }
    struct span options = skip(message, fixed);
    while (options.left != 0) {
        size_t bytes = options.left >= 2 ? (size_t)options.at[1] * ND_OPTION_UNIT : 0;
        if (bytes == 0 || bytes > options.left) {
            return COUNTER_nd_option;
        }
        options = skip(options, bytes);
    }
    return has_good_address(packet, type, skip(message, fixed)) ? COUNTER_rx_whole
                                                                : COUNTER_nd_address;
}

static enum counter check_icmp(const struct packet *packet, struct span message)
{
    if (message.left < ICMP_HEADER_BYTES) {
        return COUNTER_icmp_short;
    }
    if (!has_good_sum(packet, message)) {
        return COUNTER_icmp_checksum;
    }
    uint8_t type = message.at[0];
    if (packet->is_ip6 && type == ICMP6_TOO_BIG &&
        bytes_get_be32(message.at + 4) < IP6_MTU_MIN) {
        return COUNTER_icmp_mtu;
    }
    bool is_nd = packet->is_ip6 && type >= ND_FIRST && type <= ND_LAST;
    return is_nd ? check_nd(packet, type, message) : COUNTER_rx_whole;
}

/* [RFC 2236 §2] */
static enum counter check_igmp(const struct packet *packet, struct span message)
{
    if (message.left < IGMP_BYTES) {
        return COUNTER_igmp_short;
    }
    bool is_good =
        packet->is_fragment || checksum_is_good(checksum_partial(message.at, message.left));
    return is_good ? COUNTER_rx_whole : COUNTER_igmp_checksum;
}

static enum counter check_segment(const struct packet *packet, struct span segment)
{
    switch (packet->protocol) {
    case PROTOCOL_TCP:
        return check_tcp(packet, segment);
    case PROTOCOL_UDP:
        return check_udp(packet, segment);
    case PROTOCOL_ICMP4:
        return packet->is_ip6 ? COUNTER_rx_whole : check_icmp(packet, segment);
    case PROTOCOL_ICMP6:
        return packet->is_ip6 ? check_icmp(packet, segment) : COUNTER_rx_whole;
    case PROTOCOL_IGMP:
        return packet->is_ip6 ? COUNTER_rx_whole : check_igmp(packet, segment);
    default:
        return COUNTER_rx_whole; /* the stack answers that it has no such protocol */
    }
}

static enum counter check_transport(const struct packet *packet, struct span segment)
{
    enum counter result = check_segment(packet, segment);
    return result == COUNTER_rx_whole && packet->is_fragment ? COUNTER_rx_fragment : result;
}

static enum counter check_ip4_fragment(uint16_t place, size_t payload)
{
    enum { DATA_MAX = IP_BYTES_MAX - IP4_HEADER_BYTES };
    size_t offset = (size_t)(place & IP4_OFFSET_MASK) * 8;
    bool is_last = (place & IP4_MORE_FRAGMENTS) == 0;
    if (payload == 0 || offset > DATA_MAX || payload > DATA_MAX - offset ||
        (!is_last && payload % 8 != 0)) {
        return COUNTER_ip4_fragment;
    }
    return COUNTER_rx_fragment;
}

static enum counter check_ip4_addresses(const uint8_t *source, const uint8_t *destination)
{
    enum { LOOPBACK = 127, GROUPS_FROM = 224 }; /* multicast, reserved and broadcast */
    if (source[0] == LOOPBACK || source[0] >= GROUPS_FROM) {
        return COUNTER_ip4_source;
    }
    return destination[0] == LOOPBACK ? COUNTER_ip4_destination : COUNTER_rx_whole;
}

static enum counter check_ip4(struct span packet)
{
    if (packet.left < IP4_HEADER_BYTES) {
        return COUNTER_ip4_short;
    }
    if (packet.at[0] >> 4 != 4) {
        return COUNTER_ip4_version;
    }
    size_t header = (size_t)(packet.at[0] & 15) * 4;
    if (header < IP4_HEADER_BYTES || header > packet.left) {
        return COUNTER_ip4_header_length;
    }
    size_t total = bytes_get_be16(packet.at + 2);
    if (total < header || total > packet.left) {
        return COUNTER_ip4_total_length;
    }
    packet.left = total; /* what follows is padding of the link */
    if (!checksum_is_good(checksum_header(packet.at, header))) {
        return COUNTER_ip4_checksum;
    }
    struct span options = {packet.at + IP4_HEADER_BYTES, header - IP4_HEADER_BYTES};
    if (!has_good_options(options)) {
        return COUNTER_ip4_options;
    }
    enum counter addresses = check_ip4_addresses(packet.at + 12, packet.at + 16);
    if (addresses != COUNTER_rx_whole) {
        return addresses;
    }
    uint16_t place = bytes_get_be16(packet.at + 6);
    bool is_fragment = (place & (IP4_MORE_FRAGMENTS | IP4_OFFSET_MASK)) != 0;
    if (is_fragment) {
        enum counter fragment = check_ip4_fragment(place, total - header);
        if (fragment != COUNTER_rx_fragment || (place & IP4_OFFSET_MASK) != 0) {
            return fragment;
        }
    }
    struct packet around = {
        .protocol = packet.at[9],
        .hop_limit = packet.at[8],
        .is_fragment = is_fragment,
        .address_sum = checksum_header(packet.at + 12, 8),
    };
    return check_transport(&around, skip(packet, header));
}

static bool is_ip6_any(const uint8_t *address)
{
    return bytes_get_be64(address) == 0 && bytes_get_be64(address + 8) == 0;
}

/* Loopback, or an IPv4 address in the form that programs use. Neither belongs on a wire. */
static bool is_ip6_internal(const uint8_t *address)
{
    enum { MAPPED = 0xffff };
    return bytes_get_be64(address) == 0 &&
           (bytes_get_be64(address + 8) == 1 || bytes_get_be32(address + 8) == MAPPED);
}

/* Who has no address yet may ask whether it is free, and report its groups. [RFC 4862 §5.4.2] */
static bool may_lack_source(uint8_t protocol)
{
    return protocol == PROTOCOL_ICMP6 || protocol == PROTOCOL_HOP_BY_HOP;
}

static bool is_ip6_extension(uint8_t protocol)
{
    return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING ||
           protocol == PROTOCOL_FRAGMENT || protocol == PROTOCOL_DESTINATION;
}

/* Options of IPv6 are a kind and a length, but for one that is a single byte. [RFC 8200 §4.2] */
static bool has_good_ip6_options(struct span options)
{
    while (options.left != 0) {
        size_t bytes = 1;
        if (options.at[0] != 0) {
            bytes = options.left >= 2 ? 2 + (size_t)options.at[1] : SIZE_MAX;
        }
        if (bytes > options.left) {
            return false;
        }
        options = skip(options, bytes);
    }
    return true;
}

/* Walks the extension headers to the transport, or to a fragment that is not the first. */
static enum counter check_ip6_chain(struct packet *around, struct span rest)
{
    for (int count = 0; count <= IP6_EXTENSIONS_MAX; count++) {
        if (!is_ip6_extension(around->protocol)) {
            return check_transport(around, rest);
        }
        if (rest.left < IP6_EXTENSION_UNIT) {
            return COUNTER_ip6_extension;
        }
        size_t bytes = IP6_EXTENSION_UNIT;
        if (around->protocol == PROTOCOL_FRAGMENT) {
            around->is_fragment = true;
            if (bytes_get_be16(rest.at + 2) >> 3 != 0) {
                return COUNTER_rx_fragment;
            }
        } else {
            bytes += (size_t)rest.at[1] * IP6_EXTENSION_UNIT;
        }
        if (bytes > rest.left) {
            return COUNTER_ip6_extension;
        }
        bool has_options = around->protocol == PROTOCOL_HOP_BY_HOP ||
                           around->protocol == PROTOCOL_DESTINATION;
        if (has_options && !has_good_ip6_options((struct span){rest.at + 2, bytes - 2})) {
            return COUNTER_ip6_options;
        }
        around->protocol = rest.at[0];
        rest = skip(rest, bytes);
    }
    return COUNTER_ip6_extension;
}

static enum counter check_ip6(struct span packet)
{
    if (packet.left < IP6_HEADER_BYTES) {
        return COUNTER_ip6_short;
    }
    if (packet.at[0] >> 4 != 6) {
        return COUNTER_ip6_version;
    }
    size_t payload = bytes_get_be16(packet.at + 4);
    if (payload > packet.left - IP6_HEADER_BYTES) {
        return COUNTER_ip6_payload_length;
    }
    bool has_source = !is_ip6_any(packet.at + 8);
    if (packet.at[8] == 0xff || is_ip6_internal(packet.at + 8) ||
        (!has_source && !may_lack_source(packet.at[6]))) {
        return COUNTER_ip6_source;
    }
    if (is_ip6_internal(packet.at + 24) || is_ip6_any(packet.at + 24)) {
        return COUNTER_ip6_destination;
    }
    struct packet around = {
        .protocol = packet.at[6],
        .hop_limit = packet.at[7],
        .is_ip6 = true,
        .has_source = has_source,
        .address_sum = checksum_header(packet.at + 8, 32),
    };
    return check_ip6_chain(&around, (struct span){packet.at + IP6_HEADER_BYTES, payload});
}

static enum counter check_arp(struct span packet)
{
    if (packet.left < ARP_BYTES) {
        return COUNTER_arp_short;
    }
    uint16_t operation = bytes_get_be16(packet.at + 6);
    if (__builtin_memcmp(packet.at, arp_ethernet_ip4, sizeof(arp_ethernet_ip4)) != 0 ||
        operation == 0 || operation > ARP_OPERATION_MAX) {
        return COUNTER_arp_format;
    }
    return is_group(packet.at + 8) ? COUNTER_arp_sender : COUNTER_rx_whole;
}

enum counter ingress_check(const struct ingress_rules *rules, const uint8_t *frame, size_t len)
{
    if (len < ETH_HEADER_BYTES) {
        return COUNTER_eth_short;
    }
    if (len - ETH_HEADER_BYTES > rules->mtu) {
        return COUNTER_eth_long;
    }
    if (is_group(frame + ETH_ADDRESS_BYTES)) {
        return COUNTER_eth_source_group;
    }
    if (!is_group(frame) && !is_same_address(frame, rules->mac)) {
        return COUNTER_eth_not_ours;
    }
    if (is_group(frame) && !is_joined(rules, frame)) {
        return COUNTER_eth_group;
    }
    struct span packet = {frame + ETH_HEADER_BYTES, len - ETH_HEADER_BYTES};
    switch (bytes_get_be16(frame + 12)) {
    case ETHERTYPE_IP4:
        return check_ip4(packet);
    case ETHERTYPE_ARP:
        return check_arp(packet);
    case ETHERTYPE_IP6:
        return rules->takes_ip6 ? check_ip6(packet) : COUNTER_ip6_off;
    default:
        return COUNTER_eth_type;
    }
}
