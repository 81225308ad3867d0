/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page tables: the kernel's linear map, user address spaces, TLB and cache maintenance.
 *
 * 4 KiB pages, 39-bit addresses: the root has 1 GiB entries, then 2 MiB, then 4 KiB.
 *
 * I1  No page is writable and executable: kernel text is the only thing EL1 executes, and no user
 *     page is executable at EL1.
 * I2  Kernel pages are global, user pages are not.
 * I3  A valid entry is only ever made invalid and the reverse, never changed into another
 *     [Arm ARM D8.14.1].
 *
 * [Arm ARM D8.3.1, D8.3.2]
 */
#include "account.h"
#include "arch/arch.h"
#include "console.h"
#include "gic.h"
#include "machine.h"
#include "page.h"
#include "print.h"
#include "sysreg.h"
#include <base/bytes.h>

enum {
    ENTRIES = 512,
    LEVEL_BITS = 9,
    LEVEL_1_SHIFT = 30,
    LEVEL_2_SHIFT = 21,
    USER_ROOT_ENTRIES = USER_END >> LEVEL_1_SHIFT,

    PTE_VALID = 1 << 0,
    PTE_TABLE = 1 << 1,  /* levels 1 and 2: a table; level 3: a page */
    PTE_NORMAL = 0 << 2, /* index into MAIR_EL1 [boot.S] */
    PTE_DEVICE = 1 << 2,
    PTE_USER = 1 << 6,
    PTE_READ_ONLY = 1 << 7,
    PTE_INNER_SHAREABLE = 3 << 8,
    PTE_ACCESSED = 1 << 10,
    PTE_NOT_GLOBAL = 1 << 11,
    PTE_COMMON = PTE_VALID | PTE_INNER_SHAREABLE | PTE_ACCESSED,
};

static const uint64_t pte_pxn = 1ull << 53;
static const uint64_t pte_uxn = 1ull << 54;
static const uint64_t pte_address = 0x0000fffffffff000;

static const uint64_t kernel_data = PTE_COMMON | PTE_NORMAL | pte_pxn | pte_uxn;
static const uint64_t kernel_rodata = kernel_data | PTE_READ_ONLY;
static const uint64_t kernel_text = PTE_COMMON | PTE_NORMAL | PTE_READ_ONLY | pte_uxn;
static const uint64_t kernel_device = PTE_COMMON | PTE_DEVICE | pte_pxn | pte_uxn;

enum { ASID_BITS_SHIFT = 5, ASID_COUNT_SMALL = 256, ASID_COUNT_LARGE = 65536 };

/* linker.ld and boot.S */
extern uint8_t text_start[], text_end[], rodata_start[], rodata_end[], data_start[], kernel_end[],
    stack_guard[];

/* boot.S */
void arch_kernel_root_switch(paddr_t root);

static uint64_t *table_at(paddr_t address)
{
    return (uint64_t *)(KERNEL_BASE + address);
}

static paddr_t physical(const uint8_t *symbol)
{
    return (uint64_t)symbol - KERNEL_BASE;
}

static unsigned index_at(vaddr_t vaddr, unsigned shift)
{
    return vaddr >> shift & (ENTRIES - 1);
}

/* --- the kernel's map ----------------------------------------------------------------------- */

static uint64_t *kernel_table_below(uint64_t *entry)
{
    if (*entry == 0) {
        paddr_t page = page_alloc();
        if (page == 0) {
            panic(NULL, "no memory for the kernel map");
        }
        arch_zero_page(table_at(page));
        *entry = page | PTE_VALID | PTE_TABLE;
    }
    return table_at(*entry & pte_address);
}

/* Map the largest block that starts at `base` and fits in `bytes`; returns its size. */
static uint64_t map_block(uint64_t *root, paddr_t base, uint64_t bytes, uint64_t attributes)
{
    uint64_t *table = root;
    for (unsigned shift = LEVEL_1_SHIFT; shift > PAGE_SHIFT; shift -= LEVEL_BITS) {
        uint64_t *entry = &table[index_at(base, shift)];
        uint64_t block = 1ull << shift;
        if (is_aligned(base, block) && bytes >= block && *entry == 0) {
            *entry = base | attributes;
            return block;
        }
        table = kernel_table_below(entry);
    }
    table[index_at(base, PAGE_SHIFT)] = base | attributes | PTE_TABLE;
    return PAGE_BYTES;
}

