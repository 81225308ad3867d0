/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the tree says about this CPU's own devices, in one place.
 */
#include "arch/arch.h"
#include "console.h"
#include "gic.h"
#include "psci.h"

int arch_machine_init(const struct fdt *tree, struct machine *machine)
{
    (void)machine;
    console_init(tree);
    psci_init(tree);
    return gic_find(tree);
}
