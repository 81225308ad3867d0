/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sv39 page tables: the kernel's own map, and the user half of every space.
 *
 * The upper half of every root is a copy of the kernel's, whose lower tables never change after
 * arch_kernel_map; so a trap needs no switch, and a space is its lower half. Tables are read and
 * written through the linear map. Accessed and dirty are always set: the CPU may insist.
 *
 * [RISC-V priv §4.3, §4.4]
 */
#include "riscv.h"

#include "account.h"
#include "page.h"
#include "print.h"

enum {
    PTE_VALID = 1 << 0,
    PTE_READ = 1 << 1,
    PTE_WRITE = 1 << 2,
    PTE_EXECUTE = 1 << 3,
    PTE_USER = 1 << 4,
    PTE_GLOBAL = 1 << 5,
    PTE_ACCESSED = 1 << 6,
    PTE_DIRTY = 1 << 7,
    PTE_LEAF = PTE_READ | PTE_WRITE | PTE_EXECUTE, /* none of them: a table */
    PTE_PAGE_SHIFT = 10,

    TABLE_SHIFT = 9,
    TABLE_ENTRIES = 1 << TABLE_SHIFT,
    ROOT_LEVEL = 2,
    USER_ENTRIES = TABLE_ENTRIES / 2, /* of the root */

    SATP_ASID_SHIFT = 44,
    SATP_ASID_MASK = 0xffff,
};

#define SATP_SV39      (8ull << 60)
#define SATP_PAGE_MASK ((1ull << SATP_ASID_SHIFT) - 1)
#define PTE_PAGE_MASK  0x3ffffffffffc00ull

/* The image [linker.ld]. */
extern uint8_t kernel_start[];
extern uint8_t text_end[];
extern uint8_t rodata_end[];
extern uint8_t kernel_end[];

uint64_t arch_kernel_space;
bool arch_space_is_untagged;

static paddr_t kernel_root;
static unsigned asid_count;

static uint64_t *table_at(paddr_t table)
{
    return (uint64_t *)(KERNEL_BASE + table);
}

static paddr_t pte_page(uint64_t pte)
{
    return (pte & PTE_PAGE_MASK) >> PTE_PAGE_SHIFT << PAGE_SHIFT;
}

static uint64_t pte_make(paddr_t paddr, unsigned bits)
{
    return paddr >> PAGE_SHIFT << PTE_PAGE_SHIFT | bits | PTE_VALID;
}

static bool pte_is_table(uint64_t pte)
{
    return (pte & (PTE_VALID | PTE_LEAF)) == PTE_VALID;
}

static uint64_t level_bytes(unsigned level)
{
    return 1ull << (PAGE_SHIFT + level * TABLE_SHIFT);
}

static uint64_t *entry_of(paddr_t table, unsigned level, vaddr_t vaddr)
{
    return &table_at(table)[vaddr / level_bytes(level) % TABLE_ENTRIES];
}

/* --- the kernel's map ------------------------------------------------------------------------ */

/* Map one block of `level` at its place in the linear map; boot only, panics without memory. */
static void map_kernel_block(paddr_t paddr, unsigned level, unsigned bits)
{
    vaddr_t vaddr = KERNEL_BASE + paddr;
    paddr_t table = kernel_root;
    for (unsigned at = ROOT_LEVEL; at > level; at--) {
        uint64_t *entry = entry_of(table, at, vaddr);
        if (*entry == 0) {
            paddr_t page = page_alloc();
            KASSERT(page != 0);
            arch_zero_page(table_at(page));
            *entry = pte_make(page, PTE_GLOBAL);
        }
        KASSERT(pte_is_table(*entry));
        table = pte_page(*entry);
    }
    uint64_t *entry = entry_of(table, level, vaddr);
    uint64_t leaf = pte_make(paddr, bits | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY);
    if (*entry != 0 && *entry != leaf) {
        panic(NULL, "the device tree has a device in memory at 0x%lx", paddr);
    }
    *entry = leaf;
}

/* Map [base, end), both page aligned, with the largest blocks that fit. */
static void map_kernel_range(paddr_t base, paddr_t end, unsigned bits)
{
    while (base < end) {
        unsigned level = ROOT_LEVEL;
        while (base % level_bytes(level) != 0 || end - base < level_bytes(level)) {
            level--; /* level 0 always fits */
        }
        map_kernel_block(base, level, bits);
        base += level_bytes(level);
    }
}

