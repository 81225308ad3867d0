/* SPDX-License-Identifier: BSD-2-Clause */
#include "probe.h"

#include <string.h>
#include <wherry/mmio.h>
#include <wherry/sys.h>

#include "system.h"

/* [virtio 1.2 §4.2.2] */
enum {
    VIRTIO_MAGIC_OFFSET = 0x000,
    VIRTIO_DEVICE_OFFSET = 0x008,
    VIRTIO_REGISTERS_BYTES = 0x100,
    VIRTIO_MAGIC = 0x74726976, /* "virt" */
};

static bool is_transport(const struct device *device)
{
    return strcmp(device->compatible, "virtio,mmio") == 0;
}

/* The page is mapped: look at every transport in it. */
static void read_page(struct device *devices, uint32_t count, paddr_t page)
{
    for (uint32_t i = 0; i < count; i++) {
        const void *registers = (const void *)(SYSTEM_SCRATCH_VADDR + (devices[i].base - page));
        if (is_transport(&devices[i]) && device_first_page(&devices[i]) == page &&
            devices[i].base - page <= PAGE_BYTES - VIRTIO_REGISTERS_BYTES &&
            mmio_get32(registers, VIRTIO_MAGIC_OFFSET) == VIRTIO_MAGIC) {
            devices[i].virtio_device = mmio_get32(registers, VIRTIO_DEVICE_OFFSET);
        }
    }
}

static int probe_page(struct device *devices, uint32_t count, paddr_t page)
{
    handle_t window;
    handle_t self = boot_handle(BOOT_HANDLE_TASK);
    int error = system_take(sys_window_create(boot_handle(BOOT_HANDLE_SYSTEM),
                                              boot_handle(BOOT_HANDLE_ACCOUNT), page, PAGE_BYTES),
                            &window);
    if (error != OK) {
        return error;
    }
    error = (int)sys_memory_map(self, window, SYSTEM_SCRATCH_VADDR, 0, 1, RIGHT_READ).status;
    if (error == OK) {
        read_page(devices, count, page);
        error = (int)sys_memory_unmap(self, SYSTEM_SCRATCH_VADDR).status;
    }
    sys_handle_close(window);
    return error;
}

/* Whether an earlier transport of the list lies in the same page. */
static bool is_page_done(const struct device *devices, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++) {
        if (is_transport(&devices[i]) &&
            device_first_page(&devices[i]) == device_first_page(&devices[index])) {
            return true;
        }
    }
    return false;
}

uint32_t probe_virtio(struct device *devices, uint32_t count)
{
    uint32_t failed = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (is_transport(&devices[i]) && !is_page_done(devices, i) &&
            probe_page(devices, count, device_first_page(&devices[i])) != OK) {
            failed++;
        }
    }
    return failed;
}
