/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whole nodes on a wire in virtual time: they find each other, let in whom they trust and nobody
 * else, and bear floods, liars and silence.
 */
#include "bus_world.h"

/* --- discovery and sessions --- */

TEST(nodes_that_trust_each_other_meet_and_answer_pings)
{
    world_meet();
    for (int i = 0; i < 2; i++) {
        struct bus_name peer = bus_sim_name(1 - i);
        assert_int_equal(world.told[i][EVENT_PEER_FOUND], 1);
        assert_true(bus_name_is_equal(&world.last[i][EVENT_PEER_FOUND].peer, &peer));
        assert_int_equal(world.last[i][EVENT_PEER_FOUND].address, BUS_SIM_ADDRESS + 1 - i);
        assert_int_equal(world.told[i][EVENT_AUTH_OK], 2); /* one session is ours, one the peer's */
        assert_int_equal(world_counted(i, BUS_session_out), 1);
        assert_int_equal(world_counted(i, BUS_session_in), 1);
        assert_true(world_counted(i, BUS_announce_own) > 0); /* the wire brings our own back */
        assert_int_equal(world_ping(i, 1 - i), OK);
    }
    bus_sim_run(&world.sim, 1 * S);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(world.told[i][EVENT_PING_OK], 1);
        assert_true(world.last[i][EVENT_PING_OK].us > 0);
        assert_true(world.last[i][EVENT_PING_OK].is_ours);
    }
}

TEST(strangers_see_each_other_and_do_not_talk)
{
    bus_sim_run(&world.sim, 60 * (uint64_t)S);
    assert_int_equal(world.told[0][EVENT_PEER_FOUND], 1);
    assert_int_equal(world.told[0][EVENT_AUTH_OK] + world.told[1][EVENT_AUTH_OK], 0);
    assert_int_equal(world_counted(0, BUS_session_out) + world_counted(1, BUS_session_out), 0);
    assert_int_equal(world_ping(0, 1), E_NOT_FOUND);
}

TEST(a_peer_that_is_not_trusted_in_return_gets_no_session)
{
    struct bus_name name = bus_sim_name(0);
    assert_int_equal(
        trust_pin(&world.sim.nodes[1].trust, &name, node_public_key(&world.sim.nodes[0])), OK);
    bus_sim_run(&world.sim, 10 * S);
    assert_true(world_counted(0, BUS_end_key_refused) > 0);
    assert_int_equal(world_counted(0, BUS_auth_ok), 0);
    assert_int_equal(world.last[0][EVENT_AUTH_FAILED].reason, BUS_end_key_refused);
    assert_false(bus_sim_has_session(&world.sim, 0, 1));
}

/* Authentication failure: an announce with the right id and key, and not the secret. */
TEST(an_impostor_with_another_secret_is_refused)
{
    bus_sim_pin(&world.sim, 0, 1);
    world.sim.nodes[1].config.secret[5] ^= 4;
    bus_sim_run(&world.sim, 10 * S);
    assert_true(world.told[0][EVENT_PEER_FOUND] > 0);
    assert_true(world.told[0][EVENT_AUTH_FAILED] > 0);
    assert_true(world_counted(1, BUS_end_handshake) > 0);
    assert_int_equal(world_counted(0, BUS_auth_ok) + world_counted(1, BUS_auth_ok), 0);
    assert_false(bus_sim_has_session(&world.sim, 0, 1) || bus_sim_has_session(&world.sim, 1, 0));
}

TEST(a_pinned_id_with_another_key_is_refused_and_told)
{
    struct bus_name name = bus_sim_name(1);
    uint8_t other[CRYPTO_KEY_BYTES] = {1, 2, 3};
    assert_int_equal(trust_pin(&world.sim.nodes[0].trust, &name, other), OK);
    bus_sim_run(&world.sim, 10 * S);
    assert_int_equal(world.told[0][EVENT_PEER_FOUND], 0);
    assert_true(world_counted(0, BUS_announce_not_pinned) > 0);
    assert_int_equal(world.last[0][EVENT_ANNOUNCE_REFUSED].reason, BUS_announce_not_pinned);
    assert_int_equal(world_counted(0, BUS_session_out), 0);
}

