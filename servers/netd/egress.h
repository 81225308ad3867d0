/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way of a packet from lwIP's chain into a frame: one copy, and the transport's checksum by
 * the way.
 *
 * lwIP leaves the sums of TCP and UDP zero; this fills them in where a whole packet of those
 * passes. Pure.
 */
#pragma once

#include <stdint.h>

#include <lwip/pbuf.h>

/*
 * Copies the chain, without lwIP's padding in front, into `frame`, which is as long and begins
 * at 2 mod 8.
 */
void egress_fill(uint8_t *frame, const struct pbuf *pbuf);
