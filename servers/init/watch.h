/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a process counts as hung, how long after a death it is started again, and how often it may
 * have children made. Pure.
 *
 * Signs of life are asked for once a second, of who waits for news once in WATCH_TURNS seconds: the
 * next bit would wake it, so most of these answers would cost two switches and say nothing. The
 * pause before a restart doubles with each death that follows a short life, from 100 ms to 10 s; a
 * long life makes it short again. Who dies WATCH_DEATHS_MAX times in a row is left alone.
 *
 * A child is made by init, on nobody's time and before everybody else's. So each costs its parent a
 * span of time, one that could not be made ten times as much, and who owes more than
 * WATCH_SPAWN_DEBT_MS gets no more: a hundred children a second in the long run, or ten mistakes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <abi/syscall.h>
#include <abi/types.h>

enum {
    WATCH_MISSES_MAX = 3,
    WATCH_TURNS = 8,
    WATCH_DEATHS_MAX = 8,
    WATCH_PAUSE_FIRST_MS = 100,
    WATCH_PAUSE_LAST_MS = 10000,
    WATCH_LONG_LIFE_MS = 60000,
    WATCH_START_MS = 30000, /* longest time from the start to INIT_UP */
    WATCH_SPAWN_MS = 10,
    WATCH_SPAWN_FAILED_MS = 100,
    WATCH_SPAWN_DEBT_MS = 2000,
};

struct watch {
    uint32_t restarts; /* since boot */
    uint32_t deaths;   /* in a row */
    uint32_t alive;    /* as the log page last showed it */
    uint32_t misses;   /* signs of life missed in a row */
    ticks_t cpu_ticks; /* of its thread at the last beat */
    bool was_asked;
    uint64_t paid_ms; /* when its spawns so far are paid for */
};

/* A new incarnation starts; its log page shows `alive`. */
void watch_start(struct watch *watch, uint32_t alive);

/* Whether it was asked and its log page has not moved since. */
static inline bool watch_is_missing(const struct watch *watch, uint32_t alive)
{
    return watch->was_asked && alive == watch->alive;
}

/*
 * One second has passed. True: hung. Silence is neither a miss nor a sign of life of a thread that
 * was ready and got no CPU time since the last beat, which is starved; nor of one whose call nobody
 * has received, because its server hangs, or waits to be started again. `cpu_ticks` counts only
 * with THREAD_READY.
 */
bool watch_beat(struct watch *watch, uint32_t alive, enum thread_state state, ticks_t cpu_ticks);

/* After a beat: whether to ask now. `turn` grows by one a second and differs between processes. Who
 * has missed a sign of life is asked until it gives one. */
bool watch_asks(struct watch *watch, bool is_waiting, uint32_t turn);

/* Whether it may have a child made now; what one has cost it. */
bool watch_may_spawn(const struct watch *watch, uint64_t now_ms);
void watch_spawned(struct watch *watch, uint64_t now_ms, uint32_t cost_ms);

/* It died after `lived_ms`. False: leave it alone. Else *pause_ms says when to start it again. */
bool watch_death(struct watch *watch, uint64_t lived_ms, uint32_t *pause_ms);
