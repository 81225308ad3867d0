/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * echod: gives back what it gets, over TCP and UDP. [RFC 862]
 *
 * The example of docs/networking/os-net.md, "A server in 30 lines".
 */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <wherry/serve.h>

enum { PORT_ECHO = 7 };

/* What a peer does not take back, it is not asked for either: the rest goes first. */
static short echo_stream(struct serve_item *item)
{
    if (item->start == item->end) {
        ssize_t got = recv(item->fd, item->bytes, sizeof(item->bytes), 0);
        if (got <= 0) {
            return got < 0 && errno == EAGAIN ? POLLIN : 0;
        }
        item->start = 0;
        item->end = (size_t)got;
    }
    return serve_send(item);
}

static short echo_datagram(struct serve_item *item)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof(peer);
    ssize_t got = recvfrom(item->fd, item->bytes, sizeof(item->bytes), 0, (void *)&peer, &length);
    if (got >= 0) {
        (void)sendto(item->fd, item->bytes, (size_t)got, 0, (void *)&peer, length);
    }
    return POLLIN;
}

int main(void)
{
    serve_listen(serve_open(SOCK_STREAM, PORT_ECHO), POLLIN, echo_stream);
    serve_add(serve_open(SOCK_DGRAM, PORT_ECHO), POLLIN, echo_datagram);
    serve_run();
}
