/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP state: f0-f31, then fcsr. Saved and restored whatever FS says, and FS left as it was.
 *
 * [RISC-V unpriv §11, §12]
 */
#include "asm.h"

#define FP_BYTES (8 * 33)

    .option arch, +f, +d
    .text

/* Access on, and back as it was: t0. */
.macro fp_open
    li      t1, STATUS_FS
    csrrs   t0, sstatus, t1
.endm

.macro fp_close
    li      t1, STATUS_FS
    and     t0, t0, t1
    csrc    sstatus, t1
    csrs    sstatus, t0
.endm

/* size_t arch_fp_bytes(void) */
    .global arch_fp_bytes
arch_fp_bytes:
    li      a0, FP_BYTES
    ret

/* void arch_fp_save(void *state) */
    .global arch_fp_save
arch_fp_save:
    fp_open
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
            24, 25, 26, 27, 28, 29, 30, 31
    fsd     f\n, 8 * \n(a0)
    .endr
    csrr    t1, fcsr
    sd      t1, 8 * 32(a0)
    fp_close
    ret

/* void arch_fp_restore(const void *state) */
    .global arch_fp_restore
arch_fp_restore:
    fp_open
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, \
            24, 25, 26, 27, 28, 29, 30, 31
    fld     f\n, 8 * \n(a0)
    .endr
    ld      t1, 8 * 32(a0)
    csrw    fcsr, t1
    fp_close
    ret
