#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Measure, and compare with the ceilings of tests/bench/ceilings.txt.

  bench.py --arch ARCH [--target | --outside | --net | --path]

On the target (lane bench, -icount shift=0): every line `bench: NAME NUMBER insn`.  Those that measure one span of
10,000 rounds are compared with what a plugin counted in that span.  From outside (real time, with an
instruction-counting plugin): boot_init and boot_dhcp, instructions from reset to the line, those from the kernel's
entry in brackets, and wall time from power-on; idle_insn_per_s, at the prompt for ten seconds; and in another boot,
with all tests of selftest, longest_kernel_path: instructions outside user mode without taking an interrupt.  Of the
network (lane services, the same plugin): see scripts/bench_net.py.

Exit status: 0 within the ceilings, 1 one is exceeded or a figure is missing, 3 QEMU or its plugin could not start.
"""

import argparse
import collections
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

import bench_net
import ceilings
import guest
import qemu_test

PLUGIN = "tests/bench/insn_plugin.c"
TIMEOUT_S = 180
QUIET_S, SETTLE_S, IDLE_S = 12, 2, 10
OUTSIDE = collections.OrderedDict((("boot_init", "init: ready"), ("boot_dhcp", "net: dhcp bound ")))
IDLE, PATH = "idle_insn_per_s", "longest_kernel_path"
USER_END = 0x40000000  # programs lie below; firmware, and the kernel before it has its own map, above
Counts = collections.namedtuple("Counts", "now at_entry longest longest_from longest_to spans")
ROUNDS = 10000
ONE_SPAN = ("null_syscall", "ipc_0w", "ipc_4w", "ipc_8w", "signal_idle", "map_unmap")
ENDS = ("SELFTEST: end", "KERNEL PANIC: ")


class CannotMeasure(Exception):
    """QEMU or its plugin could not be started; says why."""


def figure_of(line):
    """(name, number) of a line of the target, or None."""
    found = re.fullmatch(r"bench: (\w+) (\d+) insn", line.strip())
    return (found.group(1), int(found.group(2))) if found else None


def loop_of(line):
    """(name, instructions of a round of the loop around it), or None."""
    found = re.fullmatch(r"bench: \(loop of (\w+) (\d+) insn\)", line.strip())
    return (found.group(1), int(found.group(2))) if found else None


def cross_check(figures, loops, spans):
    """{name: what the plugin says}: the span of the loop with rounds, less that of the empty loop before it."""
    counted, at = {}, 0
    for name in ONE_SPAN:
        if name not in figures or name not in loops:
            continue
        wanted = (loops[name], loops[name] + figures[name])
        for index in range(at, len(spans)):
            rounds = [spans[index] / ROUNDS] + [span / ROUNDS for span in spans[index + 1:index + 3]]
            found = [r for r in rounds[1:] if abs(r - wanted[1]) <= 2]
            if abs(rounds[0] - wanted[0]) <= 2 and found:
                counted[name], at = found[0] - rounds[0], index
                break
    return counted


def lines_of(machine, deadline, quiet_s=TIMEOUT_S):
    """Whole lines of the UART until the deadline, so many seconds without one, or the end of QEMU."""
    pending = b""
    while True:
        data = machine.read(min(deadline, time.monotonic() + quiet_s))
        if not data:
            return
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace").rstrip("\r")


def measure_target(arch, kernel, wanted, folder, stderr):
    """The target's own figures; one that the plugin does not confirm is left out."""
    figures, loops = {}, {}
    boot = Counted(arch, "bench", kernel, USER_END, folder, stderr)
    with boot.guest as machine:
        for line in lines_of(machine, time.monotonic() + TIMEOUT_S):
            figures.update(filter(None, [figure_of(line)]))
            loops.update(filter(None, [loop_of(line)]))
            if line.startswith(ENDS) or (wanted <= set(figures) and wanted <= set(loops)):
                break
    counted = cross_check(figures, loops, boot.counts().spans)
    notes = {name: "plugin %.1f" % counted[name] if name in counted else "" for name in figures}
    for name in set(ONE_SPAN) & set(figures) - set(counted):
        notes[name] = "(says %d, the plugin something else)" % figures.pop(name)
    return figures, notes


def build_plugin(folder):
    target = os.path.join(folder, "insn_plugin.so")
    subprocess.run(["clang-19", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC",
                    "-o", target, PLUGIN], check=True)
    return target


def entry_address(kernel):
    with open(kernel, "rb") as file:
        return struct.unpack_from("<Q", file.read(64), 24)[0]


class Counted:
    """A boot with the plugin; its counts can be read at any time."""

    def __init__(self, arch, lane, kernel, user_end, folder, stderr, **environment):
        self.file, self.stderr = os.path.join(folder, "count"), stderr
        if os.path.exists(self.file):
            os.unlink(self.file)
        plugin = "-plugin %s,out=%s,entry=%#x,user=%#x" % (build_plugin(folder), self.file, entry_address(kernel),
                                                           user_end)
        self.guest = guest.Guest(arch, lane, stderr, QEMU_ARGS=plugin, **environment)

    def counts(self):
        if not os.path.exists(self.file):
            self.stderr.seek(0)
            raise CannotMeasure("QEMU did not take the plugin (API version 1 is what it speaks): %s" %
                                self.stderr.read().decode("utf-8", "replace").strip())
        with open(self.file, "rb") as file:
            *counts, span_count = struct.unpack("<6Q", file.read(48))
            return Counts(*counts, struct.unpack("<%dQ" % span_count, file.read(8 * span_count)))


