/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls between tasks: what is carried, who is told, and what a death does to whom.
 */
#include "actors.h"

enum { PRIORITY_SERVER = 20, PRIORITY_CLIENT = 10, LABEL_STOP = 99, ROUNDS = 100 };

/* --- a server: answers a function of the words ---------------------------------------------- */

static uint64_t answer_to(uint64_t word, unsigned index, uint64_t badge)
{
    return word * 3 + index + badge;
}

/* Runs in a child: serves `endpoint` for ever. */
static void serve(uint64_t endpoint, uint64_t unused)
{
    struct message m = {.handle_count = 0};
    (void)unused;
    while (ipc_reply_wait((handle_t)endpoint, &m, DEADLINE_FOREVER) == OK) {
        for (unsigned i = 0; i < IPC_WORDS; i++) {
            m.words[i] = answer_to(m.words[i], i, m.badge);
        }
        m.handle_count = 0;
    }
    child_rest();
}

/* Takes one request and never answers. */
static void take_and_rest(uint64_t endpoint, uint64_t unused)
{
    struct message m = {.handle_count = 0};
    (void)unused;
    int error = ipc_reply_wait((handle_t)endpoint, &m, DEADLINE_FOREVER);
    (void)error;
    child_rest();
}

/* An endpoint with a child that serves it, and a handle to call it with `badge`. */
struct service {
    struct child child;
    handle_t endpoint;
    handle_t client;
};

static bool service_open(struct service *service, void (*entry)(uint64_t a, uint64_t b),
                         uint64_t badge)
{
    service->endpoint = new_endpoint();
    service->client =
        (handle_t)sys_handle_copy(service->endpoint, RIGHT_SEND | RIGHT_GRANT, badge).value;
    if (!child_create(&service->child, PRIORITY_SERVER)) {
        return false;
    }
    handle_t receive = child_give(&service->child, service->endpoint, RIGHT_RECEIVE, 0);
    return child_start(&service->child, entry, receive, 0);
}

static void service_close(struct service *service)
{
    child_end(&service->child);
    sys_handle_close(service->endpoint);
}

/* --- tests ---------------------------------------------------------------------------------- */

static void call_all_words(handle_t client, uint64_t badge)
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct message m = {.handle_count = 0};
        for (unsigned i = 0; i < IPC_WORDS; i++) {
            m.words[i] = ~(uint64_t)0 / (round + 1) - i;
        }
        CHECK(ipc_call(client, &m, DEADLINE_FOREVER) == OK);
        for (unsigned i = 0; i < IPC_WORDS; i++) {
            CHECK(m.words[i] == answer_to(~(uint64_t)0 / (round + 1) - i, i, badge));
        }
        CHECK(m.badge == 0 && m.bits == 0 && m.handle_count == 0);
    }
}

static void carries_eight_words_and_the_badge(void)
{
    struct service service;
    CHECK(service_open(&service, serve, 0x1234567890));
    call_all_words(service.client, 0x1234567890);
    service_close(&service);
}

static void nobody_forges_a_badge(void)
{
    handle_t endpoint = new_endpoint();
    handle_t mine = (handle_t)sys_handle_copy(endpoint, RIGHT_SEND | RIGHT_GRANT, 5).value;
    CHECK(sys_handle_copy(mine, RIGHT_SEND, 6).status == E_NO_RIGHT);
    CHECK(sys_handle_copy(mine, RIGHT_SEND, 5).status == OK);
    CHECK(info(mine, INFO_BADGE) == 5);
    sys_handle_close(endpoint);
}

static void a_call_ends_at_its_deadline(void)
{
    struct service service;
    CHECK(service_open(&service, take_and_rest, 1));
    struct message m = {.words = {1}};
    ticks_t deadline = in_ms(20);
    CHECK(ipc_call(service.client, &m, deadline) == E_TIMEOUT);
    CHECK(time_now() >= deadline && m.words[0] == 0);
    service_close(&service);
}

static void a_call_that_may_not_wait_returns_at_once(void)
{
    handle_t endpoint = new_endpoint();
    struct message m = {.words = {1}};
    CHECK(ipc_call(endpoint, &m, 0) == E_TIMEOUT);
    sys_handle_close(endpoint);
}

struct killer {
    struct side side;
    struct service *victim;
};

/* Runs beside: ends the victim once somebody has called it. */
static void end_when_called(uint64_t argument)
{
    struct killer *killer = (struct killer *)argument;
    child_end(&killer->victim->child);
    side_rest(killer->side.thread);
}

static void the_death_of_a_server_ends_the_call_it_serves(void)
{
    struct service service;
    struct killer killer = {.victim = &service};
    CHECK(service_open(&service, take_and_rest, 1));
    CHECK(side_start(&killer.side, end_when_called, (uintptr_t)&killer, PRIORITY_SELFTEST - 1));
    struct message m = {.words = {1}};
    CHECK(ipc_call(service.client, &m, DEADLINE_FOREVER) == E_PEER_DIED);
    side_end(&killer.side);
    sys_handle_close(service.endpoint);
}

