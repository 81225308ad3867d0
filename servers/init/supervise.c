/* SPDX-License-Identifier: BSD-2-Clause */
#include "supervise.h"

#include <abi/ipc.h>
#include <base/error_text.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/sys.h>
#include <wherry/time.h>

#include "children.h"
#include "launch.h"
#include "setup.h"

static bool is_running(const struct process *process)
{
    return process->state == INIT_STATE_STARTING || process->state == INIT_STATE_UP;
}

/* --- the end of hope -------------------------------------------------------------------------- */

/* It never runs again: who calls it learns so at once, and init's lines go where they are seen. */
static void retire(struct process *process, enum init_state state)
{
    process->state = state;
    if (process->endpoint != HANDLE_NONE) {
        sys_handle_close(process->endpoint);
        process->endpoint = HANDLE_NONE;
    }
    if ((process->rule->flags & READS_LOGS) != 0) {
        console_close();
        console_print("init: nobody shows the lines of processes");
    }
}

/* It died after `lived_ms`, or could not be started: once more after a pause, or never. */
static void try_again(struct process *process, uint64_t lived_ms)
{
    const char *name = process->rule->name;
    uint32_t pause_ms;
    if (watch_death(&process->watch, lived_ms, &pause_ms)) {
        process->state = INIT_STATE_WAITING;
        process->restart_at = time_after(time_now(), pause_ms * NS_PER_MS);
        console_print("init: restart %s in %u ms", name, pause_ms);
    } else {
        retire(process, INIT_STATE_FAILED);
        console_print("init: %s given up after %u deaths", name, process->watch.deaths);
    }
}

/* --- start ------------------------------------------------------------------------------------ */

/* Says why a process without its device is not started; false: it is. */
static bool is_refused(const struct system *system, uint32_t index)
{
    const struct device_choice *choice = &system->choices[index];
    const struct manifest_process *rule = &system->manifest->processes[index];
    if (choice->verdict == DEVICE_SHARED) {
        console_print("init: %s not started: shares a page with %s", rule->name,
                      system->manifest->processes[choice->holder].name);
        return true;
    }
    if (choice->verdict == DEVICE_ABSENT && rule->device.is_needed) {
        if ((rule->flags & IS_SPARE) == 0) {
            console_print("init: %s not started: no device", rule->name);
        }
        return true;
    }
    return false;
}

/* Starts it; if that fails, decides what becomes of it. */
static void start(struct system *system, uint32_t index)
{
    struct process *process = &system->processes[index];
    const char *name = process->rule->name;

    if (!system_is_wanted(system, index) || is_refused(system, index)) {
        retire(process, INIT_STATE_STOPPED);
        return;
    }
    console_print("init: start %s", name);
    int error = launch_start(system, index);
    if (error == E_NOT_FOUND) {
        console_print("init: %s not started: no program %s in the bundle", name,
                      process->rule->program);
    } else if (error == E_CORRUPT) {
        console_print("init: %s not started: the image of %s is corrupt", name,
                      process->rule->program);
    } else if (error != OK) {
        console_print("init: %s not started: %s", name, error_text(error));
    }
    if (error == E_NOT_FOUND || error == E_CORRUPT ||
        (error != OK && process->rule->restart == RESTART_NEVER)) {
        retire(process, INIT_STATE_STOPPED);
    } else if (error != OK) {
        try_again(process, 0); /* what it lacked may be there later */
    } else if (manifest_is_up_at_once(process->rule)) {
        supervise_up(system, index);
    }
}

/* Starts those that come last, or those that do not; nobody's children. */
static void start_some(struct system *system, bool is_last)
{
    for (uint32_t i = 1; i < system->manifest->process_count; i++) {
        uint32_t flags = system->manifest->processes[i].flags;
        if ((flags & IS_CHILD) == 0 && ((flags & IS_LAST) != 0) == is_last) {
            start(system, i);
        }
    }
}

/* Nothing more is to be expected of its start. */
static bool is_settled(const struct process *process)
{
    return process->state != INIT_STATE_WAITING &&
           (process->state != INIT_STATE_STARTING ||
            (process->rule->flags & (IS_ONE_SHOT | IS_CHILD)) != 0);
}

