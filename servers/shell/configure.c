/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * route, arp, netstat, dhcp, and what ifconfig changes: by calls on netd.
 */
#include <string.h>

#include <abi/error.h>
#include <base/ip6_text.h>
#include <base/parse.h>
#include <proto/netd.h>
#include <wherry/console.h>
#include <wherry/ipc.h>

#include "commands.h"
#include "network.h"

enum { NO_INTERFACE = -1, METRIC_MAX = 9999, METRIC_SET = 10 };

/* The interface of that name, as the last answer to NETD_INTERFACE_GET; NO_INTERFACE. */
static int find_interface(const char *name, struct message *answer)
{
    for (int i = 0;; i++) {
        char text[sizeof(uint64_t) + 1] = "";
        *answer = (struct message){.words = {NETD_INTERFACE_GET, (uint64_t)i}};
        if (ask_netd(answer) != OK) {
            return NO_INTERFACE;
        }
        memcpy(text, &answer->words[1], sizeof(uint64_t));
        if (strcmp(text, name) == 0) {
            return i;
        }
    }
}

static void tell(const char *what, struct message *request)
{
    int error = ask_netd(request);
    if (error != OK) {
        console_print("%s: %s", what, network_reason(error));
    }
}

/* --- ifconfig NAME ... ------------------------------------------------------------------------ */

static bool parse_setting(const struct command_call *call, uint64_t interface, bool is_up,
                          struct message *request)
{
    const char *what = call->words[2];
    uint32_t address, prefix, gateway = 0;
    uint64_t mtu, metric;
    if (call->count == 3 && (strcmp(what, "up") == 0 || strcmp(what, "down") == 0)) {
        *request = (struct message){.words = {NETD_INTERFACE_SET, interface, what[0] == 'u'}};
        return true;
    }
    if (call->count == 4 && strcmp(what, "metric") == 0 &&
        parse_u64(call->words[3], strlen(call->words[3]), 10, &metric) == OK &&
        metric <= METRIC_MAX) {
        *request = (struct message){
            .words = {NETD_INTERFACE_SET, interface, is_up, 0, metric + 1}};
        return true;
    }
    if (call->count == 4 && strcmp(what, "mtu") == 0 &&
        parse_u64(call->words[3], strlen(call->words[3]), 10, &mtu) == OK && mtu != 0) {
        *request = (struct message){.words = {NETD_INTERFACE_SET, interface, is_up, mtu}};
        return true;
    }
    bool has_gateway = call->count == 5 && strcmp(call->words[3], "gw") == 0;
    if ((call->count == 3 || has_gateway) &&
        parse_ipv4_prefix(what, strlen(what), &address, &prefix) == OK &&
        (!has_gateway || parse_ipv4(call->words[4], strlen(call->words[4]), &gateway) == OK)) {
        *request = (struct message){
            .words = {NETD_ADDRESS_SET, interface, address | (uint64_t)gateway << 32, prefix}};
        return true;
    }
    return false;
}

void configure_interface(const struct command_call *call)
{
    struct message message;
    int interface = find_interface(call->words[1], &message);
    if (interface == NO_INTERFACE) {
        console_print("no interface %s", call->words[1]);
        return;
    }
    bool is_up = (netd_word_facts(message.words[3]).flags & NETD_INTERFACE_UP) != 0;
    if (call->count < 3 || !parse_setting(call, (uint64_t)interface, is_up, &message)) {
        console_print("write ifconfig NAME up, down, mtu N, metric N, or ADDRESS/BITS "
                      "[gw ADDRESS]");
        return;
    }
    tell("ifconfig", &message);
}

/* --- dhcp ------------------------------------------------------------------------------------- */

void command_dhcp(const struct command_call *call)
{
    struct message message;
    bool is_renewal = call->count > 1 && strcmp(call->words[1], "renew") == 0;
    bool is_release = call->count > 1 && strcmp(call->words[1], "release") == 0;
    const char *name = call->count == 3 ? call->words[2] : "en0";
    if (call->count > 3 || (!is_renewal && !is_release)) {
        console_print("write dhcp renew or dhcp release, and the interface if it is not en0");
        return;
    }
    int interface = find_interface(name, &message);
    if (interface == NO_INTERFACE) {
        console_print("no interface %s", name);
        return;
    }
    message = (struct message){.words = {NETD_LEASE_SET, (uint64_t)interface,
                                         is_renewal ? NETD_LEASE_RENEW : NETD_LEASE_RELEASE}};
    tell("dhcp", &message);
}

/* --- arp, route, netstat ---------------------------------------------------------------------- */

void command_arp(const struct command_call *call)
{
    (void)call;
    network_show_neighbours();
}

