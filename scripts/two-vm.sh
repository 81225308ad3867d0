#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Boot two machines on one wire, which is a pair of sockets of this machine: their nodes of the bus find each other,
# prove their stored keys, ping and call each other.  dsoftbusd of one is restarted and knows whom it trusts; then one
# of the machines is restarted, and comes back.
#
#   scripts/two-vm.sh [ARCH1 [ARCH2]]      riscv64 or aarch64; riscv64 aarch64 without
#
# Environment:
#   WIRE         what QEMU's ends of the wire are: dgram (default), stream, mcast, tap
#   RUN_TIMEOUT  150s (default)
#   UART_LOG     two-vm.log: of the two, -left and -right are put before the extension
#   PCAP         two-vm.pcap: the wire, as left sees it
#   NO_BUILD=1   do not call make first
#
# Exit status as of qemu-test.sh: 0 all is well, 1 something missing or the wire says otherwise, 2 usage, 3 something
# could not be started, 4 a guest died or hangs.
set -eu
case ${1:-} in -h | --help) sed -n '4,/^set /{s/^# \{0,1\}//p;}' "$0"; exit ;; esac
cd "$(dirname "$0")/.."
left=${1:-riscv64} right=${2:-aarch64}
for one in "$left" "$right"; do
    case $one in
    riscv64 | aarch64) ;;
    *) echo "two-vm.sh: $one is not one of: riscv64 aarch64" >&2; exit 2 ;;
    esac
done
case ${WIRE:-dgram} in
dgram | stream | mcast | tap) ;;
*) echo "two-vm.sh: WIRE=$WIRE is not one of: dgram stream mcast tap" >&2; exit 2 ;;
esac
if [ "${NO_BUILD:-0}" != 1 ]; then
    make -s ARCH="$left" lanes || exit 3
    [ "$right" = "$left" ] || make -s ARCH="$right" lanes || exit 3
    scripts/deps build run || exit 3
fi
[ -x /usr/bin/python3 ] || { echo "two-vm.sh: /usr/bin/python3 is missing; run scripts/deps build" >&2; exit 3; }
exec /usr/bin/python3 -B scripts/two_vm.py "$left" "$right"
