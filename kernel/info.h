/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object_info: one figure of an object, or of the whole system.
 */
#pragma once

#include "handle.h"

/* E_BAD_CALL (no such selector), E_WRONG_TYPE (not a figure of this type). */
int info_read(const struct handle_entry *entry, uint64_t selector, uint64_t *value);
