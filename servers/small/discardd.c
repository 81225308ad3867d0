/* SPDX-License-Identifier: BSD-2-Clause */
/* discardd: takes what it gets and keeps nothing. [RFC 863] */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <wherry/serve.h>

enum { PORT_DISCARD = 9 };

static short discard(struct serve_item *item)
{
    ssize_t got = recv(item->fd, item->bytes, sizeof(item->bytes), 0);
    return got > 0 || (got < 0 && errno == EAGAIN) ? POLLIN : 0;
}

int main(void)
{
    serve_listen(serve_open(SOCK_STREAM, PORT_DISCARD), POLLIN, discard);
    serve_run();
}
