/* SPDX-License-Identifier: BSD-2-Clause */
#include "lines.h"

#include <stdarg.h>

#include <base/fmt.h>

enum { ADDRESS_BYTES = 24 };

static const char somebody[] = "somebody"; /* whose key is nobody's we know */

/* A peer with its address, ready for "%.*s at %s". */
static const char *address_text(uint32_t address, uint16_t port, char *text)
{
    (void)fmt_format(text, ADDRESS_BYTES, "%u.%u.%u.%u:%u", address >> 24, address >> 16 & 255,
                     address >> 8 & 255, address & 255, port);
    return text;
}

static PRINTF_LIKE(2, 3) void add(struct lines *lines, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fmt_format_list(lines->text[lines->count], LINE_BYTES, format, arguments);
    va_end(arguments);
    lines->count++; /* each caller adds at most LINES_MAX */
}

void lines_of_event(const struct node_event *event, struct lines *lines)
{
    char address[ADDRESS_BYTES];
    bool is_known = event->peer.len != 0;
    int len = is_known ? event->peer.len : (int)sizeof(somebody) - 1;
    const char *id = is_known ? event->peer.text : somebody;
    const char *why = bus_counter_sentence(event->reason);
    const char *whose = event->is_ours ? "by us" : "by the peer";
    (void)address_text(event->address, event->port, address);
    lines->count = 0;
    switch (event->kind) {
    case EVENT_PEER_FOUND: add(lines, "dsoftbusd: found %.*s at %s", len, id, address); break;
    case EVENT_PEER_CHANGED: add(lines, "dsoftbusd: changed %.*s at %s", len, id, address); break;
    case EVENT_PEER_LOST: add(lines, "dsoftbusd: lost %.*s at %s", len, id, address); break;
    case EVENT_ANNOUNCE_REFUSED:
        add(lines, "dsoftbusd: announce of %.*s at %s refused: %s", len, id, address, why);
        break;
    case EVENT_AUTH_OK:
        add(lines, "dsoftbusd: auth ok");
        add(lines, "dsoftbusd: session with %.*s at %s, begun %s", len, id, address, whose);
        break;
    case EVENT_AUTH_FAILED:
        add(lines, "dsoftbusd: auth failed: %s", why);
        add(lines, "dsoftbusd: no session with %.*s at %s, begun %s", len, id, address, whose);
        break;
    case EVENT_SESSION_ENDED:
        add(lines, "dsoftbusd: session with %.*s at %s ended: %s", len, id, address, why);
        break;
    case EVENT_PING_OK:
    case EVENT_PING_LOST:
    case EVENT_CALL_DONE: break; /* whoever asked says so */
    }
}

void lines_of_dual(const struct dual *dual, struct lines *lines)
{
    char address[2][ADDRESS_BYTES];
    const struct dual_side *a = &dual->side[0];
    const struct dual_side *b = &dual->side[1];
    lines->count = 0;
    add(lines, "dsoftbusd: dual-node session ok");
    add(lines, "dsoftbusd: %.*s at %s after %u us, %.*s at %s after %u us", b->id.len, b->id.text,
        address_text(a->address, a->port, address[0]), (unsigned)a->round_trip_us, a->id.len,
        a->id.text, address_text(b->address, b->port, address[1]), (unsigned)b->round_trip_us);
}