static void check_ready(struct system *system)
{
    for (uint32_t i = 0; i < system->manifest->process_count; i++) {
        if (!is_settled(&system->processes[i])) {
            return;
        }
    }
    if (!system->is_ready) {
        system->is_ready = true;
        console_print("init: ready");
        start_some(system, true);
    }
}

void supervise_start_all(struct system *system)
{
    start_some(system, false);
    check_ready(system);
}

/* A server of the bus that has begun knows nobody's services. */
static void tell_offerers(const struct system *system)
{
    for (uint32_t i = 1; i < system->manifest->process_count; i++) {
        if (system->manifest->processes[i].bus.services[0] != NULL) {
            sys_signal(system->processes[i].notification, EVENT_BUS);
        }
    }
}

void supervise_up(struct system *system, uint32_t index)
{
    struct process *process = &system->processes[index];
    if (process->state != INIT_STATE_STARTING) {
        return;
    }
    process->state = INIT_STATE_UP;
    if ((process->rule->flags & READS_LOGS) != 0 && console_page() == NULL &&
        console_open(system->processes[0].log, process->notification) != OK) {
        console_print("init: its own log page is broken"); /* stays on the kernel's console */
    }
    if ((process->rule->flags & HAS_SEED) != 0) {
        setup_forget_seed(system);
    }
    if ((process->rule->flags & SERVES_BUS) != 0) {
        tell_offerers(system);
    }
    console_print("init: up %s", process->rule->name);
    check_ready(system);
}

/* --- death ------------------------------------------------------------------------------------ */

/* Whoever serves sockets, or the bus, ends what a client that has died had there. */
static void tell_servers(const struct system *system, uint32_t index)
{
    uint32_t server;
    if (system->processes[index].arena != HANDLE_NONE &&
        manifest_find_flag(system->manifest, SERVES_SOCKETS, &server) == OK) {
        sys_signal(system->processes[server].notification, SOCKET_GONE(index));
    }
    if (manifest_uses_bus(system->processes[index].rule) &&
        manifest_find_flag(system->manifest, SERVES_BUS, &server) == OK) {
        sys_signal(system->processes[server].notification, SOCKET_GONE(index));
    }
}

/* Who has died leaves no children; a parent stands before its children in the manifest (M10), so
 * once over all finds the children of children too. */
static void end_orphans(struct system *system)
{
    for (uint32_t i = 1; i < system->manifest->process_count; i++) {
        if (children_is_orphan(system, i)) {
            bool was_running = is_running(&system->processes[i]);
            launch_end(&system->processes[i]);
            children_forget(&system->processes[i]);
            if (was_running) {
                tell_servers(system, i);
            }
        }
    }
}

/* It is over with this incarnation; a line has said why. */
static void bury(struct system *system, uint32_t index, enum init_end end, int64_t code)
{
    struct process *process = &system->processes[index];
    uint64_t lived_ms =
        time_ns_at(time_now() - process->started, boot_facts()->counter_hz) / NS_PER_MS;

    launch_end(process);
    tell_servers(system, index);
    end_orphans(system);
    process->end = end;
    process->end_code = code;
    if ((process->rule->flags & IS_CHILD) != 0) {
        children_keep_end(system, index);
    } else if (process->rule->restart == RESTART_NEVER) {
        retire(process, INIT_STATE_ENDED);
    } else {
        try_again(process, lived_ms);
    }
    check_ready(system);
}

void supervise_exit(struct system *system, uint32_t index, int64_t code)
{
    const struct manifest_process *rule = system->processes[index].rule;
    if ((rule->flags & IS_CHILD) == 0 && code == 0) {
        console_print("init: done %s", rule->name);
    } else if ((rule->flags & IS_CHILD) == 0) {
        console_print("init: %s ended with code %ld", rule->name, code);
    }
    bury(system, index, INIT_END_EXIT, code);
}

int supervise_restart(struct system *system, uint32_t index)
{
    struct process *process = &system->processes[index];
    if (index == 0 || !is_running(process) || process->rule->restart != RESTART_ALWAYS) {
        return E_STATE;
    }
    /* --- committed --- */
    console_print("init: end %s, as asked", process->rule->name);
    bury(system, index, INIT_END_EXIT, 0);
    return OK;
}

