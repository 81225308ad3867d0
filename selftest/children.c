/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Children: whatever they do, and whatever their parent does wrong, nothing of them stays. That the
 * calls of the C library are as they should be is tested by tests/conformance.
 */
#include "selftest.h"

#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <proto/init.h>
#include <wherry/event.h>
#include <wherry/startup.h>
#include <wherry/time.h>

/* The conformance tests' child. */
#define PROGRAM "/bin/errand"

static int ask(struct message *m)
{
    int error = ipc_call(startup_handle(ROLE_INIT), m, DEADLINE_FOREVER);
    return error == OK ? (int)(int64_t)m->words[0] : error;
}

static int ask_words(uint64_t label, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    struct message m = {.words = {label, a, b, c, d}};
    return ask(&m);
}

static int make(const char *name, uint64_t *id)
{
    struct message m = {.words = {INIT_SPAWN}};
    memcpy(&m.words[1], name, strlen(name));
    int error = ask(&m);
    *id = m.words[1];
    return error;
}

/* The errand's end; -1: none. */
static int run(const char *errand, const char *argument)
{
    static char program[] = PROGRAM;
    char *words[] = {program, (char *)(uintptr_t)errand, (char *)(uintptr_t)argument, NULL};
    char *environment[] = {"FAULT_AT=16", NULL};
    pid_t child;
    int status;
    return posix_spawn(&child, PROGRAM, NULL, NULL, words, environment) == 0 &&
                   waitpid(child, &status, 0) == child
               ? status
               : -1;
}

static void a_child_that_ends_leaves_nothing(void)
{
    CHECK(run("exit", "5") == 5 << 8);
}

static void a_child_that_faults_leaves_nothing(void)
{
    int status = run("fault", NULL);
    CHECK(WIFSIGNALED(status));
}

static void a_child_takes_its_own_children_with_it(void)
{
    CHECK(run("leave", NULL) == 0);
    CHECK(run("leave", NULL) == 0); /* the place of the first grandchild is free */
}

/* An error of the words unmakes the child, which then nobody has. */
static void a_child_whose_words_are_wrong_never_runs(void)
{
    uint64_t id;
    CHECK(make("errand", &id) == OK);
    CHECK(ask_words(INIT_SPAWN_TEXT, id, INIT_TEXT_BYTES + 1, 0, 0) == E_RANGE);
    CHECK(ask_words(INIT_WAIT, id, 0, 0, 0) == E_NOT_FOUND);
    CHECK(make("errand", &id) == OK);
    CHECK(ask_words(INIT_SPAWN_TEXT, id, 3, 'a', 0) == OK); /* an end more than the counts say */
    CHECK(ask_words(INIT_SPAWN_START, id, 0, 1, 0) == E_INVALID);
    CHECK(make("errand", &id) == OK);
    CHECK(ask_words(INIT_SPAWN_START, id, UINT64_MAX, 1, 2) == E_RANGE);
    CHECK(make("errand", &id) == OK);
    int error = OK;
    for (unsigned i = 0; i <= STARTUP_TEXT_BYTES / INIT_TEXT_BYTES && error == OK; i++) {
        error = ask_words(INIT_SPAWN_TEXT, id, INIT_TEXT_BYTES, 'a', 0);
    }
    CHECK(error == E_LIMIT);
    CHECK(ask_words(INIT_SPAWN_TEXT, id, 1, 0, 0) == E_NOT_FOUND);
}

/* Two at once are not in our manifest; what has no words yet holds its place all the same. */
static void a_place_is_taken_from_the_first_request(void)
{
    uint64_t id, other;
    CHECK(make("errand", &id) == OK);
    CHECK(make("errand", &other) == E_LIMIT);
    CHECK(ask_words(INIT_WAIT, id, 0, 0, 0) == E_AGAIN);
    CHECK(ask_words(INIT_SPAWN_TEXT, id + 1, 1, 0, 0) == E_NOT_FOUND);
    static const char words[] = "a\0exit";
    struct message m = {.words = {INIT_SPAWN_TEXT, id, sizeof(words)}};
    memcpy(&m.words[3], words, sizeof(words));
    CHECK(ask(&m) == OK);
    CHECK(ask_words(INIT_SPAWN_START, id, 0, 2, 0) == OK);
    CHECK(ask_words(INIT_SPAWN_TEXT, id, 1, 0, 0) == E_STATE);
    int status;
    CHECK(waitpid((pid_t)id, &status, 0) == (pid_t)id && status == 0);
}

/* init counts what it denies. */
static uint64_t denials(void)
{
    struct message m = {.words = {INIT_SYSTEM}};
    return ask(&m) == OK ? m.words[7] : UINT64_MAX;
}

static void a_program_that_is_not_in_the_manifest_is_denied_and_counted(void)
{
    uint64_t id, before = denials();
    CHECK(make("netd", &id) == E_DENIED);
    CHECK(make("selftest", &id) == E_DENIED);
    CHECK(make("not-there", &id) == E_NOT_FOUND);
    CHECK(denials() == before + 2);
}

/* Making children is init's work, before all others'; so it is not done as often as one likes. */
static void a_parent_of_many_mistakes_waits(void)
{
    enum { MISTAKES_MAX = 100, TRIES_MAX = 100, PAUSE_MS = 50 };
    uint64_t id;
    int error = OK;
    for (int i = 0; i < MISTAKES_MAX && error == OK; i++) {
        error = make("errand", &id);
        CHECK(error != OK || ask_words(INIT_SPAWN_TEXT, id, UINT64_MAX, 0, 0) == E_RANGE);
    }
    CHECK(error == E_LIMIT);
    for (int i = 0; i < TRIES_MAX && error == E_LIMIT; i++) {
        (void)!event_sleep(time_after(time_now(), PAUSE_MS * NS_PER_MS));
        error = make("errand", &id);
    }
    CHECK(error == OK);
    CHECK(ask_words(INIT_SPAWN_TEXT, id, UINT64_MAX, 0, 0) == E_RANGE);
}

static const struct test tests[] = {
    {"a child that ends leaves nothing", a_child_that_ends_leaves_nothing},
    {"a child that faults leaves nothing", a_child_that_faults_leaves_nothing},
    {"a child takes its own children with it", a_child_takes_its_own_children_with_it},
    {"a child whose words are wrong never runs", a_child_whose_words_are_wrong_never_runs},
    {"a place is taken from the first request", a_place_is_taken_from_the_first_request},
    {"a program that is not in the manifest is denied and counted",
     a_program_that_is_not_in_the_manifest_is_denied_and_counted},
    {"a parent of many mistakes waits", a_parent_of_many_mistakes_waits},
};
const struct group child_group = GROUP("children", tests);
