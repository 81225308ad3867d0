# SPDX-License-Identifier: BSD-2-Clause
"""
The two machines behind scripts/two-vm.sh, which has the manual.

Each runs at its prompt with the keys of the tests; this types at both, reads both, and looks through the wire at the
end.  Everything lies in a temporary folder; both QEMUs die with this process.
"""

import ipaddress
import os
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

import guest
import qemu_test
import wire
import wire_bus
import wires

OK, WRONG, NO_START, DEAD = 0, 1, 3, 4
WIRE = os.environ.get("WIRE") or "dgram"
SECRET_TEXT = "this-text-is-for-the-peer-alone"
STATUS = (r"uptime \d+ s", r"node %s up \d+ s", r"processes \d+ restarts \d+", r"sockets \d+", r"auth_ok \d+")
PINGS, ECHO, ECHO_REPLY = 3, 128, 129
PROMPT = "wherry> "
FATAL = re.compile(r"KERNEL PANIC: .*|init: \S+ (faulted|hangs|ended).*|dsoftbusd: gives up.*")


class Failure(Exception):
    """What did not come, and the exit status for it."""

    def __init__(self, text, status=WRONG):
        super().__init__(text)
        self.status = status


class Machine(guest.Guest):
    """One of the two: its QEMU, and the lines it printed."""

    STDIN = subprocess.PIPE

    def __init__(self, name, arch, number, folder, other):
        self.name, self.other, self.lines, self.rest = name, other, [], b""
        self.address = "10.9.0.%d" % number
        settings = {"MAC": "02:00:00:00:00:%02x" % number, "APPEND": "node=%s ip=%s/24" % (name, self.address),
                    **wires.end_of(WIRE, number, folder)}
        if number == 1:
            settings["PCAP"] = os.path.join(folder, "net.pcap")
        self.log = open(os.path.join(folder, name + ".log"), "ab")
        super().__init__(arch, "two-vm", self.log, **settings)

    def __exit__(self, *unused):
        super().__exit__(*unused)
        self.log.close()

    def take(self):
        """What came; False: QEMU has ended."""
        data = os.read(self.process.stdout.fileno(), 65536)
        self.log.write(data)
        self.log.flush()
        *lines, self.rest = (self.rest + data).split(b"\n")
        for raw in lines:
            line = raw.decode("utf-8", "replace").rstrip("\r")
            while line.startswith(PROMPT):
                line = line[len(PROMPT):]
            self.lines.append(line)
            if FATAL.match(line):
                raise Failure("%s: %s" % (self.name, line), DEAD)
        return bool(data)

    def type(self, text):
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()


class Pair:
    def __init__(self, machines, deadline):
        self.machines, self.deadline = machines, deadline

    def pump(self, until):
        outs = {machine.process.stdout: machine for machine in self.machines}
        left = until - time.monotonic()
        for out in select.select(list(outs), [], [], max(0, left))[0]:
            if not outs[out].take():
                raise Failure("%s: QEMU ended" % outs[out].name, DEAD)

    def wait(self, machine, expression, since=0):
        """The match of the first line from `since` on that is one."""
        pattern, at = re.compile(expression), since
        while True:
            for line in machine.lines[at:]:
                at += 1
                found = pattern.fullmatch(line)
                if found:
                    return found
            if time.monotonic() >= self.deadline:
                raise Failure("%s: no line: %s" % (machine.name, expression), DEAD)
            self.pump(self.deadline)

    def command(self, machine, text, expression):
        """Types a command and waits for its answer."""
        since = len(machine.lines)
        machine.type(text)
        return self.wait(machine, expression, since)


def meet(pair, machine, since=0):
    pair.wait(machine, "dsoftbusd: discovery by multicast", since)
    session(pair, machine, since)


def session(pair, machine, since=0):
    pair.wait(machine, r"dsoftbusd: session with %s at 10\.9\.0\.\d:34567, begun by us" % machine.other, since)


def link_local(number):
    """The address that the machine of this number makes of its MAC."""
    return ipaddress.IPv6Address("fe80::ff:fe00:%d" % number)


def ping_over_ip6(pair):
    """Each pings the other at its link-local address: nobody but the two is on the wire, and no router."""
    for machine, peer in zip(pair.machines, (2, 1)):
        pair.command(machine, "ping6 %s%%2 %d" % (link_local(peer), PINGS), "%d asked, %d answered" % (PINGS, PINGS))


def check_pings(frames):
    """The questions and answers of both were on the wire, from the one to the other."""
    for kind, source, target in ((ECHO, 1, 2), (ECHO, 2, 1), (ECHO_REPLY, 1, 2), (ECHO_REPLY, 2, 1)):
        ends = link_local(source).packed, link_local(target).packed
        seen = sum(1 for frame in frames if wire.icmp6(frame, kind) and
                   (frame.data[22:38], frame.data[38:54]) == ends)
        if seen < PINGS:
            raise Failure("wire: %d ICMPv6 messages %d from %s, not %d" % (seen, kind, link_local(source), PINGS))


