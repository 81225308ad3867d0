/* SPDX-License-Identifier: BSD-2-Clause */
#include "bench.h"

#include "print.h"
#include "tests/fuzz/fuzz.h"

#include <string.h>

struct bench bench;

static uint8_t boot_pages[2][PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));

static void *make(struct account *account, enum object_type type)
{
    struct object *object;
    int error = object_create(account, type, &object);
    REQUIRE(error == OK);
    return object;
}

/* --- the beginning and the end ---------------------------------------------------------------- */

static void give_boot_handles(void)
{
    struct memory *bundle = make(bench.account, OBJECT_MEMORY);
    unsigned lasting = RIGHTS_ALL & ~(unsigned)RIGHT_MANAGE;
    bench_give(bench.thread, &bench.account->object, lasting, 0);
    bench_own(bench.thread, &bench.task->object);
    bench_own(bench.thread, &bench.thread->object);
    bench_give(bench.thread, &kernel_system.object, lasting, 0);
    memory_init_boot(bundle, kernel_physical(boot_pages), 2);
    bench_own(bench.thread, &bundle->object);
}

void bench_start(void)
{
    bench_start_with(16);
}

void bench_start_with(unsigned asids)
{
    fake_cpu_reset();
    fake_cpu.asids = asids;
    fake_memory_init(BENCH_PAGES);
    memset(&account_root, 0, sizeof(*&account_root));
    memset(&boot_cpu, 0, sizeof(boot_cpu));
    boot_machine = (struct machine){
        .ram = {fake_ram_base(), (uint64_t)BENCH_PAGES << PAGE_SHIFT},
        .forbidden = {.count = 1, .at = {{BENCH_DENIED, PAGE_BYTES}}},
    };
    account_root_init(kernel_system.free_pages);
    sched_init(&boot_cpu, NULL);
    bench.account = bench_make_account(&account_root, BENCH_ACCOUNT);
    bench.task = bench_make_task(bench.account, BENCH_SLOTS);
    bench.thread = bench_make_paid_thread(bench.account, bench.task, BENCH_PRIORITY);
    give_boot_handles();
    thread_wake(bench.thread);
    REQUIRE(sched_resume(&boot_cpu) == bench.thread);
    check_kernel();
    check_resumed(bench.thread);
}

void bench_reap(void)
{
    for (unsigned steps = 0; object_is_reaping(); steps++) {
        fake_cpu.work = 0;
        object_reap_step();
        REQUIRE(steps < 100000);
    }
}

/* Devices are quiet now. */
static void let_told_memory_go(void)
{
    for (unsigned i = 0; i < fake_ledger.slot_count; i++) {
        struct object *object = fake_ledger.slots[i].at;
        if (fake_ledger.slots[i].is_object && object->type == OBJECT_MEMORY) {
            struct memory *memory = container_of(object, struct memory, object);
            memory->is_told = false;
            memory_let_go(memory);
        }
    }
}

void bench_end(void)
{
    object_destroy(&bench.account->object);
    bench_reap();
    check_kernel();
    let_told_memory_go();
    bench_reap();
    REQUIRE(fake_ledger.slot_count == 0 && fake_ledger.pages_taken == 0);
    REQUIRE(kernel_system.objects == 0 && kernel_system.handles == 0 &&
            kernel_system.mappings == 0);
    REQUIRE(account_root.used_pages == 0 && kernel_system.free_pages == BENCH_PAGES);
    REQUIRE(list_is_empty(&boot_cpu.timers) && boot_cpu.ready_mask == 0);
    REQUIRE(boot_cpu.current == NULL && boot_cpu.payer == &thread_none &&
            boot_cpu.fp_owner == NULL);
    REQUIRE(list_is_empty(&kernel_system.object.handles));
}

/* --- puppets ---------------------------------------------------------------------------------- */

handle_t bench_give(struct thread *thread, struct object *object, unsigned rights, uint64_t badge)
{
    handle_t handle = HANDLE_NONE;
    int error = handle_insert(&thread->task->table, object, rights, badge, &handle);
    REQUIRE(error == OK);
    return handle;
}

handle_t bench_own(struct thread *thread, struct object *object)
{
    return bench_give(thread, object, RIGHTS_ALL, 0);
}

