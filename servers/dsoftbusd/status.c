/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The service `status` [node.h].
 */
#include "node.h"

#include <base/fmt.h>

enum { US_PER_S = 1000 * 1000 };

int node_status(void *context, struct service_call *call)
{
    const struct node *node = context;
    char *text = (char *)call->answer;
    unsigned peers = 0;
    unsigned sessions = 0;
    for (int i = 0; i < PEERS_MAX; i++) {
        peers += node->peers.slot[i].is_used;
    }
    for (int i = 0; i < NODE_LINKS; i++) {
        sessions += node->links[i].state == LINK_UP && node->links[i].session.is_confirmed;
    }
    size_t len = fmt_format(text, CALL_BYTES_MAX, "node %.*s\nup %llu s\npeers %u\nsessions %u\n",
                            (int)node->config.id.len, node->config.id.text,
                            (unsigned long long)((call->now_us - node->started_us) / US_PER_S),
                            peers, sessions);
    for (int i = 0; i < BUS_COUNTER_COUNT; i++) {
        uint64_t value = node->stats.value[i];
        if (value == 0) {
            continue;
        }
        size_t left = CALL_BYTES_MAX - len;
        size_t added = fmt_format(text + len, left, "%s %llu\n",
                                  bus_counter_name((enum bus_counter)i), (unsigned long long)value);
        if (added + 1 == left) { /* it may have been cut off: lines are whole */
            break;
        }
        len += added;
    }
    call->answer_len = len;
    return OK;
}
