/* SPDX-License-Identifier: BSD-2-Clause */
#include "child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <abi/error.h>
#include <abi/ipc.h>
#include <base/fmt.h>
#include <base/parse.h>
#include <proto/init.h>
#include <wherry/event.h>
#include <wherry/ipc.h>

#include "console_file.h"
#include "descriptors.h"
#include "files.h"
#include "personality.h"
#include "process.h"

enum { CONSOLE_DESCRIPTORS = 3, ACTION_BYTES = 48 /* without a path */ };

#define BIN "/bin/"

/* A call of init: its status. */
static MUST_CHECK int ask(struct message *message)
{
    int error = ipc_call(startup_handle(ROLE_INIT), message, DEADLINE_FOREVER);
    return error == OK ? (int)(int64_t)message->words[0] : error;
}

/* --- the words of a child --------------------------------------------------------------------- */

/* What is known of a descriptor of the child while its actions are gone through. */
enum place { PLACE_FREE, PLACE_FOREIGN, PLACE_CONSOLE, PLACE_UNTIL_EXEC };

struct order {
    char text[STARTUP_TEXT_BYTES];
    size_t bytes;
    uint32_t actions, arguments, settings;
    uint8_t places[DESCRIPTORS_MAX]; /* enum place */
};

static MUST_CHECK long add_word(struct order *order, const char *word, uint32_t *counter)
{
    size_t bytes = strlen(word) + 1;
    if (bytes > sizeof(order->text) - order->bytes ||
        order->actions + order->arguments + order->settings == STARTUP_WORDS_MAX) {
        return -E2BIG;
    }
    memcpy(order->text + order->bytes, word, bytes);
    order->bytes += bytes; /* <= STARTUP_TEXT_BYTES */
    ++*counter;
    return 0;
}

static MUST_CHECK long add_words(struct order *order, char *const words[], uint32_t *counter)
{
    long error = 0;
    for (size_t i = 0; words != NULL && words[i] != NULL && error == 0; i++) {
        error = add_word(order, words[i], counter);
    }
    return error;
}

/* An action as a word: what, the descriptor, then a source, or flags and the path. */
static MUST_CHECK long add_action(struct order *order, const struct child_action *action)
{
    char word[ACTION_BYTES + FILES_PATH_BYTES];
    if (action->kind == CHILD_CLOSE) {
        (void)fmt_format(word, sizeof(word), "c%d", action->descriptor);
    } else if (action->kind == CHILD_DUP) {
        (void)fmt_format(word, sizeof(word), "d%d,%d", action->descriptor, action->source);
    } else {
        if (strlen(action->path) >= FILES_PATH_BYTES) {
            return -ENAMETOOLONG;
        }
        (void)fmt_format(word, sizeof(word), "o%d,%d,%s", action->descriptor, action->flags,
                         action->path);
    }
    return add_word(order, word, &order->actions);
}

static MUST_CHECK long close_place(struct order *order, int descriptor)
{
    return add_action(order,
                      &(struct child_action){.kind = CHILD_CLOSE, .descriptor = descriptor});
}

/* The child starts with the console at 0, 1 and 2; makes that what the parent has of it. */
static MUST_CHECK long pass_console(struct order *order)
{
    long error = 0;
    for (int i = 0; i < DESCRIPTORS_MAX && error == 0; i++) {
        const struct file *file = descriptors_find(i);
        bool is_console = file == &console_file;
        bool ends = file != NULL && descriptors_control(i, F_GETFD, 0) != 0;
        order->places[i] = file == NULL ? PLACE_FREE
                           : !is_console ? PLACE_FOREIGN
                           : ends ? PLACE_UNTIL_EXEC
                                  : PLACE_CONSOLE;
        if (is_console && i >= CONSOLE_DESCRIPTORS) {
            struct child_action dup = {.kind = CHILD_DUP, .descriptor = i};
            error = add_action(order, &dup);
        }
    }
    for (int i = 0; i < CONSOLE_DESCRIPTORS && error == 0; i++) {
        if (order->places[i] == PLACE_FREE || order->places[i] == PLACE_FOREIGN) {
            error = close_place(order, i);
        }
    }
    return error;
}

