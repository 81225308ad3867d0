/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The real-time clock, which init lends this program once its driver has ended.
 */
#pragma once

#include <stdint.h>

#include <abi/types.h>

struct lent_device {
    handle_t window;
    handle_t irq;
    uint64_t offset; /* of the registers in the window */
    uint64_t pages;
};

/* E_BUSY: lent already, or the driver has not ended. Else as INIT_LEND. */
int lent_take(struct lent_device *device);

/* Maps it at `vaddr`, or gives the error of memory_map. */
int64_t lent_map(const struct lent_device *device, vaddr_t vaddr);

/* Init takes it back, mappings included. Errors as INIT_RETURN. */
int lent_return(void);
