# SPDX-License-Identifier: BSD-2-Clause
# Drivers: one program each.  PROGRAMS names it, NAME_SRC its sources in reading order.
PROGRAMS += serial
SERIAL_PURE_SRC := drivers/serial/uart.c drivers/serial/editor.c drivers/serial/line.c drivers/serial/terminal.c
serial_SRC := $(SERIAL_PURE_SRC) drivers/serial/uart_io.c drivers/serial/main.c
PROGRAMS += rtc
rtc_SRC := drivers/rtc/clock.c drivers/rtc/main.c

# Everything between a virtio device and the meaning of its buffers; no system call in the first two.
VIRTIO_PURE_SRC := drivers/virtio/virtqueue.c drivers/virtio/transport.c
VIRTIO_SRC      := $(VIRTIO_PURE_SRC) drivers/virtio/mmio.c drivers/virtio/grant.c

# virtio-net without its process; the host tests link the same files.
NET_PURE_SRC := drivers/net/net_features.c drivers/net/net_device.c drivers/net/net_core.c drivers/net/net_driver.c
PROGRAMS += virtio-net
virtio-net_SRC := $(VIRTIO_SRC) $(NET_PURE_SRC) drivers/net/main.c

RNG_PURE_SRC := drivers/rng/chacha20.c drivers/rng/rng_pool.c drivers/rng/rng_device.c
PROGRAMS += rng
rng_SRC := $(VIRTIO_SRC) $(RNG_PURE_SRC) drivers/rng/main.c
