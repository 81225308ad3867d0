/* SPDX-License-Identifier: BSD-2-Clause */
#include "fake_cpu.h"

#include "boot.h"
#include "fake_memory.h"
#include "page.h"
#include "pagetable.h"
#include "print.h"
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>
#include <string.h>

struct fake_cpu fake_cpu;
const struct task *boot_init_task; /* none: every fault has a supervisor, or stops its thread */
uint8_t fake_facts_page[PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));

void fake_cpu_reset(void)
{
    fake_cpu = (struct fake_cpu){.timer = DEADLINE_FOREVER, .now = 1000};
}

static void work(unsigned units)
{
    fake_cpu.work += units;
    if (fake_cpu.work > fake_cpu.work_most) {
        fake_cpu.work_most = fake_cpu.work;
    }
    REQUIRE(fake_cpu.work <= FAKE_WORK_MAX); /* T4 */
}

/* --- time and interrupts ---------------------------------------------------------------------- */

ticks_t arch_now(void)
{
    fake_cpu.now += fake_cpu.per_read;
    return fake_cpu.now;
}

uint64_t arch_counter_hz(void)
{
    return FAKE_HZ;
}

void arch_timer_set(ticks_t deadline)
{
    fake_cpu.timer = deadline;
}

bool arch_timer_is_pending(void)
{
    return fake_cpu.timer <= fake_cpu.now;
}

void fake_raise(unsigned line)
{
    fake_cpu.is_pending[line] = true;
}

static unsigned pending_line(void)
{
    for (unsigned line = 1; line < FAKE_LINES; line++) {
        if (fake_cpu.is_pending[line] && fake_cpu.is_unmasked[line]) {
            return line;
        }
    }
    return 0;
}

bool fake_line_is_pending(void)
{
    return pending_line() != 0;
}

bool arch_irq_is_pending(void)
{
    fake_cpu.work = 0;
    fake_cpu.polls++;
    if (fake_cpu.polls_left > 0 && --fake_cpu.polls_left == 0) {
        fake_raise(fake_cpu.late_line);
    }
    return pending_line() != 0 || arch_timer_is_pending();
}

bool arch_irq_is_valid(unsigned line)
{
    return line > 0 && line < FAKE_LINES;
}

void arch_irq_mask(unsigned line)
{
    REQUIRE(arch_irq_is_valid(line));
    fake_cpu.is_unmasked[line] = false;
}

void arch_irq_unmask(unsigned line)
{
    REQUIRE(arch_irq_is_valid(line));
    fake_cpu.is_unmasked[line] = true;
}

unsigned arch_irq_take(void)
{
    unsigned line = pending_line();
    if (line != 0) {
        fake_cpu.is_pending[line] = false;
        fake_cpu.is_unmasked[line] = false;
    }
    return line;
}

void arch_idle(void)
{
    fake_cpu.work = 0;
    if (pending_line() != 0) {
        return;
    }
    if (fake_cpu.timer == DEADLINE_FOREVER) {
        REQUIRE(fake_cpu.stuck != NULL);
        longjmp(*fake_cpu.stuck, 1);
    }
    if (fake_cpu.timer > fake_cpu.now) {
        fake_cpu.now = fake_cpu.timer;
    }
}

/* --- page tables ------------------------------------------------------------------------------ */

enum { ENTRIES = PAGE_BYTES / 8 };

/* Linker symbols of the image [linker.ld]. */
uint8_t kernel_start[1], text_end[1], rodata_end[1], stack_guard[1], kernel_end[1];

void arch_kernel_switch(paddr_t root)
{
    (void)root;
}

void arch_space_init(paddr_t root)
{
    const uint64_t *entries = kernel_pointer(root);
    for (unsigned i = 0; i < ENTRIES; i++) {
        REQUIRE(entries[i] == 0);
    }
}

void arch_entry_set(uint64_t *entry, uint64_t value)
{
    unsigned flags = (unsigned)(value >> ENTRY_FLAGS_SHIFT) & ENTRY_FLAGS_MASK;
    REQUIRE(*entry == 0 && (value & ENTRY_VALID) != 0);
    REQUIRE((flags & PAGE_WRITE) == 0 || (flags & PAGE_EXECUTE) == 0); /* T1 */
    REQUIRE(flags == 0 || (flags & PAGE_READ) != 0);
    REQUIRE(!fake_page_is_free(arch_entry_address(value)));
    work(1);
    *entry = value;
}

void arch_tlb_flush_page(vaddr_t vaddr, unsigned asid)
{
    work(1);
    for (unsigned i = 0; i < FAKE_TLB; i++) {
        struct fake_translation *known = &fake_cpu.tlb[i];
        if (known->asid == asid && known->vaddr == vaddr) {
            known->entry = 0;
        }
    }
}

/* The table that entry `i` of `table` leads to; NULL when there is none. */
static const uint64_t *table_below(const uint64_t *table, uint64_t i)
{
    return table[i] == 0 ? NULL : kernel_pointer(arch_entry_address(table[i]));
}

static uint64_t entry_of(paddr_t root, vaddr_t vaddr)
{
    const uint64_t *middle = table_below(kernel_pointer(root), vaddr >> 30 & (ENTRIES - 1));
    const uint64_t *leaves =
        middle == NULL ? NULL : table_below(middle, vaddr >> 21 & (ENTRIES - 1));
    return leaves == NULL ? 0 : leaves[vaddr >> PAGE_SHIFT & (ENTRIES - 1)];
}

