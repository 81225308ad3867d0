/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Faults: each kind arrives at the supervisor as a message, and the thread waits for the verdict.
 */
#include "actors.h"
#include "machine.h"

#include <wherry/startup.h>

enum { FAULT_BADGE = 77, READ_ONLY_WORD = 5 };

#define UNMAPPED_VADDR 0x50000000ull
#define MENDED_VADDR   (TEST_VADDR + TEST_PAGES / 2 * PAGE_BYTES) /* clear of a child's segments */
#define ANY            1ull /* an address or program counter that the CPU or compiler chooses */

/* --- a supervised child --------------------------------------------------------------------- */

struct patient {
    struct child child;
    handle_t endpoint;
};

static bool patient_open(struct patient *patient, void (*entry)(uint64_t a, uint64_t b), uint64_t a,
                         uint64_t b)
{
    patient->endpoint = new_endpoint();
    return child_create(&patient->child, PRIORITY_SELFTEST - 1) &&
           sys_task_supervise(patient->child.task, patient->endpoint, FAULT_BADGE).status == OK &&
           child_start(&patient->child, entry, a, b);
}

static void patient_close(struct patient *patient)
{
    child_end(&patient->child);
    sys_handle_close(patient->endpoint);
}

/* Answers the fault before, if there is one, with `action`, and takes the next. */
static int next_fault(const struct patient *patient, uint64_t action, ticks_t deadline,
                      struct message *m)
{
    *m = (struct message){.words = {action}};
    return ipc_reply_wait(patient->endpoint, m, deadline);
}

/* One fault of `entry`: its message is as it should be, FAULT_STOP leaves the thread stopped. */
static void expect_fault(void (*entry)(uint64_t a, uint64_t b), uint64_t argument,
                         enum fault_kind kind, uint64_t address, uint64_t pc)
{
    struct patient patient;
    struct message m;
    CHECK(patient_open(&patient, entry, argument, 0));
    CHECK(next_fault(&patient, 0, in_ms(2000), &m) == OK);
    CHECK(m.badge == FAULT_BADGE && m.words[0] == IPC_LABEL_FAULT);
    CHECK(m.words[1] == kind);
    CHECK(address == ANY || m.words[2] == address);
    CHECK(pc == ANY ? m.words[3] != 0 : m.words[3] == pc);
    CHECK(m.words[5] != 0);
    CHECK(info(patient.child.thread, INFO_THREAD_STATE) == THREAD_FAULTED);
    CHECK(next_fault(&patient, FAULT_STOP, 0, &m) == E_TIMEOUT);
    CHECK(info(patient.child.thread, INFO_THREAD_STATE) == THREAD_STOPPED);
    patient_close(&patient);
}

/* --- what children do wrong ----------------------------------------------------------------- */

static void read_at(uint64_t address, uint64_t unused)
{
    (void)unused;
    (void)*(volatile uint64_t *)address;
    child_rest();
}

static void write_at(uint64_t address, uint64_t value)
{
    *(volatile uint64_t *)address = value;
    child_rest();
}

static void jump_to(uint64_t address, uint64_t unused)
{
    (void)unused;
    ((void (*)(void))address)();
    child_rest();
}

static void jump_and_pass(uint64_t function, uint64_t argument)
{
    ((void (*)(uint64_t argument))function)(argument);
    child_rest();
}

/* --- tests ---------------------------------------------------------------------------------- */

static const uint64_t read_only_word = READ_ONLY_WORD;
static uint64_t writable_word;

static void reading_where_nothing_is_faults(void)
{
    expect_fault(read_at, UNMAPPED_VADDR, FAULT_READ, UNMAPPED_VADDR, ANY);
}

static void the_null_page_faults(void)
{
    expect_fault(read_at, 8, FAULT_READ, 8, ANY);
    expect_fault(write_at, 8, FAULT_WRITE, 8, ANY);
    expect_fault(jump_to, 0, FAULT_EXECUTE, 0, 0);
}

static void a_kernel_address_faults(void)
{
    expect_fault(read_at, machine_facts.kernel, FAULT_READ, machine_facts.kernel, ANY);
    expect_fault(write_at, machine_facts.kernel, FAULT_WRITE, machine_facts.kernel, ANY);
}

static void a_device_of_others_faults(void)
{
    expect_fault(read_at, machine_facts.serial, FAULT_READ, machine_facts.serial, ANY);
    expect_fault(read_at, STARTUP_VADDR, FAULT_READ, STARTUP_VADDR, ANY); /* our own pages, too */
}

static void writing_what_is_read_only_faults(void)
{
    expect_fault(write_at, (uintptr_t)&read_only_word, FAULT_WRITE, (uintptr_t)&read_only_word,
                 ANY);
    expect_fault(write_at, BOOT_FACTS_VADDR, FAULT_WRITE, BOOT_FACTS_VADDR, ANY);
    expect_fault(write_at, (uintptr_t)read_at, FAULT_WRITE, (uintptr_t)read_at, ANY);
}

static void executing_data_faults(void)
{
    uintptr_t address = (uintptr_t)&writable_word;
    expect_fault(jump_to, address, FAULT_EXECUTE, address, address);
}

