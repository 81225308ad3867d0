/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any bytes as what a few hostile programs do, with interrupts, time and faults between: whatever
 * they ask for, the kernel keeps every promise of its headers [tests/kernel/check.h], and the fast
 * paths would do the same [tests/kernel/fast_model.h], and at the end nothing is left.
 */
#include "fuzz.h"

#include "tests/kernel/bench.h"
#include "tests/kernel/fast_model.h"

#include <string.h>

enum { STEPS_MAX = 300, PUPPETS = 4, CALL_ALIGN = 8 };

struct input {
    const uint8_t *at;
    size_t left;
};

static uint8_t take8(struct input *input)
{
    if (input->left == 0) {
        return 0;
    }
    input->left--;
    return *input->at++;
}

static uint64_t take64(struct input *input)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value = value << 8 | take8(input);
    }
    return value;
}

/* --- the world -------------------------------------------------------------------------------- */

/* One puppet may use its task, thread and account, the endpoint and notification of the next. */
static void equip(struct thread *thread, struct account *account, struct endpoint *endpoint,
                  struct notification *notification)
{
    bench_own(thread, &thread->task->object);
    bench_own(thread, &thread->object);
    bench_own(thread, &account->object);
    bench_give(thread, &endpoint->object, RIGHTS_ALL & ~(unsigned)RIGHT_MANAGE, 7);
    bench_give(thread, &notification->object, RIGHTS_ALL & ~(unsigned)RIGHT_MANAGE, 7);
    bench_give(thread, &bench.task->object, RIGHT_MAP | RIGHT_WRITE | RIGHT_GRANT, 0);
}

static void make_world(unsigned asids)
{
    static const uint8_t priorities[PUPPETS] = {8, 12, 12, 20};
    struct endpoint *endpoint = NULL;
    struct notification *notification = NULL;
    bench_start_with(asids);
    for (unsigned i = 0; i < PUPPETS; i++) {
        struct account *account = bench_make_account(bench.account, 60);
        struct task *task = bench_make_task(account, 16 + i * 8);
        struct thread *thread = bench_make_paid_thread(account, task, priorities[i]);
        if (i % 2 == 0) {
            endpoint = bench_make_endpoint();
            notification = bench_make_notification();
            bench_own(bench.thread, &endpoint->object);
            bench_own(bench.thread, &notification->object);
        }
        equip(thread, account, endpoint, notification);
        if (i == 0) { /* one has the devices, too */
            bench_give(thread, &kernel_system.object, RIGHTS_ALL & ~(unsigned)RIGHT_MANAGE, 0);
        }
        thread_wake(thread);
    }
    REQUIRE(sched_resume(&boot_cpu) != NULL);
}

/* --- arguments -------------------------------------------------------------------------------- */

/* A letter for each argument: what a caller who knew what it did would put there. */
static const char *const signatures[SYSCALL_COUNT] = {
    [SYS_signal] = "nW",
    [SYS_wait] = "nD",
    [SYS_timer_set] = "D",
    [SYS_handle_copy] = "xRB",
    [SYS_handle_grant] = "txRB",
    [SYS_handle_close] = "x",
    [SYS_revoke] = "xB",
    [SYS_object_info] = "xI",
    [SYS_account_create] = "aP",
    [SYS_task_create] = "aS",
    [SYS_task_supervise] = "teB",
    [SYS_thread_create] = "atQ",
    [SYS_thread_start] = "h",
    [SYS_thread_stop] = "h",
    [SYS_thread_read] = "hI",
    [SYS_thread_write] = "hIW",
    [SYS_thread_schedule] = "hQTT",
    [SYS_thread_bind] = "hn",
    [SYS_endpoint_create] = "a",
    [SYS_notification_create] = "a",
    [SYS_memory_create] = "aPF",
    [SYS_memory_slice] = "amOP",
    [SYS_memory_map] = "tmVOPR",
    [SYS_memory_unmap] = "tV",
    [SYS_memory_physical] = "mO",
    [SYS_memory_quiet] = "m",
    [SYS_window_create] = "saMY",
    [SYS_irq_create] = "saL",
    [SYS_irq_bind] = "inL",
    [SYS_irq_ack] = "i",
    [SYS_debug_write] = "sWW",
    [SYS_system_off] = "sFW",
};

static enum object_type type_of(char kind)
{
    static const char letters[] = " athenmis";
    const char *at = strchr(letters + 1, kind);
    return at == NULL ? OBJECT_NONE : (enum object_type)(at - letters);
}

/* One of the handles of the thread's task, of `type` if it has one; or any number. */
static uint64_t pick_handle(struct input *input, struct thread *thread, enum object_type type)
{
    const struct handle_table *table = &thread->task->table;
    uint8_t byte = take8(input);
    uint64_t any = byte;
    if (byte >= 0xf8) {
        return byte == 0xff ? take64(input) : byte;
    }
    for (uint32_t looked = 0, skip = byte; looked < 2 * table->count; looked++) {
        const struct handle_entry *entry = &table->entries[1 + looked % (table->count - 1)];
        if (entry->handle == 0) {
            continue;
        }
        any = entry->handle;
        if ((type == OBJECT_NONE || entry->type == type) && skip-- % 8 == 0) {
            return any;
        }
    }
    return any;
}

