/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What init has given to a virtio driver. See grant.h.
 */
#include "grant.h"

#include <stdlib.h>
#include <string.h>

#include <abi/error.h>
#include <base/bytes.h>
#include <base/parse.h>
#include <proto/init.h>
#include <wherry/ipc.h>
#include <wherry/memory.h>
#include <wherry/startup.h>
#include <wherry/sys.h>

static int map(const char *role, uint64_t bytes, handle_t *handle, void **address)
{
    uint64_t pages;

    *handle = startup_handle(role);
    if (*handle == HANDLE_NONE) {
        return E_NOT_FOUND;
    }
    int error = memory_attach(*handle, RIGHT_READ | RIGHT_WRITE, address, &pages);

    if (error != OK) {
        return error;
    }
    return is_inside(0, bytes, pages * PAGE_BYTES) ? OK : E_RANGE;
}

int grant_window(struct virtio_mmio *mmio)
{
    const char *setting = getenv(SETTING_OFFSET);
    uint64_t offset = 0;
    handle_t handle;
    void *window;

    if (setting != NULL) {
        int error = parse_u64(setting, strlen(setting), 10, &offset);

        if (error != OK) {
            return error;
        }
    }
    if (offset % VIRTIO_MMIO_BYTES != 0 || !is_inside(offset, VIRTIO_MMIO_BYTES, MEMORY_END)) {
        return E_RANGE;
    }
    int error = map(ROLE_WINDOW, offset + VIRTIO_MMIO_BYTES, &handle, &window);

    if (error == OK) {
        mmio->base = (uint8_t *)window + offset;
    }
    return error;
}

int grant_memory(const char *role, uint64_t bytes, struct grant_memory *memory)
{
    handle_t handle;
    int error = map(role, bytes, &handle, &memory->address);

    if (error != OK) {
        return error;
    }
    struct sysret first = sys_memory_physical(handle, 0);

    memory->physical = first.value;
    return (int)first.status;
}

int grant_interrupt(uint64_t bit, handle_t *irq)
{
    *irq = startup_handle(ROLE_IRQ);
    struct sysret bound = sys_irq_bind(*irq, startup_handle(ROLE_NOTIFICATION), bit);

    return bound.status != OK ? (int)bound.status : (int)sys_irq_ack(*irq).status;
}

int grant_tell_up(void)
{
    struct message message = {.words = {INIT_UP}};
    int error = ipc_call(startup_handle(ROLE_INIT), &message, DEADLINE_FOREVER);

    return error != OK ? error : (int)(int64_t)message.words[0];
}