static MUST_CHECK long take_action(struct order *order, const struct child_action *action)
{
    uint8_t *place = &order->places[action->descriptor];
    if (action->kind == CHILD_CLOSE) {
        bool is_there = *place == PLACE_CONSOLE || *place == PLACE_UNTIL_EXEC;
        *place = PLACE_FREE;
        return is_there ? add_action(order, action) : 0;
    }
    if (action->kind == CHILD_DUP) {
        if (action->source < 0 || action->source >= DESCRIPTORS_MAX ||
            order->places[action->source] == PLACE_FREE) {
            return -EBADF;
        }
        if (order->places[action->source] == PLACE_FOREIGN) {
            return -ENOTSUP;
        }
        *place = PLACE_CONSOLE;
        return action->source == action->descriptor ? 0 : add_action(order, action);
    }
    *place = (action->flags & O_CLOEXEC) != 0 ? PLACE_UNTIL_EXEC : PLACE_CONSOLE;
    return add_action(order, action);
}

static MUST_CHECK long write_actions(struct order *order, const struct child_action *actions,
                                     size_t count)
{
    long error = pass_console(order);
    for (size_t i = 0; i < count && error == 0; i++) {
        bool is_there = actions[i].descriptor >= 0 && actions[i].descriptor < DESCRIPTORS_MAX;
        error = is_there ? take_action(order, &actions[i]) : -EBADF;
    }
    for (int i = 0; i < DESCRIPTORS_MAX && error == 0; i++) {
        if (order->places[i] == PLACE_UNTIL_EXEC) {
            error = close_place(order, i);
        }
    }
    return error;
}

/* --- spawn ------------------------------------------------------------------------------------ */

static MUST_CHECK long spawn_errno(int error)
{
    switch (error) {
    case E_NOT_FOUND: return -ENOENT;
    case E_LIMIT: return -EAGAIN;
    case E_CORRUPT: return -ENOEXEC;
    default: return personality_errno(error);
    }
}

/* The program's name; NULL: the path names none. */
static MUST_CHECK const char *program_of(const char *path)
{
    if (strncmp(path, BIN, sizeof(BIN) - 1) != 0) {
        return NULL;
    }
    const char *name = path + sizeof(BIN) - 1;
    size_t length = strlen(name);
    return length > 0 && length <= INIT_NAME_BYTES ? name : NULL;
}

static MUST_CHECK int send_order(const struct order *order, uint64_t id)
{
    struct message message;
    int error = OK;
    for (size_t at = 0; at < order->bytes && error == OK;) {
        size_t left = order->bytes - at;
        size_t part = left < INIT_TEXT_BYTES ? left : INIT_TEXT_BYTES;
        message = (struct message){.words = {INIT_SPAWN_TEXT, id, part}};
        memcpy(&message.words[3], order->text + at, part);
        at += part;
        error = ask(&message);
    }
    if (error == OK) {
        message = (struct message){
            .words = {INIT_SPAWN_START, id, order->actions, order->arguments, order->settings}};
        error = ask(&message);
    }
    return error;
}

long child_spawn(const char *path, const struct child_action *actions, size_t count,
                    char *const argv[], char *const environment[])
{
    struct order order = {.bytes = 0};
    struct message message = {.words = {INIT_SPAWN}};
    if (path == NULL || argv == NULL) {
        return -EFAULT;
    }
    const char *program = program_of(path);
    if (program == NULL) {
        return -ENOENT;
    }
    long error = write_actions(&order, actions, count);
    if (error == 0) {
        error = argv[0] != NULL ? add_words(&order, argv, &order.arguments)
                                : add_word(&order, program, &order.arguments);
    }
    if (error == 0) {
        error = add_words(&order, environment, &order.settings);
    }
    if (error != 0) {
        return error;
    }
    memcpy(&message.words[1], program, strlen(program));
    int refused = ask(&message);
    uint64_t id = message.words[1];
    if (refused == OK) {
        refused = send_order(&order, id);
    }
    return refused == OK ? (long)id : spawn_errno(refused);
}

