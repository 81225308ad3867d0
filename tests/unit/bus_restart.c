/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A process that offers services, and a dsoftbusd that dies at any moment of it: statusd with
 * libc/bus.c, whole, in front of the desk. The test is the kernel between them.
 */
#include "bus_world.h"

#include <wherry/console.h>
#include <wherry/sys.h>

#include "libc/process.h"
#include "servers/dsoftbusd/desk.h"

/* Both are included as they are, with this page in place of the one that every program has. */
static const struct boot_facts facts = {.counter_hz = 1000};
#undef BOOT_FACTS_VADDR
#define BOOT_FACTS_VADDR (uintptr_t)&facts
int statusd_main(void);
#define main statusd_main
#include "libc/bus.c"
#include "servers/statusd/main.c"
#undef main

enum { HANDLE_INIT = 1, HANDLE_BUS, HANDLE_OWN, HANDLE_COPY, STATUSD = 5, CALLS_MAX = 64 };

/* How the dsoftbusd of a test dies, at the call of that number. */
enum death {
    DEATH_IN_CALL,    /* it has taken the request and not answered */
    DEATH_AFTER_CALL, /* it has answered */
    DEATH_SLOW,       /* likewise, and the next is up only when somebody has waited in vain */
};

static struct desk desk;
static uint64_t incarnation;
static enum death death;
static int calls, deadly_call; /* 0: none */
static bool is_dead, has_told; /* init has signalled statusd since the last start */
static ticks_t clock_ticks;
static uint64_t lives_shown;
static jmp_buf at_rest;
static struct log_page page;

/* --- dsoftbusd --- */

static void start_dsoftbusd(void)
{
    static const struct init_bus rights = {.services = {"echo", "status"}};
    struct node *node = &world.sim.nodes[0];
    memset(&node->services, 0, sizeof(node->services));
    desk_init(&desk, ++incarnation);
    assert_int_equal(desk_admit(&desk, STATUSD, &rights), OK);
    desk_add_node(&desk, node);
    desk.is_open = true;
    is_dead = false;
    has_told = false;
}

static bool is_offered(const char *service)
{
    struct bus_name name;
    assert_true(bus_name_set(&name, service, strlen(service)));
    return services_find(&world.sim.nodes[0].services, &name) != NULL;
}

static int64_t call_desk(struct ipc_registers *r)
{
    struct desk_request asked = {.badge = STATUSD, .notification = (handle_t)r->handles[0]};
    uint64_t answer[IPC_WORDS];
    bool kept;
    handle_t dropped;
    bool is_last = ++calls == deadly_call;
    assert_true(calls < CALLS_MAX); /* it comes to rest */
    if (is_dead) {
        return E_TIMEOUT;
    }
    if (is_last && death == DEATH_IN_CALL) {
        start_dsoftbusd();
        return E_PEER_DIED;
    }
    for (int i = 0; i < IPC_WORDS; i++) {
        asked.words[i] = r->words[i];
    }
    desk_answer(&desk, &asked, answer, world.sim.now_us, &kept, &dropped);
    for (int i = 0; i < IPC_WORDS; i++) {
        r->words[i] = answer[i];
    }
    if (is_last && death == DEATH_SLOW) {
        is_dead = true;
    } else if (is_last) {
        start_dsoftbusd();
    }
    return OK;
}

/* --- the kernel and init --- */

struct log_page *console_page(void)
{
    return &page;
}

void console_print(const char *format, ...)
{
    fail_msg("statusd says: %s", format);
}

handle_t startup_handle(const char *role)
{
    return strcmp(role, ROLE_INIT) == 0  ? HANDLE_INIT
           : strcmp(role, ROLE_BUS) == 0 ? HANDLE_BUS
                                         : HANDLE_OWN;
}

ticks_t counter_read(void)
{
    return clock_ticks;
}

struct sysret sys_timer_set(ticks_t deadline)
{
    (void)deadline;
    return (struct sysret){OK, 0};
}

void process_waits(void)
{
}

size_t status_write(char *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return 0;
}

struct sysret sys_handle_copy(handle64_t handle, uint64_t rights, uint64_t badge)
{
    (void)rights;
    (void)badge;
    assert_int_equal(handle, HANDLE_OWN);
    return (struct sysret){OK, HANDLE_COPY};
}

struct sysret sys_handle_close(handle64_t handle)
{
    assert_int_equal(handle, HANDLE_COPY);
    return (struct sysret){OK, 0};
}

/* Init tells of a dsoftbusd that has begun; a wait without an end and without news is rest. */
struct sysret sys_wait(handle64_t notification, ticks_t deadline)
{
    assert_int_equal(notification, HANDLE_OWN);
    if (deadline == 0) {
        lives_shown++;
        return (struct sysret){E_TIMEOUT, 0};
    }
    if (is_dead) {
        start_dsoftbusd();
    }
    if (!has_told) {
        has_told = true;
        return (struct sysret){OK, EVENT_BUS};
    }
    if (deadline == DEADLINE_FOREVER) {
        longjmp(at_rest, 1);
    }
    clock_ticks = deadline;
    return (struct sysret){E_TIMEOUT, 0};
}

void ipc_trap(struct ipc_registers *r)
{
    int64_t status = r->target == HANDLE_BUS ? call_desk(r) : OK;
    if (r->target == HANDLE_INIT) {
        assert_int_equal(r->words[0], INIT_UP);
        r->words[0] = OK;
    }
    if (status != OK) {
        memset(r->words, 0, sizeof(r->words));
    }
    r->handles[0] = 0;
    r->control = (uint64_t)status;
}

/* --- tests --- */

/* Runs statusd until it waits for requests and nothing else happens. */
static void run_statusd(void)
{
    calls = 0;
    lives_shown = 0;
    event_open(HANDLE_OWN);
    if (setjmp(at_rest) == 0) {
        start_dsoftbusd();
        (void)statusd_main();
        fail_msg("statusd ends");
    }
}

TEST(both_services_are_there_whenever_dsoftbusd_dies)
{
    deadly_call = 0;
    run_statusd();
    assert_true(is_offered("echo") && is_offered("status"));
    int usual = calls;
    assert_true(usual >= 5); /* two names, two offers, a question for requests */
    for (deadly_call = 1; deadly_call <= usual; deadly_call++) {
        for (death = DEATH_IN_CALL; death <= DEATH_SLOW; death++) {
            run_statusd();
            assert_true(is_offered("echo"));
            assert_true(is_offered("status"));
        }
    }
}

TEST(who_has_waited_for_a_dead_dsoftbusd_shows_that_it_lives)
{
    deadly_call = 1;
    death = DEATH_SLOW;
    run_statusd();
    assert_true(lives_shown > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(both_services_are_there_whenever_dsoftbusd_dies),
        WORLD_TEST(who_has_waited_for_a_dead_dsoftbusd_shows_that_it_lives),
    };
    return cmocka_run_group_tests_name("bus_restart", tests, NULL, NULL);
}
