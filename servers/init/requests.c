/* SPDX-License-Identifier: BSD-2-Clause */
#include "requests.h"

#include <base/fmt.h>
#include <string.h>
#include <wherry/sys.h>
#include <wherry/time.h>

#include "children.h"
#include "launch.h"
#include "supervise.h"

enum { OFF_DELAY_MS = 200 }; /* so that what was said last is seen */

static uint64_t figure(handle_t object, enum info selector)
{
    struct sysret info = sys_object_info(object, selector);
    return info.status == OK ? info.value : 0;
}

static bool may(const struct process *process, enum manifest_flag flag)
{
    return (process->rule->flags & flag) != 0;
}

/* --- figures ---------------------------------------------------------------------------------- */

static uint64_t arena_pages(const struct process *process)
{
    return process->arena == HANDLE_NONE ? 0 : manifest_arena_pages(process->rule);
}

/* Pages a process uses, with its arena, which init's account holds for it. What init uses itself is
 * what is left when all that is set aside for the others is taken away. */
static uint32_t used_pages(const struct system *system, const struct process *process)
{
    uint64_t pages = figure(process->account, INFO_ACCOUNT_USED_PAGES) + arena_pages(process);
    for (uint32_t i = 1; i < system->manifest->process_count && process == system->processes; i++) {
        const struct process *other = &system->processes[i];
        pages -= arena_pages(other) + figure(other->account, INFO_ACCOUNT_LIMIT_PAGES);
    }
    return (uint32_t)pages; /* of 4 KiB, below 2^32 */
}

static int64_t list(struct system *system, const struct process *caller, uint64_t words[IPC_WORDS])
{
    struct init_process figures = {0};
    if (!may(caller, MAY_LIST)) {
        return E_DENIED;
    }
    if (words[1] >= system->manifest->process_count) {
        return E_NOT_FOUND;
    }
    const struct process *process = &system->processes[words[1]];
    (void)fmt_format(figures.name, sizeof(figures.name), "%s", process->rule->name);
    figures.state = (uint8_t)process->state;
    figures.restarts = process->watch.restarts;
    figures.priority = (uint8_t)process->rule->priority; /* < PRIORITY_LEVELS */
    if (process->account != HANDLE_NONE) {
        figures.thread_state = (uint8_t)figure(process->thread, INFO_THREAD_STATE);
        figures.cpu_ticks = figure(process->thread, INFO_THREAD_CPU_TICKS);
        figures.fp_traps = (uint32_t)figure(process->thread, INFO_THREAD_FP_TRAPS);
        figures.pages_used = used_pages(system, process);
        figures.pages_limit = (uint32_t)(figure(process->account, INFO_ACCOUNT_LIMIT_PAGES) +
                                         arena_pages(process));
        figures.handles = (uint32_t)figure(process->task, INFO_TASK_HANDLES);
        launch_measure_stack(process, &figures.stack_bytes_used, &figures.stack_bytes);
    }
    init_process_pack(&figures, words);
    return OK;
}

static int64_t tell_system(const struct system *system, const struct process *caller,
                           uint64_t words[IPC_WORDS])
{
    static const enum info selectors[] = {
        INFO_SYSTEM_FREE_PAGES, INFO_SYSTEM_USED_PAGES, INFO_SYSTEM_OBJECTS,
        INFO_SYSTEM_HANDLES,    INFO_SYSTEM_MAPPINGS,
    };
    if (!may(caller, MAY_LIST)) {
        return E_DENIED;
    }
    words[1] = boot_facts()->ram_bytes >> PAGE_SHIFT;
    for (uint32_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
        words[2 + i] = figure(boot_handle(BOOT_HANDLE_SYSTEM), selectors[i]);
    }
    words[7] = system->denied;
    return OK;
}

/* --- the borrowed window ---------------------------------------------------------------------- */

/* Ends what the process at `index` has of the owner's device. */
static int64_t revoke_lent(const struct process *owner, uint32_t index)
{
    int64_t window = sys_revoke(owner->window, system_badge(index)).status;
    int64_t irq = sys_revoke(owner->irq, system_badge(index)).status;
    return window != OK ? window : irq;
}

static int64_t lend(struct system *system, uint32_t index, uint64_t words[IPC_WORDS])
{
    struct process *borrower = &system->processes[index];
    uint32_t lender = 0;
    handle_t window;
    handle_t irq;
    if (borrower->rule->lends == NULL ||
        manifest_find(system->manifest, borrower->rule->lends, &lender) != OK) {
        return E_DENIED;
    }
    if (system->choices[lender].verdict != DEVICE_GIVEN) {
        return E_NOT_FOUND;
    }
    if (borrower->has_lent || system->processes[lender].account != HANDLE_NONE) {
        return E_BUSY;
    }
    const struct process *owner = &system->processes[lender];
    int error = system_take(sys_handle_grant(borrower->task, owner->window,
                                             RIGHT_MAP | RIGHT_READ | RIGHT_WRITE,
                                             system_badge(index)),
                            &window);
    if (error == OK) {
        error = system_take(sys_handle_grant(borrower->task, owner->irq, RIGHT_READ | RIGHT_WRITE,
                                             system_badge(index)),
                            &irq);
    }
    if (error != OK) {
        (void)revoke_lent(owner, index);
        return error;
    }
    /* --- committed --- */
    const struct device *device = &system->devices[system->choices[lender].device];
    borrower->has_lent = true;
    words[1] = window;
    words[2] = device->base - device_first_page(device);
    words[3] = device_window_bytes(device);
    words[4] = irq;
    return OK;
}

