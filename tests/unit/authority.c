/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The authority graph as a page: docs/authority.md is made from the manifest and must be what
 * it would be made to now.
 *
 *     authority           the test
 *     authority --write   writes the page [scripts/authority]
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <servers/init/manifest.h>

#define PAGE "docs/authority.md"

static const char head[] =
    "# The authority graph\n"
    "\n"
    "Made by `scripts/authority` from `servers/init/manifest.c`; do not edit. What the columns\n"
    "mean and how the manifest is checked: [manifest.md](manifest.md).\n"
    "\n"
    "Thick arrows are calls and go to a higher priority; thin ones share memory, from who may\n"
    "write to who reads, with both ends writing where there are two; dotted ones wake. Everybody\n"
    "may call `init` and wake `serial`; these are left out. Numbers are priorities.\n"
    "\n";

struct page {
    char text[1 << 15];
    size_t used;
};

PRINTF_LIKE(2, 3) static void put(struct page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(page->text + page->used, sizeof(page->text) - page->used, format,
                          arguments);
    va_end(arguments);
    assert_true(bytes >= 0 && (size_t)bytes < sizeof(page->text) - page->used);
    page->used += (size_t)bytes;
}

/* --- the picture ------------------------------------------------------------------------------ */

/* A name as an identifier of the drawing language. */
static const char *identify(const char *name)
{
    static char identifiers[2][MANIFEST_NAME_BYTES];
    static unsigned turn;
    char *identifier = identifiers[turn++ % 2];
    size_t i = 0;
    for (; name[i] != '\0'; i++) {
        identifier[i] = name[i];
        if (name[i] == '-') {
            identifier[i] = '_';
        }
    }
    identifier[i] = '\0';
    return identifier;
}

static void draw_memory(struct page *page, const struct manifest_memory *memory)
{
    for (int i = 0; i < MANIFEST_USERS_MAX && memory->users[i].process != NULL; i++) {
        for (int j = 0; j < MANIFEST_USERS_MAX && memory->users[j].process != NULL; j++) {
            bool is_writer = (memory->users[i].rights & RIGHT_WRITE) != 0;
            bool is_mutual = (memory->users[j].rights & RIGHT_WRITE) != 0;
            if (i == j || !is_writer || (is_mutual && j < i)) {
                continue;
            }
            put(page, "    %s %s|%s| %s\n", identify(memory->users[i].process),
                is_mutual ? "<-->" : "-->", memory->role, identify(memory->users[j].process));
        }
    }
}

static void draw_process(struct page *page, const struct manifest_process *process)
{
    put(page, "    %s[\"%s %u\"]\n", identify(process->name), process->name, process->priority);
    if (process->device.compatibles[0] != NULL) {
        put(page, "    %s_device([\"%s\"]) --- %s\n", identify(process->name),
            process->device.compatibles[0], identify(process->name));
    }
}

static void draw_reach(struct page *page, const struct manifest_process *process)
{
    for (int i = 0; i < MANIFEST_CALLS_MAX && process->calls[i] != NULL; i++) {
        put(page, "    %s ==> %s\n", identify(process->name), identify(process->calls[i]));
    }
    for (int i = 0; i < MANIFEST_WAKES_MAX && process->wakes[i] != NULL; i++) {
        put(page, "    %s -.-> %s\n", identify(process->name), identify(process->wakes[i]));
    }
    if (process->lends != NULL) {
        put(page, "    %s_device -. lent .- %s\n", identify(process->lends),
            identify(process->name));
    }
}

static void draw(struct page *page)
{
    put(page, "```mermaid\nflowchart BT\n");
    for (uint32_t i = 0; i < manifest.process_count; i++) {
        draw_process(page, &manifest.processes[i]);
    }
    for (uint32_t i = 0; i < manifest.process_count; i++) {
        draw_reach(page, &manifest.processes[i]);
    }
    for (uint32_t i = 0; i < manifest.memory_count; i++) {
        draw_memory(page, &manifest.memories[i]);
    }
    put(page, "```\n\n");
}

