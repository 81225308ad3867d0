/* SPDX-License-Identifier: BSD-2-Clause */
/* The checks that manifest.h promises, M1 to the last. */
#include "manifest.h"

#include <abi/error.h>
#include <base/fmt.h>
#include <string.h>
#include <wherry/startup.h>

#include "settings.h"

enum {
    HANDLES_EVERYBODY = 10, /* account, task, notification, init, serial, endpoint, window, irq,
                             * arena, wake:netd */
    HANDLE_SLOTS_MIN = 8,
    HANDLE_SLOTS_MAX = 1024,
};

/* Where a broken rule is told; `checked` is what the names are looked up in. */
struct check {
    const struct manifest *checked;
    char *fault;
    size_t size;
};

PRINTF_LIKE(2, 3) static int refuse(const struct check *check, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fmt_format_list(check->fault, check->size, format, arguments);
    va_end(arguments);
    return E_CORRUPT;
}

int manifest_find(const struct manifest *searched, const char *name, uint32_t *index)
{
    for (uint32_t i = 0; i < searched->process_count; i++) {
        if (strcmp(searched->processes[i].name, name) == 0) {
            *index = i;
            return OK;
        }
    }
    return E_NOT_FOUND;
}

int manifest_find_flag(const struct manifest *searched, enum manifest_flag flag, uint32_t *index)
{
    for (uint32_t i = 0; i < searched->process_count; i++) {
        if ((searched->processes[i].flags & flag) != 0) {
            *index = i;
            return OK;
        }
    }
    return E_NOT_FOUND;
}

struct manifest_network manifest_network_in(const struct manifest *searched,
                                            const struct manifest_process *process,
                                            const char *lane)
{
    struct manifest_network network = process->network;
    for (uint32_t i = 0; i < searched->denial_count; i++) {
        const struct manifest_denial *denial = &searched->denials[i];
        if (strcmp(denial->lane, lane) == 0 && strcmp(denial->process, process->name) == 0) {
            network.flags &= ~denial->flags;
            memset(network.groups, 0, sizeof(network.groups));
        }
    }
    return network;
}

static bool is_known(const struct check *check, const char *name)
{
    uint32_t index;
    return manifest_find(check->checked, name, &index) == OK;
}

static bool is_name(const char *name)
{
    size_t length = name == NULL ? 0 : strnlen(name, MANIFEST_NAME_BYTES);
    return length > 0 && length < MANIFEST_NAME_BYTES;
}

/* --- one process ------------------------------------------------------------------------------ */

/* M5, and the first half of M1. */
static int check_sizes(const struct check *check, const struct manifest_process *process)
{
    if (!is_name(process->name) || process->program == NULL) {
        return refuse(check, "a process without a name of 1 to 10 letters");
    }
    if (process->priority >= PRIORITY_LEVELS) {
        return refuse(check, "%s: no such priority", process->name);
    }
    if ((process->budget_us == 0) != (process->period_us == 0) ||
        process->budget_us > process->period_us) {
        return refuse(check, "%s: a CPU budget that is not a part of its period", process->name);
    }
    if (process == check->checked->processes) { /* init owns all memory and all handles */
        return OK;
    }
    if (process->priority == 0 || process->priority >= MANIFEST_PRIORITY_INIT) {
        return refuse(check, "%s: its priority is not below init's", process->name);
    }
    if (process->pages == 0 || process->pages > MANIFEST_PAGES_MAX) {
        return refuse(check, "%s: pages outside 1 to %d", process->name, MANIFEST_PAGES_MAX);
    }
    if (process->handle_slots < HANDLE_SLOTS_MIN || process->handle_slots > HANDLE_SLOTS_MAX) {
        return refuse(check, "%s: handle slots outside %d to %d", process->name, HANDLE_SLOTS_MIN,
                      HANDLE_SLOTS_MAX);
    }
    return OK;
}

