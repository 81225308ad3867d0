/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process rng: mixes the machine's seed, the entropy device and the moments at which things
 * happen, and gives random bytes to whoever may call it. Requests: proto/rng.h.
 *
 * Runs without a device, and goes on without one that breaks. Prints how much came from where,
 * never what. Nobody waits for the device but this process, at its start, for FIRST_WAIT_NS.
 */
#include <stdlib.h>
#include <string.h>

#include <abi/error.h>
#include <base/bytes.h>
#include <base/error_text.h>
#include <base/parse.h>
#include <proto/init.h>
#include <proto/rng.h>
#include <virtio/grant.h>
#include <wherry/console.h>
#include <wherry/event.h>
#include <wherry/startup.h>
#include <wherry/sys.h>
#include <wherry/time.h>

#include "rng_device.h"
#include "rng_pool.h"

enum {
    IRQ_BIT = 0,
    ANSWERS_PER_REFILL = 256, /* then the device is asked again */
};

#define EVENT_IRQ     (1ull << IRQ_BIT)
#define FIRST_WAIT_NS (100 * NS_PER_MS)

struct process {
    struct rng_pool pool;
    struct rng_device device;
    handle_t irq;
    bool has_device;
    uint32_t answers; /* since the device was asked */
};

static struct process process;

/* Not credited: an attacker may know it well. */
static void mix_moment(void)
{
    uint8_t moment[8];

    bytes_put_le64(moment, time_now());
    rng_pool_mix(&process.pool, moment, sizeof(moment), false);
}

/* The seed of the device tree, two hexadecimal digits a byte. Gives how many bytes there were. */
static uint32_t mix_seed(void)
{
    const char *digits = getenv(SETTING_SEED);
    uint32_t count = 0;
    uint64_t value;

    while (digits != NULL && digits[2 * count] != 0 && digits[2 * count + 1] != 0 &&
           parse_u64(digits + 2 * count, 2, 16, &value) == OK) {
        uint8_t byte = (uint8_t)value;

        rng_pool_mix(&process.pool, &byte, 1, true);
        count++;
    }
    return count;
}

/* Goes on without the device, which may write to our memory no more. */
static void drop_device(const char *what, int error)
{
    process.has_device = false;
    console_print("rng: %s, going on without the device: %s", what, error_text(error));
    if (rng_device_close(&process.device) != OK) {
        console_print("rng: the device does not reset");
    }
}

static void ask_device(void)
{
    int error = process.has_device ? rng_device_ask(&process.device) : OK;

    process.answers = 0;
    if (error != OK) {
        drop_device("cannot ask", error);
    }
}

/* An interrupt: mixes in what the device gave. */
static void take_from_device(void)
{
    uint8_t bytes[RNG_REQUEST_BYTES];
    uint32_t count = 0;

    if (!process.has_device) {
        return;
    }
    int error = rng_device_take(&process.device, bytes, &count);
    int unmask_error = (int)sys_irq_ack(process.irq).status;

    mix_moment();
    if (error == OK) {
        rng_pool_mix(&process.pool, bytes, count, true);
        memset(bytes, 0, sizeof(bytes));
    } else if (error != E_AGAIN) {
        drop_device("broken queue", error);
    }
    if (unmask_error != OK) {
        console_print("rng: cannot unmask the interrupt: %s", error_text(unmask_error));
    }
}

static void open_device(void)
{
    struct virtio_mmio mmio;
    struct grant_memory memory;
    int error = grant_window(&mmio);

    if (error == E_NOT_FOUND) {
        return;
    }
    if (error == OK && (error = grant_memory(ROLE_QUEUES, RNG_QUEUES_BYTES, &memory)) == OK &&
        (error = grant_interrupt(IRQ_BIT, &process.irq)) == OK) {
        error = rng_device_open(&process.device, mmio, memory.address, memory.physical);
    }
    if (error != OK) {
        console_print("rng: cannot use the device: %s", error_text(error));
        return;
    }
    process.has_device = true;
    ask_device();
}

/* Gives the device a moment, so that the first who asks is served. */
static void await_device(void)
{
    uint64_t bits;

    if (process.has_device &&
        event_wait(EVENT_IRQ, time_after(time_now(), FIRST_WAIT_NS), &bits) == OK) {
        take_from_device();
    }
}

static void answer(struct message *message)
{
    uint8_t bytes[RNG_BYTES];
    int status = message->words[0] == RNG_GET ? OK : E_BAD_CALL;

    mix_moment();
    if (status == OK) {
        status = rng_pool_take(&process.pool, bytes, sizeof(bytes));
    }
    memset(message->words, 0, sizeof(message->words));
    message->words[0] = (uint64_t)(int64_t)status;
    message->handle_count = 0;
    if (status == OK) {
        for (uint32_t i = 1; i < IPC_WORDS; i++) {
            message->words[i] = bytes_get_le64(bytes + 8 * (i - 1));
        }
        memset(bytes, 0, sizeof(bytes));
    }
    if (++process.answers >= ANSWERS_PER_REFILL) {
        ask_device();
    }
}

int main(void)
{
    struct message message = {0};
    uint32_t seed_bytes = mix_seed();

    mix_moment();
    open_device();
    await_device();
    console_print("rng: seed %u bytes, device %s, %s", seed_bytes,
                  process.has_device ? "present" : "absent",
                  rng_pool_is_seeded(&process.pool) ? "ready" : "no entropy yet");
    int error = grant_tell_up();

    while (error == OK) {
        error = event_serve(startup_handle(ROLE_ENDPOINT), &message);
        if (error == OK && message.bits == 0) {
            answer(&message);
        } else if ((message.bits & EVENT_IRQ) != 0) {
            take_from_device();
        }
    }
    console_print("rng: cannot serve: %s", error_text(error));
    return EXIT_FAILURE;
}
