/* SPDX-License-Identifier: BSD-2-Clause */
#include "grants.h"

#include <base/fmt.h>
#include <string.h>
#include <wherry/sys.h>
#include <wherry/time.h>

#include "settings.h"

/* A start-up page that is being filled; the first error stays. */
struct grants {
    const struct system *system;
    const struct process *process;
    uint64_t badge;
    struct startup *page;
    int error;
};

static void give_badged(struct grants *grants, const char *role, handle_t source, uint64_t rights,
                        uint64_t badge)
{
    handle_t handle;
    if (grants->error == OK && source != HANDLE_NONE) {
        grants->error =
            system_take(sys_handle_grant(grants->process->task, source, rights, badge), &handle);
        if (grants->error == OK) {
            grants->error = startup_page_add_handle(grants->page, role, handle);
        }
    }
}

/* Something of others or of the machine: the badge says who has it, to servers and to revoke. */
static void give(struct grants *grants, const char *role, handle_t source, uint64_t rights)
{
    give_badged(grants, role, source, rights, grants->badge);
}

/* Its own: no badge, as it will have on copies that it makes. */
static void give_plain(struct grants *grants, const char *role, handle_t source, uint64_t rights)
{
    give_badged(grants, role, source, rights, 0);
}

static void tell(struct grants *grants, const char *key, const char *value)
{
    if (grants->error == OK) {
        grants->error = startup_page_add_setting(grants->page, key, value);
    }
}

/* A process of the manifest; NULL when this machine cannot run it. */
static const struct process *find_process(const struct system *system, const char *name)
{
    uint32_t index = 0;
    int error = manifest_find(system->manifest, name, &index); /* the manifest was checked */
    return error == OK && system_can_start(system, index) ? &system->processes[index] : NULL;
}

/* What every process has. */
static void give_own(struct grants *grants)
{
    const struct process *process = grants->process;
    bool has_system = (process->rule->flags & HAS_SYSTEM) != 0;
    give_plain(grants, ROLE_ACCOUNT, process->account,
               RIGHT_WRITE | RIGHT_GRANT | (has_system ? RIGHT_EXECUTE | RIGHT_DMA : 0));
    give_plain(grants, ROLE_TASK, process->task,
               RIGHT_READ | RIGHT_WRITE | RIGHT_MAP | RIGHT_GRANT);
    give_plain(grants, ROLE_NOTIFICATION, process->notification,
               RIGHT_READ | RIGHT_WRITE | RIGHT_GRANT);
    give_plain(grants, ROLE_ENDPOINT, process->endpoint, RIGHT_RECEIVE);
    give(grants, ROLE_INIT, grants->system->processes[0].endpoint, RIGHT_SEND);
    if ((process->rule->flags & HAS_SYSTEM) != 0) {
        give_plain(grants, ROLE_SYSTEM, boot_handle(BOOT_HANDLE_SYSTEM),
                   RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_MAP | RIGHT_GRANT);
    }
}

/* Whom it may call and wake: a role is missing when this machine cannot run the other. */
static void give_reach(struct grants *grants)
{
    const struct manifest_process *rule = grants->process->rule;
    char role[STARTUP_ROLE_BYTES];

    for (int i = 0; i < MANIFEST_CALLS_MAX && rule->calls[i] != NULL; i++) {
        const struct process *callee = find_process(grants->system, rule->calls[i]);
        give(grants, rule->calls[i], callee == NULL ? HANDLE_NONE : callee->endpoint, RIGHT_SEND);
    }
    for (int i = 0; i < MANIFEST_WAKES_MAX && rule->wakes[i] != NULL; i++) {
        const struct process *sleeper = find_process(grants->system, rule->wakes[i]);
        (void)fmt_format(role, sizeof(role), ROLE_WAKE "%s", rule->wakes[i]);
        give(grants, role, sleeper == NULL ? HANDLE_NONE : sleeper->notification, RIGHT_WRITE);
    }
}

