/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What cases build on: sockets that are closed behind them, addresses, waiting.
 */
#include "conformance.h"

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/time.h>

#include "documented.h"
#include "kept.h"

enum { KEPT_MAX = 1100, WAIT_S = 10, MS_PER_S = 1000 };

int family = AF_INET;

static int kept[KEPT_MAX];
static int kept_count;

/* --- where it runs ---------------------------------------------------------------------------- */

bool is_alone(void)
{
    return has_wire() || getenv("CONFORM_ALONE") != NULL;
}

bool has_wire(void)
{
    const char *lane = getenv("lane");
    return lane != NULL && strcmp(lane, "sockets") == 0;
}

/* --- descriptors ------------------------------------------------------------------------------ */

int keep(int descriptor)
{
    if (descriptor >= 0 && kept_count < KEPT_MAX) {
        kept[kept_count++] = descriptor;
    }
    return descriptor;
}

int drop(int descriptor)
{
    for (int i = 0; i < kept_count; i++) {
        if (kept[i] == descriptor) {
            kept[i] = kept[--kept_count];
            break;
        }
    }
    return close(descriptor);
}

void kept_close(void)
{
    while (kept_count > 0) {
        (void)close(kept[--kept_count]);
    }
}

int closed_descriptor(void)
{
    int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
    (void)close(descriptor);
    return descriptor;
}

bool take_all_descriptors(void)
{
    while (keep(dup(0)) >= 0) {
    }
    return errno == EMFILE;
}

int make(int type)
{
    struct timeval wait = {.tv_sec = WAIT_S};
    int made = keep(socket(family, type, 0));
    if (made < 0 || !set_option(made, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
        !set_option(made, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait))) {
        return -1;
    }
    return made;
}

int make_bound(int type)
{
    union address name = loopback(0);
    int made = make(type);
    return made >= 0 && bind(made, &name.any, address_bytes()) == 0 ? made : -1;
}

int make_listener(int backlog)
{
    int made = make_bound(SOCK_STREAM);
    return made >= 0 && listen(made, backlog) == 0 ? made : -1;
}

