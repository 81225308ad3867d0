/* SPDX-License-Identifier: BSD-2-Clause */
#include "process.h"

#include <proto/init.h>
#include <wherry/ipc.h>
#include <wherry/startup.h>

#include <wherry/console.h>

void process_exit(int status)
{
    struct message message = {.words = {INIT_EXIT, (uint64_t)status}};
    console_flush();
    int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
    (void)error; /* init ends us instead of answering; whatever else happened, we stop here */
    process_crash();
}

static enum { SILENT, LISTENING, TOLD } serving;

void process_listens(void)
{
    if (serving == SILENT) {
        serving = LISTENING;
    }
}

void process_waits(void)
{
    if (serving != LISTENING) {
        return;
    }
    serving = TOLD;
    struct message message = {.words = {INIT_UP}};
    int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);
    (void)error; /* it serves all the same */
}

void process_crash(void)
{
    __builtin_trap();
}