static void give_memories(struct grants *grants)
{
    const struct manifest *manifest_used = grants->system->manifest;
    for (uint32_t i = 0; i < manifest_used->memory_count; i++) {
        const struct manifest_memory *memory = &manifest_used->memories[i];
        for (int j = 0; j < MANIFEST_USERS_MAX && memory->users[j].process != NULL; j++) {
            if (strcmp(memory->users[j].process, grants->process->rule->name) == 0) {
                give(grants, memory->role, grants->system->memories[i],
                     RIGHT_MAP | memory->users[j].rights);
            }
        }
    }
}

/* Everybody wakes the process that shows the lines; it alone has them. */
static void give_logs(struct grants *grants)
{
    const struct system *system = grants->system;
    if ((grants->process->rule->flags & READS_LOGS) != 0) {
        give(grants, ROLE_LOGS, system->logs, RIGHT_MAP | RIGHT_READ | RIGHT_WRITE);
        give(grants, ROLE_SOURCES, system->sources, RIGHT_MAP | RIGHT_READ);
    }
    for (uint32_t i = 0; i < system->manifest->process_count; i++) {
        const struct process *reader = &system->processes[i];
        if ((reader->rule->flags & READS_LOGS) != 0) {
            give(grants, ROLE_SERIAL, reader->notification, RIGHT_WRITE);
            return;
        }
    }
}

/* Its arena, and the one to wake for it. */
static void give_network(struct grants *grants)
{
    uint32_t server;
    char role[STARTUP_ROLE_BYTES];
    if (grants->process->arena == HANDLE_NONE ||
        manifest_find_flag(grants->system->manifest, SERVES_SOCKETS, &server) != OK) {
        return;
    }
    const struct process *netd = &grants->system->processes[server];
    (void)fmt_format(role, sizeof(role), ROLE_WAKE "%s", netd->rule->name);
    give(grants, role, netd->notification, RIGHT_WRITE);
    give(grants, ROLE_ARENA, grants->process->arena, RIGHT_MAP | RIGHT_READ | RIGHT_WRITE);
}

static void give_device(struct grants *grants, const struct device_choice *choice)
{
    char offset[24];
    if (choice->verdict != DEVICE_GIVEN) {
        return;
    }
    const struct device *device = &grants->system->devices[choice->device];
    give(grants, ROLE_WINDOW, grants->process->window, RIGHT_MAP | RIGHT_READ | RIGHT_WRITE);
    give(grants, ROLE_IRQ, grants->process->irq, RIGHT_READ | RIGHT_WRITE);
    (void)fmt_format(offset, sizeof(offset), "%lu", device->base - device_first_page(device));
    tell(grants, SETTING_COMPATIBLE, device->compatible);
    tell(grants, SETTING_OFFSET, offset);
}

static void tell_settings(struct grants *grants)
{
    const struct manifest_process *rule = grants->process->rule;
    char value[SETTINGS_VALUE_BYTES];
    for (int i = 0; i < MANIFEST_SETTINGS_MAX && rule->settings[i] != NULL; i++) {
        if (settings_format(&grants->system->bootargs, rule->settings[i], value) == OK &&
            value[0] != '\0') {
            tell(grants, rule->settings[i], value);
        }
    }
}

static void tell_seed(struct grants *grants)
{
    const struct system *system = grants->system;
    char digits[2 * SYSTEM_SEED_BYTES + 1] = "";
    if ((grants->process->rule->flags & HAS_SEED) == 0 || system->seed_bytes == 0) {
        return;
    }
    for (uint32_t i = 0; i < system->seed_bytes; i++) {
        (void)fmt_format(digits + 2 * i, 3, "%02x", system->seed[i]);
    }
    tell(grants, SETTING_SEED, digits);
    explicit_bzero(digits, sizeof(digits));
}

int grants_make(const struct system *system, uint32_t index, struct startup *page)
{
    struct grants grants = {
        .system = system,
        .process = &system->processes[index],
        .badge = system_badge(index),
        .page = page,
        .error = startup_page_init(page, system->processes[index].rule->name),
    };
    page->has_log = 1;
    page->id = grants.process->id;
    random_fill(&system->random_key, page->id, time_now(), page->random);
    give_own(&grants);
    give_reach(&grants);
    give_memories(&grants);
    give_logs(&grants);
    give_network(&grants);
    give_device(&grants, &system->choices[index]);
    tell_settings(&grants);
    tell_seed(&grants);
    return grants.error;
}
