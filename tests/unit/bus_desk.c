/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What local processes may ask of dsoftbusd, and what they get [servers/dsoftbusd/desk.h]: two
 * nodes on a wire, the desk at the first, one process that asks and one that serves.
 */
#include "bus_world.h"

#include "servers/dsoftbusd/desk.h"

enum { ASKER = 3, SERVER = 5, NOBODY = 9, NOTIFICATION = 77, BELL = 78, BITS = 4, EPOCH = 12 };

static struct desk desk;
static uint64_t reply[IPC_WORDS];
static bool kept;
static handle_t dropped;

static void event(void *context, int node, const struct node_event *happened)
{
    (void)context;
    if (node == 0) {
        desk_event(&desk, 0, happened);
    }
}

static int begin(void **state)
{
    static const struct init_bus asker = {.flags = MAY_ASK | MAY_TRUST};
    static const struct init_bus server = {.services = {"echo", "slow"}};
    int error = world_begin(state);
    desk_init(&desk, EPOCH);
    desk_add_node(&desk, &world.sim.nodes[0]);
    desk.is_open = true;
    world.sim.on_event = event;
    assert_int_equal(desk_admit(&desk, ASKER, &asker), OK);
    assert_int_equal(desk_admit(&desk, SERVER, &server), OK);
    return error;
}
#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, begin, world_end)

static int ask(uint64_t badge, handle_t notification, uint64_t label, uint64_t one, uint64_t two,
               uint64_t three)
{
    const struct desk_request request = {badge, {label, one, two, three}, notification};
    desk_answer(&desk, &request, reply, world.sim.now_us, &kept, &dropped);
    bus_sim_serve(&world.sim, 0);
    return (int)(int64_t)reply[0];
}

static void put(uint64_t badge, const void *bytes, size_t len)
{
    for (size_t at = 0; at < len; at += BUS_PIECE_BYTES) {
        size_t piece = len - at < BUS_PIECE_BYTES ? len - at : BUS_PIECE_BYTES;
        struct desk_request request = {badge, {BUS_PUT, at | (uint64_t)piece << 32}, HANDLE_NONE};
        memcpy(&request.words[2], (const uint8_t *)bytes + at, piece);
        desk_answer(&desk, &request, reply, world.sim.now_us, &kept, &dropped);
        assert_int_equal(reply[0], OK);
    }
}

/* What the last request left, whole. */
static size_t get(uint64_t badge, uint8_t bytes[BUS_BYTES_MAX])
{
    size_t len = 0;
    do {
        assert_int_equal(ask(badge, HANDLE_NONE, BUS_GET, len, 0, 0), OK);
        size_t piece = reply[1] - len < BUS_PIECE_BYTES ? reply[1] - len : BUS_PIECE_BYTES;
        memcpy(bytes + len, &reply[2], piece);
        len += piece;
    } while (len < reply[1]);
    return len;
}

/* The next signal to be made; the bits 0: none. */
static struct desk_wakeup wakeup(void)
{
    struct desk_wakeup next = {HANDLE_NONE, 0, false};
    return desk_next_wakeup(&desk, &next) ? next : (struct desk_wakeup){HANDLE_NONE, 0, false};
}

static int serve(uint64_t badge, const char *name, enum bus_policy policy)
{
    put(badge, name, strlen(name));
    return ask(badge, BELL, BUS_SERVE, BITS, policy, 100);
}

TEST(who_is_not_in_the_manifest_is_denied)
{
    assert_int_equal(ask(NOBODY, NOTIFICATION, BUS_PING_START, BITS, 0, 0), E_DENIED);
    assert_false(kept);
    assert_int_equal(ask(NOBODY, HANDLE_NONE, BUS_PUT, 1ull << 32, 0, 0), E_DENIED);
    assert_int_equal(ask(0, HANDLE_NONE, BUS_NODE_GET, 0, 0, 0), E_DENIED);
}

