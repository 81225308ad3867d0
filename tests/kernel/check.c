/* SPDX-License-Identifier: BSD-2-Clause */
#include "check.h"

#include "endpoint.h"
#include "fake_cpu.h"
#include "fake_memory.h"
#include "irq.h"
#include "mapping.h"
#include "notification.h"
#include "page.h"
#include "sched.h"
#include "task.h"
#include "tests/fuzz/fuzz.h"
#include <base/bits.h>

/* The next object alive from *at on, of `type` (OBJECT_NONE: any); NULL at the end. */
static struct object *next_object(unsigned *at, enum object_type type)
{
    while (*at < fake_ledger.slot_count) {
        const struct fake_slot *slot = &fake_ledger.slots[(*at)++];
        struct object *object = slot->at;
        if (slot->is_object && (type == OBJECT_NONE || object->type == type)) {
            return object;
        }
    }
    return NULL;
}

#define FOR_EACH(object, of_type)                                                                  \
    for (unsigned object##_at = 0; (object = next_object(&object##_at, of_type)) != NULL;)

static unsigned count_list(const struct list_node *list)
{
    unsigned count = 0;
    LIST_EACH (node, list) {
        REQUIRE(node->next->previous == node && ++count <= FAKE_SLOTS_MAX);
    }
    return count;
}

static bool is_listed(const struct list_node *list, const struct list_node *wanted)
{
    LIST_EACH (node, list) {
        if (node == wanted) {
            return true;
        }
    }
    return false;
}

static bool is_object(const void *pointer, enum object_type type)
{
    struct object *object;
    FOR_EACH(object, type)
    {
        if (object == pointer) {
            return true;
        }
    }
    return false;
}

/* --- accounts [account.h I1, I2] -------------------------------------------------------------- */

static uint64_t index_pages(const struct memory *memory)
{
    uint64_t count = memory->index != 0;
    if (memory->index != 0 && memory->pages > MEMORY_INDEX_ENTRIES) {
        const paddr_t *top = kernel_pointer(memory->index);
        for (unsigned i = 0; i < MEMORY_INDEX_ENTRIES; i++) {
            count += top[i] != 0;
        }
    }
    return count;
}

static uint64_t memory_pages(const struct memory *memory)
{
    if (memory->root != memory || memory->is_device || memory->is_boot) {
        return 0;
    }
    return memory->done_pages + index_pages(memory);
}

static uint64_t object_pages(const struct object *object)
{
    if (object->type == OBJECT_MEMORY) {
        return memory_pages(container_of(object, const struct memory, object));
    }
    if (object->type == OBJECT_TASK) {
        const struct task *task = container_of(object, const struct task, object);
        return task->table_pages + 1 + fake_count_tables(task->root);
    }
    return 0;
}

/* Distinct pages of the account's slots; a slab is never shared between accounts. */
static uint64_t slab_pages(const struct account *account)
{
    static const struct account *owners[FAKE_PAGES];
    static unsigned rounds[FAKE_PAGES];
    static unsigned round;
    uint64_t count = 0;
    round++;
    for (unsigned i = 0; i < fake_ledger.slot_count; i++) {
        const struct fake_slot *slot = &fake_ledger.slots[i];
        uint64_t page = (kernel_physical(slot->at) - fake_ram_base()) >> PAGE_SHIFT;
        REQUIRE(page < FAKE_PAGES && fake_ledger.is_taken[page]);
        if (rounds[page] != round) {
            rounds[page] = round;
            owners[page] = slot->account;
            count += slot->account == account;
        }
        REQUIRE(owners[page] == slot->account);
    }
    return count;
}

/* Gives the pages that the account uses itself. */
static uint64_t check_account(const struct account *account)
{
    struct object *object;
    uint64_t own = slab_pages(account);
    uint64_t children = 0;
    uint64_t count = 0;
    uint64_t parked = 0;
    uint64_t listed = 0;
    FOR_EACH(object, OBJECT_NONE)
    {
        if (object->account != account) {
            continue;
        }
        count++;
        parked += object->is_parked;
        listed += !object->is_dying;
        own += object_pages(object);
        if (object->type == OBJECT_ACCOUNT) {
            children += container_of(object, struct account, object)->limit_pages;
        }
    }
    REQUIRE(account->used_pages <= account->limit_pages); /* I1 */
    REQUIRE(account->used_pages == own + children);       /* I2 */
    REQUIRE(account->object_count == count && account->parked_count == parked);
    REQUIRE(count_list(&account->objects) == listed);
    LIST_EACH (node, &account->objects) {
        object = container_of(node, struct object, in_account);
        REQUIRE(!object->is_dying && object->account == account);
    }
    return own;
}

static void check_accounts(void)
{
    struct object *object;
    uint64_t own = check_account(&account_root);
    FOR_EACH(object, OBJECT_ACCOUNT)
    {
        own += check_account(container_of(object, struct account, object));
    }
    REQUIRE(own == fake_ledger.pages_taken);
}

/* --- objects and handles [object.h, handle.h I1-I3] ------------------------------------------- */

unsigned check_count_reapable(void)
{
    struct object *object;
    unsigned count = 0;
    FOR_EACH(object, OBJECT_NONE)
    {
        count += object->is_dying && !object->is_parked;
    }
    return count;
}

static void check_objects(void)
{
    struct object *object;
    unsigned count = 0;
    FOR_EACH(object, OBJECT_NONE)
    {
        unsigned owners = 0;
        count++;
        REQUIRE(object->type > OBJECT_NONE && object->type < OBJECT_SYSTEM);
        REQUIRE(list_is_linked(&object->in_account) == !object->is_parked);
        REQUIRE(object->is_dying || !object->is_parked);
        LIST_EACH (node, &object->handles) {
            const struct handle_entry *entry = container_of(node, struct handle_entry, link);
            REQUIRE(entry->object == object && entry->type == object->type);
            owners += (entry->rights & RIGHT_MANAGE) != 0;
        }
        REQUIRE(owners <= 1); /* I2 */
    }
    REQUIRE(kernel_system.objects == count);
}

static void check_entry(const struct handle_table *table, uint32_t index)
{
    const struct handle_entry *entry = &table->entries[index];
    if (index >= table->first_unused) { /* entry 0 only in a table that has been closed */
        REQUIRE(index == 0 ? entry->object == NULL : entry->handle == 0);
        return;
    }
    REQUIRE(entry->table == table);
    REQUIRE(index == 0 || (entry->generation >= 1 && entry->generation <= 0xfffff));
    if (index != 0) {
        REQUIRE((entry->handle != 0) == (entry->object != NULL)); /* I1 */
    }
    if (entry->object == NULL) {
        REQUIRE(entry->rights == 0 && entry->type == OBJECT_NONE);
        return;
    }
    if (index != 0) {
        REQUIRE(entry->handle == (entry->generation << HANDLE_INDEX_BITS | index));
    }
    REQUIRE(is_listed(&entry->object->handles, &entry->link)); /* I1 */
    REQUIRE((entry->rights & ~object_rights((enum object_type)entry->type)) == 0);
    REQUIRE((entry->rights & (RIGHT_SEND | RIGHT_RECEIVE)) == 0 ||
            entry->type == OBJECT_ENDPOINT); /* I3 */
    REQUIRE(entry->badge != BADGE_ALL);
}

/* The table of a task that ends is closed from its last entry down, by lowering first_unused; what
 * was closed is in the chain all the same, and nothing is taken from it any more. */
static uint64_t check_table(const struct handle_table *table, bool is_ending)
{
    uint32_t used = 0;
    uint32_t chained = 0;
    for (uint32_t i = 0; i < table->count; i++) {
        check_entry(table, i);
        used += i > 0 && i < table->first_unused && table->entries[i].object != NULL;
    }
    for (uint32_t at = table->first_free; at != 0; at = table->entries[at].next_free) {
        REQUIRE(at < table->count && table->entries[at].object == NULL);
        REQUIRE((is_ending || at < table->first_unused) && ++chained < table->count);
    }
    uint32_t unused = table->count - table->first_unused;
    REQUIRE(used == table->used);
    REQUIRE(is_ending || used + chained + unused == table->count - 1);
    return used + (table->entries[0].object != NULL);
}

/* --- tasks and mappings ----------------------------------------------------------------------- */

static void check_mapping(const struct mapping *mapping, uint64_t *pages)
{
    const struct memory *memory = mapping->memory;
    REQUIRE(is_object(memory, OBJECT_MEMORY) && is_listed(&memory->mappings, &mapping->in_memory));
    REQUIRE(!memory->is_building && mapping->done_pages <= mapping->pages);
    REQUIRE(mapping->offset <= memory->pages && mapping->pages <= memory->pages - mapping->offset);
    for (uint64_t i = 0; i < mapping->done_pages; i++) {
        paddr_t page;
        unsigned flags;
        REQUIRE(fake_walk(mapping->task->root, mapping->vaddr + (i << PAGE_SHIFT), &page, &flags));
        REQUIRE(page == memory_page(memory, mapping->offset + i));
        REQUIRE(flags == (mapping->rights | (memory->is_device ? PAGE_DEVICE : 0u)));
    }
    *pages += mapping->done_pages;
}

/* The page table holds what the records say, the facts page, and nothing else. */
static uint64_t check_mappings(const struct task *task)
{
    paddr_t page;
    unsigned flags;
    uint64_t pages = 0;
    unsigned records = 0;
    LIST_EACH (node, &task->mappings) {
        const struct mapping *mapping = container_of(node, struct mapping, in_task);
        REQUIRE(mapping->task == task);
        check_mapping(mapping, &pages);
        records++;
    }
    REQUIRE(records == task->mapping_count && records <= MAPPINGS_PER_TASK_MAX);
    REQUIRE(pages == task->mapped_pages);
    bool has_facts = fake_walk(task->root, BOOT_FACTS_VADDR, &page, &flags);
    REQUIRE(has_facts ? flags == PAGE_READ : task->object.is_dying);
    REQUIRE(fake_count_pages(task->root) == pages + has_facts);
    return records;
}

static void check_threads_of(const struct task *task)
{
    LIST_EACH (node, &task->threads) {
        const struct thread *thread = container_of(node, struct thread, in_task);
        REQUIRE(is_object(thread, OBJECT_THREAD) && thread->task == task);
        REQUIRE(!thread->object.is_dying);
        REQUIRE(thread->handles == task->table.entries);
        REQUIRE(thread->handles_bytes == task->table.count * sizeof(struct handle_entry));
        REQUIRE(thread->space == 0 ||
                thread->space == arch_space_register(task->root, task_asid(task)));
    }
}

static void check_tasks(void)
{
    struct object *object;
    struct object *other;
    uint64_t handles = 0;
    uint64_t mappings = 0;
    FOR_EACH(object, OBJECT_TASK)
    {
        const struct task *task = container_of(object, struct task, object);
        handles += check_table(&task->table, task->object.is_dying);
        mappings += check_mappings(task);
        check_threads_of(task);
        FOR_EACH(other, OBJECT_TASK)
        {
            unsigned asid = task_asid(container_of(other, struct task, object));
            REQUIRE(other == object || asid == 0 || asid != task_asid(task));
        }
    }
    REQUIRE(handles == kernel_system.handles);
    REQUIRE(mappings == kernel_system.mappings);
}

/* --- memory [memory.h I1] --------------------------------------------------------------------- */

static void check_memory(const struct memory *memory)
{
    struct object *object;
    uint64_t slices = 0;
    uint64_t device_mappings = 0;
    REQUIRE(count_list(&memory->mappings) == memory->mapping_count);
    REQUIRE(is_object(memory->root, OBJECT_MEMORY) && memory->root->root == memory->root);
    REQUIRE(memory->is_device == memory->root->is_device);
    FOR_EACH(object, OBJECT_MEMORY)
    {
        const struct memory *other = container_of(object, struct memory, object);
        slices += other != memory && other->root == memory;
        device_mappings += other->root == memory && memory->is_device ? other->mapping_count : 0;
    }
    REQUIRE(slices == memory->slice_count);
    REQUIRE(device_mappings == memory->holder_mappings);
    REQUIRE((memory->holder != NULL) == (device_mappings != 0));
    if (memory->is_building) { /* I1 */
        REQUIRE(memory->root == memory && slices == 0 && memory->mapping_count == 0);
        REQUIRE(!memory->is_told);
    }
    LIST_EACH (node, &memory->mappings) {
        const struct mapping *mapping = container_of(node, struct mapping, in_memory);
        REQUIRE(mapping->memory == memory);
        REQUIRE(!memory->is_device || mapping->task == memory->root->holder);
    }
}

/* --- threads [thread.h I1-I5] ----------------------------------------------------------------- */

static bool is_on_ready_queue(const struct thread *thread)
{
    return is_listed(&boot_cpu.ready[thread->priority], &thread->queue);
}

static void check_state(const struct thread *thread)
{
    bool is_served = thread->state == THREAD_CALLING ||
                     (thread->state == THREAD_FAULTED && thread->queued_on == NULL);
    bool is_ready = thread->state == THREAD_READY;
    bool is_current = thread == boot_cpu.current;
    REQUIRE(is_on_ready_queue(thread) == (is_ready && !is_current)); /* I1 */
    if (is_served) {                                                 /* I2 */
        REQUIRE(is_object(thread->server, OBJECT_THREAD) && thread->server->caller == thread);
    }
    if (thread->queued_on != NULL) { /* I3 */
        REQUIRE(thread->state == THREAD_SENDING || thread->state == THREAD_FAULTED);
        REQUIRE(is_object(thread->queued_on, OBJECT_ENDPOINT));
        REQUIRE(is_listed(&thread->queued_on->callers, &thread->queue));
    }
    REQUIRE(thread->state != THREAD_SENDING || thread->queued_on != NULL);
    REQUIRE(list_is_linked(&thread->queue) ==
            (thread->queued_on != NULL || (is_ready && !is_current)));
    if (is_ready) { /* I5 */
        REQUIRE(thread->call_accepts == 0 && !thread->has_deadline);
    }
    REQUIRE((thread->state == THREAD_DEAD) == thread->object.is_dying);
}

static void check_waits(const struct thread *thread)
{
    bool is_receiving = thread->state == THREAD_RECEIVING || thread->state == THREAD_RECEIVING_FAST;
    if (thread->receiving_on != NULL) { /* I4 */
        REQUIRE(is_object(thread->receiving_on, OBJECT_ENDPOINT));
        REQUIRE(thread->receiving_on->server == thread);
    }
    REQUIRE(!is_receiving || thread->receiving_on != NULL);
    if (thread->state == THREAD_RECEIVING_FAST) {
        REQUIRE(!thread->has_deadline && thread->call_accepts == 0);
    }
    if (!is_receiving && thread->caller != &thread_none) {
        REQUIRE(is_object(thread->caller, OBJECT_THREAD) && thread->caller->server == thread);
    }
    if (thread->state == THREAD_WAITING) {
        REQUIRE(is_object(thread->waiting_on, OBJECT_NOTIFICATION));
        REQUIRE(thread->waiting_on->thread == thread && thread->waiting_on->bits == 0);
    }
    if (is_receiving) {
        REQUIRE(thread->bound->bits == 0);
    }
    if (thread->bound != &notification_none) {
        REQUIRE(is_object(thread->bound, OBJECT_NOTIFICATION));
        REQUIRE(thread->bound->thread == thread && thread->bound->is_bound);
    }
    REQUIRE(thread->has_deadline == list_is_linked(&thread->wait_timer.link));
    REQUIRE(!list_is_linked(&thread->alarm.link) || thread->bound != &notification_none);
    REQUIRE(!thread->object.is_dying || !list_is_linked(&thread->replenish.link));
}

static void check_thread(const struct thread *thread)
{
    check_state(thread);
    check_waits(thread);
    REQUIRE(thread->priority == thread->base_priority || thread->priority == 0);
    if (thread->priority != thread->base_priority) { /* it comes back */
        REQUIRE(list_is_linked(&thread->replenish.link));
    }
}

/* --- endpoints, notifications, interrupts ----------------------------------------------------- */

static void check_endpoint(const struct endpoint *endpoint)
{
    REQUIRE(endpoint->caller_count == count_list(&endpoint->callers));
    LIST_EACH (node, &endpoint->callers) {
        REQUIRE(container_of(node, struct thread, queue)->queued_on == endpoint);
    }
    if (endpoint->server == &thread_none) {
        return;
    }
    REQUIRE(!endpoint->object.is_dying && is_object(endpoint->server, OBJECT_THREAD));
    REQUIRE(endpoint->server->receiving_on == endpoint);
    if (endpoint->server->state >= THREAD_RECEIVING) {
        REQUIRE(endpoint->caller_count == 0);
    }
}

static void check_notification(const struct notification *notification)
{
    const struct thread *thread = notification->thread;
    REQUIRE(notification->is_bound == (thread != &thread_none && thread->bound == notification));
    if (thread != &thread_none) {
        REQUIRE(!notification->object.is_dying && is_object(thread, OBJECT_THREAD));
        REQUIRE(notification->is_bound ||
                (thread->state == THREAD_WAITING && thread->waiting_on == notification));
    }
    LIST_EACH (node, &notification->irqs) {
        const struct irq *irq = container_of(node, struct irq, in_notification);
        REQUIRE(is_object(irq, OBJECT_IRQ) && irq->notification == notification);
    }
}

static void check_irq(const struct irq *irq)
{
    REQUIRE(irq->notification == NULL || is_object(irq->notification, OBJECT_NOTIFICATION));
    REQUIRE((irq->notification != NULL) == list_is_linked(&irq->in_notification));
    REQUIRE(!irq->object.is_dying || irq->notification == NULL);
    REQUIRE(irq->object.is_dying || arch_irq_is_valid(irq->line));
}

/* --- the scheduler ---------------------------------------------------------------------------- */

static void check_ready_queues(void)
{
    for (unsigned level = 0; level < PRIORITY_LEVELS; level++) {
        const struct list_node *queue = &boot_cpu.ready[level];
        REQUIRE((boot_cpu.ready_mask >> level & 1) == !list_is_empty(queue));
        LIST_EACH (node, queue) {
            const struct thread *thread = container_of(node, struct thread, queue);
            REQUIRE(is_object(thread, OBJECT_THREAD) && thread->state == THREAD_READY);
            REQUIRE(thread->priority == level);
        }
    }
    unsigned top = (unsigned)bits_highest(boot_cpu.ready_mask | 1);
    REQUIRE(boot_cpu.top_ready == top);
}

static void check_timers(void)
{
    ticks_t before = 0;
    struct object *object;
    unsigned armed = 0;
    LIST_EACH (node, &boot_cpu.timers) {
        const struct timer *timer = container_of(node, struct timer, link);
        REQUIRE(timer->deadline >= before && timer->deadline != DEADLINE_FOREVER);
        before = timer->deadline;
    }
    FOR_EACH(object, OBJECT_THREAD)
    {
        const struct thread *thread = container_of(object, struct thread, object);
        armed += list_is_linked(&thread->wait_timer.link) + list_is_linked(&thread->alarm.link) +
                 list_is_linked(&thread->replenish.link);
    }
    REQUIRE(count_list(&boot_cpu.timers) == armed);
}

static void check_cpu(void)
{
    check_ready_queues();
    check_timers();
    REQUIRE(is_object(boot_cpu.payer, OBJECT_THREAD) || boot_cpu.payer == &thread_none);
    REQUIRE(boot_cpu.current == NULL || is_object(boot_cpu.current, OBJECT_THREAD));
    if (boot_cpu.fp_owner != NULL) {
        REQUIRE(is_object(boot_cpu.fp_owner, OBJECT_THREAD) && boot_cpu.fp_owner->fp != NULL);
    }
}

void check_resumed(const struct thread *thread)
{
    const struct cpu *cpu = &boot_cpu;
    REQUIRE(cpu->current == thread && thread->state == THREAD_READY);
    REQUIRE(cpu->top_ready <= thread->priority || cpu->ready_mask == 0);
    REQUIRE(fake_cpu.space / PAGE_BYTES == thread->task->root / PAGE_BYTES);
    REQUIRE(fake_cpu.asids == 0 || fake_cpu.space == thread->space);
    REQUIRE(!fake_cpu.is_fp_on || cpu->fp_owner == thread);
    /* The timer comes in time for every deadline, and for the others of the level. */
    REQUIRE(fake_cpu.timer <= timer_next(cpu));
    if ((cpu->ready_mask >> thread->priority & 1) != 0) {
        REQUIRE(fake_cpu.timer <= fake_cpu.now + cpu->slice_ticks);
    }
    if (cpu->payer->budget_ticks > cpu->payer->spent_ticks) {
        REQUIRE(fake_cpu.timer <=
                cpu->paid_until + cpu->payer->budget_ticks - cpu->payer->spent_ticks);
    }
    REQUIRE(fake_access(BOOT_FACTS_VADDR) || thread->task->object.is_dying);
    LIST_EACH (node, &thread->task->mappings) {
        const struct mapping *mapping = container_of(node, struct mapping, in_task);
        REQUIRE(fake_access(mapping->vaddr) || mapping->done_pages == 0);
    }
}

void check_kernel(void)
{
    struct object *object;
    check_objects();
    check_accounts();
    check_tasks();
    check_cpu();
    FOR_EACH(object, OBJECT_NONE)
    {
        switch ((enum object_type)object->type) {
        case OBJECT_THREAD: check_thread(container_of(object, struct thread, object)); break;
        case OBJECT_ENDPOINT: check_endpoint(container_of(object, struct endpoint, object)); break;
        case OBJECT_NOTIFICATION:
            check_notification(container_of(object, struct notification, object));
            break;
        case OBJECT_MEMORY: check_memory(container_of(object, struct memory, object)); break;
        case OBJECT_IRQ: check_irq(container_of(object, struct irq, object)); break;
        default: break;
        }
    }
}
