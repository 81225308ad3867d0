/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * init: gives everything out as the manifest says, starts every process, watches over them. The
 * one program that may not die; it calls nobody.
 *
 *     manifest.h   who may what          devices.h, probe.h   the machine
 *     setup.h      what lasts            launch.h, grants.h   one incarnation of a process
 *     random.h     random bytes          children.h           who was started by others
 *     watch.h      when to restart       supervise.h          life and death
 *     requests.h   what processes ask
 */
#include <string.h>

#include <abi/ipc.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/time.h>

#include "requests.h"
#include "setup.h"
#include "supervise.h"

static struct system the_system;

/* A fault message; it is answered by the end of the process that sent it. */
static void take_fault(struct system *system, struct message *message)
{
    uint64_t index = (message->badge & ~(uint64_t)SYSTEM_FAULT_BADGE) - 1;
    if (message->words[0] == IPC_LABEL_FAULT && index > 0 &&
        index < system->manifest->process_count) {
        supervise_fault(system, (uint32_t)index, message->words);
    }
    message->words[0] = FAULT_STOP;
}

int main(void)
{
    struct system *system = &the_system;
    struct message message;

    if (setup_system(system) != OK) {
        return 1; /* a line said why; the kernel stops the machine */
    }
    supervise_start_all(system);
    memset(&message, 0, sizeof(message));
    for (;;) {
        ticks_t next = supervise_tick(system, time_now());
        int error = event_serve_until(system->processes[0].endpoint, &message, next);
        if (error != OK && error != E_TIMEOUT) {
            return 2; /* its own endpoint is broken: nothing can be right any more */
        }
        if (error == E_TIMEOUT || message.bits != 0) {
            continue;
        }
        if ((message.badge & SYSTEM_FAULT_BADGE) != 0) {
            take_fault(system, &message);
        } else {
            requests_serve(system, &message);
        }
    }
}