/* M2 and the second half of M1 */
static int check_references(const struct check *check, const struct manifest_process *process)
{
    uint32_t index;
    for (int i = 0; i < MANIFEST_CALLS_MAX && process->calls[i] != NULL; i++) {
        if (manifest_find(check->checked, process->calls[i], &index) != OK) {
            return refuse(check, "%s calls %s, which is not defined", process->name,
                          process->calls[i]);
        }
        const struct manifest_process *callee = &check->checked->processes[index];
        if (!callee->is_server) {
            return refuse(check, "%s calls %s, which has no endpoint", process->name, callee->name);
        }
        if (callee->priority <= process->priority) {
            return refuse(check, "%s calls %s, which is not uphill", process->name, callee->name);
        }
    }
    for (int i = 0; i < MANIFEST_WAKES_MAX && process->wakes[i] != NULL; i++) {
        if (!is_known(check, process->wakes[i])) {
            return refuse(check, "%s wakes %s, which is not defined", process->name,
                          process->wakes[i]);
        }
    }
    for (int i = 0; i < MANIFEST_SETTINGS_MAX && process->settings[i] != NULL; i++) {
        char value[SETTINGS_VALUE_BYTES];
        if (settings_format(&(struct bootargs){0}, process->settings[i], value) != OK) {
            return refuse(check, "%s is told %s, which is no boot argument", process->name,
                          process->settings[i]);
        }
    }
    if (process->lends != NULL &&
        (manifest_find(check->checked, process->lends, &index) != OK ||
         check->checked->processes[index].device.compatibles[0] == NULL)) {
        return refuse(check, "%s borrows from %s, which has no device", process->name,
                      process->lends);
    }
    return OK;
}

