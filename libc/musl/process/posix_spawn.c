/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * posix_spawn and posix_spawnp by asking init, in place of musl's, which need clone.
 *
 * There are no process groups and sessions to set; signals and user ids, of which there are none
 * either, are as every attribute wants them.
 */
#include <spawn.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include <fdop.h>

#include "child.h"

enum {
    IMPOSSIBLE = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSID,
    PATH_BYTES = 64,
};

/* musl keeps the last action first. -E2BIG, -ENOTSUP. */
static MUST_CHECK long list_actions(const posix_spawn_file_actions_t *from,
                                    struct child_action actions[STARTUP_WORDS_MAX], size_t *count)
{
    const struct fdop *step = from != NULL ? from->__actions : NULL;
    while (step != NULL && step->next != NULL) {
        step = step->next;
    }
    for (*count = 0; step != NULL; step = step->prev) {
        if (*count == STARTUP_WORDS_MAX) {
            return -E2BIG;
        }
        if (step->cmd != FDOP_CLOSE && step->cmd != FDOP_DUP2 && step->cmd != FDOP_OPEN) {
            return -ENOTSUP;
        }
        actions[(*count)++] = (struct child_action){
            .kind = step->cmd == FDOP_CLOSE  ? CHILD_CLOSE
                    : step->cmd == FDOP_DUP2 ? CHILD_DUP
                                             : CHILD_OPEN,
            .descriptor = step->fd,
            .source = step->srcfd,
            .flags = step->oflag,
            .path = step->path,
        };
    }
    return 0;
}

int posix_spawn(pid_t *restrict id, const char *restrict path,
                const posix_spawn_file_actions_t *file_actions,
                const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
                char *const environment[restrict])
{
    struct child_action actions[STARTUP_WORDS_MAX];
    size_t count;
    if (attributes != NULL && (attributes->__flags & IMPOSSIBLE) != 0) {
        return ENOTSUP;
    }
    long made = list_actions(file_actions, actions, &count);
    if (made == 0) {
        made = child_spawn(path, actions, count, argv, environment);
    }
    if (made < 0) {
        return (int)-made;
    }
    if (id != NULL) {
        *id = (pid_t)made;
    }
    return 0;
}

/* Programs are in one place, wherever PATH says they are sought. */
int posix_spawnp(pid_t *restrict id, const char *restrict file,
                 const posix_spawn_file_actions_t *file_actions,
                 const posix_spawnattr_t *restrict attributes, char *const argv[restrict],
                 char *const environment[restrict])
{
    char path[PATH_BYTES] = "/bin/";
    if (file == NULL || strchr(file, '/') != NULL) {
        return posix_spawn(id, file, file_actions, attributes, argv, environment);
    }
    if (strlen(file) >= sizeof(path) - strlen(path)) {
        return ENOENT;
    }
    strcpy(path + strlen(path), file);
    return posix_spawn(id, path, file_actions, attributes, argv, environment);
}
