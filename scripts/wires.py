# SPDX-License-Identifier: BSD-2-Clause
"""
The wires that QEMU can put between two machines of one host: what each needs, and what it does that no real wire does
[docs/decisions/multicast-backends.md].

The ones that are no matter of files alone are in a network that has nothing but `lo` and what is made here, so that
nothing leaves it.
"""

import os
import subprocess
import time

import guest
import wire

ECHOING = ("mcast",)  # each end hears what it has sent itself
MCAST = "socket,mcast=239.255.42.1:5557,localaddr=127.0.0.1"
END_S = 10


def prepare(kind):
    """Move this process into a network of its own, where the wire needs one."""
    if kind in ("mcast", "tap"):
        guest.enter_own_network()
    if kind == "tap":
        ip("link add br0 type bridge")
        for name in ("tap1", "tap2"):
            ip("tuntap add %s mode tap" % name)
            ip("link set %s master br0 up" % name)
        ip("link set br0 arp off up")  # the host is no station of this wire, whatever it takes for its own


def ip(words):
    subprocess.run(["ip"] + words.split(), check=True)


def end_of(kind, number, folder):
    """The end of machine 1 or 2, as settings of scripts/run.sh."""
    if kind == "tap":
        return {"NET": "tap", "IF": "tap%d" % number}
    if kind == "mcast":
        return {"NET": MCAST}
    if kind == "stream":
        return {"NET": "stream,server=%s,addr.type=unix,addr.path=%s" % ("on" if number == 1 else "off",
                                                                         path(folder, 1))}
    return {"NET": "dgram,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s" %
                   (path(folder, number), path(folder, 3 - number))}


def path(folder, number):
    return os.path.join(folder, "wire%d" % number)


def wait_for_end(kind, folder):
    """Until the end that the other connects to is there."""
    end = time.monotonic() + END_S
    while kind == "stream" and not os.path.exists(path(folder, 1)) and time.monotonic() < end:
        time.sleep(0.05)


def without_echoes(frames, station):
    """The frames without those of the station that came back to it, and how many did.  Each IPv4 packet has a number
    of its own, so two that are equal are one."""
    seen, kept, echoes = set(), [], 0
    for frame in frames:
        is_ours = frame.data[6:12] == station and frame.data[12:14] == wire.IPV4.to_bytes(2, "big")
        if is_ours and frame.data in seen:
            echoes += 1
            continue
        if is_ours:
            seen.add(frame.data)
        kept.append(frame)
    return kept, echoes
