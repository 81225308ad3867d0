/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of provocations, the samples they use, and the errors that a lookup answers.
 */
#include "errors.h"

#include <wherry/console.h>

/* --- samples -------------------------------------------------------------------------------- */

enum { SAMPLE_LINE_FIRST = 1, SAMPLE_LINE_END = 1024, SAMPLE_PAGES = 64, FILL_MAX = 1024 };

static handle_t samples[OBJECT_TYPES];

handle_t sample(enum object_type type)
{
    return samples[type];
}

handle_t powerless(enum object_type type)
{
    return (handle_t)sys_handle_copy(samples[type], 0, info(samples[type], INFO_BADGE)).value;
}

/* Some interrupt line that nobody has. */
static handle_t free_line(void)
{
    for (uint64_t line = SAMPLE_LINE_FIRST; line < SAMPLE_LINE_END; line++) {
        struct sysret made = sys_irq_create(own_system(), own_account(), line);
        if (made.status == OK) {
            return (handle_t)made.value;
        }
    }
    return HANDLE_NONE;
}

static bool make_samples(void)
{
    samples[OBJECT_ACCOUNT] = (handle_t)sys_account_create(own_account(), SAMPLE_PAGES).value;
    samples[OBJECT_TASK] = (handle_t)sys_task_create(samples[OBJECT_ACCOUNT], 8).value;
    samples[OBJECT_THREAD] =
        (handle_t)sys_thread_create(samples[OBJECT_ACCOUNT], samples[OBJECT_TASK], 1).value;
    samples[OBJECT_ENDPOINT] = (handle_t)sys_endpoint_create(samples[OBJECT_ACCOUNT]).value;
    samples[OBJECT_NOTIFICATION] = (handle_t)sys_notification_create(samples[OBJECT_ACCOUNT]).value;
    samples[OBJECT_MEMORY] = (handle_t)sys_memory_create(samples[OBJECT_ACCOUNT], 4, false).value;
    samples[OBJECT_IRQ] = free_line();
    samples[OBJECT_SYSTEM] = own_system();
    for (unsigned type = OBJECT_ACCOUNT; type < OBJECT_TYPES; type++) {
        if (samples[type] == HANDLE_NONE) {
            return false;
        }
    }
    return true;
}

static void end_samples(void)
{
    sys_handle_close(samples[OBJECT_IRQ]);
    sys_handle_close(samples[OBJECT_ACCOUNT]); /* pays for all the others */
}

/* --- helpers -------------------------------------------------------------------------------- */

int64_t try_call(handle_t endpoint, ticks_t deadline)
{
    struct message m = {.words = {0}};
    return ipc_call(endpoint, &m, deadline);
}

int64_t try_receive(handle_t endpoint, ticks_t deadline)
{
    struct message m = {.words = {0}};
    return ipc_reply_wait(endpoint, &m, deadline);
}

int64_t with_full_table(int64_t (*call)(void))
{
    static handle_t filled[FILL_MAX];
    unsigned count = 0;
    struct sysret copy = sys_handle_copy(sample(OBJECT_ENDPOINT), RIGHT_SEND, 0);
    while (copy.status == OK && count < FILL_MAX) {
        filled[count++] = (handle_t)copy.value;
        copy = sys_handle_copy(sample(OBJECT_ENDPOINT), RIGHT_SEND, 0);
    }
    int64_t status = call();
    while (count > 0) {
        sys_handle_close(filled[--count]);
    }
    return status;
}

handle_t poor_account(uint64_t pages)
{
    return (handle_t)sys_account_create(own_account(), pages).value;
}

/* --- what a lookup answers: no handle, another type's, one without the right ---------------- */

#define LOOKUP_ERRORS(name, wanted, other, call)                                                   \
    static int64_t invoke_##name(handle_t h)                                                       \
    {                                                                                              \
        return call;                                                                               \
    }                                                                                              \
    int64_t provoke_##name##_E_BAD_HANDLE(void)                                                    \
    {                                                                                              \
        return invoke_##name(NO_HANDLE);                                                           \
    }                                                                                              \
    int64_t provoke_##name##_E_WRONG_TYPE(void)                                                    \
    {                                                                                              \
        return invoke_##name(sample(other));                                                       \
    }                                                                                              \
    int64_t provoke_##name##_E_NO_RIGHT(void)                                                      \
    {                                                                                              \
        handle_t weak = powerless(wanted);                                                         \
        int64_t status = invoke_##name(weak);                                                      \
        sys_handle_close(weak);                                                                    \
        return status;                                                                             \
    }

LOOKUP_ERRORS(call, OBJECT_ENDPOINT, OBJECT_TASK, try_call(h, 0))
LOOKUP_ERRORS(reply_wait, OBJECT_ENDPOINT, OBJECT_TASK, try_receive(h, 0))
LOOKUP_ERRORS(signal, OBJECT_NOTIFICATION, OBJECT_ENDPOINT, sys_signal(h, 1).status)
LOOKUP_ERRORS(wait, OBJECT_NOTIFICATION, OBJECT_ENDPOINT, sys_wait(h, 0).status)
LOOKUP_ERRORS(handle_grant, OBJECT_TASK, OBJECT_THREAD,
              sys_handle_grant(h, sample(OBJECT_ENDPOINT), RIGHT_SEND, 0).status)
LOOKUP_ERRORS(account_create, OBJECT_ACCOUNT, OBJECT_TASK, sys_account_create(h, 1).status)
LOOKUP_ERRORS(task_create, OBJECT_ACCOUNT, OBJECT_TASK, sys_task_create(h, 8).status)
LOOKUP_ERRORS(task_supervise, OBJECT_TASK, OBJECT_ACCOUNT,
              sys_task_supervise(h, sample(OBJECT_ENDPOINT), 0).status)