TEST(each_may_what_the_manifest_says_and_no_more)
{
    for (uint64_t label = BUS_PUT; label <= BUS_ANSWER + 1; label++) {
        bool is_for_all = label <= BUS_NODE_GET || label == BUS_SERVICE_GET ||
                          label == BUS_COUNTER_GET || label > BUS_ANSWER;
        bool is_servers = label >= BUS_SERVE && label <= BUS_ANSWER;
        assert_int_equal(ask(SERVER, HANDLE_NONE, label, 0, 0, 0) == E_DENIED,
                         !is_for_all && !is_servers);
        assert_int_equal(ask(ASKER, HANDLE_NONE, label, 0, 0, 0) == E_DENIED, is_servers);
    }
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_ANSWER + 1, 0, 0, 0), E_BAD_CALL);
    assert_int_equal(serve(SERVER, "\4else", BUS_FOR_PEERS), E_DENIED);
    assert_int_equal(serve(SERVER, "\3ech", BUS_FOR_PEERS), E_DENIED);
    desk.client[0].rights.flags = MAY_ASK;
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_GET, 0, 0, 0), E_DENIED);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_SET, BUS_TRUST_PIN, 0, 0), E_DENIED);
}

TEST(without_an_identity_nothing_is_asked)
{
    desk.nodes = 0;
    desk.is_open = false;
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_GET, 0, 0, 0), E_UNSUPPORTED);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_NODE_GET, 0, 0, 0), E_UNSUPPORTED);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_PING_START, BITS, 0, 0), E_UNSUPPORTED);
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), E_UNSUPPORTED);
}

TEST(a_service_is_offered_by_both_nodes_or_not_at_all)
{
    static const struct init_bus server = {.services = {"echo"}};
    const struct bus_name name = {4, "echo"};
    desk_init(&desk, EPOCH);
    assert_int_equal(desk_admit(&desk, SERVER, &server), OK);
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), E_UNSUPPORTED);
    desk_add_node(&desk, &world.sim.nodes[0]);
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), E_UNSUPPORTED);
    assert_null(services_find(&world.sim.nodes[0].services, &name));
    desk_add_node(&desk, &world.sim.nodes[1]); /* it opens later */
    desk.is_open = true;
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), OK);
    assert_non_null(services_find(&world.sim.nodes[0].services, &name));
    assert_non_null(services_find(&world.sim.nodes[1].services, &name));
}

TEST(before_the_desk_is_open_a_person_can_make_room_for_trust)
{
    struct trust *trust = &world.sim.nodes[0].trust;
    const struct bus_name other = bus_sim_name(1);
    struct bus_name id = {2, "aa"};
    for (id.text[1] = 'a'; trust_deny_id(trust, &id) == OK; id.text[1]++) {
    }
    desk.is_open = false;
    assert_int_equal(trust_deny_id(trust, &other), E_LIMIT);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_NODE_GET, 0, 0, 0), E_UNSUPPORTED);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_PING_START, BITS, 0, 0), E_UNSUPPORTED);
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), E_UNSUPPORTED);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_TRUST_GET, 0, 0, 0), E_DENIED);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_GET, 0, 0, 0), OK);
    assert_int_equal(reply[1], BUS_TRUST_DENY_ID);
    put(ASKER, "\2aa", 3);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_SET, BUS_TRUST_FORGET_ID, 0, 0), OK);
    assert_int_equal(trust_deny_id(trust, &other), OK);
}

TEST(services_of_a_process_are_all_at_one_desk)
{
    struct desk_request request = {SERVER, {BUS_SERVE, BITS, BUS_FOR_PEERS, 100, EPOCH - 1}, BELL};
    put(SERVER, "\4slow", 5);
    desk_answer(&desk, &request, reply, world.sim.now_us, &kept, &dropped);
    assert_int_equal((int)(int64_t)reply[0], E_RESTARTED);
    assert_false(kept);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_NEXT, 0, 0, 0), E_NOT_FOUND);
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), OK);
    assert_int_equal(reply[1], EPOCH);
    request.words[4] = reply[1];
    put(SERVER, "\4slow", 5);
    desk_answer(&desk, &request, reply, world.sim.now_us, &kept, &dropped);
    assert_int_equal(reply[0], OK);
    assert_int_equal(dropped, BELL);
}

