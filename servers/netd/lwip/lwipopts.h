/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lwIP 2.2.1 as netd uses it: no operating system, raw API, IPv4.
 *
 * Compiled unmodified. Everything it can hold on to is bounded here; together reassembly,
 * out-of-order and pending-ARP limits stay below a quarter of the smallest frame pool
 * (static_assert in netif.c). IPv6, IGMP and DNS are off until sockets need them.
 */
#pragma once

/* --- shape --- */
#define NO_SYS                     1
#define SYS_LIGHTWEIGHT_PROT       0
#define LWIP_SOCKET                0
#define LWIP_NETCONN               0
#define LWIP_IPV4                  1
#define LWIP_IPV6                  0
#define LWIP_TIMERS                0 /* timers.c: a timer runs only while something needs it */
#define LWIP_NETIF_HOSTNAME        0
#define LWIP_NETIF_STATUS_CALLBACK 0 /* addr.c looks after each step instead */

/* --- memory: pools only, see lwippools.h --- */
#define MEM_ALIGNMENT              8
#define MEM_USE_POOLS              1
#define MEM_USE_POOLS_TRY_BIGGER_POOL 1
#define MEMP_USE_CUSTOM_POOLS      1
#define PBUF_POOL_SIZE             0 /* received frames are custom pbufs of netif.c */
#define MEMP_NUM_PBUF              32
#define MEMP_NUM_RAW_PCB           4
#define MEMP_NUM_UDP_PCB           8
#define MEMP_NUM_TCP_PCB           8
#define MEMP_NUM_TCP_PCB_LISTEN    8
#define MEMP_NUM_TCP_SEG           64
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
#define LWIP_LOOPBACK_MAX_PBUFS    16

/* --- internet --- */
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
#define IP_SOF_BROADCAST_RECV      1

/* --- DHCP: seconds, not minutes, so that T1, T2 and the end of a lease are exact --- */
#define LWIP_DHCP                  1
#define LWIP_ACD                   0
#define LWIP_DHCP_DOES_ACD_CHECK   0
#define LWIP_DHCP_GET_NTP_SRV      0
#define LWIP_DHCP_MAX_DNS_SERVERS  2
#define LWIP_AUTOIP                0
#define LWIP_DNS                   0
#define LWIP_IGMP                  0
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
#define DHCP_REQUEST_BACKOFF_SEQUENCE(tries) ((u16_t)(((tries) < 6 ? 1u << (tries) : 60u) * 1000u))

/* --- TCP: here for resets until there are sockets --- */
#define LWIP_TCP                   1
#define TCP_MSS                    1460
#define TCP_WND                    (8 * TCP_MSS)
#define TCP_SND_BUF                (8 * TCP_MSS)
#define TCP_SND_QUEUELEN           32
#define TCP_QUEUE_OOSEQ            1
#define TCP_OOSEQ_MAX_PBUFS        8
#define LWIP_TCP_SACK_OUT          1
#define LWIP_TCP_TIMESTAMPS        0

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
