/* SPDX-License-Identifier: BSD-2-Clause */
/* In place of libc/arch/CPU/counter_arch.h on the host: the test defines the counter. */
#pragma once

#include <abi/types.h>

ticks_t counter_read(void);
