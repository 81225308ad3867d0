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

enum { NO_INTERFACE = -1 };

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
    uint64_t mtu;
    if (call->count == 3 && (strcmp(what, "up") == 0 || strcmp(what, "down") == 0)) {
        *request = (struct message){.words = {NETD_INTERFACE_SET, interface, what[0] == 'u'}};
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
        console_print("write ifconfig NAME up, down, mtu N, or ADDRESS/BITS [gw ADDRESS]");
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

/* Each interface's own network, and its gateway for all others. */
void command_route(const struct command_call *call)
{
    int error = OK;
    (void)call;
    for (uint64_t i = 0; error == OK; i++) {
        char name[sizeof(uint64_t) + 1] = "", text[IPV4_TEXT_BYTES];
        struct message message = {.words = {NETD_INTERFACE_GET, i}};
        error = ask_netd(&message);
        struct netd_interface_facts facts = netd_word_facts(message.words[3]);
        uint32_t address = (uint32_t)message.words[2];
        uint32_t gateway = (uint32_t)(message.words[2] >> 32);
        if (error != OK || address == 0 || facts.prefix == 0 || facts.prefix > 32) {
            continue;
        }
        memcpy(name, &message.words[1], sizeof(uint64_t));
        uint32_t net = address & (uint32_t)(UINT32_MAX << (32 - facts.prefix));
        console_print("%s/%u on %s", network_format_ipv4(net, text), facts.prefix, name);
        if (gateway != 0 && (facts.flags & NETD_INTERFACE_LOOPBACK) == 0) {
            console_print("all others by way of %s on %s", network_format_ipv4(gateway, text),
                          name);
        }
    }
    if (error != E_NOT_FOUND) { /* behind the last */
        console_print("no routes, %s", network_reason(error));
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
