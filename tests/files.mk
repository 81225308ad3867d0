# SPDX-License-Identifier: BSD-2-Clause
# Host tests and boots, in the order they run: a line of its own for each, so that changes do not meet.
#
# UNIT_TESTS    NAME is tests/unit/NAME.c (cmocka), linked with NAME_SRC and the libraries NAME_LIBS; reads NAME_DATA
# FUZZ_TARGETS  NAME is tests/fuzz/NAME.c (libFuzzer), linked with NAME_FUZZ_SRC; corpus in tests/fuzz/corpus/NAME/
# PY_TESTS      files of Python unit tests
# QEMU_LANES    lanes that must pass on both CPUs; QEMU_LANES_riscv64 and _aarch64: on that one only

UNIT_TESTS :=
UNIT_TESTS += bytes
UNIT_TESTS += bits
UNIT_TESTS += list
UNIT_TESTS += fmt
fmt_SRC := libc/base/fmt.c
UNIT_TESTS += parse
parse_SRC := libc/base/parse.c
UNIT_TESTS += ip6_text
ip6_text_SRC := libc/base/ip6_text.c libc/base/fmt.c libc/base/parse.c
UNIT_TESTS += ring
ring_LIBS := -lpthread
UNIT_TESTS += ring_steps
UNIT_TESTS += fdt
fdt_SRC := libc/base/fdt.c libc/base/fdt_devices.c tests/fuzz/fdt.c tests/unit/fdt_trees.c
fdt_LIBS := -lfdt
fdt_DATA := riscv64.dtb aarch64.dtb
UNIT_TESTS += fdt_devices
fdt_devices_SRC := libc/base/fdt.c libc/base/fdt_devices.c tests/unit/fdt_trees.c
fdt_devices_LIBS := -lfdt
fdt_devices_DATA := riscv64.dtb aarch64.dtb
UNIT_TESTS += base_mem
UNIT_TESTS += bundle
bundle_SRC := libc/base/bundle.c tests/fuzz/bundle.c
UNIT_TESTS += bootargs
bootargs_SRC := libc/base/bootargs.c libc/base/parse.c
UNIT_TESTS += mem
UNIT_TESTS += mem_unaligned
UNIT_TESTS += startup_page
startup_page_SRC := libc/startup.c
UNIT_TESTS += log
log_SRC := libc/log.c
UNIT_TESTS += regions
regions_SRC := libc/regions.c
UNIT_TESTS += user_time
UNIT_TESTS += event
event_SRC := libc/event.c
UNIT_TESTS += process
process_SRC := libc/process.c
UNIT_TESTS += personality
LIBC_FILES_SRC := libc/personality.c libc/personality_files.c libc/descriptors.c libc/console_file.c libc/news.c \
    libc/polling.c libc/event.c libc/log.c libc/files.c libc/memory_file.c libc/image_text.c libc/pool.c \
    libc/child.c libc/base/fmt.c libc/base/parse.c
LIBC_SOCKET_SRC := libc/epoll_file.c libc/pipe_file.c libc/network.c libc/interfaces.c libc/slot.c \
    libc/socket_address.c libc/socket_file.c \
    libc/socket_transfer.c libc/socket_options.c
personality_SRC := $(LIBC_FILES_SRC) libc/personality_memory.c
UNIT_TESTS += sockets
UNIT_TESTS += sockets_datagram
UNIT_TESTS += sockets_epoll
UNIT_TESTS += sockets_netd
UNIT_TESTS += sockets_options
UNIT_TESTS += files
sockets_datagram_SRC = $(sockets_SRC)
sockets_epoll_SRC = $(sockets_SRC)
sockets_netd_SRC = $(sockets_SRC)
sockets_options_SRC = $(sockets_SRC) libc/musl/network/getifaddrs.c libc/musl/network/if_nameindex.c \
    libc/musl/network/if_nametoindex.c libc/musl/network/if_indextoname.c
