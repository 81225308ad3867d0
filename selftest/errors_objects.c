/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Errors of handles, accounts, memory, devices: wrong arguments and things that have run out.
 */
#include "errors.h"
#include "machine.h"

/* Uses up an account of one page with small objects and returns the last status. */
static int64_t exhaust(struct sysret (*create)(handle64_t account))
{
    handle_t poor = poor_account(1);
    int64_t status = OK;
    while (status == OK) {
        status = create(poor).status;
    }
    sys_handle_close(poor);
    return status;
}

/* --- handles -------------------------------------------------------------------------------- */

int64_t provoke_handle_copy_E_BAD_HANDLE(void)
{
    return sys_handle_copy(NO_HANDLE, 0, 0).status;
}

/* Only the owner names badges. */
int64_t provoke_handle_copy_E_NO_RIGHT(void)
{
    handle_t weak = powerless(OBJECT_ENDPOINT);
    int64_t status = sys_handle_copy(weak, 0, 1).status;
    sys_handle_close(weak);
    return status;
}

int64_t provoke_handle_copy_E_INVALID(void)
{
    return sys_handle_copy(sample(OBJECT_ENDPOINT), 0, BADGE_ALL).status;
}

static int64_t copy_handle(void)
{
    return sys_handle_copy(sample(OBJECT_ENDPOINT), 0, 0).status;
}

int64_t provoke_handle_copy_E_NO_SLOTS(void)
{
    return with_full_table(copy_handle);
}

int64_t provoke_handle_grant_E_INVALID(void)
{
    return sys_handle_grant(sample(OBJECT_TASK), sample(OBJECT_ENDPOINT), ~0ull, 0).status;
}

/* The sample task has seven slots. */
int64_t provoke_handle_grant_E_NO_SLOTS(void)
{
    handle_t task = (handle_t)sys_task_create(own_account(), 8).value;
    int64_t status = OK;
    while (status == OK) {
        status = sys_handle_grant(task, sample(OBJECT_ENDPOINT), RIGHT_SEND, 0).status;
    }
    sys_handle_close(task);
    return status;
}

int64_t provoke_handle_close_E_BAD_HANDLE(void)
{
    return sys_handle_close(NO_HANDLE).status;
}

int64_t provoke_revoke_E_BAD_HANDLE(void)
{
    return sys_revoke(NO_HANDLE, BADGE_ALL).status;
}

int64_t provoke_revoke_E_NO_RIGHT(void)
{
    handle_t weak = powerless(OBJECT_ENDPOINT);
    int64_t status = sys_revoke(weak, BADGE_ALL).status;
    sys_handle_close(weak);
    return status;
}

int64_t provoke_object_info_E_BAD_HANDLE(void)
{
    return sys_object_info(NO_HANDLE, INFO_TYPE).status;
}

int64_t provoke_object_info_E_WRONG_TYPE(void)
{
    return sys_object_info(sample(OBJECT_TASK), INFO_IRQ_LINE).status;
}

int64_t provoke_object_info_E_BAD_CALL(void)
{
    return sys_object_info(sample(OBJECT_TASK), INFO_SELECTORS).status;
}

/* --- accounts, tasks ------------------------------------------------------------------------ */

int64_t provoke_account_create_E_INVALID(void)
{
    return sys_account_create(own_account(), 0).status;
}

int64_t provoke_account_create_E_NO_MEMORY(void)
{
    return sys_account_create(own_account(), 1ull << 40).status;
}

static int64_t create_account(void)
{
    return sys_account_create(own_account(), 1).status;
}

int64_t provoke_account_create_E_NO_SLOTS(void)
{
    return with_full_table(create_account);
}

/* Accounts inside accounts; the end of the first is the end of all. */
int64_t provoke_account_create_E_LIMIT(void)
{
    handle_t first = poor_account(100);
    struct sysret inner = {OK, first};
    for (uint64_t pages = 90; inner.status == OK; pages -= 8) {
        inner = sys_account_create((handle_t)inner.value, pages);
    }
    sys_handle_close(first);
    return inner.status;
}

int64_t provoke_task_create_E_INVALID(void)
{
    return sys_task_create(own_account(), 1025).status;
}

int64_t provoke_task_create_E_NO_MEMORY(void)
{
    handle_t poor = poor_account(3);
    int64_t status = sys_task_create(poor, 64).status;
    sys_handle_close(poor);
    return status;
}

static int64_t create_task(void)
{
    return sys_task_create(own_account(), 8).status;
}

