/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What lwIP asks of a compiler and a platform. The functions are in ../port.c.
 */
#pragma once

#include <stdint.h>

#define LWIP_NO_CTYPE_H      1
#define LWIP_TIMEVAL_PRIVATE 0

#define lwip_htons(x) ((u16_t)__builtin_bswap16((u16_t)(x)))
#define lwip_htonl(x) ((u32_t)__builtin_bswap32((u32_t)(x)))

/*
 * Headers lie on multiples of four bytes, in frames [ETH_PAD_SIZE] and in what lwIP makes itself,
 * so their words are read as words and not byte by byte. No field of a header is moved by that:
 * port.c checks the sizes. Pointers that reassembly puts over a header stay where they were.
 */
#define PACK_STRUCT_BEGIN _Pragma("pack(push, 4)")
#define PACK_STRUCT_STRUCT
#define PACK_STRUCT_END         _Pragma("pack(pop)")
#define LWIP_SKIP_PACKING_CHECK /* which wants a word behind a lone byte */

/* Of the generator that netd seeds; never a fixed sequence on the target. */
uint32_t netd_random_u32(void);
#define LWIP_RAND() netd_random_u32()

/* Says what broke and does not return. Reached only by a bug: hostile input never asserts. */
_Noreturn void netd_lwip_assert(const char *text, const char *file, int line);
#define LWIP_PLATFORM_ASSERT(text) netd_lwip_assert(text, __FILE__, __LINE__)
#define LWIP_PLATFORM_DIAG(x)      ((void)0)

/* The ones' complement sum of `len` bytes, not inverted, in the order of memory. */
uint16_t netd_checksum_partial(const void *data, int len);

/* What lwIP leaves out of a message of its DHCP client, behind `*bytes` of options. */
struct dhcp;
void netd_dhcp_append(const struct dhcp *dhcp, uint8_t type, uint8_t *options, uint16_t *bytes);

/* An option of a DHCP message that lwIP does not look at: `bytes` of the pbuf from `at`. */
struct netif;
struct pbuf;
void netd_dhcp_option(const struct netif *netif, uint8_t type, uint8_t option, uint8_t bytes,
                      const struct pbuf *pbuf, uint16_t at);

/* What lwIP leaves out of a DHCPv6 request; gives the bytes of its options. */
uint16_t netd_info6_append(const struct netif *netif, uint8_t *options, uint16_t bytes,
                           struct pbuf *message);

/* What lwIP calls for each advertisement of a router, instead of its DHCPv6 client [Makefile]. */
void netd_info6_ignore_ra(struct netif *netif, uint8_t has_managed, uint8_t has_other);

/*
 * By which interface a packet leaves, and by way of whom; NULL: as lwIP chooses. In ../routes.c,
 * asked while there is something to choose.
 */
extern uint8_t netd_has_routes;
struct ip4_addr;
struct netif *netd_route(const struct ip4_addr *source, const struct ip4_addr *destination);
const struct ip4_addr *netd_gateway(const struct netif *netif, const struct ip4_addr *destination);

/* How many frames one connection may hold out of order at this moment. */
uint16_t netd_ooseq_limit(void);

/* The first sequence number of a connection between two addresses of that many bytes. */
uint32_t netd_first_sequence(const void *local, unsigned bytes, const void *peer, uint32_t ports);
