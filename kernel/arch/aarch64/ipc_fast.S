/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast paths: call and reply_wait with a number word of exactly 0 and 1, null, and signal when
 * nobody is woken.
 *
 * Entered from vectors.S with everything of user mode in registers but x16 and x17, which are in
 * the frame. sp is the calling thread. Each path changes nothing before its commit line and leaves
 * for syscall_slow when a condition fails; endpoint.c and notification.c are its specification.
 * The message, x0-x7, is never touched: it is in place when the other thread runs.
 *
 * A thread that blocks here leaves x19-x30, sp, pc, TPIDR_EL0 in its frame, and a clean PSTATE.
 * Whoever wakes it, here or in C, gives every other register a value.
 *
 *   x9   target handle, then badge    x14  endpoint
 *   x10  deadline                     x15  the thread switched to
 *   x11  offset of the entry          x16  its state
 *   x12  handle entry                 x17  its address space
 *   x13  first word of the entry      x18  CPU
 */
#include "asm.h"
#include "offsets.h"

#define FRAME THREAD_FRAME

#if THREAD_BOUND != THREAD_CALLER + 8 || ENDPOINT_CALLERS != ENDPOINT_SERVER + 8 || \
    NOTIFICATION_THREAD != NOTIFICATION_BITS + 8 || THREAD_SPACE != THREAD_CPU + 8 || \
    THREAD_PRIORITY != THREAD_STATE + 4 || STATE_READY != 1
#error "loaded in pairs, or a number used for a state: see below"
#endif

#define ENTRY_RIGHT(bit) (ENTRY_RIGHTS * 8 + (bit)) /* in the first word of an entry */

