/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * netd's side of one client's sockets, as the contract has it [proto/socket.h], for tests of libc's
 * side: no protocols, the test says what comes and looks at what went. It is also the kernel of
 * that client: what it sleeps for comes from a script, and a sleep that nothing would end fails
 * the test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/types.h>
#include <proto/socket.h>

enum {
    FAKE_SLOTS = 8,
    FAKE_INDEX = 13, /* of the client, as netd has it */
    FAKE_RX_BYTES = 4096,
    FAKE_TX_BYTES = 2048,
    FAKE_LABELS = SOCKET_LABELS_END,
};

struct fake_netd {
    struct socket_arena *arena;
    struct socket_shape shape;
    struct socket_shape shape_told; /* by SOCKET_OPEN */
    uint64_t epoch;
    bool is_dead;  /* calls fail */
    bool is_mistaken; /* gives slots with impossible indexes */
    bool is_used[FAKE_SLOTS];
    uint64_t calls[FAKE_LABELS];           /* how often each was asked */
    uint64_t last[FAKE_LABELS][IPC_WORDS]; /* and how the last time */
    long refuse[FAKE_LABELS];              /* negative errno to answer with, once */
    uint64_t options[FAKE_SLOTS][SOCKET_OPTIONS_END];
    uint64_t kicked;  /* bits of slots */
    uint64_t signals; /* SOCKET_KICK so far */
    uint64_t sleeps;
    uint64_t bits; /* signalled to the client */
    uint64_t request;       /* label of a request to the client, a server; 0: none */
    uint64_t last_answer;   /* word 0 of its answers to them */
    uint64_t answers;
    bool is_serving;
    bool is_listening; /* the program has said so, and how often it has waited */
    unsigned waits;
    ticks_t now;
    ticks_t slept_until;
};

extern struct fake_netd fake;

/* A new system: nothing is open but 0, 1 and 2, and what was shown is forgotten. */
void fake_start(void);

/* What happens when the client sleeps the next time; the calls queue up. */
void fake_at_sleep(void (*event)(void));

/* Takes the kicks into fake.kicked. */
void fake_take_kicks(void);

/* --- what comes from the network; each tells the client -------------------------------------- */
void fake_receive(uint32_t slot, const void *bytes, uint32_t count);
void fake_datagram(uint32_t slot, const struct socket_name *from, const void *bytes,
                   uint32_t count);
uint32_t fake_connection(uint32_t listener, const struct socket_name *peer);
void fake_state(uint32_t slot, uint32_t set, uint32_t clear);
void fake_error(uint32_t slot, int error);
void fake_name(uint32_t slot, bool of_peer, const struct socket_name *name);

/* Takes up to `count` bytes out of a send ring; gives how many. */
uint32_t fake_sent(uint32_t slot, void *bytes, uint32_t count);

/* Dies and is started again: all is empty, the client is told. */
void fake_restart(void);

/* The index words of netd in a slot. */
_Atomic uint32_t *fake_rx_tail(uint32_t slot);
_Atomic uint32_t *fake_tx_head(uint32_t slot);
struct socket_slot *fake_slot(uint32_t slot);
void fake_tell(uint32_t slot);

/* Puts anything into the ready ring. */
void fake_push_ready(uint64_t entry);

/* A name of IPv4. */
struct socket_name fake_ip4(uint32_t address, uint16_t port);

/* What the client wrote on its console. */
const char *fake_shown(void);

/* Lines of the keyboard. */
void fake_type(const char *line);
