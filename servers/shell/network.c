/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ifconfig, ping and ping6, by calls on netd.
 */
#include <string.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <base/fmt.h>
#include <base/ip6_text.h>
#include <base/parse.h>
#include <proto/netd.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/icmp.h>
#include <wherry/ipc.h>
#include <wherry/startup.h>
#include <wherry/time.h>

#include "commands.h"
#include "network.h"

enum {
    MAC_TEXT_BYTES = 18,
    PING_COUNT = 4,
    PING_COUNT_MAX = 1000,
    PING_SECONDS = 2,
    ANSWER_SECONDS = 1, /* netd answers at once, unless it is dead or hung */
};

int ask_netd(struct message *message)
{
    ticks_t deadline = time_after(time_now(), ANSWER_SECONDS * NS_PER_SECOND);
    int error = ipc_call(startup_handle(ROLE_NETD), message, deadline);
    return error == OK ? (int)(int64_t)message->words[0] : error;
}

const char *network_reason(int error)
{
    return error == E_BAD_HANDLE || error == E_CLOSED ? "netd is not there" : error_text(error);
}

const char *network_format_ipv4(uint32_t address, char text[IPV4_TEXT_BYTES])
{
    (void)fmt_format(text, IPV4_TEXT_BYTES, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
                     address >> 8 & 255, address & 255);
    return text;
}

static const char *format_mac(uint64_t mac, char text[MAC_TEXT_BYTES])
{
    (void)fmt_format(text, MAC_TEXT_BYTES, "%02x:%02x:%02x:%02x:%02x:%02x", (unsigned)mac & 255,
                     (unsigned)(mac >> 8) & 255, (unsigned)(mac >> 16) & 255,
                     (unsigned)(mac >> 24) & 255, (unsigned)(mac >> 32) & 255,
                     (unsigned)(mac >> 40) & 255);
    return text;
}

/* --- ifconfig --------------------------------------------------------------------------------- */

static void show_lease(uint64_t seconds)
{
    if (seconds == UINT64_MAX) {
        console_print("        lease for ever");
    } else if (seconds != 0) {
        console_print("        lease for %lu s", (unsigned long)seconds);
    }
}

static void show_interface(const struct message *answer)
{
    static const char *const states[] = {"no address", "seeking", "dhcp", "static"};
    struct netd_interface_facts facts = netd_word_facts(answer->words[3]);
    uint32_t address = (uint32_t)answer->words[2];
    uint32_t gateway = (uint32_t)(answer->words[2] >> 32);
    char own[IPV4_TEXT_BYTES], other[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];
    char name[sizeof(uint64_t) + 1] = "";

    memcpy(name, &answer->words[1], sizeof(uint64_t)); /* first letter lowest, as this CPU stores */
    const char *up = (facts.flags & NETD_INTERFACE_UP) != 0 ? "up" : "down";
    if ((facts.flags & NETD_INTERFACE_LOOPBACK) != 0) {
        console_print("%-7s %s", name, up);
        console_print("        %s/%u", network_format_ipv4(address, own), facts.prefix);
    } else {
        console_print("%-7s %s%s mtu %u mac %s", name, up,
                      (facts.flags & NETD_INTERFACE_LINK) != 0 ? "" : " (no link)", facts.mtu,
                      format_mac(answer->words[4], mac));
        console_print("        %s/%u gw %s (%s)", network_format_ipv4(address, own), facts.prefix,
                      gateway == 0 ? "none" : network_format_ipv4(gateway, other),
                      facts.address_state <= NETD_ADDRESS_STATIC ? states[facts.address_state]
                                                                 : "?");
    }
    show_lease(answer->words[7]);
    console_print("        rx %lu tx %lu frames", (unsigned long)answer->words[5],
                  (unsigned long)answer->words[6]);
}

/* Neighbours are asked for with the index the last answer names. */
static void show_neighbours4(void)
{
    struct message message = {.words = {NETD_NEIGHBOUR_GET}};
    char address[IPV4_TEXT_BYTES], mac[MAC_TEXT_BYTES];
    while (ask_netd(&message) == OK) {
        (void)network_format_ipv4((uint32_t)message.words[1], address);
        console_print("neighbour %s at %s", address, format_mac(message.words[2], mac));
        message = (struct message){.words = {NETD_NEIGHBOUR_GET, message.words[4]}};
    }
}

static void show_addresses6(uint64_t interface)
{
    static const char *const states[] = {"tentative", "preferred", "deprecated", "duplicate"};
    struct message message = {.words = {NETD_ADDRESS6_GET, interface}};
    while (ask_netd(&message) == OK) {
        char text[IP6_TEXT_BYTES];
        uint64_t state = message.words[3] >> 8;
        (void)ip6_format((const uint8_t *)&message.words[1], text);
        console_print("        inet6 %s/%u (%s)", text, (unsigned)message.words[3] & 255,
                      state <= NETD_ADDRESS6_DUPLICATED ? states[state] : "?");
        message = (struct message){.words = {NETD_ADDRESS6_GET, interface, message.words[4]}};
    }
}

