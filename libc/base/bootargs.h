/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The settings of one machine, from the `key=value` words of /chosen/bootargs.
 *
 *     node=NAME          who this node is: 1 to 64 of a-z 0-9 -
 *     ip=A.B.C.D/BITS    fallback address when DHCP stays silent; the network part is 1 to 30
 *     gw=A.B.C.D         fallback gateway
 *     ip1=, gw1=         the same for the second interface
 *     dual=0|1           two nodes in one process
 *     lane=NAME          which set of tests runs; same letters, 1 to 32
 *     panic=halt|reset|exit
 *     profile=full|minimal   features of virtio-net
 *     seed=tree|none     what becomes of the tree's rng-seed
 *
 * Strict: a word that is anything else is reported and changes nothing; of two words with one
 * key the first counts. Pure and without state; whoever parses decides what a report does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BOOTARGS_NODE_MAX = 64,
    BOOTARGS_LANE_MAX = 32,
    BOOTARGS_ADDRESSES = 2, /* ip and gw, ip1 and gw1 */
};

enum bootargs_panic {
    BOOTARGS_PANIC_HALT,
    BOOTARGS_PANIC_RESET,
    BOOTARGS_PANIC_EXIT, /* end the emulator with a status */
};

enum bootargs_profile {
    BOOTARGS_PROFILE_FULL,
    BOOTARGS_PROFILE_MINIMAL,
};

struct bootargs_address {
    uint32_t ip;          /* host order; 0 when not given */
    uint32_t prefix_bits; /* of ip */
    uint32_t gateway;     /* host order; 0 when not given */
};

struct bootargs {
    char node[BOOTARGS_NODE_MAX + 1]; /* "" when not given */
    char lane[BOOTARGS_LANE_MAX + 1]; /* "" when not given */
    struct bootargs_address address[BOOTARGS_ADDRESSES];
    bool is_dual;
    bool is_without_seed;
    bool is_without_discovery;
    enum bootargs_panic panic;
    enum bootargs_profile profile;
};

/* Who hears of words that were refused. Both texts are borrowed; `word` is not terminated. */
struct bootargs_reporter {
    void (*report)(void *context, const char *word, size_t length, const char *reason);
    void *context;
};

/*
 * Fills `*bootargs`, defaults where `text` says nothing. White space separates words. With a
 * NULL reporter words are refused silently.
 */
void bootargs_parse(const char *text, size_t length, const struct bootargs_reporter *reporter,
                    struct bootargs *bootargs);
