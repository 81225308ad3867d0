/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What C cannot say on riscv64: instructions that fault, and every FP register [machine.h].
 */
    .text

    .global machine_illegal
machine_illegal:
    .word 0                     /* [RISC-V unpriv §1.5]: illegal for ever */
    ret

    .global machine_privileged
machine_privileged:
    csrr a0, sstatus
    ret

    .global machine_break
machine_break:
    .option push
    .option norvc
    ebreak
    .option pop
    ret

    .global machine_misaligned
machine_misaligned:
    lr.d a1, (a0)
    ret

    .global machine_call
machine_call:
    addi sp, sp, -16
    sd s0, 0(sp)
    mv s0, a3
    mv t0, a2
    ecall
    .irp n, 5,6,7,10,11,12,13,14,15,16,17,28,29,30,31
    sd x\n, 0(s0)
    addi s0, s0, 8
    .endr
    ld s0, 0(sp)
    addi sp, sp, 16
    ret

    .global machine_fp_fill
machine_fp_fill:
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fmv.d.x f\n, a0
    addi a0, a0, 1
    .endr
    ret

    .global machine_fp_differs
machine_fp_differs:
    mv a1, a0
    li a0, 0
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fmv.x.d a2, f\n
    xor a2, a2, a1
    snez a2, a2
    add a0, a0, a2
    addi a1, a1, 1
    .endr
    ret

    .global machine_fp_used
machine_fp_used:
    csrr a0, fcsr
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fmv.x.d a1, f\n
    or a0, a0, a1
    .endr
    ret
