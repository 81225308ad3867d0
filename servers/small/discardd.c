/* SPDX-License-Identifier: BSD-2-Clause */
/* discardd: takes what it gets and keeps nothing. [RFC 863] */
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <wherry/serve.h>

enum { PORT_DISCARD = 9, TAKEN_BYTES = 16384 };

static short discard(struct serve_item *item)
{
    static char taken[TAKEN_BYTES]; /* of everybody: nobody reads it */
    ssize_t got = recv(item->fd, taken, sizeof(taken), 0);
    return got > 0 || (got < 0 && errno == EAGAIN) ? POLLIN : 0;
}

int main(void)
{
    serve_listen(serve_open(SOCK_STREAM, PORT_DISCARD), POLLIN, discard);
    serve_run();
}
