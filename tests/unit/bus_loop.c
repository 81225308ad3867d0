/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A node on sockets of this machine's loopback: what it does when the network refuses something.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test.h"

#include "servers/dsoftbusd/loop.h"

enum { GROUP_PORT = 37020 };

static struct loop loop;
static bool refuses_join;
static bool refuses_broadcast;
static int refusal; /* errno of both */
static int loss;    /* errno of every read and accept; 0: they do what they do */

int __real_setsockopt(int fd, int level, int name, const void *value, socklen_t len);
int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len);

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    if ((refuses_join && level == IPPROTO_IP && name == IP_ADD_MEMBERSHIP) ||
        (refuses_broadcast && level == SOL_SOCKET && name == SO_BROADCAST)) {
        errno = refusal;
        return -1;
    }
    return __real_setsockopt(fd, level, name, value, len);
}

ssize_t __real_recvfrom(int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
                        socklen_t *from_len);
ssize_t __wrap_recvfrom(int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
                        socklen_t *from_len);

ssize_t __wrap_recvfrom(int fd, void *bytes, size_t len, int flags, struct sockaddr *from,
                        socklen_t *from_len)
{
    if (loss != 0) {
        errno = loss;
        return -1;
    }
    return __real_recvfrom(fd, bytes, len, flags, from, from_len);
}

int __real_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);
int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags);

int __wrap_accept4(int fd, struct sockaddr *from, socklen_t *len, int flags)
{
    if (loss != 0) {
        errno = loss;
        return -1;
    }
    return __real_accept4(fd, from, len, flags);
}

static struct loop_config configure(const char *group)
{
    struct loop_config config = {
        .node = {.id = {.len = 1, .text = "n"}, .secret = {1}},
        .group = {.sin_family = AF_INET, .sin_port = htons(GROUP_PORT)},
        .interface = {.s_addr = htonl(INADDR_LOOPBACK)},
    };
    assert_int_equal(inet_pton(AF_INET, group, &config.group.sin_addr), 1);
    return config;
}

static int begin(void **state)
{
    (void)state;
    refuses_join = false;
    refuses_broadcast = false;
    refusal = EPERM;
    loss = 0;
    return 0;
}

static void open_for(const char *group, enum loop_mode mode)
{
    struct loop_config config = configure(group);
    assert_int_equal(loop_open(&loop, &config), OK);
    assert_int_equal(loop.mode, mode);
    assert_int_not_equal(loop.node.config.port, 0);
}

TEST(a_group_that_cannot_be_joined_is_replaced_by_broadcast)
{
    refuses_join = true;
    open_for("239.42.0.1", LOOP_BROADCAST);
    assert_int_equal(loop.target.sin_addr.s_addr, htonl(INADDR_BROADCAST));
    assert_int_equal(ntohs(loop.target.sin_port), GROUP_PORT);
    assert_false(loop.node.is_silent);
    loop_close(&loop);
}

TEST(who_is_alone_on_a_machine_does_not_hear_its_own_announces)
{
    for (int is_alone = 0; is_alone <= 1; is_alone++) {
        struct loop_config config = configure("239.42.0.1");
        int comes_back = -1;
        socklen_t len = sizeof(comes_back);
        config.is_alone = is_alone == 1;
        assert_int_equal(loop_open(&loop, &config), OK);
        assert_int_equal(
            getsockopt(loop.udp, IPPROTO_IP, IP_MULTICAST_LOOP, &comes_back, &len), 0);
        assert_int_equal(comes_back, 1 - is_alone);
        loop_close(&loop);
    }
}

TEST(without_group_and_broadcast_a_node_is_silent_and_takes_sessions_all_the_same)
{
    refuses_join = true;
    refuses_broadcast = true;
    open_for("239.42.0.1", LOOP_NONE);
    assert_true(loop.node.is_silent);
    assert_true(loop.listener >= 0);
    loop_step(&loop, loop_now_us());
    assert_int_equal(loop.node.stats.value[BUS_announce_sent], 0);
    loop_close(&loop);
}

TEST(one_address_needs_no_group_and_hears_the_address_of_sessions)
{
    struct sockaddr_in here;
    socklen_t len = sizeof(here);
    refuses_join = true;
    open_for("127.0.0.1", LOOP_ADDRESS);
    assert_int_equal(getsockname(loop.udp, (struct sockaddr *)&here, &len), 0);
    assert_int_equal(here.sin_addr.s_addr, loop.config.interface.s_addr);
    loop_close(&loop);
}

TEST(a_port_that_is_taken_is_an_error_and_nothing_stays_open)
{
    static struct loop second;
    open_for("127.0.0.1", LOOP_ADDRESS);
    struct loop_config config = configure("127.0.0.1");
    config.node.port = loop.node.config.port;
    assert_int_equal(loop_open(&second, &config), E_BUSY);
    assert_int_equal(second.udp, -1);
    assert_int_equal(second.listener, -1);
    loop_close(&loop);
    config.node.port = 0;
    config.node.id.len = 0;
    assert_int_equal(loop_open(&second, &config), E_INVALID);
    assert_int_equal(second.listener, -1);
}

