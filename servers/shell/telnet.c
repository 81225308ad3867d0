/* SPDX-License-Identifier: BSD-2-Clause */
#include "telnet.h"

enum {
    SUBNEGOTIATION_END = 240,
    INTERRUPT_PROCESS = 244,
    ARE_YOU_THERE = 246,
    ERASE_CHARACTER = 247,
    ERASE_LINE = 248,
    SUBNEGOTIATION = 250,
    WILL = 251,
    WONT = 252,
    DO = 253,
    DONT = 254,
    ESCAPE = 255, /* IAC */

    CONTROL_C = 3,
    CONTROL_D = 4,
    BACKSPACE = 8,
    DELETE = 127,
};

static enum telnet_event end_line(struct telnet *telnet)
{
    telnet->line[telnet->used] = '\0'; /* used < TELNET_LINE_BYTES */
    telnet->used = 0;
    return TELNET_LINE;
}

static void erase_character(struct telnet *telnet)
{
    telnet->used -= telnet->used > 0 ? 1 : 0;
}

static enum telnet_event cancel(struct telnet *telnet)
{
    telnet->used = 0;
    return TELNET_CANCEL;
}

static enum telnet_event take_text(struct telnet *telnet, uint8_t byte)
{
    switch (byte) {
    case ESCAPE:
        telnet->state = TELNET_COMMAND;
        return TELNET_NOTHING;
    case '\r':
        telnet->state = TELNET_RETURN;
        return end_line(telnet);
    case '\n':
        return end_line(telnet);
    case BACKSPACE:
    case DELETE:
        erase_character(telnet);
        return TELNET_NOTHING;
    case CONTROL_C:
        return cancel(telnet);
    case CONTROL_D:
        return telnet->used == 0 ? TELNET_END : TELNET_NOTHING;
    default:
        if (byte >= ' ' && byte < DELETE && telnet->used < TELNET_LINE_BYTES - 1) {
            telnet->line[telnet->used++] = (char)byte;
        }
        return TELNET_NOTHING;
    }
}

static enum telnet_event take_command(struct telnet *telnet, uint8_t byte)
{
    telnet->state = TELNET_TEXT;
    switch (byte) {
    case WILL:
    case WONT:
    case DO:
    case DONT:
        telnet->verb = byte;
        telnet->state = TELNET_OPTION;
        return TELNET_NOTHING;
    case SUBNEGOTIATION:
        telnet->state = TELNET_INSIDE;
        return TELNET_NOTHING;
    case INTERRUPT_PROCESS:
        return cancel(telnet);
    case ARE_YOU_THERE:
        return TELNET_ALIVE;
    case ERASE_CHARACTER:
        erase_character(telnet);
        return TELNET_NOTHING;
    case ERASE_LINE:
        telnet->used = 0;
        return TELNET_NOTHING;
    default:
        return TELNET_NOTHING; /* also an escaped 255, which is no letter */
    }
}

/* Nothing is in force, so what ends an option needs no answer. */
static enum telnet_event take_option(struct telnet *telnet, uint8_t option)
{
    telnet->state = TELNET_TEXT;
    if (telnet->verb == WONT || telnet->verb == DONT) {
        return TELNET_NOTHING;
    }
    telnet->reply[0] = ESCAPE;
    telnet->reply[1] = telnet->verb == WILL ? DONT : WONT;
    telnet->reply[2] = option;
    return TELNET_REPLY;
}

enum telnet_event telnet_take(struct telnet *telnet, uint8_t byte)
{
    switch (telnet->state) {
    case TELNET_RETURN:
        telnet->state = TELNET_TEXT;
        return byte == '\n' || byte == '\0' ? TELNET_NOTHING : take_text(telnet, byte);
    case TELNET_COMMAND:
        return take_command(telnet, byte);
    case TELNET_OPTION:
        return take_option(telnet, byte);
    case TELNET_INSIDE:
        telnet->state = byte == ESCAPE ? TELNET_INSIDE_COMMAND : TELNET_INSIDE;
        return TELNET_NOTHING;
    case TELNET_INSIDE_COMMAND:
        telnet->state = byte == SUBNEGOTIATION_END ? TELNET_TEXT : TELNET_INSIDE;
        return TELNET_NOTHING;
    case TELNET_TEXT:
        break;
    }
    return take_text(telnet, byte);
}