struct account *bench_make_account(struct account *parent, uint64_t pages)
{
    struct account *account = make(parent, OBJECT_ACCOUNT);
    int error = account_init(account, pages);
    REQUIRE(error == OK);
    return account;
}

struct task *bench_make_task(struct account *account, unsigned slots)
{
    struct task *task = make(account, OBJECT_TASK);
    uint64_t search = 0;
    int error = task_init(task, slots, &search);
    REQUIRE(error == OK);
    return task;
}

struct thread *bench_make_paid_thread(struct account *account, struct task *task, uint8_t priority)
{
    struct thread *thread = make(account, OBJECT_THREAD);
    int error = thread_init(thread, task, priority);
    REQUIRE(error == OK);
    return thread;
}

struct thread *bench_make_sibling(struct task *task, uint8_t priority)
{
    return bench_make_paid_thread(bench.account, task, priority);
}

struct thread *bench_make_thread(uint8_t priority)
{
    return bench_make_sibling(bench_make_task(bench.account, 32), priority);
}

struct thread *bench_make_running(uint8_t priority)
{
    struct thread *thread = bench_make_thread(priority);
    thread_wake(thread);
    return thread;
}

struct endpoint *bench_make_endpoint(void)
{
    struct call call = {.self = bench.thread, .made = make(bench.account, OBJECT_ENDPOINT)};
    int error = call_endpoint_create(&call);
    REQUIRE(error == OK);
    return call.made;
}

struct notification *bench_make_notification(void)
{
    struct call call = {.self = bench.thread, .made = make(bench.account, OBJECT_NOTIFICATION)};
    int error = call_notification_create(&call);
    REQUIRE(error == OK);
    return call.made;
}

struct irq *bench_make_irq(unsigned line)
{
    struct thread asker = {.frame = {.x = {[REG_WORD + 2] = line}}};
    struct call call = {.self = &asker, .made = make(bench.account, OBJECT_IRQ)};
    int error = call_irq_create(&call);
    REQUIRE(error == OK);
    return call.made;
}

void bench_bind_irq(struct irq *irq, struct notification *notification, unsigned bit)
{
    struct thread asker = {.frame = {.x = {[REG_WORD + 2] = bit}}};
    struct handle_entry line = {.object = &irq->object};
    struct handle_entry target = {.object = &notification->object};
    struct call call = {.self = &asker, .entries = {&line, &target}};
    int error = call_irq_bind(&call);
    REQUIRE(error == OK);
}

struct memory *bench_make_memory(uint64_t pages, bool is_contiguous)
{
    struct memory *memory = make(bench.account, OBJECT_MEMORY);
    int error = memory_init(memory, pages, is_contiguous);
    REQUIRE(error == OK);
    do {
        fake_cpu.work = 0;
        error = memory_build_step(memory);
    } while (error == E_AGAIN);
    REQUIRE(error == OK);
    return memory;
}

bool bench_is_alive(const struct object *object)
{
    for (unsigned i = 0; i < fake_ledger.slot_count; i++) {
        if (fake_ledger.slots[i].at == object) {
            return !object->is_dying;
        }
    }
    return false;
}

/* --- ways into the kernel --------------------------------------------------------------------- */

enum way { WAY_SYSCALL, WAY_INTERRUPT, WAY_TIMER, WAY_FAULT, WAY_FP, WAY_RESUME };

struct entry {
    enum way way;
    struct thread *thread;
    unsigned kind;
    vaddr_t address;
};

static struct thread *go_up(const struct entry *entry)
{
    switch (entry->way) {
    case WAY_SYSCALL: return kernel_syscall(entry->thread);
    case WAY_INTERRUPT: return kernel_interrupt(entry->thread);
    case WAY_TIMER: return kernel_timer(entry->thread);
    case WAY_FAULT: return kernel_fault(entry->thread, entry->kind, entry->address, 13);
    case WAY_FP: return kernel_fp_trap(entry->thread);
    case WAY_RESUME: break;
    }
    return sched_resume(&boot_cpu);
}

static struct thread *enter(const struct entry *entry)
{
    jmp_buf stuck;
    struct thread *next = NULL;
    fake_cpu.stuck = &stuck;
    fake_cpu.work = 0;
    if (setjmp(stuck) == 0) {
        next = go_up(entry);
        check_resumed(next);
    }
    fake_cpu.stuck = NULL;
    check_kernel();
    return boot_cpu.current;
}

