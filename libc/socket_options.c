/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Options of sockets: most are a number that netd keeps, by the table; the others have a shape of
 * their own, or are libc's alone. What netd took is kept for the next slot.
 */
#include "socket_file.h"

#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/time.h>

#include <wherry/time.h>

#include "interfaces.h"
#include "socket_address.h"

/* What values of an option a program may give. */
enum form {
    FORM_BOOL, /* any number; 0 or 1 */
    FORM_POSITIVE /* 1 and more */,
    FORM_BYTE,  /* 0 to 255 */
    FORM_HOPS,  /* 1 to 255, or -1: as it was */
    FORM_INDEX, /* an interface, or 0 */
};

static const struct option {
    int level;
    int name;
    enum socket_option option;
    enum form form;
    int fallback; /* FORM_HOPS: what -1 stands for */
} options[] = {
    {SOL_SOCKET, SO_REUSEADDR, SOCKET_REUSE, FORM_BOOL, 0},
    {SOL_SOCKET, SO_KEEPALIVE, SOCKET_KEEPALIVE, FORM_BOOL, 0},
    {SOL_SOCKET, SO_BROADCAST, SOCKET_BROADCAST, FORM_BOOL, 0},
    {IPPROTO_TCP, TCP_NODELAY, SOCKET_NODELAY, FORM_BOOL, 0},
    {IPPROTO_TCP, TCP_KEEPIDLE, SOCKET_KEEPIDLE, FORM_POSITIVE, 0},
    {IPPROTO_TCP, TCP_KEEPINTVL, SOCKET_KEEPINTVL, FORM_POSITIVE, 0},
    {IPPROTO_TCP, TCP_KEEPCNT, SOCKET_KEEPCNT, FORM_POSITIVE, 0},
    {IPPROTO_IP, IP_TTL, SOCKET_HOPS, FORM_HOPS, 64},
    {IPPROTO_IP, IP_TOS, SOCKET_TRAFFIC_CLASS, FORM_BYTE, 0},
    {IPPROTO_IP, IP_MULTICAST_TTL, SOCKET_GROUP_HOPS, FORM_BYTE, 0},
    {IPPROTO_IP, IP_MULTICAST_LOOP, SOCKET_GROUP_LOOP, FORM_BOOL, 0},
    {IPPROTO_IPV6, IPV6_V6ONLY, SOCKET_V6ONLY, FORM_BOOL, 0},
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, SOCKET_HOPS, FORM_HOPS, 64},
    {IPPROTO_IPV6, IPV6_MULTICAST_HOPS, SOCKET_GROUP_HOPS, FORM_HOPS, 1},
    {IPPROTO_IPV6, IPV6_MULTICAST_LOOP, SOCKET_GROUP_LOOP, FORM_BOOL, 0},
    {IPPROTO_IPV6, IPV6_MULTICAST_IF, SOCKET_GROUP_DEVICE, FORM_INDEX, 0},
    {IPPROTO_IPV6, IPV6_TCLASS, SOCKET_TRAFFIC_CLASS, FORM_BYTE, 0},
};

/* Options that say what comes with a datagram. */
static const struct {
    int level;
    int name;
    enum socket_extra extra;
} extras[] = {
    {IPPROTO_IP, IP_PKTINFO, EXTRA_PLACE},         {IPPROTO_IP, IP_RECVTTL, EXTRA_HOPS},
    {IPPROTO_IP, IP_RECVTOS, EXTRA_CLASS},         {IPPROTO_IPV6, IPV6_RECVPKTINFO, EXTRA_PLACE},
    {IPPROTO_IPV6, IPV6_RECVHOPLIMIT, EXTRA_HOPS}, {IPPROTO_IPV6, IPV6_RECVTCLASS, EXTRA_CLASS},
};

enum { COUNT = sizeof(options) / sizeof(options[0]), EXTRAS = sizeof(extras) / sizeof(extras[0]) };

/* Whether options of that level are for this socket. */
static MUST_CHECK bool has_level(const struct socket *socket, int level)
{
    return (level != IPPROTO_TCP || socket->type == SOCKET_STREAM) &&
           (level != IPPROTO_IPV6 || socket->family == SOCKET_IP6);
}

static MUST_CHECK const struct option *find(int level, int name)
{
    for (int i = 0; i < COUNT; i++) {
        if (options[i].level == level && options[i].name == name) {
            return &options[i];
        }
    }
    return NULL;
}

