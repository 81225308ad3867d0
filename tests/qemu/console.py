#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
A person at the prompt of the serial console, and what ends a machine.

  console.py ARCH

The machine has four CPUs, of which the kernel uses one.  Every command that needs nobody else is typed and must answer;
then `poweroff 7` ends QEMU with 7.  Drivers and servers are restarted one after the other: each is up again, and
after netd the prompt answers and the bus finds its group.  A machine that is told `reboot` starts again, and so does
one that panics with panic=reset, while one with panic=halt stands still and keeps QEMU.  Exit status 0: so it is.
"""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import guest  # noqa: E402

PROMPT, TIMEOUT_S, QUIET_S = "wherry> ", 60, 3
KERNEL = os.path.join(os.environ.get("BUILD", "build"), "%s", "kernel%s.elf")
COMMANDS = (
    ("help", r"ps +processes: state"),
    ("ps", r"^memory \d+ KiB in use of \d+"),
    ("ifconfig", r"10\.0\.2\.15/24 gw none \(dhcp\)"),
    ("ping 10.0.2.2 2", r"^2 asked, 2 answered"),
    ("handles", r"^role +object +rights +handle"),
    ("log 3", r"^\[?.*\S"),
    ("uptime", r"^up \d+ h \d+ min \d+\.\d{3} s"),
    ("date", r"^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC"),
    ("version", r"^Wherry \S+ on %s, 256 MiB RAM, 4 CPUs found, 1 used"),
    ("dsoftbusctl node", r"^wherry port 34567, discovery by multicast"),
    ("dsoftbusctl services", r"^status for every peer with a session"),
    ("dsoftbusctl stats", r"^announce_sent +\d+"),
    ("nonsense", r"is no command"),
)
RESTARTED = ("virtio-net", "rng", "dsoftbusd", "echod", "discardd", "sourced", "httpd", "telnetd", "statusd")


class Failure(Exception):
    """What did not come."""


class Console(guest.Guest):
    """A guest whose console is typed at."""

    STDIN = subprocess.PIPE

    def __init__(self, arch, kernel="", lane="", **settings):
        super().__init__(arch, lane, subprocess.DEVNULL, KERNEL=KERNEL % (arch, kernel), FORWARD=" ", **settings)
        self.said = ""

    def wait(self, pattern, since=0, timeout_s=TIMEOUT_S):
        """Until the pattern stands behind `since`; gives where it ends."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = re.search(pattern, self.said[since:], re.M)
            if found:
                return since + found.end()
            data = self.read(deadline)
            if not data:
                raise Failure("%s: nothing like %s after %s" % (
                    "in time" if data is None else "QEMU ended with %s" % self.status, pattern, self.said[-600:]))
            self.said += data.decode("utf-8", "replace").replace("\r", "")

    def type(self, line):
        """Types it; gives where to look for its answer."""
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return len(self.said)

    def end(self):
        """QEMU's exit status."""
        while self.read(time.monotonic() + TIMEOUT_S):
            pass
        return self.status


def booted(console):
    return console.wait(PROMPT, console.wait(r"^net: dhcp bound", console.wait(r"^init: ready")))


def commands(arch):
    with Console(arch, QEMU_ARGS="-smp 4") as console:
        console.wait(r"^kernel: 256 MiB RAM, \d+ free pages, 4 cpus, 1 used")
        booted(console)
        console.wait(r"^dsoftbusd: discovery by multicast")
        for line, pattern in COMMANDS:
            console.wait(pattern % arch if "%s" in pattern else pattern, console.type(line))
        console.type("poweroff 7")
        if console.end() != 7:
            raise Failure("poweroff 7 ended QEMU with %s" % console.status)


def restarts(arch):
    group = r"^dsoftbusd: discovery by multicast"
    with Console(arch) as console:
        booted(console)
        console.wait(group)
        for name in RESTARTED:
            console.wait(r"^init: up %s$" % name, console.type("restart " + name))
        since = console.type("restart netd")
        console.wait(group, console.wait(r"^net: dhcp bound", since))
        console.wait(r"^up \d+ h", console.type("uptime"))
        console.wait(r"^wherry port 34567, discovery by multicast", console.type("dsoftbusctl node"))
        console.type("poweroff")
        if console.end() != 0:
            raise Failure("poweroff ended QEMU with %s" % console.status)


def reboot(arch):
    with Console(arch, QEMU_ARGS="-action reboot=reset") as console:
        booted(console)
        console.wait(r"^init: ready", console.type("reboot"))
        console.type("poweroff")
        if console.end() != 0:
            raise Failure("poweroff ended QEMU with %s" % console.status)


def panic(arch):
    settings = {"kernel": "-stack-overflow", "lane": "no-nic", "QEMU_ARGS": "-action reboot=reset"}
    with Console(arch, APPEND="panic=reset", **settings) as console:
        console.wait(r"KERNEL PANIC", console.wait(r"KERNEL PANIC"))
    with Console(arch, APPEND="panic=halt", **settings) as console:
        console.wait(r"^kernel: stopped.*\n")
        if console.read(time.monotonic() + QUIET_S) is not None:
            raise Failure("a machine that halted says or does something")


def main():
    if sys.argv[1:] not in [[arch] for arch in guest.ARCHES]:
        print(__doc__.strip().split("\n\n")[1], file=sys.stderr)
        return 2
    failed = 0
    for step in (commands, restarts, reboot, panic):
        start = time.monotonic()
        try:
            step(sys.argv[1])
            verdict = "ok"
        except Failure as why:
            verdict, failed = "FAIL " + str(why), failed + 1
        print("%s (%.1f s): %s" % (step.__name__, time.monotonic() - start, verdict), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
