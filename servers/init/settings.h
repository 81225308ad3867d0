/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Boot arguments as settings of single processes. Pure.
 */
#pragma once

#include <stddef.h>

#include <base/attributes.h>
#include <base/bootargs.h>

enum { SETTINGS_VALUE_BYTES = 72 };

/*
 * The value of one key as text, "" when the machine's arguments do not give it.
 * E_NOT_FOUND: boot arguments have no such key.
 */
MUST_CHECK int settings_format(const struct bootargs *bootargs, const char *key,
                               char value[SETTINGS_VALUE_BYTES]);
