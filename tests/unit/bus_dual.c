/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When two nodes in one process have met, and what is said of what happens.
 */
#include "bus_world.h"

#include "servers/dsoftbusd/dual.h"
#include "servers/dsoftbusd/lines.h"

static struct dual dual;
static struct lines lines;

static int begin(void **state)
{
    struct bus_name a = bus_sim_name(0);
    struct bus_name b = bus_sim_name(1);
    dual_begin(&dual, &a, &b);
    return world_begin(state);
}

/* An event of `node` about the other. */
static enum dual_action happens(int node, enum node_event_kind kind, bool is_ours)
{
    const struct node_event event = {
        .kind = kind,
        .peer = bus_sim_name(1 - node),
        .address = 0x0a000001 + (uint32_t)node,
        .port = (uint16_t)(34567 + node),
        .is_ours = is_ours,
        .us = 40 + (uint64_t)node,
    };
    return dual_event(&dual, node, &event);
}

TEST(they_have_met_when_both_have_found_proved_and_answered)
{
    for (int node = 0; node < 2; node++) {
        assert_int_equal(happens(node, EVENT_PEER_FOUND, false), DUAL_NOTHING);
        assert_int_equal(happens(node, EVENT_AUTH_OK, false), DUAL_NOTHING); /* the peer's */
        assert_int_equal(happens(node, EVENT_AUTH_OK, true), DUAL_PING);
    }
    assert_int_equal(happens(0, EVENT_PING_OK, true), DUAL_NOTHING);
    assert_int_equal(happens(1, EVENT_PING_OK, false), DUAL_NOTHING);
    assert_int_equal(happens(1, EVENT_PING_OK, true), DUAL_MET);
    assert_int_equal(happens(1, EVENT_PING_OK, true), DUAL_NOTHING); /* said once */
}

TEST(without_any_one_of_the_six_they_have_not_met)
{
    const enum node_event_kind kinds[] = {EVENT_PEER_FOUND, EVENT_AUTH_OK, EVENT_PING_OK};
    for (int missing = 0; missing < 6; missing++) {
        (void)dual_begin(&dual, &(struct bus_name){.len = 6, .text = "node-0"},
                         &(struct bus_name){.len = 6, .text = "node-1"});
        for (int i = 0; i < 6; i++) {
            if (i != missing) {
                assert_int_not_equal(happens(i / 3, kinds[i % 3], true), DUAL_MET);
            }
        }
    }
}

TEST(a_session_that_ended_proves_nothing_any_more)
{
    for (int node = 0; node < 2; node++) {
        (void)!happens(node, EVENT_PEER_FOUND, false);
        (void)!happens(node, EVENT_AUTH_OK, true);
    }
    assert_int_equal(happens(0, EVENT_PING_OK, true), DUAL_NOTHING);
    assert_int_equal(happens(0, EVENT_SESSION_ENDED, true), DUAL_NOTHING);
    assert_int_equal(happens(1, EVENT_PING_OK, true), DUAL_NOTHING);
    assert_int_equal(happens(0, EVENT_AUTH_OK, true), DUAL_PING);
    assert_int_equal(happens(0, EVENT_PING_LOST, true), DUAL_PING); /* again */
    assert_int_equal(happens(0, EVENT_PING_OK, true), DUAL_MET);
}

TEST(a_third_node_is_neither)
{
    struct node_event event = {.kind = EVENT_AUTH_OK, .is_ours = true, .peer = bus_sim_name(7)};
    assert_int_equal(dual_event(&dual, 0, &event), DUAL_NOTHING);
    event.peer = bus_sim_name(0); /* itself */
    assert_int_equal(dual_event(&dual, 0, &event), DUAL_NOTHING);
}

static int met;

static void drive(void *context, int node, const struct node_event *event)
{
    static const struct crypto_span nothing = {NULL, 0};
    (void)context;
    enum dual_action action = dual_event(&dual, node, event);
    met += action == DUAL_MET;
    if (action == DUAL_PING) {
        assert_int_equal(node_ping(&world.sim.nodes[node], &event->peer, nothing, world.sim.now_us),
                         OK);
    }
}

TEST(two_nodes_on_a_wire_meet)
{
    met = 0;
    world.sim.on_event = drive;
    bus_sim_pin(&world.sim, 0, 1);
    bus_sim_run(&world.sim, 5 * S);
    assert_int_equal(met, 1);
    assert_int_equal(dual.side[0].address, BUS_SIM_ADDRESS + 1);
    assert_true(dual.side[0].round_trip_us > 0 && dual.side[1].round_trip_us > 0);
}

