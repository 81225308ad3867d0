/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From power-on to the first instruction of init: read the tree, take RAM, map the kernel, make
 * one task with handles to everything that is left.
 *
 * Nothing here fails softly: a machine that lacks something says so in one line and stops.
 */
#include "account.h"
#include "boot.h"
#include "console.h"
#include "machine.h"
#include "mapping.h"
#include "page.h"
#include "pagetable.h"
#include "print.h"
#include "sched.h"
#include "task.h"
#include <base/bundle.h>
#include <base/bytes.h>
#include <base/mem.h>

enum {
    INIT_PRIORITY = PRIORITY_LEVELS - 1,
    INIT_HANDLE_SLOTS = 1024,
    TREE_BYTES_MAX = 1 << 20,
};

extern char kernel_end[];
extern char bundle_start[];
extern char bundle_end[];
extern char stack_top[];

static union {
    struct boot_facts facts;
    uint8_t page[PAGE_BYTES];
} boot_page __attribute__((aligned(PAGE_BYTES)));

const struct task *boot_init_task;

paddr_t boot_facts_page(void)
{
    return kernel_physical(&boot_page);
}

/* --- RAM ------------------------------------------------------------------------------------ */

/* Kept: what the tree reserves, everything up to the end of the kernel that is firmware's or ours,
 * and the bitmap behind it. */
static void take_ram(void)
{
    const struct machine *machine = &boot_machine;
    uint64_t pages = machine->ram.bytes >> PAGE_SHIFT;
    paddr_t end = kernel_physical(kernel_end) + page_bitmap_bytes(pages);
    page_init(machine->ram.base, pages, kernel_end);
    page_keep_range(machine->ram.base, end - machine->ram.base);
    for (unsigned i = 0; i < machine->reserved.count; i++) {
        page_keep_range(machine->reserved.at[i].base, machine->reserved.at[i].bytes);
    }
}

/* --- init ----------------------------------------------------------------------------------- */

static void must(int error, const char *what)
{
    if (error != OK) {
        panic(NULL, "boot: %s failed (error %d)", what, error);
    }
}

static handle_t give(struct task *init, struct object *object, unsigned rights)
{
    handle_t handle = HANDLE_NONE;
    must(handle_insert(&init->table, object, rights, 0, &handle), "a handle for init");
    return handle;
}

static void map(struct task *init, handle_t memory, vaddr_t vaddr, uint64_t offset, uint64_t pages,
                unsigned rights)
{
    struct mapping *mapping;
    struct mapping wanted = {
        .task = init, .vaddr = vaddr, .offset = offset, .pages = pages, .rights = rights};
    must(mapping_create(handle_find(&init->table, memory), &wanted, &mapping), "mapping init");
    int error;
    do {
        error = mapping_build_step(mapping);
    } while (error == E_AGAIN);
    must(error, "mapping init");
}

/* An object that the root account pays for. */
static void *make(enum object_type type)
{
    struct object *object;
    must(object_create(&account_root, type, &object), "an object for init");
    return object;
}

static uint64_t pages_of(uint64_t bytes)
{
    return (bytes + PAGE_BYTES - 1) >> PAGE_SHIFT;
}

/* What is written is copied to memory whose owner handle comes behind the documented ones. */
static void load_segment(struct task *init, handle_t bundle, const struct bundle_segment *segment)
{
    if ((segment->flags & BUNDLE_WRITE) == 0) {
        unsigned rights =
            RIGHT_READ | ((segment->flags & BUNDLE_EXECUTE) != 0 ? RIGHT_EXECUTE : 0u);
        map(init, bundle, segment->vaddr, segment->offset >> PAGE_SHIFT,
            pages_of(segment->file_bytes), rights);
        return;
    }
    struct memory *memory = make(OBJECT_MEMORY);
    must(memory_init(memory, pages_of(segment->mem_bytes), true), "memory for init");
    int error;
    do {
        error = memory_build_step(memory);
    } while (error == E_AGAIN);
    must(error, "memory for init");
    memcpy(kernel_pointer(memory_page(memory, 0)), bundle_start + segment->offset,
           segment->file_bytes);
    map(init, give(init, &memory->object, RIGHTS_ALL), segment->vaddr, 0, memory->pages,
        RIGHT_READ | RIGHT_WRITE);
}

