/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generic timer of this CPU; the rest of it is arch_timer_set and arch_counter_hz.
 */
#pragma once

enum { GTIMER_INTID = 27 }; /* virtual timer [Arm BSA §3.7] */

/* Enable the timer with no deadline. */
void gtimer_init(void);
