/* SPDX-License-Identifier: BSD-2-Clause */
/* ICMP echo, for programs that may call netd. */
#pragma once

#include <stdint.h>

#include <abi/types.h>
#include <base/attributes.h>

/*
 * Sends one echo request to an IPv4 address (host order) and sleeps until the answer has come, at
 * most until the deadline. E_TIMEOUT: no answer by then. E_UNREACHABLE: no way there, or an error
 * came back. E_BAD_HANDLE: this program has no netd, or netd is gone for good. Else as
 * proto/netd.h, ipc_call, kernel's wait.
 */
MUST_CHECK int icmp_ping(uint32_t address, ticks_t deadline, uint64_t *round_trip_us);

/*
 * The same for an IPv6 address. `interface` is a number as if_nametoindex gives it; 0: any.
 * E_NOT_FOUND: there is no such interface.
 */
MUST_CHECK int icmp_ping6(const uint8_t address[16], uint32_t interface, ticks_t deadline,
                          uint64_t *round_trip_us);
