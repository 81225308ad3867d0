/* SPDX-License-Identifier: BSD-2-Clause */
#include "launch.h"

#include <string.h>
#include <wherry/startup.h>
#include <wherry/sys.h>
#include <wherry/time.h>

#include "grants.h"

enum {
    REGISTER_PC = 0,       /* as thread_write counts */
    REGISTER_ARGUMENT = 3, /* the first */
    US_PER_SECOND = 1000000,
};

static uint64_t pages_of(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) >> PAGE_SHIFT; /* bundle addresses are below USER_END */
}

/* --- memory ----------------------------------------------------------------------------------- */

/* Maps the first pages of a memory into init itself, for a moment. */
static int map_scratch(handle_t memory, uint64_t pages, uint64_t rights)
{
    return (int)sys_memory_map(boot_handle(BOOT_HANDLE_TASK), memory, SYSTEM_SCRATCH_VADDR, 0,
                               pages, rights)
        .status;
}

static void unmap_scratch(void)
{
    sys_memory_unmap(boot_handle(BOOT_HANDLE_TASK), SYSTEM_SCRATCH_VADDR);
}

/* Fresh memory of the process that begins with `bytes`; the rest is zero. */
static int make_memory(const struct process *process, uint64_t pages, const void *from,
                       uint64_t bytes, handle_t *memory)
{
    int error = system_take(sys_memory_create(process->account, pages, false), memory);
    if (error != OK || bytes == 0) {
        return error;
    }
    error = map_scratch(*memory, pages_of(bytes), RIGHT_READ | RIGHT_WRITE);
    if (error == OK) {
        memcpy((void *)SYSTEM_SCRATCH_VADDR, from, bytes);
        unmap_scratch();
    }
    return error;
}

/* A writable segment without bytes in the file is the stack [libc/user.ld]. */
static int load_writable(const struct system *system, struct process *process,
                         const struct bundle_segment *segment)
{
    handle_t memory;
    uint64_t pages = pages_of(segment->mem_bytes);
    int error = make_memory(process, pages, system->bundle.bytes + segment->offset,
                            segment->file_bytes, &memory);
    if (error != OK) {
        return error;
    }
    if (segment->file_bytes == 0) {
        process->stack = memory;
    }
    return (int)sys_memory_map(process->task, memory, segment->vaddr, 0, pages,
                               RIGHT_READ | RIGHT_WRITE)
        .status;
}

static int load_segment(const struct system *system, struct process *process,
                        const struct bundle_segment *segment)
{
    if ((segment->flags & BUNDLE_WRITE) != 0) {
        return load_writable(system, process, segment);
    }
    uint64_t pages = pages_of(segment->file_bytes);
    if (pages != pages_of(segment->mem_bytes)) {
        return E_UNSUPPORTED; /* zeros that nobody could ever write */
    }
    bool is_code = (segment->flags & BUNDLE_EXECUTE) != 0;
    return (int)sys_memory_map(process->task, system->bundle_memory, segment->vaddr,
                               segment->offset >> PAGE_SHIFT, pages,
                               RIGHT_READ | (is_code ? RIGHT_EXECUTE : 0))
        .status;
}

static int load_program(const struct system *system, struct process *process,
                        const struct bundle_program *program)
{
    int error = OK;
    for (uint32_t i = 0; i < program->segment_count && error == OK; i++) {
        error = load_segment(system, process, &program->segments[i]);
    }
    return error;
}

/* The log page and the start-up page, in which every handle of the process stands. */
static int map_pages(const struct system *system, struct process *process, uint32_t index)
{
    struct startup page;
    int error = grants_make(system, index, &page);
    if (error == OK) {
        error = make_memory(process, 1, &page, sizeof(page), &process->startup);
    }
    if (error == OK) {
        error =
            (int)sys_memory_map(process->task, process->startup, STARTUP_VADDR, 0, 1, RIGHT_READ)
                .status;
    }
    if (error == OK) {
        error = (int)sys_memory_map(process->task, system->logs, LOG_VADDR, index, 1,
                                    RIGHT_READ | RIGHT_WRITE)
                    .status;
    }
    explicit_bzero(&page, sizeof(page)); /* a seed may stand in it */
    return error;
}

/* --- objects ---------------------------------------------------------------------------------- */

static int make_objects(struct process *process)
{
    const struct manifest_process *rule = process->rule;
    int error = system_take(sys_account_create(boot_handle(BOOT_HANDLE_ACCOUNT),
                                               rule->pages - manifest_arena_pages(rule)),
                            &process->account);
    if (error == OK) {
        error = system_take(sys_task_create(process->account, rule->handle_slots), &process->task);
    }
    if (error == OK) {
        error = system_take(sys_thread_create(process->account, process->task, rule->priority),
                            &process->thread);
    }
    return error;
}

