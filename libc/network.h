/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * This program's arena: opening it, asking netd, telling and being told [proto/socket.h].
 *
 * What a slot means is socket_file.c's. A netd that was started again, or that broke a ring of the
 * arena, is met with a new SOCKET_OPEN: all slots are gone then, and the owners are told.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>
#include <proto/socket.h>

#include "slot.h"

enum { NETWORK_VALUE_WORDS = IPC_WORDS - 2 };

/* What has a slot: told when there is news of it. */
struct network_owner {
    struct network_owner *next, **link; /* in the list of all */
    uint32_t slot;
    void (*tell)(struct network_owner *owner);
    void (*lose)(struct network_owner *owner);             /* the slot is gone; asks for nothing */
    void (*remake)(struct network_owner *owner, bool may); /* all lost theirs: may ask anew */
};

/* The slot of an owner without one. */
#define NETWORK_NO_SLOT UINT32_MAX

/*
 * Opens the arena when this is the first call, and again when netd is another than before; the
 * owners have then been told. Cheap. -EACCES: the manifest gives this program no network.
 * -ENETDOWN: netd is gone.
 */
MUST_CHECK long network_open(void);

/*
 * Asks netd, of the owner's slot, with up to NETWORK_VALUE_WORDS words behind the target, which the
 * answer replaces. A negative errno; -ENETDOWN: no netd, or another that does not know the slot.
 */
MUST_CHECK long network_ask(uint32_t label, uint32_t slot, uint64_t *values, int count);

/* As network_ask, with a request of another protocol on the same endpoint. A negative E_... */
MUST_CHECK int network_ask_netd(uint64_t words[IPC_WORDS]);

/* Takes a slot that netd has given, makes the view of it. -EIO: netd is mistaken. */
MUST_CHECK long network_own(struct network_owner *owner, uint32_t number, struct slot *slot);

/* The slot is netd's again; the owner may get another, or leaves for good. */
void network_disown(struct network_owner *owner);
void network_leave(struct network_owner *owner);

/* netd should look at the slot. */
void network_kick(struct slot *slot, uint32_t number);

/* Slots of the arena, and bytes of each ring. */
struct socket_shape network_shape(void);
