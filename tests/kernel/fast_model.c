/* SPDX-License-Identifier: BSD-2-Clause */
#include "fast_model.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

uint64_t fast_model_calls;
uint64_t fast_model_replies;

/* No more urgent thread is ready, and the partner's space can be switched to. */
static bool may_switch(const struct thread *partner)
{
    return partner->priority >= boot_cpu.top_ready && partner->space != 0;
}

static bool accepts_call(struct fast_model *model, const struct handle_entry *entry)
{
    model->endpoint = container_of(entry->object, struct endpoint, object);
    model->partner = model->endpoint->server;
    return (entry->rights & RIGHT_SEND) != 0 && may_switch(model->partner) &&
           model->partner->state == THREAD_RECEIVING_FAST;
}

static bool accepts_reply(struct fast_model *model, const struct handle_entry *entry)
{
    const struct thread *self = model->self;
    model->endpoint = container_of(entry->object, struct endpoint, object);
    if ((entry->rights & RIGHT_RECEIVE) == 0 || model->endpoint->server != self ||
        model->endpoint->caller_count != 0) {
        return false;
    }
    model->partner = self->caller;
    return may_switch(model->partner) && model->partner->state == THREAD_CALLING &&
           model->partner->call_accepts == 0 && !model->partner->has_deadline &&
           self->bound->bits == 0;
}

static struct handle_entry *find_entry(const struct thread *self)
{
    uint64_t target = self->frame.x[REG_TARGET];
    uint64_t index = target & HANDLE_INDEX_MASK;
    struct handle_entry *entry = self->handles + index;
    bool is_found = index * sizeof(*entry) < self->handles_bytes && entry->handle == target;
    return is_found ? entry : NULL;
}

/* Before the trap: the program counter is still at the call. */
static void block(struct thread *self, uint8_t state)
{
    self->state = state;
    self->frame.x[REG_PC] += 4;
}

/* The words go over in registers; `badge` beside them; the rest is zero. */
static void hand_over(struct thread *to, const struct thread *from, uint64_t badge)
{
    to->state = THREAD_READY;
    arch_frame_clear_message(&to->frame);
    memcpy(&to->frame.x[REG_WORD], &from->frame.x[REG_WORD], IPC_WORDS * sizeof(uint64_t));
    to->frame.x[REG_TARGET] = badge; /* status, bits and handles are 0 */
}

bool fast_model_predict(struct fast_model *model, struct thread *self)
{
    uint64_t number = self->frame.x[REG_NUMBER]; /* without counts */
    struct handle_entry *entry = find_entry(self);
    model->self = self;
    if (number > SYS_reply_wait || self->frame.x[REG_DEADLINE] != DEADLINE_FOREVER ||
        entry == NULL || self->has_result || object_is_reaping()) {
        return false;
    }
    bool is_call = number == SYS_call;
    if (is_call ? !accepts_call(model, entry) : !accepts_reply(model, entry)) {
        return false;
    }
    if (boot_cpu.payer->budget_ticks != 0) {
        return false; /* charging it may change a priority */
    }
    model->self_after = *self;
    model->partner_after = *model->partner;
    model->endpoint_after = *model->endpoint;
    model->cpu_after = boot_cpu;
    block(&model->self_after, is_call ? THREAD_CALLING : THREAD_RECEIVING_FAST);
    hand_over(&model->partner_after, self, is_call ? entry->badge : 0);
    if (is_call) {
        model->self_after.server = model->partner;
        model->partner_after.caller = self;
    }
    model->cpu_after.current = model->partner;
    model->space_after = model->partner->space;
    *(is_call ? &fast_model_calls : &fast_model_replies) += 1;
    return true;
}

/* --- the same, field by field ----------------------------------------------------------------- */

static void forget_thread(struct thread *thread)
{
    thread->cpu_ticks = 0;
    thread->spent_ticks = 0;
    thread->result = (struct sysret){0};
    thread->has_result = false;
    thread->call_badge = 0;
    if (thread->state != THREAD_READY) {
        arch_frame_clear_message(&thread->frame);
        thread->server = thread->state == THREAD_CALLING ? thread->server : NULL; /* else stale */
    } else {
        thread->server = NULL;
    }
    if (thread->state >= THREAD_RECEIVING) {
        thread->caller = NULL; /* stale */
    }
}

static bool is_same_thread(const struct thread *expected, const struct thread *found)
{
    struct thread left = *expected;
    struct thread right = *found;
    forget_thread(&left);
    forget_thread(&right);
    return memcmp(&left, &right, sizeof(left)) == 0;
}

static bool is_same_cpu(const struct cpu *expected)
{
    struct cpu left = *expected;
    left.payer = boot_cpu.payer;
    left.paid_until = boot_cpu.paid_until;
    left.slice_of = boot_cpu.slice_of;
    left.slice_end = boot_cpu.slice_end;
    left.armed = boot_cpu.armed;
    left.has_ticked = boot_cpu.has_ticked;
    return memcmp(&left, &boot_cpu, sizeof(left)) == 0;
}

void fast_model_compare(const struct fast_model *model, const struct thread *next)
{
    REQUIRE(next == model->partner);
    REQUIRE(is_same_thread(&model->self_after, model->self));
    REQUIRE(is_same_thread(&model->partner_after, model->partner));
    REQUIRE(memcmp(&model->endpoint_after, model->endpoint, sizeof(struct endpoint)) == 0);
    REQUIRE(is_same_cpu(&model->cpu_after));
    REQUIRE(fake_cpu.space == model->space_after);
}
