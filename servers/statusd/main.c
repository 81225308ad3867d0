/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process statusd: what every node of the bus offers to its peers, as a local process like any
 * other. `echo` gives back what it got; `status` says how this node is [status.c].
 *
 * A dsoftbusd that is started again knows no services: init says so, and they are offered anew.
 */
#include <stdlib.h>
#include <string.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <proto/init.h>
#include <wherry/bus.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/ipc.h>
#include <wherry/startup.h>
#include <wherry/time.h>

#include "status.h"

enum { TRY_AGAIN_MS = 500 };

static struct bus_request request;
static char text[BUS_CALL_MAX];

static int tell_up(void)
{
    struct message message = {.words = {INIT_UP}};
    int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
    return error == OK ? (int)(int64_t)message.words[0] : error;
}

/* Until there is a node to offer them. */
static void offer(void)
{
    while (bus_serve("echo", BUS_FOR_PEERS, BUS_CALL_MAX) != OK ||
           bus_serve("status", BUS_FOR_PEERS, 0) != OK) {
        (void)!event_sleep(time_after(time_now(), TRY_AGAIN_MS * NS_PER_MS));
    }
}

/* E_NOT_FOUND: it took us too long, and the peer was told so. */
static int serve(void)
{
    if (strcmp(request.service, "echo") == 0) {
        return bus_answer(&request, request.bytes, request.len);
    }
    if (strcmp(request.service, "status") == 0) {
        return bus_answer(&request, text, status_write(text, sizeof(text)));
    }
    return bus_fail(&request);
}

int main(void)
{
    int error = tell_up();
    if (error != OK) {
        console_print("statusd: gives up: %s", error_text(error));
        return EXIT_FAILURE;
    }
    offer();
    for (;;) {
        error = bus_next(&request);
        if (error == OK) {
            (void)!serve(); /* who waited for it is told by dsoftbusd */
        } else {
            offer();
        }
    }
}