TEST(a_group_that_was_refused_is_asked_for_again_and_its_denial_is_known)
{
    refuses_join = true;
    refusal = EACCES;
    open_for("239.42.0.1", LOOP_BROADCAST);
    assert_true(loop.is_group_denied);
    loop_discover(&loop);
    assert_int_equal(loop.mode, LOOP_BROADCAST);
    refuses_join = false;
    loop_discover(&loop);
    assert_int_equal(loop.mode, LOOP_GROUP);
    assert_false(loop.node.is_silent);
    assert_int_equal(loop.target.sin_addr.s_addr, loop.config.group.sin_addr.s_addr);
    int udp = loop.udp;
    loop_discover(&loop); /* nothing better can be had */
    assert_int_equal(loop.udp, udp);
    loop_close(&loop);
    refuses_join = true;
    refuses_broadcast = true;
    refusal = ENODEV;
    open_for("239.42.0.1", LOOP_NONE);
    assert_false(loop.is_group_denied);
    assert_false(loop.is_broadcast_denied);
    refusal = EACCES;
    loop_discover(&loop);
    assert_true(loop.is_group_denied && loop.is_broadcast_denied);
    loop_close(&loop);
}

/* A turn in which poll found both sockets ready. */
static void turn_with_both_ready(void)
{
    struct pollfd fds[LOOP_FDS];
    nfds_t used = loop_wants(&loop, fds);
    fds[0].revents = fds[1].revents = POLLIN | POLLERR;
    loop_turn(&loop, fds, used);
}

TEST(sockets_that_the_network_has_taken_away_are_closed_and_opened_again)
{
    open_for("239.42.0.1", LOOP_GROUP);
    uint16_t port = loop.config.node.port;
    loss = EAGAIN;
    turn_with_both_ready();
    assert_false(loop.has_lost);
    loss = ENETDOWN;
    turn_with_both_ready();
    assert_true(loop.has_lost && loop.node.is_silent);
    assert_int_equal(loop.udp, -1); /* so nothing is ready for ever */
    assert_int_equal(loop.listener, -1);
    loss = 0;
    refuses_join = refuses_broadcast = true; /* no interface yet */
    loop_discover(&loop);
    assert_int_equal(loop.mode, LOOP_NONE);
    refuses_join = refuses_broadcast = false;
    loop_discover(&loop);
    assert_int_equal(loop.mode, LOOP_GROUP);
    assert_true(loop.listener >= 0);
    assert_int_equal(loop.config.node.port, port);
    assert_false(loop.has_lost || loop.node.is_silent);
    loop_close(&loop);
}

TEST(a_device_that_is_not_there_is_an_error)
{
    struct loop_config config = configure("239.42.0.1");
    config.device = "nothere0";
    assert_int_equal(loop_open(&loop, &config), E_BUSY);
    assert_int_equal(loop.udp, -1);
    assert_int_equal(loop.listener, -1);
    config.device = "lo";
    assert_int_equal(loop_open(&loop, &config), OK);
    loop_close(&loop);
}

TEST(the_secret_is_in_the_node_alone)
{
    const uint8_t zero[CRYPTO_KEY_BYTES] = {0};
    open_for("127.0.0.1", LOOP_ADDRESS);
    assert_memory_equal(loop.config.node.secret, zero, sizeof(zero));
    assert_int_equal(loop.node.config.secret[0], 1);
    loop_close(&loop);
    assert_memory_equal(loop.node.config.secret, zero, sizeof(zero));
}

TEST(a_connection_that_nobody_takes_is_tried_again_later)
{
    open_for("127.0.0.1", LOOP_ADDRESS);
    uint8_t bytes[ANNOUNCE_BYTES_MAX];
    struct announce peer = {.id = {.len = 1, .text = "p"}, .port = 1, .key = {9}}; /* nobody's */
    assert_int_equal(trust_pin(&loop.node.trust, &peer.id, peer.key), OK);
    (void)node_hear(&loop.node, INADDR_LOOPBACK, bytes, announce_write(&peer, bytes),
                    loop_now_us());
    for (int i = 0; i < 10 && peers_find(&loop.node.peers, &peer.id)->failures == 0; i++) {
        loop_step(&loop, loop_now_us() + 1000);
    }
    assert_int_equal(peers_find(&loop.node.peers, &peer.id)->failures, 1);
    loop_serve(&loop);
    for (int i = 0; i < NODE_LINKS; i++) {
        assert_int_equal(loop.streams[i], -1);
    }
    loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_group_that_cannot_be_joined_is_replaced_by_broadcast, begin),
        cmocka_unit_test_setup(who_is_alone_on_a_machine_does_not_hear_its_own_announces, begin),
        cmocka_unit_test_setup(
            without_group_and_broadcast_a_node_is_silent_and_takes_sessions_all_the_same, begin),
        cmocka_unit_test_setup(
            a_group_that_was_refused_is_asked_for_again_and_its_denial_is_known, begin),
        cmocka_unit_test_setup(
            sockets_that_the_network_has_taken_away_are_closed_and_opened_again, begin),
        cmocka_unit_test_setup(a_device_that_is_not_there_is_an_error, begin),
        cmocka_unit_test_setup(one_address_needs_no_group_and_hears_the_address_of_sessions, begin),
        cmocka_unit_test_setup(a_port_that_is_taken_is_an_error_and_nothing_stays_open, begin),
        cmocka_unit_test_setup(the_secret_is_in_the_node_alone, begin),
        cmocka_unit_test_setup(a_connection_that_nobody_takes_is_tried_again_later, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
