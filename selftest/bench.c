/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench.h"

bool bench_run(void)
{
    return false;
}
