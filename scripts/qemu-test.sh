#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Boot in QEMU, compare what comes out of the UART and over the wire with the list of the lane, and say so.
#
#   RUN_UNTIL_MARKER=1 RUN_TIMEOUT=90s ./scripts/qemu-test.sh
#
# Environment:
#   ARCH              riscv64 (default), aarch64, or all
#   LANE              default (default), another of scripts/run.sh, or all: every lane of that CPU
#   RUN_UNTIL_MARKER  0: run to the time-out; 1 (default): stop when the required lines are there;
#                     other text: stop at the line that begins with it
#   RUN_TIMEOUT       90s (default), 2m, 90
#   UART_LOG          uart.log; when several boots are asked for, -ARCH-LANE is put before its extension
#   QEMU_LOG          qemu.log: what QEMU itself said; likewise
#   PCAP              the capture; default UART_LOG with .pcap as its extension
#   NO_BUILD=1        do not call make first
#   KERNEL MAC MEM APPEND NET  as in scripts/run.sh
#
# Exit status: 0 everything is there; 1 a line is missing, forbidden, twice or out of order, or the wire says
# otherwise; 2 usage; 3 QEMU or a tool could not be started, or the build failed; 4 the guest hung or died.  Of
# several boots the greatest.  Interrupted: 130, and no QEMU stays behind.
set -eu
case ${1:-} in -h | --help) sed -n '4,/^set /{s/^# \{0,1\}//p;}' "$0"; exit ;; esac
[ $# -eq 0 ] || { echo "qemu-test.sh: takes no arguments; settings are variables, --help lists them" >&2; exit 2; }
cd "$(dirname "$0")/.."

arch=${ARCH:-riscv64}
case $arch in
riscv64 | aarch64) arches=$arch ;;
all) arches="riscv64 aarch64" ;;
*) echo "qemu-test.sh: ARCH=$arch is not one of: riscv64 aarch64 all" >&2; exit 2 ;;
esac
if [ "${NO_BUILD:-0}" != 1 ]; then
    [ ! -x /usr/bin/python3 ] || ARCHES=$arches /usr/bin/python3 -B scripts/qemu_test.py --check || exit 2
    for one in $arches; do
        make -s ARCH="$one" lanes host-node || exit 3
    done
    scripts/deps build run || exit 3
fi
[ -x /usr/bin/python3 ] || { echo "qemu-test.sh: /usr/bin/python3 is missing; run scripts/deps build" >&2; exit 3; }
exec env ARCHES="$arches" /usr/bin/python3 -B scripts/qemu_test.py