static void show_interface_name(uint64_t index, char name[sizeof(uint64_t) + 1])
{
    struct message message = {.words = {NETD_INTERFACE_GET, index}};
    memset(name, 0, sizeof(uint64_t) + 1);
    if (ask_netd(&message) == OK) {
        memcpy(name, &message.words[1], sizeof(uint64_t));
    }
}

static void show_route(const struct message *answer)
{
    char name[sizeof(uint64_t) + 1], net[IPV4_TEXT_BYTES], by[IPV4_TEXT_BYTES];
    struct netd_route_facts facts = netd_word_route(answer->words[2]);
    uint32_t gateway = (uint32_t)(answer->words[1] >> 32);
    show_interface_name(answer->words[3], name);
    network_format_ipv4((uint32_t)answer->words[1], net);
    if (gateway == 0) {
        console_print("%s/%u on %s metric %u%s", net, facts.prefix, name, facts.metric,
                      facts.is_set ? " (set)" : "");
    } else {
        console_print("%s/%u by way of %s on %s metric %u%s", net, facts.prefix,
                      network_format_ipv4(gateway, by), name, facts.metric,
                      facts.is_set ? " (set)" : "");
    }
}

static void show_routes(void)
{
    int error = OK;
    for (uint64_t i = 0; error == OK; i++) {
        struct message message = {.words = {NETD_ROUTE_GET, i}};
        error = ask_netd(&message);
        if (error == OK) {
            show_route(&message);
        }
    }
    if (error != E_NOT_FOUND) { /* behind the last */
        console_print("no routes, %s", network_reason(error));
    }
}

/* NET/BITS, then pairs: gw ADDRESS, dev NAME, metric N. */
static bool parse_route(const struct command_call *call, bool is_there, struct message *request)
{
    struct netd_route_facts facts = {.metric = METRIC_SET};
    uint32_t network, prefix, gateway = 0;
    uint64_t metric;
    struct message answer;
    int interface = find_interface("en0", &answer);
    if (call->count < 3 || call->count % 2 == 0 ||
        parse_ipv4_prefix(call->words[2], strlen(call->words[2]), &network, &prefix) != OK) {
        return false;
    }
    for (int i = 3; i < call->count; i += 2) {
        const char *value = call->words[i + 1];
        if (strcmp(call->words[i], "dev") == 0) {
            interface = find_interface(value, &answer);
        } else if (strcmp(call->words[i], "metric") == 0 &&
                   parse_u64(value, strlen(value), 10, &metric) == OK && metric <= METRIC_MAX) {
            facts.metric = (uint16_t)metric;
        } else if (strcmp(call->words[i], "gw") != 0 ||
                   parse_ipv4(value, strlen(value), &gateway) != OK) {
            return false;
        }
    }
    facts.prefix = (uint8_t)prefix; /* <= 32 */
    *request = (struct message){.words = {NETD_ROUTE_SET, (uint64_t)interface,
                                          network | (uint64_t)gateway << 32,
                                          netd_route_word(facts), is_there}};
    return interface != NO_INTERFACE;
}

void command_route(const struct command_call *call)
{
    struct message message;
    bool is_addition = call->count > 1 && strcmp(call->words[1], "add") == 0;
    if (call->count == 1) {
        show_routes();
    } else if ((!is_addition && strcmp(call->words[1], "del") != 0) ||
               !parse_route(call, is_addition, &message)) {
        console_print("write route, or route add or del NET/BITS [gw ADDRESS] [dev NAME] "
                      "[metric N]");
    } else {
        tell("route", &message);
    }
}

static void show_congestion(void)
{
    char name[NETD_CONGESTION_NAME_WORDS * sizeof(uint64_t) + 1] = "";
    struct message message = {.words = {NETD_CONGESTION_GET}};
    if (ask_netd(&message) == OK) {
        memcpy(name, &message.words[1], sizeof(name) - 1);
        console_print("congestion control   %s", name);
    }
}

void command_netstat(const struct command_call *call)
{
    int error = OK;
    bool shows_zero = call->count == 2 && strcmp(call->words[1], "-a") == 0;
    if (call->count > 2 || (call->count == 2 && !shows_zero && strcmp(call->words[1], "-s") != 0)) {
        console_print("write netstat -s, or netstat -a for those that are 0 too");
        return;
    }
    show_congestion();
    for (uint64_t i = 0; error == OK; i++) {
        char name[NETD_COUNTER_NAME_WORDS * sizeof(uint64_t) + 1] = "";
        struct message message = {.words = {NETD_COUNTER_GET, i}};
        error = ask_netd(&message);
        if (error == OK && (shows_zero || message.words[1] != 0)) {
            memcpy(name, &message.words[2], sizeof(name) - 1);
            console_print("%-20s %lu", name, (unsigned long)message.words[1]);
        }
    }
    if (error != E_NOT_FOUND) { /* behind the last */
        console_print("no counters, %s", network_reason(error));
    }
}
