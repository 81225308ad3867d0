/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * FP and SIMD state: q0-q31, FPCR, FPSR. The kernel itself is built without these registers; the
 * caller has switched access on, which takes effect with the isb.
 */
    .arch_extension fp
    .arch_extension simd

#define FP_CONTROL 512
#define FP_BYTES 528

    .text
    .global arch_fp_bytes, arch_fp_save, arch_fp_restore

arch_fp_bytes:
    mov     x0, #FP_BYTES
    ret

.macro each_pair operation
    \operation q0, q1, [x0]
    \operation q2, q3, [x0, #32]
    \operation q4, q5, [x0, #64]
    \operation q6, q7, [x0, #96]
    \operation q8, q9, [x0, #128]
    \operation q10, q11, [x0, #160]
    \operation q12, q13, [x0, #192]
    \operation q14, q15, [x0, #224]
    \operation q16, q17, [x0, #256]
    \operation q18, q19, [x0, #288]
    \operation q20, q21, [x0, #320]
    \operation q22, q23, [x0, #352]
    \operation q24, q25, [x0, #384]
    \operation q26, q27, [x0, #416]
    \operation q28, q29, [x0, #448]
    \operation q30, q31, [x0, #480]
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