TEST(a_buffer_takes_pieces_in_their_order_and_never_more_than_it_holds)
{
    uint64_t piece = (uint64_t)BUS_PIECE_BYTES << 32;
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PUT, piece, 0, 0), OK);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PUT, piece | 40, 0, 0), E_INVALID);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PUT, piece | 96, 0, 0), E_INVALID);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PUT, 49ull << 32 | 48, 0, 0), E_INVALID);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PUT, 48, 0, 0), E_INVALID); /* no bytes */
    for (uint64_t at = BUS_PIECE_BYTES; at + BUS_PIECE_BYTES <= BUS_BYTES_MAX;
         at += BUS_PIECE_BYTES) {
        assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PUT, piece | at, 0, 0), OK);
    }
    uint64_t at = BUS_BYTES_MAX / BUS_PIECE_BYTES * BUS_PIECE_BYTES;
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PUT, piece | at, 0, 0), E_INVALID);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_GET, 1, 0, 0), E_INVALID);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_GET, UINT64_MAX, 0, 0), E_INVALID);
}

TEST(a_ping_is_begun_signalled_and_taken)
{
    put(ASKER, "\6node-1abc", 10);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_PING_START, BITS, 0, 0), E_NOT_FOUND);
    assert_false(kept);
    world_meet();
    put(ASKER, "\6node-1abc", 10);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PING_START, BITS, 0, 0), E_INVALID);
    put(ASKER, "\6node-1abc", 10);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_PING_START, BITS, 0, 0), OK);
    assert_true(kept);
    uint64_t token = reply[1];
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TAKE, token, 0, 0), E_AGAIN);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TAKE, token + 1, 0, 0), E_NOT_FOUND);
    put(ASKER, "\6node-1", 7);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_PING_START, BITS, 0, 0), E_BUSY);
    assert_int_equal(wakeup().bits, 0);
    bus_sim_run(&world.sim, 1 * S);
    struct desk_wakeup signal = wakeup();
    assert_int_equal(signal.notification, NOTIFICATION);
    assert_int_equal(signal.bits, BITS);
    assert_true(signal.is_last);
    assert_int_equal(wakeup().bits, 0);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TAKE, token, 0, 0), OK);
    assert_int_equal(reply[2], BUS_DONE);
    assert_true(reply[1] > 0);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TAKE, token, 0, 0), E_NOT_FOUND);
}

TEST(the_answer_to_another_s_ping_is_not_its_own)
{
    world_meet();
    assert_int_equal(world_ping(0, 1), OK); /* the node's own, under way */
    put(ASKER, "\6node-1", 7);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_PING_START, BITS, 0, 0), E_AGAIN);
    bus_sim_run(&world.sim, 1 * S);
    put(ASKER, "\6node-1", 7);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_PING_START, BITS, 0, 0), OK);
    const struct node_event other = {.kind = EVENT_PING_OK, .call = desk.client[0].ask.number - 1};
    desk_event(&desk, 0, &other);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TAKE, reply[1], 0, 0), E_AGAIN);
    assert_int_equal(desk.client[0].ask.state, DESK_ASK_PING);
}

/* A call of the peer's service, whole; gives its result. */
static uint64_t call(const char *words, size_t len)
{
    put(ASKER, words, len);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_CALL_START, BITS, 0, 0), OK);
    uint64_t token = reply[1];
    bus_sim_run(&world.sim, NODE_CALL_MS * MS + 1 * S);
    assert_int_equal(wakeup().notification, NOTIFICATION);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TAKE, token, 0, 0), OK);
    return reply[2];
}

