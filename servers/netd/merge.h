/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Segments of one TCP connection that came one behind the other in a burst, made one.
 *
 * lwIP does for a segment of sixteen frames what it does for one of one. It gets the first frame
 * with a longer IP packet, and the bytes of the others behind it, where they are. Of
 * acknowledgments without bytes it gets the last. Pure but for the headers it changes.
 *
 * G1  Only whole IPv4 packets without options whose sums were checked, and no flag but ACK, PSH.
 * G2  Bytes are joined only where they follow each other exactly, and nothing else in the headers
 *     differs but the identification of the packet and PSH.
 * G3  An acknowledgment takes the place of another only if it acknowledges more and neither has
 *     options: what repeats itself, or has SACK, is news of a loss.
 * G4  What does not join ends the group. Nothing waits longer than the burst.
 * G5  Lengths lie within their frames, whatever the driver writes into those meanwhile.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <lwip/pbuf.h>

#include <base/attributes.h>

enum { MERGE_FRAMES_MAX = 16 };

/* Of a segment; read once, because the driver can write its frame a second time. */
struct merge_lengths {
    uint16_t header; /* of TCP, with its options */
    uint16_t data;
};

struct merge {
    struct pbuf *held; /* NULL: nothing; its tot_len is right once it is given */
    struct pbuf *last; /* of its chain */
    struct merge_lengths lengths; /* of all that is held, as one segment */
    uint32_t frames;   /* in it */
    uint32_t joined;   /* what lwIP was spared so far */
};

/*
 * Takes a frame if it can begin a group. Requires that nothing is held. `pbuf` is one piece:
 * lwIP's padding, then a frame that ingress.c found whole.
 */
MUST_CHECK bool merge_begin(struct merge *merge, struct pbuf *pbuf);

/* Takes such a frame if it goes on what is held. False: give lwIP what is held first. */
MUST_CHECK bool merge_join(struct merge *merge, struct pbuf *pbuf);

/* Gives what is held, or NULL; then nothing is. */
MUST_CHECK struct pbuf *merge_end(struct merge *merge);
