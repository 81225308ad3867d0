/* SPDX-License-Identifier: BSD-2-Clause */
#include "pagetable.h"

#include "account.h"
#include "page.h"
#include "print.h"
#include <base/bytes.h>

enum {
    LEVEL_BITS = 9,
    TABLE_ENTRIES = 1 << LEVEL_BITS,
    ROOT_LEVEL = 2,
    USER_ENTRIES = USER_END >> (PAGE_SHIFT + ROOT_LEVEL * LEVEL_BITS), /* of the root */
};

/* The image [linker.ld], and the page below its stack [boot.S]. */
extern uint8_t kernel_start[], text_end[], rodata_end[], stack_guard[], kernel_end[];

/* --- walking --------------------------------------------------------------------------------- */

static uint64_t level_bytes(unsigned level)
{
    return 1ull << (PAGE_SHIFT + level * LEVEL_BITS);
}

static uint64_t *entry_at(paddr_t table, unsigned level, vaddr_t vaddr)
{
    uint64_t index = vaddr >> (PAGE_SHIFT + level * LEVEL_BITS);
    return (uint64_t *)kernel_pointer(table) + index % TABLE_ENTRIES;
}

/* The entry of `vaddr` on `level`. A table missing on the way is paid by `account`; without an
 * account it ends the search with E_NOT_FOUND. E_EXISTS: a larger block is in the way. */
static int find_entry(paddr_t root, vaddr_t vaddr, unsigned level, struct account *account,
                      uint64_t **found)
{
    paddr_t table = root;
    for (unsigned at = ROOT_LEVEL; at > level; at--) {
        uint64_t *entry = entry_at(table, at, vaddr);
        if (*entry == 0) {
            paddr_t page;
            int error = account == NULL ? E_NOT_FOUND : account_take_page(account, &page);
            if (error != OK) {
                return error;
            }
            arch_entry_set(entry, arch_entry_table(page));
        }
        if (arch_entry_is_block(*entry)) {
            return E_EXISTS;
        }
        table = arch_entry_address(*entry);
    }
    *found = entry_at(table, level, vaddr);
    return OK;
}

/* --- the kernel's map ------------------------------------------------------------------------ */

/* Map the pages of [start, end) at their place in the linear map, with the largest blocks that fit.
 * Two devices may share a page. */
static void map_range(paddr_t root, paddr_t start, paddr_t end, unsigned flags)
{
    uint64_t size;
    for (paddr_t at = align_down(start, PAGE_BYTES); at < end; at += size) {
        unsigned level = ROOT_LEVEL;
        while (at % level_bytes(level) != 0 ||
               align_up(end, PAGE_BYTES) - at < level_bytes(level)) {
            level--; /* level 0 always fits */
        }
        uint64_t *entry = NULL;
        uint64_t leaf = arch_entry_leaf(at, level, flags | PAGE_KERNEL);
        int error = find_entry(root, KERNEL_BASE + at, level, &account_root, &entry);
        if (error != OK || (*entry != 0 && *entry != leaf)) {
            panic(NULL, "the kernel's map: no memory, or two things at 0x%lx", at);
        }
        arch_entry_set(entry, leaf);
        size = level_bytes(level);
    }
}

void pagetable_map_kernel(const struct machine *machine)
{
    const unsigned data = PAGE_READ | PAGE_WRITE;
    paddr_t ram_end = machine->ram.base + machine->ram.bytes;
    paddr_t guard = kernel_physical(stack_guard);
    paddr_t root;
    if (machine->ram.base > kernel_physical(kernel_start) || ram_end > LINEAR_BYTES ||
        kernel_physical(kernel_end) > ram_end || account_take_page(&account_root, &root) != OK) {
        panic(NULL, "RAM ends at 0x%lx: too small or too large", ram_end);
    }
    map_range(root, machine->ram.base, kernel_physical(kernel_start), data);
    map_range(root, kernel_physical(kernel_start), kernel_physical(text_end),
              PAGE_READ | PAGE_EXECUTE);
    map_range(root, kernel_physical(text_end), kernel_physical(rodata_end), PAGE_READ);
    map_range(root, kernel_physical(rodata_end), guard, data);
    map_range(root, guard + PAGE_BYTES, ram_end, data);
    for (unsigned i = 0; i < machine->kept.count; i++) {
        struct fdt_range window = machine->kept.at[i];
        map_range(root, window.base, window.base + window.bytes, data | PAGE_DEVICE);
    }
    arch_kernel_switch(root);
}

/* --- user spaces ----------------------------------------------------------------------------- */

int pagetable_map(paddr_t root, vaddr_t vaddr, paddr_t paddr, unsigned flags,
                  struct account *account)
{
    KASSERT(vaddr < USER_END);
    uint64_t *entry;
    int error = find_entry(root, vaddr, 0, account, &entry);
    if (error == OK && *entry != 0) {
        error = E_EXISTS;
    }
    if (error == OK) {
        arch_entry_set(entry, arch_entry_leaf(paddr, 0, flags));
    }
    return error;
}

void pagetable_unmap(paddr_t root, vaddr_t vaddr, unsigned asid)
{
    KASSERT(vaddr < USER_END);
    uint64_t *entry;
    if (find_entry(root, vaddr, 0, NULL, &entry) == OK && *entry != 0) {
        *entry = 0;
        arch_tlb_flush_page(vaddr, asid);
    }
}

/* The first entry in use from `i` on, or `count`. A step may look at several tables. */
static unsigned find_used(const uint64_t *table, unsigned i, unsigned count)
{
    while (i < count && table[i] == 0) {
        bool are_four_free = i % 4 == 0 && (table[i + 1] | table[i + 2] | table[i + 3]) == 0;
        i += are_four_free ? 4 : 1;
    }
    return i;
}

static unsigned free_table(uint64_t *entry, struct account *account)
{
    account_give_page(account, arch_entry_address(*entry));
    *entry = 0;
    return 1;
}

unsigned pagetable_free_tables(paddr_t root, unsigned limit, struct account *account)
{
    uint64_t *top = kernel_pointer(root);
    unsigned freed = 0;
    unsigned i = 0;
    while (freed < limit && (i = find_used(top, i, USER_ENTRIES)) < USER_ENTRIES) {
        uint64_t *middle = kernel_pointer(arch_entry_address(top[i]));
        unsigned k = 0;
        while (freed < limit && (k = find_used(middle, k, TABLE_ENTRIES)) < TABLE_ENTRIES) {
            freed += free_table(&middle[k], account);
        }
        if (freed < limit) {
            freed += free_table(&top[i], account);
        }
    }
    return freed;
}
