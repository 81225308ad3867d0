/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What C cannot say on aarch64: instructions that fault, and every FP and SIMD register
 * [machine.h]. Both halves of a register are filled and compared.
 */
    .arch_extension fp
    .arch_extension simd

    .text

    .global machine_illegal
machine_illegal:
    .inst 0                     /* UDF #0 [Arm ARM C6.2.387] */
    ret

    .global machine_privileged
machine_privileged:
    mrs x0, ttbr0_el1
    ret

    .global machine_break
machine_break:
    brk #0
    ret

    .global machine_misaligned
machine_misaligned:
    ldxr x1, [x0]
    ret

    .global machine_call
machine_call:
    str x19, [sp, #-16]!
    mov x19, x3
    mov x8, x2
    svc #0
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18
    str x\n, [x19], #8
    .endr
    ldr x19, [sp], #16
    ret

    .global machine_fp_fill
machine_fp_fill:
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    dup v\n\().2d, x0
    add x0, x0, #1
    .endr
    ret

    .global machine_fp_differs
machine_fp_differs:
    mov x1, x0
    mov x0, #0
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    umov x2, v\n\().d[0]
    umov x3, v\n\().d[1]
    eor x2, x2, x1
    eor x3, x3, x1
    orr x2, x2, x3
    cmp x2, #0
    cinc x0, x0, ne
    add x1, x1, #1
    .endr
    ret

    .global machine_fp_used
machine_fp_used:
    mrs x0, fpcr
    mrs x1, fpsr
    orr x0, x0, x1
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    umov x1, v\n\().d[0]
    umov x2, v\n\().d[1]
    orr x0, x0, x1
    orr x0, x0, x2
    .endr
    ret
