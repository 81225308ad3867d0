/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The commands of the prompt: one table, one function each.
 */
#pragma once

#include <stdint.h>

#include <proto/serial.h>

enum { COMMAND_WORDS_MAX = 12 };

/* What a command gets. */
struct command_call {
    int count; /* of words, the command's name among them */
    const char *words[COMMAND_WORDS_MAX];
    const struct serial_console *console; /* NULL: no keyboard */
};

struct command {
    const char *name;
    const char *usage; /* behind the name; "" for none */
    const char *help;
    void (*run)(const struct command_call *call);
};

/* Runs what the line says; an empty one says nothing. Writes into `line`. */
void commands_run(char *line, const struct serial_console *console);

/* servers/shell/system.c */
void command_ps(const struct command_call *call);
void command_handles(const struct command_call *call);
void command_log(const struct command_call *call);
void command_uptime(const struct command_call *call);
void command_date(const struct command_call *call);
void command_version(const struct command_call *call);
void command_reboot(const struct command_call *call);
void command_poweroff(const struct command_call *call);
void command_restart(const struct command_call *call);

/* servers/shell/bus.c */
void command_bus(const struct command_call *call);

/* servers/shell/network.c, configure.c */
void command_ifconfig(const struct command_call *call);
void command_route(const struct command_call *call);
void command_arp(const struct command_call *call);
void command_netstat(const struct command_call *call);
void command_dhcp(const struct command_call *call);
void command_ping(const struct command_call *call);
void command_ping6(const struct command_call *call);

/* servers/shell/sockets.c */
void command_nslookup(const struct command_call *call);
void command_nc(const struct command_call *call);
