/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The test of the bus: what a local program gets from dsoftbusd.
 */
#pragma once

#include <stdbool.h>

/*
 * With dual=1: pings the other node through dsoftbusd, calls its services, tries what this program
 * may not, and looks at dsoftbusd's memory. Without it, or where there can be no peer, says why.
 */
bool bus_run(void);