static paddr_t page_floor(paddr_t paddr)
{
    return paddr & ~(paddr_t)(PAGE_BYTES - 1);
}

static paddr_t physical(const uint8_t *symbol)
{
    return (uint64_t)symbol - KERNEL_BASE;
}

/* RAM around the image, and the image with the rights of its parts. */
static void map_ram(const struct machine *machine)
{
    const unsigned data = PTE_READ | PTE_WRITE;
    paddr_t base = page_floor(machine->ram.base + PAGE_BYTES - 1);
    paddr_t end = page_floor(machine->ram.base + machine->ram.bytes);
    KASSERT(base <= physical(kernel_start) && physical(kernel_end) <= end);

    map_kernel_range(base, physical(kernel_start), data);
    map_kernel_range(physical(kernel_start), physical(text_end), PTE_READ | PTE_EXECUTE);
    map_kernel_range(physical(text_end), physical(rodata_end), PTE_READ);
    map_kernel_range(physical(rodata_end), physical(stack_guard), data);
    map_kernel_range(physical(stack_guard) + PAGE_BYTES, end, data);
}

/* Two devices may share a page. */
static void map_windows(void)
{
    unsigned count;
    const struct fdt_range *windows = platform_windows(&count);
    for (unsigned i = 0; i < count; i++) {
        paddr_t base = page_floor(windows[i].base);
        paddr_t end = page_floor(windows[i].base + windows[i].bytes + PAGE_BYTES - 1);
        map_kernel_range(base, end, PTE_READ | PTE_WRITE);
    }
}

/* Switch to the kernel's own space, and see how many ASID bits stay set. */
static void switch_and_count_asids(void)
{
    uint64_t satp;
    arch_kernel_space = arch_space_register(kernel_root, 0);
    __asm__ volatile("csrw satp, %0" ::"r"(arch_space_register(kernel_root, SATP_ASID_MASK))
                     : "memory");
    __asm__ volatile("csrr %0, satp" : "=r"(satp));
    __asm__ volatile("csrw satp, %0\n\tsfence.vma" ::"r"(arch_kernel_space) : "memory");
    uint64_t asid_max = satp >> SATP_ASID_SHIFT & SATP_ASID_MASK;
    asid_count = asid_max == 0 ? 0 : (unsigned)asid_max + 1;
    arch_space_is_untagged = asid_count == 0;
}

void arch_kernel_map(const struct machine *machine)
{
    kernel_root = page_alloc();
    KASSERT(kernel_root != 0);
    arch_zero_page(table_at(kernel_root));
    map_ram(machine);
    map_windows();
    switch_and_count_asids();
}

/* --- user spaces ------------------------------------------------------------------------------ */

void arch_space_init(paddr_t root)
{
    const uint64_t *from = table_at(kernel_root);
    uint64_t *to = table_at(root);
    for (unsigned i = USER_ENTRIES; i < TABLE_ENTRIES; i++) {
        to[i] = from[i];
    }
}

static unsigned user_bits(unsigned flags)
{
    unsigned bits = PTE_USER | PTE_ACCESSED | PTE_DIRTY;
    if ((flags & (PAGE_READ | PAGE_WRITE)) != 0) {
        bits |= PTE_READ; /* writable and not readable is reserved */
    }
    if ((flags & PAGE_WRITE) != 0) {
        bits |= PTE_WRITE;
    }
    if ((flags & PAGE_EXECUTE) != 0) {
        bits |= PTE_EXECUTE;
    }
    return bits;
}

/* The last-level entry of `vaddr`, or NULL where a table is missing. */
static uint64_t *find_entry(paddr_t root, vaddr_t vaddr)
{
    paddr_t table = root;
    for (unsigned level = ROOT_LEVEL; level > 0; level--) {
        uint64_t entry = *entry_of(table, level, vaddr);
        if (entry == 0) {
            return NULL;
        }
        table = pte_page(entry);
    }
    return entry_of(table, 0, vaddr);
}

int arch_space_map(paddr_t root, vaddr_t vaddr, paddr_t paddr, unsigned flags,
                   struct account *account)
{
    KASSERT(vaddr < USER_END);
    paddr_t table = root;
    for (unsigned level = ROOT_LEVEL; level > 0; level--) {
        uint64_t *entry = entry_of(table, level, vaddr);
        if (*entry == 0) {
            paddr_t page;
            int error = account_take_page(account, &page);
            if (error != OK) {
                return error;
            }
            *entry = pte_make(page, 0);
        }
        table = pte_page(*entry);
    }
    uint64_t *entry = entry_of(table, 0, vaddr);
    if (*entry != 0) {
        return E_EXISTS;
    }
    *entry = pte_make(paddr, user_bits(flags)); /* no fence: see pagetable_is_stale */
    return OK;
}