LOOKUP_ERRORS(thread_create, OBJECT_TASK, OBJECT_ACCOUNT,
              sys_thread_create(own_account(), h, 1).status)
LOOKUP_ERRORS(thread_start, OBJECT_THREAD, OBJECT_TASK, sys_thread_start(h).status)
LOOKUP_ERRORS(thread_stop, OBJECT_THREAD, OBJECT_TASK, sys_thread_stop(h).status)
LOOKUP_ERRORS(thread_read, OBJECT_THREAD, OBJECT_TASK, sys_thread_read(h, 0).status)
LOOKUP_ERRORS(thread_write, OBJECT_THREAD, OBJECT_TASK, sys_thread_write(h, 0, 0).status)
LOOKUP_ERRORS(thread_schedule, OBJECT_THREAD, OBJECT_TASK, sys_thread_schedule(h, 1, 0, 0).status)
LOOKUP_ERRORS(thread_bind, OBJECT_THREAD, OBJECT_TASK,
              sys_thread_bind(h, sample(OBJECT_NOTIFICATION)).status)
LOOKUP_ERRORS(endpoint_create, OBJECT_ACCOUNT, OBJECT_TASK, sys_endpoint_create(h).status)
LOOKUP_ERRORS(notification_create, OBJECT_ACCOUNT, OBJECT_TASK, sys_notification_create(h).status)
LOOKUP_ERRORS(memory_create, OBJECT_ACCOUNT, OBJECT_TASK, sys_memory_create(h, 1, false).status)
LOOKUP_ERRORS(memory_slice, OBJECT_MEMORY, OBJECT_TASK,
              sys_memory_slice(own_account(), h, 0, 1).status)
LOOKUP_ERRORS(memory_map, OBJECT_MEMORY, OBJECT_TASK,
              sys_memory_map(own_task(), h, TEST_VADDR, 0, 1, RIGHT_READ).status)
LOOKUP_ERRORS(memory_unmap, OBJECT_TASK, OBJECT_MEMORY, sys_memory_unmap(h, TEST_VADDR).status)
LOOKUP_ERRORS(memory_physical, OBJECT_MEMORY, OBJECT_TASK, sys_memory_physical(h, 0).status)
LOOKUP_ERRORS(memory_quiet, OBJECT_MEMORY, OBJECT_TASK, sys_memory_quiet(h).status)
LOOKUP_ERRORS(window_create, OBJECT_SYSTEM, OBJECT_TASK,
              sys_window_create(h, own_account(), 0, PAGE_BYTES).status)
LOOKUP_ERRORS(irq_create, OBJECT_SYSTEM, OBJECT_TASK, sys_irq_create(h, own_account(), 1).status)
LOOKUP_ERRORS(irq_bind, OBJECT_IRQ, OBJECT_TASK,
              sys_irq_bind(h, sample(OBJECT_NOTIFICATION), 0).status)
LOOKUP_ERRORS(irq_ack, OBJECT_IRQ, OBJECT_TASK, sys_irq_ack(h).status)
LOOKUP_ERRORS(debug_write, OBJECT_SYSTEM, OBJECT_TASK,
              sys_debug_write(h, 0, 0, 0, 0, 0, 0, 0).status)
LOOKUP_ERRORS(system_off, OBJECT_SYSTEM, OBJECT_TASK, sys_system_off(h, 99, 0).status)

/* --- the table ------------------------------------------------------------------------------ */

static const struct {
    const char *pair;
    int64_t error;
    int64_t (*provoke)(void);
} provocations[] = {
#define PROVOCATION(name, error) {#name " answers " #error, error, provoke_##name##_##error},
    SYSCALL_ERRORS(PROVOCATION)
#undef PROVOCATION
};

static void every_call_answers_every_error_it_documents(void)
{
    CHECK(make_samples());
    for (unsigned i = 0; i < sizeof(provocations) / sizeof(provocations[0]); i++) {
        uint64_t objects = info(own_system(), INFO_SYSTEM_OBJECTS);
        uint64_t handles = info(own_system(), INFO_SYSTEM_HANDLES);
        int64_t status = provocations[i].provoke();
        if (status != provocations[i].error) {
            console_print("SELFTEST: FAIL %s: it answered %ld", provocations[i].pair, (long)status);
        }
        selftest_check(status == provocations[i].error, provocations[i].pair, __FILE__, __LINE__);
        selftest_check(objects == info(own_system(), INFO_SYSTEM_OBJECTS) &&
                           handles == info(own_system(), INFO_SYSTEM_HANDLES),
                       provocations[i].pair, __FILE__, __LINE__);
    }
    end_samples();
}

static void a_call_that_does_not_exist_is_refused(void)
{
    struct ipc_registers r = {.control = SYSCALL_COUNT};
    ipc_trap(&r);
    CHECK((int64_t)r.words[0] == E_BAD_CALL);
    r = (struct ipc_registers){.control = SYS_signal | 1 << IPC_SENT_SHIFT};
    ipc_trap(&r);
    CHECK((int64_t)r.words[0] == E_BAD_CALL);
    r = (struct ipc_registers){.control = ~0ull};
    ipc_trap(&r);
    CHECK((int64_t)r.words[0] == E_BAD_CALL);
}

static const struct test tests[] = {
    {"every call answers every error it documents", every_call_answers_every_error_it_documents},
    {"a call that does not exist is refused", a_call_that_does_not_exist_is_refused},
};

const struct group error_group = GROUP("errors", tests);
