/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What libb2's configure script would have found out: one implementation, so its functions need no
 * suffix, and a way to erase memory that no compiler takes away.
 */
#pragma once

#define SUFFIX
#define HAVE_EXPLICIT_BZERO 1
