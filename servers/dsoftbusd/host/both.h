/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command `dual`: two nodes in this process meet over the network.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "../loop.h"

/*
 * Runs until both have met, or so many microseconds; says what happens. `config` has network and
 * port; the other node has the next port. True: they have met.
 */
MUST_CHECK bool both_meet(const struct loop_config *config, uint64_t span_us);