static int64_t take_back(struct system *system, uint32_t index)
{
    struct process *borrower = &system->processes[index];
    uint32_t lender = 0;
    if (!borrower->has_lent ||
        manifest_find(system->manifest, borrower->rule->lends, &lender) != OK) {
        return E_STATE;
    }
    /* --- committed --- */
    borrower->has_lent = false;
    return revoke_lent(&system->processes[lender], index);
}

/* --- clients of the network ------------------------------------------------------------------- */

static int64_t client(const struct system *system, const struct process *caller,
                      uint64_t words[IPC_WORDS])
{
    struct init_client client = {0};
    if (!may(caller, SERVES_SOCKETS)) {
        return E_DENIED;
    }
    if (words[1] >= system->manifest->process_count) {
        return E_NOT_FOUND;
    }
    const struct process *process = &system->processes[words[1]];
    const char *lane = system->bootargs.is_without_discovery ? MANIFEST_NO_DISCOVERY
                                                             : system->bootargs.lane;
    const struct manifest_network network =
        manifest_network_in(system->manifest, process->rule, lane);
    uint64_t badge = system_badge((uint32_t)(caller - system->processes));
    int error = OK;
    if (process->arena != HANDLE_NONE) {
        client.shape = network.shape;
        client.flags = network.flags;
        memcpy(client.ports, network.ports, sizeof(client.ports));
        memcpy(client.groups, network.groups, sizeof(client.groups));
        error = system_take(sys_handle_grant(caller->task, process->arena,
                                             RIGHT_MAP | RIGHT_READ | RIGHT_WRITE, badge),
                            &client.arena);
        if (error == OK) {
            error = system_take(
                sys_handle_grant(caller->task, process->notification, RIGHT_WRITE, badge),
                &client.notification);
        }
    }
    init_client_pack(&client, words);
    return error;
}

/* --- clients of the bus ----------------------------------------------------------------------- */

static int64_t bus_client(const struct system *system, const struct process *caller,
                          uint64_t words[IPC_WORDS])
{
    struct init_bus bus = {0};
    if (!may(caller, SERVES_BUS)) {
        return E_DENIED;
    }
    if (words[1] >= system->manifest->process_count) {
        return E_NOT_FOUND;
    }
    const struct manifest_bus *rule = &system->manifest->processes[words[1]].bus;
    bus.flags = rule->flags;
    for (int i = 0; i < INIT_BUS_SERVICES && rule->services[i] != NULL; i++) {
        (void)fmt_format(bus.services[i], INIT_NAME_BYTES, "%s", rule->services[i]);
    }
    init_bus_pack(&bus, words);
    return OK;
}

/* --- all requests ----------------------------------------------------------------------------- */

static int64_t power(struct system *system, const struct process *caller,
                     const uint64_t words[IPC_WORDS])
{
    if (!may(caller, MAY_POWER)) {
        return E_DENIED;
    }
    if (words[1] != OFF_POWER && words[1] != OFF_RESET) {
        return E_INVALID;
    }
    /* --- committed --- */
    system->off_action = words[1];
    system->off_code = words[2];
    system->off_at = time_after(time_now(), OFF_DELAY_MS * NS_PER_MS);
    return OK;
}

static int64_t restart(struct system *system, const struct process *caller,
                       const uint64_t words[IPC_WORDS])
{
    char name[INIT_NAME_BYTES + 1] = "";
    uint32_t index;
    if (!may(caller, MAY_POWER)) {
        return E_DENIED;
    }
    memcpy(name, &words[1], INIT_NAME_BYTES);
    int error = manifest_find(system->manifest, name, &index);
    return error == OK ? supervise_restart(system, index) : error;
}

static int64_t serve(struct system *system, uint32_t index, uint64_t words[IPC_WORDS])
{
    const struct process *caller = &system->processes[index];
    switch (words[0]) {
    case INIT_UP:
        supervise_up(system, index);
        return OK;
    case INIT_EXIT:
        supervise_exit(system, index, (int64_t)words[1]); /* its answer reaches nobody */
        return OK;
    case INIT_LIST:
        return list(system, caller, words);
    case INIT_SYSTEM:
        return tell_system(system, caller, words);
    case INIT_LEND:
        return lend(system, index, words);
    case INIT_RETURN:
        return take_back(system, index);
    case INIT_POWER:
        return power(system, caller, words);
    case INIT_CLIENT:
        return client(system, caller, words);
    case INIT_RESTART:
        return restart(system, caller, words);
    case INIT_BUS:
        return bus_client(system, caller, words);
    case INIT_SPAWN:
        return children_make(system, index, words);
    case INIT_SPAWN_TEXT:
        return children_add_text(system, index, words);
    case INIT_SPAWN_START:
        return children_start(system, index, words);
    case INIT_WAIT:
        return children_wait(system, index, words);
    default:
        return E_BAD_CALL;
    }
}

void requests_serve(struct system *system, struct message *message)
{
    uint64_t index = message->badge - 1; /* badges come from grants_make alone */
    int64_t status = index < system->manifest->process_count
                         ? serve(system, (uint32_t)index, message->words)
                         : E_BAD_CALL;
    system->denied += status == E_DENIED;
    message->words[0] = (uint64_t)status;
    for (int i = 1; i < IPC_WORDS && status != OK; i++) {
        message->words[i] = 0;
    }
    message->handle_count = 0;
}
