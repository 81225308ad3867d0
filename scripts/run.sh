#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The one place that builds a QEMU command line; it replaces itself with QEMU, so its process is QEMU's.
#
#   scripts/run.sh             boot
#   scripts/run.sh --print     print the command instead
#   scripts/run.sh --lanes     print the lanes of ARCH
#   scripts/run.sh --network   print yes or no: does LANE have a network device
#
# Environment:
#   ARCH     riscv64 (default) or aarch64
#   LANE     (none)       devices as default; the guest is told of no lane and stays at its prompt
#            default      user network, restrict=on, virtio 1
#            default-max  the same with every CPU extension (-cpu max)
#            gicv3        aarch64: GIC version 3
#            virt         aarch64: entered at EL2
#            image        aarch64: the raw Image instead of the ELF file
#            bios         riscv64: QEMU's own firmware
#            legacy       virtio-mmio version 1
#            minimal      profile=minimal: the driver accepts VERSION_1 and MAC only
#            no-dhcp      a network device on a wire with nobody on it
#            no-nic       no network device
#            no-mcast     the manifest denies dsoftbusd its group
#            no-discovery the manifest denies dsoftbusd its group and broadcast
#            no-entropy   no random device, and init drops the tree's seed
#            wire         two network devices on one hub, a node of the bus on each, with the keys of the tests
#            dual         two nodes of the bus in one process; the guest stays at its prompt
#            two-vm       the keys of the tests are in the image; NET is the wire to another
#            impostor     likewise; the host plays somebody else
#            loopback     likewise; the host node is right, over forwarded ports
#            test-keys    the keys of the tests in an image that was not built to take them
#            ipv6         a router that announces fd77::/64, on a wire that has room for another machine; the guest
#                         stays at its prompt
#            smallmem     64 MB
#            bigmem       4 GB, the network device in another slot
#            user-read    panic=exit and every CPU extension: a kernel that reads user memory on purpose
#            stack-overflow  panic=exit: a kernel that calls itself without end on purpose
#            bad-init     panic=exit: init is corrupt
#            bad-program  another program is corrupt
#            bad-tree     panic=exit: a device tree with an interrupt controller that nobody knows
#            bad-words    boot arguments that mean nothing
#            services     as default, without the tests on the target: its servers are used from the host
#            two-nic      a second network device, on a user network of its own: 10.0.3.0/24
#            bad-checksum, loss, crowd, dns, dhcp-real, no-gateway, flood, host-node   a cable: each frame is a
#                         datagram on 127.0.0.1, and a visit has the other end [tests/visits/cable.py]
#            sockets      the far end of the wire has an echo server: 10.0.2.100 port 7
#            bench        one instruction per nanosecond of guest time, no network device: counts repeat
#   KERNEL   image (default build/ARCH/kernel.elf)
#   BIOS     riscv64: the firmware (build/riscv64/opensbi.bin); default is QEMU's own
#   FORWARD  tcp:ADDRESS:PORT-:GUESTPORT ...: ports of the host that lead to the guest's (also udp:).  Without a
#            lane: web pages, telnet and echo on 127.0.0.1, on ports that are free
#   MAC      02:00:00:00:00:01
#   NET      open: the user network without restrict=on, so the guest reaches what this machine reaches; without a
#            lane its nodes neither announce themselves nor join their group unless DISCOVERY=1
#            tap: the interface IF (default tap0), made before; see docs/networking/os-net.md
#            otherwise a netdev to use instead of the lane's, without its id, e.g. hubport,hubid=0
#   MEM      memory instead of the lane's, e.g. 128M
#   APPEND   more boot arguments: key=value words for /chosen/bootargs
#   NET2     a netdev for a second network device, whatever the lane; FORWARD2 as FORWARD for two-nic's second network
#   MAC2     02:00:00:00:00:02
#   PCAP     file for a capture of the wire; that of the second device goes to PCAP.2
#   SERIAL   where the UART goes: mon:stdio (default: with QEMU's monitor on Ctrl-A C), stdio, file:NAME, ...
#   GDB      stdio or a port of 127.0.0.1: wait for a debugger there
#   QEMU_ARGS  more arguments, split at spaces
#
# Exit status: the guest's (riscv64: test device, aarch64: semihosting), 2 usage, 3 QEMU is missing or no kernel.
#
# Each device is pinned to a virtio-mmio slot: on aarch64 eight slots share a page, and two devices in one page
# could not be given to two processes.  The user network is restricted unless NET=open: a guest's multicast must not
# leave.
set -eu
case ${1:-} in -h | --help) sed -n '4,/^set /{s/^# \{0,1\}//p;}' "$0"; exit ;; esac

