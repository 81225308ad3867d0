/* SPDX-License-Identifier: BSD-2-Clause */
#include "bus_world.h"

struct world world;

static const struct crypto_span text = {(const uint8_t *)"are you there", 13};

static void keep_event(void *context, int node, const struct node_event *event)
{
    (void)context;
    world.told[node][event->kind]++;
    world.last[node][event->kind] = *event;
}

int world_begin(void **state)
{
    (void)state;
    memset(&world, 0, sizeof(world));
    bus_sim_init(&world.sim, 2, 7);
    world.sim.on_event = keep_event;
    return 0;
}

int world_end(void **state)
{
    (void)state;
    bus_sim_free(&world.sim);
    return 0;
}

uint64_t world_counted(int node, enum bus_counter counter)
{
    return world.sim.nodes[node].stats.value[counter];
}

void world_meet(void)
{
    bus_sim_pin(&world.sim, 0, 1);
    bus_sim_run(&world.sim, 2 * S);
    assert_true(bus_sim_has_session(&world.sim, 0, 1));
    assert_true(bus_sim_has_session(&world.sim, 1, 0));
}

int world_ping(int from, int to)
{
    struct bus_name peer = bus_sim_name(to);
    int error = node_ping(&world.sim.nodes[from], &peer, text, world.sim.now_us);
    bus_sim_serve(&world.sim, from);
    return error;
}
