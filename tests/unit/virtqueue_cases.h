/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The tests of the virtqueue, to be run by more than one program.
 */
#pragma once

/* Runs them as one group; how many failed. */
int virtqueue_cases_run(void);