die() { code=$1; shift; printf 'run.sh: %s\n' "$*" >&2; exit "$code"; }

# QEMU 7.2 has no riscv64 CPU named max: there, the default one with what it leaves off.
greatest_cpu() {
    if qemu-system-"$arch" -cpu help 2>/dev/null | grep -qw max; then
        echo max
    else
        echo rv64,v=true,svnapot=true,svinval=true,svpbmt=true
    fi
}

verb=${1:-}
case $verb in
'' | --print | --lanes | --network) ;;
*) die 2 "unknown: $verb; scripts/run.sh --help says what there is" ;;
esac
arch=${ARCH:-riscv64}
lane=${LANE:-default}
lanes="default default-max legacy minimal no-dhcp no-nic ipv6 smallmem bigmem"
lanes="$lanes no-mcast no-discovery no-entropy two-vm impostor loopback test-keys wire"
lanes="$lanes services dual two-nic bad-checksum loss crowd dns dhcp-real no-gateway flood host-node"
lanes="$lanes user-read stack-overflow bad-init bad-program bad-tree bad-words sockets bench"
case $arch in
riscv64)
    lanes="$lanes bios"
    bios=${BIOS:-${BUILD:-build}/riscv64/opensbi.bin}
    set -- -machine virt -cpu rv64
    nic_slot=7 other_nic_slot=2 rng_slot=6 second_nic_slot=5 # the tree has the highest first
    ;;
aarch64)
    lanes="$lanes gicv3 virt image"
    bios=''
    set -- -machine virt -cpu cortex-a57 -semihosting-config enable=on,target=native
    nic_slot=15 other_nic_slot=8 rng_slot=23 second_nic_slot=31 # init takes the lowest first
    ;;
*) die 2 "ARCH=$arch is not one of: riscv64 aarch64" ;;
esac
case " $lanes " in *" $lane "*) ;; *) die 2 "LANE=$lane is not one of: $lanes" ;; esac

mac=${MAC:-02:00:00:00:00:01}
folder=${BUILD:-build}/$arch
kernel=${KERNEL:-$folder/kernel.elf}
cable=dgram,local.type=inet,local.host=127.0.0.1,local.port=5555
cable=$cable,remote.type=inet,remote.host=127.0.0.1,remote.port=5556
memory=256M legacy=false network=user,restrict=on network2=${NET2:-} words=${LANE:+lane=$lane}
entropy=virtio-rng-device,bus=virtio-mmio-bus.$rng_slot
case ${LANE:-} in
default | default-max | gicv3 | virt | image | bios | legacy | minimal | smallmem | bigmem | no-dhcp | no-mcast | \
    no-discovery | no-entropy) words="$words dual=1" ;; # two nodes of the bus
esac
case $lane in
default-max) set -- "$@" -cpu "$(greatest_cpu)" ;;
gicv3) set -- "$@" -machine gic-version=3 ;;
virt) set -- "$@" -machine virtualization=on ;;
image) kernel=${kernel%.elf}.img ;;
bios) bios=default ;;
legacy) legacy=true ;;
minimal) words="$words profile=minimal" ;;
no-dhcp) network=hubport,hubid=0 ;;
no-nic) network='' ;;
wire)
    words="$words dual=1 ip=10.9.0.1/24 ip1=10.9.0.2/24" kernel=${kernel%.elf}-keyed.elf
    network=hubport,hubid=0 network2=hubport,hubid=0
    ;;
no-entropy) words="$words seed=none" entropy='' ;;
services) words='' ;;
two-nic) words='' network2=${NET2:-user,restrict=on,net=10.0.3.0/24} ;;
two-vm) words='' kernel=${kernel%.elf}-keyed.elf ;;
impostor | loopback) words=node=left kernel=${kernel%.elf}-keyed.elf ;;
test-keys) words=node=left kernel=${kernel%.elf}-test-keys.elf ;;
dual) words='dual=1' ;;
bad-checksum) words='' network2=$cable ;;
loss | dhcp-real | no-gateway) words='' network=$cable ;;
dns | crowd) network=$cable ;;
flood | host-node) words=node=left kernel=${kernel%.elf}-keyed.elf network=$cable ;;
sockets) network=user,restrict=on,guestfwd=tcp:10.0.2.100:7-cmd:cat ;;
ipv6) # a hub of three: the guest, the router, the cable
    words='' network=hubport,hubid=0 router=user,id=net2,restrict=on,ipv4=on,ipv6=on,ipv6-net=fd77::/64
    for forward in ${FORWARD:-}; do router=$router,hostfwd=$forward; done
    set -- "$@" -netdev "$router" -netdev hubport,id=net3,hubid=0,netdev=net2 \
        -netdev "${cable%%,*},id=net4,${cable#*,}" -netdev hubport,id=net5,hubid=0,netdev=net4
    ;;
