/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What came is marked in the lists; the last cases of the suite look for what did not.
 */
#include "documented.h"

#include "conformance.h"

#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>

/* --- the lists -------------------------------------------------------------------------------- */

static const char no_signals[] = "there are no signals";
static const char no_device[] = "no device is behind it";
static const char no_table[] = "descriptors alone are counted: it is EMFILE";
static const char of_unix[] = "of AF_UNIX";
static const char of_streams[] = "of STREAMS";
static const char of_raw[] = "a denial is EACCES";
static const char has_slot[] = "what it needs came with the socket";
static const char counts_slots[] = "slots are counted: it is EMFILE";
static const char no_memory[] = "when the program has used up its memory";
static const char no_memory_needed[] = "it takes no memory";
static const char by_manifest[] = "when the manifest denies it: tests/unit/netd_policy.c";
static const char without_netd[] = "while netd is gone: tests/unit/sockets_netd.c";
static const char by_router[] = "when a router says so: tests/unit/netd_wire.c";
static const char by_silence[] = "after minutes of silence: tests/unit/netd_wire.c";
static const char by_dns[] = "when a name server says so: lane dns";
static const char as_linux_protocol[] = "as on Linux, it is EPROTONOSUPPORT";
static const char as_linux_einval[] = "as on Linux, it is EINVAL";
static const char as_linux_eisconn[] = "as on Linux, it is EISCONN";
static const char no_pairs[] = "there are no pairs of sockets";
static const char at_once[] = "it is done at once";
static const char every_type[] = "every socket can";
static const char every_may[] = "every option may be read";
static const char still_accepted[] = "as on Linux, it is accepted and then at its end";
static const char is_refused[] = "it is ECONNREFUSED";
static const char is_epipe[] = "as on Linux, it is EPIPE";
static const char is_ebadf[] = "it is EBADF";
static const char is_enfile[] = "it is ENFILE";
static const char is_enoent[] = "it is ENOENT";
static const char is_eopnotsupp[] = "it is EOPNOTSUPP";
static const char is_enoprotoopt[] = "it is ENOPROTOOPT";
static const char is_eai_service[] = "it is EAI_SERVICE";
static const char was_checked[] = "connect has told";
static const char ignored_address[] = "as on Linux, the address is not looked at";
static const char at_any_time[] = "what is too late is EINVAL";
static const char no_directory[] = "no directory can be opened";
static const char always_ready[] = "of files that never wait";
static const char off_t_64[] = "no file is that long";
static const char no_holes[] = "SEEK_DATA and SEEK_HOLE are not there";
static const char no_locks[] = "there are no locks";
static const char one_thread[] = "there is one thread";
static const char no_owner[] = "files have no owner";
static const char any_flags[] = "flags that mean nothing are passed over";
static const char no_links[] = "there are no symbolic links";
static const char no_programs[] = "no program is a file that can be written";
static const char in_use[] = "a file in use lives on without its name";
static const char of_the_image[] = "of a file of the image: tests/unit/files.c";
static const char no_nesting[] = "an epoll watches no other: it is EINVAL";
static const char in_caller[] = "the caller faults";
static const char is_there[] = "it is there";
static const char no_name_given[] = "no name is too long for its place";
static const char in_dns_alone[] = "every error has a code of its own";
static const char any_attribute[] = "attributes are refused when they are set, or ENOTSUP";
static const char of_image[] = "when its image is spoilt";
static const char as_spawn[] = "as posix_spawn";

static struct documented {
    const char *call;
    const char *name;
    int error;
    const char *why_not;   /* no case has it on the target; NULL: one has */
    bool is_of_the_target; /* where alone one must have it */
    bool has_come;
} errors[] = {
#define COMES(call, error)            {#call, #error, error, NULL, false, false},
#define COMES_HERE(call, error)       {#call, #error, error, NULL, true, false},
#define NO_CASE(call, error, why_not) {#call, #error, error, why_not, false, false},
#include "documented.list"
};

#define OPTION(level, name, ways)                                                                  \
    {                                                                                              \
#name, level, name, ways, 0                                                                \
    }
enum { BOTH_WAYS = OPTION_SET | OPTION_GET };