int64_t provoke_task_create_E_NO_SLOTS(void)
{
    return with_full_table(create_task);
}

int64_t provoke_task_create_E_LIMIT(void)
{
    enum { MORE_THAN_THERE_ARE = 1500 };
    handle_t rich = poor_account(MORE_THAN_THERE_ARE);
    int64_t status = OK;
    while (status == OK) {
        status = sys_task_create(rich, 8).status;
    }
    sys_handle_close(rich);
    return status;
}

int64_t provoke_task_supervise_E_INVALID(void)
{
    return sys_task_supervise(sample(OBJECT_TASK), sample(OBJECT_ENDPOINT), BADGE_ALL).status;
}

/* --- endpoints, notifications --------------------------------------------------------------- */

static int64_t create_endpoint(void)
{
    return sys_endpoint_create(own_account()).status;
}

static int64_t create_notification(void)
{
    return sys_notification_create(own_account()).status;
}

int64_t provoke_endpoint_create_E_NO_MEMORY(void)
{
    return exhaust(sys_endpoint_create);
}

int64_t provoke_endpoint_create_E_NO_SLOTS(void)
{
    return with_full_table(create_endpoint);
}

int64_t provoke_notification_create_E_NO_MEMORY(void)
{
    return exhaust(sys_notification_create);
}

int64_t provoke_notification_create_E_NO_SLOTS(void)
{
    return with_full_table(create_notification);
}

/* --- memory --------------------------------------------------------------------------------- */

int64_t provoke_memory_create_E_INVALID(void)
{
    return sys_memory_create(own_account(), 0, false).status;
}

int64_t provoke_memory_create_E_NO_MEMORY(void)
{
    handle_t poor = poor_account(8);
    int64_t status = sys_memory_create(poor, 8, false).status;
    sys_handle_close(poor);
    return status;
}

static int64_t create_memory(void)
{
    return sys_memory_create(own_account(), 1, false).status;
}

int64_t provoke_memory_create_E_NO_SLOTS(void)
{
    return with_full_table(create_memory);
}

int64_t provoke_memory_slice_E_INVALID(void)
{
    return sys_memory_slice(own_account(), sample(OBJECT_MEMORY), 0, 0).status;
}

int64_t provoke_memory_slice_E_RANGE(void)
{
    return sys_memory_slice(own_account(), sample(OBJECT_MEMORY), 1, ~0ull).status;
}

static struct sysret slice_sample(handle64_t account)
{
    return sys_memory_slice(account, sample(OBJECT_MEMORY), 0, 1);
}

int64_t provoke_memory_slice_E_NO_MEMORY(void)
{
    return exhaust(slice_sample);
}

static int64_t create_slice(void)
{
    return slice_sample(own_account()).status;
}

int64_t provoke_memory_slice_E_NO_SLOTS(void)
{
    return with_full_table(create_slice);
}

static int64_t map_sample(vaddr_t vaddr, uint64_t pages, uint64_t rights)
{
    return sys_memory_map(own_task(), sample(OBJECT_MEMORY), vaddr, 0, pages, rights).status;
}

int64_t provoke_memory_map_E_INVALID(void)
{
    return map_sample(TEST_VADDR + 1, 1, RIGHT_READ);
}

int64_t provoke_memory_map_E_RANGE(void)
{
    return map_sample(USER_END - PAGE_BYTES, 2, RIGHT_READ);
}

int64_t provoke_memory_map_E_DENIED(void)
{
    return map_sample(TEST_VADDR, 1, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE);
}

int64_t provoke_memory_map_E_EXISTS(void)
{
    int64_t first = map_sample(TEST_VADDR, 2, RIGHT_READ);
    int64_t second = map_sample(TEST_VADDR + PAGE_BYTES, 1, RIGHT_READ);
    sys_memory_unmap(own_task(), TEST_VADDR);
    return first == OK ? second : first;
}

/* The account of the sample task has no page for a table left. */
int64_t provoke_memory_map_E_NO_MEMORY(void)
{
    handle_t poor = poor_account(5);
    struct sysret task = sys_task_create(poor, 8);
    int64_t status = task.status;
    while (status == OK) {
        status = sys_endpoint_create(poor).status;
    }
    if (task.status == OK) {
        status = sys_memory_map((handle_t)task.value, sample(OBJECT_MEMORY), TEST_VADDR, 0, 1,
                                RIGHT_READ)
                     .status;
    }
    sys_handle_close(poor);
    return status;
}

