/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP 2.2.1 as netd uses it: no operating system, raw API, IPv4 and IPv6.
 *
 * Compiled unmodified. Everything it can hold on to is bounded here; together reassembly,
 * out-of-order and pending-ARP limits stay below a quarter of the smallest frame pool
 * (static_assert in netif.c).
 */
#pragma once

/* --- shape --- */
#define NO_SYS                     1
#define SYS_LIGHTWEIGHT_PROT       0
#define LWIP_SOCKET                0
#define LWIP_NETCONN               0
#define LWIP_IPV4                  1
#define LWIP_IPV6                  1
#define LWIP_TIMERS                0 /* timers.c: a timer runs only while something needs it */
#define LWIP_NETIF_HOSTNAME        1
#define LWIP_NETIF_STATUS_CALLBACK 0 /* addr.c looks after each step instead */

/* --- memory: pools only, see lwippools.h --- */
#define MEM_ALIGNMENT              8
#define MEM_USE_POOLS              1
#define MEM_USE_POOLS_TRY_BIGGER_POOL 1
#define MEMP_USE_CUSTOM_POOLS      1
#define PBUF_POOL_SIZE             0 /* received frames are custom pbufs of netif.c */
#define MEMP_NUM_PBUF              1600 /* references into send rings: one or two a segment */
/* Whatever sockets are used for, there is a PCB for each (static_assert in socket_arena.c). */
#define MEMP_NUM_RAW_PCB           772
#define MEMP_NUM_UDP_PCB           788
#define MEMP_NUM_TCP_PCB           832 /* and some that nobody owns any more */
#define MEMP_NUM_TCP_PCB_LISTEN    768
#define MEMP_NUM_TCP_SEG           1280
#define MEMP_NUM_IGMP_GROUP        64
#define MEMP_NUM_REASSDATA         4
#define MEMP_NUM_FRAG_PBUF         8
#define MEMP_NUM_ARP_QUEUE         16
#define LWIP_SUPPORT_CUSTOM_PBUF   1

/* --- link --- */
#define ETH_PAD_SIZE               2 /* frames start at 2 mod 8, so IP headers are aligned */
#define ARP_TABLE_SIZE             32
#define ARP_QUEUEING               1
#define ARP_QUEUE_LEN              4
#define ARP_MAXAGE                 300
#define ETHARP_TRUST_IP_MAC        0
#define ETHARP_TABLE_MATCH_NETIF   1
#define LWIP_HAVE_LOOPIF           1
#define LWIP_NETIF_LOOPBACK        1
#define LWIP_LOOPBACK_MAX_PBUFS    64

/* --- internet --- */
#define LWIP_HOOK_IP4_ROUTE_SRC(source, destination)                                               \
    (netd_has_routes != 0 ? netd_route(source, destination) : NULL)
#define LWIP_HOOK_ETHARP_GET_GW(netif, destination)                                                \
    (netd_has_routes != 0 ? netd_gateway(netif, destination) : NULL)
#define IP_FORWARD                 0
#define IP_OPTIONS_ALLOWED         1
#define IP_REASSEMBLY              1
#define IP_FRAG                    1
#define IP_REASS_MAX_PBUFS         12
#define IP_REASS_MAXAGE            15
#define IP_DEFAULT_TTL             64
#define LWIP_ICMP                  1
#define LWIP_BROADCAST_PING        0
#define LWIP_MULTICAST_PING        0
#define LWIP_RAW                   1
#define LWIP_UDP                   1
#define IP_SOF_BROADCAST           1
#define IP_SOF_BROADCAST_RECV      0
#define SO_REUSE                   1

/* --- IPv6: addr6.c starts it on an interface --- */
#define LWIP_IPV6_NUM_ADDRESSES    4
#define LWIP_IPV6_FORWARD          0
#define LWIP_IPV6_DUP_DETECT_ATTEMPTS 1
#define LWIP_ND6_NUM_NEIGHBORS     32
#define LWIP_ND6_NUM_DESTINATIONS  32
#define LWIP_ND6_NUM_PREFIXES      4
#define LWIP_ND6_NUM_ROUTERS       2
#define MEMP_NUM_ND6_QUEUE         16
#define MEMP_NUM_MLD6_GROUP        64
#define IPV6_FRAG_COPYHEADER       1 /* pointers of this CPU need it */

/* --- DHCPv6 without addresses: info6.c starts and stops it --- */
#define LWIP_IPV6_DHCP6            1
#define LWIP_DHCP6_MAX_DNS_SERVERS 2
/* `p_out` is what dhcp6.c calls the message. */
#define LWIP_HOOK_DHCP6_APPEND_OPTIONS(netif, client, state, message, type, bytes, room)           \
    ((bytes) = netd_info6_append(netif, (u8_t *)((message) + 1), bytes, p_out))