TEST(a_key_change_is_refused_while_the_session_goes_on)
{
    uint8_t bytes[ANNOUNCE_BYTES_MAX];
    struct announce forged = {.id = bus_sim_name(1), .port = BUS_SIM_PORT, .key = {9}};
    world_meet();
    assert_int_equal(trust_forget_id(&world.sim.nodes[0].trust, &forged.id), OK);
    assert_int_equal(trust_allow(&world.sim.nodes[0].trust, node_public_key(&world.sim.nodes[1])),
                     OK);
    enum bus_counter verdict = node_hear(&world.sim.nodes[0], BUS_SIM_ADDRESS + 1, bytes,
                                         announce_write(&forged, bytes), world.sim.now_us);
    bus_sim_serve(&world.sim, 0);
    assert_int_equal(verdict, BUS_announce_key_changed);
    assert_int_equal(world.last[0][EVENT_ANNOUNCE_REFUSED].reason, BUS_announce_key_changed);
    node_recheck(&world.sim.nodes[0], world.sim.now_us);
    bus_sim_run(&world.sim, 30 * S);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    assert_int_equal(world_counted(0, BUS_auth_ok), 2);
}

TEST(somebody_with_our_id_is_told_of)
{
    uint8_t bytes[ANNOUNCE_BYTES_MAX];
    struct announce forged = {.id = bus_sim_name(0), .port = 1, .key = {9}};
    enum bus_counter verdict = node_hear(&world.sim.nodes[0], STRANGER, bytes,
                                         announce_write(&forged, bytes), world.sim.now_us);
    assert_int_equal(verdict, BUS_announce_own_id);
    bus_sim_serve(&world.sim, 0);
    assert_int_equal(world.last[0][EVENT_ANNOUNCE_REFUSED].reason, BUS_announce_own_id);
    assert_int_equal(world.told[0][EVENT_PEER_FOUND], 0);
}

TEST(a_denied_key_is_not_even_a_peer)
{
    assert_int_equal(
        trust_deny_key(&world.sim.nodes[0].trust, node_public_key(&world.sim.nodes[1])), OK);
    bus_sim_run(&world.sim, 10 * S);
    assert_int_equal(world.told[0][EVENT_PEER_FOUND], 0);
    assert_int_equal(world.last[0][EVENT_ANNOUNCE_REFUSED].reason, BUS_announce_denied);
}

TEST(trust_on_first_use_pins_what_it_saw_first)
{
    world.sim.nodes[0].trust.is_first_use = true;
    world.sim.nodes[1].trust.is_first_use = true;
    bus_sim_run(&world.sim, 5 * S);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    for (int i = 0; i < 2; i++) {
        struct bus_name name = bus_sim_name(1 - i);
        const uint8_t *key = trust_find_key(&world.sim.nodes[i].trust, &name);
        assert_non_null(key);
        assert_memory_equal(key, node_public_key(&world.sim.nodes[1 - i]), CRYPTO_KEY_BYTES);
        assert_int_equal(world_counted(i, BUS_first_use), 1);
    }
    memset(world.sim.nodes[1].config.secret, 0x66, CRYPTO_KEY_BYTES);
    bus_sim_restart(&world.sim, 1); /* has its secret from the simulation: the old one again */
    bus_sim_run(&world.sim, 10 * S);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    assert_int_equal(world_counted(0, BUS_first_use), 1);
}

TEST(an_allowed_key_has_a_session_under_the_id_it_announces)
{
    assert_int_equal(trust_allow(&world.sim.nodes[0].trust, node_public_key(&world.sim.nodes[1])),
                     OK);
    assert_int_equal(trust_allow(&world.sim.nodes[1].trust, node_public_key(&world.sim.nodes[0])),
                     OK);
    bus_sim_run(&world.sim, 5 * S);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    assert_int_equal(world_ping(1, 0), OK);
}

TEST(a_key_nobody_announced_is_named_after_itself)
{
    struct bus_name name = bus_sim_name(0);
    assert_int_equal(
        trust_pin(&world.sim.nodes[1].trust, &name, node_public_key(&world.sim.nodes[0])), OK);
    assert_int_equal(trust_allow(&world.sim.nodes[0].trust, node_public_key(&world.sim.nodes[1])),
                     OK);
    world.sim.nodes[1].is_silent = true;
    bus_sim_run(&world.sim, 5 * S);
    assert_int_equal(world.told[0][EVENT_AUTH_OK], 1);
    assert_memory_equal(world.last[0][EVENT_AUTH_OK].peer.text, "key-", 4);
}