user-read)
    network='' kernel=${kernel%.elf}-user-read.elf words="$words panic=exit"
    set -- "$@" -cpu "$(greatest_cpu)"
    ;;
stack-overflow) network='' kernel=${kernel%.elf}-stack-overflow.elf words="$words panic=exit" ;;
bad-init) network='' kernel=${kernel%.elf}-bad-init.elf words="$words panic=exit" ;;
bad-program) network='' kernel=${kernel%.elf}-bad-program.elf ;;
bad-tree) network='' words="$words panic=exit"; set -- "$@" -dtb "$folder/bad-tree.dtb" ;;
bad-words) network='' words="$words colour=blue panic=perhaps ip=300.1.2.3/24 node" ;;
bench) network=''; set -- "$@" -icount shift=0 ;;
smallmem) memory=64M ;;
bigmem) memory=4G nic_slot=$other_nic_slot ;;
esac
case ${NET:-} in
'') ;;
open)
    case $lane:$network in *:dgram* | ipv6:*) ;; *) network=user ;; esac
    case $network2 in '' | dgram*) ;; *) network2=user,net=10.0.3.0/24 ;; esac
    echo "The network is open: QEMU forwards the guest's multicast to this machine's network." >&2
    if [ -z "${LANE:-}" ] && [ "${DISCOVERY:-}" != 1 ]; then
        words="$words discovery=off"
        echo "So the guest does not look for other nodes; DISCOVERY=1 lets it." >&2
    fi
    ;;
tap) network=tap,ifname=${IF:-tap0},script=no,downscript=no,vnet_hdr=off ;; # else a capture has that header
*) network=$NET ;;
esac
case $verb:$network in
:user* | --print:user*)
    [ -n "${LANE:-}" ] || FORWARD=${FORWARD:-$("${0%/*}/forwards")}
    for forward in ${FORWARD:-}; do network=$network,hostfwd=$forward; done
    ;;
esac

case $network2 in user*) for forward in ${FORWARD2:-}; do network2=$network2,hostfwd=$forward; done ;; esac

set -- qemu-system-"$arch" "$@" -smp 1 -m "${MEM:-$memory}" -nodefaults -display none \
    ${bios:+-bios "$bios"} -kernel "$kernel" -append "${words# }${APPEND:+ $APPEND}" -serial "${SERIAL:-mon:stdio}" \
    -global virtio-mmio.force-legacy=$legacy ${entropy:+-device "$entropy"}
for number in 0 1; do
    case $number in
    0) this=$network address=$mac slot=$nic_slot capture=${PCAP:-} ;;
    1) this=$network2 address=${MAC2:-02:00:00:00:00:02} slot=$second_nic_slot capture=${PCAP:+$PCAP.2} ;;
    esac
    [ -n "$this" ] || continue
    case $this in *,*) options=,${this#*,} ;; *) options='' ;; esac
    set -- "$@" -netdev "${this%%,*},id=net$number$options" \
        -device "virtio-net-device,netdev=net$number,mac=$address,bus=virtio-mmio-bus.$slot"
    [ -z "$capture" ] || set -- "$@" -object "filter-dump,id=dump$number,netdev=net$number,file=$capture"
done
case ${GDB:-} in
'') ;;
stdio) set -- "$@" -gdb stdio -S ;;
*) set -- "$@" -gdb "tcp:127.0.0.1:$GDB" -S ;;
esac
# shellcheck disable=SC2086 # words on purpose
set -- "$@" ${QEMU_ARGS:-}

case $verb in
--lanes) printf '%s\n' "$lanes"; exit ;;
--network) if [ -n "$network" ]; then echo yes; else echo no; fi; exit ;;
--print) printf "'%s' " "$@"; echo; exit ;;
esac
command -v "$1" >/dev/null || die 3 "$1 is missing; run scripts/deps run"
[ -r "$kernel" ] || die 3 "$kernel is missing; run make ARCH=$arch"
case $bios in */*) [ -r "$bios" ] || die 3 "$bios is missing; run make ARCH=$arch, or set BIOS=default" ;; esac
if [ -z "${SERIAL:-}" ]; then
    echo "Leave QEMU with Ctrl-A X (Ctrl-A C is its monitor)."
fi
exec "$@"