static uint64_t pick_number(struct input *input, char kind)
{
    static const uint64_t bases[] = {BENCH_WINDOW, BENCH_WINDOW + PAGE_BYTES, BENCH_DENIED, 0,
                                     ~0xfffull};
    uint8_t byte = take8(input);
    switch (kind) {
    case 'R': return byte == 0xff ? take64(input) : byte < 0x40 ? RIGHTS_ALL : byte * 3u;
    case 'B': return byte < 0xc0 ? byte % 8 : byte == 0xff ? BADGE_ALL : byte;
    case 'D': return byte < 0xa0 ? BENCH_FOREVER : byte < 0xb0 ? 0 : fake_cpu.now + byte * 7u;
    case 'P': return byte == 0xff ? take64(input) : byte % 40u;
    case 'S': return byte % 72u;
    case 'Q': return byte % 68u;
    case 'T': return byte == 0xff ? take64(input) : byte * 3u;
    case 'V':
        return byte == 0xff ? take64(input)
                            : (uint64_t)(byte % 16) << (byte < 0xc0 ? PAGE_SHIFT + 2 : 30);
    case 'O': return byte < 0xc0 ? byte % 4 : byte;
    case 'F': return byte < 0xf0 ? byte % 2 : byte;
    case 'L': return byte % 70u;
    case 'M': return bases[byte % (sizeof(bases) / sizeof(bases[0]))];
    case 'Y': return byte % 3u * PAGE_BYTES;
    case 'I': return byte % 36u;
    default: return byte < 0xf0 ? 1ull << byte % 64 : take64(input);
    }
}

static void prepare_ipc(struct input *input, struct thread *thread)
{
    struct frame *frame = &thread->frame;
    uint8_t byte = take8(input);
    frame->x[REG_DEADLINE] = pick_number(input, 'D');
    frame->x[REG_TARGET] = pick_handle(input, thread, OBJECT_ENDPOINT);
    unsigned sent = byte % 8 < 5 ? 0 : byte % 6;
    unsigned accepts = byte / 8 % 8 < 6 ? 0 : byte / 8 % 6;
    frame->x[REG_NUMBER] |= sent << IPC_SENT_SHIFT | accepts << IPC_ACCEPT_SHIFT;
    for (unsigned i = 0; i < sent && i < IPC_HANDLES_MAX; i++) {
        uint64_t handle = pick_handle(input, thread, OBJECT_NONE) & UINT32_MAX;
        uint64_t *pair = &frame->x[REG_HANDLE + i / 2];
        *pair = (*pair & (i % 2 == 0 ? 0 : UINT32_MAX)) | handle << i % 2 * 32;
    }
    for (unsigned i = 0; i < IPC_WORDS; i++) {
        frame->x[REG_WORD + i] = byte + i;
    }
}

/* The registers of the next call of `thread`. */
static void prepare(struct input *input, struct thread *thread)
{
    struct frame *frame = &thread->frame;
    uint8_t byte = take8(input);
    frame->x[REG_PC] = (frame->x[REG_PC] / CALL_ALIGN + 1) * CALL_ALIGN;
    frame->x[REG_NUMBER] = byte < 0x80 ? byte % 4 / 2 : byte % (SYSCALL_COUNT + 1);
    if (frame->x[REG_NUMBER] <= SYS_reply_wait) {
        prepare_ipc(input, thread);
        return;
    }
    const char *signature =
        frame->x[REG_NUMBER] < SYSCALL_COUNT ? signatures[frame->x[REG_NUMBER]] : NULL;
    for (unsigned i = 0; signature != NULL && signature[i] != '\0'; i++) {
        char kind = signature[i];
        enum object_type type = type_of(kind);
        frame->x[REG_WORD + i] = type != OBJECT_NONE || kind == 'x'
                                     ? pick_handle(input, thread, type)
                                     : pick_number(input, kind);
    }
}

/* --- what happens ----------------------------------------------------------------------------- */

static void call(struct input *input, struct thread *thread)
{
    struct fast_model model;
    bool is_restarted = thread->frame.x[REG_PC] != 0 && thread->frame.x[REG_PC] % CALL_ALIGN == 0;
    if (!is_restarted) {
        prepare(input, thread);
    }
    bool is_fast = fast_model_predict(&model, thread);
    struct thread *next = bench_trap(thread);
    if (is_fast) {
        fast_model_compare(&model, next);
    }
}

static void step(struct input *input, struct thread *thread)
{
    uint8_t byte = take8(input);
    switch (byte % 32) {
    case 0: fake_cpu.now += byte; break;
    case 1: fake_cpu.now += 64 * byte; break;
    case 2: fake_raise(1 + byte / 32); break;
    case 3: /* while the kernel works */
        fake_cpu.polls_left = 1 + byte / 32;
        fake_cpu.late_line = 1 + byte / 64;
        break;
    case 4: bench_fault(thread, FAULT_READ, 0x123000); break;
    case 5:
        if (!fake_cpu.is_fp_on) {
            bench_use_fp(thread);
        }
        break;
    case 6: fake_cpu.per_read = byte / 32; break;
    default: call(input, thread); break;
    }
}

/* Everybody waits for nothing: init's thread goes on, if it is there. */
static struct thread *rescue(void)
{
    if (!bench_is_alive(&bench.thread->object)) {
        return NULL;
    }
    thread_stop(bench.thread);
    thread_wake(bench.thread);
    return bench_take_interrupts();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, size};
    make_world(size % 2 == 0 ? 4 : size % 3 == 0 ? 0 : 16);
    for (unsigned i = 0; i < STEPS_MAX && input.left > 0 && !fake_cpu.is_off; i++) {
        struct thread *thread = bench_take_interrupts();
        if (thread == NULL) {
            thread = rescue();
        }
        if (thread == NULL) {
            break;
        }
        step(&input, thread);
    }
    bench_end();
    return 0;
}
