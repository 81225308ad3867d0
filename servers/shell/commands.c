/* SPDX-License-Identifier: BSD-2-Clause */
#include "commands.h"

#include <stddef.h>
#include <string.h>
#include <wherry/console.h>

static void command_help(const struct command_call *call);

static const struct command commands[] = {
    {"help", "", "this list", command_help},
    {"ps", "", "processes: state, CPU, memory, greatest stack use, restarts", command_ps},
    {"ifconfig", "[NAME SETTING]", "network interfaces and neighbours", command_ifconfig},
    {"route", "[add|del ...]", "where packets go", command_route},
    {"arp", "", "neighbours", command_arp},
    {"netstat", "-s", "what netd has counted", command_netstat},
    {"dhcp", "renew|release", "the lease of an interface", command_dhcp},
    {"ping", "ADDRESS [COUNT]", "ask a host for an echo; Ctrl-C ends it", command_ping},
    {"ping6", "ADDRESS [COUNT]", "the same for an IPv6 address", command_ping6},
    {"nslookup", "NAME", "the addresses of a name", command_nslookup},
    {"nc", "HOST PORT [WORDS]", "send words over TCP, -u UDP, show the answer", command_nc},
    {"dsoftbusctl", "WORD ...", "the bus: node, peers, services, stats, ping, call, trust",
     command_bus},
    {"handles", "", "what this shell holds", command_handles},
    {"log", "[LINES]", "the last lines of all processes", command_log},
    {"uptime", "", "time since power-on", command_uptime},
    {"date", "", "wall time, UTC", command_date},
    {"version", "", "what this is", command_version},
    {"restart", "PROCESS", "end a process and start it again", command_restart},
    {"reboot", "", "start the machine again", command_reboot},
    {"poweroff", "[CODE]", "stop the machine", command_poweroff},
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void command_help(const struct command_call *call)
{
    (void)call;
    for (int i = 0; i < COMMANDS; i++) {
        console_print("  %-12s%-18s %s", commands[i].name, commands[i].usage, commands[i].help);
    }
}

/* Words of a line, separated by spaces; what is more than fits is not taken. */
static void split(char *line, struct command_call *call)
{
    static const char separators[] = " \t\r\n";
    char *rest = NULL;
    for (char *word = strtok_r(line, separators, &rest);
         word != NULL && call->count < COMMAND_WORDS_MAX;
         word = strtok_r(NULL, separators, &rest)) {
        call->words[call->count++] = word;
    }
}

void commands_run(char *line, const struct serial_console *console)
{
    struct command_call call = {.console = console};
    split(line, &call);
    if (call.count == 0) {
        return;
    }
    for (int i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i].name, call.words[0]) != 0) {
            continue;
        }
        if (call.count > 1 && commands[i].usage[0] == '\0') {
            console_print("%s stands alone", commands[i].name);
        } else {
            commands[i].run(&call);
        }
        return;
    }
    console_print("%s is no command; help lists them", call.words[0]);
}
