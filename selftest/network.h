/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is tested of the network: a ping of the gateway that the lease named, or of the server that
 * gave a lease without one; and what needs no other machine.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Waits for netd to have an address and pings. True: answered, or there is nothing to ping (no
 * network device, no lease); a line says which.
 */
bool network_run(void);

/* Opens what a first socket opens and keeps. Before figures are compared. */
void network_warm_up(void);

/*
 * Loopback, IPv6 to ourselves, the servers that run from boot. Without a device the link-local
 * address is left out, and the line says so.
 */
bool network_run_inside(bool has_device);

/* Whether netd has an interface besides loopback. */
bool network_has_device(void);

/* Frames that are not in netd's hands: posted for receiving, or on their way out. 0 without a
 * network device. */
uint64_t network_frames_in_use(void);

/* Whether as many are posted as before the ping, and no more on their way out than a driver that
 * sleeps may keep [proto/frames.h]. After network_run. */
bool network_frames_are_back(void);