TEST(nodes_that_do_not_trust_each_other_never_meet)
{
    met = 0;
    world.sim.on_event = drive;
    bus_sim_run(&world.sim, 60 * (uint64_t)S);
    assert_int_equal(met, 0);
    assert_true(dual.side[0].has_found && dual.side[1].has_found);
}

/* --- lines --- */

static const char *line_of(enum node_event_kind kind, enum bus_counter reason, int which)
{
    struct node_event event = {.kind = kind, .reason = reason, .address = 0x0a00020f, .port = 80};
    assert_true(bus_name_set(&event.peer, "n", 1));
    lines_of_event(&event, &lines);
    return which < lines.count ? lines.text[which] : "";
}

TEST(each_event_worth_a_line_has_one)
{
    assert_string_equal(line_of(EVENT_PEER_FOUND, 0, 0), "dsoftbusd: found n at 10.0.2.15:80");
    assert_string_equal(line_of(EVENT_AUTH_OK, 0, 0), "dsoftbusd: auth ok");
    assert_string_equal(line_of(EVENT_AUTH_OK, 0, 1),
                        "dsoftbusd: session with n at 10.0.2.15:80, begun by the peer");
    assert_string_equal(line_of(EVENT_AUTH_FAILED, BUS_end_key_refused, 0),
                        "dsoftbusd: auth failed: the peer's key is not trusted");
    assert_string_equal(line_of(EVENT_SESSION_ENDED, BUS_end_silent, 0),
                        "dsoftbusd: session with n at 10.0.2.15:80 ended: nothing was heard for "
                        "too long");
    assert_string_equal(line_of(EVENT_ANNOUNCE_REFUSED, BUS_announce_own_id, 0),
                        "dsoftbusd: announce of n at 10.0.2.15:80 refused: our id with another "
                        "key");
    assert_string_equal(line_of(EVENT_PING_OK, 0, 0), "");
    assert_string_equal(line_of(EVENT_CALL_DONE, 0, 0), "");
}

TEST(every_line_begins_with_the_prefix_and_fits)
{
    struct node_event event = {.address = UINT32_MAX, .port = UINT16_MAX};
    event.peer.len = BUS_NAME_MAX;
    memset(event.peer.text, 'n', BUS_NAME_MAX);
    for (int kind = 0; kind < WORLD_KINDS; kind++) {
        event.kind = (enum node_event_kind)kind;
        for (int reason = 0; reason < BUS_COUNTER_COUNT; reason++) {
            event.reason = (enum bus_counter)reason;
            lines_of_event(&event, &lines);
            assert_in_range(lines.count, 0, LINES_MAX);
            for (int i = 0; i < lines.count; i++) {
                assert_memory_equal(lines.text[i], "dsoftbusd: ", 11);
                assert_true(strlen(lines.text[i]) < LINE_BYTES - 1);
            }
        }
    }
}

TEST(the_line_of_dual_mode_names_both_peers)
{
    (void)!happens(0, EVENT_AUTH_OK, true);
    (void)!happens(1, EVENT_AUTH_OK, true);
    (void)!happens(0, EVENT_PING_OK, true);
    (void)!happens(1, EVENT_PING_OK, true);
    lines_of_dual(&dual, &lines);
    assert_int_equal(lines.count, 2);
    assert_string_equal(lines.text[0], "dsoftbusd: dual-node session ok");
    assert_string_equal(lines.text[1], "dsoftbusd: node-1 at 10.0.0.1:34567 after 40 us, node-0 at "
                                       "10.0.0.2:34568 after 41 us");
}

#define DUAL_TEST(name) cmocka_unit_test_setup_teardown(name, begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DUAL_TEST(they_have_met_when_both_have_found_proved_and_answered),
        DUAL_TEST(without_any_one_of_the_six_they_have_not_met),
        DUAL_TEST(a_session_that_ended_proves_nothing_any_more),
        DUAL_TEST(a_third_node_is_neither),
        DUAL_TEST(two_nodes_on_a_wire_meet),
        DUAL_TEST(nodes_that_do_not_trust_each_other_never_meet),
        DUAL_TEST(each_event_worth_a_line_has_one),
        DUAL_TEST(every_line_begins_with_the_prefix_and_fits),
        DUAL_TEST(the_line_of_dual_mode_names_both_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