/* A client of its own that calls once, and leaves the status for us in its registers. */
static void call_once(uint64_t client, uint64_t notification)
{
    struct message m = {.words = {7, 6, 5, 4, 3, 2, 1, 0}};
    int status = ipc_call((handle_t)client, &m, DEADLINE_FOREVER);
    sys_signal((handle_t)notification, status == OK ? m.words[0] : 1ull << 40);
    child_rest();
}

struct client {
    struct child child;
    handle_t done; /* signalled with word 0 of the answer, or bit 40 */
};

static bool client_open(struct client *client, handle_t endpoint, uint64_t badge)
{
    client->done = new_notification();
    if (!child_create(&client->child, PRIORITY_CLIENT)) {
        return false;
    }
    handle_t call = child_give(&client->child, endpoint, RIGHT_SEND, badge);
    handle_t done = child_give(&client->child, client->done, RIGHT_WRITE, 0);
    return child_start(&client->child, call_once, call, done);
}

static void client_close(struct client *client)
{
    child_end(&client->child);
    sys_handle_close(client->done);
}

static void a_caller_waits_for_the_next_incarnation(void)
{
    struct service first;
    struct client client;
    CHECK(service_open(&first, serve, 0));
    child_end(&first.child);
    CHECK(client_open(&client, first.endpoint, 2));
    CHECK(wait_for_state(client.child.thread, THREAD_SENDING));
    CHECK(info(first.endpoint, INFO_ENDPOINT_QUEUED) == 1);
    CHECK(child_create(&first.child, PRIORITY_SERVER));
    handle_t receive = child_give(&first.child, first.endpoint, RIGHT_RECEIVE, 0);
    CHECK(child_start(&first.child, serve, receive, 0));
    struct sysret done = sys_wait(client.done, in_ms(1000));
    CHECK(done.status == OK && done.value == answer_to(7, 0, 2));
    client_close(&client);
    service_close(&first);
}

static void closing_an_endpoint_ends_queued_calls(void)
{
    struct client client;
    handle_t endpoint = new_endpoint();
    CHECK(client_open(&client, endpoint, 1));
    CHECK(wait_for_state(client.child.thread, THREAD_SENDING));
    CHECK(sys_handle_close(endpoint).status == OK);
    struct sysret done = sys_wait(client.done, in_ms(1000));
    CHECK(done.status == OK && done.value == 1ull << 40);
    client_close(&client);
}

static void the_death_of_a_caller_drops_the_reply(void)
{
    struct client client;
    handle_t endpoint = new_endpoint();
    CHECK(client_open(&client, endpoint, 1));
    struct message m = {.handle_count = 0};
    CHECK(ipc_reply_wait(endpoint, &m, in_ms(1000)) == OK);
    CHECK(m.words[0] == 7 && m.badge == 1);
    uint64_t dropped = info(own_system(), INFO_SYSTEM_REPLIES_DROPPED);
    child_end(&client.child);
    CHECK(info(own_system(), INFO_SYSTEM_REPLIES_DROPPED) == dropped + 1);
    CHECK(ipc_reply_wait(endpoint, &m, 0) == E_TIMEOUT); /* the server goes on, told nothing */
    sys_handle_close(client.done);
    sys_handle_close(endpoint);
}

static void call_downhill(const void *service)
{
    call_all_words(((const struct service *)service)->client, 3);
}

static void a_reply_downhill_stays_on_the_fast_path(void)
{
    struct service service;
    CHECK(service_open(&service, serve, 3));
    call_downhill(&service); /* the server's first wait is slow */
    CHECK(slow_calls_of(call_downhill, &service) == 0);
    service_close(&service);
}

static void bits_come_before_requests(void)
{
    struct client client;
    struct message m = {.handle_count = 0};
    handle_t endpoint = new_endpoint();
    CHECK(client_open(&client, endpoint, 1));
    CHECK(wait_for_state(client.child.thread, THREAD_SENDING));
    CHECK(sys_signal(own_notification(), 1ull << 5).status == OK);
    CHECK(ipc_reply_wait(endpoint, &m, in_ms(1000)) == OK);
    CHECK((m.bits & 1ull << 5) != 0 && m.words[0] == 0);
    do {
        CHECK(ipc_reply_wait(endpoint, &m, in_ms(1000)) == OK);
    } while (m.bits != 0); /* init's sign of life may come between */
    CHECK(m.words[0] == 7);
    client_close(&client);
    sys_handle_close(endpoint);
}

/* Answers with two handles of its own: an owner and a copy. */
static void give_handles(uint64_t endpoint, uint64_t notification)
{
    struct message m = {.accept_count = 1};
    while (ipc_reply_wait((handle_t)endpoint, &m, DEADLINE_FOREVER) == OK) {
        m.words[0] = m.handle_count;
        m.handles[1] = (handle_t)notification;
        m.handle_count = 2;
        m.accept_count = 1;
    }
    child_rest();
}

