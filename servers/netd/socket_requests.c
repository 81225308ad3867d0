/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The requests of clients about sockets: decodes words, asks the sockets, encodes words.
 *
 * One function per label. Every word is hostile; a word that a label does not name must be 0.
 */
#include "socket.h"

#include <errno.h>
#include <string.h>

#include <lwip/ip.h>

enum {
    ADDRESS_WORD = 2,
    PLACE_WORD = 4,
    PROTOCOL_ICMP4 = 1,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    PROTOCOL_ICMP6 = 58,
};

struct place {
    ip_addr_t address;
    uint16_t port;
    uint16_t interface;
    bool is_none; /* address and port 0: no family at all */
};

/* Whether all words from `first` on are 0, as words that mean nothing must be. */
static bool are_zero(const uint64_t *words, int first)
{
    for (int i = first; i < IPC_WORDS; i++) {
        if (words[i] != 0) {
            return false;
        }
    }
    return true;
}

static MUST_CHECK int read_place(const uint64_t *words, struct place *place)
{
    uint8_t bytes[SOCKET_ADDRESS_BYTES];
    if (words[PLACE_WORD] >> 32 != 0 || !are_zero(words, PLACE_WORD + 1)) {
        return -EINVAL;
    }
    memcpy(bytes, &words[ADDRESS_WORD], sizeof(bytes));
    place->port = (uint16_t)words[PLACE_WORD];
    place->interface = (uint16_t)(words[PLACE_WORD] >> 16);
    place->is_none = words[ADDRESS_WORD] == 0 && words[ADDRESS_WORD + 1] == 0 && place->port == 0;
    if (!socket_address_decode(bytes, place->interface, &place->address)) {
        return place->is_none ? 0 : -EAFNOSUPPORT;
    }
    return 0;
}

/* --- labels -------------------------------------------------------------------------------- */

static int answer_open(struct socket_client *client, const uint64_t *words, uint64_t *reply)
{
    if (!are_zero(words, 1)) {
        return -EINVAL;
    }
    socket_client_end(client);
    socket_client_open(client);
    reply[1] = client->epoch;
    reply[2] = client->facts.shape.slots;
    reply[3] = client->facts.shape.rx_bytes;
    reply[4] = client->facts.shape.tx_bytes;
    reply[5] = SOCKET_KICK(client->index);
    return 0;
}

/* Whether there are sockets of that kind: 0 or a negative errno. Makes protocol 0 its number. */
static MUST_CHECK int check_kind(uint64_t family, uint64_t type, uint64_t *protocol)
{
    uint64_t only = type == SOCKET_STREAM     ? PROTOCOL_TCP
                    : type == SOCKET_DATAGRAM ? PROTOCOL_UDP
                    : family == SOCKET_IP4    ? PROTOCOL_ICMP4
                                              : PROTOCOL_ICMP6;
    if (family != SOCKET_IP4 && (family != SOCKET_IP6 || !LWIP_IPV6)) {
        return -EAFNOSUPPORT;
    }
    if (type < SOCKET_STREAM || type > SOCKET_ICMP) {
        return -EINVAL;
    }
    if (type == SOCKET_RAW) {
        return *protocol == 0 || *protocol > UINT8_MAX ? -EPROTONOSUPPORT : 0;
    }
    if (*protocol != 0 && *protocol != only) {
        return -EPROTONOSUPPORT;
    }
    *protocol = only;
    return 0;
}

static int answer_make(struct socket_client *client, const uint64_t *words, uint64_t *reply)
{
    uint64_t protocol = words[4];
    if (!are_zero(words, 5)) {
        return -EINVAL;
    }
    int error = check_kind(words[2], words[3], &protocol);
    if (error == 0 && (words[3] == SOCKET_RAW || words[3] == SOCKET_ICMP)) {
        error = socket_check_raw(client);
    }
    if (error != 0) {
        return error;
    }
    struct socket *socket = socket_take_slot(client, LIFE_OWNED);
    if (socket == NULL) {
        return -EMFILE;
    }
    socket->family = (uint8_t)words[2];
    socket->type = (uint8_t)words[3];
    socket->protocol = (uint8_t)protocol;
    reply[1] = socket->slot;
    return 0;
}

static int answer_bind(struct socket *socket, const uint64_t *words)
{
    struct place place;
    int error = read_place(words, &place);
    if (error != 0) {
        return error;
    }
    if (socket->family == SOCKET_IP6 &&
        (place.is_none || (!IP_IS_V4_VAL(place.address) && ip_addr_isany_val(place.address)))) {
        place.address = socket->options.v6only ? *IP6_ADDR_ANY : *IP_ANY_TYPE;
    }
    error = socket_check_family(socket, &place.address);
    if (error == 0) {
        error = socket_check_local(socket, &place.address);
    }
    if (error == 0) {
        error = socket_check_port(socket, place.port);
    }
    if (error != 0) {
        return error;
    }
    return socket->type == SOCKET_STREAM ? stream_bind(socket, &place.address, place.port)
                                         : datagram_bind(socket, &place.address, place.port);
}