bool fake_walk(paddr_t root, vaddr_t vaddr, paddr_t *page, unsigned *flags)
{
    uint64_t entry = entry_of(root, vaddr);
    *page = arch_entry_address(entry);
    *flags = (unsigned)(entry >> ENTRY_FLAGS_SHIFT) & ENTRY_FLAGS_MASK;
    return entry != 0;
}

static void count(paddr_t root, unsigned *tables, uint64_t *pages)
{
    const uint64_t *top = kernel_pointer(root);
    for (unsigned i = 0; i < ENTRIES; i++) {
        const uint64_t *middle = table_below(top, i);
        *tables += middle != NULL;
        for (unsigned j = 0; middle != NULL && j < ENTRIES; j++) {
            const uint64_t *leaves = table_below(middle, j);
            *tables += leaves != NULL;
            for (unsigned k = 0; leaves != NULL && k < ENTRIES; k++) {
                *pages += leaves[k] != 0;
            }
        }
    }
}

unsigned fake_count_tables(paddr_t root)
{
    unsigned tables = 0;
    uint64_t pages = 0;
    count(root, &tables, &pages);
    return tables;
}

uint64_t fake_count_pages(paddr_t root)
{
    unsigned tables = 0;
    uint64_t pages = 0;
    count(root, &tables, &pages);
    return pages;
}

/* --- translations that the CPU remembers ------------------------------------------------------ */

unsigned arch_asid_count(void)
{
    return fake_cpu.asids;
}

void arch_tlb_flush_all(void)
{
    memset(fake_cpu.tlb, 0, sizeof(fake_cpu.tlb));
}

uint64_t arch_space_register(paddr_t root, unsigned asid)
{
    REQUIRE(fake_cpu.asids == 0 || (asid > 0 && asid < fake_cpu.asids));
    return root | asid;
}

void arch_space_switch(uint64_t space_register)
{
    fake_cpu.space = space_register;
    if (fake_cpu.asids == 0) {
        arch_tlb_flush_all();
    }
}

bool fake_access(vaddr_t vaddr)
{
    uint64_t asid = fake_cpu.space % PAGE_BYTES;
    uint64_t entry = entry_of(fake_cpu.space - asid, vaddr);
    for (unsigned i = 0; i < FAKE_TLB; i++) {
        const struct fake_translation *known = &fake_cpu.tlb[i];
        if (known->entry != 0 && known->asid == asid && known->vaddr == vaddr) {
            REQUIRE(known->entry == entry); /* T2 */
            return true;
        }
    }
    if (entry != 0) {
        fake_cpu.tlb[fake_cpu.tlb_next++ % FAKE_TLB] =
            (struct fake_translation){asid, vaddr, entry};
    }
    return entry != 0;
}

void arch_icache_sync(const void *start, size_t bytes)
{
    REQUIRE(start != NULL && bytes == PAGE_BYTES);
    work(1);
}

void arch_zero_page(void *page)
{
    work(1);
    memset(page, 0, PAGE_BYTES);
}

/* --- FP --------------------------------------------------------------------------------------- */

void arch_fp_save(void *state)
{
    REQUIRE(fake_cpu.is_fp_on);
    memcpy(state, fake_cpu.fp, FAKE_FP_BYTES);
}

void arch_fp_restore(const void *state)
{
    REQUIRE(fake_cpu.is_fp_on);
    memcpy(fake_cpu.fp, state, FAKE_FP_BYTES);
}

void arch_fp_enable(bool on)
{
    fake_cpu.is_fp_on = on;
}

bool arch_fp_is_enabled(void)
{
    return fake_cpu.is_fp_on;
}

/* --- the end of the machine, lines ------------------------------------------------------------ */

void arch_power_off(unsigned code)
{
    fake_cpu.power_code = code;
    fake_cpu.is_off = true;
    REQUIRE(fake_cpu.stuck != NULL);
    longjmp(*fake_cpu.stuck, 1);
}

void arch_reset(void)
{
    arch_power_off(0);
}

paddr_t boot_facts_page(void)
{
    return kernel_physical(fake_facts_page);
}

void print_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fake_cpu.line, sizeof(fake_cpu.line), format, arguments);
    va_end(arguments);
}

void print_bytes(const char *bytes, size_t count)
{
    REQUIRE(count < sizeof(fake_cpu.line));
    memcpy(fake_cpu.line, bytes, count);
    fake_cpu.line[count] = '\0';
}

void panic(const struct kernel_trap *trap, const char *format, ...)
{
    va_list arguments;
    (void)trap;
    va_start(arguments, format);
    vsnprintf(fake_cpu.line, sizeof(fake_cpu.line), format, arguments);
    va_end(arguments);
    if (fake_cpu.panicked != NULL) {
        longjmp(*fake_cpu.panicked, 1);
    }
    fprintf(stderr, "KERNEL PANIC: %s\n", fake_cpu.line);
    abort();
}

void panic_assert(const char *file, int line)
{
    panic(NULL, "assertion failed at %s:%d", file, line);
}
