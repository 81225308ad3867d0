/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Services called from node to node: who may, how much, and what becomes of a call.
 */
#include "bus_world.h"

static int served;
static uint64_t later_call;

static const struct crypto_span text = {(const uint8_t *)"an answer", 9};

static int serve_counted(void *context, struct service_call *call)
{
    (void)context;
    served++;
    call->answer_len = call->request.len;
    memset(call->answer, 'x', call->answer_len);
    return OK;
}

static int serve_later(void *context, struct service_call *call)
{
    (void)context;
    later_call = call->call;
    return E_AGAIN;
}

static int serve_badly(void *context, struct service_call *call)
{
    (void)context;
    (void)call;
    return E_CLOSED;
}

static void offer(int node, const char *name, enum service_policy policy,
                  int (*serve)(void *, struct service_call *))
{
    struct service service = {.policy = policy, .serve = serve, .request_max = 100};
    served = 0;
    assert_true(bus_name_set(&service.name, name, strlen(name)));
    assert_int_equal(services_add(&world.sim.nodes[node].services, &service), OK);
}

static uint32_t begin_call(const char *service, size_t len)
{
    static const uint8_t zeros[CALL_BYTES_MAX];
    struct bus_name name;
    struct bus_name peer = bus_sim_name(1);
    uint32_t token = 0;
    assert_true(bus_name_set(&name, service, strlen(service)));
    assert_int_equal(node_call(&world.sim.nodes[0], &peer, &name, (struct crypto_span){zeros, len},
                               world.sim.now_us, &token),
                     OK);
    return token;
}

/* A call from node 0 to node 1, whole; gives its status. */
static enum call_status call(const char *service, size_t len, size_t *answer_len)
{
    uint8_t answer[CALL_BYTES_MAX];
    enum call_status status = CALL_LOST;
    uint32_t token = begin_call(service, len);
    bus_sim_run(&world.sim, NODE_CALL_MS * MS + 1 * S);
    assert_int_equal(node_take_answer(&world.sim.nodes[0], token, &status, answer, answer_len), OK);
    assert_int_equal(node_take_answer(&world.sim.nodes[0], token, &status, answer, answer_len),
                     E_NOT_FOUND);
    assert_int_equal(world.last[0][EVENT_CALL_DONE].call, token);
    return status;
}

TEST(a_service_is_called_and_answers)
{
    size_t len;
    world_meet();
    offer(1, "count", SERVICE_FOR_PEERS, serve_counted);
    offer(1, "echo", SERVICE_FOR_PEERS, service_echo);
    for (int i = 0; i < 10; i++) { /* channels are given back */
        assert_int_equal(call("count", 100, &len), CALL_OK);
        assert_int_equal(len, 100);
        assert_int_equal(call("echo", 0, &len), CALL_OK);
        assert_int_equal(len, 0);
    }
    assert_int_equal(served, 10);
    assert_int_equal(world_counted(1, BUS_call_received), 20);
    assert_int_equal(world_counted(0, BUS_call_answered), 20);
}

TEST(a_service_that_is_not_there_is_refused)
{
    size_t len;
    world_meet();
    assert_int_equal(call("nothing", 5, &len), CALL_NO_SERVICE);
    assert_int_equal(world_counted(1, BUS_call_no_service), 1);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
}

TEST(a_disallowed_service_is_refused_and_not_run)
{
    size_t len;
    struct service *service = &world.sim.nodes[1].services.slot[0];
    world_meet();
    offer(1, "count", SERVICE_FOR_NOBODY, serve_counted);
    assert_int_equal(call("count", 5, &len), CALL_DENIED);
    service->policy = SERVICE_FOR_LISTED;
    assert_int_equal(call("count", 5, &len), CALL_DENIED);
    service->peers[0] = bus_sim_name(7);
    service->peer_count = 1;
    assert_int_equal(call("count", 5, &len), CALL_DENIED);
    assert_int_equal(world_counted(1, BUS_call_denied), 3);
    assert_int_equal(served, 0);
    service->peers[0] = bus_sim_name(0);
    assert_int_equal(call("count", 5, &len), CALL_OK);
}

