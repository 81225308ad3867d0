/* SPDX-License-Identifier: BSD-2-Clause */
/* What people call this CPU. */
#pragma once

#define ARCH_NAME "aarch64"