files_SRC = $(sockets_SRC)
sockets_SRC := tests/unit/fake_netd.c $(LIBC_FILES_SRC) $(LIBC_SOCKET_SRC) libc/personality_memory.c
UNIT_TESTS += virtqueue
virtqueue_SRC := tests/unit/virtqueue_cases.c tests/unit/virtqueue_bench.c tests/unit/fake_virtio.c $(VIRTIO_PURE_SRC)
UNIT_TESTS += virtio_transport
virtio_transport_SRC := tests/unit/fake_virtio.c $(VIRTIO_PURE_SRC)
UNIT_TESTS += virtio_net
UNIT_TESTS += virtio_net_faults
virtio_net_SRC := tests/unit/net_bench.c tests/unit/fake_virtio.c $(VIRTIO_PURE_SRC) $(NET_PURE_SRC)
virtio_net_faults_SRC := $(virtio_net_SRC)
UNIT_TESTS += virtio_rng
virtio_rng_SRC := tests/unit/fake_virtio.c $(VIRTIO_PURE_SRC) $(RNG_PURE_SRC)
UNIT_TESTS += telnet
telnet_SRC := servers/shell/telnet.c
UNIT_TESTS += http_request
http_request_SRC := servers/httpd/request.c
UNIT_TESTS += manifest
manifest_SRC := servers/init/manifest.c servers/init/manifest_check.c servers/init/settings.c libc/base/fmt.c
UNIT_TESTS += authority
authority_SRC := servers/init/manifest.c
UNIT_TESTS += init_devices
init_devices_SRC := servers/init/devices.c servers/init/manifest.c servers/init/manifest_check.c \
    servers/init/settings.c libc/base/fmt.c libc/base/fdt.c libc/base/fdt_devices.c tests/unit/fdt_trees.c
init_devices_LIBS := -lfdt
init_devices_DATA := riscv64.dtb aarch64.dtb
UNIT_TESTS += init_random
init_random_SRC := servers/init/random.c
UNIT_TESTS += init_watch
init_watch_SRC := servers/init/watch.c
UNIT_TESTS += serial_lines
serial_lines_SRC := $(SERIAL_PURE_SRC) libc/base/fmt.c
UNIT_TESTS += rtc_clock
rtc_clock_SRC := drivers/rtc/clock.c
UNIT_TESTS += ingress
ingress_SRC := servers/netd/ingress.c servers/netd/checksum.c servers/netd/stats.c
UNIT_TESTS += ingress_ip6
ingress_ip6_SRC := $(ingress_SRC)
UNIT_TESTS += netd_checksum
netd_checksum_SRC := servers/netd/checksum.c
UNIT_TESTS += netd_checksum_halves
UNIT_TESTS += netd_ping
netd_ping_SRC := servers/netd/ping.c servers/netd/checksum.c servers/netd/stats.c
NETD_SIM_SRC := tests/sim/sim.c tests/sim/dhcp_stub.c tests/sim/dhcp6_stub.c tests/sim/router6.c $(NETD_PURE_SRC) libc/base/fmt.c libc/base/parse.c libc/base/ip6_text.c $(LWIP_SRC)
UNIT_TESTS += netd_merge
netd_merge_SRC := $(NETD_SIM_SRC)
UNIT_TESTS += netd_interface
netd_interface_SRC := $(NETD_SIM_SRC)
UNIT_TESTS += netd_ip6
netd_ip6_SRC := $(NETD_SIM_SRC)
UNIT_TESTS += netd_info6
netd_info6_SRC := $(NETD_SIM_SRC)
UNIT_TESTS += netd_resolver
netd_resolver_SRC := $(NETD_SIM_SRC)
UNIT_TESTS += netd_routes
netd_routes_SRC := $(NETD_SIM_SRC)
UNIT_TESTS += netd_service
netd_service_SRC := $(NETD_SIM_SRC)
UNIT_TESTS += netd_stream
netd_stream_SRC := tests/sim/arena.c $(NETD_SIM_SRC)
UNIT_TESTS += netd_datagram
netd_datagram_SRC := $(netd_stream_SRC)
UNIT_TESTS += netd_flow
netd_flow_SRC := tests/sim/segment.c $(netd_stream_SRC)
UNIT_TESTS += netd_arena
netd_arena_SRC := $(netd_stream_SRC)
UNIT_TESTS += netd_policy
netd_policy_SRC := $(netd_stream_SRC)
UNIT_TESTS += netd_restart
netd_restart_SRC := $(netd_stream_SRC)
UNIT_TESTS += netd_wire
netd_wire_SRC := tests/sim/segment.c $(netd_stream_SRC)
UNIT_TESTS += netd_congestion
netd_congestion_SRC := $(netd_wire_SRC)
UNIT_TESTS += netd_sockets6
netd_sockets6_SRC := $(netd_stream_SRC)
UNIT_TESTS += netd_name_servers
netd_name_servers_SRC := $(NETD_SIM_SRC)
UNIT_TESTS += netd_random
netd_random_SRC := tests/sim/arena.c $(NETD_SIM_SRC)
UNIT_TESTS += bringup_rv_virt_v1_2_host
bringup_rv_virt_v1_2_host_SRC := $(virtqueue_SRC) tests/unit/dhcp_cases.c $(NETD_SIM_SRC)
UNIT_TESTS += bus_crypto
bus_crypto_SRC := $(CRYPTO_SRC)
UNIT_TESTS += bus_noise
bus_noise_SRC := servers/dsoftbusd/noise.c servers/dsoftbusd/noise_patterns.c libc/base/fmt.c $(CRYPTO_SRC)
UNIT_TESTS += bus_announce
bus_announce_SRC := servers/dsoftbusd/announce.c servers/dsoftbusd/bus_name.c servers/dsoftbusd/bus_stats.c
UNIT_TESTS += bus_peers
bus_peers_SRC := servers/dsoftbusd/peers.c servers/dsoftbusd/sources.c $(bus_announce_SRC) $(CRYPTO_SRC)
UNIT_TESTS += bus_trust
bus_trust_SRC := servers/dsoftbusd/trust.c servers/dsoftbusd/bus_name.c $(CRYPTO_SRC)
UNIT_TESTS += bus_session
bus_session_SRC := tests/unit/bus_pair.c servers/dsoftbusd/session.c servers/dsoftbusd/channel.c servers/dsoftbusd/frame.c \
    servers/dsoftbusd/record.c servers/dsoftbusd/call.c servers/dsoftbusd/bus_name.c servers/dsoftbusd/bus_stats.c $(bus_noise_SRC)
