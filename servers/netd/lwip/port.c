/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP asks of its platform: clock, random numbers, checksum, the end after an assertion.
 */
#include "port.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include <lwip/dhcp.h>
#include <lwip/dns.h>
#include <lwip/ip4.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/dhcp.h>
#include <lwip/prot/etharp.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/icmp.h>
#include <lwip/prot/icmp6.h>
#include <lwip/prot/igmp.h>
#include <lwip/prot/ip4.h>
#include <lwip/prot/ip6.h>
#include <lwip/prot/mld6.h>
#include <lwip/prot/nd6.h>
#include <lwip/prot/tcp.h>
#include <lwip/prot/udp.h>
#include <lwip/sys.h>

#include <base/bytes.h>
#include <base/siphash.h>

#include "../checksum.h"

/* arch/cc.h: no header has a gap that is not in the packet. */
static_assert(sizeof(struct eth_hdr) == ETH_PAD_SIZE + 14 && sizeof(struct etharp_hdr) == 28 &&
                  sizeof(struct ip_hdr) == 20 && sizeof(struct ip6_hdr) == 40 &&
                  sizeof(struct ip6_frag_hdr) == 8 && sizeof(struct udp_hdr) == 8 &&
                  sizeof(struct tcp_hdr) == 20 && sizeof(struct icmp_echo_hdr) == 8 &&
                  sizeof(struct icmp6_echo_hdr) == 8 && sizeof(struct igmp_msg) == 8 &&
                  sizeof(struct mld_header) == 24 && sizeof(struct ns_header) == 24 &&
                  sizeof(struct na_header) == 24 && sizeof(struct ra_header) == 16 &&
                  sizeof(struct redirect_header) == 40 && sizeof(struct prefix_option) == 32 &&
                  offsetof(struct dhcp_msg, cookie) == 236,
              "as they lie in packets");

enum { PORT_LINKS = 4 }; /* numbers of interfaces follow each other, loopback has none */

static struct {
    uint64_t now_us;
    uint64_t key[2];          /* of random numbers */
    uint64_t drawn;           /* how many there were */
    uint64_t sequence_key[2]; /* of first sequence numbers */
    bool is_ooseq_refused;
    void (*report)(const char *text, const char *file, int line);
    /* Of each interface, by lwIP's number of it; all zero: none. */
    uint16_t mtu[PORT_LINKS]; /* that a lease brought */
    struct {
        ip_addr_t by_lease[DNS_MAX_SERVERS];
        ip_addr_t by_info6[DNS_MAX_SERVERS];
    } name_servers[PORT_LINKS];
} port;

void port_set_now(uint64_t now_us)
{
    port.now_us = now_us;
}

uint64_t port_now_us(void)
{
    return port.now_us;
}

void port_on_assert(void (*report)(const char *text, const char *file, int line))
{
    port.report = report;
}

u32_t sys_now(void)
{
    return (u32_t)(port.now_us / 1000);
}

/* A keyed hash of a count: who has seen any of them cannot tell another. */
uint32_t netd_random_u32(void)
{
    struct siphash hash = siphash_start(port.key);
    siphash_word(&hash, port.drawn++);
    return (uint32_t)siphash_end(&hash);
}

void port_seed(const uint64_t seed[PORT_SEED_WORDS])
{
    port.drawn = 0;
    memcpy(port.key, seed, sizeof(port.key));
    memcpy(port.sequence_key, seed + 2, sizeof(port.sequence_key));
}

static void sip_bytes(struct siphash *hash, const void *bytes, unsigned len)
{
    for (unsigned at = 0; at < len; at += sizeof(uint64_t)) {
        uint64_t word = 0;
        unsigned left = len - at;
        memcpy(&word, (const uint8_t *)bytes + at, left < sizeof(word) ? left : sizeof(word));
        siphash_word(hash, word);
    }
}

/* A clock of 4 us and a keyed hash of both ends [RFC 6528 §3]. */
uint32_t netd_first_sequence(const void *local, unsigned bytes, const void *peer, uint32_t ports)
{
    struct siphash hash = siphash_start(port.sequence_key);
    sip_bytes(&hash, local, bytes);
    sip_bytes(&hash, peer, bytes);
    siphash_word(&hash, ports);
    return (uint32_t)siphash_end(&hash) + (uint32_t)(port.now_us / 4);
}

void port_allow_ooseq(bool is_allowed)
{
    port.is_ooseq_refused = !is_allowed;
}

