/* SPDX-License-Identifier: BSD-2-Clause */
#include "dual.h"

void dual_begin(struct dual *dual, const struct bus_name *a, const struct bus_name *b)
{
    *dual = (struct dual){.side = {{.id = *a}, {.id = *b}}};
}

static bool is_complete(const struct dual_side *side)
{
    return side->has_found && side->has_session && side->has_answer;
}

enum dual_action dual_event(struct dual *dual, int node, const struct node_event *event)
{
    struct dual_side *side = &dual->side[node];
    if (!bus_name_is_equal(&event->peer, &dual->side[1 - node].id)) {
        return DUAL_NOTHING;
    }
    if (event->kind == EVENT_PEER_FOUND) {
        side->has_found = true;
    } else if (event->kind == EVENT_AUTH_OK && event->is_ours) {
        side->has_session = true;
        side->address = event->address;
        side->port = event->port;
        return DUAL_PING;
    } else if (event->kind == EVENT_PING_OK && event->is_ours && side->has_session) {
        side->has_answer = true;
        side->round_trip_us = event->us;
    } else if (event->kind == EVENT_PING_LOST && event->is_ours && side->has_session) {
        return DUAL_PING;
    } else if (event->kind == EVENT_SESSION_ENDED && event->is_ours) {
        side->has_session = false;
        side->has_answer = false;
    }
    if (!dual->is_told && is_complete(&dual->side[0]) && is_complete(&dual->side[1])) {
        dual->is_told = true;
        return DUAL_MET;
    }
    return DUAL_NOTHING;
}
