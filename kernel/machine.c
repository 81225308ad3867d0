/* SPDX-License-Identifier: BSD-2-Clause */
#include "machine.h"

#include "print.h"
#include <base/bytes.h>

struct machine boot_machine;

/* --- RAM ------------------------------------------------------------------------------------ */

static int read_ram(const struct fdt *tree, struct machine *machine)
{
    struct fdt_cursor cursor = fdt_start(tree);
    struct fdt_range bank;
    if (fdt_next_memory(tree, &cursor, &machine->ram) != OK || machine->ram.bytes < PAGE_BYTES) {
        print_line("device tree: no memory node");
        return E_CORRUPT;
    }
    uint64_t end = machine->ram.base + machine->ram.bytes;
    machine->ram.base = (machine->ram.base + PAGE_BYTES - 1) & ~(uint64_t)(PAGE_BYTES - 1);
    machine->ram.bytes = (end - machine->ram.base) & ~(uint64_t)(PAGE_BYTES - 1);
    while (fdt_next_memory(tree, &cursor, &bank) == OK) {
        print_line("ignored a further memory bank at 0x%lx", bank.base);
    }
    return OK;
}

static int read_reserved(const struct fdt *tree, paddr_t base, struct machine *machine)
{
    struct fdt_cursor cursor = fdt_start(tree);
    struct fdt_range range = {base, tree->total_bytes};
    int error = OK;
    while (error == OK) {
        if (machine->reserved_count == MACHINE_RESERVED_MAX) {
            print_line("device tree: more than %u reserved ranges", MACHINE_RESERVED_MAX);
            return E_LIMIT;
        }
        machine->reserved[machine->reserved_count++] = range;
        error = fdt_next_reserved(tree, &cursor, &range);
    }
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
    if (fdt_find_property(tree, node, "interrupt-controller", &property) ||
        fdt_find_property(tree, node, "msi-controller", &property)) {
        return true;
    }
    for (unsigned i = 0; i < sizeof(kept_devices) / sizeof(kept_devices[0]); i++) {
        if (fdt_has_text(tree, node, "compatible", kept_devices[i])) {
            return true;
        }
    }
    return false;
}

static int forbid(struct machine *machine, struct fdt_range range)
{
    if (machine->forbidden_count == MACHINE_FORBIDDEN_MAX) {
        print_line("device tree: more than %u windows to keep", MACHINE_FORBIDDEN_MAX);
        return E_LIMIT;
    }
    machine->forbidden[machine->forbidden_count++] = range;
    return OK;
}

/* What a PCI host passes on: entries of 3 + 2 + 2 cells [PCI bus binding, ranges]. */
static int forbid_bus_ranges(const struct fdt *tree, const struct fdt_node *node,
                             struct machine *machine)
{
    enum { ENTRY_BYTES = 28, CPU_ADDRESS = 12, SIZE = 20 };
    struct fdt_property ranges;
    if (!fdt_has_text(tree, node, "device_type", "pci") ||
        !fdt_find_property(tree, node, "ranges", &ranges)) {
        return OK;
    }
    for (uint32_t at = 0; ranges.length - at >= ENTRY_BYTES; at += ENTRY_BYTES) {
        struct fdt_range range = {bytes_get_be64(ranges.value + at + CPU_ADDRESS),
                                  bytes_get_be64(ranges.value + at + SIZE)};
        int error = forbid(machine, range);
        if (error != OK) {
            return error;
        }
    }
    return OK;
}

static int forbid_node(const struct fdt *tree, const struct fdt_node *node, struct machine *machine)
{
    struct fdt_range range;
    int error = OK;
    for (uint32_t i = 0; error == OK && fdt_get_window(tree, node, i, &range) == OK; i++) {
        error = forbid(machine, range);
    }
    return error == OK ? forbid_bus_ranges(tree, node, machine) : error;
}

static int read_forbidden(const struct fdt *tree, struct machine *machine)
{
    struct fdt_node node = fdt_root(tree);
    int error = OK;
    while (error == OK && fdt_next(tree, &node)) {
        if (is_kept(tree, &node)) {
            error = forbid_node(tree, &node, machine);
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
    for (unsigned i = 0; i < machine->forbidden_count; i++) {
        if (meets(machine->forbidden[i], base, bytes)) {
            return false;
        }
    }
    return true;
}

/* --- the rest ------------------------------------------------------------------------------- */

/* Whether `word` is one of the words of `text`, which may be NULL. */
static bool has_word(const char *text, const char *word)
{
    while (text != NULL && *text != '\0') {
        size_t i = 0;
        while (word[i] != '\0' && text[i] == word[i]) {
            i++;
        }
        if (word[i] == '\0' && (text[i] == ' ' || text[i] == '\0')) {
            return true;
        }
        while (*text != '\0' && *text++ != ' ') {
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
    if (has_word(text, "panic=exit")) {
        return PANIC_EXIT;
    }
    return has_word(text, "panic=reset") ? PANIC_RESET : PANIC_HALT;
}

static unsigned count_cpus(const struct fdt *tree)
{
    struct fdt_node node = fdt_root(tree);
    unsigned count = 0;
    while (fdt_next_with(tree, &node, "device_type", "cpu")) {
        count++;
    }
    return count;
}

int machine_read(const struct fdt *tree, paddr_t base, struct machine *machine)
{
    int error = read_ram(tree, machine);
    if (error == OK) {
        error = read_reserved(tree, base, machine);
    }
    if (error == OK) {
        error = read_forbidden(tree, machine);
    }
    machine->cpus = count_cpus(tree);
    machine->panic_action = read_panic_action(tree);
    return error;
}
