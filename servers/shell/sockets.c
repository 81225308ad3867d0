/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * nslookup and nc: by the C library's network calls alone, like any program.
 */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>

#include <abi/error.h>
#include <proto/netd.h>
#include <wherry/console.h>

#include "commands.h"
#include "network.h"

enum {
    NC_WAIT_MS = 5000,
    NC_BYTES_MAX = 8192, /* of an answer that is shown */
    LINE_MAX = 200,
    ADDRESS_TEXT_BYTES = 64,
};

/* What `nc` was asked for. */
struct call {
    const char *device; /* NULL: any */
    const char *host;
    const char *port;
    int kind; /* SOCK_STREAM or SOCK_DGRAM */
    int words_from; /* in command_call.words */
};

/* Whether no interface has a way to other networks: QEMU's user network is restricted. */
static bool is_restricted(void)
{
    for (uint64_t i = 0;; i++) {
        struct message message = {.words = {NETD_INTERFACE_GET, i}};
        int error = ask_netd(&message);
        if (error != OK) {
            return error == E_NOT_FOUND && i > 1;
        }
        bool is_loopback =
            (netd_word_facts(message.words[3]).flags & NETD_INTERFACE_LOOPBACK) != 0;
        if (!is_loopback && message.words[2] >> 32 != 0) {
            return false;
        }
    }
}

/* The addresses of a name; NULL after saying why not. */
static struct addrinfo *look_up(const char *host, const char *port, int kind)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = kind};
    struct addrinfo *found;
    int error = getaddrinfo(host, port, &hints, &found);
    if (error == 0) {
        return found;
    }
    if (error == EAI_AGAIN && is_restricted()) {
        console_print("%s is not found, network is restricted (NET=open)", host);
    } else {
        console_print("%s is not found, %s", host, gai_strerror(error));
    }
    return NULL;
}

static const char *text_of(const struct addrinfo *info, char text[ADDRESS_TEXT_BYTES])
{
    if (getnameinfo(info->ai_addr, info->ai_addrlen, text, ADDRESS_TEXT_BYTES, NULL, 0,
                    NI_NUMERICHOST) != 0) {
        strcpy(text, "?");
    }
    return text;
}

void command_nslookup(const struct command_call *call)
{
    char text[ADDRESS_TEXT_BYTES];
    if (call->count != 2) {
        console_print("write nslookup NAME");
        return;
    }
    struct addrinfo *found = look_up(call->words[1], NULL, SOCK_STREAM);
    for (const struct addrinfo *info = found; info != NULL; info = info->ai_next) {
        console_print("%s has %s", call->words[1], text_of(info, text));
    }
    if (found != NULL) {
        freeaddrinfo(found);
    }
}

/* --- nc --------------------------------------------------------------------------------------- */

static bool wait_for(int fd, short events)
{
    struct pollfd wanted = {.fd = fd, .events = events};
    if (poll(&wanted, 1, NC_WAIT_MS) == 0) {
        errno = ETIMEDOUT;
        return false;
    }
    return true;
}

/* A connected socket, or -1. */
static int open_to(const struct addrinfo *info, const char *device)
{
    int error = 0;
    socklen_t bytes = sizeof(error);
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -1;
    }
    if (device != NULL && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
                                     (socklen_t)strlen(device) + 1) != 0) {
        error = errno;
    } else if (connect(fd, info->ai_addr, info->ai_addrlen) != 0 && errno != EINPROGRESS) {
        error = errno;
    } else if (!wait_for(fd, POLLOUT)) {
        error = ETIMEDOUT;
    } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &bytes) != 0) {
        error = errno;
    }
    if (error == 0) {
        return fd;
    }
    close(fd);
    errno = error;
    return -1;
}

/* The words behind the port, as one line. False: it cannot be sent. */
static bool send_words(int fd, const struct command_call *call, int from)
{
    char line[LINE_MAX + 2] = "";
    for (int i = from; i < call->count; i++) {
        if (strlen(line) + strlen(call->words[i]) + 1 > LINE_MAX) {
            errno = EMSGSIZE;
            return false;
        }
        strcat(line, call->words[i]);
        strcat(line, i + 1 < call->count ? " " : "\n");
    }
    size_t bytes = strlen(line);
    return bytes == 0 || send(fd, line, bytes, MSG_NOSIGNAL) == (ssize_t)bytes;
}

/* Shows what comes, until the peer ends it, nothing came for a while, or it was enough. */
static bool show_answer(int fd, bool is_stream)
{
    char bytes[512];
    size_t shown = 0;
    ssize_t got = 1;
    while (got > 0 && shown < NC_BYTES_MAX) {
        if (!wait_for(fd, POLLIN)) {
            return !is_stream && shown != 0; /* datagrams have no end */
        }
        got = recv(fd, bytes, sizeof(bytes), 0);
        for (ssize_t at = 0; at < got; at++) {
            console_write(&bytes[at], 1); /* a line is shown when it is whole */
        }
        shown += got > 0 ? (size_t)got : 0;
        if (!is_stream) {
            break;
        }
    }
    console_flush();
    return got >= 0;
}

static bool parse_call(const struct command_call *call, struct call *wanted)
{
    int at = 1;
    *wanted = (struct call){.kind = SOCK_STREAM};
    while (at < call->count && call->words[at][0] == '-') {
        if (strcmp(call->words[at], "-u") == 0) {
            wanted->kind = SOCK_DGRAM;
        } else if (strcmp(call->words[at], "-i") == 0 && at + 1 < call->count) {
            wanted->device = call->words[++at];
        } else {
            return false;
        }
        at++;
    }
    if (call->count - at < 2) {
        return false;
    }
    wanted->host = call->words[at];
    wanted->port = call->words[at + 1];
    wanted->words_from = at + 2;
    return true;
}

void command_nc(const struct command_call *call)
{
    struct call wanted;
    if (!parse_call(call, &wanted)) {
        console_print("write nc [-u] [-i INTERFACE] HOST PORT [WORDS], which sends the words as a "
                      "line and shows the answer");
        return;
    }
    struct addrinfo *found = look_up(wanted.host, wanted.port, wanted.kind);
    int fd = -1;
    for (const struct addrinfo *info = found; info != NULL && fd < 0; info = info->ai_next) {
        fd = open_to(info, wanted.device);
    }
    if (found == NULL) {
        return;
    }
    freeaddrinfo(found);
    bool is_stream = wanted.kind == SOCK_STREAM;
    if (fd < 0 || !send_words(fd, call, wanted.words_from) ||
        (is_stream && shutdown(fd, SHUT_WR) != 0) || !show_answer(fd, is_stream)) {
        console_print("nc %s %s, %s", wanted.host, wanted.port, strerror(errno));
    }
    if (fd >= 0) {
        close(fd);
    }
}