static int answer_listen(struct socket *socket, const uint64_t *words)
{
    if (!are_zero(words, 3) || words[2] > UINT32_MAX) {
        return -EINVAL;
    }
    return socket->type == SOCKET_STREAM ? stream_listen(socket, (uint32_t)words[2]) : -EOPNOTSUPP;
}

static int answer_connect(struct socket *socket, const uint64_t *words)
{
    struct place place;
    int error = read_place(words, &place);
    if (error != 0) {
        return error;
    }
    if (place.is_none && socket->type != SOCKET_STREAM) {
        return datagram_connect(socket, NULL, 0);
    }
    error = place.is_none ? -EAFNOSUPPORT : socket_check_family(socket, &place.address);
    if (error == 0) {
        error = socket_check_connect(socket);
    }
    if (error != 0) {
        return error;
    }
    return socket->type == SOCKET_STREAM ? stream_connect(socket, &place.address, place.port)
                                         : datagram_connect(socket, &place.address, place.port);
}

static int answer_check(struct socket *socket, const uint64_t *words)
{
    struct place place;
    int error = read_place(words, &place);
    if (error == 0 && place.is_none) {
        error = -EINVAL;
    }
    if (error == 0 && socket->type == SOCKET_STREAM) {
        error = -EOPNOTSUPP;
    }
    if (error == 0 && socket->type == SOCKET_DATAGRAM && place.port == 0) {
        error = -EINVAL;
    }
    struct netif *netif;
    if (error == 0) {
        error = datagram_check(socket, &place.address, &netif);
    }
    return error != 0 ? error : datagram_bind_anywhere(socket); /* so that it has a name at once */
}

static int answer_shutdown(struct socket *socket, const uint64_t *words)
{
    if (!are_zero(words, 3) || words[2] < SOCKET_SIDE_RX || words[2] > SOCKET_SIDE_BOTH) {
        return -EINVAL;
    }
    return socket->type == SOCKET_STREAM ? stream_shutdown(socket, (uint32_t)words[2])
                                         : datagram_shutdown(socket, (uint32_t)words[2]);
}

static int answer_close(struct socket *socket, const uint64_t *words)
{
    if (!are_zero(words, 3) || words[2] > SOCKET_CLOSE_RESET) {
        return -EINVAL;
    }
    if (socket->type == SOCKET_STREAM) {
        stream_close(socket, words[2] == SOCKET_CLOSE_RESET);
    } else {
        datagram_close(socket);
    }
    return 0;
}

static int answer_set(struct socket *socket, const uint64_t *words)
{
    bool has_group = words[2] == SOCKET_JOIN || words[2] == SOCKET_LEAVE;
    if (!are_zero(words, has_group ? 6 : 4)) {
        return -EINVAL;
    }
    return socket_set_option(socket, words);
}

static int answer_get(const struct socket *socket, const uint64_t *words, uint64_t *reply)
{
    return are_zero(words, 3) ? socket_get_option(socket, words[2], reply) : -EINVAL;
}

/* --- dispatch ------------------------------------------------------------------------------ */

static int answer_of_socket(struct socket *socket, const uint64_t *words, uint64_t *reply)
{
    switch (words[0]) {
    case SOCKET_BIND: return answer_bind(socket, words);
    case SOCKET_LISTEN: return answer_listen(socket, words);
    case SOCKET_CONNECT: return answer_connect(socket, words);
    case SOCKET_CHECK: return answer_check(socket, words);
    case SOCKET_SHUTDOWN: return answer_shutdown(socket, words);
    case SOCKET_CLOSE: return answer_close(socket, words);
    case SOCKET_SET: return answer_set(socket, words);
    case SOCKET_GET: return answer_get(socket, words, reply);
    default: return -EINVAL;
    }
}

static int dispatch(struct sockets *sockets, uint64_t badge, const uint64_t *words, uint64_t *reply)
{
    uint64_t index = badge - 1;
    struct socket_client *client = index < SOCKET_CLIENTS_MAX ? &sockets->client[index] : NULL;
    if (client == NULL || client->facts.shape.slots == 0) {
        stats_count(sockets->stats, COUNTER_socket_denied);
        return -EACCES;
    }
    if (words[0] == SOCKET_OPEN) {
        return answer_open(client, words, reply);
    }
    uint32_t slot = (uint32_t)words[1];
    if (client->epoch == 0 || words[1] >> 32 != client->epoch) {
        stats_count(sockets->stats, COUNTER_socket_stale);
        return -ESTALE;
    }
    if (words[0] == SOCKET_MAKE) {
        return answer_make(client, words, reply);
    }
    if (slot >= client->facts.shape.slots || client->first[slot].life != LIFE_OWNED) {
        return -EBADF;
    }
    return answer_of_socket(&client->first[slot], words, reply);
}

void sockets_answer(struct sockets *sockets, uint64_t badge, const uint64_t words[IPC_WORDS],
                    uint64_t reply[IPC_WORDS])
{
    memset(reply, 0, IPC_WORDS * sizeof(reply[0]));
    int error = dispatch(sockets, badge, words, reply);
    reply[0] = (uint64_t)(int64_t)error;
    if (error == -EINVAL) {
        stats_count(sockets->stats, COUNTER_request_bad);
    }
}
