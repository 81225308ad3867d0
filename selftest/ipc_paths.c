/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fast path of call and reply_wait agrees with the slow one: the same exchange, once with
 * FOREVER (fast) and once with a deadline far away (slow), on either side, leaves the same in every
 * register and both threads in the same states.
 *
 * The server's own deadline is chosen by word 7 of the request before. What it saw in its registers
 * travels back in the words of its answer. A signal goes the short way to whoever waits for ever,
 * and leaves the same as the long one.
 */
#include "actors.h"
#include "machine.h"

enum {
    PRIORITY_SERVER_ABOVE = PRIORITY_SELFTEST + 4,
    PRIORITY_SERVER_BELOW = PRIORITY_SELFTEST - 4,
    PRIORITY_BETWEEN = PRIORITY_SELFTEST - 2,
    FAR_MS = 1000000,
    SEQUENCE = 500,
    BETWEEN_US = 200,
};

/* Word 7 of a request. */
enum {
    SLOW_REPLY = 1 << 0,   /* answer it, and wait for the next, with a deadline */
    SIGNAL_FIRST = 1 << 1, /* have bits pending when that wait begins */
};

#define PENDING_BITS 0x50ull

struct seen {
    struct ipc_registers registers;
    uint64_t server_state;
};

/* --- the server ----------------------------------------------------------------------------- */

/* Puts what came into the answer. */
static void fold(struct ipc_registers *r, uint64_t bits_taken)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < IPC_WORDS; i++) {
        sum = sum * 31 + r->words[i];
    }
    r->words[0] = sum;
    r->words[1] = r->target; /* the badge */
    r->words[2] = r->control;
    r->words[3] = r->deadline;
    r->words[4] = r->handles[0] | r->handles[1];
    r->words[5] = bits_taken;
    r->words[6] = ~r->words[6];
}

static void serve(uint64_t endpoint, uint64_t notification)
{
    struct ipc_registers r = {.control = SYS_reply_wait, .deadline = DEADLINE_FOREVER};
    for (;;) {
        uint64_t bits_taken = 0;
        r.target = endpoint;
        ipc_trap(&r);
        while ((int64_t)r.control >= 0 && r.deadline != 0) {
            bits_taken |= r.deadline;
            r = (struct ipc_registers){.control = SYS_reply_wait, .target = endpoint};
            r.deadline = DEADLINE_FOREVER;
            ipc_trap(&r);
        }
        if ((int64_t)r.control < 0) {
            child_rest();
        }
        fold(&r, bits_taken);
        if ((r.words[7] & SIGNAL_FIRST) != 0) {
            sys_signal((handle_t)notification, PENDING_BITS);
        }
        r.deadline = (r.words[7] & SLOW_REPLY) != 0 ? in_ms(FAR_MS) : DEADLINE_FOREVER;
        r.control = SYS_reply_wait;
        r.handles[0] = 0;
        r.handles[1] = 0;
    }
}

struct service {
    struct child child;
    handle_t endpoint;
    handle_t notification;
};

static bool service_open(struct service *service, unsigned priority)
{
    service->endpoint = new_endpoint();
    service->notification = new_notification();
    if (!child_create(&service->child, priority) ||
        sys_thread_bind(service->child.thread, service->notification).status != OK) {
        return false;
    }
    handle_t receive = child_give(&service->child, service->endpoint, RIGHT_RECEIVE, 0);
    handle_t signal = child_give(&service->child, service->notification, RIGHT_WRITE, 0);
    return child_start(&service->child, serve, receive, signal) &&
           wait_for_state(service->child.thread, THREAD_RECEIVING_FAST);
}

static void service_close(struct service *service)
{
    child_end(&service->child);
    sys_handle_close(service->endpoint);
    sys_handle_close(service->notification);
}

/* --- one exchange --------------------------------------------------------------------------- */

