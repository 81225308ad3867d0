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
 * Copies the chain into `frame`, which begins at 2 mod 8, from `at` on: that is inside, or in front
 * by as much as the chain has of padding. The frame has room for all of it.
 */
void egress_fill(uint8_t *frame, uint8_t *at, const struct pbuf *pbuf);