TEST(a_call_brings_the_answer_of_the_peer)
{
    uint8_t answer[BUS_BYTES_MAX];
    struct service service = {.name = {4, "echo"}, .request_max = 50, .serve = service_echo};
    service.policy = SERVICE_FOR_PEERS;
    world_meet();
    assert_int_equal(services_add(&world.sim.nodes[1].services, &service), OK);
    assert_int_equal(call("\6node-1\4echohello", 17), BUS_DONE);
    assert_int_equal(get(ASKER, answer), 5);
    assert_memory_equal(answer, "hello", 5);
    assert_int_equal(call("\6node-1\4else", 12), BUS_NO_SERVICE);
    assert_int_equal(get(ASKER, answer), 0);
}

/* Node 1 calls a service of node 0; gives the token. */
static uint32_t call_us(const char *name, size_t request_len)
{
    static const uint8_t request[CALL_BYTES_MAX] = "question";
    struct bus_name peer = bus_sim_name(0);
    struct bus_name service;
    uint32_t token;
    assert_true(bus_name_set(&service, name, strlen(name)));
    assert_int_equal(node_call(&world.sim.nodes[1], &peer, &service,
                               (struct crypto_span){request, request_len}, world.sim.now_us,
                               &token),
                     OK);
    bus_sim_serve(&world.sim, 1);
    bus_sim_run(&world.sim, 500 * MS);
    return token;
}

static enum call_status status_of(uint32_t token, uint8_t *answer, size_t *len)
{
    enum call_status status = CALL_LOST;
    assert_int_equal(node_take_answer(&world.sim.nodes[1], token, &status, answer, len), OK);
    return status;
}

TEST(a_service_is_for_nobody_unless_its_process_says_for_whom)
{
    uint8_t answer[CALL_BYTES_MAX];
    size_t len;
    world_meet();
    assert_int_equal(status_of(call_us("echo", 8), answer, &len), CALL_NO_SERVICE);
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_NOBODY), OK);
    assert_int_equal(status_of(call_us("echo", 8), answer, &len), CALL_DENIED);
    assert_int_equal(serve(SERVER, "\4echo\6node-7", BUS_FOR_LISTED), OK);
    assert_int_equal(status_of(call_us("echo", 8), answer, &len), CALL_DENIED);
    assert_int_equal(serve(SERVER, "\4echo\6node-0", BUS_FOR_PEERS), E_INVALID); /* a list */
    assert_int_equal(wakeup().bits, 0);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_NEXT, 0, 0, 0), E_AGAIN);
    assert_int_equal(serve(SERVER, "\4echo\6node-1", BUS_FOR_LISTED), OK);
    (void)call_us("echo", 8);
    assert_int_equal(wakeup().notification, BELL);
}

TEST(a_request_of_a_peer_goes_to_the_process_and_its_answer_back)
{
    uint8_t bytes[BUS_BYTES_MAX];
    size_t len;
    world_meet();
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_NEXT, 0, 0, 0), E_NOT_FOUND); /* none offered */
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), OK);
    assert_true(kept);
    assert_int_equal(dropped, HANDLE_NONE);
    assert_int_equal(serve(SERVER, "\4slow", BUS_FOR_PEERS), OK);
    assert_int_equal(dropped, BELL); /* the one of before */
    uint32_t token = call_us("echo", 8);
    struct desk_wakeup signal = wakeup();
    assert_int_equal(signal.bits, BITS);
    assert_false(signal.is_last);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_NEXT, 0, 0, 0), OK);
    uint64_t number = reply[1];
    assert_int_equal(get(SERVER, bytes), 7 + 5 + 8);
    assert_memory_equal(bytes, "\6node-1\4echoquestion", 20);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_NEXT, 0, 0, 0), E_AGAIN);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_ANSWER, number + 1, 0, 0), E_NOT_FOUND);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_ANSWER, number, 2, 0), E_INVALID);
    put(SERVER, "reply", 5);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_ANSWER, number, 0, 0), OK);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_ANSWER, number, 0, 0), E_NOT_FOUND);
    bus_sim_run(&world.sim, 500 * MS);
    assert_int_equal(status_of(token, bytes, &len), CALL_OK);
    assert_int_equal(len, 5);
    assert_memory_equal(bytes, "reply", 5);
    assert_int_equal(status_of(call_us("echo", 101), bytes, &len), CALL_TOO_LONG);
}

