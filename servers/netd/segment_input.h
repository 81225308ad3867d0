/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A packet of TCP whose way through lwIP is known [flow.h]: past Ethernet and IPv4, straight to
 * TCP, which finds what they would have told it.
 */
#pragma once

#include <lwip/netif.h>
#include <lwip/pbuf.h>

#include "flow.h"

/*
 * Takes the packet. Requires that it is plain [merge.h, G1], came by that interface, and that lwIP
 * would give it to TCP as a packet between these hosts for the address of that interface. What its
 * header says of them meanwhile does not count: the driver can write that.
 */
void segment_input(struct netif *netif, struct pbuf *pbuf, struct flow_hosts hosts);
