/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two ends of a session in one program, joined by hand.
 */
#pragma once

#include "test.h"

#include "servers/dsoftbusd/session.h"

enum { PAIR_FORGED_MAX = FRAME_HEADER_BYTES + FRAME_LENGTH_MAX };

/* The initiator and the responder. */
struct pair {
    struct session ends[2];
    struct bus_stats stats[2];
    uint8_t secrets[2][CRYPTO_KEY_BYTES];
    uint8_t keys[2][CRYPTO_KEY_BYTES];
    uint64_t now_us;
    uint64_t rekey_frames; /* of the next ones */
    uint8_t forged[PAIR_FORGED_MAX];
};

extern struct pair pair;

/* Set-ups of tests: before the first message, and once both have admitted the other. */
int pair_begin(void **state);
int pair_begin_open(void **state);

/* Moves what waits at one end to the other, at most `piece` bytes at a time; gives how many. */
size_t pair_move(int from, size_t piece);
/* Both ways, until nothing waits. */
void pair_move_all(void);

/* This end has ended for this reason and has no keys. */
void pair_assert_ended(int which, enum bus_counter why);

/* A record sealed as the initiator would, whatever it is; gives the bytes of `forged`. */
size_t pair_forge(const void *record, size_t len);
/* So many bytes of `forged` reach the responder. */
void pair_inject(size_t len);
