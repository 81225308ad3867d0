/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sourced: sends rows of text as fast as the peer takes them. What the peer sends is not read.
 * [RFC 864]
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <wherry/serve.h>

enum { PORT_SOURCE = 19, ROW_BYTES = 64, ROWS = 256 };

/* All that is ever sent; a connection stands somewhere in the first row. */
_Alignas(8) static char rows[ROWS * ROW_BYTES];

static short send_rows(struct serve_item *item)
{
    ssize_t sent =
        send(item->fd, rows + item->start, sizeof(rows) - item->start, MSG_NOSIGNAL);
    if (sent < 0) {
        return errno == EAGAIN ? POLLOUT : 0;
    }
    item->start = (item->start + (size_t)sent) % ROW_BYTES;
    return POLLOUT;
}

static void fill_rows(void)
{
    static const char row[ROW_BYTES + 1] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-\n";
    for (size_t at = 0; at < sizeof(rows); at += ROW_BYTES) {
        memcpy(rows + at, row, ROW_BYTES);
    }
}

int main(void)
{
    fill_rows();
    serve_listen(serve_open(SOCK_STREAM, PORT_SOURCE), POLLOUT, send_rows);
    serve_run();
}