TEST(an_answer_longer_than_any_may_be_is_refused_and_can_be_shortened)
{
    static const uint8_t long_answer[CALL_BYTES_MAX + 1];
    uint8_t bytes[BUS_BYTES_MAX];
    size_t len;
    world_meet();
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), OK);
    uint32_t token = call_us("echo", 8);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_NEXT, 0, 0, 0), OK);
    uint64_t number = reply[1];
    put(SERVER, long_answer, sizeof(long_answer));
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_ANSWER, number, 0, 0), E_INVALID);
    put(SERVER, long_answer, CALL_BYTES_MAX);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_ANSWER, number, 0, 0), OK);
    bus_sim_run(&world.sim, 500 * MS);
    assert_int_equal(status_of(token, bytes, &len), CALL_OK);
    assert_int_equal(len, CALL_BYTES_MAX);
}

TEST(a_request_that_is_not_answered_has_failed_in_time)
{
    uint8_t bytes[CALL_BYTES_MAX];
    size_t len;
    world_meet();
    assert_int_equal(serve(SERVER, "\4slow", BUS_FOR_PEERS), OK);
    uint32_t token = call_us("slow", 8);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_NEXT, 0, 0, 0), OK);
    uint64_t number = reply[1];
    uint64_t due_us = desk_next_us(&desk);
    assert_in_range(due_us, world.sim.now_us, world.sim.now_us + (uint64_t)NODE_CALL_MS * MS);
    desk_tick(&desk, due_us - 1);
    assert_int_equal(desk_next_us(&desk), due_us);
    desk_tick(&desk, due_us);
    assert_int_equal(desk_next_us(&desk), UINT64_MAX);
    bus_sim_serve(&world.sim, 0);
    bus_sim_run(&world.sim, 500 * MS);
    assert_int_equal(status_of(token, bytes, &len), CALL_FAILED);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_ANSWER, number, 0, 0), E_NOT_FOUND);
}

TEST(one_peer_does_not_fill_the_desk)
{
    world_meet();
    assert_int_equal(serve(SERVER, "\4slow", BUS_FOR_PEERS), OK);
    for (int i = 0; i < DESK_ERRANDS_EACH; i++) {
        struct service_call request = {.call = (uint64_t)i,
                                       .peer = &(struct bus_name){1, "p"},
                                       .service = &(struct bus_name){4, "slow"}};
        const struct service *service =
            services_find(&world.sim.nodes[0].services, request.service);
        assert_int_equal(service->serve(service->context, &request), E_AGAIN);
        if (i == DESK_ERRANDS_EACH - 1) {
            assert_int_equal(service->serve(service->context, &request), E_LIMIT);
        }
    }
    (void)call_us("slow", 8); /* another peer has its own */
    for (int i = 0; i <= DESK_ERRANDS_EACH; i++) {
        assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_NEXT, 0, 0, 0), OK);
    }
}