TEST(without_entropy_there_is_no_handshake)
{
    bus_sim_pin(&world.sim, 0, 1);
    world.sim.has_no_entropy[0] = true;
    bus_sim_run(&world.sim, 10 * S);
    assert_true(world_counted(0, BUS_session_no_entropy) > 1);
    assert_int_equal(world_counted(0, BUS_session_out) + world_counted(0, BUS_session_in), 0);
    assert_int_equal(world_counted(1, BUS_auth_ok), 0);
    world.sim.has_no_entropy[0] = false;
    bus_sim_run(&world.sim, 60 * (uint64_t)S);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    world.sim.has_no_entropy[0] = true;
    assert_int_equal(world_ping(0, 1), E_UNSUPPORTED);
}

TEST(a_peer_that_restarts_with_its_key_is_welcome)
{
    world_meet();
    bus_sim_restart(&world.sim, 1);
    bus_sim_run(&world.sim, 10 * S);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    assert_true(bus_sim_has_session(&world.sim, 1, 0));
    assert_int_equal(world.last[0][EVENT_SESSION_ENDED].reason, BUS_end_lost);
    assert_int_equal(world_ping(0, 1), OK);
    bus_sim_run(&world.sim, 1 * S);
    assert_int_equal(world.told[0][EVENT_PING_OK], 1);
}

TEST(a_new_session_of_a_peer_replaces_the_one_before)
{
    world_meet();
    for (int link = 0; link < NODE_LINKS; link++) { /* node 1 forgets its link without a word */
        struct link *mine = &world.sim.nodes[1].links[link];
        if (mine->state == LINK_UP && mine->is_ours) {
            mine->state = LINK_FREE;
            memset(&world.sim.ends[1][link], 0, sizeof(world.sim.ends[1][link]));
        }
    }
    bus_sim_run(&world.sim, 10 * S);
    assert_int_equal(world_counted(0, BUS_end_replaced), 1);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
}

TEST(trust_that_ends_ends_the_session)
{
    struct bus_name name = bus_sim_name(1);
    world_meet();
    assert_int_equal(trust_forget_id(&world.sim.nodes[0].trust, &name), OK);
    node_recheck(&world.sim.nodes[0], world.sim.now_us);
    bus_sim_run(&world.sim, 30 * S);
    assert_false(bus_sim_has_session(&world.sim, 0, 1));
    assert_false(bus_sim_has_session(&world.sim, 1, 0));
    assert_int_equal(world_counted(0, BUS_auth_ok), 2); /* and none after */
}

TEST(a_node_that_closes_says_goodbye)
{
    world_meet();
    node_close(&world.sim.nodes[0], world.sim.now_us);
    bus_sim_run(&world.sim, 1 * S);
    assert_int_equal(world.last[1][EVENT_SESSION_ENDED].reason, BUS_end_by_peer);
    assert_false(bus_sim_has_session(&world.sim, 1, 0));
    bus_sim_run(&world.sim, 60 * (uint64_t)S);
    assert_int_equal(world_counted(0, BUS_session_out), 1); /* and begins nothing */
    assert_int_equal(world_counted(0, BUS_session_in), 1);
}

TEST(a_failed_connection_is_tried_again_later_and_later)
{
    struct bus_name name = bus_sim_name(0);
    assert_int_equal(
        trust_pin(&world.sim.nodes[1].trust, &name, node_public_key(&world.sim.nodes[0])), OK);
    bus_sim_run(&world.sim, 600 * (uint64_t)S); /* node 0 refuses the key each time */
    assert_in_range(world_counted(1, BUS_session_out), 10, 20);
}

TEST(a_peer_that_left_is_forgotten_and_told)
{
    bus_sim_run(&world.sim, 5 * S);
    world.sim.nodes[1].is_silent = true;
    bus_sim_run(&world.sim, 30 * S);
    assert_int_equal(world.told[0][EVENT_PEER_LOST], 1);
    assert_int_equal(world_counted(0, BUS_peer_expired), 1);
}

