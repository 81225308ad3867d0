/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the assembly finds fields. Every line is checked by a static_assert beside the struct it
 * describes, so a moved field fails the build.
 */
#pragma once

/* struct thread */
#define THREAD_CPU           48
#define THREAD_SPACE         56 /* what arch_space_switch takes; 0: only C may switch to it */
#define THREAD_HANDLES       64 /* first entry of its task's handle table */
#define THREAD_HANDLES_BYTES 72
#define THREAD_SERVER        80 /* struct thread; meaningful in THREAD_CALLING */
#define THREAD_CALLER        88 /* struct thread, never NULL; meaningful unless it is receiving */
#define THREAD_BOUND         96 /* struct notification, never NULL */
#define THREAD_STATE         104 /* u8; as a u32: the state alone without deadline and handles */
#define THREAD_PRIORITY      108
#define THREAD_WAITING_ON    120 /* struct notification; meaningful in THREAD_WAITING */
#define THREAD_QUEUE         128 /* struct list_node: its place on a ready queue */
#define THREAD_FRAME         144

/* struct handle_entry */
#define ENTRY_BYTES  64
#define ENTRY_SHIFT  6
#define ENTRY_HANDLE 0 /* u32, the whole handle value; 0 when free */
#define ENTRY_RIGHTS 4 /* u16; bit 7 is RIGHT_SEND, so a signed byte below zero may call */
#define ENTRY_TYPE   6
#define ENTRY_OBJECT 8
#define ENTRY_BADGE  16

/* struct endpoint */
#define ENDPOINT_SERVER       48 /* struct thread that receives on it, never NULL */
#define ENDPOINT_FIRST_CALLER 56 /* NULL when nobody is queued */

/* struct notification */
#define NOTIFICATION_BITS   48
#define NOTIFICATION_THREAD 56 /* struct thread bound to it or waiting on it, never NULL */

/* struct cpu */
#define CPU_CURRENT    0
#define CPU_STACK_TOP  8
#define CPU_TOP_READY  16 /* u8: priority of the most urgent ready thread; 0 when none is */
#define CPU_READY_MASK 24 /* bit p: somebody is on level p */
#define CPU_READY      32 /* struct list_node for each level */

/* enum thread_state, as far as the fast paths look */
#define STATE_READY          1
#define STATE_CALLING        3
#define STATE_WAITING        8 /* from here on, all with this bit, a notification may wake it */
#define STATE_RECEIVING_FAST 10

/* kernel/include/abi: enum sysno, enum object_type, handle rights as bits */
#define CALL_CALL         0
#define CALL_REPLY_WAIT   1
#define CALL_NULL         2
#define CALL_SIGNAL       3
#define TYPE_NOTIFICATION 5
#define HANDLE_BITS       12
#define RIGHT_BIT_WRITE   1
#define RIGHT_BIT_SEND    7
#define RIGHT_BIT_RECEIVE 8
