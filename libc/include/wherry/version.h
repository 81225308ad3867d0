/* SPDX-License-Identifier: BSD-2-Clause */
/* What this system calls itself. */
#pragma once

#include <name_arch.h>

#define WHERRY_VERSION "0.1"