/* Nobody announces; each would be a stranger's address to the other. */
TEST(a_peer_we_are_told_of_is_connected_to_and_never_forgotten)
{
    struct node *node = &world.sim.nodes[0];
    struct bus_name name = bus_sim_name(1);
    uint32_t there = BUS_SIM_ADDRESS + 1;
    node->is_silent = world.sim.nodes[1].is_silent = true;
    assert_int_equal(node_add_peer(node, &name, there, BUS_SIM_PORT, world.sim.now_us),
                     E_NOT_FOUND); /* not pinned */
    bus_sim_pin(&world.sim, 0, 1);
    assert_int_equal(node_add_peer(node, &name, there, 0, world.sim.now_us), E_INVALID);
    assert_int_equal(node_add_peer(node, &name, there, BUS_SIM_PORT, world.sim.now_us), OK);
    assert_int_equal(node_add_peer(node, &name, there, BUS_SIM_PORT, world.sim.now_us), E_EXISTS);
    bus_sim_run(&world.sim, 2 * S);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    assert_int_equal(world_counted(1, BUS_session_out), 0);
    assert_int_equal(world_ping(1, 0), OK); /* over the session that node 0 has begun */
    bus_sim_run(&world.sim, 1 * S);
    assert_int_equal(world.told[1][EVENT_PING_OK], 1);
    bus_sim_restart(&world.sim, 1);
    world.sim.nodes[1].is_silent = true;
    name = bus_sim_name(0);
    assert_int_equal(trust_forget_id(&world.sim.nodes[1].trust, &name), OK);
    bus_sim_run(&world.sim, 600 * (uint64_t)S);
    assert_false(bus_sim_has_session(&world.sim, 0, 1));
    bus_sim_pin(&world.sim, 1, 0);
    bus_sim_run(&world.sim, 2 * (uint64_t)NODE_RETRY_MOST_MS * MS);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    assert_int_equal(world.told[0][EVENT_PEER_LOST], 0);
}

TEST(an_idle_session_outlives_an_hour)
{
    world_meet();
    bus_sim_run(&world.sim, 3600 * (uint64_t)S);
    assert_int_equal(world_counted(0, BUS_auth_ok), 2);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
}

/* --- connections of strangers --- */

TEST(half_open_handshakes_are_bounded_and_end)
{
    int link;
    struct node *node = &world.sim.nodes[0];
    for (uint32_t i = 0; i < NODE_HALF_OPEN_EACH; i++) {
        assert_int_equal(node_accept(node, STRANGER, 1, world.sim.now_us, &link), OK);
    }
    assert_int_equal(node_accept(node, STRANGER, 1, world.sim.now_us, &link), E_LIMIT);
    for (uint32_t i = NODE_HALF_OPEN_EACH; i < NODE_HALF_OPEN_MAX; i++) {
        assert_int_equal(node_accept(node, STRANGER + i, 1, world.sim.now_us, &link), OK);
    }
    assert_int_equal(node_accept(node, STRANGER + 99, 1, world.sim.now_us, &link), E_LIMIT);
    assert_int_equal(world_counted(0, BUS_session_half_open), 2);
    bus_sim_run(&world.sim, SESSION_STEP_MS * MS + 1 * S);
    assert_int_equal(world_counted(0, BUS_end_handshake_late), NODE_HALF_OPEN_MAX);
    assert_int_equal(node_accept(node, STRANGER, 1, world.sim.now_us, &link), OK);
}

/* --- floods --- */

/* Ten thousand announces of noise and ten thousand that are well formed, each from a new source. */
TEST(a_flood_of_announces_fills_no_table_and_ends_no_session)
{
    uint64_t seed = 99;
    uint64_t counts = 0;
    struct node *node = &world.sim.nodes[0];
    world_meet();
    for (uint32_t i = 0; i < 20000; i++) {
        uint8_t bytes[ANNOUNCE_BYTES_MAX];
        size_t len = test_random(&seed) % sizeof(bytes);
        for (size_t at = 0; at < len; at++) {
            bytes[at] = (uint8_t)test_random(&seed);
        }
        if (i % 2 == 0) {
            struct announce valid = {.port = 1, .key = {(uint8_t)i, (uint8_t)(i >> 8), 1}};
            valid.id = (struct bus_name){.len = 8, .text = "flood"};
            for (int digit = 0; digit < 3; digit++) {
                valid.id.text[5 + digit] = (char)('0' + (i >> (5 * digit) & 31));
            }
            len = announce_write(&valid, bytes);
        }
        counts += node_hear(node, STRANGER + i, bytes, len, world.sim.now_us) != BUS_announce_rate;
        world.sim.now_us += 100;
        bus_sim_serve(&world.sim, 0);
    }
    assert_int_equal(counts, 20000); /* no source sent twice */
    uint64_t new_ones = world_counted(0, BUS_announce_new) - 1;
    assert_in_range(new_ones, PEERS_NEW_BURST, PEERS_NEW_BURST + 2 * PEERS_NEW_RATE + 1);
    assert_int_equal(new_ones + world_counted(0, BUS_announce_new_rate), 10000);
    assert_true(world_counted(0, BUS_announce_magic) > 9900);
    struct bus_name name = bus_sim_name(1);
    assert_non_null(peers_find(&node->peers, &name));
    assert_int_equal(world_ping(0, 1), OK);
    bus_sim_run(&world.sim, 1 * S);
    assert_int_equal(world.told[0][EVENT_PING_OK], 1);
    assert_int_equal(world_counted(0, BUS_auth_ok), 2);
}