static struct {
    const char *name;
    int level, number;
    unsigned ways, done;
} options[] = {
    OPTION(SOL_SOCKET, SO_ACCEPTCONN, OPTION_GET),
    OPTION(SOL_SOCKET, SO_BINDTODEVICE, BOTH_WAYS),
    OPTION(SOL_SOCKET, SO_BROADCAST, BOTH_WAYS),
    OPTION(SOL_SOCKET, SO_DOMAIN, OPTION_GET),
    OPTION(SOL_SOCKET, SO_ERROR, OPTION_GET),
    OPTION(SOL_SOCKET, SO_KEEPALIVE, BOTH_WAYS),
    OPTION(SOL_SOCKET, SO_LINGER, BOTH_WAYS),
    OPTION(SOL_SOCKET, SO_PROTOCOL, OPTION_GET),
    OPTION(SOL_SOCKET, SO_RCVBUF, BOTH_WAYS),
    OPTION(SOL_SOCKET, SO_RCVTIMEO, BOTH_WAYS),
    OPTION(SOL_SOCKET, SO_REUSEADDR, BOTH_WAYS),
    OPTION(SOL_SOCKET, SO_SNDBUF, BOTH_WAYS),
    OPTION(SOL_SOCKET, SO_SNDTIMEO, BOTH_WAYS),
    OPTION(SOL_SOCKET, SO_TYPE, OPTION_GET),
    OPTION(IPPROTO_TCP, TCP_KEEPCNT, BOTH_WAYS),
    OPTION(IPPROTO_TCP, TCP_KEEPIDLE, BOTH_WAYS),
    OPTION(IPPROTO_TCP, TCP_KEEPINTVL, BOTH_WAYS),
    OPTION(IPPROTO_TCP, TCP_NODELAY, BOTH_WAYS),
    OPTION(IPPROTO_IP, IP_ADD_MEMBERSHIP, OPTION_SET),
    OPTION(IPPROTO_IP, IP_DROP_MEMBERSHIP, OPTION_SET),
    OPTION(IPPROTO_IP, IP_MULTICAST_IF, BOTH_WAYS),
    OPTION(IPPROTO_IP, IP_MULTICAST_LOOP, BOTH_WAYS),
    OPTION(IPPROTO_IP, IP_MULTICAST_TTL, BOTH_WAYS),
    OPTION(IPPROTO_IP, IP_PKTINFO, BOTH_WAYS),
    OPTION(IPPROTO_IP, IP_RECVTOS, BOTH_WAYS),
    OPTION(IPPROTO_IP, IP_RECVTTL, BOTH_WAYS),
    OPTION(IPPROTO_IP, IP_TOS, BOTH_WAYS),
    OPTION(IPPROTO_IP, IP_TTL, BOTH_WAYS),
    OPTION(IPPROTO_IP, MCAST_JOIN_GROUP, OPTION_SET),
    OPTION(IPPROTO_IP, MCAST_LEAVE_GROUP, OPTION_SET),
    OPTION(IPPROTO_IPV6, IPV6_JOIN_GROUP, OPTION_SET),
    OPTION(IPPROTO_IPV6, IPV6_LEAVE_GROUP, OPTION_SET),
    OPTION(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, BOTH_WAYS),
    OPTION(IPPROTO_IPV6, IPV6_MULTICAST_IF, BOTH_WAYS),
    OPTION(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, BOTH_WAYS),
    OPTION(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, BOTH_WAYS),
    OPTION(IPPROTO_IPV6, IPV6_RECVPKTINFO, BOTH_WAYS),
    OPTION(IPPROTO_IPV6, IPV6_RECVTCLASS, BOTH_WAYS),
    OPTION(IPPROTO_IPV6, IPV6_TCLASS, BOTH_WAYS),
    OPTION(IPPROTO_IPV6, IPV6_UNICAST_HOPS, BOTH_WAYS),
    OPTION(IPPROTO_IPV6, IPV6_V6ONLY, BOTH_WAYS),
};

enum {
    ERRORS = sizeof(errors) / sizeof(errors[0]),
    OPTIONS = sizeof(options) / sizeof(options[0]),
};

/* --- what came -------------------------------------------------------------------------------- */

static struct documented *find(const char *call, int error)
{
    size_t bytes = strcspn(call, "(");
    for (int i = 0; i < ERRORS; i++) {
        if (errors[i].error == error && strlen(errors[i].call) == bytes &&
            memcmp(errors[i].call, call, bytes) == 0) {
            return &errors[i];
        }
    }
    return NULL;
}

const char *documented_error(const char *call, int error)
{
    struct documented *entry = find(call, error);
    if (entry == NULL) {
        return "this error of this call is not in documented.list";
    }
    entry->has_come = true;
    return entry->why_not != NULL && has_wire() ? "documented.list says that no case has it" : NULL;
}

void documented_option(int level, int name, enum option_way way)
{
    for (int i = 0; i < OPTIONS; i++) {
        if (options[i].level == level && options[i].number == name) {
            options[i].done |= way;
        }
    }
}

/* --- what did not come ------------------------------------------------------------------------ */

/* Says what is missing; whether anything is. */
static bool is_missing(const char *of, const char *what)
{
    printf("conform: missing %s of %s\n", what, of);
    return true;
}

static void every_documented_error_has_come_or_has_a_reason(void)
{
    bool misses = false;
    if (!is_whole()) {
        conform_skip("not every case can be run here");
        return;
    }
    for (int i = 0; i < ERRORS; i++) {
        const struct documented *entry = &errors[i];
        if (!entry->has_come && entry->why_not == NULL &&
            (has_wire() || !entry->is_of_the_target)) {
            misses = is_missing(entry->call, entry->name);
        }
    }
    CHECK(!misses);
}

static void every_option_was_set_and_read(void)
{
    bool misses = false;
    if (!is_whole()) {
        conform_skip("not every case can be run here");
        return;
    }
    for (int i = 0; i < OPTIONS; i++) {
        if (options[i].done != options[i].ways) {
            misses = is_missing(options[i].name, "the setting or reading");
        }
    }
    CHECK(!misses);
}

static const struct conform_case documented[] = {
    CASE("all of them", every_documented_error_has_come_or_has_a_reason),
    CASE("all of them", every_option_was_set_and_read),
};
const struct conform_subject documented_subject = SUBJECT(documented);

/* --- the page --------------------------------------------------------------------------------- */

void documented_print(void)
{
    for (int i = 0; i < ERRORS; i++) {
        printf("error\t%s\t%s\t%s\n", errors[i].call, errors[i].name,
               errors[i].why_not != NULL ? errors[i].why_not : "");
    }
    for (int i = 0; i < OPTIONS; i++) {
        printf("option\t%s\t%s\n", options[i].name,
               options[i].ways == BOTH_WAYS    ? "set and read"
               : options[i].ways == OPTION_SET ? "set alone"
                                               : "read alone");
    }
}