TEST(an_oversized_request_is_answered_and_not_run)
{
    size_t len;
    struct bus_name peer = bus_sim_name(1);
    uint32_t token;
    uint8_t bytes[CALL_BYTES_MAX + 1] = {0};
    world_meet();
    offer(1, "count", SERVICE_FOR_PEERS, serve_counted);
    assert_int_equal(call("count", 101, &len), CALL_TOO_LONG);
    assert_int_equal(call("count", CALL_BYTES_MAX, &len), CALL_TOO_LONG);
    assert_int_equal(served, 0);
    assert_int_equal(world_counted(1, BUS_call_oversized), 2);
    const struct crypto_span too_long = {bytes, sizeof(bytes)};
    assert_int_equal(
        node_call(&world.sim.nodes[0], &peer, &peer, too_long, world.sim.now_us, &token), E_RANGE);
    assert_int_equal(call("count", 100, &len), CALL_OK);
}

TEST(a_call_without_a_session_is_refused_at_once)
{
    struct bus_name peer = bus_sim_name(1);
    uint32_t token;
    const struct crypto_span nothing = {NULL, 0};
    assert_int_equal(
        node_call(&world.sim.nodes[0], &peer, &peer, nothing, world.sim.now_us, &token),
        E_NOT_FOUND);
}

TEST(a_service_may_answer_later)
{
    uint8_t answer[CALL_BYTES_MAX];
    enum call_status status;
    size_t len;
    world_meet();
    offer(1, "later", SERVICE_FOR_PEERS, serve_later);
    uint32_t token = begin_call("later", 3);
    bus_sim_run(&world.sim, 1 * S);
    assert_int_equal(node_take_answer(&world.sim.nodes[0], token, &status, answer, &len), E_AGAIN);
    assert_int_equal(
        node_answer(&world.sim.nodes[1], later_call ^ 1, CALL_OK, text, world.sim.now_us),
        E_NOT_FOUND);
    static const uint8_t bytes[CALL_BYTES_MAX + 1];
    const struct crypto_span too_long = {bytes, sizeof(bytes)};
    assert_int_equal(
        node_answer(&world.sim.nodes[1], later_call, CALL_OK, too_long, world.sim.now_us), E_RANGE);
    assert_int_equal(node_answer(&world.sim.nodes[1], later_call, CALL_OK, text, world.sim.now_us),
                     OK);
    assert_int_equal(node_answer(&world.sim.nodes[1], later_call, CALL_OK, text, world.sim.now_us),
                     E_NOT_FOUND);
    bus_sim_run(&world.sim, 1 * S);
    assert_int_equal(node_take_answer(&world.sim.nodes[0], token, &status, answer, &len), OK);
    assert_int_equal(status, CALL_OK);
    assert_int_equal(len, text.len);
    assert_memory_equal(answer, text.bytes, text.len);
}

TEST(a_service_that_fails_or_never_answers_ends_the_call)
{
    size_t len;
    world_meet();
    offer(1, "bad", SERVICE_FOR_PEERS, serve_badly);
    offer(1, "later", SERVICE_FOR_PEERS, serve_later);
    assert_int_equal(call("bad", 3, &len), CALL_FAILED);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(call("later", 3, &len), CALL_TIMEOUT);
        assert_int_equal(
            node_answer(&world.sim.nodes[1], later_call, CALL_OK, text, world.sim.now_us), OK);
    }
    assert_int_equal(world_counted(0, BUS_call_timeout), 2);
    assert_int_equal(call("bad", 3, &len), CALL_FAILED);
}

/* The answer uses up half of the credit, and this caller gives no more. */
TEST(an_answer_ends_its_channel_though_the_caller_takes_nothing_out)
{
    static const uint8_t zeros[CALL_BYTES_MAX];
    uint8_t bytes[REQUEST_MAX];
    struct bus_name echo;
    struct channel *channel;
    world_meet();
    offer(1, "echo", SERVICE_FOR_PEERS, service_echo);
    assert_true(bus_name_set(&echo, "echo", 4));
    world.sim.nodes[1].services.slot[0].request_max = CALL_BYTES_MAX;
    struct bus_name peer = bus_sim_name(1);
    struct node *node = &world.sim.nodes[0];
    struct session *session = &node->links[links_find_open(node, &peer)].session;
    assert_int_equal(session_open_channel(session, &echo, world.sim.now_us, &channel), OK);
    bus_sim_run(&world.sim, 1 * S);
    const struct call_request request = {7, {zeros, 600}};
    const struct crypto_span whole = {bytes, call_write_request(&request, bytes)};
    assert_int_equal(channel_send(session, channel, whole, world.sim.now_us), OK);
    channel_end(session, channel, world.sim.now_us);
    bus_sim_run(&world.sim, 1 * S);
    assert_int_equal(channel->rx_len, ANSWER_HEADER_BYTES + 600);
    assert_true(channel->has_peer_ended);
}

