# SPDX-License-Identifier: BSD-2-Clause
# Servers: one program each.  PROGRAMS names it, NAME_SRC its sources in reading order.
PROGRAMS += init
init_SRC := \
    servers/init/main.c servers/init/manifest.c servers/init/manifest_check.c servers/init/settings.c servers/init/random.c \
    servers/init/devices.c servers/init/probe.c servers/init/setup.c servers/init/launch.c servers/init/grants.c servers/init/children.c \
    servers/init/watch.c servers/init/supervise.c servers/init/requests.c \
    libc/base/bundle.c libc/base/bootargs.c libc/base/fdt.c libc/base/fdt_devices.c \
    libc/base/error_text.c
PROGRAMS += shell
shell_SRC := servers/shell/main.c servers/shell/commands.c servers/shell/system.c servers/shell/network.c servers/shell/configure.c \
    servers/shell/sockets.c servers/shell/bus.c

# lwIP 2.2.1 as servers/netd/lwip/lwipopts.h configures it; the tests link the same files.
LWIP_SRC := \
    lwip/src/core/init.c \
    lwip/src/core/def.c \
    lwip/src/core/inet_chksum.c \
    lwip/src/core/ip.c \
    lwip/src/core/mem.c \
    lwip/src/core/memp.c \
    lwip/src/core/netif.c \
    lwip/src/core/pbuf.c \
    lwip/src/core/raw.c \
    lwip/src/core/stats.c \
    lwip/src/core/tcp.c \
    lwip/src/core/tcp_in.c \
    lwip/src/core/tcp_out.c \
    lwip/src/core/timeouts.c \
    lwip/src/core/udp.c \
    lwip/src/core/ipv4/acd.c \
    lwip/src/core/ipv4/dhcp.c \
    lwip/src/core/ipv4/etharp.c \
    lwip/src/core/ipv4/icmp.c \
    lwip/src/core/ipv4/igmp.c \
    lwip/src/core/ipv4/ip4.c \
    lwip/src/core/ipv4/ip4_addr.c \
    lwip/src/core/ipv4/ip4_frag.c \
    lwip/src/core/ipv6/dhcp6.c \
    lwip/src/core/ipv6/ethip6.c \
    lwip/src/core/ipv6/icmp6.c \
    lwip/src/core/ipv6/inet6.c \
    lwip/src/core/ipv6/ip6.c \
    lwip/src/core/ipv6/ip6_addr.c \
    lwip/src/core/ipv6/ip6_frag.c \
    lwip/src/core/ipv6/mld6.c \
    lwip/src/core/ipv6/nd6.c \
    lwip/src/netif/ethernet.c

# netd without its process: no system call in any of them.
NETD_PURE_SRC := \
    servers/netd/stack.c servers/netd/netif.c servers/netd/ingress.c servers/netd/merge.c servers/netd/egress.c \
    servers/netd/flow.c servers/netd/segment_input.c servers/netd/addr.c servers/netd/addr6.c \
    servers/netd/info6_message.c servers/netd/info6.c servers/netd/routes.c servers/netd/dns_message.c \
    servers/netd/resolver.c servers/netd/ping.c \
    servers/netd/service.c servers/netd/service_ip6.c servers/netd/service_configure.c servers/netd/service_routes.c \
    servers/netd/timers.c servers/netd/checksum.c servers/netd/stats.c \
    servers/netd/socket_arena.c servers/netd/socket_address.c servers/netd/socket_stream.c \
    servers/netd/socket_listen.c servers/netd/socket_datagram.c servers/netd/socket_send.c \
    servers/netd/socket_receive.c servers/netd/socket_groups.c servers/netd/socket_options.c \
    servers/netd/socket_icmp.c servers/netd/socket_requests.c \
    servers/netd/lwip/port.c
PROGRAMS += netd
netd_SRC := $(NETD_PURE_SRC) servers/netd/main.c $(LWIP_SRC)

# Primitives of dsoftbusd: BearSSL 0.6 and libb2 0.98.1, the files needed and no more.
CRYPTO_SRC := \
    servers/dsoftbusd/crypto.c \
    bearssl/src/ec/ec_c25519_m31.c \
    bearssl/src/symcipher/chacha20_ct.c \
    bearssl/src/symcipher/poly1305_ctmul.c \
    bearssl/src/hash/sha2small.c \
    bearssl/src/codec/ccopy.c \
    bearssl/src/codec/dec32be.c \
    bearssl/src/codec/enc32be.c \
    libb2/src/blake2s-ref.c

# The bus without its process: no system call in any of them.
BUS_PURE_SRC := \
    servers/dsoftbusd/bus_stats.c servers/dsoftbusd/bus_name.c servers/dsoftbusd/announce.c \
    servers/dsoftbusd/sources.c servers/dsoftbusd/peers.c servers/dsoftbusd/trust.c \
    servers/dsoftbusd/frame.c servers/dsoftbusd/record.c servers/dsoftbusd/session.c servers/dsoftbusd/channel.c \
    servers/dsoftbusd/call.c servers/dsoftbusd/services.c \
    servers/dsoftbusd/node.c servers/dsoftbusd/links.c servers/dsoftbusd/calls.c servers/dsoftbusd/status.c \
    servers/dsoftbusd/dual.c servers/dsoftbusd/lines.c servers/dsoftbusd/desk.c servers/dsoftbusd/desk_services.c \
    servers/dsoftbusd/kept.c servers/dsoftbusd/keys.c \
    servers/dsoftbusd/noise.c servers/dsoftbusd/noise_patterns.c $(CRYPTO_SRC)
# The same on POSIX sockets: build/host/dsoftbus-node.
HOST_NODE_SRC := servers/dsoftbusd/host/main.c servers/dsoftbusd/host/files.c servers/dsoftbusd/host/both.c servers/dsoftbusd/loop.c \
    $(BUS_PURE_SRC) libc/base/fmt.c
PROGRAMS += dsoftbusd
dsoftbusd_SRC := servers/dsoftbusd/main.c servers/dsoftbusd/identity.c servers/dsoftbusd/keyfile.S servers/dsoftbusd/loop.c \
    $(BUS_PURE_SRC)

# Servers of the network, in plain C.
PROGRAMS += echod discardd sourced httpd hellonet
hellonet_SRC := servers/small/hellonet.c
echod_SRC := servers/small/echod.c
discardd_SRC := servers/small/discardd.c
sourced_SRC := servers/small/sourced.c
httpd_SRC := servers/httpd/main.c servers/httpd/request.c servers/httpd/pages.c servers/httpd/status.c
PROGRAMS += telnetd
telnetd_SRC := servers/shell/telnetd.c servers/shell/telnet.c servers/shell/commands.c servers/shell/system.c \
    servers/shell/network.c servers/shell/configure.c servers/shell/sockets.c servers/shell/bus.c
PROGRAMS += statusd
statusd_SRC := servers/statusd/main.c servers/statusd/status.c
