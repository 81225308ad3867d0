/* SPDX-License-Identifier: BSD-2-Clause */
#include "network.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <abi/error.h>
#include <proto/init.h>
#include <wherry/ipc.h>
#include <wherry/memory.h>
#include <wherry/startup.h>
#include <wherry/sys.h>

#include "news.h"

enum {
    RENEWALS_MAX = 4, /* of one call: netd died as often while it was asked */
    ERRNO_LAST = 4095,
};

static struct {
    struct socket_arena *arena; /* NULL: not mapped */
    size_t bytes;
    uint64_t epoch; /* of the last SOCKET_OPEN; 0: none */
    uint64_t kick;  /* what signals netd, as that answered */
    bool is_broken; /* netd broke a ring of the arena */
    bool is_renewing;
    bool has_failed; /* netd did not open it, when its epoch was this: */
    uint64_t failed_epoch;
    struct socket_shape shape;
    struct ring_consumer ready;
    struct ring_producer kicks;
    handle_t netd;
    handle_t wake;
    struct network_owner *owners;
    struct network_owner *of_slot[SOCKET_SLOTS_MAX];
} network;

static uint64_t shared_epoch(void)
{
    return atomic_load_explicit(&network.arena->epoch, memory_order_acquire);
}

static bool is_current(void)
{
    return network.epoch != 0 && !network.is_broken && shared_epoch() == network.epoch;
}

/* There is no netd, and none has come since that was found out: there are no news to expect. */
static bool is_without_netd(void)
{
    return network.has_failed && shared_epoch() == network.failed_epoch;
}

/* Sends one request; the answer's status as a negative errno. */
static MUST_CHECK long exchange(struct message *message)
{
    if (ipc_call(network.netd, message, DEADLINE_FOREVER) != OK) {
        return -ENETDOWN; /* it died, or is gone for good */
    }
    int64_t status = (int64_t)message->words[0];
    return status <= 0 && status >= -ERRNO_LAST ? (long)status : -EIO;
}

/* --- news ------------------------------------------------------------------------------------- */

static void collect(void)
{
    uint64_t entry;
    if (is_without_netd()) {
        return;
    }
    if (!is_current()) {
        long opened = network_open();
        (void)opened; /* without a netd the owners know by now */
        return;
    }
    while (ring_consumer_has_news(&network.ready)) {
        if (ring_consumer_pop(&network.ready, &entry) != OK) {
            network.is_broken = true;
            break;
        }
        if (entry >= network.shape.slots) {
            continue;
        }
        socket_flag_take(&socket_slot_at(network.arena, (uint32_t)entry)->is_queued);
        struct network_owner *owner = network.of_slot[entry];
        if (owner != NULL) {
            owner->tell(owner);
        }
    }
    bool must_signal = ring_consumer_commit(&network.ready);
    (void)must_signal; /* netd never waits */
}

static bool prepare(void)
{
    return is_without_netd() ||
           (is_current() && ring_consumer_prepare_sleep(&network.ready) && is_current());
}

static struct news_source source = {.bit = SOCKET_EVENT, .prepare = prepare, .collect = collect};

/* --- opening ---------------------------------------------------------------------------------- */

static MUST_CHECK long map_arena(void)
{
    void *memory;
    uint64_t pages;
    handle_t arena = startup_handle(ROLE_ARENA);
    network.netd = startup_handle(ROLE_NETD);
    network.wake = startup_handle(ROLE_WAKE ROLE_NETD);
    if (arena == HANDLE_NONE || network.netd == HANDLE_NONE || network.wake == HANDLE_NONE) {
        return -EACCES;
    }
    if (memory_attach(arena, RIGHT_READ | RIGHT_WRITE, &memory, &pages) != OK) {
        return -ENOMEM;
    }
    network.arena = memory;
    network.bytes = pages * PAGE_BYTES;
    news_join(&source);
    return 0;
}

/* Asks for an empty arena and binds the rings. */
static MUST_CHECK long ask_open(void)
{
    struct message message = {.words = {SOCKET_OPEN}};
    long error = exchange(&message);
    struct socket_shape shape = {.slots = (uint32_t)message.words[2],
                                 .rx_bytes = (uint32_t)message.words[3],
                                 .tx_bytes = (uint32_t)message.words[4]};
    if (error != 0) {
        return error;
    }
    if (!socket_is_shape(shape) || socket_arena_bytes(shape) > network.bytes ||
        ring_consumer_bind(&network.ready, &network.arena->ready.shared, SOCKET_SLOTS_MAX) != OK ||
        ring_producer_bind(&network.kicks, &network.arena->kicks.shared, SOCKET_SLOTS_MAX) != OK) {
        return -EIO;
    }
    network.shape = shape;
    network.epoch = message.words[1];
    network.kick = message.words[5];
    network.is_broken = false;
    return 0;
}