/* [start, end) in whole pages. Ranges do not overlap. */
static void map_range(uint64_t *root, paddr_t start, paddr_t end, uint64_t attributes)
{
    for (paddr_t base = align_down(start, PAGE_BYTES); base < end;) {
        base += map_block(root, base, align_up(end, PAGE_BYTES) - base, attributes);
    }
}

void arch_kernel_map(const struct machine *machine)
{
    paddr_t guard = physical(stack_guard);
    paddr_t root_page = page_alloc();
    if (root_page == 0) {
        panic(NULL, "no memory for the kernel map");
    }
    uint64_t *root = table_at(root_page);
    arch_zero_page(root);
    map_range(root, machine->ram.base, physical(text_start), kernel_data);
    map_range(root, physical(text_start), physical(text_end), kernel_text);
    map_range(root, physical(rodata_start), physical(rodata_end), kernel_rodata);
    map_range(root, physical(data_start), guard, kernel_data);
    map_range(root, guard + PAGE_BYTES, physical(kernel_end), kernel_data);
    map_range(root, physical(kernel_end), machine->ram.base + machine->ram.bytes, kernel_data);
    if (console_page() != 0) {
        map_range(root, console_page(), console_page() + PAGE_BYTES, kernel_device);
    }
    for (unsigned i = 0; i < GIC_WINDOWS; i++) {
        struct fdt_range window = gic_window(i);
        map_range(root, window.base, window.base + window.bytes, kernel_device);
    }
    CPU_DO("dsb ishst");
    arch_kernel_root_switch(root_page);
}

/* --- user address spaces -------------------------------------------------------------------- */

void arch_space_init(paddr_t root)
{
    (void)root; /* zeroed; the kernel is in the other half */
}

/* The entry of the page, or NULL when a table on the way is missing. */
static uint64_t *find_entry(paddr_t root, vaddr_t vaddr)
{
    uint64_t *table = table_at(root);
    for (unsigned shift = LEVEL_1_SHIFT; shift > PAGE_SHIFT; shift -= LEVEL_BITS) {
        uint64_t entry = table[index_at(vaddr, shift)];
        if (entry == 0) {
            return NULL;
        }
        table = table_at(entry & pte_address);
    }
    return &table[index_at(vaddr, PAGE_SHIFT)];
}

/* As find_entry, making what is missing. E_NO_MEMORY. */
static int make_entry(paddr_t root, vaddr_t vaddr, struct account *account, uint64_t **found)
{
    uint64_t *table = table_at(root);
    for (unsigned shift = LEVEL_1_SHIFT; shift > PAGE_SHIFT; shift -= LEVEL_BITS) {
        uint64_t *entry = &table[index_at(vaddr, shift)];
        if (*entry == 0) {
            paddr_t page;
            int error = account_take_page(account, &page);
            if (error != OK) {
                return error;
            }
            CPU_DO("dmb ishst"); /* its zeros before the walker can reach it */
            *entry = page | PTE_VALID | PTE_TABLE;
        }
        table = table_at(*entry & pte_address);
    }
    *found = &table[index_at(vaddr, PAGE_SHIFT)];
    return OK;
}

static uint64_t user_attributes(unsigned flags)
{
    uint64_t attributes = PTE_COMMON | PTE_TABLE | PTE_USER | PTE_NOT_GLOBAL | pte_pxn;
    attributes |= (flags & PAGE_DEVICE) != 0 ? PTE_DEVICE : PTE_NORMAL;
    if ((flags & PAGE_WRITE) == 0) {
        attributes |= PTE_READ_ONLY;
    }
    if ((flags & PAGE_EXECUTE) == 0) {
        attributes |= pte_uxn;
    }
    return attributes;
}