struct thread *bench_trap(struct thread *thread)
{
    uint64_t pc = thread->frame.x[REG_PC];
    bool is_ipc = (thread->frame.x[REG_NUMBER] & IPC_NUMBER_MASK) <= SYS_reply_wait;
    bool must_reap = !is_ipc && (thread->has_result || check_count_reapable() == 0);
    REQUIRE(boot_cpu.current == thread);
    thread->frame.x[REG_PC] = pc + 4;
    struct thread *next = enter(&(struct entry){.way = WAY_SYSCALL, .thread = thread});
    if (next == thread && thread->frame.x[REG_PC] != pc) { /* it returned: what it left is reaped */
        REQUIRE(!must_reap || check_count_reapable() == 0);
        REQUIRE(!thread->has_result && thread->progress == 0);
    }
    return next;
}

struct thread *bench_fault(struct thread *thread, unsigned kind, vaddr_t address)
{
    REQUIRE(boot_cpu.current == thread);
    return enter(&(struct entry){WAY_FAULT, thread, kind, address});
}

struct thread *bench_use_fp(struct thread *thread)
{
    REQUIRE(boot_cpu.current == thread && !fake_cpu.is_fp_on);
    return enter(&(struct entry){.way = WAY_FP, .thread = thread});
}

struct thread *bench_take_interrupts(void)
{
    for (unsigned i = 0;; i++) {
        struct thread *thread = boot_cpu.current;
        REQUIRE(i < 1000);
        if (thread == NULL) {
            thread = enter(&(struct entry){.way = WAY_RESUME});
        }
        if (thread == NULL) {
            return NULL;
        }
        if (fake_line_is_pending()) {
            enter(&(struct entry){.way = WAY_INTERRUPT, .thread = thread});
        } else if (arch_timer_is_pending()) {
            enter(&(struct entry){.way = WAY_TIMER, .thread = thread});
        } else {
            return thread;
        }
    }
}

struct thread *bench_sleep_until(ticks_t now)
{
    REQUIRE(now >= fake_cpu.now);
    fake_cpu.now = now;
    return bench_take_interrupts();
}

/* --- system calls ----------------------------------------------------------------------------- */

void bench_run_as(struct thread *thread)
{
    uint8_t priority = thread->priority;
    REQUIRE(thread->state == THREAD_READY);
    if (boot_cpu.current == thread) {
        return;
    }
    sched_dequeue(thread);
    thread->priority = PRIORITY_LEVELS - 1;
    sched_enqueue_first(thread);
    boot_cpu.is_slice_over = true; /* another of that level steps back */
    REQUIRE(sched_resume(&boot_cpu) == thread);
    thread->priority = priority;
}

/* Issue the call in the frame until it has been done. */
static void issue(struct thread *thread)
{
    uint64_t pc = thread->frame.x[REG_PC];
    do {
        bench_run_as(thread);
        bench_trap(thread);
        bench_take_interrupts();
    } while (bench_is_alive(&thread->object) && thread->state == THREAD_READY &&
             thread->frame.x[REG_PC] == pc);
}

struct sysret bench_call(struct thread *thread, uint64_t number, const uint64_t arguments[8])
{
    thread->frame.x[REG_NUMBER] = number;
    memcpy(&thread->frame.x[REG_WORD], arguments, IPC_WORDS * sizeof(uint64_t));
    issue(thread);
    if (!bench_is_alive(&thread->object)) {
        return (struct sysret){0};
    }
    return (struct sysret){(int64_t)thread->frame.x[REG_WORD], thread->frame.x[REG_WORD + 1]};
}

void bench_ipc(struct thread *thread, enum sysno number, const struct bench_message *message)
{
    struct frame *frame = &thread->frame;
    frame->x[REG_NUMBER] =
        (uint64_t)number | message->sent << IPC_SENT_SHIFT | message->accepted << IPC_ACCEPT_SHIFT;
    frame->x[REG_TARGET] = message->target;
    frame->x[REG_DEADLINE] = message->deadline;
    frame->x[REG_HANDLE] = message->handles[0];
    frame->x[REG_HANDLE + 1] = message->handles[1];
    memcpy(&frame->x[REG_WORD], message->words, IPC_WORDS * sizeof(uint64_t));
    issue(thread);
}