/* x12, x13: the entry of the handle in \handle, found by index alone. Clobbers \offset. */
.macro find_entry handle, offset
    ldp     x12, x13, [sp, #THREAD_HANDLES]
    ubfiz   \offset, \handle, #ENTRY_SHIFT, #HANDLE_BITS
.endm

/* Two registers become zero in one instruction. */
.macro clear first, second
    ldp     \first, \second, [sp, #FRAME + FRAME_X(REG_ZERO)]
.endm

/* Leave for C unless x15 may run: its state is \state, it has an address space and nobody ready
 * is more urgent. x18 = its CPU, x17 = its address space. */
.macro check_peer state
    ldp     x18, x17, [x15, #THREAD_CPU]
    ldp     w16, w11, [x15, #THREAD_STATE]
    cbz     x17, ipc_slow
    ldrb    w13, [x18, #CPU_TOP_READY]
    cmp     w13, w11, uxtb
    ccmp    w16, #\state, #0, ls
    b.ne    ipc_slow
.endm

/* Save what a blocked thread keeps; its state becomes \state. */
.macro block_self state
    pairs   stp, x, 8, sp, FRAME, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    mrs     x19, sp_el0
    mrs     x20, elr_el1
    mrs     x21, tpidr_el0
    stp     x19, x20, [sp, #FRAME + FRAME_X(REG_SP)]
    stp     x21, xzr, [sp, #FRAME + FRAME_X(REG_TP)]
    mov     w22, #\state
    str     w22, [sp, #THREAD_STATE]
.endm

/* Go on as x15. x8-x18 are left to the caller. */
.macro switch_to_peer
    mov     sp, x15
    str     x15, [x18, #CPU_CURRENT]
    msr     cpacr_el1, xzr
    msr     ttbr0_el1, x17
    ldp     x19, x20, [sp, #FRAME + FRAME_X(REG_SP)]
    ldr     x21, [sp, #FRAME + FRAME_X(REG_TP)]
    msr     sp_el0, x19
    msr     elr_el1, x20
    msr     tpidr_el0, x21
    msr     spsr_el1, xzr
    pairs   ldp, x, 8, sp, FRAME, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
.endm

/* The first four of the sixteen vectors are for traps from EL1 with SP_EL0, which never runs here:
 * no instruction of the kernel selects it. Their place holds the two paths. */
    .section .text.vectors, "ax"
    .balign 2048
    .global vectors
vectors:
    .global ipc_call, ipc_reply_wait
ipc_call:
    find_entry x9, x11
    cmn     x10, #1                         // DEADLINE_FOREVER
    ccmp    x11, x13, #2, eq
    b.hs    ipc_slow
    add     x12, x12, x11
    ldp     x13, x14, [x12, #ENTRY_HANDLE]
    cmp     x9, w13, uxtw
    b.ne    ipc_slow
    tbz     x13, #ENTRY_RIGHT(RIGHT_BIT_SEND), ipc_slow
    ldr     x15, [x14, #ENDPOINT_SERVER]
    check_peer STATE_RECEIVING_FAST
    ldr     x9, [x12, #ENTRY_BADGE]
    /* --- committed --- */
    block_self STATE_CALLING
    mov     x13, sp
    mov     w14, #STATE_READY
    str     x15, [sp, #THREAD_SERVER]
    str     x13, [x15, #THREAD_CALLER]
    strb    w14, [x15, #THREAD_STATE]
    switch_to_peer
    clear   x10, x11                        // status, x8, is zero: it was the number
    clear   x12, x13
    clear   x14, x15
    clear   x16, x17
    mov     x18, #0
    eret

ipc_reply_wait:
    find_entry x9, x11
    cmn     x10, #1                         // DEADLINE_FOREVER
    ccmp    x11, x13, #2, eq
    b.hs    ipc_slow
    add     x12, x12, x11
    ldp     x13, x14, [x12, #ENTRY_HANDLE]
    cmp     x9, w13, uxtw
    b.ne    ipc_slow
    tbz     x13, #ENTRY_RIGHT(RIGHT_BIT_RECEIVE), ipc_slow
    ldp     x15, x16, [x14, #ENDPOINT_SERVER]
    cmp     sp, x15
    ccmp    x16, #0, #0, eq                 // first_caller
    b.ne    ipc_slow
    ldp     x15, x12, [sp, #THREAD_CALLER]  // and THREAD_BOUND
    ldr     x12, [x12, #NOTIFICATION_BITS]
    cbnz    x12, ipc_slow
    check_peer STATE_CALLING
    /* --- committed --- */
    block_self STATE_RECEIVING_FAST
    strb    w8, [x15, #THREAD_STATE]        // the number is STATE_READY
    switch_to_peer
    clear   x8, x9                          // x12 is zero: no bits were pending
    clear   x10, x11
    clear   x13, x14
    clear   x15, x16
    clear   x17, x18
    eret

/* No handles travel with these numbers, so x11 and x12 meant nothing. */
ipc_slow:
    clear   x11, x12
    b       syscall_slow
    .org    vectors + 4 * 128

    .section .text.front, "ax"
/* Where the entry goes for each number up to CALL_SIGNAL. */
    .balign 8
    .global syscall_fast_table
syscall_fast_table:
    .quad   ipc_call, ipc_reply_wait, syscall_null, syscall_signal

syscall_null:
    mov     x0, #0
    mov     x1, #0
    clear   x16, x17
    eret

/* signal(x0 = handle, x1 = bits), only to say that nobody waits. */
syscall_signal:
    ldp     x14, x15, [sp, #THREAD_HANDLES]
    ubfiz   x16, x0, #ENTRY_SHIFT, #HANDLE_BITS
    cmp     x16, x15
    b.hs    syscall_slow
    add     x14, x14, x16
    ldp     x15, x14, [x14, #ENTRY_HANDLE]
    cmp     x0, w15, uxtw
    b.ne    syscall_slow
    tbz     x15, #ENTRY_RIGHT(RIGHT_BIT_WRITE), syscall_slow
    ubfx    x15, x15, #ENTRY_TYPE * 8, #8
    cmp     x15, #TYPE_NOTIFICATION
    b.ne    syscall_slow
    ldp     x16, x15, [x14, #NOTIFICATION_BITS]
    ldrb    w17, [x15, #THREAD_STATE]
    cmp     w17, #STATE_WAITING
    b.hs    signal_wakes
    /* --- committed --- */
    orr     x16, x16, x1
    str     x16, [x14, #NOTIFICATION_BITS]
    mov     x0, #0
    mov     x1, #0
    clear   x14, x15
    clear   x16, x17
    eret

/* Registers that carry nothing after a signal, but x0, x1 and x8-x11. */
.macro clear_after_signal
    clear   x2, x3
    clear   x4, x5
    clear   x6, x7
    clear   x12, x13
    clear   x14, x15
    clear   x16, x17
    mov     x18, #0
.endm

/*
 * Somebody waits for notification x14. Switch to it, x15, at once when there is a bit, it is bound
 * to it, waits for ever, and is more urgent than the signaller and whoever is ready; the signaller
 * goes to the front of its level. The time until the next slow switch is charged as before. x10:
 * its state less STATE_WAITING, x12: the signaller's priority.
 */
signal_wakes:
    cbz     x1, signal_in_c
    ldp     w10, w11, [x15, #THREAD_STATE]
    ldr     x12, [x15, #THREAD_WAITING_ON]
    ldr     x13, [x15, #THREAD_BOUND]
    lsr     w16, w10, #16                   // with a deadline?
    and     w10, w10, #0xff
    subs    w10, w10, #STATE_WAITING
    csel    x12, x12, x13, eq
    cmp     w16, #0
    ccmp    x12, x14, #0, eq
    ccmp    x13, x14, #0, eq
    b.ne    signal_in_c
    ldp     x18, x17, [x15, #THREAD_CPU]
    cbz     x17, signal_in_c
    ldrb    w13, [x18, #CPU_TOP_READY]
    ldrb    w12, [sp, #THREAD_PRIORITY]
    and     w11, w11, #0xff
    cmp     w13, w11
    ccmp    w12, w11, #2, lo
    b.hs    signal_in_c
    /* --- committed --- */
    stp     xzr, xzr, [sp, #FRAME + FRAME_X(0)]
    block_self STATE_READY
    add     x19, x18, x12, lsl #4           // struct list_node
    add     x19, x19, #CPU_READY
    ldr     x20, [x19]
    add     x21, sp, #THREAD_QUEUE
    stp     x20, x19, [x21]
    str     x21, [x19]
    str     x21, [x20, #8]
    mov     x19, #1
    lsl     x19, x19, x12
    ldr     x20, [x18, #CPU_READY_MASK]
    orr     x20, x20, x19
    str     x20, [x18, #CPU_READY_MASK]
    strb    w12, [x18, #CPU_TOP_READY]      // it ran, so nobody ready was above it
    ldr     x19, [x14, #NOTIFICATION_BITS]
    orr     x1, x1, x19
    str     xzr, [x14, #NOTIFICATION_BITS]
    mov     w19, #STATE_READY
    str     w19, [x15, #THREAD_STATE]
    switch_to_peer
    mov     x0, #0
    cbnz    w10, 1f
    clear_after_signal                      // wait: status and bits in x0, x1
    clear   x8, x9
    clear   x10, x11
    eret
1:  adrp    x9, thread_none                 // reply_wait: no words, bits in x10, nobody to answer
    add     x9, x9, :lo12:thread_none
    str     x9, [x15, #THREAD_CALLER]
    mov     x10, x1
    mov     x1, #0
    clear_after_signal
    clear   x8, x9
    mov     x11, #0
    eret
