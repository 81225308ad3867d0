/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup.h"

#include <base/error_text.h>
#include <base/fmt.h>
#include <string.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/memory.h>
#include <wherry/startup.h>
#include <wherry/sys.h>
#include <wherry/time.h>

#include "probe.h"

static_assert((int)MANIFEST_PROCESSES_MAX <= (int)SERIAL_SOURCES_MAX &&
                  (int)MANIFEST_PROCESSES_MAX <= (int)SOCKET_CLIENTS_MAX,
              "every process has lines, and a bit that tells of its death");

/* Says what does not work, whatever stands behind it. */
static int complain(const char *what, int error)
{
    console_print("init: %s: %s", what, error_text(error));
    return error;
}

/* --- the device tree -------------------------------------------------------------------------- */

static void report_word(void *context, const char *word, size_t length, const char *reason)
{
    (void)context;
    int shown = length < 64 ? (int)length : 64;
    console_print("init: boot argument '%.*s' ignored: %s", shown, word, reason);
}

static void read_arguments(struct system *system, const struct fdt *tree,
                           const struct fdt_node *chosen)
{
    static const struct bootargs_reporter reporter = {report_word, NULL};
    const char *text = fdt_get_text(tree, chosen, "bootargs");
    bootargs_parse(text, text == NULL ? 0 : strlen(text), &reporter, &system->bootargs);
}

/* Takes the seed out of the tree; what stays there is zero. */
static void take_seed(struct system *system, const struct fdt *tree, const struct fdt_node *chosen)
{
    struct fdt_property seed;
    if (!fdt_find_property(tree, chosen, "rng-seed", &seed)) {
        return;
    }
    uint8_t *value = (uint8_t *)seed.value; /* the tree is mapped writable, for this alone */
    system->seed_bytes = seed.length < SYSTEM_SEED_BYTES ? seed.length : SYSTEM_SEED_BYTES;
    memcpy(system->seed, value, system->seed_bytes);
    explicit_bzero(value, seed.length);
}

static void read_devices(struct system *system, const struct fdt *tree)
{
    uint32_t refused;
    uint32_t count = devices_find(tree, system->manifest, system->devices, &refused);
    uint32_t unseen = probe_virtio(system->devices, count);
    if (refused != 0 || unseen != 0) {
        console_print("init: left out %u devices without a sound window, %u virtio pages", refused,
                      unseen);
    }
    devices_assign(system->manifest, system->devices, count, system->choices);
    for (uint32_t i = 0; i < system->manifest->process_count; i++) {
        struct device *device = &system->devices[system->choices[i].device];
        if (system->choices[i].verdict == DEVICE_GIVEN) {
            device->line = devices_find_line(tree, device);
        }
    }
}

static int read_tree(struct system *system)
{
    struct fdt tree;
    struct fdt_node chosen;
    void *pages;
    uint64_t count;

    int error = memory_attach(boot_handle(BOOT_HANDLE_DEVICE_TREE), RIGHT_READ | RIGHT_WRITE,
                              &pages, &count);
    if (error == OK) {
        error =
            fdt_open((uint8_t *)pages + boot_facts()->fdt_offset, boot_facts()->fdt_bytes, &tree);
    }
    if (error != OK) {
        return complain("the device tree", error);
    }
    if (fdt_find_path(&tree, "/chosen", &chosen)) {
        read_arguments(system, &tree, &chosen);
        take_seed(system, &tree, &chosen);
        if (system->bootargs.is_without_seed) {
            setup_forget_seed(system);
            console_print("init: the seed of the device tree is dropped");
        }
        random_make_key(system->seed, system->seed_bytes, &system->random_key);
    }
    read_devices(system, &tree);
    error = memory_release(pages);
    return error == OK ? OK : complain("the device tree", error);
}

void setup_forget_seed(struct system *system)
{
    explicit_bzero(system->seed, sizeof(system->seed));
    system->seed_bytes = 0;
}

/* --- the bundle ------------------------------------------------------------------------------- */

static int open_bundle(struct system *system)
{
    void *pages;
    uint64_t count;
    system->bundle_memory = boot_handle(BOOT_HANDLE_BUNDLE);
    int error = memory_attach(system->bundle_memory, RIGHT_READ, &pages, &count);
    if (error == OK) {
        error = bundle_open(pages, boot_facts()->bundle_bytes, &system->bundle);
    }
    return error == OK ? OK : complain("the program bundle", error);
}

/* --- what every process has ------------------------------------------------------------------- */

static void fill_source(struct serial_source *source, const struct manifest_process *rule)
{
    (void)fmt_format(source->name, SERIAL_NAME_BYTES, "%s", rule->name);
    for (int i = 0; i < MANIFEST_PREFIXES_MAX && rule->prefixes[i] != NULL; i++) {
        (void)fmt_format(source->prefixes[i], SERIAL_NAME_BYTES, "%s", rule->prefixes[i]);
    }
}

/* Index of the process that shares the console with the one that shows the lines. */
static uint32_t find_console(const struct manifest *manifest_used)
{
    uint32_t index;
    for (uint32_t i = 0; i < manifest_used->memory_count; i++) {
        const struct manifest_memory *memory = &manifest_used->memories[i];
        for (int j = 0; j < MANIFEST_USERS_MAX && memory->users[j].process != NULL; j++) {
            if (strcmp(memory->role, ROLE_CONSOLE) == 0 &&
                manifest_find(manifest_used, memory->users[j].process, &index) == OK &&
                (manifest_used->processes[index].flags & READS_LOGS) == 0) {
                return index;
            }
        }
    }
    return manifest_used->process_count;
}

