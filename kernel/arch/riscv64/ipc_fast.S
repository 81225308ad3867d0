/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The way in, and call, reply_wait, signal and null in the common case. endpoint.c and
 * notification.c do the same calls in every case, and say what they mean.
 *
 * Until the committed line nothing is written, and each check that fails goes to call_slow with
 * the caller's registers as they were; below it nothing can fail. The words a0-a7 stay where they
 * are. Registers that carry nothing reach user mode as zero.
 *
 * Scratch: t5, t6, dead in every call; in IPC also ra; t3 and t4, because the number words that
 * come here send no handles; t0, the number, and t2, FOREVER, because they are known again:
 *
 *   ra  this CPU              t2  deadline + 1: 0          t5  scratch, 0 at the committed line
 *   t0  space to switch to    t3  handle entry; in reply_wait then first caller: 0
 *   t1  target, then badge    t4  thread to switch to      t6  self
 *
 * Both leave in self's frame what a call keeps, and the program counter behind it. The rest of it
 * is written by whoever wakes self: the other path in registers, or C in the frame.
 */
#include "asm.h"

    .text
    .balign 4

/* Every trap. A call is told apart from the rest with one register: t6 waits in sscratch. */
    .global trap_entry
trap_entry:
    csrw    sscratch, t6
    csrr    t6, scause
    xori    t6, t6, CAUSE_USER_CALL
    bnez    t6, trap_other
    beqz    t0, ipc_call
    addi    t5, t0, -CALL_SIGNAL
    beqz    t5, call_signal
    addi    t5, t0, -CALL_REPLY_WAIT
    beqz    t5, ipc_reply_wait
    addi    t5, t0, -CALL_NULL
    beqz    t5, call_null
    this_cpu t5, t6
    j       call_slow

/* t3 = entry of handle `target`, for self t6; t4: scratch. */
.macro find_entry target, slow
    slli    t3, \target, 64 - HANDLE_BITS
    srli    t3, t3, 64 - HANDLE_BITS - ENTRY_SHIFT
    ld      t4, THREAD_HANDLES_BYTES(t6)
    bgeu    t3, t4, \slow
    ld      t4, THREAD_HANDLES(t6)
    add     t3, t3, t4
    lwu     t4, ENTRY_HANDLE(t3)
    bne     t4, \target, \slow
.endm

/* t0 = space of t4, unless a more urgent thread is ready or t4 needs a space made. */
.macro check_switch slow
    lbu     t5, THREAD_PRIORITY(t4)
    lbu     t0, CPU_TOP_READY(ra)
    bltu    t5, t0, \slow
    ld      t0, THREAD_SPACE(t4)
    beqz    t0, \slow
.endm

/* Block self t6 in `state` with its kept registers saved. s0-s11 are scratch from here on. */
.macro block_self state
    save_kept t6
    csrr    s0, sepc
    addi    s0, s0, 4
    sd      s0, FRAME_X(0)(t6)
    li      s0, \state
    sw      s0, THREAD_STATE(t6)
.endm

/* Run t4 in space t0, its kept registers restored, FP access off. */
.macro switch_to_partner
    li      s0, STATE_READY
    sw      s0, THREAD_STATE(t4)
    sd      t4, CPU_CURRENT(ra)
    lui     s0, STATUS_FS >> 12
    csrc    sstatus, s0
    csrw    satp, t0
    ld      s0, FRAME_X(0)(t4)
    csrw    sepc, s0
    restore_kept t4
.endm

ipc_call:
    this_cpu ra, t6
    addi    t2, t2, 1
    bnez    t2, slow_deadline
    find_entry t1, slow_call
    lb      t4, ENTRY_RIGHTS(t3)
    bgez    t4, slow_call               /* no RIGHT_SEND */
    ld      t4, ENTRY_OBJECT(t3)
    ld      t4, ENDPOINT_SERVER(t4)
    check_switch slow_call
    lbu     t5, THREAD_STATE(t4)
    addi    t5, t5, -STATE_RECEIVING_FAST
    bnez    t5, slow_call
    /* --- committed --- */
    block_self STATE_CALLING
    sd      t4, THREAD_SERVER(t6)
    sd      t6, THREAD_CALLER(t4)
    ld      t1, ENTRY_BADGE(t3)
    switch_to_partner
    li      ra, 0
    li      t0, 0
    li      t3, 0
    li      t4, 0
    li      t6, 0
    sret

ipc_reply_wait:
    this_cpu ra, t6
    addi    t2, t2, 1
    bnez    t2, slow_deadline
    find_entry t1, slow_reply_wait
    lbu     t4, ENTRY_RIGHTS + 1(t3)
    beqz    t4, slow_reply_wait         /* no RIGHT_RECEIVE */
    ld      t3, ENTRY_OBJECT(t3)
    ld      t4, ENDPOINT_SERVER(t3)
    bne     t4, t6, slow_reply_wait     /* another thread's endpoint, or its first use */
    ld      t3, ENDPOINT_CALLERS(t3)
    bnez    t3, slow_reply_wait
    ld      t4, THREAD_CALLER(t6)
    check_switch slow_reply_wait
    lw      t5, THREAD_STATE(t4)
    addi    t5, t5, -STATE_CALLING
    bnez    t5, slow_reply_wait         /* gone, or with a deadline, or takes handles */
    ld      t5, THREAD_BOUND(t6)
    ld      t5, NOTIFICATION_BITS(t5)
    bnez    t5, slow_reply_wait
    /* --- committed --- */
    block_self STATE_RECEIVING_FAST
    switch_to_partner
    li      ra, 0
    li      t0, 0
    li      t1, 0
    li      t4, 0
    li      t6, 0
    sret

