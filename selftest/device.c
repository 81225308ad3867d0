/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Device windows: the real-time clock's, lent by init, can be read; and everything that the rules
 * of a window forbid, each by its name. Two lines say the outcome.
 */
#include "device.h"

#include "actors.h"
#include "errors.h"
#include "lent.h"
#include "machine.h"

#include <wherry/console.h>

enum { CLOCK_SLACK_MS = 500, CLOCK_RUN_MS = 50 };

#define OTHER_VADDR (TEST_VADDR + 16 * PAGE_BYTES)

/* --- the lent window ------------------------------------------------------------------------ */

/* Both clocks count the same time, as far as the coarser one can tell. */
static void the_clock_s_window_can_be_read(void)
{
    struct lent_device clock;
    CHECK(lent_take(&clock) == OK);
    CHECK(lent_map(&clock, TEST_VADDR) == OK);
    const void *registers = (const void *)(TEST_VADDR + clock.offset);
    uint64_t hz = boot_facts()->counter_hz;
    uint64_t clock_start = machine_clock_ns(registers);
    ticks_t start = time_now();
    sleep_ms(CLOCK_RUN_MS + machine_facts.clock_step_ns / NS_PER_MS);
    uint64_t clock_ns = machine_clock_ns(registers) - clock_start;
    uint64_t counter_ns = time_ns_at(time_now() - start, hz);
    uint64_t slack_ns = machine_facts.clock_step_ns + CLOCK_SLACK_MS * NS_PER_MS;
    CHECK(clock_start != 0 && clock_ns > 0);
    CHECK(clock_ns < counter_ns + slack_ns && counter_ns < clock_ns + slack_ns);
    CHECK(lent_return() == OK);
}

/* --- what a window does not allow ----------------------------------------------------------- */

static struct lent_device lent;

static int64_t map_part(uint64_t offset, uint64_t pages, uint64_t rights)
{
    return sys_memory_map(own_task(), lent.window, OTHER_VADDR, offset, pages, rights).status;
}

static void with_lent_window(void (*check)(void))
{
    CHECK(lent_take(&lent) == OK);
    CHECK(lent_map(&lent, TEST_VADDR) == OK);
    check();
    CHECK(lent_return() == OK);
}

static void check_bounds(void)
{
    CHECK(map_part(lent.pages, 1, RIGHT_READ) == E_RANGE);
    CHECK(map_part(0, lent.pages + 1, RIGHT_READ) == E_RANGE);
    CHECK(map_part(1, ~0ull, RIGHT_READ) == E_RANGE);
    CHECK(map_part(~0ull, 2, RIGHT_READ) == E_RANGE);
    CHECK(map_part(0, 0, RIGHT_READ) == E_INVALID);
    CHECK(sys_memory_map(own_task(), lent.window, OTHER_VADDR + 8, 0, 1, RIGHT_READ).status ==
          E_INVALID);
}

static void offset_length_overflow_zero_length_and_alignment_are_checked(void)
{
    with_lent_window(check_bounds);
}

static void check_double_map(void)
{
    CHECK(lent_map(&lent, TEST_VADDR) == E_EXISTS);
}

static void a_window_is_not_mapped_over_itself(void)
{
    with_lent_window(check_double_map);
}

static void check_second_holder(void)
{
    struct lent_device again;
    handle_t task = (handle_t)sys_task_create(own_account(), 8).value;
    CHECK(sys_memory_map(task, lent.window, TEST_VADDR, 0, 1, RIGHT_READ).status == E_BUSY);
    sys_handle_close(task);
    CHECK(lent_take(&again) == E_BUSY);
}

static void a_window_has_one_holder(void)
{
    with_lent_window(check_second_holder);
}

static void check_execute(void)
{
    CHECK(map_part(0, 1, RIGHT_READ | RIGHT_EXECUTE) == E_NO_RIGHT);
}

/* Not for the borrower, and not for the owner of a window either. */
static void a_window_is_never_executable(void)
{
    with_lent_window(check_execute);
    struct sysret own = sys_window_create(own_system(), own_account(), SPARE_PADDR, PAGE_BYTES);
    CHECK(own.status == OK);
    CHECK(sys_memory_map(own_task(), (handle_t)own.value, TEST_VADDR, 0, 1,
                         RIGHT_READ | RIGHT_EXECUTE)
              .status == E_DENIED);
    sys_handle_close((handle_t)own.value);
}

static void check_physical(void)
{
    CHECK(sys_memory_physical(lent.window, 0).status == E_NO_RIGHT);
    CHECK(sys_handle_grant(own_task(), lent.window, RIGHT_READ, 0).status == E_NO_RIGHT);
}

static void a_borrower_learns_no_address_and_lends_to_nobody(void)
{
    with_lent_window(check_physical);
}

