/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP and SIMD state: q0-q31, FPCR, FPSR. The kernel itself is built without these registers; the
 * caller has switched access on, which takes effect with the isb.
 */
#include "asm.h"

    .arch_extension fp
    .arch_extension simd

#define FP_CONTROL 512

    .section .text.front, "ax"
    .global arch_fp_save, arch_fp_restore

.macro each_pair operation
    pairs   \operation, q, 16, x0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, \
            17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
.endm

arch_fp_save:
    isb
    each_pair stp
    mrs     x1, fpcr
    mrs     x2, fpsr
    str     x1, [x0, #FP_CONTROL]
    str     x2, [x0, #FP_CONTROL + 8]
    ret

arch_fp_restore:
    isb
    each_pair ldp
    ldr     x1, [x0, #FP_CONTROL]
    ldr     x2, [x0, #FP_CONTROL + 8]
    msr     fpcr, x1
    msr     fpsr, x2
    ret