BUS_SIM_SRC := tests/sim/bus_sim.c $(BUS_PURE_SRC) libc/base/fmt.c
UNIT_TESTS += bus_channel
bus_channel_SRC := $(bus_session_SRC)
UNIT_TESTS += bus_node
bus_node_SRC := tests/unit/bus_world.c $(BUS_SIM_SRC)
UNIT_TESTS += bus_calls
bus_calls_SRC := $(bus_node_SRC)
UNIT_TESTS += bus_dual
bus_dual_SRC := $(bus_node_SRC)
UNIT_TESTS += bus_desk
bus_desk_SRC := $(bus_node_SRC)
UNIT_TESTS += bus_restart
bus_restart_SRC := libc/event.c libc/base/error_text.c $(bus_node_SRC)
UNIT_TESTS += bus_kept
bus_kept_SRC := servers/dsoftbusd/kept.c servers/dsoftbusd/keys.c $(bus_trust_SRC)
UNIT_TESTS += bus_loop
bus_loop_SRC := servers/dsoftbusd/loop.c $(BUS_PURE_SRC) libc/base/fmt.c
bus_loop_LIBS := -Wl,--wrap=setsockopt,--wrap=recvfrom,--wrap=accept4
UNIT_TESTS += bus_wire
bus_wire_SRC := $(BUS_SIM_SRC)
# The portable kernel on the host; the ledger stands between it and its allocators [tests/kernel/fake_memory.h].
KERNEL_HOST_SRC := \
  tests/kernel/fake_cpu.c tests/kernel/fake_memory.c tests/kernel/check.c tests/kernel/bench.c tests/kernel/fast_model.c \
  $(filter-out kernel/main.c kernel/console.c kernel/print.c libc/base/fmt.c libc/base/mem.c libc/base/bundle.c, \
    $(KERNEL_SRC))
KERNEL_HOST_LIBS := -Wl,--wrap=page_alloc,--wrap=page_free,--wrap=page_alloc_run,--wrap=account_take_slot \
  -Wl,--wrap=account_give_slot,--wrap=object_create
