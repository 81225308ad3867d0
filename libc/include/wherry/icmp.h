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