static void fill(struct ipc_registers *r, uint64_t seed, uint64_t flags)
{
    for (unsigned i = 0; i < IPC_WORDS - 1; i++) {
        r->words[i] = seed * 0x9e3779b97f4a7c15 + i;
    }
    r->words[7] = flags;
}

static void exchange(const struct service *service, handle_t client, uint64_t seed, uint64_t flags,
                     ticks_t deadline, struct seen *seen)
{
    struct ipc_registers r = {.control = SYS_call, .target = client, .deadline = deadline};
    fill(&r, seed, flags);
    ipc_trap(&r);
    seen->registers = r;
    bool waits_slowly = flags == SLOW_REPLY; /* after bits it waits once more, for ever */
    wait_for_state(service->child.thread, waits_slowly ? THREAD_RECEIVING : THREAD_RECEIVING_FAST);
    seen->server_state = info(service->child.thread, INFO_THREAD_STATE);
}

/* The registers that word 7 does not explain are all the same. */
static bool is_same(const struct seen *a, const struct seen *b)
{
    for (unsigned i = 0; i < IPC_WORDS; i++) {
        if (a->registers.words[i] != b->registers.words[i]) {
            return false;
        }
    }
    return a->registers.control == b->registers.control &&
           a->registers.target == b->registers.target &&
           a->registers.deadline == b->registers.deadline &&
           a->registers.handles[0] == b->registers.handles[0] &&
           a->registers.handles[1] == b->registers.handles[1] && a->server_state == b->server_state;
}

/* What an exchange must leave, whatever the path. */
static bool is_right(const struct seen *seen, uint64_t seed, uint64_t flags, uint64_t badge,
                     uint64_t bits)
{
    const struct ipc_registers *r = &seen->registers;
    struct ipc_registers expected = {.target = badge};
    fill(&expected, seed, flags);
    fold(&expected, bits);
    for (unsigned i = 0; i < IPC_WORDS; i++) {
        if (r->words[i] != expected.words[i]) {
            return false;
        }
    }
    return r->control == OK && r->target == 0 && r->deadline == 0 && r->handles[0] == 0 &&
           r->handles[1] == 0;
}

/* --- tests ---------------------------------------------------------------------------------- */

/* Every way of a request and its answer, with one badge and one server. */
static void compare_paths(const struct service *service, handle_t client, uint64_t badge)
{
    static const uint64_t all_flags[] = {0, SLOW_REPLY, SIGNAL_FIRST, SLOW_REPLY | SIGNAL_FIRST};
    uint64_t bits = 0;
    for (unsigned i = 0; i < sizeof(all_flags) / sizeof(all_flags[0]); i++) {
        for (uint64_t seed = 0; seed < 4; seed++) {
            struct seen fast;
            struct seen slow;
            uint64_t next_bits = (all_flags[i] & SIGNAL_FIRST) != 0 ? PENDING_BITS : 0;
            exchange(service, client, seed, all_flags[i], DEADLINE_FOREVER, &fast);
            CHECK(is_right(&fast, seed, all_flags[i], badge, bits));
            bits = next_bits;
            exchange(service, client, seed, all_flags[i], in_ms(FAR_MS), &slow);
            CHECK(is_right(&slow, seed, all_flags[i], badge, bits));
            exchange(service, client, seed, all_flags[i], DEADLINE_FOREVER, &fast);
            CHECK(is_same(&fast, &slow));
        }
    }
    struct seen last; /* leaves no bits for the next badge */
    exchange(service, client, 0, 0, DEADLINE_FOREVER, &last);
    exchange(service, client, 0, 0, DEADLINE_FOREVER, &last);
}

static void compare_at(unsigned priority)
{
    static const uint64_t badges[] = {0, 1, 0x8000000000000000, BADGE_ALL - 1};
    struct service service;
    CHECK(service_open(&service, priority));
    for (unsigned i = 0; i < sizeof(badges) / sizeof(badges[0]); i++) {
        handle_t client = (handle_t)sys_handle_copy(service.endpoint, RIGHT_SEND, badges[i]).value;
        compare_paths(&service, client, badges[i]);
    }
    service_close(&service);
}

