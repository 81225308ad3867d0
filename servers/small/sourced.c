/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sourced: sends rows of text as fast as the peer takes them. What the peer sends is not read.
 * [RFC 864]
 */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <wherry/serve.h>

enum { PORT_SOURCE = 19, ROW_BYTES = 64 };

/* SERVE_BYTES is whole rows, so every buffer begins alike. */
static short send_rows(struct serve_item *item)
{
    static const char row[ROW_BYTES + 1] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-\n";
    if (item->start == item->end) {
        for (size_t at = 0; at < SERVE_BYTES && item->end != SERVE_BYTES; at += ROW_BYTES) {
            memcpy(item->bytes + at, row, ROW_BYTES);
        }
        item->start = 0;
        item->end = SERVE_BYTES;
    }
    short events = serve_send(item);
    return events == 0 ? 0 : POLLOUT;
}

int main(void)
{
    serve_listen(serve_open(SOCK_STREAM, PORT_SOURCE), POLLOUT, send_rows);
    serve_run();
}