uint16_t netd_ooseq_limit(void)
{
    return port.is_ooseq_refused ? 0 : UINT16_MAX; /* the window bounds it */
}

/* Where a packet begins a connection: its ends and its first sequence number. */
struct beginning {
    ip_addr_t source;
    ip_addr_t destination;
    uint16_t source_port;
    uint16_t destination_port;
    uint32_t sequence;
};

/* Where TCP's header is, if the packet is no fragment and has no extension headers; else 0. */
static u16_t read_ip4(const struct pbuf *pbuf, struct beginning *beginning)
{
    const struct ip_hdr *ip = pbuf->payload;
    if (pbuf->len < IP_HLEN || IPH_PROTO(ip) != IP_PROTO_TCP ||
        (IPH_OFFSET(ip) & PP_HTONS(IP_OFFMASK | IP_MF)) != 0) {
        return 0;
    }
    ip_addr_copy_from_ip4(beginning->source, ip->src);
    ip_addr_copy_from_ip4(beginning->destination, ip->dest);
    return IPH_HL_BYTES(ip);
}

static u16_t read_ip6(const struct pbuf *pbuf, const struct netif *netif,
                      struct beginning *beginning)
{
    const struct ip6_hdr *ip = pbuf->payload;
    if (pbuf->len < IP6_HLEN || IP6H_NEXTH(ip) != IP6_NEXTH_TCP) {
        return 0;
    }
    ip_addr_copy_from_ip6_packed(beginning->source, ip->src);
    ip_addr_copy_from_ip6_packed(beginning->destination, ip->dest);
    ip6_addr_assign_zone(ip_2_ip6(&beginning->source), IP6_UNICAST, netif);
    ip6_addr_assign_zone(ip_2_ip6(&beginning->destination), IP6_UNICAST, netif);
    return IP6_HLEN;
}

