/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tests of the DHCP client, to be run by more than one program.
 */
#pragma once

/* Runs them as one group; how many failed. */
int dhcp_cases_run(void);