/* --- the tables ------------------------------------------------------------------------------- */

static void put_texts(struct page *page, const char *const *texts, int limit, const char *ending)
{
    bool has_any = limit > 0 && texts[0] != NULL;
    for (int i = 0; i < limit && texts[i] != NULL; i++) {
        put(page, "%s`%s%s`", i == 0 ? " " : ", ", texts[i], ending);
    }
    put(page, "%s |", has_any ? "" : " -");
}

static void put_flags(struct page *page, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *words;
    } names[] = {
        {MAY_POWER, "power"},          {MAY_LIST, "list"},       {HAS_SYSTEM, "system"},
        {HAS_SEED, "seed"},            {IS_ONE_SHOT, "one-shot"}, {IS_UNWATCHED, "unwatched"},
        {READS_LOGS, "reads the logs"}, {IS_LAST, "last"},
        {SERVES_SOCKETS, "serves sockets"}, {IS_PLAIN, "plain"}, {IS_CHILD, "child"},
    };
    bool has_any = false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((flags & names[i].flag) != 0) {
            put(page, "%s %s", has_any ? "," : "", names[i].words);
            has_any = true;
        }
    }
    put(page, "%s |\n", has_any ? "" : " -");
}

static void put_device(struct page *page, const struct manifest_device *device)
{
    put_texts(page, device->compatibles, MANIFEST_COMPATIBLES_MAX, "");
    if (device->compatibles[0] != NULL) {
        page->used -= strlen(" |");
        if (device->virtio_device != 0) {
            put(page, " id %u", device->virtio_device);
        }
        put(page, "%s |", device->is_needed ? "" : ", if there is one");
    }
}

static void put_processes(struct page *page)
{
    put(page, "| process | priority | CPU ms of ms | memory KiB | handles | device | calls | wakes "
              "| settings | prints | has started | after its death | may and is |\n"
              "|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < manifest.process_count; i++) {
        const struct manifest_process *process = &manifest.processes[i];
        put(page, "| %s | %u |", process->name, process->priority);
        if (process->budget_us != 0) {
            put(page, " %u of %u |", process->budget_us / 1000, process->period_us / 1000);
        } else {
            put(page, " - |");
        }
        if (i == 0) {
            put(page, " all | 1024 |");
        } else {
            put(page, " %u | %u |", process->pages * 4, process->handle_slots);
        }
        put_device(page, &process->device);
        put_texts(page, process->calls, MANIFEST_CALLS_MAX, "");
        put_texts(page, process->wakes, MANIFEST_WAKES_MAX, "");
        put_texts(page, process->settings, MANIFEST_SETTINGS_MAX, "=");
        put_texts(page, process->prefixes, MANIFEST_PREFIXES_MAX, ":");
        put_texts(page, process->children, MANIFEST_CHILDREN_MAX, "");
        const char *end = process->restart == RESTART_ALWAYS ? "restarted" : "stays";
        put(page, " %s |", i == 0 ? "the machine stops" : end);
        put_flags(page, process->flags);
    }
}

static void put_memories(struct page *page)
{
    put(page, "\n| memory | KiB | contiguous | users |\n|---|---|---|---|\n");
    for (uint32_t i = 0; i < manifest.memory_count; i++) {
        const struct manifest_memory *memory = &manifest.memories[i];
        put(page, "| %s | %u | %s |", memory->role, memory->pages * 4,
            memory->is_contiguous ? "yes" : "no");
        for (int j = 0; j < MANIFEST_USERS_MAX && memory->users[j].process != NULL; j++) {
            uint32_t rights = memory->users[j].rights;
            put(page, "%s %s (%s%s%s)", j == 0 ? "" : ",", memory->users[j].process,
                (rights & RIGHT_READ) != 0 ? "r" : "", (rights & RIGHT_WRITE) != 0 ? "w" : "",
                (rights & RIGHT_DMA) != 0 ? ", DMA" : "");
        }
        put(page, " |\n");
    }
}