TEST(what_a_process_offered_goes_with_it)
{
    uint8_t bytes[CALL_BYTES_MAX];
    size_t len;
    world_meet();
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), OK);
    uint32_t token = call_us("echo", 8);
    desk_gone(&desk, SERVER, world.sim.now_us);
    bus_sim_serve(&world.sim, 0);
    bus_sim_run(&world.sim, 500 * MS);
    assert_int_equal(status_of(token, bytes, &len), CALL_FAILED);
    assert_int_equal(status_of(call_us("echo", 8), bytes, &len), CALL_NO_SERVICE);
    desk_gone(&desk, NOBODY, world.sim.now_us);
    put(SERVER, "\4echo", 5);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_UNSERVE, 0, 0, 0), E_NOT_FOUND);
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), OK); /* the next incarnation */
    put(SERVER, "\4echo", 5);
    assert_int_equal(ask(SERVER, HANDLE_NONE, BUS_UNSERVE, 0, 0, 0), OK);
}

TEST(a_call_of_a_process_that_died_is_forgotten_when_it_is_done)
{
    world_meet();
    put(ASKER, "\6node-1\4else", 12);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_CALL_START, BITS, 0, 0), OK);
    desk_gone(&desk, ASKER, world.sim.now_us);
    assert_true(wakeup().is_last); /* the handle is given back */
    put(ASKER, "\6node-1\4else", 12);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_CALL_START, BITS, 0, 0), E_BUSY);
    bus_sim_run(&world.sim, NODE_CALL_MS * MS);
    for (int i = 0; i < NODE_CALLS; i++) {
        assert_int_equal(world.sim.nodes[0].calls[i].state, CALL_FREE);
    }
    put(ASKER, "\6node-1\4else", 12);
    assert_int_equal(ask(ASKER, NOTIFICATION, BUS_CALL_START, BITS, 0, 0), OK);
}

TEST(trust_that_is_changed_here_holds_at_once)
{
    uint8_t words[1 + 6 + CRYPTO_KEY_BYTES] = "\6node-1";
    uint8_t bytes[BUS_BYTES_MAX];
    memcpy(words + 7, node_public_key(&world.sim.nodes[1]), CRYPTO_KEY_BYTES);
    bus_sim_pin(&world.sim, 0, 1);
    assert_int_equal(trust_forget_id(&world.sim.nodes[0].trust, &(struct bus_name){6, "node-1"}),
                     OK);
    bus_sim_run(&world.sim, 2 * S);
    assert_false(bus_sim_has_session(&world.sim, 0, 1));
    put(ASKER, words, sizeof(words));
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_SET, BUS_TRUST_PIN, 0, 0), OK);
    bus_sim_run(&world.sim, 70 * S);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_GET, 0, 0, 0), OK);
    assert_int_equal(reply[1], BUS_TRUST_PIN);
    assert_int_equal(get(ASKER, bytes), sizeof(words));
    assert_memory_equal(bytes, words, sizeof(words));
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_GET, 1, 0, 0), E_NOT_FOUND);
    put(ASKER, words, 7);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_SET, BUS_TRUST_PIN, 0, 0), E_INVALID);
    put(ASKER, words, 8); /* part of a key */
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_SET, BUS_TRUST_FORGET_ID, 0, 0), E_INVALID);
    put(ASKER, words, 7);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_SET, BUS_TRUST_FORGET_ID, 0, 0), OK);
    bus_sim_run(&world.sim, 1 * S);
    assert_false(bus_sim_has_session(&world.sim, 0, 1));
    words[0] = 0;
    memmove(words + 1, words + 7, CRYPTO_KEY_BYTES);
    put(ASKER, words, 1 + CRYPTO_KEY_BYTES);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_SET, BUS_TRUST_DENY_KEY, 0, 0), OK);
    put(ASKER, words, 1 + CRYPTO_KEY_BYTES);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_SET, BUS_TRUST_FORGET_KEY, 0, 0), OK);
    put(ASKER, words, 1 + CRYPTO_KEY_BYTES);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_TRUST_SET, 99, 0, 0), E_INVALID);
}

