# SPDX-License-Identifier: BSD-2-Clause
"""
The other end of a guest's wire, in the network of a visit: QEMU sends and takes each frame as a datagram
(lanes with `cable` in scripts/run.sh). Frames are taken one by one, or a Cable joins the wire to the interface
tap0 of this network, where dnsmasq and any program of the host find the guest.
"""

import fcntl
import os
import select
import socket
import struct
import subprocess
import tempfile
import threading
import time

import visitor
from visitor import wait_for_line
import guest  # of scripts, which visitor has put on the path

GUEST, OURS = ("127.0.0.1", 5555), ("127.0.0.1", 5556)
TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454ca, 0x0002, 0x1000


def open_wire():
    """A socket of frames to and from the guest."""
    wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    wire.bind(OURS)
    wire.connect(GUEST)
    return wire


def wait_for_lease(address=r"10\.77\.0\.\d+", gateway=r"\S+"):
    """The guest's address, once it has that lease and its servers listen; logins go there."""
    bound = wait_for_line(r"net: dhcp bound (%s)/24 gw=%s$" % (address, gateway))
    wait_for_line("init: ready$")
    visitor.login_at = (bound.group(1), 23)
    return bound.group(1)


def ip(*words):
    subprocess.run(["ip"] + " ".join(words).split(), check=True)


class Cable:
    """
    Joins the wire to tap0. `spoil(frame, is_from_guest)` gives the frames that go on instead; it sees every frame
    once, in order.
    """

    def __init__(self, address, spoil=None, options=""):
        self.wire = open_wire()
        self.tap = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(self.tap, TUNSETIFF, struct.pack("16sH22x", b"tap0", IFF_TAP | IFF_NO_PI))
        self.spoil = spoil or (lambda frame, _: [frame])
        self.seen = []  # (is_from_guest, frame) of what a test wants to look at, when it asks for that
        self.keeps = None  # which frames are kept in `seen`: a function of the frame
        ip("link set tap0 up", options)
        ip("address add", address, "dev tap0")
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            ready = select.select([self.wire, self.tap], [], [])[0]
            if self.wire in ready:
                self._pass(self.wire.recv(65536), True)
            if self.tap in ready:
                self._pass(os.read(self.tap, 65536), False)

    def _pass(self, frame, is_from_guest):
        if self.keeps is not None and self.keeps(frame):
            self.seen.append((is_from_guest, frame))
        for part in self.spoil(frame, is_from_guest):
            try:
                if is_from_guest:
                    os.write(self.tap, part)
                else:
                    self.wire.send(part)
            except OSError:
                pass  # a full queue loses a frame, as a wire does


class Dnsmasq:
    """dnsmasq on tap0; ends with the visit, or by stop()."""

    kept = []  # a folder is there as long as its object

    def __init__(self, *options):
        self.kept.append(self)
        self.folder = tempfile.TemporaryDirectory(prefix="wherry-dnsmasq-")
        self.log = os.path.join(self.folder.name, "log")
        self.process = subprocess.Popen(
            ["dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-hosts", "--no-resolv", "--no-ping",
             "--user=root", "--interface=tap0", "--bind-interfaces", "--except-interface=lo", "--pid-file=",
             "--dhcp-leasefile=" + os.path.join(self.folder.name, "leases"), "--log-facility=" + self.log,
             "--log-dhcp", "--log-queries"] + list(options), preexec_fn=guest.die_with_parent)

    def stop(self):
        self.process.terminate()
        self.process.wait()
