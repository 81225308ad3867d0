/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What stands behind the virtio transports, read from their registers.
 */
#pragma once

#include <stdint.h>

#include "devices.h"

/*
 * Fills in virtio_device of every transport: maps its page for a moment, reads, lets go. Transports
 * that cannot be looked at stay empty and are counted.
 */
uint32_t probe_virtio(struct device *devices, uint32_t count);
