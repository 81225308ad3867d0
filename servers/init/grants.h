/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the manifest allows a process, as handles in its task and words in its start-up page.
 */
#pragma once

#include <stdint.h>

#include <base/attributes.h>
#include <wherry/startup.h>

#include "system.h"

/*
 * Gives the task of process `index` every handle it is entitled to and fills `*page` with their
 * roles and its settings. On an error the task is to be ended. Errors as handle_grant and
 * startup_page_add_handle.
 */
MUST_CHECK int grants_make(const struct system *system, uint32_t index, struct startup *page);