static void a_window_that_was_taken_back_is_not_mapped_again(void)
{
    CHECK(lent_take(&lent) == OK);
    CHECK(lent_map(&lent, TEST_VADDR) == OK);
    CHECK(lent_return() == OK);
    CHECK(sys_memory_unmap(own_task(), TEST_VADDR).status == E_NOT_FOUND);
    CHECK(lent_map(&lent, TEST_VADDR) == E_BAD_HANDLE);
    CHECK(sys_irq_ack(lent.irq).status == E_BAD_HANDLE);
    CHECK(lent_return() == E_STATE);
}

/* --- what is never minted ------------------------------------------------------------------- */

static int64_t mint(paddr_t base, uint64_t bytes)
{
    struct sysret window = sys_window_create(own_system(), own_account(), base, bytes);
    if (window.status == OK) {
        sys_handle_close((handle_t)window.value);
    }
    return window.status;
}

static void ram_is_never_minted_as_a_device(void)
{
    CHECK(mint(machine_facts.ram, PAGE_BYTES) == E_DENIED);
    CHECK(mint(0, machine_facts.ram + PAGE_BYTES) == E_DENIED); /* nor inside something greater */
}

static void the_interrupt_controller_is_never_minted(void)
{
    CHECK(mint(machine_facts.interrupt_controller, PAGE_BYTES) == E_DENIED);
    CHECK(mint(machine_facts.interrupt_controller - PAGE_BYTES, 3 * PAGE_BYTES) == E_DENIED);
}

static void a_window_of_others_is_not_minted_again(void)
{
    CHECK(mint(machine_facts.serial, PAGE_BYTES) == E_EXISTS);
}

static void a_malformed_window_is_not_minted(void)
{
    CHECK(mint(SPARE_PADDR + 8, PAGE_BYTES) == E_INVALID);
    CHECK(mint(SPARE_PADDR, 100) == E_INVALID);
    CHECK(mint(SPARE_PADDR, 0) == E_INVALID);
    CHECK(mint(-(uint64_t)PAGE_BYTES, 2 * PAGE_BYTES) == E_INVALID);
}

static void minting_needs_the_right(void)
{
    handle_t weak = (handle_t)sys_handle_copy(own_system(), RIGHT_WRITE, 0).value;
    CHECK(sys_window_create(weak, own_account(), SPARE_PADDR, PAGE_BYTES).status == E_NO_RIGHT);
    CHECK(sys_irq_create(weak, own_account(), machine_facts.serial_line).status == E_NO_RIGHT);
    sys_handle_close(weak);
}

/* --- interrupts ----------------------------------------------------------------------------- */

static void an_interrupt_without_a_handle_is_refused(void)
{
    handle_t notification = new_notification();
    CHECK(sys_irq_ack(NO_HANDLE).status == E_BAD_HANDLE);
    CHECK(sys_irq_bind(NO_HANDLE, notification, 0).status == E_BAD_HANDLE);
    CHECK(sys_irq_ack(notification).status == E_WRONG_TYPE);
    CHECK(sys_irq_create(own_system(), own_account(), machine_facts.serial_line).status ==
          E_EXISTS);
    sys_handle_close(notification);
}

/* --- two lines ------------------------------------------------------------------------------ */

static const struct test map_tests[] = {
    {"the clock's window can be read", the_clock_s_window_can_be_read},
};

static const struct test policy_tests[] = {
    {"offset, length, overflow, zero length and alignment are checked",
     offset_length_overflow_zero_length_and_alignment_are_checked},
    {"a window is not mapped over itself", a_window_is_not_mapped_over_itself},
    {"a window has one holder", a_window_has_one_holder},
    {"a window is never executable", a_window_is_never_executable},
    {"a borrower learns no address and lends to nobody",
     a_borrower_learns_no_address_and_lends_to_nobody},
    {"a window that was taken back is not mapped again",
     a_window_that_was_taken_back_is_not_mapped_again},
    {"RAM is never minted as a device", ram_is_never_minted_as_a_device},
    {"the interrupt controller is never minted", the_interrupt_controller_is_never_minted},
    {"a window of others is not minted again", a_window_of_others_is_not_minted_again},
    {"a malformed window is not minted", a_malformed_window_is_not_minted},
    {"minting needs the right", minting_needs_the_right},
    {"an interrupt without a handle is refused", an_interrupt_without_a_handle_is_refused},
};

static const struct group map_group = GROUP("mmio map", map_tests);
static const struct group policy_group = GROUP("mmio policy", policy_tests);

bool device_run(void)
{
    bool can_map = selftest_run(&map_group);
    bool denies = selftest_run(&policy_group);
    console_print("SELFTEST: mmio map %s", can_map ? "ok" : "FAIL");
    console_print("SELFTEST: mmio policy deny %s", denies ? "ok" : "FAIL");
    return can_map && denies;
}
