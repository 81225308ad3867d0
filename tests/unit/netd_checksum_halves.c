/* SPDX-License-Identifier: BSD-2-Clause */
/* The tests of netd_checksum.c for a CPU, or a compiler, without a carry flag. */
#define SUM_HAS_CARRY 0
#include "servers/netd/checksum.c"

#include "netd_checksum.c"
