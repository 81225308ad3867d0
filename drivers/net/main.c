/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process virtio-net, and virtio-en1 for a second device: gives net_driver.h its memory and
 * its time. Which of the two it is shows in its name and in the role of its frame pool alone.
 *
 * Sleeps on its notification: the device's interrupt and netd's wake-ups. It sees one device, one
 * pool and the four rings; no packet is looked at here or below. When it cannot go on it says why
 * and ends; init starts it again.
 *
 * Order of an interrupt: acknowledge at the device, unmask the line, then look at the rings; what
 * comes after the look raises the bit again.
 */
#include <stdlib.h>
#include <string.h>

#include <abi/error.h>
#include <base/error_text.h>
#include <proto/frames.h>
#include <proto/init.h>
#include <virtio/grant.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/startup.h>
#include <wherry/sys.h>

#include "net_driver.h"

enum { IRQ_BIT = 0 };

#define EVENT_IRQ (1ull << IRQ_BIT)

struct process {
    struct net_driver driver;
    handle_t irq;
    handle_t netd; /* its notification */
};

static struct process process;

static enum net_profile chosen_profile(void)
{
    const char *setting = getenv("profile");

    return setting != NULL && strcmp(setting, "minimal") == 0 ? NET_PROFILE_MINIMAL
                                                              : NET_PROFILE_FULL;
}

static void signal_netd(void)
{
    struct sysret signalled = sys_signal(process.netd, FRAMES_WAKE);

    if (signalled.status != OK) {
        console_print("%s: cannot wake netd: %s", startup_own()->program,
                      error_text((int)signalled.status));
    }
}

/* Takes what init gave and finds the device. The word is what failed. */
static int open_device(const char **what)
{
    struct net_driver_setup setup = {.profile = chosen_profile()};
    struct grant_memory frames, queues;
    int error;

    process.netd = startup_handle(ROLE_WAKE "netd");
    *what = "no registers";
    if ((error = grant_window(&setup.mmio)) != OK) {
        return error;
    }
    *what = "no frame pool";
    const char *role =
        startup_handle(ROLE_FRAMES) != HANDLE_NONE ? ROLE_FRAMES : ROLE_FRAMES_1;
    if ((error = grant_memory(role, sizeof(struct frames_area), &frames)) != OK) {
        return error;
    }
    *what = "no memory for queues";
    if ((error = grant_memory(ROLE_QUEUES, NET_QUEUES_BYTES, &queues)) != OK) {
        return error;
    }
    setup.area = frames.address;
    setup.area_physical = frames.physical;
    setup.queues = queues.address;
    setup.queues_physical = queues.physical;
    *what = "no network device";
    if ((error = net_driver_init(&process.driver, &setup)) != OK) {
        signal_netd(); /* the state has changed */
        return error;
    }
    *what = "no interrupt";
    return grant_interrupt(IRQ_BIT, &process.irq);
}

static void report_start(const struct net_driver *driver)
{
    console_print("%s: epoch %u, version %u, features 0x%lx, buffers rx %u tx %u",
                  startup_own()->program, driver->epoch, driver->device.transport.version,
                  (unsigned long)driver->device.transport.features,
                  driver->core.queues[NET_QUEUE_RX].slots, driver->core.queues[NET_QUEUE_TX].slots);
}

/* One wait and one step. The word is what failed. */
static int serve(struct net_step *step, const char **what)
{
    uint64_t bits = 0;

    *what = "cannot wait";
    int error = event_wait(EVENT_IRQ | FRAMES_WAKE, step->may_sleep ? DEADLINE_FOREVER : 0, &bits);

    if (error != OK && error != E_TIMEOUT) {
        return error;
    }
    if ((bits & EVENT_IRQ) != 0) {
        net_driver_interrupt(&process.driver);
        *what = "cannot unmask the interrupt";
        if ((error = (int)sys_irq_ack(process.irq).status) != OK) {
            return error;
        }
    }
    *what = "gave the device up";
    error = net_driver_step(&process.driver, step);
    if (step->signal_netd) {
        signal_netd();
    }
    if (step->has_started) {
        report_start(&process.driver);
    }
    return error;
}

int main(void)
{
    struct net_step step = {.may_sleep = false};
    const char *what;
    int error = open_device(&what);

    if (error == OK) {
        what = "init does not answer";
        error = grant_tell_up();
    }
    while (error == OK) {
        error = serve(&step, &what);
    }
    console_print("%s: %s: %s", startup_own()->program, what, error_text(error));
    return EXIT_FAILURE;
}
