/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtio-net driver between a device and a netd that both do whatever the input says: write
 * anywhere in the memory they share with it, claim buffers, raise interrupts, ask for epochs.
 *
 * The device that answers registers is fake_virtio; its memory is scribbled on here. After every
 * step: what the driver has posted lies in the frame pool, and it holds no more than it has slots.
 */
#include "fuzz.h"

#include <string.h>

#include <abi/error.h>
#include <net/net_driver.h>

#include "tests/unit/fake_virtio.h"

#define QUEUES_PHYSICAL 0x80000000ull
#define AREA_PHYSICAL   0x90000000ull

enum {
    STEPS_MAX = 200,
    OPERATION_BYTES = 6,
    CONTROL_BYTES = offsetof(struct frames_area, frame), /* of the area, before the pool */
};

enum operation {
    STEP,
    INTERRUPT,
    DEVICE_WRITES, /* anywhere in the queues */
    DEVICE_USES,   /* puts an entry into a used ring and moves the index */
    DEVICE_SERVES, /* takes an available buffer, returns it with a length */
    NETD_WRITES,   /* anywhere in the info block and the rings */
    NETD_GIVES,    /* an entry, good or bad, into a ring that it fills */
    NETD_IS_READY,
    NETD_ASKS,
    CONFIG_CHANGES,
    OPERATIONS,
};

static struct frames_area area __attribute__((aligned(PAGE_BYTES)));
static uint8_t queues[NET_QUEUES_BYTES] __attribute__((aligned(PAGE_BYTES)));
static struct fake_virtio fake;
static struct net_driver driver;

static void start(uint8_t kind)
{
    struct net_driver_setup setup = {
        .mmio = fake_mmio(&fake),
        .profile = (kind & 2) != 0 ? NET_PROFILE_FULL : NET_PROFILE_MINIMAL,
        .area = &area,
        .area_physical = AREA_PHYSICAL,
        .queues = queues,
        .queues_physical = QUEUES_PHYSICAL,
    };

    memset(&area, 0, CONTROL_BYTES);
    memset(queues, 0, sizeof(queues));
    fake_init(&fake, (kind & 1) != 0 ? 1 : 2);
    fake.queue_max = 1u << (kind >> 2) % 11;
    fake_add_memory(&fake, QUEUES_PHYSICAL, queues, sizeof(queues));
    fake_add_memory(&fake, AREA_PHYSICAL + CONTROL_BYTES, area.frame, sizeof(area.frame));
    REQUIRE(net_driver_init(&driver, &setup) == OK);
    frames_request(&area.info);
}

/* The contract: nothing outside the pool, whatever was written. */
static void check(void)
{
    uint64_t first = AREA_PHYSICAL + CONTROL_BYTES, bytes = sizeof(area.frame);

    for (uint32_t q = 0; q < NET_QUEUES && driver.phase == NET_RUNNING; q++) {
        const struct virtqueue *queue = &driver.core.queues[q];
        uint32_t posted = 0;

        for (uint32_t i = 0; i < queue->slots; i++) {
            struct net_buffer buffer;

            if (!queue->slot[i].is_posted) {
                continue;
            }
            posted++;
            REQUIRE(net_core_locate(AREA_PHYSICAL, queue->slot[i].cookie, 1, &buffer) == OK);
            REQUIRE(buffer.address - first < bytes);
            REQUIRE(buffer.bytes <= bytes - (buffer.address - first));
        }
        REQUIRE(posted == virtqueue_posted(queue));
    }
    REQUIRE(fake.violations == 0);
}

static bool step(void)
{
    struct net_step result;
    int error = net_driver_step(&driver, &result);

    check();
    return error == OK;
}

/* The device's ring that an operation is about; -1 while it does not run. */
static const struct fake_queue *running_queue(uint8_t which)
{
    return driver.phase == NET_RUNNING ? &fake.queue[which % FAKE_QUEUES] : NULL;
}

static void use(uint8_t which, uint32_t id, uint32_t bytes)
{
    const struct fake_queue *queue = running_queue(which);

    if (queue != NULL) {
        fake_return(&fake, which % FAKE_QUEUES, id % (2 * queue->size), bytes);
    }
}

static void serve(uint8_t which, uint32_t bytes)
{
    const struct fake_queue *queue = running_queue(which);
    const uint16_t *available;

    if (queue == NULL || fake_pending(&fake, which % FAKE_QUEUES) == 0) {
        return;
    }
    available = fake_reach(&fake, queue->available, 4 + 2 * queue->size);
    fake_return(
        &fake, which % FAKE_QUEUES,
        available[2 + (fake.queue[which % FAKE_QUEUES].available_next++ & (queue->size - 1))],
        bytes);
}

/* netd fills rx_free or tx_ready. */
static void give(uint8_t which, uint16_t index, uint16_t bytes)
{
    struct frames_ring *ring = (which & 1) != 0 ? &area.tx_ready : &area.rx_free;
    uint32_t tail = ring->shared.tail;
    struct frames_span span = {index, which >> 1, bytes};

    ring->entries[tail % FRAMES_COUNT] = frames_entry(span);
    ring->shared.tail = tail + 1;
}

static bool run(enum operation operation, uint8_t which, uint16_t first, uint16_t second)
{
    switch (operation) {
    case STEP:
        return step();
    case INTERRUPT:
        net_driver_interrupt(&driver);
        break;
    case DEVICE_WRITES:
        queues[(which << 16 | first) % sizeof(queues)] = (uint8_t)second;
        break;
    case DEVICE_USES:
        use(which, first, second);
        break;
    case DEVICE_SERVES:
        serve(which, first % 2100u);
        break;
    case NETD_WRITES:
        ((uint8_t *)&area)[first % CONTROL_BYTES] = (uint8_t)second;
        break;
    case NETD_GIVES:
        give(which, first, second);
        break;
    case NETD_IS_READY:
        frames_empty(&area, area.info.epoch);
        frames_ready(&area.info, area.info.epoch);
        break;
    case NETD_ASKS:
        frames_request(&area.info);
        break;
    case CONFIG_CHANGES:
        fake.config[which % FAKE_CONFIG_BYTES] = (uint8_t)second;
        fake.interrupt_status |= VIRTIO_INTERRUPT_CONFIG;
        fake.needs_reset = first % 8 == 0;
        break;
    case OPERATIONS:
        break;
    }
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    start(data[0]);
    data++;
    size--;
    for (uint32_t i = 0; i < STEPS_MAX && size >= OPERATION_BYTES; i++) {
        uint16_t first = (uint16_t)(data[2] | data[3] << 8);
        uint16_t second = (uint16_t)(data[4] | data[5] << 8);

        if (!run((enum operation)(data[0] % OPERATIONS), data[1], first, second)) {
            return 0; /* the driver ended */
        }
        data += OPERATION_BYTES;
        size -= OPERATION_BYTES;
    }
    step();
    return 0;
}