static void show_neighbours6(void)
{
    struct message message = {.words = {NETD_NEIGHBOUR6_GET}};
    char address[IP6_TEXT_BYTES], mac[MAC_TEXT_BYTES];
    while (ask_netd(&message) == OK) {
        (void)ip6_format((const uint8_t *)&message.words[1], address);
        console_print("neighbour %s at %s%s", address, format_mac(message.words[3], mac),
                      message.words[6] != 0 ? ", a router" : "");
        message = (struct message){.words = {NETD_NEIGHBOUR6_GET, message.words[4]}};
    }
}

void network_show_neighbours(void)
{
    show_neighbours4();
    show_neighbours6();
}

void command_ifconfig(const struct command_call *call)
{
    int error = OK;
    if (call->count > 1) {
        configure_interface(call);
        return;
    }
    for (uint64_t i = 0; error == OK; i++) {
        struct message message = {.words = {NETD_INTERFACE_GET, i}};
        error = ask_netd(&message);
        if (error == OK) {
            show_interface(&message);
            show_addresses6(i);
        }
    }
    if (error == E_NOT_FOUND) { /* behind the last */
        network_show_neighbours();
    } else {
        console_print("no interfaces, %s", network_reason(error));
    }
}

/* --- ping ------------------------------------------------------------------------------------- */

static bool is_interrupted(const struct command_call *call, uint32_t before)
{
    return call->console != NULL &&
           atomic_load_explicit(&call->console->interrupts, memory_order_acquire) != before;
}

/* Whom to ask: an IPv4 address, or an IPv6 address and the interface behind a %. */
struct target {
    const char *text;
    bool is_ip6;
    uint32_t ip4;
    uint8_t ip6[IP6_BYTES];
    uint32_t interface; /* its number; 0: any */
};

static bool parse_target4(const char *text, struct target *target)
{
    *target = (struct target){.text = text};
    return parse_ipv4(text, strlen(text), &target->ip4) == OK;
}

static bool parse_target6(const char *text, struct target *target)
{
    uint64_t interface = 0;
    const char *zone = strchr(text, '%');
    size_t length = zone == NULL ? strlen(text) : (size_t)(zone - text);
    *target = (struct target){.text = text, .is_ip6 = true};
    if (ip6_parse(text, length, target->ip6) != OK ||
        (zone != NULL && (parse_u64(zone + 1, strlen(zone + 1), 10, &interface) != OK ||
                          interface == 0 || interface > UINT32_MAX))) {
        return false;
    }
    target->interface = (uint32_t)interface;
    return true;
}

/* One request; an answer is counted. */
static void ping_once(const struct target *target, uint64_t *answers)
{
    const char *before = target->is_ip6 ? "host " : ""; /* "fe80:" would be another's prefix */
    uint64_t round_trip_us;
    ticks_t deadline = time_after(time_now(), PING_SECONDS * NS_PER_SECOND);
    int error = target->is_ip6
                    ? icmp_ping6(target->ip6, target->interface, deadline, &round_trip_us)
                    : icmp_ping(target->ip4, deadline, &round_trip_us);
    if (error == OK) {
        console_print("%s%s answers after %lu.%03lu ms", before, target->text,
                      (unsigned long)(round_trip_us / 1000), (unsigned long)(round_trip_us % 1000));
        (*answers)++;
    } else {
        console_print("%s%s does not answer, %s", before, target->text, network_reason(error));
    }
}

static void ping(const struct command_call *call, const struct target *target, uint64_t count)
{
    uint64_t answers = 0;
    uint64_t sent = 0;
    uint32_t interrupts = call->console == NULL ? 0
                                                : atomic_load_explicit(&call->console->interrupts,
                                                                       memory_order_acquire);
    while (sent < count && !is_interrupted(call, interrupts)) {
        ticks_t next = time_after(time_now(), NS_PER_SECOND);
        ping_once(target, &answers);
        sent++;
        uint64_t bits;
        if (sent < count && event_wait(SERIAL_WAKE_INPUT, next, &bits) != OK) {
            continue; /* nobody typed: a second has passed */
        }
    }
    console_print("%lu asked, %lu answered", (unsigned long)sent, (unsigned long)answers);
}

static bool parse_count(const struct command_call *call, uint64_t *count)
{
    *count = PING_COUNT;
    return call->count < 3 ||
           (parse_u64(call->words[2], strlen(call->words[2]), 10, count) == OK && *count != 0 &&
            *count <= PING_COUNT_MAX);
}

void command_ping(const struct command_call *call)
{
    struct target target;
    uint64_t count;
    if (call->count < 2 || call->count > 3 || !parse_target4(call->words[1], &target) ||
        !parse_count(call, &count)) {
        console_print("write ping ADDRESS [COUNT], an IPv4 address and 1 to %d", PING_COUNT_MAX);
        return;
    }
    ping(call, &target, count);
}

void command_ping6(const struct command_call *call)
{
    struct target target;
    uint64_t count;
    if (call->count < 2 || call->count > 3 || !parse_target6(call->words[1], &target) ||
        !parse_count(call, &count)) {
        console_print("write ping6 ADDRESS[%%INTERFACE] [COUNT], an IPv6 address, the number of an "
                      "interface and 1 to %d", PING_COUNT_MAX);
        return;
    }
    ping(call, &target, count);
}
