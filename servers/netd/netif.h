/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One Ethernet interface: a driver's frames on one side, lwIP's netif on the other.
 *
 * Owns the frame pool while it is with netd, follows the epochs of proto/frames.h, runs the
 * ingress check on every frame, lends frames to lwIP and takes them back. Leaves addresses to
 * addr.c, timers to timers.c, signalling to the caller.
 *
 * I1  Every frame has one owner. An entry from the driver counts only for a frame it has.
 * I2  Nothing is published to the driver except by interface_flush.
 * I3  At most INTERFACE_HELD_MAX frames wait in lwIP's queues; one more is returned at once.
 */
#pragma once

#include <lwip/netif.h>
#include <lwip/pbuf.h>
#include <proto/frames.h>

#include "ingress.h"
#include "merge.h"
#include "stats.h"

enum {
    INTERFACE_BATCH = 64,                    /* frames taken before other work gets its turn */
    INTERFACE_TX_FRAMES = FRAMES_COUNT / 4,  /* kept back for sending */
    INTERFACE_RX_FRAMES = FRAMES_COUNT - INTERFACE_TX_FRAMES,
    INTERFACE_HELD_MAX = FRAMES_COUNT / 4,
    INTERFACE_OOSEQ_MAX = INTERFACE_HELD_MAX * 3 / 4, /* from here on nothing waits out of order */
};

#define INTERFACE_HOST_NAME "wherry" /* what DHCP servers are told */

enum frame_owner {
    FRAME_FREE,      /* ours, to send with */
    FRAME_DRIVER_RX, /* the driver's, to receive into */
    FRAME_STACK,     /* lent to lwIP */
    FRAME_DRIVER_TX, /* the driver's, to send */
};

struct interface;

/* A frame as lwIP sees it. The pbuf is first, so that its free function finds the rest. */
struct lent_frame {
    struct pbuf_custom pbuf;
    struct interface *interface;
    uint16_t index;
};

struct interface {
    struct netif netif; /* first: lwIP hands it back */
    struct ingress_rules rules;
    struct frames_area *area;
    struct stats *stats;

    /* The driver's words as interface_poll last found them. */
    struct {
        uint32_t epoch, served, state, link;
    } seen;
    bool must_poll;    /* whatever the driver says */
    uint32_t request;  /* of ours that the driver has to answer */
    uint32_t epoch;    /* of the rings as bound below */
    bool is_open;      /* the rings are bound and may be touched */
    bool is_up;        /* the device runs with them, as the driver said in this epoch */
    bool must_signal;  /* the driver, at the next flush */
    bool has_failed;   /* the driver gave the device up, when last looked at */
    bool has_news;     /* a frame came that was not data for sockets */
    struct ring_producer rx_free;
    struct ring_consumer rx_full;
    struct ring_producer tx_ready;
    struct ring_consumer tx_done;

    uint32_t free_count;
    uint32_t rx_count;    /* frames that are FRAME_DRIVER_RX */
    uint32_t held_count;  /* frames that are FRAME_STACK */
    uint64_t taken_count; /* frames received, whatever became of them */
    uint64_t sent_count;  /* frames given to the driver */
    struct merge merge;   /* empty between turns */

    /* Last, so that what every packet needs is in reach of an instruction. */
    uint8_t owner[FRAMES_COUNT]; /* enum frame_owner */
    uint16_t free[FRAMES_COUNT]; /* stack of the frames that are FRAME_FREE */
    struct lent_frame lent[FRAMES_COUNT];
};

/* What interface_poll found. */
enum interface_event {
    INTERFACE_SAME,
    INTERFACE_UP,     /* the device runs in a new epoch; mac, mtu and link were set with it */
    INTERFACE_FAILED, /* the driver gave the device up */
};

/*
 * Adds the interface to lwIP, without an address, down; asks the driver for an epoch. Borrows
 * `area` and `stats` for good. Requires lwip_init. E_NO_MEMORY: lwIP takes no more interfaces.
 */
MUST_CHECK int interface_open(struct interface *interface, struct frames_area *area,
                              struct stats *stats);

/*
 * Removes it from lwIP, with what waits for neighbours. Fragments that wait for others hold their
 * frames until lwIP gives them up.
 */
void interface_close(struct interface *interface);

/* Whether the driver has said anything that interface_poll would act on. */
static inline bool interface_has_changed(const struct interface *interface)
{
    const struct frames_info *info = &interface->area->info;
    return interface->must_poll ||
           atomic_load_explicit(&info->epoch, memory_order_relaxed) != interface->seen.epoch ||
           atomic_load_explicit(&info->served, memory_order_relaxed) != interface->seen.served ||
           atomic_load_explicit(&info->state, memory_order_relaxed) != interface->seen.state ||
           atomic_load_explicit(&info->is_link_up, memory_order_relaxed) != interface->seen.link;
}

/* Whether interface_input has something to take. */
static inline bool interface_has_frames(const struct interface *interface)
{
    return interface->is_open && ring_consumer_has_news(&interface->rx_full);
}

/* Looks for a new epoch, a device that runs in it, a link that changed, a driver that failed. */
enum interface_event interface_poll(struct interface *interface);

/* Feeds lwIP from the driver, at most INTERFACE_BATCH frames. True: more may be waiting. */
MUST_CHECK bool interface_input(struct interface *interface);

/* True, once: a frame came that may have changed more than the sockets it was for. */
MUST_CHECK bool interface_take_news(struct interface *interface);

/* The interface behind lwIP's netif; NULL: it is loopback. */
struct interface *interface_of(struct netif *netif);

/*
 * A frame to fill with `bytes` and to send by the next call; NULL: too long, none is free, or the
 * rings are not open. Nothing but interface_send may come between.
 */
uint8_t *interface_frame(struct interface *interface, uint16_t bytes);

/* Sends it at the next flush. E_CORRUPT: the driver broke the ring. */
MUST_CHECK int interface_send(struct interface *interface, uint16_t bytes);

/* The frame that was sent last, before anything else happened. */
const uint8_t *interface_last_sent(const struct interface *interface);

/* Publishes everything since the last flush. True: the caller must signal the driver. */
MUST_CHECK bool interface_flush(struct interface *interface);

/* After a flush. True: nothing came in meanwhile; the driver will signal. False: look again. */
MUST_CHECK bool interface_prepare_sleep(struct interface *interface);