static void illegal_and_privileged_instructions_fault(void)
{
    expect_fault(jump_to, (uintptr_t)machine_illegal, FAULT_INSTRUCTION, ANY,
                 (uintptr_t)machine_illegal);
    expect_fault(jump_to, (uintptr_t)machine_privileged, FAULT_INSTRUCTION, ANY,
                 (uintptr_t)machine_privileged);
}

static void a_breakpoint_faults(void)
{
    expect_fault(jump_to, (uintptr_t)machine_break, FAULT_BREAKPOINT, ANY,
                 (uintptr_t)machine_break);
}

static void a_misaligned_access_faults(void)
{
    struct patient patient;
    struct message m;
    uint64_t address = (uintptr_t)&writable_word + 1;
    CHECK(patient_open(&patient, jump_and_pass, (uintptr_t)machine_misaligned, address));
    CHECK(next_fault(&patient, 0, in_ms(2000), &m) == OK);
    CHECK(m.words[1] == FAULT_ALIGNMENT && m.words[2] == address);
    patient_close(&patient);
}

/* Reads a word that its supervisor maps only when it faults, and shows it by its next fault. */
static void read_and_show(uint64_t address, uint64_t unused)
{
    uint64_t value = *(volatile uint64_t *)address;
    (void)unused;
    *(volatile uint64_t *)(UNMAPPED_VADDR + value) = 0;
    child_rest();
}

static void a_fault_that_is_mended_goes_on(void)
{
    enum { SHOWN = 0x120 };
    struct patient patient;
    struct message m;
    handle_t memory = new_memory(1);
    CHECK(sys_memory_map(own_task(), memory, MENDED_VADDR, 0, 1, RIGHT_READ | RIGHT_WRITE).status ==
          OK);
    *(volatile uint64_t *)MENDED_VADDR = SHOWN;
    CHECK(patient_open(&patient, read_and_show, MENDED_VADDR, 0));
    CHECK(next_fault(&patient, 0, in_ms(2000), &m) == OK && m.words[1] == FAULT_READ);
    CHECK(sys_memory_map(patient.child.task, memory, MENDED_VADDR, 0, 1, RIGHT_READ).status == OK);
    CHECK(next_fault(&patient, FAULT_RESUME, in_ms(2000), &m) == OK);
    CHECK(m.words[1] == FAULT_WRITE && m.words[2] == UNMAPPED_VADDR + SHOWN);
    CHECK(sys_memory_unmap(own_task(), MENDED_VADDR).status == OK);
    patient_close(&patient);
    sys_handle_close(memory);
}

static void a_faulted_thread_waits_for_a_supervisor_that_comes_later(void)
{
    struct patient patient;
    struct message m;
    CHECK(patient_open(&patient, read_at, 8, 0));
    CHECK(wait_for_state(patient.child.thread, THREAD_FAULTED));
    CHECK(info(patient.endpoint, INFO_ENDPOINT_QUEUED) == 1);
    CHECK(sys_thread_read(patient.child.thread, 0).status == OK); /* it may be looked at */
    CHECK(next_fault(&patient, 0, 0, &m) == OK && m.words[1] == FAULT_READ);
    patient_close(&patient);
}

static void the_end_of_the_supervisor_leaves_the_thread_stopped(void)
{
    struct patient patient;
    CHECK(patient_open(&patient, read_at, 8, 0));
    CHECK(wait_for_state(patient.child.thread, THREAD_FAULTED));
    sys_handle_close(patient.endpoint);
    CHECK(info(patient.child.thread, INFO_THREAD_STATE) == THREAD_STOPPED);
    child_end(&patient.child);
}

static void a_fault_nobody_supervises_stops_the_thread(void)
{
    struct child child;
    CHECK(child_create(&child, PRIORITY_SELFTEST - 1));
    CHECK(child_start(&child, read_at, 8, 0));
    CHECK(wait_for_state(child.thread, THREAD_STOPPED));
    child_end(&child);
}

static const struct test tests[] = {
    {"reading where nothing is faults", reading_where_nothing_is_faults},
    {"the null page faults", the_null_page_faults},
    {"a kernel address faults", a_kernel_address_faults},
    {"a device of others faults", a_device_of_others_faults},
    {"writing what is read-only faults", writing_what_is_read_only_faults},
    {"executing data faults", executing_data_faults},
    {"illegal and privileged instructions fault", illegal_and_privileged_instructions_fault},
    {"a breakpoint faults", a_breakpoint_faults},
    {"a misaligned access faults", a_misaligned_access_faults},
    {"a fault that is mended goes on", a_fault_that_is_mended_goes_on},
    {"a faulted thread waits for a supervisor that comes later",
     a_faulted_thread_waits_for_a_supervisor_that_comes_later},
    {"the end of the supervisor leaves the thread stopped",
     the_end_of_the_supervisor_leaves_the_thread_stopped},
    {"a fault nobody supervises stops the thread", a_fault_nobody_supervises_stops_the_thread},
};

const struct group fault_group = GROUP("fault", tests);
