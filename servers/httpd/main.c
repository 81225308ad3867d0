/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * httpd: a few pages and /status.json on port 8080. One event loop, connections that stay open.
 *
 * A connection either collects a request or sends an answer, never both: what a client sends ahead
 * waits in its socket. A client that reads slowly waits for itself alone.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "pages.h"
#include "request.h"

enum {
    PORT = 8080,
    BACKLOG = 128,
    CONNECTIONS_MAX = 200,
    EVENTS = 64,
    HEAD_BYTES = 192,
    STATUS_BYTES = 8192,
    NUMBER_BYTES = 24, /* a size_t in decimal, and the end */
    WORD_BYTES = 8,
};

struct connection {
    struct connection *next; /* while it is free */
    int fd;
    bool closes; /* after this answer */
    bool is_sending;
    char request[REQUEST_BYTES_MAX];
    size_t request_bytes;
    char head[HEAD_BYTES];
    size_t head_bytes;
    const struct page *head_of; /* a page whose whole head stands there, if it stays open */
    const char *body; /* of a page; or made, then freed with the answer */
    char *made;
    size_t body_bytes;
    size_t sent; /* of head and body */
};

static struct connection connections[CONNECTIONS_MAX];
static struct connection *free_connections;
static int queue; /* of epoll */
static int listener;

static _Noreturn void give_up(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* --- what epoll waits for --------------------------------------------------------------------- */

static void watch(int operation, int fd, uint32_t events, void *data)
{
    struct epoll_event event = {.events = events, .data = {.ptr = data}};
    if (epoll_ctl(queue, operation, fd, &event) != 0) {
        give_up("epoll_ctl");
    }
}

/* Without room there is nothing to accept for. */
static void watch_listener(bool has_room)
{
    watch(EPOLL_CTL_MOD, listener, has_room ? EPOLLIN : 0, NULL);
}

/* --- answers ---------------------------------------------------------------------------------- */

/* The number of a status and what it means. */
static const char *reason(int status)
{
    switch (status) {
    case REQUEST_WHOLE:
        return "200 OK";
    case 404:
        return "404 Not Found";
    case REQUEST_NO_METHOD:
        return "405 Method Not Allowed";
    case REQUEST_BODY:
        return "413 Content Too Large";
    case REQUEST_TOO_LONG:
        return "431 Request Header Fields Too Large";
    case 503:
        return "503 Service Unavailable";
    case REQUEST_VERSION:
        return "505 HTTP Version Not Supported";
    default:
        return "400 Bad Request";
    }
}

static inline void put(struct connection *connection, const char *text)
{
    size_t bytes = strlen(text); /* of our own: all of an answer fits */
    memcpy(connection->head + connection->head_bytes, text, bytes);
    connection->head_bytes += bytes;
}

/* The number in decimal, behind spaces that make all of the head so far whole words. */
static void put_number(struct connection *connection, size_t number, size_t behind)
{
    char digits[NUMBER_BYTES] = {0};
    size_t at = sizeof(digits) - 1;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while ((connection->head_bytes + (sizeof(digits) - 1 - at) + behind) % WORD_BYTES != 0) {
        put(connection, " ");
    }
    put(connection, digits + at);
}

/* The head stands: what is left is to send. A HEAD has no body. */
static void begin_sending(struct connection *connection, const char *body, size_t bytes)
{
    connection->body = body;
    connection->body_bytes = bytes;
    connection->sent = 0;
    connection->is_sending = true;
}

/*
 * Begins an answer of `bytes` of body; a HEAD is told the length all the same. The head is whole
 * words, so that a body which is copied as words stays that.
 */
static void begin(struct connection *connection, int status, const char *type, const char *body,
                  size_t bytes, bool is_head)
{
    static const char end[] = "\r\n\r\n";
    connection->head_bytes = 0;
    connection->head_of = NULL;
    put(connection, "HTTP/1.1 ");
    put(connection, reason(status));
    put(connection, status == REQUEST_NO_METHOD ? "\r\nAllow: GET, HEAD" : "");
    put(connection, connection->closes ? "\r\nConnection: close" : "");
    put(connection, "\r\nContent-Type: ");
    put(connection, type);
    put(connection, "\r\nContent-Length: ");
    put_number(connection, bytes, sizeof(end) - 1);
    put(connection, end);
    begin_sending(connection, body, is_head ? 0 : bytes);
}

/* A page asked for again on a connection that stays open has the head that stands there. */
static void answer_page(struct connection *connection, const struct page *page, bool is_head)
{
    if (connection->head_of == page && !connection->closes) {
        begin_sending(connection, page->text, is_head ? 0 : page->bytes);
        return;
    }
    begin(connection, REQUEST_WHOLE, page->type, page->text, page->bytes, is_head);
    connection->head_of = connection->closes ? NULL : page;
}

static void refuse(struct connection *connection, int status)
{
    const char *text = reason(status);
    begin(connection, status, "text/plain", text, strlen(text), false);
}

static void answer(struct connection *connection, const struct request *request)
{
    const struct page *page = pages_find(request->path, request->path_bytes);
    connection->closes = !request->keeps_open;
    if (page == NULL) {
        refuse(connection, 404);
        return;
    }
    if (page->text != NULL) {
        answer_page(connection, page, request->is_head);
        return;
    }
    connection->made = malloc(STATUS_BYTES);
    size_t bytes = connection->made == NULL ? 0 : status_make(connection->made, STATUS_BYTES);
    if (bytes == 0) {
        refuse(connection, 503);
        return;
    }
    begin(connection, REQUEST_WHOLE, page->type, connection->made, bytes, request->is_head);
}

/* --- connections ------------------------------------------------------------------------------ */

static void drop(struct connection *connection)
{
    close(connection->fd); /* leaves epoll with it */
    free(connection->made);
    connection->made = NULL;
    connection->next = free_connections;
    if (free_connections == NULL) {
        watch_listener(true);
    }
    free_connections = connection;
}

/* Sends what is left of an answer. False: the peer is gone, or this was its last. */
static bool send_answer(struct connection *connection)
{
    size_t in_body = connection->sent > connection->head_bytes
                         ? connection->sent - connection->head_bytes
                         : 0;
    size_t in_head = connection->sent - in_body;
    struct iovec parts[] = {
        {connection->head + in_head, connection->head_bytes - in_head},
        {(char *)connection->body + in_body, connection->body_bytes - in_body},
    };
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL);
    if (sent < 0) {
        return errno == EAGAIN;
    }
    connection->sent += (size_t)sent;
    if (connection->sent < connection->head_bytes + connection->body_bytes) {
        return true;
    }
    free(connection->made);
    connection->made = NULL;
    connection->is_sending = false;
    return !connection->closes;
}

