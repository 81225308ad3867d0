/* SPDX-License-Identifier: BSD-2-Clause */
#include "actors.h"

#include <elf.h>
#include <string.h>

enum {
    REGISTER_PC = 0, /* as thread_write counts [kernel/arch/arch.h] */
    REGISTER_SP = 1,
    REGISTER_ARGUMENT = 3,
    CHILD_HANDLE_SLOTS = 64,
};

extern const Elf64_Ehdr __ehdr_start[]; /* the linker's: the headers at the start of the text */

/* --- sides ---------------------------------------------------------------------------------- */

static char stacks[SIDES_MAX][SIDE_STACK_BYTES] __attribute__((aligned(16)));
static handle_t owner_of[SIDES_MAX]; /* of a stack: the side's thread, or HANDLE_NONE */

static bool find_stack(unsigned *stack)
{
    *stack = 0;
    while (*stack < SIDES_MAX && owner_of[*stack] != HANDLE_NONE) {
        (*stack)++;
    }
    return *stack < SIDES_MAX;
}

static bool set_start(handle_t thread, uint64_t entry, uint64_t stack_top)
{
    return sys_thread_write(thread, REGISTER_PC, entry).status == OK &&
           sys_thread_write(thread, REGISTER_SP, stack_top).status == OK;
}

bool side_create(struct side *side, void (*entry)(uint64_t argument), uint64_t argument,
                 unsigned priority)
{
    if (!find_stack(&side->stack)) {
        return false;
    }
    struct sysret made = sys_thread_create(own_account(), own_task(), priority);
    side->thread = (handle_t)made.value;
    owner_of[side->stack] = side->thread;
    return made.status == OK &&
           set_start(side->thread, (uintptr_t)entry,
                     (uintptr_t)stacks[side->stack] + SIDE_STACK_BYTES) &&
           sys_thread_write(side->thread, REGISTER_ARGUMENT, argument).status == OK;
}

bool side_start(struct side *side, void (*entry)(uint64_t argument), uint64_t argument,
                unsigned priority)
{
    return side_create(side, entry, argument, priority) &&
           sys_thread_start(side->thread).status == OK;
}

void side_end(struct side *side)
{
    sys_handle_close(side->thread);
    owner_of[side->stack] = HANDLE_NONE;
}

void sides_end_all(void)
{
    for (unsigned i = 0; i < SIDES_MAX; i++) {
        sys_handle_close(owner_of[i]); /* of HANDLE_NONE nothing comes */
        owner_of[i] = HANDLE_NONE;
    }
}

/* --- children ------------------------------------------------------------------------------- */

static uint64_t pages_of(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) / PAGE_BYTES;
}

/* Fresh memory of the child with the bytes this program has at `segment` now. */
static bool copy_segment(const struct child *child, const Elf64_Phdr *segment)
{
    uint64_t start = segment->p_vaddr & ~(uint64_t)(PAGE_BYTES - 1);
    uint64_t bytes = segment->p_vaddr + segment->p_memsz - start;
    uint64_t pages = pages_of(bytes);
    uint64_t rights = RIGHT_READ | ((segment->p_flags & PF_W) != 0 ? RIGHT_WRITE : 0) |
                      ((segment->p_flags & PF_X) != 0 ? RIGHT_EXECUTE : 0);
    struct sysret memory = sys_memory_create(child->account, pages, false);
    if (memory.status != OK || sys_memory_map(own_task(), (handle_t)memory.value, TEST_VADDR, 0,
                                              pages, RIGHT_READ | RIGHT_WRITE)
                                       .status != OK) {
        return false;
    }
    memcpy((void *)TEST_VADDR, (const void *)start, bytes);
    sys_memory_unmap(own_task(), TEST_VADDR);
    return sys_memory_map(child->task, (handle_t)memory.value, start, 0, pages, rights).status ==
           OK;
}

static bool copy_program(const struct child *child)
{
    const Elf64_Phdr *segments =
        (const Elf64_Phdr *)((uintptr_t)__ehdr_start + __ehdr_start->e_phoff);
    for (unsigned i = 0; i < __ehdr_start->e_phnum; i++) {
        bool is_filled = segments[i].p_type == PT_LOAD && segments[i].p_filesz != 0; /* no stack */
        if (is_filled && !copy_segment(child, &segments[i])) {
            return false;
        }
    }
    return true;
}

bool child_create(struct child *child, unsigned priority)
{
    struct sysret account = sys_account_create(own_account(), CHILD_PAGES);
    child->account = (handle_t)account.value;
    struct sysret task = sys_task_create(child->account, CHILD_HANDLE_SLOTS);
    child->task = (handle_t)task.value;
    struct sysret thread = sys_thread_create(child->account, child->task, priority);
    child->thread = (handle_t)thread.value;
    return account.status == OK && task.status == OK && thread.status == OK && copy_program(child);
}

handle_t child_give(const struct child *child, handle_t source, uint64_t rights, uint64_t badge)
{
    struct sysret given = sys_handle_grant(child->task, source, rights, badge);
    return given.status == OK ? (handle_t)given.value : HANDLE_NONE;
}

bool child_start(const struct child *child, void (*entry)(uint64_t a, uint64_t b), uint64_t a,
                 uint64_t b)
{
    return set_start(child->thread, (uintptr_t)entry, (uintptr_t)stacks[0] + SIDE_STACK_BYTES) &&
           sys_thread_write(child->thread, REGISTER_ARGUMENT, a).status == OK &&
           sys_thread_write(child->thread, REGISTER_ARGUMENT + 1, b).status == OK &&
           sys_thread_start(child->thread).status == OK;
}

void child_end(struct child *child)
{
    sys_handle_close(child->account);
}

/* --- both ----------------------------------------------------------------------------------- */

bool wait_for_state(handle_t thread, enum thread_state state)
{
    uint64_t now = info(thread, INFO_THREAD_STATE);
    for (ticks_t end = in_ms(1000); now != state && time_now() < end;
         now = info(thread, INFO_THREAD_STATE)) {
        sleep_ms(1);
    }
    return now == state;
}

void child_rest(void)
{
    __builtin_trap();
}

void side_rest(handle_t thread)
{
    sys_thread_stop(thread);
    __builtin_trap(); /* nobody starts it again */
}
