/* SPDX-License-Identifier: BSD-2-Clause */
#include "both.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "../dual.h"
#include "../lines.h"

enum { NODES = 2 };

static struct loop loops[NODES];
static struct dual dual;

static const struct crypto_span text = {(const uint8_t *)"dual", 4};

static void say(const struct lines *lines)
{
    for (int i = 0; i < lines->count; i++) {
        printf("%s\n", lines->text[i]);
    }
    (void)fflush(stdout);
}

static bool open_both(const struct loop_config *config)
{
    static const char *const modes[] = {"unavailable", "mcast", "bcast", "one address"};
    for (int i = 0; i < NODES; i++) {
        struct loop_config own = *config;
        own.node.port = (uint16_t)(config->node.port == 0 ? 0 : config->node.port + i);
        if (!bus_name_set(&own.node.id, i == 0 ? "dual-a" : "dual-b", 6) ||
            getrandom(own.node.secret, CRYPTO_KEY_BYTES, 0) != CRYPTO_KEY_BYTES ||
            loop_open(&loops[i], &own) != OK) {
            fprintf(stderr, "dsoftbus-node: a node could not be opened\n");
            return false;
        }
        crypto_wipe(own.node.secret, CRYPTO_KEY_BYTES);
        printf("discovery %s\n", modes[loops[i].mode]);
    }
    struct node *a = &loops[0].node;
    struct node *b = &loops[1].node;
    dual_begin(&dual, &a->config.id, &b->config.id);
    return trust_pin(&loops[0].node.trust, &b->config.id, node_public_key(b)) == OK &&
           trust_pin(&loops[1].node.trust, &a->config.id, node_public_key(a)) == OK;
}

/* What has happened at one of them; true: they have met. */
static bool take_events(int which)
{
    struct node *node = &loops[which].node;
    struct node_event event;
    struct lines lines;
    bool have_met = false;
    while (node_next_event(node, &event)) {
        lines_of_event(&event, &lines);
        say(&lines);
        enum dual_action action = dual_event(&dual, which, &event);
        have_met |= action == DUAL_MET;
        if (action == DUAL_PING) {
            (void)!node_ping(node, &event.peer, text, loop_now_us());
        }
    }
    return have_met;
}

bool both_meet(const struct loop_config *config, uint64_t span_us)
{
    bool have_met = false;
    struct lines lines;
    uint64_t until_us = loop_now_us() + span_us;
    if (!open_both(config)) {
        return false;
    }
    while (!have_met && loop_now_us() < until_us) {
        struct pollfd fds[NODES * LOOP_FDS];
        nfds_t first[NODES + 1] = {0}; /* entry of each node, and behind the last */
        uint64_t next_us = until_us;
        for (int i = 0; i < NODES; i++) {
            loop_serve(&loops[i]);
            first[i + 1] = first[i] + loop_wants(&loops[i], fds + first[i]);
            next_us = loop_next_us(&loops[i]) < next_us ? loop_next_us(&loops[i]) : next_us;
        }
        if (poll(fds, first[NODES], loop_wait_ms(next_us)) < 0) {
            memset(fds, 0, sizeof(fds)); /* interrupted: only time has passed */
        }
        for (int i = 0; i < NODES; i++) {
            loop_turn(&loops[i], fds + first[i], first[i + 1] - first[i]);
            have_met |= take_events(i);
        }
    }
    if (have_met) {
        lines_of_dual(&dual, &lines);
        say(&lines);
    }
    loop_close(&loops[0]);
    loop_close(&loops[1]);
    return have_met;
}
