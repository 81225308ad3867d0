/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the loader to kernel_main: the first instruction, the way down from EL2, the MMU.
 *
 * Entered with the MMU off, at EL2 or EL1, either as a raw Image (x0 = device tree) or as an ELF
 * (x0 = 0, the tree lies at the start of RAM). What cannot be started says so on the PL011 where
 * QEMU `virt` has it, and stops.
 *
 * boot_table serves as both root tables until arch_kernel_switch: entry 0 is the first GiB
 * (devices), entry 1 the second (RAM), so both appear at their physical address and in the linear
 * map. Afterwards empty_table is the user half.
 *
 * [Linux Documentation/arch/arm64/booting] [Arm ARM D8, D24.2]
 */
#include "asm.h"
#include "memlayout.h"

#define RAM_BASE 0x40000000
#define BOOT_UART 0x09000000

/* First level block: AF, inner shareable, EL1 read-write, UXN. */
#define BLOCK_NORMAL 0x0040000000000701 /* attribute 0; executable while it boots */
#define BLOCK_DEVICE 0x0060000000000705 /* attribute 1; PXN */

#define MAIR_VALUE 0x04ff     /* 0: normal, write-back; 1: Device-nGnRE */
#define TCR_VALUE 0xb5193519  /* T0SZ = T1SZ = 25, 4 KiB, walks write-back and inner shareable */
#define SCTLR_RES1 0x30500800 /* LSMAOE, nTLSMD, EIS, TSCXT, EOS */
#define SCTLR_SPAN (1 << 23)  /* RES1 where there is no PAN; with PAN, 0 sets it on every entry */
#define SCTLR_ON 0x4111d      /* M, C, SA, SA0, I, SED, nTWE */
#define PSTATE_EL1H_MASKED 0x3c5

    .section .text.boot, "ax"
    .global kernel_head
kernel_head:
    b       boot
    .long   0
    .quad   KERNEL_PHYS_BASE - RAM_BASE     // text_offset
    .quad   kernel_end - kernel_head        // with .bss
    .quad   2                               // little endian, 4 KiB pages
    .quad   0, 0, 0
    .ascii  "ARM\x64"
    .long   0

boot:
    msr     daifset, #0xf
    mov     x19, x0
    adr     x20, kernel_head
    ldr     x1, =KERNEL_PHYS_BASE
    adr     x0, text_moved
    cmp     x20, x1
    b.ne    stop
    mov     x1, #RAM_BASE
    cmp     x19, #0
    csel    x19, x1, x19, eq
    lsr     x1, x19, #30
    adr     x0, text_tree
    cmp     x1, #RAM_BASE >> 30             // what boot_table maps
    b.ne    stop
    mrs     x1, CurrentEL
    cmp     x1, #1 << 2
    b.eq    at_el1
    adr     x0, text_level
    cmp     x1, #2 << 2
    b.ne    stop

/* Leave nothing to EL2: no trap, no second stage, no offset between the counters. */
    ldr     x0, =0x30080000000              // HCR: API, APK, RW
    msr     hcr_el2, x0
    ldr     x0, =SCTLR_RES1 | SCTLR_SPAN
    msr     sctlr_el1, x0
    mov     x0, #3                          // CNTHCTL: EL1PCTEN, EL1PCEN
    msr     cnthctl_el2, x0
    msr     cntvoff_el2, xzr
    mov     x0, #0x33ff                     // CPTR: RES1; SVE and SME trap at EL1 before
    msr     cptr_el2, x0
    msr     hstr_el2, xzr
    msr     vttbr_el2, xzr
    mrs     x0, midr_el1
    msr     vpidr_el2, x0
    mrs     x0, mpidr_el1
    msr     vmpidr_el2, x0
    msr     mdcr_el2, xzr                   // nobody counts events
    mrs     x0, id_aa64pfr0_el1
    ubfx    x0, x0, #24, #4                 // GIC: system registers
    cbz     x0, 1f
    mrs     x0, S3_4_C12_C9_5               // ICC_SRE_EL2
    mov     x1, #9                          // Enable, SRE
    orr     x0, x0, x1
    msr     S3_4_C12_C9_5, x0
    isb
    msr     S3_4_C12_C11_0, xzr             // ICH_HCR_EL2
