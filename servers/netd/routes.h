/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * By which interface an IPv4 packet leaves, and by way of whom.
 *
 * What is known: the network of each interface's own address, its gateway for all others, and
 * routes set by request. Of the routes that fit the longest prefix is taken, of several the one
 * of the lowest metric, of several the first. Who has chosen a source address leaves by its
 * interface if that has any route there, so that an answer goes back the way its question came
 * (strong hosts [RFC 1122 §3.3.4.2]).
 *
 * routes_find and routes_list are pure. The rest of the file is what lwIP asks: it is asked only
 * while there is something to choose, else lwIP's own rule gives the same.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <base/attributes.h>

enum {
    ROUTES_MAX = 16,         /* set by request */
    ROUTES_LINKS_MAX = 3,    /* loopback and two others */
    ROUTES_METRIC_STEP = 100, /* of an interface: its number and one, times this */
    ROUTES_METRIC_MAX = 9999,
    ROUTES_LISTED_MAX = ROUTES_MAX + 2 * ROUTES_LINKS_MAX,
};

/* In host order. Gateway 0: the destination is on the link. */
struct route {
    uint32_t network;
    uint32_t gateway;
    uint8_t prefix;
    uint8_t interface; /* as lwIP counts */
    uint16_t metric;
    bool is_set; /* by request */
};

/* An interface that is up and has an address. */
struct route_link {
    uint32_t address;
    uint32_t gateway; /* 0: none */
    uint8_t prefix;
    uint8_t interface;
    uint16_t metric;
};

struct routes {
    struct route route[ROUTES_MAX];
    uint32_t count;
    struct {
        uint8_t interface;
        uint16_t metric;
    } link[ROUTES_LINKS_MAX]; /* those it was told of; loopback needs none */
    uint32_t link_count;
};

/* All that is known, in no order. Their number is <= ROUTES_LISTED_MAX. */
uint32_t routes_list(const struct routes *routes, const struct route_link *links, uint32_t count,
                     struct route listed[ROUTES_LISTED_MAX]);

/*
 * The route to a destination from a source, 0 where none was chosen. False: there is none, or the
 * destination is a group, broadcast or loopback and the source does not say where.
 */
MUST_CHECK bool routes_find(const struct routes *routes, const struct route_link *links,
                            uint32_t count, uint32_t source, uint32_t destination,
                            struct route *found);

/*
 * Adds a route, or changes gateway and metric of the one with the same network, prefix and
 * interface. E_INVALID: the network has bits behind its prefix, the gateway is no host, the metric
 * above ROUTES_METRIC_MAX. E_LIMIT: there are ROUTES_MAX.
 */
MUST_CHECK int routes_add(struct routes *routes, const struct route *route);

/* Removes it, whatever its gateway and metric. E_NOT_FOUND. */
MUST_CHECK int routes_remove(struct routes *routes, const struct route *route);

/*
 * Sets the metric of an interface, the first time for the rest of its life. Requires that there are
 * fewer than ROUTES_LINKS_MAX others.
 */
void routes_set_metric(struct routes *routes, uint8_t interface, uint16_t metric);

/* --- in force ------------------------------------------------------------------------------- */

/* lwIP asks these routes from now on. Borrows them for good; NULL: none. */
void routes_use(struct routes *routes);

/* To be called when interfaces, metrics or routes changed: chooses lwIP's default interface. */
void routes_update(void);

/* The interfaces as they are; their number is <= ROUTES_LINKS_MAX. */
uint32_t routes_links(const struct routes *routes, struct route_link links[ROUTES_LINKS_MAX]);
