/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include "print.h"
#include <base/bytes.h>

struct machine boot_machine;

/* --- RAM ------------------------------------------------------------------------------------ */

int machine_add(struct machine_ranges *ranges, struct fdt_range range, const char *what)
{
    if (ranges->count == MACHINE_RANGES_MAX) {
        print_line("device tree: more than %u %s", MACHINE_RANGES_MAX, what);
        return E_LIMIT;
    }
    ranges->at[ranges->count++] = range;
    return OK;
}

static int read_ram(const struct fdt *tree, struct fdt_range *ram)
{
    struct fdt_cursor cursor = fdt_start(tree);
    struct fdt_range bank;
    if (fdt_next_memory(tree, &cursor, ram) != OK || ram->bytes < PAGE_BYTES) {
        print_line("device tree: no memory node");
        return E_CORRUPT;
    }
    uint64_t end = ram->base + ram->bytes;
    ram->base = align_up(ram->base, PAGE_BYTES);
    ram->bytes = align_down(end - ram->base, PAGE_BYTES);
    while (fdt_next_memory(tree, &cursor, &bank) == OK) {
        print_line("ignored a further memory bank at 0x%lx", bank.base);
    }
    return OK;
}

static int read_reserved(const struct fdt *tree, paddr_t base, struct machine *machine)
{
    struct fdt_cursor cursor = fdt_start(tree);
    struct fdt_range range = {base, tree->total_bytes};
    int error;
    do {
        error = machine_add(&machine->reserved, range, "reserved ranges");
        if (error == OK) {
            error = fdt_next_reserved(tree, &cursor, &range);
        }
    } while (error == OK);
    return error == E_NOT_FOUND ? OK : error;
}

/* --- windows that are never given out ------------------------------------------------------- */

/* Nodes by `compatible`; interrupt and MSI controllers are found by their property. */
static const char *const kept_devices[] = {
    "cfi-flash",      "qemu,fw-cfg-mmio",  "pci-host-ecam-generic", "riscv,clint0",
    "sifive,clint0",  "sifive,test0",      "sifive,test1",          "arm,armv7-timer-mem",
    "arm,gic-v3-its", "arm,gic-v2m-frame",
};

static bool is_kept(const struct fdt *tree, const struct fdt_node *node)
{
    struct fdt_property property;
    return fdt_find_property(tree, node, "interrupt-controller", &property) ||
           fdt_find_property(tree, node, "msi-controller", &property) ||
           fdt_has_one_of(tree, node, "compatible", kept_devices,
                          sizeof(kept_devices) / sizeof(kept_devices[0]));
}

/* The windows of a node, and what a PCI host passes on: entries of 3 + 2 + 2 cells [PCI bus
 * binding, ranges]. */
static int forbid_node(const struct fdt *tree, const struct fdt_node *node,
                       struct machine_ranges *forbidden)
{
    enum { ENTRY_BYTES = 28, CPU_ADDRESS = 12, SIZE = 20 };
    struct fdt_range range;
    struct fdt_property ranges = {.length = 0};
    int error = OK;
    for (uint32_t i = 0; error == OK && fdt_get_window(tree, node, i, &range) == OK; i++) {
        error = machine_add(forbidden, range, "windows to keep");
    }
    if (!fdt_has_text(tree, node, "device_type", "pci") ||
        !fdt_find_property(tree, node, "ranges", &ranges)) {
        return error;
    }
    for (uint32_t at = 0; error == OK && ranges.length - at >= ENTRY_BYTES; at += ENTRY_BYTES) {
        range = (struct fdt_range){bytes_get_be64(ranges.value + at + CPU_ADDRESS),
                                   bytes_get_be64(ranges.value + at + SIZE)};
        error = machine_add(forbidden, range, "windows to keep");
    }
    return error;
}

static int read_forbidden(const struct fdt *tree, struct machine *machine)
{
    struct fdt_node node = fdt_root(tree);
    int error = OK;
    while (error == OK && fdt_next(tree, &node)) {
        if (is_kept(tree, &node)) {
            error = forbid_node(tree, &node, &machine->forbidden);
        }
    }
    return error;
}

static bool meets(struct fdt_range range, paddr_t base, uint64_t bytes)
{
    return base - range.base < range.bytes || range.base - base < bytes;
}

bool machine_may_mint(const struct machine *machine, paddr_t base, uint64_t bytes)
{
    if (meets(machine->ram, base, bytes) || base + bytes > MACHINE_PHYSICAL_END) {
        return false;
    }
    for (unsigned i = 0; i < machine->forbidden.count; i++) {
        if (meets(machine->forbidden.at[i], base, bytes)) {
            return false;
        }
    }
    return true;
}

/* --- the rest ------------------------------------------------------------------------------- */

bool machine_has_word(const char *text, const char *word, char separator)
{
    while (text != NULL && *text != '\0') {
        size_t i = 0;
        while (word[i] != '\0' && text[i] == word[i]) {
            i++;
        }
        if (word[i] == '\0' && (text[i] == separator || text[i] == '\0')) {
            return true;
        }
        while (*text != '\0' && *text++ != separator) {
        }
    }
    return false;
}

/* The one boot argument that the kernel itself heeds; init reports bad ones [base/bootargs.h]. */
static enum panic_action read_panic_action(const struct fdt *tree)
{
    struct fdt_node chosen;
    const char *text = NULL;
    if (fdt_find_path(tree, "/chosen", &chosen)) {
        text = fdt_get_text(tree, &chosen, "bootargs");
    }
    if (machine_has_word(text, "panic=exit", ' ')) {
        return PANIC_EXIT;
    }
    return machine_has_word(text, "panic=reset", ' ') ? PANIC_RESET : PANIC_HALT;
}

int machine_read(const struct fdt *tree, paddr_t base, struct machine *machine)
{
    struct fdt_node node = fdt_root(tree);
    int error = read_ram(tree, &machine->ram);
    if (error == OK) {
        error = read_reserved(tree, base, machine);
    }
    if (error == OK) {
        error = read_forbidden(tree, machine);
    }
    while (fdt_next_with(tree, &node, "device_type", "cpu")) {
        machine->cpus++;
    }
    machine->panic_action = read_panic_action(tree);
    return error;
}