/* --- DHCP: seconds, not minutes, so that T1, T2 and the end of a lease are exact --- */
#define LWIP_DHCP                  1
#define LWIP_ACD                   1 /* timers.c gives it shorter ticks while it probes */
#define LWIP_DHCP_DOES_ACD_CHECK   1
#define LWIP_DHCP_GET_NTP_SRV      0
#define LWIP_DHCP_MAX_DNS_SERVERS  2
#define LWIP_AUTOIP                0
#define LWIP_DNS                   1 /* DHCP tells its servers; resolver.c asks them */
#define DNS_MAX_SERVERS            2
#define LWIP_IGMP                  1
#define LWIP_MULTICAST_TX_OPTIONS  1
#define DHCP_COARSE_TIMER_SECS     1
#define DHCP_TIMEOUT_SIZE_T        u32_t
#define DHCP_CREATE_RAND_XID       1
#define DHCP_DEFINE_CUSTOM_TIMEOUTS 1
/* 0 would mean "never" to lwIP; a lease of no time ends after one second. */
#define NETD_DHCP_SECONDS(offered) ((offered) == 0 ? 1u : (offered))
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T0_LEASE(result, dhcp)                                       \
    ((result) = NETD_DHCP_SECONDS((dhcp)->offered_t0_lease))
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T1_RENEW(result, dhcp)                                       \
    ((result) = NETD_DHCP_SECONDS((dhcp)->offered_t1_renew))
#define DHCP_SET_TIMEOUT_FROM_OFFERED_T2_REBIND(result, dhcp)                                      \
    ((result) = NETD_DHCP_SECONDS((dhcp)->offered_t2_rebind))
#define DHCP_NEXT_TIMEOUT_THRESHOLD 60u /* [RFC 2131 §4.4.5] not more often than each minute */
/* [RFC 2131 §4.1] twice as long each time, a second more or less at random. */
#define DHCP_REQUEST_BACKOFF_SEQUENCE(tries)                                                       \
    ((u16_t)(((tries) < 6 ? 1u << (tries) : 60u) * 1000u - 1000u + LWIP_RAND() % 2001u))
/* What lwIP leaves out of a DHCPDECLINE: the server it is for. [RFC 2131 §4.4.1] */
#define DHCP_ADD_EXTRA_REQUEST_OPTIONS , DHCP_OPTION_MTU
#define LWIP_HOOK_DHCP_PARSE_OPTION(netif, dhcp, state, message, type, option, bytes, pbuf, at)    \
    netd_dhcp_option(netif, type, option, bytes, pbuf, at)
#define LWIP_HOOK_DHCP_APPEND_OPTIONS(netif, dhcp, state, message, type, bytes)                    \
    netd_dhcp_append(dhcp, type, (message)->options, bytes)

/*
 * --- TCP ---
 * The largest ring is the largest window; socket_stream.c gives each connection its own.
 */
#define LWIP_TCP                   1
#define TCP_MSS                    1456 /* whole words: in rings each segment begins on one */
#define LWIP_WND_SCALE             1
#define TCP_RCV_SCALE              2
#define TCP_WND                    (1 << 17) /* SOCKET_RING_BYTES_MAX */
#define TCP_WND_UPDATE_THRESHOLD   (1 << 30) /* socket_stream.c tells of windows */
#define TCP_SND_BUF                (1 << 17)
#define TCP_SND_QUEUELEN           512
#define TCP_SNDLOWAT               (4 * TCP_MSS) /* means nothing to the raw interface */
#define TCP_MSL                    30000u
#define LWIP_TCP_RTO_TIME          1000 /* [RFC 6298 §2.1] */
#define LWIP_TCP_KEEPALIVE         1
#define LWIP_TCP_PCB_NUM_EXT_ARGS  1
#define TCP_LISTEN_BACKLOG         0 /* socket_listen.c counts */
#define TCP_QUEUE_OOSEQ            1
#define TCP_OOSEQ_PBUFS_LIMIT(pcb) netd_ooseq_limit()
#define LWIP_TCP_SACK_OUT          1
#define LWIP_TCP_TIMESTAMPS        0
/* A neighbour that is asked for gets a copy: nothing but a PCB refers to a send ring. */
#define PBUF_NEEDS_COPY(p)                                                                         \
    (((p)->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) == 0 ||                          \
     ((p)->type_internal & PBUF_TYPE_FLAG_DATA_VOLATILE) != 0)
#define LWIP_HOOK_TCP_ISN(local, local_port, peer, peer_port)                                      \
    netd_first_sequence(local, sizeof(*(local)), peer, (u32_t)(local_port) << 16 | (peer_port))
#define LWIP_HOOK_IP4_INPUT(pbuf, netif) netd_look_at_packet(pbuf, netif)
#define LWIP_HOOK_IP6_INPUT(pbuf, netif) netd_look_at_packet(pbuf, netif)
struct tcp_pcb;
struct tcp_hdr;
struct netif;
struct pbuf;
int netd_look_at_packet(struct pbuf *pbuf, const struct netif *netif);
int netd_check_segment(const struct tcp_pcb *pcb, const struct tcp_hdr *header);
#define LWIP_HOOK_TCP_INPACKET_PCB(pcb, header, options, first, second, pbuf)                      \
    (netd_check_segment((const struct tcp_pcb *)(pcb), header) ? ERR_OK : ERR_ABRT)

/*
 * --- checksums ---
 * ingress.c sums every whole packet before lwIP sees it, so netif.c turns lwIP's own checks off
 * for those and on for fragments, which can only be summed after reassembly.
 */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1
#define LWIP_CHKSUM                netd_checksum_partial

/* --- what is watched --- */
#define LWIP_STATS                 1
#define LWIP_STATS_DISPLAY         0
#define MEM_STATS                  1
#define MEMP_STATS                 1
#define LINK_STATS                 1
#define SYS_STATS                  0
