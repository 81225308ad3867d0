#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
What QEMU's user network does with a guest's multicast [docs/decisions/multicast-backends.md].

  user_multicast.py ARCH

QEMU runs without a machine: its user network and this program are on one hub.  All of it is in a network that has
nothing but `lo`, to which groups lead.  A datagram to a group that may make one hop stays in the user network, as a
network's own would; one that may make more is sent out, where a socket here hears it; with restrict=on none is.  What
is sent to the group out here never comes in.  Exit status 0: so it is.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "scripts"))
sys.path.insert(0, os.path.join(HERE, "..", "visits"))

import guest  # noqa: E402
import packets  # noqa: E402

GROUP, PORT, TIMEOUT_S, QUIET_S = "239.42.0.1", 37020, 20, 0.3
SOURCE, TARGET = bytes([10, 0, 2, 15]), socket.inet_aton(GROUP)
STATION, GROUP_STATION = b"\2\0\0\0\0\1", bytes.fromhex("01005e2a0001")
GATEWAY = bytes([10, 0, 2, 2])
EXPECTED = {"user": {1: False, 2: True, 64: True}, "user,restrict=on": {1: False, 2: False, 64: False}}


def frame(hops, text):
    packet = packets.ip4(SOURCE, TARGET, packets.UDP, packets.udp(SOURCE, TARGET, (PORT, PORT), text))
    head = packets.put_sum(packet[:8] + bytes([hops]) + packet[9:20], 10)
    return packets.ethernet(GROUP_STATION, STATION, head + packet[20:])


def ask_for_gateway():
    return b"\xff" * 6 + STATION + b"\x08\x06\0\1\x08\0\6\4\0\1" + STATION + SOURCE + bytes(6) + GATEWAY


class UserNetwork:
    """QEMU's user network, and a socket of frames to and from it."""

    def __init__(self, arch, network, folder):
        ends = [os.path.join(folder, name) for name in ("theirs", "ours")]
        wire = "dgram,id=n1,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s" % tuple(ends)
        self.wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.wire.bind(ends[1])
        self.wire.settimeout(QUIET_S)
        self.errors = open(os.path.join(folder, "qemu.log"), "wb")
        self.process = subprocess.Popen(
            ["qemu-system-" + arch, "-machine", "none", "-nodefaults", "-display", "none",
             "-netdev", network.replace("user", "user,id=n0", 1), "-netdev", "hubport,hubid=0,netdev=n0,id=h0",
             "-netdev", wire, "-netdev", "hubport,hubid=0,netdev=n1,id=h1"],
            stderr=self.errors, preexec_fn=guest.die_with_parent)
        self.theirs = ends[0]

    def send(self, data):
        self.wire.sendto(data, self.theirs)

    def frames(self):
        """What comes until it is quiet."""
        found = []
        try:
            while True:
                found.append(self.wire.recv(2048))
        except socket.timeout:
            return found

    def wait(self):
        """Until it answers who the gateway is: what was sent before has been looked at, too."""
        end = time.monotonic() + TIMEOUT_S
        while time.monotonic() < end:
            try:
                self.send(ask_for_gateway())
            except OSError:  # it is not there yet
                time.sleep(0.05)
                continue
            if any(data[12:14] == b"\x08\x06" and data[28:32] == GATEWAY for data in self.frames()):
                return
        sys.exit("user_multicast: the user network does not answer")

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.wire.close()
        self.errors.close()


def listener():
    """A socket of the group on lo."""
    heard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    heard.bind((GROUP, PORT))
    heard.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, TARGET + socket.inet_aton("127.0.0.1"))
    heard.setblocking(False)
    return heard


def hears(heard, text):
    found = False
    try:
        while True:
            found |= heard.recv(2048) == text
    except BlockingIOError:
        return found


def check(arch, network, heard):
    """What is not as it should be, as sentences."""
    findings = []
    with tempfile.TemporaryDirectory(prefix="wherry-") as folder:
        user = UserNetwork(arch, network, folder)
        try:
            user.wait()
            for hops, leaves in EXPECTED[network].items():
                text = b"%d hops of %s" % (hops, network.encode())
                user.send(frame(hops, text))
                user.wait()
                if hears(heard, text) != leaves:
                    findings.append("%s: what may make %d hops %s" % (network, hops, "stays" if leaves else "leaves"))
            heard.sendto(b"from outside", (GROUP, PORT))
            if not hears(heard, b"from outside"):
                findings.append("a member of the group on lo hears nothing")
            if any(data[:6] == GROUP_STATION for data in user.frames()):
                findings.append("%s: something of the group came in" % network)
        finally:
            user.close()
    return findings


def main():
    if sys.argv[1:] not in [[arch] for arch in guest.ARCHES]:
        print(__doc__.strip().split("\n\n")[1], file=sys.stderr)
        return 2
    guest.enter_own_network()
    subprocess.run(["ip", "route", "add", "224.0.0.0/4", "dev", "lo"], check=True)
    with listener() as heard:
        findings = [sentence for network in EXPECTED for sentence in check(sys.argv[1], network, heard)]
    print("\n".join(findings) or "one hop stays, more leave, none with restrict=on; nothing comes in")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
