/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip4_input without what it decides: the same globals are set for tcp_input, and cleared behind it.
 */
#include "segment_input.h"

#include <lwip/ip.h>
#include <lwip/priv/tcp_priv.h>
#include <lwip/prot/ethernet.h>
#include <lwip/prot/ip4.h>
#include <lwip/stats.h>

static void tell_packet(struct netif *netif, const struct ip_hdr *ip, struct flow_hosts hosts)
{
    ip_data.current_netif = netif;
    ip_data.current_input_netif = netif;
    ip_data.current_ip4_header = ip;
    ip_data.current_ip_header_tot_len = IP_HLEN;
    ip_addr_set_ip4_u32_val(ip_data.current_iphdr_src, hosts.source);
    ip_addr_set_ip4_u32_val(ip_data.current_iphdr_dest, hosts.destination);
}

static void tell_no_packet(void)
{
    ip_data.current_netif = NULL;
    ip_data.current_input_netif = NULL;
    ip_data.current_ip4_header = NULL;
    ip_data.current_ip_header_tot_len = 0;
    ip4_addr_set_any(ip4_current_src_addr());
    ip4_addr_set_any(ip4_current_dest_addr());
}

void segment_input(struct netif *netif, struct pbuf *pbuf, struct flow_hosts hosts)
{
    IP_STATS_INC(ip.recv);
    tell_packet(netif, (const void *)((const uint8_t *)pbuf->payload + SIZEOF_ETH_HDR), hosts);
    (void)pbuf_remove_header(pbuf, SIZEOF_ETH_HDR + IP_HLEN);
    tcp_input(pbuf, netif);
    tell_no_packet();
}