/* --- wait ------------------------------------------------------------------------------------- */

/* As WIFEXITED and the like read it. */
static MUST_CHECK int status_of(uint64_t end, uint64_t code)
{
    static const uint8_t signals[] = {
        [FAULT_READ] = SIGSEGV,      [FAULT_WRITE] = SIGSEGV,   [FAULT_EXECUTE] = SIGSEGV,
        [FAULT_INSTRUCTION] = SIGILL, [FAULT_ALIGNMENT] = SIGBUS, [FAULT_BREAKPOINT] = SIGTRAP,
        [FAULT_NO_FP_MEMORY] = SIGKILL, [FAULT_OTHER] = SIGSEGV,
    };
    enum { STATUS_SHIFT = 8, STATUS_MASK = 0xff };
    switch (end) {
    case INIT_END_EXIT:
        return code == PROCESS_ABORTED ? SIGABRT : (int)(code & STATUS_MASK) << STATUS_SHIFT;
    case INIT_END_FAULT: return code >= FAULT_READ && code <= FAULT_OTHER ? signals[code] : SIGSEGV;
    default: return SIGKILL;
    }
}

long child_wait(long id, int *status, int options, struct rusage *usage)
{
    if ((options & ~(WNOHANG | WUNTRACED | WCONTINUED)) != 0) {
        return -EINVAL;
    }
    if (id < -1) {
        return -ECHILD; /* a process group of others */
    }
    for (;;) {
        struct message message = {.words = {INIT_WAIT, id > 0 ? (uint64_t)id : 0}};
        int error = ask(&message);
        if (error == OK) {
            if (status != NULL) {
                *status = status_of(message.words[2], message.words[3]);
            }
            if (usage != NULL) {
                memset(usage, 0, sizeof(*usage));
            }
            return (long)message.words[1];
        }
        if (error != E_AGAIN) {
            return error == E_NOT_FOUND ? -ECHILD : personality_errno(error);
        }
        uint64_t bits;
        if ((options & WNOHANG) != 0) {
            return 0;
        }
        error = event_wait(EVENT_CHILD, DEADLINE_FOREVER, &bits);
        if (error != OK) {
            return personality_errno(error);
        }
    }
}

/* --- in the child ----------------------------------------------------------------------------- */

/* The number in front of a comma or the end; what follows it. */
static MUST_CHECK const char *read_number(const char *text, int *number)
{
    size_t length = strcspn(text, ",");
    uint64_t value = 0;
    int error = parse_u64(text, length, 10, &value);
    *number = error == OK && value <= INT32_MAX ? (int)value : -1;
    return text[length] == ',' ? text + length + 1 : text + length;
}

/* Opens what then has that number. */
static MUST_CHECK long open_at(int descriptor, int flags, const char *path)
{
    long opened = files_open(path, flags);
    if (opened < 0 || opened == descriptor) {
        return opened;
    }
    long error = descriptors_dup3(opened, descriptor, flags & O_CLOEXEC);
    long closed = descriptors_close(opened);
    return error < 0 ? error : closed;
}

static MUST_CHECK long act(const char *word)
{
    int descriptor, other;
    const char *rest = read_number(word + 1, &descriptor);
    if (word[0] == 'c') {
        return descriptors_close(descriptor);
    }
    rest = read_number(rest, &other);
    return word[0] == 'd' ? descriptors_dup3(other, descriptor, 0)
                          : open_at(descriptor, other, rest);
}

bool child_begin(const struct startup *page)
{
    const char *word = page->text;
    for (uint32_t i = 0; i < page->action_count; i++, word += strlen(word) + 1) {
        if (act(word) < 0) {
            return false;
        }
    }
    return true;
}