UNIT_TESTS += kernel_handles
kernel_handles_SRC := $(KERNEL_HOST_SRC)
kernel_handles_LIBS := $(KERNEL_HOST_LIBS)
UNIT_TESTS += kernel_pages
kernel_pages_SRC := $(KERNEL_HOST_SRC)
kernel_pages_LIBS := $(KERNEL_HOST_LIBS)
UNIT_TESTS += kernel_memory
kernel_memory_SRC := $(KERNEL_HOST_SRC)
kernel_memory_LIBS := $(KERNEL_HOST_LIBS)
UNIT_TESTS += kernel_endpoints
kernel_endpoints_SRC := tests/fuzz/syscall.c $(KERNEL_HOST_SRC)
kernel_endpoints_LIBS := $(KERNEL_HOST_LIBS)
UNIT_TESTS += kernel_sched
kernel_sched_SRC := $(KERNEL_HOST_SRC)
kernel_sched_LIBS := $(KERNEL_HOST_LIBS)

# The conformance of sockets: one program for the target and for this machine.
CONFORM_SRC := $(addprefix tests/conformance/, \
  main.c support.c make.c names.c connect.c stream.c ends.c datagram.c options.c ready.c events.c files.c \
  resolve.c groups.c spawn.c wire.c errors.c paths.c documented.c deviations.c)
PROGRAMS += crowd
crowd_SRC := tests/crowd/main.c
PROGRAMS += conform
conform_SRC := $(CONFORM_SRC)
PROGRAMS += errand
errand_SRC := tests/conformance/errand.c

FUZZ_TARGETS :=
FUZZ_TARGETS += fdt
fdt_FUZZ_SRC := libc/base/fdt.c libc/base/fdt_devices.c
FUZZ_TARGETS += bundle
bundle_FUZZ_SRC := libc/base/bundle.c
FUZZ_TARGETS += bootargs
bootargs_FUZZ_SRC := libc/base/bootargs.c libc/base/parse.c
FUZZ_TARGETS += virtqueue
virtqueue_FUZZ_SRC := tests/unit/fake_virtio.c $(VIRTIO_PURE_SRC) $(NET_PURE_SRC)
FUZZ_TARGETS += ingress
ingress_FUZZ_SRC := servers/netd/ingress.c servers/netd/checksum.c
FUZZ_TARGETS += netd_request
netd_request_FUZZ_SRC := $(NETD_PURE_SRC) libc/base/fmt.c libc/base/parse.c libc/base/ip6_text.c $(LWIP_SRC)
FUZZ_TARGETS += netd_frames
netd_frames_FUZZ_SRC := $(netd_request_FUZZ_SRC)
FUZZ_TARGETS += bus_announce
bus_announce_FUZZ_SRC := $(bus_announce_SRC) servers/dsoftbusd/trust.c $(CRYPTO_SRC)
FUZZ_TARGETS += bus_handshake
bus_handshake_FUZZ_SRC := $(bus_noise_SRC)
FUZZ_TARGETS += bus_session
bus_session_FUZZ_SRC := $(BUS_PURE_SRC) libc/base/fmt.c
FUZZ_TARGETS += bus_desk
bus_desk_FUZZ_SRC := $(BUS_PURE_SRC) libc/base/fmt.c
FUZZ_TARGETS += http_request
http_request_FUZZ_SRC := servers/httpd/request.c
FUZZ_TARGETS += syscall
syscall_FUZZ_SRC := $(KERNEL_HOST_SRC)
syscall_LIBS := $(KERNEL_HOST_LIBS)

PY_TESTS :=
PY_TESTS += tests/markers/test_check_markers.py
PY_TESTS += tests/unit/test_qemu_test.py
PY_TESTS += tests/unit/test_check_tree.py
PY_TESTS += tests/unit/test_mkbundle.py
PY_TESTS += tests/unit/test_run_tests.py
PY_TESTS += tests/unit/test_bench.py
PY_TESTS += tests/unit/test_check_guard.py
PY_TESTS += tests/unit/test_shell_scripts.py
PY_TESTS += tests/unit/test_two_vm.py
PY_TESTS += tests/unit/test_patterns.py
PY_TESTS += tests/peer/test_noise_peer.py

QEMU_LANES := default services dual loss crowd two-nic no-mcast no-discovery no-entropy impostor test-keys flood \
    host-node loopback wire bad-checksum dns dhcp-real no-gateway default-max \
    legacy minimal no-dhcp no-nic ipv6 smallmem bigmem \
    user-read stack-overflow bad-init bad-program bad-tree bad-words sockets
QEMU_LANES_riscv64 := bios
QEMU_LANES_aarch64 := gicv3 virt image