static void both_paths_agree_with_a_server_above(void)
{
    compare_at(PRIORITY_SERVER_ABOVE);
}

static void both_paths_agree_with_a_server_beside(void)
{
    compare_at(PRIORITY_SELFTEST);
}

static void both_paths_agree_with_a_server_below(void)
{
    compare_at(PRIORITY_SERVER_BELOW);
}

static struct side between;

static void spin_a_little(uint64_t unused)
{
    (void)unused;
    for (ticks_t end = time_after(time_now(), BETWEEN_US * 1000); time_now() < end;) {
    }
    side_rest(between.thread);
}

/* The server may not run before the one between, so the fast path steps aside. */
static void a_ready_thread_between_goes_first(void)
{
    struct service service;
    struct seen seen;
    CHECK(service_open(&service, PRIORITY_SERVER_BELOW));
    for (uint64_t seed = 0; seed < 10; seed++) {
        CHECK(side_start(&between, spin_a_little, 0, PRIORITY_BETWEEN));
        struct ipc_registers r = {
            .control = SYS_call, .target = service.endpoint, .deadline = DEADLINE_FOREVER};
        fill(&r, seed, 0);
        ipc_trap(&r);
        CHECK(info(between.thread, INFO_THREAD_STATE) == THREAD_STOPPED);
        seen.registers = r;
        CHECK(is_right(&seen, seed, 0, 0, 0));
        side_end(&between);
    }
    service_close(&service);
}

/* Any order of paths and pending bits; the same numbers every time. */
static void a_long_mixed_sequence_goes_as_foretold(void)
{
    struct service service;
    struct seen seen;
    uint64_t random = 1;
    uint64_t bits = 0;
    CHECK(service_open(&service, PRIORITY_SERVER_ABOVE));
    for (unsigned i = 0; i < SEQUENCE; i++) {
        random = random * 6364136223846793005 + 1442695040888963407;
        uint64_t flags = random >> 60 & (SLOW_REPLY | SIGNAL_FIRST);
        ticks_t deadline = (random >> 59 & 1) != 0 ? DEADLINE_FOREVER : in_ms(FAR_MS);
        exchange(&service, service.endpoint, random, flags, deadline, &seen);
        CHECK(is_right(&seen, random, flags, 0, bits));
        bits = (flags & SIGNAL_FIRST) != 0 ? PENDING_BITS : 0;
    }
    service_close(&service);
}

static void call_as_most_do(const void *service)
{
    enum { CALLS = 100 };
    struct seen seen;
    for (unsigned i = 0; i < CALLS; i++) {
        exchange(service, ((const struct service *)service)->endpoint, i, 0, DEADLINE_FOREVER,
                 &seen);
    }
}

static void the_common_case_takes_the_fast_path(void)
{
    struct service service;
    CHECK(service_open(&service, PRIORITY_SERVER_ABOVE));
    call_as_most_do(&service); /* the server's first wait is slow */
    CHECK(slow_calls_of(call_as_most_do, &service) == 0);
    service_close(&service);
}

/* --- a signal that ends reply_wait ---------------------------------------------------------- */

enum { NEAR_MS = 20, TRIES = 20 };

/* What a sleeper waits with, and what its registers hold when it is woken. */
static struct sleeper {
    struct side side;
    struct ipc_registers registers;
    bool was_late; /* on a slow machine: its deadline came before the signal */
} sleeper;

/* Afterwards it waits once more, for ever and without handles. */
static void sleep_twice(uint64_t unused)
{
    (void)unused;
    struct ipc_registers again = {.control = SYS_reply_wait,
                                  .target = sleeper.registers.target,
                                  .deadline = DEADLINE_FOREVER};
    ipc_trap(&sleeper.registers);
    ipc_trap(&again);
    side_rest(sleeper.side.thread);
}

/* In the kernel's half, but not in its last 128 GiB, which are small negative numbers. */
static bool is_of_the_kernel(uint64_t value)
{
    return value >> 39 == UINT64_MAX >> 39 && value < -(1ull << 37);
}

