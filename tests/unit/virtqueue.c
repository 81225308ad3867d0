/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtqueue alone.
 */
#include "virtqueue_cases.h"

int main(void)
{
    return virtqueue_cases_run();
}