static void handles_travel_both_ways(void)
{
    struct child child;
    handle_t endpoint = new_endpoint();
    handle_t sent = new_notification();
    handle_t copy = (handle_t)sys_handle_copy(sent, RIGHT_WRITE | RIGHT_GRANT, 0).value;
    CHECK(child_create(&child, PRIORITY_SERVER));
    handle_t receive = child_give(&child, endpoint, RIGHT_RECEIVE, 0);
    handle_t other = child_give(&child, sent, RIGHT_READ | RIGHT_GRANT, 0);
    CHECK(child_start(&child, give_handles, receive, other));
    struct message m = {.handles = {copy}, .handle_count = 1, .accept_count = 2};
    CHECK(ipc_call(endpoint, &m, in_ms(1000)) == OK);
    CHECK(m.words[0] == 1 && m.handle_count == 2);
    CHECK(info(m.handles[0], INFO_RIGHTS) == (RIGHT_WRITE | RIGHT_GRANT));
    CHECK(info(m.handles[1], INFO_RIGHTS) == (RIGHT_READ | RIGHT_GRANT));
    CHECK(info(copy, INFO_TYPE) == OBJECT_NOTIFICATION); /* a copy travelled, not ours */
    child_end(&child);
    sys_handle_close(endpoint);
    sys_handle_close(sent); /* and every copy with it */
}

static void a_reply_with_too_many_handles_fails_the_caller(void)
{
    struct child child;
    handle_t endpoint = new_endpoint();
    handle_t sent = new_notification();
    CHECK(child_create(&child, PRIORITY_SERVER));
    handle_t receive = child_give(&child, endpoint, RIGHT_RECEIVE, 0);
    handle_t other = child_give(&child, sent, RIGHT_READ | RIGHT_GRANT, 0);
    CHECK(child_start(&child, give_handles, receive, other));
    handle_t copy = (handle_t)sys_handle_copy(sent, RIGHT_GRANT, 0).value;
    struct message m = {.handles = {copy}, .handle_count = 1, .accept_count = 1};
    CHECK(ipc_call(endpoint, &m, in_ms(1000)) == E_TOO_MANY_HANDLES);
    CHECK(info(child.thread, INFO_THREAD_STATE) == THREAD_RECEIVING); /* it goes on */
    child_end(&child);
    sys_handle_close(endpoint);
    sys_handle_close(sent);
}

struct hasty {
    struct side side;
    handle_t endpoint;
};

/* A side that calls and does not wait for the answer. */
static void call_hastily(uint64_t argument)
{
    struct hasty *hasty = (struct hasty *)argument;
    struct message m = {.words = {1}};
    int error = ipc_call(hasty->endpoint, &m, in_ms(5));
    (void)error;
    side_rest(hasty->side.thread);
}

static void a_reply_that_nobody_takes_ends_what_it_carries(void)
{
    static struct hasty hasty;
    struct message m = {.handle_count = 0};
    uint64_t dropped = info(own_system(), INFO_SYSTEM_REPLIES_DROPPED);
    hasty.endpoint = new_endpoint();
    /* It runs once this thread waits: however slow the host is, its call is received in time. */
    CHECK(side_start(&hasty.side, call_hastily, (uintptr_t)&hasty, PRIORITY_SELFTEST - 1));
    CHECK(ipc_reply_wait(hasty.endpoint, &m, in_ms(1000)) == OK);
    CHECK(wait_for_state(hasty.side.thread, THREAD_STOPPED));
    CHECK(info(own_system(), INFO_SYSTEM_REPLIES_DROPPED) == dropped + 1);
    handle_t carried = new_notification();
    m.handles[0] = carried;
    m.handle_count = 1;
    CHECK(ipc_reply_wait(hasty.endpoint, &m, 0) == E_TIMEOUT);
    CHECK(sys_object_info(carried, INFO_TYPE).status == E_BAD_HANDLE);
    side_end(&hasty.side);
    sys_handle_close(hasty.endpoint);
}

static const struct test tests[] = {
    {"a call carries eight words and the badge", carries_eight_words_and_the_badge},
    {"nobody forges a badge", nobody_forges_a_badge},
    {"a call ends at its deadline", a_call_ends_at_its_deadline},
    {"a call that may not wait returns at once", a_call_that_may_not_wait_returns_at_once},
    {"the death of a server ends the call it serves",
     the_death_of_a_server_ends_the_call_it_serves},
    {"a caller waits for the next incarnation", a_caller_waits_for_the_next_incarnation},
    {"closing an endpoint ends queued calls", closing_an_endpoint_ends_queued_calls},
    {"the death of a caller drops the reply", the_death_of_a_caller_drops_the_reply},
    {"a reply downhill stays on the fast path", a_reply_downhill_stays_on_the_fast_path},
    {"bits come before requests", bits_come_before_requests},
    {"handles travel both ways", handles_travel_both_ways},
    {"a reply that nobody takes ends what it carries",
     a_reply_that_nobody_takes_ends_what_it_carries},
    {"a reply with too many handles fails the caller",
     a_reply_with_too_many_handles_fails_the_caller},
};

const struct group ipc_group = GROUP("ipc", tests);
