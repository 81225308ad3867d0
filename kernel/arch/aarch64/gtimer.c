/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual timer, PPI 27. It stays enabled; a deadline of FOREVER is a comparator that the
 * counter does not reach. vectors.S tells its interrupt apart by CNTV_CTL_EL0.ISTATUS.
 *
 * [Arm ARM D11.2]
 */
#include "gtimer.h"

#include "arch/arch.h"
#include "sysreg.h"

enum { CNTV_CTL_ENABLE = 1 };

uint64_t arch_counter_hz(void)
{
    return SYSREG_READ(cntfrq_el0);
}

void arch_timer_set(ticks_t deadline)
{
    SYSREG_WRITE(cntv_cval_el0, deadline);
}

void gtimer_init(void)
{
    SYSREG_WRITE(cntv_cval_el0, DEADLINE_FOREVER);
    SYSREG_WRITE(cntv_ctl_el0, CNTV_CTL_ENABLE);
}
