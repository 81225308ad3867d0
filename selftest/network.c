/* SPDX-License-Identifier: BSD-2-Clause */
#include "network.h"

#include "selftest.h"

#include <base/error_text.h>
#include <proto/frames.h>
#include <proto/init.h>
#include <proto/netd.h>
#include <wherry/console.h>
#include <wherry/icmp.h>
#include <wherry/startup.h>

enum {
    ADDRESS_WAIT_MS = 40000, /* the fallback comes after 10 s, a lease at once */
    PING_WAIT_MS = 5000,
    POLL_MS = 50, /* each question wakes netd */
    NAME_BYTES = 8,
};

/* --- frames --------------------------------------------------------------------------------- */

static uint32_t moved_in(const struct frames_ring *ring)
{
    return atomic_load_explicit(&ring->shared.tail, memory_order_acquire);
}

static uint32_t moved_out(const struct frames_ring *ring)
{
    return atomic_load_explicit(&ring->shared.head, memory_order_acquire);
}

/* Each entry ever given minus each ever taken back: modulo 2^32, both at most FRAMES_COUNT. */
struct frames_out {
    uint32_t receiving; /* posted, or filled and not yet taken */
    uint32_t sending;   /* waiting to be sent, or sent and not yet taken back */
};

/* Zeros without a network device. */
static struct frames_out count_frames(void)
{
    const struct frames_area *area = (const struct frames_area *)TEST_VADDR;
    handle_t frames = startup_handle(ROLE_FRAMES);
    if (frames == HANDLE_NONE ||
        sys_memory_map(own_task(), frames, TEST_VADDR, 0, sizeof(*area) / PAGE_BYTES, RIGHT_READ)
                .status != OK) {
        return (struct frames_out){0, 0};
    }
    struct frames_out out = {
        .receiving = moved_in(&area->rx_free) - moved_out(&area->rx_full),
        .sending = moved_in(&area->tx_ready) - moved_out(&area->tx_done),
    };
    sys_memory_unmap(own_task(), TEST_VADDR);
    return out;
}

static struct frames_out before_ping;

uint64_t network_frames_in_use(void)
{
    struct frames_out out = count_frames();
    return (uint64_t)out.receiving + out.sending;
}

bool network_frames_are_back(void)
{
    struct frames_out out = count_frames();
    return out.receiving == before_ping.receiving && out.sending <= FRAMES_TX_LAZY;
}

/* --- ping ----------------------------------------------------------------------------------- */

struct lease {
    uint64_t interface;
    uint32_t gateway; /* 0: the lease names none */
    enum netd_address_state state;
};

/* The first interface that is not the loop. E_NOT_FOUND: there is none. */
static int find_lease(struct lease *lease)
{
    for (uint64_t index = 0;; index++) {
        struct message m = {.words = {NETD_INTERFACE_GET, index}};
        int error = ipc_call(startup_handle(ROLE_NETD), &m, in_ms(PING_WAIT_MS));
        if (error == OK) {
            error = (int)(int64_t)m.words[0];
        }
        if (error != OK) {
            return error;
        }
        struct netd_interface_facts facts = netd_word_facts(m.words[3]);
        if ((facts.flags & NETD_INTERFACE_LOOPBACK) == 0) {
            lease->interface = index;
            lease->gateway = (uint32_t)(m.words[2] >> 32);
            lease->state = (enum netd_address_state)facts.address_state;
            return OK;
        }
    }
}

/* E_TIMEOUT: netd still looks for an address. */
static int wait_for_address(struct lease *lease)
{
    ticks_t end = in_ms(ADDRESS_WAIT_MS);
    int error = find_lease(lease);
    while (error == OK && lease->state < NETD_ADDRESS_BOUND) {
        sleep_ms(POLL_MS);
        error = time_now() < end ? find_lease(lease) : E_TIMEOUT;
    }
    return error;
}

/* A network without a router has at least the server that gave the lease. */
static int find_target(const struct lease *lease, uint32_t *target)
{
    struct message m = {.words = {NETD_LEASE_GET, lease->interface}};
    *target = lease->gateway;
    if (lease->gateway != 0) {
        return OK;
    }
    int error = ipc_call(startup_handle(ROLE_NETD), &m, in_ms(PING_WAIT_MS));
    *target = (uint32_t)m.words[1];
    return error == OK ? (int)(int64_t)m.words[0] : error;
}

static bool ping(const struct lease *lease)
{
    uint64_t round_trip_us = 0;
    uint32_t target = 0;
    int error = find_target(lease, &target);
    if (error == OK) {
        error = icmp_ping(target, in_ms(PING_WAIT_MS), &round_trip_us);
    }
    if (error != OK) {
        console_print("SELFTEST: icmp ping FAIL %s", error_text(error));
        return false;
    }
    console_print("SELFTEST: icmp ping ok");
    return true;
}

bool network_has_device(void)
{
    struct lease lease;
    return find_lease(&lease) == OK;
}

bool network_run(void)
{
    struct lease lease = {0};
    int error = wait_for_address(&lease);
    before_ping = count_frames();
    if (error == E_NOT_FOUND) {
        console_print("SELFTEST: icmp ping skipped: no network device");
        return true;
    }
    if (error != OK) {
        console_print("SELFTEST: icmp ping FAIL no address: %s", error_text(error));
        return false;
    }
    if (lease.state != NETD_ADDRESS_BOUND) {
        console_print("SELFTEST: icmp ping skipped: no lease");
        return true;
    }
    return ping(&lease);
}
