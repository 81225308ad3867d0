/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For the runner alone.
 */
#pragma once

/* Closes what the case kept. */
void kept_close(void);
