/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The blocks behind mem_malloc, that is behind every PBUF_RAM. No include guard: lwIP reads this
 * several times with different meanings of the macros.
 *
 * A whole frame needs 1514 bytes + ETH_PAD_SIZE + struct pbuf, so it fits 1600. lwIP answers a
 * reassembled echo from one block and asserts that some pool is that large: the largest holds
 * IP_REASS_MAX_PBUFS full fragments (static_assert in netif.c).
 */
LWIP_MALLOC_MEMPOOL_START
LWIP_MALLOC_MEMPOOL(1536, 144) /* headers of segments and datagrams, acknowledgments */
LWIP_MALLOC_MEMPOOL(32, 512)
LWIP_MALLOC_MEMPOOL(128, 1600)
LWIP_MALLOC_MEMPOOL(2, 18432)
LWIP_MALLOC_MEMPOOL_END