static bool has_text(const char *const *texts, uint32_t limit, const char *text)
{
    for (uint32_t i = 0; i < limit && texts[i] != NULL; i++) {
        if (strcmp(texts[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* Slots of all who run where this process runs. */
static uint32_t count_slots(const struct check *check, const struct manifest_process *process)
{
    uint32_t slots = 0;
    for (uint32_t i = 0; i < check->checked->process_count; i++) {
        const struct manifest_process *other = &check->checked->processes[i];
        bool is_there = other->lane == NULL ||
                        (process->lane != NULL && strcmp(other->lane, process->lane) == 0);
        slots += is_there ? other->network.shape.slots : 0;
    }
    return slots;
}

/* M7 */
static int check_network(const struct check *check, const struct manifest_process *process)
{
    uint32_t server;
    if (process->network.shape.slots == 0) {
        return OK;
    }
    if (!socket_is_shape(process->network.shape)) {
        return refuse(check, "%s: an arena of impossible shape", process->name);
    }
    if (manifest_arena_pages(process) >= process->pages) {
        return refuse(check, "%s: its pages do not pay for its arena", process->name);
    }
    if (manifest_find_flag(check->checked, SERVES_SOCKETS, &server) != OK ||
        !has_text(process->calls, MANIFEST_CALLS_MAX, check->checked->processes[server].name)) {
        return refuse(check, "%s has an arena and calls nobody who serves sockets", process->name);
    }
    if (count_slots(check, process) > SOCKETS_MAX) {
        return refuse(check, "%s: more slots in its lane than there are sockets", process->name);
    }
    return OK;
}

/* M8 */
static int check_bus(const struct check *check, const struct manifest_process *process)
{
    uint32_t server;
    for (int i = 0; i < INIT_BUS_SERVICES && process->bus.services[i] != NULL; i++) {
        size_t len = strnlen(process->bus.services[i], INIT_NAME_BYTES);
        if (len == 0 || len == INIT_NAME_BYTES) {
            return refuse(check, "%s: a service without a name of 1 to 15 letters", process->name);
        }
    }
    if (manifest_uses_bus(process) &&
        (manifest_find_flag(check->checked, SERVES_BUS, &server) != OK ||
         !has_text(process->calls, MANIFEST_CALLS_MAX, check->checked->processes[server].name))) {
        return refuse(check, "%s has rights on the bus and calls nobody who serves it",
                      process->name);
    }
    return OK;
}

/* What init could not do for somebody that comes and goes as another process wants. (M10) */
static int check_child(const struct check *check, const struct manifest_process *child)
{
    enum { UNFIT = MAY_POWER | HAS_SYSTEM | HAS_SEED | IS_ONE_SHOT | READS_LOGS | IS_LAST |
                   SERVES_SOCKETS | SERVES_BUS | IS_SPARE };
    uint32_t parents = 0;
    for (uint32_t i = 0; i < check->checked->process_count; i++) {
        parents += has_text(check->checked->processes[i].children, MANIFEST_CHILDREN_MAX,
                            child->name);
    }
    if (parents != 1) {
        return refuse(check, "%s is a child and has %u parents", child->name, parents);
    }
    if ((child->flags & UNFIT) != 0 || child->restart != RESTART_NEVER || child->is_server ||
        child->device.compatibles[0] != NULL || child->lends != NULL ||
        child->settings[0] != NULL || child->bus.services[0] != NULL) {
        return refuse(check, "%s is a child and has what none may have", child->name);
    }
    return OK;
}

/* M10 */
static int check_children(const struct check *check, const struct manifest_process *process)
{
    for (int i = 0; i < MANIFEST_CHILDREN_MAX && process->children[i] != NULL; i++) {
        uint32_t index;
        if (manifest_find(check->checked, process->children[i], &index) != OK) {
            return refuse(check, "%s starts %s, which is not defined", process->name,
                          process->children[i]);
        }
        const struct manifest_process *child = &check->checked->processes[index];
        const char *lane = process->lane == NULL ? "" : process->lane;
        if ((child->flags & IS_CHILD) == 0 || child <= process ||
            child->priority > process->priority ||
            strcmp(lane, child->lane == NULL ? "" : child->lane) != 0) {
            return refuse(check, "%s starts %s, which cannot be its child", process->name,
                          child->name);
        }
    }
    return (process->flags & IS_CHILD) != 0 ? check_child(check, process) : OK;
}

/* --- pairs of processes ----------------------------------------------------------------------- */

/* Whether a node of the tree could be the device of both. */
static bool is_same_device(const struct manifest_device *left, const struct manifest_device *right)
{
    for (int i = 0; i < MANIFEST_COMPATIBLES_MAX && left->compatibles[i] != NULL; i++) {
        if (left->virtio_device == right->virtio_device &&
            has_text(right->compatibles, MANIFEST_COMPATIBLES_MAX, left->compatibles[i])) {
            return true;
        }
    }
    return false;
}

/* M1, M3, M4 */
static int check_pair(const struct check *check, const struct manifest_process *one,
                      const struct manifest_process *other)
{
    if (strcmp(one->name, other->name) == 0) {
        return refuse(check, "%s is defined twice", one->name);
    }
    for (int i = 0; i < MANIFEST_PREFIXES_MAX && one->prefixes[i] != NULL; i++) {
        if (has_text(other->prefixes, MANIFEST_PREFIXES_MAX, one->prefixes[i])) {
            return refuse(check, "%s and %s both print %s:", one->name, other->name,
                          one->prefixes[i]);
        }
    }
    if ((one->flags & other->flags & SERVES_SOCKETS) != 0) {
        return refuse(check, "%s and %s both serve sockets", one->name, other->name);
    }
    if ((one->flags & other->flags & SERVES_BUS) != 0) {
        return refuse(check, "%s and %s both serve the bus", one->name, other->name);
    }
    for (int i = 0; i < INIT_BUS_SERVICES && one->bus.services[i] != NULL; i++) {
        if (has_text(other->bus.services, INIT_BUS_SERVICES, one->bus.services[i])) {
            return refuse(check, "%s and %s both offer %s", one->name, other->name,
                          one->bus.services[i]);
        }
    }
    if (is_same_device(&one->device, &other->device) && (one->flags & IS_SPARE) == 0) {
        return refuse(check, "%s and %s want the same device", one->name, other->name);
    }
    return OK;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* M1, M5, M6 */
static int check_memory(const struct check *check, const struct manifest_memory *memory)
{
    if (memory->role == NULL || memory->role[0] == '\0' ||
        strnlen(memory->role, STARTUP_ROLE_BYTES) == STARTUP_ROLE_BYTES) {
        return refuse(check, "a memory without a role of 1 to 15 letters");
    }
    if (memory->pages == 0 || memory->pages > MANIFEST_PAGES_MAX) {
        return refuse(check, "%s: pages outside 1 to %d", memory->role, MANIFEST_PAGES_MAX);
    }
    for (int i = 0; i < MANIFEST_USERS_MAX && memory->users[i].process != NULL; i++) {
        const struct manifest_user *user = &memory->users[i];
        uint32_t index;
        if (manifest_find(check->checked, user->process, &index) != OK) {
            return refuse(check, "%s is given to %s, which is not defined", memory->role,
                          user->process);
        }
        if ((user->rights & ~(uint32_t)(RIGHT_READ | RIGHT_WRITE | RIGHT_DMA)) != 0 ||
            (user->rights & RIGHT_READ) == 0) {
            return refuse(check, "%s is given to %s with rights that make no sense", memory->role,
                          user->process);
        }
        bool is_driver = check->checked->processes[index].device.compatibles[0] != NULL;
        if ((user->rights & RIGHT_DMA) != 0 && (!memory->is_contiguous || !is_driver)) {
            return refuse(check, "%s is given to %s with the DMA right", memory->role,
                          user->process);
        }
    }
    return OK;
}

static bool is_user(const struct manifest_memory *memory, const char *name)
{
    for (int i = 0; i < MANIFEST_USERS_MAX && memory->users[i].process != NULL; i++) {
        if (strcmp(memory->users[i].process, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A role names one memory for each process (M1), and all roles fit the start-up page (M5). */
static int check_roles(const struct check *check, const struct manifest_process *process)
{
    uint32_t roles = HANDLES_EVERYBODY + MANIFEST_CALLS_MAX + MANIFEST_WAKES_MAX;
    for (uint32_t i = 0; i < check->checked->memory_count; i++) {
        const struct manifest_memory *memory = &check->checked->memories[i];
        if (!is_user(memory, process->name)) {
            continue;
        }
        roles++;
        for (uint32_t j = 0; j < i; j++) {
            const struct manifest_memory *earlier = &check->checked->memories[j];
            if (strcmp(memory->role, earlier->role) == 0 && is_user(earlier, process->name)) {
                return refuse(check, "%s has two memories %s", process->name, memory->role);
            }
        }
    }
    if (roles > STARTUP_HANDLES_MAX) {
        return refuse(check, "%s: more handles than a start-up page holds", process->name);
    }
    return OK;
}

static int check_process(const struct check *check, uint32_t index)
{
    const struct manifest_process *process = &check->checked->processes[index];
    int error = check_sizes(check, process);
    for (uint32_t i = 0; i < index && error == OK; i++) {
        error = check_pair(check, process, &check->checked->processes[i]);
    }
    if (error == OK) {
        error = check_references(check, process);
    }
    if (error == OK) {
        error = check_network(check, process);
    }
    if (error == OK) {
        error = check_bus(check, process);
    }
    if (error == OK) {
        error = check_children(check, process);
    }
    return error == OK ? check_roles(check, process) : error;
}

int manifest_check(const struct manifest *checked, char *fault, size_t size)
{
    struct check check = {checked, fault, size};
    if (checked->process_count == 0 || checked->process_count > MANIFEST_PROCESSES_MAX ||
        checked->memory_count > MANIFEST_MEMORIES_MAX) {
        return refuse(&check, "processes outside 1 to %d or memories above %d",
                      MANIFEST_PROCESSES_MAX, MANIFEST_MEMORIES_MAX);
    }
    int error = OK;
    for (uint32_t i = 0; i < checked->process_count && error == OK; i++) {
        error = check_process(&check, i);
    }
    for (uint32_t i = 0; i < checked->memory_count && error == OK; i++) {
        error = check_memory(&check, &checked->memories[i]);
    }
    for (uint32_t i = 0; i < checked->denial_count && error == OK; i++) {
        if (!is_known(&check, checked->denials[i].process)) {
            error = refuse(&check, "%s is denied something and not defined",
                           checked->denials[i].process);
        }
    }
    return error;
}