static ticks_t ticks_of_us(uint32_t us)
{
    return us * boot_facts()->counter_hz / US_PER_SECOND; /* 32 bits times less than 2^32 */
}

static int prepare_thread(const struct system *system, const struct process *process,
                          uint32_t index)
{
    const struct manifest_process *rule = process->rule;
    const struct sysret steps[] = {
        sys_thread_write(process->thread, REGISTER_PC, process->entry),
        sys_thread_write(process->thread, REGISTER_ARGUMENT, STARTUP_VADDR),
        sys_thread_schedule(process->thread, rule->priority, ticks_of_us(rule->budget_us),
                            ticks_of_us(rule->period_us)),
        sys_thread_bind(process->thread, process->notification),
        sys_task_supervise(process->task, system->processes[0].endpoint,
                           SYSTEM_FAULT_BADGE | system_badge(index)),
    };
    for (uint32_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i].status != OK) {
            return (int)steps[i].status;
        }
    }
    return OK;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool is_taken(const struct system *system, uint32_t id)
{
    for (uint32_t i = 0; i < system->manifest->process_count; i++) {
        if (system->processes[i].id == id) {
            return true;
        }
    }
    return false;
}

/* One that no process has; above 0 and fit for an int. */
static uint32_t new_id(struct system *system)
{
    do {
        system->last_id = system->last_id == INT32_MAX ? 1 : system->last_id + 1;
    } while (is_taken(system, system->last_id));
    return system->last_id;
}

int launch_make(struct system *system, uint32_t index)
{
    struct process *process = &system->processes[index];
    struct bundle_program program;

    int error = bundle_find(&system->bundle, process->rule->program, &program);
    if (error == OK) {
        error = bundle_check(&system->bundle, &program);
    }
    if (error == OK) {
        error = make_objects(process);
    }
    if (error == OK) {
        error = load_program(system, process, &program);
    }
    if (error == OK) {
        process->id = new_id(system);
        process->entry = program.entry;
        error = map_pages(system, process, index);
    }
    if (error == OK) {
        error = prepare_thread(system, process, index);
    }
    if (error != OK) {
        launch_end(process);
        return error;
    }
    /* --- committed --- */
    process->state = INIT_STATE_STARTING;
    process->started = time_now();
    atomic_store_explicit(&process->log->is_waiting, 0, memory_order_relaxed);
    watch_start(&process->watch, atomic_load_explicit(&process->log->alive, memory_order_relaxed));
    return OK;
}

int launch_run(struct process *process)
{
    return (int)sys_thread_start(process->thread).status;
}

int launch_start(struct system *system, uint32_t index)
{
    int error = launch_make(system, index);
    if (error == OK) {
        error = launch_run(&system->processes[index]);
        if (error != OK) {
            launch_end(&system->processes[index]);
        }
    }
    return error;
}

int launch_open_page(const struct process *process, struct startup **page)
{
    *page = (struct startup *)SYSTEM_SCRATCH_VADDR;
    return map_scratch(process->startup, 1, RIGHT_READ | RIGHT_WRITE);
}

void launch_close_page(void)
{
    unmap_scratch();
}

void launch_end(struct process *process)
{
    if (process->account != HANDLE_NONE) {
        sys_handle_close(process->account); /* takes task, thread and memory with it */
    }
    process->account = HANDLE_NONE;
    process->task = HANDLE_NONE;
    process->thread = HANDLE_NONE;
    process->stack = HANDLE_NONE;
    process->startup = HANDLE_NONE;
    process->has_lent = false;
}

void launch_measure_stack(const struct process *process, uint32_t *used, uint32_t *all)
{
    struct sysret size = sys_object_info(process->stack, INFO_MEMORY_PAGES);
    *used = 0;
    *all = 0;
    if (process->stack == HANDLE_NONE || size.status != OK ||
        map_scratch(process->stack, size.value, RIGHT_READ) != OK) {
        return;
    }
    const uint64_t *words = (const uint64_t *)SYSTEM_SCRATCH_VADDR;
    uint64_t count = size.value << PAGE_SHIFT >> 3;
    uint64_t untouched = 0;
    while (untouched < count && words[untouched] == 0) {
        untouched++;
    }
    unmap_scratch();
    *used = (uint32_t)((count - untouched) << 3); /* a stack is far below 4 GiB */
    *all = (uint32_t)(count << 3);
}