slow_deadline:
    addi    t2, t2, -1
    j       2f
slow_reply_wait:
    li      t0, CALL_REPLY_WAIT
    j       1f
slow_call:
    li      t0, CALL_CALL
1:  li      t2, -1
    li      t3, 0
    li      t4, 0
2:  mv      t5, ra
    li      ra, 0
    j       call_slow

/* a0: handle, a1: bits. Nobody waits, so the bits are all that changes. */
call_signal:
    ld      t6, boot_cpu                /* CPU_CURRENT is 0 */
    find_entry a0, slow_signal
    lbu     t4, ENTRY_TYPE(t3)
    addi    t4, t4, -TYPE_NOTIFICATION
    bnez    t4, slow_signal
    lbu     t4, ENTRY_RIGHTS(t3)
    andi    t4, t4, 1 << RIGHT_BIT_WRITE
    beqz    t4, slow_signal
    ld      t3, ENTRY_OBJECT(t3)
    ld      t4, NOTIFICATION_THREAD(t3)
    lbu     t4, THREAD_STATE(t4)
    andi    t4, t4, STATE_WAITING
    bnez    t4, signal_wakes            /* else t4 is zero, as it must return */
    /* --- committed --- */
    addi    t3, t3, NOTIFICATION_BITS
    amoor.d zero, a1, (t3)
    li      t3, 0

/* Back behind the call with OK and value 0. */
call_null:
    csrr    a0, sepc
    addi    a0, a0, 4
    csrw    sepc, a0
    li      a0, 0
    li      a1, 0
    li      t6, 0
    sret

/* Registers that carry nothing to thread t4 after a signal. */
.macro clear_after_signal
    .irp    n, 10, 12, 13, 14, 15, 16, 17, 5, 6, 28, 30, 31, 29
    li      x\n, 0
    .endr
.endm

/* Somebody waits for notification t3. Switch to it at once when there is a bit, it is bound to it,
 * waits for ever, and is more urgent than self and whoever is ready; self goes to the front of its
 * level. The time until the next slow switch is charged as before. */
signal_wakes:
    lla     t5, boot_cpu
    beqz    a1, signal_in_c
    ld      t4, NOTIFICATION_THREAD(t3)
    ld      t0, THREAD_BOUND(t4)
    bne     t0, t3, signal_in_c
    lhu     t0, THREAD_STATE + 2(t4)    /* with a deadline? */
    bnez    t0, signal_in_c
    lbu     t1, THREAD_STATE(t4)
    addi    t1, t1, -STATE_WAITING
    bnez    t1, 1f                      /* it receives */
    ld      t0, THREAD_WAITING_ON(t4)
    bne     t0, t3, signal_in_c
1:  lbu     t2, THREAD_PRIORITY(t4)
    lbu     t0, CPU_TOP_READY(t5)
    bgeu    t0, t2, signal_in_c
    lbu     a0, THREAD_PRIORITY(t6)
    bgeu    a0, t2, signal_in_c
    ld      t0, THREAD_SPACE(t4)
    beqz    t0, signal_in_c
    /* --- committed --- */
    sd      ra, FRAME_X(1)(t6)
    sd      zero, FRAME_X(10)(t6)
    sd      zero, FRAME_X(11)(t6)
    block_self STATE_READY
    slli    s0, a0, 4                   /* struct list_node */
    add     s0, s0, t5
    ld      s1, CPU_READY(s0)
    addi    s2, s0, CPU_READY
    addi    s3, t6, THREAD_QUEUE
    sd      s1, 0(s3)
    sd      s2, 8(s3)
    sd      s3, 0(s2)
    sd      s3, 8(s1)
    li      s0, 1
    sll     s0, s0, a0
    ld      s1, CPU_READY_MASK(t5)
    or      s1, s1, s0
    sd      s1, CPU_READY_MASK(t5)
    sb      a0, CPU_TOP_READY(t5)       /* self ran, so nobody ready was above it */
    ld      s0, NOTIFICATION_BITS(t3)
    or      a1, a1, s0
    sd      zero, NOTIFICATION_BITS(t3)
    mv      ra, t5
    switch_to_partner
    bnez    t1, 2f
    ld      ra, FRAME_X(1)(t4)          /* wait: status and bits in a0, a1 */
    li      t2, 0
    clear_after_signal
    sret
2:  lla     t0, thread_none             /* reply_wait: no words, bits in t2, nobody to answer */
    sd      t0, THREAD_CALLER(t4)
    mv      t2, a1
    li      a1, 0
    li      ra, 0
    clear_after_signal
    sret

slow_signal:
    lla     t5, boot_cpu
    li      t3, 0
    li      t4, 0
    j       call_slow