TEST(node_peers_services_and_counters_are_listed)
{
    uint8_t bytes[BUS_BYTES_MAX];
    world_meet();
    assert_int_equal(serve(SERVER, "\4echo", BUS_FOR_PEERS), OK);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_NODE_GET, 0, 0, 0), OK);
    assert_int_equal(get(ASKER, bytes), 7 + CRYPTO_KEY_BYTES);
    assert_memory_equal(bytes, "\6node-0", 7);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_NODE_GET, 0, 0, 0), OK);
    assert_int_equal(reply[4], 0);
    desk.has_met = true;
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_NODE_GET, 0, 0, 0), OK);
    assert_int_equal(reply[4], 1);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_NODE_GET, 1, 0, 0), E_NOT_FOUND);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PEER_GET, 0, 0, 0), OK);
    assert_int_equal(reply[2], BUS_PEER_SESSION | BUS_PEER_PINNED);
    uint64_t next = reply[4];
    assert_int_equal(get(ASKER, bytes), 7 + CRYPTO_KEY_BYTES);
    assert_memory_equal(bytes, "\6node-1", 7);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PEER_GET, next, 0, 0), E_NOT_FOUND);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_PEER_GET, UINT64_MAX, 0, 0), E_NOT_FOUND);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_SERVICE_GET, 0, 0, 0), OK);
    assert_int_equal(reply[1], BUS_FOR_PEERS);
    assert_int_equal(reply[2], 100);
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_SERVICE_GET, reply[3], 0, 0), E_NOT_FOUND);
    for (uint64_t i = 0; i < BUS_COUNTER_COUNT; i++) {
        char name[BUS_COUNTER_NAME_WORDS * 8 + 1] = "";
        assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_COUNTER_GET, i, 0, 0), OK);
        memcpy(name, &reply[2], sizeof(name) - 1);
        assert_string_equal(name, bus_counter_name((enum bus_counter)i));
    }
    assert_int_equal(ask(ASKER, HANDLE_NONE, BUS_COUNTER_GET, BUS_COUNTER_COUNT, 0, 0),
                     E_NOT_FOUND);
}

TEST(the_desk_has_so_many_places)
{
    static const struct init_bus rights = {.flags = MAY_ASK};
    for (int i = 2; i < DESK_CLIENTS; i++) {
        assert_int_equal(desk_admit(&desk, 20 + (uint64_t)i, &rights), OK);
    }
    assert_int_equal(desk_admit(&desk, 40, &rights), E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DESK_TEST(who_is_not_in_the_manifest_is_denied),
        DESK_TEST(each_may_what_the_manifest_says_and_no_more),
        DESK_TEST(without_an_identity_nothing_is_asked),
        DESK_TEST(a_service_is_offered_by_both_nodes_or_not_at_all),
        DESK_TEST(before_the_desk_is_open_a_person_can_make_room_for_trust),
        DESK_TEST(services_of_a_process_are_all_at_one_desk),
        DESK_TEST(a_buffer_takes_pieces_in_their_order_and_never_more_than_it_holds),
        DESK_TEST(a_ping_is_begun_signalled_and_taken),
        DESK_TEST(the_answer_to_another_s_ping_is_not_its_own),
        DESK_TEST(a_call_brings_the_answer_of_the_peer),
        DESK_TEST(a_service_is_for_nobody_unless_its_process_says_for_whom),
        DESK_TEST(a_request_of_a_peer_goes_to_the_process_and_its_answer_back),
        DESK_TEST(an_answer_longer_than_any_may_be_is_refused_and_can_be_shortened),
        DESK_TEST(a_request_that_is_not_answered_has_failed_in_time),
        DESK_TEST(one_peer_does_not_fill_the_desk),
        DESK_TEST(what_a_process_offered_goes_with_it),
        DESK_TEST(a_call_of_a_process_that_died_is_forgotten_when_it_is_done),
        DESK_TEST(trust_that_is_changed_here_holds_at_once),
        DESK_TEST(node_peers_services_and_counters_are_listed),
        DESK_TEST(the_desk_has_so_many_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