/* All owners lose their slots, then each may get another, if there is a netd. */
static void tell_owners(bool may_remake)
{
    struct network_owner *next;
    for (struct network_owner *owner = network.owners; owner != NULL; owner = owner->next) {
        if (owner->slot != NETWORK_NO_SLOT) {
            network_disown(owner);
            owner->lose(owner);
        }
    }
    for (struct network_owner *owner = network.owners; owner != NULL; owner = next) {
        next = owner->next;
        owner->remake(owner, may_remake);
    }
}

/* Apart, so that the usual way saves no registers. */
static MUST_CHECK __attribute__((noinline)) long open_again(void)
{
    long error = network.arena == NULL ? map_arena() : 0;
    if (error != 0 || network.is_renewing) {
        return error;
    }
    network.is_renewing = true;
    for (int i = 0; i < RENEWALS_MAX && !is_current(); i++) {
        error = ask_open();
        if (error == 0) {
            tell_owners(true);
        }
    }
    network.is_renewing = false;
    network.has_failed = !is_current();
    if (network.has_failed) {
        network.failed_epoch = shared_epoch();
        tell_owners(false);
        return error != 0 ? error : -ENETDOWN;
    }
    return 0;
}

long network_open(void)
{
    return is_current() ? 0 : open_again(); /* no epoch before there is an arena */
}

/* --- asking and telling ----------------------------------------------------------------------- */

long network_ask(uint32_t label, uint32_t slot, uint64_t *values, int count)
{
    struct message message = {.words = {label, socket_target((uint32_t)network.epoch,
                                                             slot == NETWORK_NO_SLOT ? 0 : slot)}};
    for (int i = 0; i < count; i++) {
        message.words[2 + i] = values[i];
    }
    long error = exchange(&message);
    if (error == -ESTALE) {
        network.is_broken = true; /* the next look opens it again */
        return -ENETDOWN;
    }
    for (int i = 0; i < count && error == 0; i++) {
        values[i] = message.words[1 + i];
    }
    return error;
}

int network_ask_netd(uint64_t words[IPC_WORDS])
{
    struct message message = {.words = {0}};
    memcpy(message.words, words, sizeof(message.words));
    int error = ipc_call(startup_handle(ROLE_NETD), &message, DEADLINE_FOREVER);
    memcpy(words, message.words, sizeof(message.words));
    return error != OK ? error : (int)(int64_t)message.words[0];
}

long network_own(struct network_owner *owner, uint32_t number, struct slot *slot)
{
    if (number >= network.shape.slots || network.of_slot[number] != NULL ||
        !slot_bind(slot, network.arena, network.shape, number)) {
        return -EIO;
    }
    /* --- committed --- */
    if (owner->link == NULL) {
        owner->next = network.owners;
        owner->link = &network.owners;
        if (owner->next != NULL) {
            owner->next->link = &owner->next;
        }
        network.owners = owner;
    }
    owner->slot = number;
    network.of_slot[number] = owner;
    return 0;
}

void network_disown(struct network_owner *owner)
{
    if (owner->slot != NETWORK_NO_SLOT) {
        network.of_slot[owner->slot] = NULL;
        owner->slot = NETWORK_NO_SLOT;
    }
}

void network_leave(struct network_owner *owner)
{
    network_disown(owner);
    if (owner->link != NULL) {
        *owner->link = owner->next;
        if (owner->next != NULL) {
            owner->next->link = owner->link;
        }
        owner->link = NULL;
    }
}

void network_kick(struct slot *slot, uint32_t number)
{
    if (!socket_flag_raise(&slot->shared->is_kicked)) {
        return; /* it stands there already */
    }
    if (ring_producer_push(&network.kicks, number) != OK) {
        network.is_broken = true; /* by R3, or a slot stood there twice */
        return;
    }
    if (ring_producer_commit(&network.kicks)) {
        struct sysret signalled = sys_signal(network.wake, network.kick);
        (void)signalled; /* the handle is good as long as the system is */
    }
}

struct socket_shape network_shape(void)
{
    return network.shape;
}
