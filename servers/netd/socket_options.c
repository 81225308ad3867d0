/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SOCKET_SET and SOCKET_GET: one table says which words are possible and where they are kept.
 */
#include "socket.h"

#include <errno.h>
#include <stddef.h>

#include <lwip/netif.h>

enum kind { KIND_BOOL, KIND_U8, KIND_U16, KIND_U32, KIND_DEVICE };

struct option {
    uint8_t kind;
    uint8_t at; /* in struct socket_options */
    uint32_t least;
    uint32_t most;
};

#define OPTION(field, kind, least, most) {kind, offsetof(struct socket_options, field), least, most}

/* SOCKET_JOIN and SOCKET_LEAVE are not kept here. */
static const struct option options[SOCKET_OPTIONS_END] = {
    [SOCKET_REUSE] = OPTION(reuse, KIND_BOOL, 0, UINT32_MAX),
    [SOCKET_KEEPALIVE] = OPTION(keepalive, KIND_BOOL, 0, UINT32_MAX),
    [SOCKET_KEEPIDLE] = OPTION(keepalive_idle_s, KIND_U16, 1, 32767),
    [SOCKET_KEEPINTVL] = OPTION(keepalive_interval_s, KIND_U16, 1, 32767),
    [SOCKET_KEEPCNT] = OPTION(keepalive_count, KIND_U8, 1, 127),
    [SOCKET_NODELAY] = OPTION(nodelay, KIND_BOOL, 0, UINT32_MAX),
    [SOCKET_BROADCAST] = OPTION(broadcast, KIND_BOOL, 0, UINT32_MAX),
    [SOCKET_HOPS] = OPTION(hops, KIND_U8, 1, 255),
    [SOCKET_GROUP_HOPS] = OPTION(group_hops, KIND_U8, 0, 255),
    [SOCKET_GROUP_LOOP] = OPTION(group_loop, KIND_BOOL, 0, UINT32_MAX),
    [SOCKET_GROUP_DEVICE] = OPTION(group_device, KIND_DEVICE, 0, UINT8_MAX),
    [SOCKET_V6ONLY] = OPTION(v6only, KIND_BOOL, 0, UINT32_MAX),
    [SOCKET_DEVICE] = OPTION(device, KIND_DEVICE, 0, UINT8_MAX),
    [SOCKET_TRAFFIC_CLASS] = OPTION(traffic_class, KIND_U8, 0, 255),
    [SOCKET_RX_LIMIT] = OPTION(rx_limit, KIND_U32, 0, UINT32_MAX),
};

static bool is_kept(uint64_t name)
{
    return name != 0 && name < SOCKET_OPTIONS_END && name != SOCKET_JOIN && name != SOCKET_LEAVE;
}

static uint32_t read_option(const struct socket *socket, const struct option *option)
{
    const uint8_t *field = (const uint8_t *)&socket->options + option->at;
    switch (option->kind) {
    case KIND_U16: return *(const uint16_t *)(const void *)field;
    case KIND_U32: return *(const uint32_t *)(const void *)field;
    case KIND_BOOL: return *(const bool *)(const void *)field;
    default: return *field;
    }
}

static void write_option(struct socket *socket, const struct option *option, uint32_t value)
{
    uint8_t *field = (uint8_t *)&socket->options + option->at;
    switch (option->kind) {
    case KIND_U16:
        *(uint16_t *)(void *)field = (uint16_t)value; /* <= option->most, as below */
        break;
    case KIND_U32: *(uint32_t *)(void *)field = value; break;
    case KIND_BOOL: *(bool *)(void *)field = value != 0; break;
    default: *field = (uint8_t)value; break;
    }
}

/* At least what a full segment needs, at most the ring. */
static uint32_t rx_limit(const struct socket *socket, uint32_t value)
{
    uint32_t most = socket->client->facts.shape.rx_bytes;
    value = value < SOCKET_RX_LIMIT_MIN ? SOCKET_RX_LIMIT_MIN : value;
    return value < most ? value : most;
}

static void apply(struct socket *socket)
{
    if (socket->type == SOCKET_STREAM) {
        stream_apply_options(socket);
    } else {
        datagram_apply_options(socket);
    }
}

static int change_group(struct socket *socket, const uint64_t *words)
{
    uint8_t bytes[SOCKET_ADDRESS_BYTES];
    ip_addr_t group;
    memcpy(bytes, &words[3], sizeof(bytes));
    if (words[5] > UINT32_MAX) {
        return -EINVAL;
    }
    if (socket->type == SOCKET_STREAM) {
        return -EOPNOTSUPP;
    }
    if (!socket_address_decode(bytes, (uint32_t)words[5], &group)) {
        return -EAFNOSUPPORT;
    }
    return words[2] == SOCKET_JOIN ? datagram_join(socket, &group, (uint32_t)words[5])
                                   : datagram_leave(socket, &group, (uint32_t)words[5]);
}

int socket_set_option(struct socket *socket, const uint64_t *words)
{
    if (words[2] == SOCKET_JOIN || words[2] == SOCKET_LEAVE) {
        return change_group(socket, words);
    }
    if (!is_kept(words[2])) {
        return -ENOPROTOOPT;
    }
    const struct option *option = &options[words[2]];
    if (words[3] < option->least || words[3] > option->most ||
        (words[2] == SOCKET_V6ONLY && (socket->is_bound || socket->family != SOCKET_IP6))) {
        return -EINVAL;
    }
    if (option->kind == KIND_DEVICE && words[3] != 0 &&
        netif_get_by_index((u8_t)words[3]) == NULL) {
        return -ENODEV;
    }
    if (words[2] == SOCKET_BROADCAST && words[3] != 0) {
        int error = socket_check_broadcast(socket->client);
        if (error != 0) {
            return error;
        }
    }
    /* --- committed --- */
    uint32_t value = (uint32_t)words[3];
    write_option(socket, option, words[2] == SOCKET_RX_LIMIT ? rx_limit(socket, value) : value);
    apply(socket);
    return 0;
}

int socket_get_option(const struct socket *socket, uint64_t name, uint64_t *reply)
{
    if (!is_kept(name)) {
        return -ENOPROTOOPT;
    }
    reply[1] = read_option(socket, &options[name]);
    return 0;
}
