/* SPDX-License-Identifier: BSD-2-Clause */
#include "children.h"

#include <string.h>
#include <wherry/event.h>
#include <wherry/sys.h>
#include <wherry/time.h>

#include "launch.h"

/* The program's name in words 1 and 2, in INIT_NAME_BYTES + 1 bytes. */
static void read_name(const uint64_t words[IPC_WORDS], char *name)
{
    memcpy(name, &words[1], INIT_NAME_BYTES);
    name[INIT_NAME_BYTES] = '\0';
}

/* The row of the parent's manifest that runs the program and that nobody has. E_DENIED: it may not;
 * E_LIMIT: all are taken. */
static MUST_CHECK int find_place(const struct system *system, const struct process *parent,
                                 const char *program, uint32_t *index)
{
    int error = E_DENIED;
    for (int i = 0; i < MANIFEST_CHILDREN_MAX && parent->rule->children[i] != NULL; i++) {
        uint32_t found;
        if (manifest_find(system->manifest, parent->rule->children[i], &found) != OK ||
            strcmp(system->manifest->processes[found].program, program) != 0) {
            continue;
        }
        if (system->processes[found].parent == 0) {
            *index = found;
            return OK;
        }
        error = E_LIMIT;
    }
    return error;
}

/* The child of that id, which `parent` has. */
static MUST_CHECK int find_child(const struct system *system, uint32_t parent, uint64_t id,
                                 uint32_t *index)
{
    for (uint32_t i = 1; i < system->manifest->process_count; i++) {
        if (system->processes[i].parent == parent && system->processes[i].id == id) {
            *index = i;
            return OK;
        }
    }
    return E_NOT_FOUND;
}

/* The same, but it must not run yet. */
static MUST_CHECK int find_unstarted(const struct system *system, uint32_t parent, uint64_t id,
                                     uint32_t *index)
{
    int error = find_child(system, parent, id, index);
    return error == OK && system->processes[*index].state != INIT_STATE_STARTING ? E_STATE : error;
}

static uint64_t now_ms(void)
{
    return time_ns_since_boot() / NS_PER_MS;
}

/* An error unmakes the child, and is its parent's. */
static MUST_CHECK int settle(struct system *system, struct process *child, int error)
{
    if (error != OK) {
        watch_spawned(&system->processes[child->parent].watch, now_ms(), WATCH_SPAWN_FAILED_MS);
        launch_end(child);
        children_forget(child);
    }
    return error;
}

int64_t children_make(struct system *system, uint32_t parent, uint64_t words[IPC_WORDS])
{
    char program[INIT_NAME_BYTES + 1];
    struct bundle_program image;
    uint32_t index = 0;
    read_name(words, program);
    int error = find_place(system, &system->processes[parent], program, &index);
    if (error == E_DENIED && system->processes[parent].rule->children[0] != NULL &&
        bundle_find(&system->bundle, program, &image) != OK) {
        return E_NOT_FOUND;
    }
    struct watch *watch = &system->processes[parent].watch;
    if (error == OK && !watch_may_spawn(watch, now_ms())) {
        error = E_LIMIT;
    }
    if (error != OK) {
        return error;
    }
    error = launch_make(system, index);
    watch_spawned(watch, now_ms(), error == OK ? WATCH_SPAWN_MS : WATCH_SPAWN_FAILED_MS);
    if (error != OK) {
        return error;
    }
    /* --- committed --- */
    system->processes[index].parent = parent;
    words[1] = system->processes[index].id;
    return OK;
}

int64_t children_add_text(struct system *system, uint32_t parent, const uint64_t words[IPC_WORDS])
{
    uint32_t index = 0;
    int error = find_unstarted(system, parent, words[1], &index);
    if (error != OK) {
        return error;
    }
    struct startup *page;
    error = words[2] > INIT_TEXT_BYTES ? E_RANGE
                                       : launch_open_page(&system->processes[index], &page);
    if (error == OK) {
        error = startup_page_add_text(page, &words[3], words[2]);
        launch_close_page();
    }
    return settle(system, &system->processes[index], error);
}

int64_t children_start(struct system *system, uint32_t parent, const uint64_t words[IPC_WORDS])
{
    uint32_t index = 0;
    int error = find_unstarted(system, parent, words[1], &index);
    if (error != OK) {
        return error;
    }
    struct process *child = &system->processes[index];
    struct startup *page;
    bool is_sane = (words[2] | words[3] | words[4]) <= UINT32_MAX;
    error = is_sane ? launch_open_page(child, &page) : E_RANGE;
    if (error == OK) {
        error = startup_page_count_words(page, (uint32_t)words[2], (uint32_t)words[3],
                                         (uint32_t)words[4]);
        launch_close_page();
    }
    if (error == OK) {
        error = launch_run(child);
    }
    if (error == OK) {
        child->state = INIT_STATE_UP;
    }
    return settle(system, child, error);
}

int64_t children_wait(struct system *system, uint32_t parent, uint64_t words[IPC_WORDS])
{
    int64_t status = E_NOT_FOUND;
    for (uint32_t i = 1; i < system->manifest->process_count; i++) {
        struct process *child = &system->processes[i];
        if (child->parent != parent || (words[1] != 0 && words[1] != child->id)) {
            continue;
        }
        if (child->state == INIT_STATE_ENDED) {
            words[1] = child->id;
            words[2] = child->end;
            words[3] = (uint64_t)child->end_code;
            children_forget(child);
            return OK;
        }
        status = E_AGAIN;
    }
    return status;
}

void children_keep_end(struct system *system, uint32_t index)
{
    struct process *child = &system->processes[index];
    child->state = INIT_STATE_ENDED;
    sys_signal(system->processes[child->parent].notification, EVENT_CHILD);
}

bool children_is_orphan(const struct system *system, uint32_t index)
{
    uint32_t parent = system->processes[index].parent;
    return parent != 0 && system->processes[parent].account == HANDLE_NONE;
}

void children_forget(struct process *child)
{
    child->parent = 0;
    child->state = INIT_STATE_STOPPED;
}