TEST(a_call_ends_with_its_session)
{
    uint8_t answer[CALL_BYTES_MAX];
    enum call_status status;
    size_t len;
    world_meet();
    offer(1, "later", SERVICE_FOR_PEERS, serve_later);
    uint32_t token = begin_call("later", 3);
    bus_sim_run(&world.sim, 1 * S);
    bus_sim_restart(&world.sim, 1);
    assert_int_equal(node_answer(&world.sim.nodes[1], later_call, CALL_OK, text, world.sim.now_us),
                     E_NOT_FOUND);
    bus_sim_run(&world.sim, 1 * S);
    assert_int_equal(node_take_answer(&world.sim.nodes[0], token, &status, answer, &len), OK);
    assert_int_equal(status, CALL_LOST);
}

TEST(only_so_many_calls_are_under_way)
{
    struct bus_name peer = bus_sim_name(1);
    struct bus_name name;
    uint32_t token;
    const struct crypto_span nothing = {NULL, 0};
    world_meet();
    offer(1, "later", SERVICE_FOR_PEERS, serve_later);
    for (int i = 0; i < SESSION_CHANNELS_EACH; i++) {
        (void)begin_call("later", 3);
    }
    assert_true(bus_name_set(&name, "later", 5));
    assert_int_equal(
        node_call(&world.sim.nodes[0], &peer, &name, nothing, world.sim.now_us, &token), E_LIMIT);
    bus_sim_run(&world.sim, (NODE_CALL_MS + NODE_KEEP_MS) * MS + 1 * S);
    assert_int_equal(node_take_answer(&world.sim.nodes[0], 1, (enum call_status[]){0},
                                      (uint8_t[CALL_BYTES_MAX]){0}, (size_t[]){0}),
                     E_NOT_FOUND); /* nobody took it */
}

TEST(a_node_announces_the_services_that_somebody_may_use)
{
    offer(1, "echo", SERVICE_FOR_PEERS, service_echo);
    offer(1, "hidden", SERVICE_FOR_NOBODY, service_echo);
    bus_sim_run(&world.sim, 2 * S);
    struct bus_name name = bus_sim_name(1);
    const struct peer *peer = peers_find(&world.sim.nodes[0].peers, &name);
    assert_int_equal(peer->announce.service_count, 1);
    assert_memory_equal(peer->announce.services[0].text, "echo", 4);
}

TEST(the_table_of_services_takes_what_makes_sense)
{
    struct services services = {0};
    struct service service = {.policy = SERVICE_FOR_PEERS, .serve = service_echo};
    assert_int_equal(services_add(&services, &service), E_INVALID); /* no name */
    for (int i = 0; i < SERVICES_MAX; i++) {
        service.name = bus_sim_name(i);
        assert_int_equal(services_add(&services, &service), OK);
        assert_int_equal(services_add(&services, &service), E_EXISTS);
    }
    service.name = bus_sim_name(90);
    assert_int_equal(services_add(&services, &service), E_LIMIT);
    assert_int_equal(services_remove(&services, &service.name), E_NOT_FOUND);
    service.name = bus_sim_name(3);
    assert_int_equal(services_remove(&services, &service.name), OK);
    service.request_max = CALL_BYTES_MAX + 1;
    assert_int_equal(services_add(&services, &service), E_INVALID);
    service.request_max = 1;
    service.serve = NULL;
    assert_int_equal(services_add(&services, &service), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(a_service_is_called_and_answers),
        WORLD_TEST(a_service_that_is_not_there_is_refused),
        WORLD_TEST(a_disallowed_service_is_refused_and_not_run),
        WORLD_TEST(an_oversized_request_is_answered_and_not_run),
        WORLD_TEST(a_call_without_a_session_is_refused_at_once),
        WORLD_TEST(a_service_may_answer_later),
        WORLD_TEST(a_service_that_fails_or_never_answers_ends_the_call),
        WORLD_TEST(an_answer_ends_its_channel_though_the_caller_takes_nothing_out),
        WORLD_TEST(a_call_ends_with_its_session),
        WORLD_TEST(only_so_many_calls_are_under_way),
        WORLD_TEST(a_node_announces_the_services_that_somebody_may_use),
        WORLD_TEST(the_table_of_services_takes_what_makes_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
