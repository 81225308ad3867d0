/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Conformance of the socket API: the same source runs on the target and on Linux, where it must
 * pass too, so that what is tested is the API and not our habit.
 *
 * A case is a function named by a sentence of behaviour; it ends at its first broken CHECK. It uses
 * several sockets of this one process, whose only thread it is, and asks nothing of time but that
 * what must come comes. What a case makes with the functions below is closed behind it; then the
 * open descriptors must be those of before.
 *
 * Nothing here is known of either system: no header of ours, no call that is Linux's alone.
 */
#pragma once

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum conform_flag {
    BOTH_FAMILIES = 1, /* once over IPv4, once over IPv6 */
    IP6_ALONE = 2,     /* over IPv6 */
};

struct conform_case {
    const char *name;
    const char *about; /* the call or option; a row of docs/networking/sockets.md */
    void (*run)(void);
    unsigned flags;
};

struct conform_subject {
    const char *name;
    const struct conform_case *cases;
    unsigned count;
};

#define CASE(about, function)      {#function, about, function, 0}
#define CASE_BOTH(about, function) {#function, about, function, BOTH_FAMILIES}
#define CASE_IP6(about, function)  {#function, about, function, IP6_ALONE}
#define SUBJECT(list)              {#list, list, sizeof(list) / sizeof((list)[0])}

extern const struct conform_subject make_subject, name_subject, bind_subject, listen_subject,
    connect_subject, stream_subject, vector_subject, end_subject, reset_subject, datagram_subject,
    message_subject, option_subject, value_subject, time_out_subject, poll_subject, select_subject,
    epoll_subject, descriptor_subject, address_subject, resolve_subject, group_subject, raw_subject,
    random_subject, child_end_subject, child_gift_subject, child_step_subject, child_wait_subject,
    wire_subject, failing_subject, path_subject, documented_subject;

/* --- checks ---------------------------------------------------------------------------------- */

/* Ends the case unless `condition` holds. For functions that return nothing. */
#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!conform_check((condition), #condition, __FILE__, __LINE__)) {                         \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/*
 * The call fails, with -1 and one of these errors. What it is that failed, and how, is kept: it
 * must be in documented.list, and what is there must come.
 *
 * CHECK_GIVES   of a call that gives the error itself
 * CHECK_FAILED  of a call that was made before; errno is still of it
 */
#define CHECK_ERROR(call, error)         CHECK_FAILURE(#call, call, error, error)
#define CHECK_EITHER(call, error, other) CHECK_FAILURE(#call, call, error, other)
#define CHECK_GIVES(call, error)         CHECK_FAILURE(#call, (errno = (call), -1), error, error)
#define CHECK_FAILURE(text, call, error, other)                                                    \
    do {                                                                                           \
        errno = 0;                                                                                 \
        if (!conform_error((long)(call), error, other, text, __FILE__, __LINE__)) {                \
            return;                                                                                \
        }                                                                                          \
    } while (0)

#define CHECK_FAILED(call, result, error)                                                          \
    CHECK(conform_error((long)(result), error, error, call, __FILE__, __LINE__))

bool conform_check(bool holds, const char *condition, const char *file, int line);
bool conform_error(long result, int error, int other, const char *call, const char *file, int line);

/* The rest of the case cannot be run here; says why. The case returns at once. */
void conform_skip(const char *why);

/* --- where the suite runs --------------------------------------------------------------------- */

/* AF_INET or AF_INET6: what the running case is about. */
extern int family;

/* Nothing is reached but this machine, or what the lane has: no other route. */
bool is_alone(void);

/* The far end of the wire: an echo server at 10.0.2.100 port 7. The target is where it is. */
bool has_wire(void);

/* Every case can be run that this system has: the target, or alone with both families. */
bool is_whole(void);

/* --- addresses -------------------------------------------------------------------------------- */

union address {
    struct sockaddr any;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
    struct sockaddr_storage room;
};

/* Bytes of an address of the family. */
socklen_t address_bytes(void);

union address loopback(uint16_t port);
union address wildcard(uint16_t port);
union address ip4_address(uint32_t address, uint16_t port);

uint16_t port_of(const union address *address);
bool is_same_address(const union address *a, const union address *b);

/* What getsockname and getpeername say; family 0 when they fail. */
union address name_of(int descriptor);
union address peer_of(int descriptor);

/* A port of the loopback that had a socket of that type a moment ago. */
uint16_t free_port(int type);

/* --- sockets that are closed behind the case; -1 fails the next check ------------------------- */

/* To be closed behind the case; gives it back. */
int keep(int descriptor);

/* Closes now what was kept. */
int drop(int descriptor);

/* A number that is no descriptor. */
int closed_descriptor(void);

/* Copies until there is no free descriptor any more. False: it ends otherwise. */
bool take_all_descriptors(void);

/* A blocking socket whose waits end after some seconds: a broken system fails and does not hang. */
int make(int type);
int make_bound(int type);
int make_listener(int backlog);

struct pair {
    int client; /* the one that connected */
    int server;
};

/* Two ends of one connection; of datagram sockets: connected to each other. */
bool make_pair(struct pair *pair);
bool make_datagrams(struct pair *pair);

/* A connection to the listener, and its end there. */
bool join_listener(int listener, struct pair *pair);

/* --- small things ----------------------------------------------------------------------------- */

/* NULL, which the compiler does not see: it knows of some arguments that they must not be. */
void *nowhere(void);

bool set_nonblocking(int descriptor);

/* As setsockopt and getsockopt; false when they fail. What was set and read is kept, as above. */
bool set_option(int descriptor, int level, int name, const void *value, socklen_t bytes);
bool get_option(int descriptor, int level, int name, void *value, socklen_t *bytes);
bool set_int(int descriptor, int level, int name, int value);
int get_int(int descriptor, int level, int name); /* INT_MIN when it fails */

/* Waits until one of the events (or an error) holds; gives what holds, 0: nothing came. */
int wait_for(int descriptor, int events);

/* What holds now. */
int look_for(int descriptor, int events);

/* The text is sent whole, and comes whole. */
bool send_text(int descriptor, const char *text);
bool takes_text(int descriptor, const char *text);

/* Waits for the end of the stream. */
bool takes_end(int descriptor);