1:  mov     x0, #PSTATE_EL1H_MASKED
    msr     spsr_el2, x0
    adr     x0, at_el1
    msr     elr_el2, x0
    eret

at_el1:
    msr     spsel, #1
    adrp    x0, bss_start                   // zero it, whole cache lines, and drop what a cache
    adrp    x1, bss_end                     // holds of it
    mov     x2, x0
1:  stp     xzr, xzr, [x2]
    stp     xzr, xzr, [x2, #16]
    stp     xzr, xzr, [x2, #32]
    stp     xzr, xzr, [x2, #48]
    add     x2, x2, #64
    cmp     x2, x1
    b.lo    1b
    dmb     sy
    mov     x2, x0
2:  dc      ivac, x2
    add     x2, x2, #64
    cmp     x2, x1
    b.lo    2b
    dsb     sy
    adrp    x0, boot_table
    ldr     x1, =BLOCK_DEVICE
    ldr     x2, =BLOCK_NORMAL | RAM_BASE
    stp     x1, x2, [x0]
    dmb     sy
    dc      ivac, x0                        // what a cache may still hold of it

/* Both halves through the table at x0. */
    mov     x1, #MAIR_VALUE
    msr     mair_el1, x1
    ldr     x1, =TCR_VALUE
    mrs     x2, id_aa64mmfr0_el1
    ubfx    x3, x2, #0, #4                  // PARange, of which IPS takes at most 48 bits
    mov     x4, #5
    cmp     x3, x4
    csel    x3, x3, x4, lo
    bfi     x1, x3, #32, #3                 // IPS
    ubfx    x3, x2, #5, #1                  // ASIDBits: 0 is 8 bits, 2 is 16
    bfi     x1, x3, #36, #1                 // AS
    msr     tcr_el1, x1
    msr     ttbr0_el1, x0
    msr     ttbr1_el1, x0
    ic      iallu
    tlbi    vmalle1
    dsb     nsh
    isb
    ldr     x1, =SCTLR_RES1 | SCTLR_ON
    mrs     x2, id_aa64mmfr1_el1
    tst     x2, #0xf << 20                  // PAN
    b.ne    1f
    orr     x1, x1, #SCTLR_SPAN
1:  msr     sctlr_el1, x1
    isb
    ldr     x30, =kernel_enter
    ret

/* In the linear map, with a stack. */
kernel_enter:
    ldr     x0, =stack_top
    mov     sp, x0
    ldr     x0, =vectors
    msr     vbar_el1, x0
    ldr     x0, =KERNEL_BASE
    add     x0, x0, x19
    mov     x29, #0
    bl      kernel_main
    b       resume_user

/*
 * void arch_kernel_switch(uint64_t root): make the table at physical `root` the upper half and
 * leave the lower half empty. Blocks become pages, so no translation of the old table may be left
 * when the new one comes: in between this runs at its physical address [Arm ARM D8.14.1].
 */
    .global arch_kernel_switch
arch_kernel_switch:
    ldr     x1, =KERNEL_BASE
    ldr     x2, =empty_table
    sub     x2, x2, x1
    adr     x3, 1f
    adr     x4, 2f
    sub     x3, x3, x1
    br      x3
1:  msr     ttbr1_el1, x2               // at the physical address
    isb
    tlbi    vmalle1
    dsb     nsh
    isb
    msr     ttbr1_el1, x0
    isb
    br      x4
2:  msr     ttbr0_el1, x2               // in the linear map
    isb
    tlbi    vmalle1
    dsb     nsh
    isb
    ret

/* Print the line at x0 and stop. MMU off. */
stop:
    mov     x1, #BOOT_UART
1:  ldrb    w2, [x0], #1
    cbz     w2, 2f
    str     w2, [x1]
    b       1b
2:  wfi
    b       2b
text_moved:
    .asciz  "kernel: not started: must be loaded at 0x40200000\r\n"
text_tree:
    .asciz  "kernel: not started: device tree outside the first GiB of RAM\r\n"
text_level:
    .asciz  "kernel: not started: entered at EL3\r\n"
    .balign 4
