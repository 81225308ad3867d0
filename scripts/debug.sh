#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Boot under gdb, stopped before the first instruction.  The UART goes to build/debug-uart.log; QEMU ends with gdb.
#
#   scripts/debug.sh PROGRAM.elf...     programs whose symbols are wanted too
#
# Environment: ARCH, LANE, KERNEL and the rest of scripts/run.sh; GDB_ARGS, more arguments for gdb.
set -eu
case ${1:-} in -h | --help) sed -n '4,/^set /{s/^# \{0,1\}//p;}' "$0"; exit ;; esac
arch=${ARCH:-riscv64}
kernel=${KERNEL:-${BUILD:-build}/$arch/kernel.elf}
log=${BUILD:-build}/debug-uart.log
scripts=$(dirname "$0")

set -- "$@" -- # the programs up to here
while [ "$1" != -- ]; do
    set -- "$@" -ex "add-symbol-file $1"
    shift
done
shift
echo "The UART goes to $log; in another terminal: tail -f $log"
# shellcheck disable=SC2086 # words on purpose
exec gdb-multiarch -q -ex "set confirm off" -ex "file $kernel" "$@" \
    -ex "target remote | ARCH=$arch KERNEL=$kernel SERIAL=file:$log GDB=stdio $scripts/run.sh" ${GDB_ARGS:-}