bool join_listener(int listener, struct pair *pair)
{
    union address name = name_of(listener);
    pair->server = -1;
    pair->client = make(SOCK_STREAM);
    if (pair->client < 0 || connect(pair->client, &name.any, address_bytes()) != 0) {
        return false;
    }
    struct timeval wait = {.tv_sec = WAIT_S};
    pair->server = keep(accept(listener, NULL, NULL));
    return pair->server >= 0 &&
           set_option(pair->server, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) &&
           set_option(pair->server, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
}

bool make_pair(struct pair *pair)
{
    int listener = make_listener(1);
    return listener >= 0 && join_listener(listener, pair) && drop(listener) == 0;
}

bool make_datagrams(struct pair *pair)
{
    pair->client = make_bound(SOCK_DGRAM);
    pair->server = make_bound(SOCK_DGRAM);
    union address client = name_of(pair->client);
    union address server = name_of(pair->server);
    return pair->client >= 0 && pair->server >= 0 &&
           connect(pair->client, &server.any, address_bytes()) == 0 &&
           connect(pair->server, &client.any, address_bytes()) == 0;
}

/* --- addresses -------------------------------------------------------------------------------- */

socklen_t address_bytes(void)
{
    return family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
}

union address ip4_address(uint32_t address, uint16_t port)
{
    union address name;
    memset(&name, 0, sizeof(name));
    name.ip4.sin_family = AF_INET;
    name.ip4.sin_port = htons(port);
    name.ip4.sin_addr.s_addr = htonl(address);
    return name;
}

static union address named(uint16_t port, uint32_t ip4, const struct in6_addr *ip6)
{
    union address name = ip4_address(ip4, port);
    if (family == AF_INET6) {
        memset(&name, 0, sizeof(name));
        name.ip6.sin6_family = AF_INET6;
        name.ip6.sin6_port = htons(port);
        name.ip6.sin6_addr = *ip6;
    }
    return name;
}

union address loopback(uint16_t port)
{
    return named(port, INADDR_LOOPBACK, &in6addr_loopback);
}

union address wildcard(uint16_t port)
{
    return named(port, INADDR_ANY, &in6addr_any);
}

uint16_t port_of(const union address *address)
{
    if (address->any.sa_family == AF_INET6) {
        return ntohs(address->ip6.sin6_port);
    }
    return address->any.sa_family == AF_INET ? ntohs(address->ip4.sin_port) : 0;
}

bool is_same_address(const union address *a, const union address *b)
{
    if (a->any.sa_family != b->any.sa_family || port_of(a) != port_of(b)) {
        return false;
    }
    return a->any.sa_family == AF_INET
               ? a->ip4.sin_addr.s_addr == b->ip4.sin_addr.s_addr
               : memcmp(&a->ip6.sin6_addr, &b->ip6.sin6_addr, sizeof(a->ip6.sin6_addr)) == 0;
}

union address name_of(int descriptor)
{
    union address name;
    socklen_t bytes = sizeof(name);
    memset(&name, 0, sizeof(name));
    if (getsockname(descriptor, &name.any, &bytes) != 0) {
        memset(&name, 0, sizeof(name));
    }
    return name;
}

union address peer_of(int descriptor)
{
    union address name;
    socklen_t bytes = sizeof(name);
    memset(&name, 0, sizeof(name));
    if (getpeername(descriptor, &name.any, &bytes) != 0) {
        memset(&name, 0, sizeof(name));
    }
    return name;
}

uint16_t free_port(int type)
{
    int made = make_bound(type);
    union address name = name_of(made);
    (void)drop(made);
    return port_of(&name);
}

/* --- small things ----------------------------------------------------------------------------- */

void *nowhere(void)
{
    void *volatile null = NULL;
    return null;
}

bool set_nonblocking(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFL);
    return flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool set_option(int descriptor, int level, int name, const void *value, socklen_t bytes)
{
    bool is_set = setsockopt(descriptor, level, name, value, bytes) == 0;
    if (is_set) {
        documented_option(level, name, OPTION_SET);
    }
    return is_set;
}

bool get_option(int descriptor, int level, int name, void *value, socklen_t *bytes)
{
    bool is_got = getsockopt(descriptor, level, name, value, bytes) == 0;
    if (is_got) {
        documented_option(level, name, OPTION_GET);
    }
    return is_got;
}

bool set_int(int descriptor, int level, int name, int value)
{
    return set_option(descriptor, level, name, &value, sizeof(value));
}

int get_int(int descriptor, int level, int name)
{
    int value = 0;
    socklen_t bytes = sizeof(value);
    bool is_got = get_option(descriptor, level, name, &value, &bytes);
    return is_got && bytes == sizeof(value) ? value : INT_MIN;
}

static int poll_one(int descriptor, int events, int time_out_ms)
{
    struct pollfd entry = {.fd = descriptor, .events = (short)events};
    return poll(&entry, 1, time_out_ms) == 1 ? entry.revents : 0;
}

int wait_for(int descriptor, int events)
{
    return poll_one(descriptor, events, WAIT_S * MS_PER_S);
}

int look_for(int descriptor, int events)
{
    return poll_one(descriptor, events, 0);
}

bool send_text(int descriptor, const char *text)
{
    return send(descriptor, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text);
}

bool takes_text(int descriptor, const char *text)
{
    char taken[64];
    size_t bytes = strlen(text);
    return bytes <= sizeof(taken) &&
           recv(descriptor, taken, bytes, MSG_WAITALL) == (ssize_t)bytes &&
           memcmp(taken, text, bytes) == 0;
}

bool takes_end(int descriptor)
{
    char byte;
    return recv(descriptor, &byte, 1, 0) == 0;
}
