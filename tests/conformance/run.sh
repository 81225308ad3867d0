#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# Run the conformance program on this machine: in a network of its own where that is allowed, so that nothing else
# is reached and nothing else is in the way; else on the loopback that is there, with fewer cases.
set -eu
[ $# -eq 1 ] || { echo "usage: tests/conformance/run.sh PROGRAM" >&2; exit 2; }

ulimit -n 256  # descriptors, so that a case can take them all
ulimit -f 2048 # blocks of 512 bytes, so that a file can be too long
export CONFORM_ERRAND="$(dirname "$1")/errand" # what it has as a child
if [ "${CONFORM_ALONE:-}" = 1 ]; then
    ip link set lo up
    { echo 0 0 >/proc/sys/net/ipv4/ping_group_range; } 2>/dev/null || true # this group may ping
    exec "$1" </dev/null
fi
# The second is for root in a chroot, where nobody may have a namespace of users.
for with in '--user --map-root-user --net' --net; do
    if command -v ip >/dev/null && unshare $with true 2>/dev/null; then
        exec env CONFORM_ALONE=1 unshare $with "$0" "$1"
    fi
done
exec "$1" </dev/null
