/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process telnetd: the prompt of the serial console for whoever connects to port 23.
 *
 * The same commands as the shell's, with what the manifest lets this process do. They run one
 * after the other: while one waits for its answer, the other logins wait, too. What a command says
 * is collected and sent as the client takes it; a client that takes nothing loses the rest of an
 * answer that does not fit, and is told so.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <wherry/console.h>
#include <wherry/serve.h>

#include "commands.h"
#include "telnet.h"

enum {
    PORT_TELNET = 23,
    LOGINS_MAX = 8,
    ANSWER_BYTES = 16384,
};

struct login {
    bool is_used;
    bool ends; /* when all was sent */
    struct telnet telnet;
    char answer[ANSWER_BYTES];
    size_t start, end; /* what is still to be sent */
};

static struct login logins[LOGINS_MAX];
static const char prompt[] = "wherry> ";
static const char cut[] = "... the rest did not fit\r\n";

/* Adds to the answer; what is behind its end is lost, but for a word about that. */
static void put(struct login *login, const char *text, size_t bytes)
{
    size_t room = sizeof(login->answer) - sizeof(cut) - sizeof(prompt);
    if (login->end >= room) {
        return;
    }
    if (bytes > room - login->end) {
        text = cut;
        bytes = sizeof(cut) - 1;
        login->end = room; /* so that this was the last */
    }
    memcpy(login->answer + login->end, text, bytes);
    login->end += bytes;
}

static void put_prompt(struct login *login)
{
    memcpy(login->answer + login->end, prompt, sizeof(prompt) - 1); /* put leaves room */
    login->end += sizeof(prompt) - 1;
}

/* What a command says comes here, a line at a time [wherry/console.h]. */
static void take_line(void *context, const char *text, size_t bytes)
{
    struct login *login = context;
    bool is_whole = bytes > 0 && text[bytes - 1] == '\n';
    put(login, text, is_whole ? bytes - 1 : bytes);
    if (is_whole) {
        put(login, "\r\n", 2);
    }
}

static void run(struct login *login)
{
    if (strcmp(login->telnet.line, "exit") == 0) {
        login->ends = true;
        return;
    }
    console_divert(take_line, login);
    commands_run(login->telnet.line, NULL);
    console_flush();
    console_divert(NULL, NULL);
    put_prompt(login);
}

static void take_byte(struct login *login, uint8_t byte)
{
    switch (telnet_take(&login->telnet, byte)) {
    case TELNET_LINE:
        run(login);
        break;
    case TELNET_REPLY:
        put(login, (const char *)login->telnet.reply, sizeof(login->telnet.reply));
        break;
    case TELNET_ALIVE:
        put(login, "\r\nyes\r\n", 7);
        break;
    case TELNET_CANCEL:
        put(login, "\r\n", 2);
        put_prompt(login);
        break;
    case TELNET_END:
        login->ends = true;
        break;
    case TELNET_NOTHING:
        break;
    }
}

/* Gives the events to wait for; 0: it is over. */
static short send_answer(struct serve_item *item, struct login *login)
{
    while (login->start < login->end) {
        ssize_t sent = send(item->fd, login->answer + login->start, login->end - login->start,
                            MSG_NOSIGNAL);
        if (sent < 0) {
            return errno == EAGAIN ? POLLOUT : 0;
        }
        login->start += (size_t)sent;
    }
    login->start = login->end = 0;
    return login->ends ? 0 : POLLIN;
}

/* Bytes are taken one by one, so that a second line waits until the answer to the first is out. */
static short receive(struct serve_item *item, struct login *login)
{
    short events = POLLIN;
    if (item->start == item->end) {
        ssize_t got = recv(item->fd, item->bytes, sizeof(item->bytes), 0);
        if (got <= 0) {
            return got < 0 && errno == EAGAIN ? POLLIN : 0;
        }
        item->start = 0;
        item->end = (size_t)got;
    }
    while (item->start < item->end && events == POLLIN) {
        take_byte(login, (uint8_t)item->bytes[item->start++]);
        events = send_answer(item, login);
    }
    return events;
}

/* The first step of a connection. False: all logins are taken. */
static bool begin(struct serve_item *item)
{
    for (int i = 0; i < LOGINS_MAX; i++) {
        if (!logins[i].is_used) {
            logins[i].is_used = true;
            logins[i].ends = false;
            logins[i].telnet = (struct telnet){.state = TELNET_TEXT};
            logins[i].start = logins[i].end = 0;
            item->context = &logins[i];
            put_prompt(&logins[i]);
            return true;
        }
    }
    static const char full[] = "all logins are taken\r\n";
    (void)send(item->fd, full, sizeof(full) - 1, MSG_NOSIGNAL);
    return false;
}

static short step(struct serve_item *item)
{
    if (item->context == NULL && !begin(item)) {
        return 0;
    }
    struct login *login = item->context;
    short events = login->start < login->end ? send_answer(item, login) : POLLIN;
    if (events == POLLIN) {
        events = receive(item, login);
    }
    if (events == 0) {
        login->is_used = false;
    }
    return events;
}

int main(void)
{
    serve_listen(serve_open(SOCK_STREAM, PORT_TELNET), POLLOUT, step);
    serve_run();
}
