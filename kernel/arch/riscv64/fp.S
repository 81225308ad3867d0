/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP state: f0-f31, then fcsr. The caller has switched access on.
 *
 * [RISC-V unpriv §11, §12]
 */
#include "asm.h"

    .option arch, +f, +d
    .text

/* void arch_fp_save(void *state) */
    .global arch_fp_save
arch_fp_save:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
            24, 25, 26, 27, 28, 29, 30, 31
    fsd     f\n, 8 * \n(a0)
    .endr
    csrr    t1, fcsr
    sd      t1, 8 * 32(a0)
    ret

/* void arch_fp_restore(const void *state) */
    .global arch_fp_restore
arch_fp_restore:
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
            24, 25, 26, 27, 28, 29, 30, 31
    fld     f\n, 8 * \n(a0)
    .endr
    ld      t1, 8 * 32(a0)
    csrw    fcsr, t1
    ret
