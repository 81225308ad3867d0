/* SPDX-License-Identifier: BSD-2-Clause */
/* What parent and child agree on [spawn.c, errand.c]. */
#pragma once

#define ODD_NAME "a name = of its own"
#define ODD_WORD "with spaces, \"quotes\" and \t\n"
enum { LONG_WORD_BYTES = 900 };
