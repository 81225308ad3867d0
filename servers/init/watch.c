/* SPDX-License-Identifier: BSD-2-Clause */
#include "watch.h"

void watch_start(struct watch *watch, uint32_t alive)
{
    watch->alive = alive;
    watch->misses = 0;
    watch->cpu_ticks = 0;
    watch->was_asked = false;
}

bool watch_beat(struct watch *watch, uint32_t alive, enum thread_state state, ticks_t cpu_ticks)
{
    bool is_missing = watch_is_missing(watch, alive);
    bool is_starved = state == THREAD_READY && cpu_ticks == watch->cpu_ticks;
    bool is_unheard = state == THREAD_SENDING;
    watch->alive = alive;
    watch->cpu_ticks = cpu_ticks;
    if (!is_missing) {
        watch->misses = 0;
    } else if (!is_starved && !is_unheard) {
        watch->misses++;
    }
    return watch->misses >= WATCH_MISSES_MAX;
}

bool watch_asks(struct watch *watch, bool is_waiting, uint32_t turn)
{
    watch->was_asked = !is_waiting || watch->misses != 0 || turn % WATCH_TURNS == 0;
    return watch->was_asked;
}

bool watch_may_spawn(const struct watch *watch, uint64_t now_ms)
{
    return watch->paid_ms <= now_ms + WATCH_SPAWN_DEBT_MS;
}

void watch_spawned(struct watch *watch, uint64_t now_ms, uint32_t cost_ms)
{
    watch->paid_ms = (watch->paid_ms > now_ms ? watch->paid_ms : now_ms) + cost_ms;
}

bool watch_death(struct watch *watch, uint64_t lived_ms, uint32_t *pause_ms)
{
    uint32_t pause = WATCH_PAUSE_FIRST_MS;

    watch->deaths = lived_ms >= WATCH_LONG_LIFE_MS ? 1 : watch->deaths + 1;
    if (watch->deaths >= WATCH_DEATHS_MAX) {
        return false;
    }
    for (uint32_t i = 1; i < watch->deaths && pause < WATCH_PAUSE_LAST_MS; i++) {
        pause *= 2; /* < 2 * WATCH_PAUSE_LAST_MS */
    }
    *pause_ms = pause < WATCH_PAUSE_LAST_MS ? pause : WATCH_PAUSE_LAST_MS;
    watch->restarts++;
    return true;
}