/* Takes one request out of what came. False: it is not whole yet. */
static bool take_request(struct connection *connection)
{
    struct request request;
    enum request_verdict verdict =
        request_parse(connection->request, connection->request_bytes, &request);
    if (verdict == REQUEST_MORE) {
        return false;
    }
    if (verdict != REQUEST_WHOLE) {
        connection->closes = true;
        refuse(connection, (int)verdict);
        return true;
    }
    answer(connection, &request);
    connection->request_bytes -= request.bytes;
    memmove(connection->request, connection->request + request.bytes, connection->request_bytes);
    return true;
}

/* Reads, answers, and again while requests are there. False: it is over. */
static bool serve(struct connection *connection)
{
    if (!connection->is_sending && connection->request_bytes < REQUEST_BYTES_MAX) {
        ssize_t got = recv(connection->fd, connection->request + connection->request_bytes,
                           REQUEST_BYTES_MAX - connection->request_bytes, 0);
        if (got <= 0) {
            return got < 0 && errno == EAGAIN;
        }
        connection->request_bytes += (size_t)got;
    }
    bool was_sending = connection->is_sending;
    while (connection->is_sending || take_request(connection)) {
        if (!send_answer(connection)) {
            return false;
        }
        if (connection->is_sending) {
            break; /* no room: the rest when there is */
        }
    }
    if (was_sending != connection->is_sending) {
        watch(EPOLL_CTL_MOD, connection->fd, connection->is_sending ? EPOLLOUT : EPOLLIN,
              connection);
    }
    return true;
}

static void accept_all(void)
{
    while (free_connections != NULL) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0) {
            return;
        }
        struct connection *connection = free_connections;
        free_connections = connection->next;
        connection->fd = fd;
        connection->is_sending = connection->closes = false;
        connection->request_bytes = 0;
        watch(EPOLL_CTL_ADD, fd, EPOLLIN, connection);
    }
    watch_listener(false);
}

static int open_listener(void)
{
    struct sockaddr_in6 both = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
    struct sockaddr_in old = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    int on = 1, off = 0;
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    } else {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if ((bind(fd, (struct sockaddr *)&both, sizeof(both)) != 0 &&
         bind(fd, (struct sockaddr *)&old, sizeof(old)) != 0) ||
        listen(fd, BACKLOG) != 0) {
        give_up("listen");
    }
    return fd;
}

int main(void)
{
    struct epoll_event events[EVENTS];
    for (size_t i = CONNECTIONS_MAX; i-- > 0;) {
        connections[i].next = free_connections;
        free_connections = &connections[i];
    }
    listener = open_listener();
    queue = epoll_create1(0);
    if (queue < 0) {
        give_up("epoll_create1");
    }
    watch(EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    for (;;) {
        int count = epoll_wait(queue, events, EVENTS, -1);
        if (count < 0) {
            give_up("epoll_wait");
        }
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection == NULL) {
                accept_all();
            } else if (!serve(connection)) {
                drop(connection);
            }
        }
    }
}