static void put_network(struct page *page)
{
    static const struct {
        uint32_t flag;
        const char *words;
    } names[] = {
        {MAY_CONNECT, "connect"}, {MAY_BIND, "bind"},           {MAY_JOIN, "join"},
        {MAY_RAW, "raw"},         {MAY_CONFIGURE, "configure"}, {MAY_BROADCAST, "broadcast"},
    };
    put(page, "\n| client of the network | sockets | receive ring | send ring | arena KiB | may | "
              "ports | groups |\n|---|---|---|---|---|---|---|---|\n");
    for (uint32_t i = 0; i < manifest.process_count; i++) {
        const struct manifest_process *process = &manifest.processes[i];
        const struct manifest_network *network = &process->network;
        if (network->shape.slots == 0) {
            continue;
        }
        put(page, "| %s | %u | %u | %u | %u |", process->name, network->shape.slots,
            network->shape.rx_bytes, network->shape.tx_bytes, manifest_arena_pages(process) * 4);
        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++) {
            put(page, "%s%s", (network->flags & names[j].flag) != 0 ? " " : "",
                (network->flags & names[j].flag) != 0 ? names[j].words : "");
        }
        put(page, " |");
        for (int j = 0; j < INIT_CLIENT_PORTS && network->ports[j] != 0; j++) {
            put(page, " %u", network->ports[j]);
        }
        put(page, " |");
        for (int j = 0; j < INIT_CLIENT_GROUPS && network->groups[j] != 0; j++) {
            uint32_t group = network->groups[j];
            put(page, " %u.%u.%u.%u", group >> 24, group >> 16 & 255, group >> 8 & 255,
                group & 255);
        }
        put(page, " |\n");
    }
}

static void put_bus(struct page *page)
{
    put(page, "\n| client of the bus | may | may offer |\n|---|---|---|\n");
    for (uint32_t i = 0; i < manifest.process_count; i++) {
        const struct manifest_process *process = &manifest.processes[i];
        if (!manifest_uses_bus(process)) {
            continue;
        }
        put(page, "| %s |%s%s |", process->name,
            (process->bus.flags & MAY_ASK) != 0 ? " ask" : "",
            (process->bus.flags & MAY_TRUST) != 0 ? " trust" : "");
        for (int j = 0; j < INIT_BUS_SERVICES && process->bus.services[j] != NULL; j++) {
            put(page, " %s", process->bus.services[j]);
        }
        put(page, " |\n");
    }
    put(page, "\n| lane | whom | is denied its groups, and |\n|---|---|---|\n");
    for (uint32_t i = 0; i < manifest.denial_count; i++) {
        const struct manifest_denial *denial = &manifest.denials[i];
        put(page, "| %s | %s |%s |\n", denial->lane, denial->process,
            (denial->flags & MAY_BROADCAST) != 0 ? " broadcast" : "");
    }
}

static void make_page(struct page *page)
{
    page->used = 0;
    put(page, "%s", head);
    draw(page);
    put_processes(page);
    put_memories(page);
    put_network(page);
    put_bus(page);
}

/* --- the test --------------------------------------------------------------------------------- */

TEST(the_page_is_the_manifests)
{
    static struct page page;
    static char stored[sizeof(page.text)];
    make_page(&page);
    FILE *file = fopen(PAGE, "r");
    assert_non_null(file);
    size_t bytes = fread(stored, 1, sizeof(stored), file);
    fclose(file);
    if (bytes != page.used || memcmp(stored, page.text, bytes) != 0) {
        fail_msg("%s is not the manifest's: run scripts/authority", PAGE);
    }
}

static int write_page(void)
{
    static struct page page;
    make_page(&page);
    FILE *file = fopen(PAGE, "w");
    if (file == NULL || fwrite(page.text, 1, page.used, file) != page.used || fclose(file) != 0) {
        perror(PAGE);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_is_the_manifests),
    };
    if (argc == 2 && strcmp(argv[1], "--write") == 0) {
        return write_page();
    }
    return cmocka_run_group_tests_name("authority", tests, NULL, NULL);
}