void supervise_fault(struct system *system, uint32_t index, const uint64_t words[IPC_WORDS])
{
    static const char *const kinds[] = {
        [FAULT_READ] = "read",
        [FAULT_WRITE] = "write",
        [FAULT_EXECUTE] = "execute",
        [FAULT_INSTRUCTION] = "illegal instruction",
        [FAULT_ALIGNMENT] = "alignment",
        [FAULT_BREAKPOINT] = "breakpoint",
        [FAULT_NO_FP_MEMORY] = "no memory for the FP state",
        [FAULT_OTHER] = "fault",
    };
    bool is_known = words[1] >= FAULT_READ && words[1] <= FAULT_OTHER;
    console_print("init: %s faulted: %s at 0x%lx pc=0x%lx sp=0x%lx cause=0x%lx",
                  system->processes[index].rule->name, is_known ? kinds[words[1]] : "fault",
                  words[2], words[3], words[5], words[4]);
    bury(system, index, INIT_END_FAULT, (int64_t)words[1]);
}

/* --- time ------------------------------------------------------------------------------------- */

/*
 * What its thread does. Of one that owes no sign of life its own word is enough: who lies is asked
 * in its turn all the same.
 */
static uint64_t find_state(const struct process *process, uint32_t alive)
{
    bool says_waiting =
        atomic_load_explicit(&process->log->is_waiting, memory_order_relaxed) != 0;
    return says_waiting && !watch_is_missing(&process->watch, alive)
               ? THREAD_WAITING
               : sys_object_info(process->thread, INFO_THREAD_STATE).value;
}

/* Looks for the last sign of life of one process and asks for the next. */
static void beat(struct system *system, uint32_t index, ticks_t now)
{
    struct process *process = &system->processes[index];
    ticks_t limit = time_after(process->started, WATCH_START_MS * NS_PER_MS);
    bool is_late = process->state == INIT_STATE_STARTING && now >= limit;

    if (!is_running(process) || (process->rule->flags & IS_UNWATCHED) != 0) {
        return;
    }
    bool is_asked = true;
    if (process->state == INIT_STATE_UP) {
        handle_t thread = process->thread;
        uint32_t alive = atomic_load_explicit(&process->log->alive, memory_order_relaxed);
        uint64_t state = find_state(process, alive);
        ticks_t cpu_ticks =
            state == THREAD_READY ? sys_object_info(thread, INFO_THREAD_CPU_TICKS).value : 0;
        is_late = watch_beat(&process->watch, alive, (enum thread_state)state, cpu_ticks);
        is_asked = watch_asks(&process->watch, state >= THREAD_WAITING, system->beats + index);
    }
    if (is_late) {
        console_print("init: %s hangs", process->rule->name);
        bury(system, index, INIT_END_HANG, 0);
    } else if (is_asked) {
        sys_signal(process->notification, EVENT_ALIVE);
    }
}

static void power_off(struct system *system)
{
    sys_system_off(boot_handle(BOOT_HANDLE_SYSTEM), system->off_action, system->off_code);
    console_print("init: the machine does not stop"); /* only reached if the action is unknown */
    system->off_at = DEADLINE_FOREVER;
}

ticks_t supervise_tick(struct system *system, ticks_t now)
{
    if (now >= system->off_at) {
        power_off(system);
    }
    bool is_beat = now >= system->beat_at;
    if (is_beat) {
        system->beat_at = time_after(now, NS_PER_SECOND);
        system->beats++;
    }
    ticks_t next = system->beat_at < system->off_at ? system->beat_at : system->off_at;
    for (uint32_t i = 1; i < system->manifest->process_count; i++) {
        struct process *process = &system->processes[i];
        if (process->state == INIT_STATE_WAITING && now >= process->restart_at) {
            start(system, i);
            check_ready(system);
        }
        if (is_beat) {
            beat(system, i, now);
        }
        if (process->state == INIT_STATE_WAITING && process->restart_at < next) {
            next = process->restart_at;
        }
    }
    return next;
}