def talk(pair):
    """Each pings the other and calls both of its services."""
    for machine in pair.machines:
        peer = machine.other
        pair.command(machine, "dsoftbusctl ping " + peer, peer + r" answers after \d+ us")
        since = len(machine.lines)
        machine.type("dsoftbusctl call %s status" % peer)
        for expression in STATUS:
            pair.wait(machine, expression % peer if "%s" in expression else expression, since)
        pair.command(machine, "dsoftbusctl call %s echo %s" % (peer, SECRET_TEXT), SECRET_TEXT)
        pair.command(machine, "dsoftbusctl call %s nothing" % peer, "not answered: the peer has no such service")


def keep_trust(pair):
    """What left is told of trust, rotation and removal too, holds for the dsoftbusd that takes the first's place."""
    left, since = pair.machines[0], len(pair.machines[0].lines)
    first, second = "07" * 32, "08" * 32
    pair.command(left, "dsoftbusctl trust pin friend " + first, "done")
    pair.command(left, "dsoftbusctl trust pin friend " + second, "the id has another key, .*")
    pair.command(left, "dsoftbusctl trust rotate friend " + second, "done")
    pair.command(left, "dsoftbusctl trust pin nobody " + first, "done")
    pair.command(left, "dsoftbusctl trust remove nobody", "done")
    pair.command(left, "restart dsoftbusd", "dsoftbusd: found what was kept")
    for machine in pair.machines:
        pair.wait(machine, "dsoftbusd: identity stored")
    session(pair, left, since)
    pair.command(left, "dsoftbusctl trust", "pin friend " + second)
    pair.command(left, "dsoftbusctl trust remove friend", "done")
    for name in ("friend", "nobody"):
        pair.command(left, "dsoftbusctl trust remove " + name, "nothing is known of it")


def run(arches, folder, deadline):
    """The whole story; raises Failure."""
    left = Machine("left", arches[0], 1, folder, "right")
    right = Machine("right", arches[1], 2, folder, "left")
    with left:
        wires.wait_for_end(WIRE, folder)
        with right:
            pair = Pair([left, right], deadline)
            for machine in pair.machines:
                pair.wait(machine, "dsoftbusd: identity stored")
            for machine in pair.machines:
                meet(pair, machine)
            talk(pair)
            if WIRE not in wires.ECHOING:  # who hears its own question takes its address for another's
                ping_over_ip6(pair)
            keep_trust(pair)
        since = len(left.lines)
        again = Machine("right", arches[1], 2, folder, "left")
        with again:
            pair = Pair([left, again], deadline)
            pair.wait(again, "dsoftbusd: identity stored")
            meet(pair, again)
            session(pair, left, since)
            talk(pair)
    nodes = [(machine.name, machine.address) for machine in (left, right)]
    frames, echoes = wires.without_echoes(wire.read_pcap(os.path.join(folder, "net.pcap")), b"\2\0\0\0\0\1")
    if bool(echoes) != (WIRE in wires.ECHOING):
        raise Failure("wire: %d frames of left came back to it over %s" % (echoes, WIRE))
    if WIRE not in wires.ECHOING:
        check_pings(frames)
    findings = wire_bus.check_pair(frames, nodes, wire_bus.secrets(),
                                   [SECRET_TEXT.encode(), b"uptime ", wire_bus.PROGRAM_PING])
    if findings:
        raise Failure(findings[0])


def keep(folder):
    base, extension = os.path.splitext(os.environ.get("UART_LOG") or "two-vm.log")
    names = {name + ".log": "%s-%s%s" % (base, name, extension) for name in ("left", "right")}
    names["net.pcap"] = os.environ.get("PCAP") or base + ".pcap"
    for source, target in names.items():
        if os.path.exists(os.path.join(folder, source)):
            shutil.copyfile(os.path.join(folder, source), target)


def main():
    arches, start = sys.argv[1:3], time.monotonic()
    timeout_s = qemu_test.duration(os.environ.get("RUN_TIMEOUT") or "150s")
    status, sentence = OK, "found each other, talked, and again after a restart"
    with tempfile.TemporaryDirectory(prefix="wherry-") as folder:
        try:
            wires.prepare(WIRE)
            run(arches, folder, start + timeout_s)
        except Failure as why:
            status, sentence = why.status, str(why)
        except (wire.CaptureError, OSError, ValueError, subprocess.SubprocessError) as why:
            status, sentence = NO_START, str(why)
        finally:
            keep(folder)
        print("two-vm %s %s, %s: %s: %s (%.1f s)" % (*arches, WIRE, "ok" if status == OK else "wrong", sentence,
                                                     time.monotonic() - start))
        for name in ("left", "right") if status != OK else ():
            with open(os.path.join(folder, name + ".log"), "rb") as file:
                lines = file.read().decode("utf-8", "replace").splitlines()[-25:]
            print("\n".join([name + ":"] + ["    " + line for line in lines]))
    return status


if __name__ == "__main__":
    qemu_test.end_when_interrupted()
    try:
        sys.exit(main())
    except qemu_test.Usage as why:
        print("two-vm: %s" % why, file=sys.stderr)
        sys.exit(qemu_test.USAGE)
    except KeyboardInterrupt:
        print("two-vm: interrupted", file=sys.stderr)
        sys.exit(qemu_test.INTERRUPTED)
