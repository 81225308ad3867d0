/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What processes ask of init [proto/init.h]. Each request is answered at once.
 */
#pragma once

#include <wherry/ipc.h>

#include "system.h"

/* Serves the request in `message`; the answer replaces it. Whose it is, the badge says. */
void requests_serve(struct system *system, struct message *message);