/* The bit of `extras` an option stands for, or 0. */
static MUST_CHECK uint32_t find_extra(int level, int name)
{
    for (int i = 0; i < EXTRAS; i++) {
        if (extras[i].level == level && extras[i].name == name) {
            return extras[i].extra;
        }
    }
    return 0;
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* The number a program gave: an int, or one byte where IP options allow it. */
static MUST_CHECK long read_number(int level, const void *value, socklen_t bytes, int *number)
{
    if (bytes >= sizeof(*number)) {
        memcpy(number, value, sizeof(*number));
        return 0;
    }
    if (level != IPPROTO_IP || bytes == 0) {
        return -EINVAL;
    }
    *number = *(const uint8_t *)value;
    return 0;
}

/* Brings a number into the form of its option. */
static MUST_CHECK long check_number(const struct option *option, int *number)
{
    switch (option->form) {
    case FORM_BOOL: *number = *number != 0; return 0;
    case FORM_POSITIVE: return *number >= 1 && *number <= SHRT_MAX ? 0 : -EINVAL;
    case FORM_BYTE: return *number >= 0 && *number <= UINT8_MAX ? 0 : -EINVAL;
    case FORM_HOPS:
        *number = *number == -1 ? option->fallback : *number;
        return *number >= 1 && *number <= UINT8_MAX ? 0 : -EINVAL;
    case FORM_INDEX: return *number >= 0 && *number <= UINT16_MAX ? 0 : -EINVAL;
    }
    return -EINVAL;
}

/* Gives netd a number and keeps it. */
static MUST_CHECK long tell_number(struct socket *socket, enum socket_option option,
                                   uint32_t number)
{
    uint64_t values[] = {option, number};
    long error = socket_ask(socket, SOCKET_SET, values, 2);
    if (error == 0) {
        socket->options_set |= 1u << option;
        socket->options[option] = number;
    }
    return error;
}

static MUST_CHECK long ask_number(struct socket *socket, enum socket_option option, int *number)
{
    uint64_t values[] = {option};
    long error = socket_ask(socket, SOCKET_GET, values, 1);
    *number = (int)values[0];
    return error;
}

static MUST_CHECK long set_number(struct socket *socket, const struct option *option,
                                  const void *value, socklen_t bytes)
{
    int number;
    long error = read_number(option->level, value, bytes, &number);
    if (error == 0) {
        error = check_number(option, &number);
    }
    return error == 0 ? tell_number(socket, option->option, (uint32_t)number) : error;
}

/* --- groups and interfaces -------------------------------------------------------------------- */

/* An IPv4 interface in any of its three forms: address, or group and address, or also number. */
static MUST_CHECK long read_device4(const void *value, socklen_t bytes, uint32_t *number)
{
    struct ip_mreqn request = {.imr_ifindex = 0};
    if (bytes >= sizeof(request)) {
        memcpy(&request, value, sizeof(request));
    } else if (bytes >= sizeof(struct ip_mreq)) {
        memcpy(&request, value, sizeof(struct ip_mreq));
    } else if (bytes >= sizeof(struct in_addr)) {
        memcpy(&request.imr_address, value, sizeof(struct in_addr));
    } else {
        return -EINVAL;
    }
    *number = (uint32_t)request.imr_ifindex;
    if (*number == 0 && request.imr_address.s_addr != INADDR_ANY) {
        *number = interfaces_find_address(request.imr_address);
        return *number != 0 ? 0 : -EADDRNOTAVAIL;
    }
    return *number <= UINT16_MAX ? 0 : -ENODEV;
}

/* The group and interface of IP_ADD_MEMBERSHIP and its kin. */
static MUST_CHECK long read_group(int level, int name, const void *value, socklen_t bytes,
                                  struct socket_name *group)
{
    uint32_t number = 0;
    memset(group, 0, sizeof(*group));
    if (name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP) {
        struct group_req request;
        if (bytes < sizeof(request)) {
            return -EINVAL;
        }
        memcpy(&request, value, sizeof(request));
        number = request.gr_interface;
        long error = socket_address_decode(level == IPPROTO_IP ? SOCKET_IP4 : SOCKET_IP6, false,
                                           (const struct sockaddr *)&request.gr_group,
                                           sizeof(request.gr_group), group);
        if (error != 0) {
            return error;
        }
    } else if (level == IPPROTO_IP) {
        struct ip_mreq request;
        if (bytes < sizeof(request)) {
            return -EINVAL;
        }
        memcpy(&request, value, sizeof(request));
        socket_address_map(request.imr_multiaddr, group->address);
        long error = read_device4(value, bytes, &number);
        if (error != 0) {
            return error == -EADDRNOTAVAIL ? -ENODEV : error;
        }
    } else {
        struct ipv6_mreq request;
        if (bytes < sizeof(request)) {
            return -EINVAL;
        }
        memcpy(&request, value, sizeof(request));
        memcpy(group->address, &request.ipv6mr_multiaddr, sizeof(group->address));
        number = request.ipv6mr_interface;
    }
    group->port = 1; /* in use */
    group->interface = (uint16_t)number;
    return number <= UINT16_MAX ? 0 : -ENODEV;
}

/* Keeps a group for the next slot, or forgets it. */
static void keep_group(struct socket *socket, const struct socket_name *group, bool joins)
{
    const struct socket_name none = {.port = 0};
    for (int i = 0; i < SOCKET_GROUPS_KEPT; i++) {
        struct socket_name *kept = &socket->groups[i];
        if (memcmp(kept, joins ? &none : group, sizeof(*kept)) == 0) {
            *kept = joins ? *group : none;
            return;
        }
    }
}

static MUST_CHECK long tell_group(struct socket *socket, const struct socket_name *group,
                                  bool joins)
{
    uint64_t values[4] = {joins ? SOCKET_JOIN : SOCKET_LEAVE};
    socket_address_words(group->address, values + 1);
    values[3] = group->interface;
    return socket_ask(socket, SOCKET_SET, values, 4);
}

static MUST_CHECK long set_group(struct socket *socket, int level, int name, const void *value,
                                 socklen_t bytes)
{
    struct socket_name group;
    bool joins = name == MCAST_JOIN_GROUP || (level == IPPROTO_IP && name == IP_ADD_MEMBERSHIP) ||
                 (level == IPPROTO_IPV6 && name == IPV6_JOIN_GROUP);
    long error = read_group(level, name, value, bytes, &group);
    if (error == 0) {
        error = tell_group(socket, &group, joins);
    }
    if (error == 0) {
        keep_group(socket, &group, joins);
    }
    return error;
}

static MUST_CHECK bool is_group(int level, int name)
{
    if (level == IPPROTO_IP) {
        return name == IP_ADD_MEMBERSHIP || name == IP_DROP_MEMBERSHIP ||
               name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP;
    }
    return level == IPPROTO_IPV6 && (name == IPV6_JOIN_GROUP || name == IPV6_LEAVE_GROUP ||
                                     name == MCAST_JOIN_GROUP || name == MCAST_LEAVE_GROUP);
}

static MUST_CHECK long set_device(struct socket *socket, const void *value, socklen_t bytes)
{
    char name[INTERFACE_NAME_BYTES + 1] = {0};
    memcpy(name, value, bytes < INTERFACE_NAME_BYTES ? bytes : INTERFACE_NAME_BYTES);
    uint32_t number = name[0] == 0 ? 0 : interfaces_find_name(name);
    return number == 0 && name[0] != 0 ? -ENODEV : tell_number(socket, SOCKET_DEVICE, number);
}

/* --- what is libc's alone --------------------------------------------------------------------- */

static MUST_CHECK long set_time_out(uint64_t *ns, const void *value, socklen_t bytes)
{
    enum { US_PER_SECOND = 1000000, NS_PER_US = 1000, SECONDS_MAX = 1 << 30 };
    struct timeval time;
    if (bytes < sizeof(time)) {
        return -EINVAL;
    }
    memcpy(&time, value, sizeof(time));
    if (time.tv_usec < 0 || time.tv_usec >= US_PER_SECOND) {
        return -EDOM;
    }
    if (time.tv_sec < 0) {
        time = (struct timeval){.tv_usec = 1}; /* as Linux: it is over already */
    }
    uint64_t seconds = (uint64_t)(time.tv_sec < SECONDS_MAX ? time.tv_sec : SECONDS_MAX);
    *ns = seconds * NS_PER_SECOND + (uint64_t)time.tv_usec * NS_PER_US;
    return 0;
}

static MUST_CHECK long set_buffer(struct socket *socket, int name, int number)
{
    uint32_t most = name == SO_RCVBUF ? socket->slot.rx_bytes : socket->slot.tx_bytes;
    uint32_t bytes = number < SOCKET_RING_BYTES_MIN ? SOCKET_RING_BYTES_MIN : (uint32_t)number;
    bytes = bytes < most ? bytes : most;
    if (name == SO_RCVBUF) {
        return tell_number(socket, SOCKET_RX_LIMIT, bytes);
    }
    socket->slot.tx_limit = bytes;
    socket->options_set |= 1u; /* no option of netd has this number */
    socket->options[0] = bytes;
    return 0;
}

static MUST_CHECK long set_linger(struct socket *socket, const void *value, socklen_t bytes)
{
    struct linger linger;
    if (bytes < sizeof(linger)) {
        return -EINVAL;
    }
    memcpy(&linger, value, sizeof(linger));
    linger.l_linger = linger.l_linger < 0 ? INT_MAX : linger.l_linger;
    socket->linger = linger;
    return 0;
}

static MUST_CHECK long set_socket_level(struct socket *socket, int name, const void *value,
                                        socklen_t bytes)
{
    int number;
    switch (name) {
    case SO_RCVTIMEO: return set_time_out(&socket->rx_time_out_ns, value, bytes);
    case SO_SNDTIMEO: return set_time_out(&socket->tx_time_out_ns, value, bytes);
    case SO_LINGER: return set_linger(socket, value, bytes);
    case SO_BINDTODEVICE: return set_device(socket, value, bytes);
    case SO_RCVBUF:
    case SO_SNDBUF:
        return read_number(SOL_SOCKET, value, bytes, &number) != 0
                   ? -EINVAL
                   : set_buffer(socket, name, number);
    default: return -ENOPROTOOPT;
    }
}

long socket_set(struct file *file, int level, int name, const void *value, socklen_t bytes)
{
    struct socket *socket = socket_of(file);
    const struct option *option = find(level, name);
    uint32_t extra = find_extra(level, name), number;
    int is_on;
    if ((int32_t)bytes < 0) {
        return -EINVAL;
    }
    if (value == NULL) {
        return -EFAULT;
    }
    long error = has_level(socket, level) ? socket_enter(socket) : -ENOPROTOOPT;
    if (error != 0) {
        return error;
    }
    if (option != NULL) {
        return set_number(socket, option, value, bytes);
    }
    if (extra != 0) {
        error = read_number(level, value, bytes, &is_on);
        if (error == 0) {
            socket->extras = is_on != 0 ? socket->extras | extra : socket->extras & ~extra;
        }
        return error;
    }
    if (is_group(level, name)) {
        return set_group(socket, level, name, value, bytes);
    }
    if (level == IPPROTO_IP && name == IP_MULTICAST_IF) {
        error = read_device4(value, bytes, &number);
        return error != 0 ? error : tell_number(socket, SOCKET_GROUP_DEVICE, number);
    }
    return level == SOL_SOCKET ? set_socket_level(socket, name, value, bytes) : -ENOPROTOOPT;
}

/* --- get -------------------------------------------------------------------------------------- */

/* Gives a value, cut off at *bytes, which becomes its length. */
static MUST_CHECK long give(const void *value, socklen_t length, void *to, socklen_t *bytes)
{
    if ((int32_t)*bytes < 0) {
        return -EINVAL;
    }
    *bytes = *bytes < length ? *bytes : length;
    memcpy(to, value, *bytes);
    return 0;
}

static MUST_CHECK long give_time_out(uint64_t ns, void *to, socklen_t *bytes)
{
    enum { NS_PER_US = 1000 };
    struct timeval time = {.tv_sec = (time_t)(ns / NS_PER_SECOND),
                           .tv_usec = (suseconds_t)(ns % NS_PER_SECOND / NS_PER_US)};
    return give(&time, sizeof(time), to, bytes);
}

static MUST_CHECK int posix_type(const struct socket *socket)
{
    switch (socket->type) {
    case SOCKET_STREAM: return SOCK_STREAM;
    case SOCKET_RAW: return SOCK_RAW;
    default: return SOCK_DGRAM;
    }
}

static MUST_CHECK int posix_protocol(const struct socket *socket)
{
    switch (socket->type) {
    case SOCKET_STREAM: return IPPROTO_TCP;
    case SOCKET_DATAGRAM: return IPPROTO_UDP;
    default: return socket->protocol;
    }
}

/* Options of SOL_SOCKET that are a number of libc's. */
static MUST_CHECK long own_number(struct socket *socket, int name, int *number)
{
    switch (name) {
    case SO_TYPE: *number = posix_type(socket); return 0;
    case SO_DOMAIN: *number = socket->family == SOCKET_IP4 ? AF_INET : AF_INET6; return 0;
    case SO_PROTOCOL: *number = posix_protocol(socket); return 0;
    case SO_ACCEPTCONN: *number = socket->is_listening; return 0;
    case SO_ERROR:
        *number = slot_take_error(&socket->slot);
        if (*number != 0) {
            socket->is_connecting = false;
        }
        return 0;
    case SO_SNDBUF: *number = (int)socket->slot.tx_limit; return 0;
    case SO_RCVBUF: return ask_number(socket, SOCKET_RX_LIMIT, number);
    default: return -ENOPROTOOPT;
    }
}

static MUST_CHECK long get_device(struct socket *socket, void *value, socklen_t *bytes)
{
    struct interface interface = {.number = 0};
    int number;
    long error = ask_number(socket, SOCKET_DEVICE, &number);
    if (error != 0) {
        return error;
    }
    bool is_bound = number != 0 && interfaces_get((uint32_t)number, &interface);
    socklen_t length = is_bound ? (socklen_t)strlen(interface.name) + 1 : 0;
    return *bytes < length ? -EINVAL : give(interface.name, length, value, bytes);
}

static MUST_CHECK long get_group_device(struct socket *socket, void *value, socklen_t *bytes)
{
    struct interface interface = {.number = 0};
    int number;
    long error = ask_number(socket, SOCKET_GROUP_DEVICE, &number);
    if (error != 0) {
        return error;
    }
    if (number != 0 && !interfaces_get((uint32_t)number, &interface)) {
        return -ENODEV;
    }
    return give(&interface.address, sizeof(interface.address), value, bytes);
}

static MUST_CHECK long get_socket_level(struct socket *socket, int name, void *value,
                                        socklen_t *bytes)
{
    int number;
    switch (name) {
    case SO_RCVTIMEO: return give_time_out(socket->rx_time_out_ns, value, bytes);
    case SO_SNDTIMEO: return give_time_out(socket->tx_time_out_ns, value, bytes);
    case SO_LINGER: return give(&socket->linger, sizeof(socket->linger), value, bytes);
    case SO_BINDTODEVICE: return get_device(socket, value, bytes);
    default: break;
    }
    long error = own_number(socket, name, &number);
    return error != 0 ? error : give(&number, sizeof(number), value, bytes);
}

long socket_get(struct file *file, int level, int name, void *value, socklen_t *bytes)
{
    struct socket *socket = socket_of(file);
    const struct option *option = find(level, name);
    uint32_t extra = find_extra(level, name);
    int number;
    if (value == NULL || bytes == NULL) {
        return -EFAULT;
    }
    if (level == SOL_SOCKET && name == SO_ERROR && socket->ended != 0) {
        return give(&socket->ended, sizeof(int), value, bytes);
    }
    long error = has_level(socket, level) ? socket_enter(socket) : -ENOPROTOOPT;
    if (error != 0) {
        return error;
    }
    if (option != NULL) {
        error = ask_number(socket, option->option, &number);
        return error != 0 ? error : give(&number, sizeof(number), value, bytes);
    }
    if (extra != 0) {
        number = (socket->extras & extra) != 0;
        return give(&number, sizeof(number), value, bytes);
    }
    if (level == IPPROTO_IP && name == IP_MULTICAST_IF) {
        return get_group_device(socket, value, bytes);
    }
    return level == SOL_SOCKET ? get_socket_level(socket, name, value, bytes) : -ENOPROTOOPT;
}

/* --- once more -------------------------------------------------------------------------------- */

long socket_set_again(struct socket *socket)
{
    long error = 0;
    if ((socket->options_set & 1u) != 0) {
        socket->slot.tx_limit = socket->options[0];
    }
    for (uint32_t option = 1; option < SOCKET_OPTIONS_END && error == 0; option++) {
        uint64_t values[] = {option, socket->options[option]};
        if ((socket->options_set & 1u << option) != 0) {
            error = network_ask(SOCKET_SET, socket->owner.slot, values, 2);
        }
    }
    for (int i = 0; i < SOCKET_GROUPS_KEPT && error == 0; i++) {
        uint64_t values[4] = {SOCKET_JOIN};
        socket_address_words(socket->groups[i].address, values + 1);
        values[3] = socket->groups[i].interface;
        if (socket->groups[i].port != 0) {
            error = network_ask(SOCKET_SET, socket->owner.slot, values, 4);
        }
    }
    return error;
}
