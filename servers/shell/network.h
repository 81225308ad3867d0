/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the commands about the network.
 */
#pragma once

#include <stdint.h>

#include <wherry/ipc.h>

#include "commands.h"

enum { IPV4_TEXT_BYTES = 16 };

/* Asks netd; the answer replaces the message. Its status, or that of the call. */
int ask_netd(struct message *message);

/* What an error of ask_netd means. */
const char *network_reason(int error);

/* An address in host order; returns `text`. */
const char *network_format_ipv4(uint32_t address, char text[IPV4_TEXT_BYTES]);

/* A line for each neighbour of both kinds. */
void network_show_neighbours(void);

/* ifconfig with words behind the interface's name. */
void configure_interface(const struct command_call *call);