int64_t provoke_memory_map_E_LIMIT(void)
{
    handle_t account = poor_account(64);
    struct sysret task = sys_task_create(account, 8);
    struct sysret memory = sys_memory_create(account, 1, false);
    int64_t status = task.status != OK ? task.status : memory.status;
    for (vaddr_t at = TEST_VADDR; status == OK; at += PAGE_BYTES) {
        status = sys_memory_map((handle_t)task.value, (handle_t)memory.value, at, 0, 1, RIGHT_READ)
                     .status;
    }
    sys_handle_close(account);
    return status;
}

int64_t provoke_memory_unmap_E_NOT_FOUND(void)
{
    return sys_memory_unmap(own_task(), TEST_VADDR).status;
}

int64_t provoke_memory_physical_E_RANGE(void)
{
    return sys_memory_physical(sample(OBJECT_MEMORY), 4).status;
}

/* --- devices, interrupts, the machine ------------------------------------------------------- */

static int64_t create_window(void)
{
    return sys_window_create(own_system(), own_account(), SPARE_PADDR, PAGE_BYTES).status;
}

/* Held by a child while this task wants it too. */
int64_t provoke_memory_map_E_BUSY(void)
{
    handle_t account = poor_account(16);
    struct sysret task = sys_task_create(account, 8);
    struct sysret window = sys_window_create(own_system(), account, SPARE_PADDR, PAGE_BYTES);
    sys_memory_map((handle_t)task.value, (handle_t)window.value, TEST_VADDR, 0, 1, RIGHT_READ);
    int64_t status =
        sys_memory_map(own_task(), (handle_t)window.value, TEST_VADDR, 0, 1, RIGHT_READ).status;
    sys_handle_close(account);
    return status;
}

int64_t provoke_window_create_E_INVALID(void)
{
    return sys_window_create(own_system(), own_account(), SPARE_PADDR, 1).status;
}

int64_t provoke_window_create_E_DENIED(void)
{
    return sys_window_create(own_system(), own_account(), machine_facts.ram, PAGE_BYTES).status;
}

int64_t provoke_window_create_E_EXISTS(void)
{
    struct sysret window =
        sys_window_create(own_system(), own_account(), SPARE_PADDR, 2 * PAGE_BYTES);
    int64_t status =
        sys_window_create(own_system(), own_account(), SPARE_PADDR + PAGE_BYTES, PAGE_BYTES).status;
    sys_handle_close((handle_t)window.value);
    return status;
}

int64_t provoke_window_create_E_NO_MEMORY(void)
{
    handle_t poor = poor_account(1);
    int64_t status = OK;
    for (paddr_t at = SPARE_PADDR; status == OK; at += PAGE_BYTES) {
        status = sys_window_create(own_system(), poor, at, PAGE_BYTES).status;
    }
    sys_handle_close(poor);
    return status;
}

int64_t provoke_window_create_E_NO_SLOTS(void)
{
    return with_full_table(create_window);
}

int64_t provoke_irq_create_E_RANGE(void)
{
    return sys_irq_create(own_system(), own_account(), 0).status;
}

int64_t provoke_irq_create_E_EXISTS(void)
{
    return sys_irq_create(own_system(), own_account(), info(sample(OBJECT_IRQ), INFO_IRQ_LINE))
        .status;
}

static uint64_t next_line;

static struct sysret create_irq(handle64_t account)
{
    struct sysret made;
    do { /* lines that others hold are passed over */
        made = sys_irq_create(own_system(), account, next_line++);
    } while (made.status == E_EXISTS);
    return made;
}

int64_t provoke_irq_create_E_NO_MEMORY(void)
{
    next_line = info(sample(OBJECT_IRQ), INFO_IRQ_LINE);
    return exhaust(create_irq);
}

static int64_t create_any_irq(void)
{
    next_line = info(sample(OBJECT_IRQ), INFO_IRQ_LINE) + 1;
    return create_irq(own_account()).status;
}

int64_t provoke_irq_create_E_NO_SLOTS(void)
{
    return with_full_table(create_any_irq);
}

int64_t provoke_irq_bind_E_RANGE(void)
{
    return sys_irq_bind(sample(OBJECT_IRQ), sample(OBJECT_NOTIFICATION), 64).status;
}

int64_t provoke_system_off_E_BAD_CALL(void)
{
    return sys_system_off(own_system(), 99, 0).status;
}