/* Whatever way the signal goes, no register shows an address of the kernel afterwards. */
static void signal_telling_nothing(handle_t notification)
{
    uint64_t left[MACHINE_LEFT_MAX] = {0};
    machine_call(notification, PENDING_BITS, SYS_signal, left);
    for (unsigned i = 0; i < MACHINE_LEFT_MAX; i++) {
        CHECK(!is_of_the_kernel(left[i]));
    }
}

/* Nothing of the first wait is left in the second, its deadline neither. */
static void wake_sleeper(unsigned priority, uint64_t accepts, uint64_t wait_ms)
{
    ticks_t deadline = wait_ms == 0 ? DEADLINE_FOREVER : in_ms(wait_ms);
    handle_t notification = new_notification();
    handle_t endpoint = new_endpoint();
    struct ipc_registers *r = &sleeper.registers;
    *r = (struct ipc_registers){.control = SYS_reply_wait | accepts << IPC_ACCEPT_SHIFT,
                                .target = endpoint,
                                .deadline = deadline};
    fill(r, accepts, 0);
    CHECK(side_create(&sleeper.side, sleep_twice, 0, priority) &&
          sys_thread_bind(sleeper.side.thread, notification).status == OK &&
          sys_thread_start(sleeper.side.thread).status == OK);
    wait_for_state(sleeper.side.thread,
                   accepts != 0 || wait_ms != 0 ? THREAD_RECEIVING : THREAD_RECEIVING_FAST);
    CHECK(sys_signal(notification, 0).status == OK); /* no bit: nobody is woken */
    signal_telling_nothing(notification);
    sleeper.was_late = deadline <= time_now();
    if (!sleeper.was_late) { /* else the signal may have ended the second wait */
        CHECK(wait_for_state(sleeper.side.thread, THREAD_RECEIVING_FAST));
        CHECK(r->control == OK && r->target == 0 && r->deadline == PENDING_BITS &&
              r->handles[0] == 0 && r->handles[1] == 0);
        for (unsigned i = 0; i < IPC_WORDS; i++) {
            CHECK(r->words[i] == 0);
        }
        sleep_ms(2 * wait_ms);
        CHECK(info(sleeper.side.thread, INFO_THREAD_STATE) == THREAD_RECEIVING_FAST);
    }
    side_end(&sleeper.side);
    sys_handle_close(endpoint);
    sys_handle_close(notification);
}

static void wake(unsigned priority, uint64_t accepts, uint64_t wait_ms)
{
    unsigned tries = 0;
    do {
        wake_sleeper(priority, accepts, wait_ms);
    } while (sleeper.was_late && ++tries < TRIES);
    CHECK(!sleeper.was_late);
}

static void a_signal_wakes_alike_whoever_receives(void)
{
    static const unsigned priorities[] = {PRIORITY_SERVER_ABOVE, PRIORITY_SERVER_BELOW};
    for (unsigned i = 0; i < 2; i++) {
        wake(priorities[i], 0, 0);
        wake(priorities[i], 1, 0);
        wake(priorities[i], IPC_HANDLES_MAX, 0);
        wake(priorities[i], 0, NEAR_MS);
        wake(priorities[i], 1, NEAR_MS);
    }
}

static const struct test tests[] = {
    {"both paths agree with a server above", both_paths_agree_with_a_server_above},
    {"both paths agree with a server beside", both_paths_agree_with_a_server_beside},
    {"both paths agree with a server below", both_paths_agree_with_a_server_below},
    {"a ready thread between goes first", a_ready_thread_between_goes_first},
    {"a long mixed sequence goes as foretold", a_long_mixed_sequence_goes_as_foretold},
    {"the common case takes the fast path", the_common_case_takes_the_fast_path},
    {"a signal wakes alike whoever receives", a_signal_wakes_alike_whoever_receives},
};

const struct group path_group = GROUP("ipc paths", tests);
