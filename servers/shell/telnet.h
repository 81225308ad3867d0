/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a telnet client sends, byte by byte, as lines. Pure.
 *
 * A network virtual terminal with its own echo and no options: every offer and every request is
 * refused, once each. A line ends with CR LF, CR NUL or LF. [RFC 854] [RFC 855] [RFC 1143 §2]
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { TELNET_LINE_BYTES = 120 }; /* with the ending 0 */

enum telnet_event {
    TELNET_NOTHING,
    TELNET_LINE,   /* `line` holds it; it is empty again with the next byte */
    TELNET_REPLY,  /* `reply` is to be sent */
    TELNET_ALIVE,  /* the client asks whether anybody is there */
    TELNET_CANCEL, /* the line was given up */
    TELNET_END,    /* Ctrl-D on an empty line */
};

enum telnet_state {
    TELNET_TEXT,
    TELNET_RETURN, /* after CR */
    TELNET_COMMAND,
    TELNET_OPTION, /* of `verb` */
    TELNET_INSIDE, /* of a subnegotiation */
    TELNET_INSIDE_COMMAND,
};

struct telnet {
    enum telnet_state state;
    uint8_t verb;
    uint8_t reply[3];
    char line[TELNET_LINE_BYTES]; /* what does not fit is lost */
    size_t used;
};

enum telnet_event telnet_take(struct telnet *telnet, uint8_t byte);