/* Every program but init is only bytes to the kernel. */
static void find_init(struct bundle_program *program)
{
    struct bundle bundle;
    if (bundle_open(bundle_start, (size_t)(bundle_end - bundle_start), &bundle) != OK) {
        panic(NULL, "boot: the program bundle is broken");
    }
    if (bundle_find(&bundle, "init", program) != OK) {
        panic(NULL, "boot: the program bundle has no init");
    }
    if (bundle_check(&bundle, program) != OK) {
        panic(NULL, "boot: the image of init is corrupt");
    }
}

static struct object *boot_memory(paddr_t base, uint64_t bytes)
{
    struct memory *memory = make(OBJECT_MEMORY);
    paddr_t first = align_down(base, PAGE_BYTES);
    memory_init_boot(memory, first, pages_of(base + bytes - first));
    return &memory->object;
}

/* In the order of enum boot_handle. */
static handle_t give_boot_handles(struct task *init, struct thread *thread, struct fdt_range tree)
{
    struct object *bundle =
        boot_memory(kernel_physical(bundle_start), (uint64_t)(bundle_end - bundle_start));
    unsigned lasting = RIGHTS_ALL & ~(unsigned)RIGHT_MANAGE; /* nobody ends these two */
    give(init, &account_root.object, lasting);
    give(init, &init->object, RIGHTS_ALL);
    give(init, &thread->object, RIGHTS_ALL);
    give(init, &kernel_system.object, lasting);
    handle_t handle =
        give(init, bundle, RIGHT_READ | RIGHT_EXECUTE | RIGHT_MAP | RIGHT_GRANT | RIGHT_MANAGE);
    give(init, boot_memory(tree.base, tree.bytes),
         RIGHT_READ | RIGHT_WRITE | RIGHT_MAP | RIGHT_GRANT | RIGHT_MANAGE);
    return handle;
}

static void start_init(struct fdt_range tree)
{
    struct bundle_program program;
    struct task *init = make(OBJECT_TASK);
    struct thread *thread = make(OBJECT_THREAD);
    uint64_t search = 0;

    find_init(&program);
    must(task_init(init, INIT_HANDLE_SLOTS, &search), "init's task");
    must(thread_init(thread, init, INIT_PRIORITY), "init's thread");
    boot_init_task = init;
    handle_t bundle = give_boot_handles(init, thread, tree);
    for (uint32_t i = 0; i < program.segment_count; i++) {
        load_segment(init, bundle, &program.segments[i]);
    }
    *arch_frame_register(&thread->frame, 0) = program.entry;
    thread_wake(thread);
}

/* --- the table of contents ------------------------------------------------------------------ */

static void fill_facts(struct fdt_range tree, ticks_t boot_ticks)
{
    boot_page.facts = (struct boot_facts){
        .counter_hz = arch_counter_hz(),
        .boot_ticks = boot_ticks,
        .ram_bytes = boot_machine.ram.bytes,
        .kernel_bytes = (uint64_t)(kernel_end - (char *)kernel_pointer(KERNEL_PHYS_BASE)),
        .fdt_offset = tree.base & (PAGE_BYTES - 1),
        .fdt_bytes = tree.bytes,
        .bundle_bytes = (uint64_t)(bundle_end - bundle_start),
        .cpus = boot_machine.cpus,
    };
}

struct thread *kernel_main(const void *tree_pointer)
{
    struct fdt tree;
    ticks_t boot_ticks = arch_now();
    paddr_t tree_base = kernel_physical(tree_pointer);

    if (fdt_open(tree_pointer, TREE_BYTES_MAX, &tree) != OK) {
        panic(NULL, "boot: no valid device tree at 0x%lx", tree_base);
    }
    console_init(&tree);
    must(machine_read(&tree, tree_base, &boot_machine), "reading the device tree");
    must(arch_machine_init(&tree), "finding interrupt controller and clock");
    struct fdt_range range = {tree_base, tree.total_bytes};
    take_ram();
    account_root_init(kernel_system.free_pages);
    pagetable_map_kernel(&boot_machine);
    fill_facts(range, boot_ticks);
    sched_init(&boot_cpu, stack_top);
    arch_irq_init();
    print_line("%lu MiB RAM, %lu free pages, %u cpu%s, 1 used", boot_machine.ram.bytes >> 20,
               kernel_system.free_pages, boot_machine.cpus, boot_machine.cpus == 1 ? "" : "s");
    start_init(range);
    return sched_resume(&boot_cpu);
}