TEST(events_nobody_takes_are_counted)
{
    const struct node_event event = {.kind = EVENT_PEER_FOUND};
    struct node_event taken;
    for (int i = 0; i < NODE_EVENTS + 3; i++) {
        node_say(&world.sim.nodes[0], &event);
    }
    assert_int_equal(world_counted(0, BUS_event_lost), 3);
    for (int i = 0; i < NODE_EVENTS; i++) {
        assert_true(node_next_event(&world.sim.nodes[0], &taken));
    }
    assert_false(node_next_event(&world.sim.nodes[0], &taken));
}

/* What the node announces next. */
static struct announce next_announce(struct node *node)
{
    struct node_action action;
    struct announce announce;
    assert_true(node_next_action(node, node->announce_us, &action));
    assert_int_equal(action.kind, ACTION_ANNOUNCE);
    assert_int_equal(announce_read(action.bytes.bytes, action.bytes.len, &announce),
                     BUS_announce_new);
    return announce;
}

TEST(what_a_node_announces_follows_its_services)
{
    struct node *node = &world.sim.nodes[0];
    struct service service = {.policy = SERVICE_FOR_PEERS, .serve = service_echo};
    uint16_t before = next_announce(node).service_count;
    assert_true(bus_name_set(&service.name, "later", 5));
    assert_int_equal(services_add(&node->services, &service), OK);
    assert_int_equal(next_announce(node).service_count, before + 1);
    assert_int_equal(services_remove(&node->services, &service.name), OK);
    struct announce last = next_announce(node);
    assert_int_equal(last.service_count, before);
    assert_memory_equal(last.key, node_public_key(node), CRYPTO_KEY_BYTES);
}

TEST(a_node_needs_an_id_a_port_and_a_source_of_random_bytes)
{
    struct node_config config = world.sim.nodes[0].config;
    config.port = 0;
    assert_int_equal(node_init(&world.sim.nodes[0], &config, 0), E_INVALID);
    config.port = 1;
    config.id.len = 0;
    assert_int_equal(node_init(&world.sim.nodes[0], &config, 0), E_INVALID);
    config.id = bus_sim_name(1);
    config.random = NULL;
    assert_int_equal(node_init(&world.sim.nodes[0], &config, 0), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(nodes_that_trust_each_other_meet_and_answer_pings),
        WORLD_TEST(strangers_see_each_other_and_do_not_talk),
        WORLD_TEST(a_peer_that_is_not_trusted_in_return_gets_no_session),
        WORLD_TEST(an_impostor_with_another_secret_is_refused),
        WORLD_TEST(a_pinned_id_with_another_key_is_refused_and_told),
        WORLD_TEST(a_key_change_is_refused_while_the_session_goes_on),
        WORLD_TEST(somebody_with_our_id_is_told_of),
        WORLD_TEST(a_denied_key_is_not_even_a_peer),
        WORLD_TEST(trust_on_first_use_pins_what_it_saw_first),
        WORLD_TEST(an_allowed_key_has_a_session_under_the_id_it_announces),
        WORLD_TEST(a_key_nobody_announced_is_named_after_itself),
        WORLD_TEST(without_entropy_there_is_no_handshake),
        WORLD_TEST(a_peer_that_restarts_with_its_key_is_welcome),
        WORLD_TEST(a_new_session_of_a_peer_replaces_the_one_before),
        WORLD_TEST(trust_that_ends_ends_the_session),
        WORLD_TEST(a_node_that_closes_says_goodbye),
        WORLD_TEST(a_failed_connection_is_tried_again_later_and_later),
        WORLD_TEST(a_peer_that_left_is_forgotten_and_told),
        WORLD_TEST(a_peer_we_are_told_of_is_connected_to_and_never_forgotten),
        WORLD_TEST(an_idle_session_outlives_an_hour),
        WORLD_TEST(half_open_handshakes_are_bounded_and_end),
        WORLD_TEST(a_flood_of_announces_fills_no_table_and_ends_no_session),
        WORLD_TEST(events_nobody_takes_are_counted),
        WORLD_TEST(what_a_node_announces_follows_its_services),
        WORLD_TEST(a_node_needs_an_id_a_port_and_a_source_of_random_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