int arch_space_map(paddr_t root, vaddr_t vaddr, paddr_t paddr, unsigned flags,
                   struct account *account)
{
    uint64_t *entry;
    int error = make_entry(root, vaddr, account, &entry);
    if (error != OK) {
        return error;
    }
    if (*entry != 0) {
        return E_EXISTS;
    }
    /* --- committed --- */
    *entry = paddr | user_attributes(flags);
    CPU_DO("dsb ishst"); /* before the eret; an invalid entry is never cached */
    return OK;
}

bool arch_space_unmap(paddr_t root, vaddr_t vaddr, unsigned asid)
{
    uint64_t *entry = find_entry(root, vaddr);
    if (entry == NULL || *entry == 0) {
        return false;
    }
    *entry = 0;
    CPU_DO("dsb ishst");
    if (asid != 0) {
        uint64_t operand = (uint64_t)asid << 48 | vaddr >> PAGE_SHIFT;
        __asm__ volatile("tlbi vae1is, %0" ::"r"(operand) : "memory");
        CPU_DO("dsb ish\n\tisb");
    }
    return true;
}

/* Index of the first entry in use from `from` on, or `count`. Eight at a time: it looks at up to
 * 512, and a step at several tables. */
static unsigned find_used(const uint64_t *table, unsigned from, unsigned count)
{
    for (unsigned i = from; i < count;) {
        if (i % 8 == 0) {
            const uint64_t *e = &table[i];
            if ((e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7]) == 0) {
                i += 8;
                continue;
            }
        }
        if (table[i] != 0) {
            return i;
        }
        i++;
    }
    return count;
}

static void free_table(uint64_t *entry, struct account *account)
{
    paddr_t page = *entry & pte_address;
    *entry = 0;
    account_give_page(account, page);
}

unsigned arch_space_free_tables(paddr_t root, unsigned limit, struct account *account)
{
    uint64_t *top = table_at(root);
    unsigned freed = 0;
    unsigned i = 0;
    while (freed < limit && (i = find_used(top, i, USER_ROOT_ENTRIES)) < USER_ROOT_ENTRIES) {
        uint64_t *middle = table_at(top[i] & pte_address);
        unsigned j = 0;
        while (freed < limit && (j = find_used(middle, j, ENTRIES)) < ENTRIES) {
            free_table(&middle[j], account);
            freed++;
        }
        if (freed < limit) {
            free_table(&top[i], account);
            freed++;
        }
    }
    return freed;
}

uint64_t arch_space_register(paddr_t root, unsigned asid)
{
    return root | (uint64_t)asid << 48;
}

/* --- TLB and caches ------------------------------------------------------------------------- */

unsigned arch_asid_count(void)
{
    bool is_large = (SYSREG_READ(id_aa64mmfr0_el1) >> ASID_BITS_SHIFT & 1) != 0;
    return is_large ? ASID_COUNT_LARGE : ASID_COUNT_SMALL;
}

void arch_tlb_flush_all(void)
{
    CPU_DO("dsb ishst\n\ttlbi vmalle1is\n\tdsb ish\n\tisb");
}

void arch_icache_sync(const void *start, size_t bytes)
{
    uint64_t line_bytes = 4ull << (SYSREG_READ(ctr_el0) >> 16 & 0xf); /* DminLine */
    uint64_t end = (uint64_t)start + bytes;
    for (uint64_t line = align_down((uint64_t)start, line_bytes); line < end; line += line_bytes) {
        __asm__ volatile("dc cvau, %0" ::"r"(line) : "memory");
    }
    CPU_DO("dsb ish\n\tic ialluis\n\tdsb ish\n\tisb");
}

void arch_zero_page(void *page)
{
    enum { DCZID_DZP = 1 << 4 };
    uint64_t dczid = SYSREG_READ(dczid_el0);
    uint64_t block_bytes = 4ull << (dczid & 0xf); /* 16 to 2,048 */
    uint64_t at = (uint64_t)page;
    uint64_t end = at + PAGE_BYTES;
    if ((dczid & DCZID_DZP) == 0) {
        for (; at < end; at += block_bytes) {
            __asm__ volatile("dc zva, %0" ::"r"(at) : "memory");
        }
    }
    for (; at < end; at += 16) {
        __asm__ volatile("stp xzr, xzr, [%0]" ::"r"(at) : "memory");
    }
}