static bool is_beginning(const struct pbuf *pbuf, const struct netif *netif,
                         struct beginning *beginning)
{
    u16_t at = IP_HDR_GET_VERSION(pbuf->payload) == 6 ? read_ip6(pbuf, netif, beginning)
                                                      : read_ip4(pbuf, beginning);
    if (at < IP_HLEN || pbuf->len < at + TCP_HLEN) {
        return false;
    }
    const struct tcp_hdr *tcp = (const void *)((const uint8_t *)pbuf->payload + at);
    beginning->source_port = lwip_ntohs(tcp->src);
    beginning->destination_port = lwip_ntohs(tcp->dest);
    beginning->sequence = lwip_ntohl(tcp->seqno);
    return (TCPH_FLAGS(tcp) & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN;
}

static bool is_same_connection(const struct tcp_pcb *pcb, const struct beginning *beginning)
{
    return pcb->remote_port == beginning->source_port &&
           pcb->local_port == beginning->destination_port &&
           ip_addr_eq(&pcb->remote_ip, &beginning->source) &&
           ip_addr_eq(&pcb->local_ip, &beginning->destination);
}

/*
 * A peer may use the ports of a connection again that is only waited out here, if its sequence
 * numbers go on [RFC 1122 §4.2.2.13]. lwIP would answer with a reset. Never eats the packet.
 */
int netd_look_at_packet(struct pbuf *pbuf, const struct netif *netif)
{
    struct beginning beginning;
    if (tcp_tw_pcbs == NULL || !is_beginning(pbuf, netif, &beginning)) {
        return 0;
    }
    for (struct tcp_pcb *pcb = tcp_tw_pcbs; pcb != NULL; pcb = pcb->next) {
        if (is_same_connection(pcb, &beginning)) {
            if (TCP_SEQ_GT(beginning.sequence, pcb->rcv_nxt)) {
                tcp_abort(pcb); /* of one in TIME-WAIT nothing is sent */
            }
            return 0;
        }
    }
    return 0;
}

/*
 * lwIP asserts that a window has its default size when a peer that began without window scaling
 * begins again with it. Windows here are the rings', so such a segment is dropped.
 */
int netd_check_segment(const struct tcp_pcb *pcb, const struct tcp_hdr *header)
{
    bool is_late_syn = pcb->state == SYN_RCVD && (TCPH_FLAGS(header) & TCP_SYN) != 0;
    return !is_late_syn || (pcb->flags & TF_WND_SCALE) != 0;
}

void netd_dhcp_append(const struct dhcp *dhcp, uint8_t type, uint8_t *options, uint16_t *bytes)
{
    const size_t option_bytes = 6;
    if (type == DHCP_DECLINE && *bytes + option_bytes < DHCP_OPTIONS_LEN) { /* and the end */
        options[*bytes] = DHCP_OPTION_SERVER_ID;
        options[*bytes + 1] = 4;
        bytes_put_be32(options + *bytes + 2,
                       lwip_ntohl(ip4_addr_get_u32(ip_2_ip4(&dhcp->server_ip_addr))));
        *bytes = (uint16_t)(*bytes + option_bytes);
    }
}

void netd_dhcp_option(const struct netif *netif, uint8_t type, uint8_t option, uint8_t bytes,
                      const struct pbuf *pbuf, uint16_t at)
{
    uint8_t value[2];
    if (type == DHCP_ACK && option == DHCP_OPTION_MTU && bytes == sizeof(value) &&
        pbuf_copy_partial(pbuf, value, sizeof(value), at) == sizeof(value)) {
        port.mtu[netif_get_index(netif) % PORT_LINKS] = bytes_get_be16(value);
    }
}

uint16_t port_take_mtu(const struct netif *netif)
{
    uint16_t *mtu = &port.mtu[netif_get_index(netif) % PORT_LINKS];
    uint16_t taken = *mtu;
    *mtu = 0;
    return taken;
}

/* --- lwIP's own resolver is not compiled; its clients of DHCP tell the servers here ----------- */

void dns_init(void)
{
}

void dns_tmr(void)
{
}

static void forget(ip_addr_t servers[DNS_MAX_SERVERS])
{
    for (u8_t i = 0; i < DNS_MAX_SERVERS; i++) {
        servers[i] = *IP_ADDR_ANY;
    }
}

/*
 * Of the interface by which the message came that tells of it; outside of any, of all. lwIP numbers
 * those of a lease from 0 in each message, and with the first those of the last message are over.
 */
void dns_setserver(u8_t number, const ip_addr_t *server)
{
    const struct netif *netif = ip_current_input_netif();
    for (u8_t i = 0; i < PORT_LINKS && number < DNS_MAX_SERVERS; i++) {
        if (netif != NULL && netif_get_index(netif) % PORT_LINKS != i) {
            continue;
        }
        if (number == 0 && (server == NULL || !IP_IS_V6(server))) {
            forget(port.name_servers[i].by_lease);
        }
        if (server == NULL || !IP_IS_V6(server)) {
            port.name_servers[i].by_lease[number] = server == NULL ? *IP4_ADDR_ANY : *server;
        }
        if (server == NULL || IP_IS_V6(server)) {
            port.name_servers[i].by_info6[number] = server == NULL ? *IP6_ADDR_ANY : *server;
        }
    }
}

void port_forget_servers4(const struct netif *netif)
{
    forget(port.name_servers[netif_get_index(netif) % PORT_LINKS].by_lease);
}

void port_forget_servers6(const struct netif *netif)
{
    forget(port.name_servers[netif_get_index(netif) % PORT_LINKS].by_info6);
}

/* The one of that number among those the interface has: of the lease first; NULL: not so many. */
static const ip_addr_t *find_server(u8_t interface, u8_t number)
{
    for (u8_t i = 0; i < 2 * DNS_MAX_SERVERS; i++) {
        const ip_addr_t *server = i < DNS_MAX_SERVERS
                                      ? &port.name_servers[interface].by_lease[i]
                                      : &port.name_servers[interface].by_info6[i - DNS_MAX_SERVERS];
        if (!ip_addr_isany(server) && number-- == 0) {
            return server;
        }
    }
    return NULL;
}

/* Those of the default interface, or of the first that has any. */
const ip_addr_t *dns_getserver(u8_t number)
{
    u8_t interface =
        netif_default == NULL ? 0 : netif_get_index(netif_default) % PORT_LINKS;
    for (u8_t i = 0; i < PORT_LINKS && find_server(interface, 0) == NULL; i++) {
        interface = i;
    }
    const ip_addr_t *server = find_server(interface, number);
    return server == NULL ? IP4_ADDR_ANY : server;
}

uint16_t netd_checksum_partial(const void *data, int len)
{
    size_t bytes = (size_t)len; /* u16 */
    return bytes % 4 == 0 && bytes <= IP_HLEN_MAX ? checksum_header(data, bytes)
                                                  : checksum_partial(data, bytes);
}

_Noreturn void netd_lwip_assert(const char *text, const char *file, int line)
{
    if (port.report != NULL) {
        port.report(text, file, line);
    }
    __builtin_trap();
}