def measure_outside(arch, kernel, folder, stderr):
    figures, notes, start = {}, {}, time.monotonic()
    boot = Counted(arch, "", kernel, 0, folder, stderr)
    with boot.guest as machine:
        for line in lines_of(machine, start + TIMEOUT_S, QUIET_S):
            for name, beginning in OUTSIDE.items():
                if line.startswith(beginning) and name not in figures:
                    now = boot.counts()
                    figures[name] = now.now
                    notes[name] = "(%d from the kernel's entry) %d ms" % (now.now - now.at_entry,
                                                                          round((time.monotonic() - start) * 1000))
            if line.startswith(ENDS):
                break
        collections.deque(lines_of(machine, time.monotonic() + SETTLE_S), 0)
        before = boot.counts().now
        collections.deque(lines_of(machine, time.monotonic() + IDLE_S), 0)
        if machine.status is None:  # a machine that is off is not idle
            figures[IDLE] = (boot.counts().now - before) // IDLE_S
    figures[PATH], notes[PATH] = measure_path(arch, kernel, folder, stderr)
    return figures, notes


def measure_network(arch, kernel, folder, stderr):
    guest.enter_own_network()  # so this comes last
    host = qemu_test.own_address()
    boot = Counted(arch, "services", kernel, 0, folder, stderr, FORWARD=qemu_test.forwards(host), NET="open")
    with boot.guest as machine:
        for line in lines_of(machine, time.monotonic() + TIMEOUT_S, QUIET_S):
            if line.startswith(ENDS):
                break
        collections.deque(lines_of(machine, time.monotonic() + SETTLE_S), 0)
        return bench_net.measure(host, boot.counts, machine.process.pid)


def measure_path(arch, kernel, folder, stderr):
    """(instructions, between what): the longest of a boot with all tests; None if they did not end."""
    boot, is_whole = Counted(arch, "default", kernel, USER_END, folder, stderr), False
    with boot.guest as machine:
        for line in lines_of(machine, time.monotonic() + TIMEOUT_S, QUIET_S):
            is_whole |= line.startswith(ENDS[0])
    counts = boot.counts()
    places = [symbol_of(kernel, address) for address in (counts.longest_from, counts.longest_to)]
    return counts.longest if is_whole else None, "from %s to %s" % tuple(places)


def symbol_of(kernel, address):
    listing = subprocess.run(["llvm-symbolizer-19", "--output-style=GNU", "-f", "-e", kernel, "%#x" % address],
                             stdout=subprocess.PIPE, universal_newlines=True).stdout.split("\n")
    return "%s (%#x)" % (listing[0], address)


def compare(limits, wanted, figures, notes=None):
    """Print every figure; give the names that are missing or above their ceiling."""
    bad = []
    for name in wanted:
        value, ceiling = figures.get(name), limits[name]
        verdict = "missing" if value is None else "TOO HIGH" if ceiling is not None and value > ceiling else ""
        if verdict and not (value is None and ceiling is None):
            bad.append(name)
        print(("  %-20s %12s  ceiling %12s  %s %s" % (name, "-" if value is None else value,
              "-" if ceiling is None else ceiling, (notes or {}).get(name, ""), verdict)).rstrip())
    for name in sorted(set(figures) - set(limits)):
        print("  %-20s %12d  no line in %s" % (name, figures[name], ceilings.PATH))
    return bad


def main():
    parser = argparse.ArgumentParser(description="Measure and compare with the ceilings.")
    parser.add_argument("--arch", choices=ceilings.ARCHES, required=True)
    parser.add_argument("--target", action="store_true", help="only what the target counts itself")
    parser.add_argument("--outside", action="store_true", help="only what is counted from outside")
    parser.add_argument("--net", action="store_true", help="only the network's")
    parser.add_argument("--path", action="store_true", help="only the longest path of the kernel")
    arguments = parser.parse_args()
    kernel = os.environ.get("KERNEL") or os.path.join(os.environ.get("BUILD", "build"), arguments.arch, "kernel.elf")
    limits = ceilings.read(arguments.arch)
    outside = [name for name in limits if name in OUTSIDE or name in (IDLE, PATH)]
    network = [name for name in limits if name in bench_net.WORK]
    target = [name for name in limits if name not in outside + network and not name.startswith("kernel_")]
    is_all = not (arguments.target or arguments.outside or arguments.net or arguments.path)
    bad = []
    try:
        with tempfile.TemporaryDirectory() as folder, open(os.path.join(folder, "qemu.log"), "w+b") as stderr:
            if arguments.path:
                figure, note = measure_path(arguments.arch, kernel, folder, stderr)
                bad += compare(limits, [PATH], {PATH: figure}, {PATH: note})
            if is_all or arguments.target:
                print("%s, on the target, instructions:" % arguments.arch)
                bad += compare(limits, target, *measure_target(arguments.arch, kernel, set(target), folder, stderr))
            if is_all or arguments.outside:
                print("%s, from outside, instructions:" % arguments.arch)
                bad += compare(limits, outside, *measure_outside(arguments.arch, kernel, folder, stderr))
            if is_all or arguments.net:
                print("%s, network, instructions:" % arguments.arch)
                bad += compare(limits, network, *measure_network(arguments.arch, kernel, folder, stderr))
    except (CannotMeasure, OSError, subprocess.SubprocessError) as why:
        print("bench: %s" % why, file=sys.stderr)
        return 3
    if bad:
        print("bench: missing or above the ceiling: %s" % ", ".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
