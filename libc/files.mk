# SPDX-License-Identifier: BSD-2-Clause
# What every program is linked with besides musl, in reading order.
LIBC_SRC := \
  libc/arch/$(ARCH)/start.S \
  libc/arch/$(ARCH)/syscalls.c \
  libc/start.c \
  libc/startup.c \
  libc/event.c \
  libc/console.c \
  libc/log.c \
  libc/memory.c \
  libc/regions.c \
  libc/process.c \
  libc/icmp.c \
  libc/descriptors.c \
  libc/console_file.c \
  libc/news.c \
  libc/polling.c \
  libc/pool.c \
  libc/network.c \
  libc/interfaces.c \
  libc/slot.c \
  libc/socket_address.c \
  libc/socket_file.c \
  libc/socket_transfer.c \
  libc/socket_options.c \
  libc/personality.c \
  libc/personality_files.c \
  libc/personality_memory.c \
  libc/personality_time.c \
  libc/personality_random.c \
  libc/musl/string/memcpy.c \
  libc/musl/string/memmove.c \
  libc/musl/string/memset.c \
  libc/musl/string/memcmp.c \
  libc/musl/thread/clone.c \
  libc/musl/network/socket.c \
  libc/base/fmt.c \
  libc/base/parse.c \
  libc/base/error_text.c