bool arch_space_unmap(paddr_t root, vaddr_t vaddr, unsigned asid)
{
    KASSERT(vaddr < USER_END);
    uint64_t *entry = find_entry(root, vaddr);
    if (entry == NULL || *entry == 0) {
        return false;
    }
    *entry = 0;
    if (asid != 0) {
        __asm__ volatile("sfence.vma %0, %1" ::"r"(vaddr), "r"((uint64_t)asid) : "memory");
    } else if (arch_space_is_untagged) {
        __asm__ volatile("sfence.vma %0, zero" ::"r"(vaddr) : "memory");
    }
    return true;
}

/* The first entry in use at or behind `from`, or `count`, a multiple of 4. */
static unsigned find_used(const uint64_t *table, unsigned from, unsigned count)
{
    unsigned i = from & ~3u;
    while (i < count && (table[i] | table[i + 1] | table[i + 2] | table[i + 3]) == 0) {
        i += 4;
    }
    i = i < from ? from : i;
    while (i < count && table[i] == 0) {
        i++;
    }
    return i;
}

/* A call looks at each entry of the root and of the middle tables it empties at most twice. */
unsigned arch_space_free_tables(paddr_t root, unsigned limit, struct account *account)
{
    uint64_t *top = table_at(root);
    unsigned freed = 0;
    for (unsigned i = find_used(top, 0, USER_ENTRIES); i < USER_ENTRIES;
         i = find_used(top, i + 1, USER_ENTRIES)) {
        uint64_t *middle = table_at(pte_page(top[i]));
        for (unsigned k = find_used(middle, 0, TABLE_ENTRIES); k < TABLE_ENTRIES && freed < limit;
             k = find_used(middle, k + 1, TABLE_ENTRIES)) {
            account_give_page(account, pte_page(middle[k]));
            middle[k] = 0;
            freed++;
        }
        if (freed == limit) {
            break;
        }
        account_give_page(account, pte_page(top[i]));
        top[i] = 0;
        freed++;
    }
    return freed;
}

uint64_t arch_space_register(paddr_t root, unsigned asid)
{
    return SATP_SV39 | (uint64_t)asid << SATP_ASID_SHIFT | root >> PAGE_SHIFT;
}

unsigned arch_asid_count(void)
{
    return asid_count;
}

/* The kernel's global translations go too; there is no fence that spares them. */
void arch_tlb_flush_all(void)
{
    __asm__ volatile("sfence.vma" ::: "memory");
}

bool pagetable_is_stale(vaddr_t vaddr, uint64_t cause)
{
    unsigned needed = PTE_VALID | PTE_USER;
    switch (cause) {
    case CAUSE_FETCH_PAGE:
        needed |= PTE_EXECUTE;
        break;
    case CAUSE_LOAD_PAGE:
        needed |= PTE_READ;
        break;
    case CAUSE_STORE_PAGE:
        needed |= PTE_WRITE;
        break;
    default:
        return false;
    }
    uint64_t satp;
    __asm__ volatile("csrr %0, satp" : "=r"(satp));
    const uint64_t *entry =
        vaddr < USER_END ? find_entry((satp & SATP_PAGE_MASK) << PAGE_SHIFT, vaddr) : NULL;
    if (entry == NULL || (*entry & needed) != needed) {
        return false;
    }
    __asm__ volatile("sfence.vma %0, zero" ::"r"(vaddr) : "memory");
    return true;
}

/* --- memory ---------------------------------------------------------------------------------- */

void arch_icache_sync(const void *start, size_t bytes)
{
    (void)start; /* the one instruction there is covers everything */
    (void)bytes;
    __asm__ volatile("fence.i" ::: "memory");
}

void arch_zero_page(void *page)
{
    uint64_t *words = page;
    for (unsigned i = 0; i < PAGE_BYTES / sizeof(*words); i += 8) {
        words[i] = 0;
        words[i + 1] = 0;
        words[i + 2] = 0;
        words[i + 3] = 0;
        words[i + 4] = 0;
        words[i + 5] = 0;
        words[i + 6] = 0;
        words[i + 7] = 0;
    }
}