/* The log pages and the table that says whose they are. */
static int make_logs(struct system *system)
{
    const struct manifest *manifest_used = system->manifest;
    handle_t account = boot_handle(BOOT_HANDLE_ACCOUNT);
    void *logs = NULL;
    void *sources = NULL;
    uint64_t pages;

    int error =
        system_take(sys_memory_create(account, manifest_used->process_count, false), &system->logs);
    if (error == OK) {
        error = system_take(sys_memory_create(account, 1, false), &system->sources);
    }
    if (error == OK) {
        error = memory_attach(system->logs, RIGHT_READ | RIGHT_WRITE, &logs, &pages);
    }
    if (error == OK) {
        error = memory_attach(system->sources, RIGHT_READ | RIGHT_WRITE, &sources, &pages);
    }
    if (error != OK) {
        return error;
    }
    struct serial_sources *table = sources;
    table->count = manifest_used->process_count;
    table->console = find_console(manifest_used);
    for (uint32_t i = 0; i < manifest_used->process_count; i++) {
        struct log_page *log = (struct log_page *)((uint8_t *)logs + (uint64_t)i * PAGE_BYTES);
        ring_init(&log->ring, 1);
        system->processes[i].log = log;
        fill_source(&table->sources[i], &manifest_used->processes[i]);
    }
    return memory_release(sources);
}

/* Whether every driver that is given the memory for its device can run. */
static bool is_needed(const struct system *system, const struct manifest_memory *memory)
{
    uint32_t index;
    for (int i = 0; i < MANIFEST_USERS_MAX && memory->users[i].process != NULL; i++) {
        if ((memory->users[i].rights & RIGHT_DMA) != 0 &&
            (manifest_find(system->manifest, memory->users[i].process, &index) != OK ||
             !system_can_start(system, index))) {
            return false;
        }
    }
    return true;
}

static int make_memories(struct system *system)
{
    int error = OK;
    for (uint32_t i = 0; i < system->manifest->memory_count && error == OK; i++) {
        const struct manifest_memory *memory = &system->manifest->memories[i];
        if (is_needed(system, memory)) {
            error = system_take(sys_memory_create(boot_handle(BOOT_HANDLE_ACCOUNT), memory->pages,
                                                  memory->is_contiguous),
                                &system->memories[i]);
        }
    }
    return error;
}

/* --- what single processes have --------------------------------------------------------------- */

/* Window and line of its device. A device that cannot be had is as good as absent. */
static void mint_device(struct system *system, uint32_t index)
{
    struct process *process = &system->processes[index];
    struct device_choice *choice = &system->choices[index];
    handle_t account = boot_handle(BOOT_HANDLE_ACCOUNT);
    handle_t authority = boot_handle(BOOT_HANDLE_SYSTEM);

    if (choice->verdict != DEVICE_GIVEN) {
        return;
    }
    const struct device *device = &system->devices[choice->device];
    int error = system_take(sys_window_create(authority, account, device_first_page(device),
                                              device_window_bytes(device)),
                            &process->window);
    if (error == OK && device->line != 0) {
        error = system_take(sys_irq_create(authority, account, device->line), &process->irq);
    }
    if (error != OK) {
        console_print("init: device of %s at 0x%lx: %s", process->rule->name, device->base,
                      error_text(error));
        choice->verdict = DEVICE_ABSENT;
    }
}

static int make_process(struct system *system, uint32_t index)
{
    struct process *process = &system->processes[index];
    handle_t account = boot_handle(BOOT_HANDLE_ACCOUNT);

    process->rule = &system->manifest->processes[index];
    process->state = INIT_STATE_STOPPED;
    int error = system_take(sys_notification_create(account), &process->notification);
    if (error == OK && process->rule->is_server) {
        error = system_take(sys_endpoint_create(account), &process->endpoint);
    }
    if (error == OK && process->rule->network.shape.slots != 0 &&
        system_is_wanted(system, index)) {
        error = system_take(
            sys_memory_create(account, manifest_arena_pages(process->rule), false),
            &process->arena);
    }
    if (error == OK) {
        mint_device(system, index);
    }
    return error;
}

/* init is the first process; it has its task and thread from the kernel. */
static int open_init(struct system *system)
{
    struct process *init = &system->processes[0];
    init->state = INIT_STATE_UP;
    init->id = startup_own()->id;
    init->account = boot_handle(BOOT_HANDLE_ACCOUNT);
    init->task = boot_handle(BOOT_HANDLE_TASK);
    init->thread = boot_handle(BOOT_HANDLE_THREAD);
    int error = (int)sys_thread_bind(init->thread, init->notification).status;
    if (error == OK) {
        event_open(init->notification);
    }
    return error;
}

int setup_system(struct system *system)
{
    char fault[96];
    system->manifest = &manifest;
    system->off_at = DEADLINE_FOREVER;
    if (manifest_check(&manifest, fault, sizeof(fault)) != OK) {
        console_print("init: the manifest is broken: %s", fault);
        return E_CORRUPT;
    }
    int error = open_bundle(system);
    if (error == OK) {
        error = read_tree(system);
    }
    if (error != OK) {
        return error;
    }
    error = make_logs(system);
    for (uint32_t i = 0; i < manifest.process_count && error == OK; i++) {
        error = make_process(system, i);
    }
    if (error == OK) {
        error = make_memories(system);
    }
    if (error == OK) {
        error = open_init(system);
    }
    return error == OK ? OK : complain("the system's own objects", error);
}
