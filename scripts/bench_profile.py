#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Where the instructions of a figure of the network go: by process and function.

  profile.py --arch ARCH [--lines N] FIGURE...      FIGURE as in scripts/bench_net.py

Boots lane services with tests/bench/profile_plugin.c.  Exit status: 0, or 3 when QEMU or the plugin could not start.
"""

import argparse
import collections
import os
import struct
import subprocess
import sys
import tempfile
import time

import bench
import bench_net
import guest
import qemu_test

PLUGIN = "tests/bench/profile_plugin.c"
CODE_BYTES = 96
RECORD = struct.Struct("<QQQQQ%ds" % CODE_BYTES)
USER_END = 0x4000000000
Block = collections.namedtuple("Block", "address insns runs page code")


class Image:
    """Code and functions of an ELF."""

    def __init__(self, name, path):
        self.name, self.path, self.segments, self.known = name, path, [], {}
        with open(path, "rb") as file:
            data = file.read()
        table = struct.unpack_from("<Q", data, 32)[0]
        entry_bytes, count = struct.unpack_from("<HH", data, 54)
        for i in range(count):
            kind, flags, offset, address, _, in_file, _ = struct.unpack_from("<IIQQQQQ", data, table + i * entry_bytes)
            if kind == 1 and flags & 1:
                self.segments.append((address, data[offset:offset + in_file]))

    def has(self, block):
        return any(data[block.address - start:block.address - start + len(block.code)] == block.code
                   for start, data in self.segments if block.address >= start)

    def learn(self, addresses):
        """Look the functions of many addresses up, inlined ones as themselves."""
        wanted = sorted(set(addresses) - set(self.known))
        for names in "short", "linkage":  # the latter for what was compiled without debug information
            output = subprocess.run(["llvm-symbolizer-19", "--functions=" + names, "-i", "-e", self.path], check=True,
                                    input="".join("%#x\n" % address for address in wanted), stdout=subprocess.PIPE,
                                    universal_newlines=True).stdout
            for address, frames in zip(wanted, output.split("\n\n")):
                self.known[address] = frames.strip().split("\n")[0]
            wanted = [address for address in wanted if self.known[address] == "??"]


def read_blocks(path):
    with open(path, "rb") as file:
        count = struct.unpack("<Q", file.read(8))[0]
        data = file.read(count * RECORD.size)
    for address, insns, runs, page, code_bytes, code in RECORD.iter_unpack(data):
        yield Block(address, insns, runs, page, code[:code_bytes])


class Profile:
    def __init__(self, arch, kernel):
        folder = os.path.join(os.path.dirname(kernel), "bin")
        self.kernel = Image("kernel", kernel)
        self.programs = [Image(name[:-4], os.path.join(folder, name)) for name in sorted(os.listdir(folder))
                         if name.endswith(".elf")]

    def images(self, blocks):
        """{page: image}: the kernel's, or that of the program that has all blocks of the page."""
        pages = collections.defaultdict(list)
        for block in blocks:
            pages[block.page].append(block)
        return {page: self.kernel if max(block.address for block in inside) >= USER_END else
                next((image for image in self.programs if all(image.has(block) for block in inside)), None)
                for page, inside in pages.items()}

    def table(self, before, after, units):
        """[(instructions a unit, process, function)], the largest first."""
        image_of, ran = self.images(after), collections.defaultdict(collections.Counter)
        for index, block in enumerate(after):
            runs = block.runs - (before[index].runs if index < len(before) else 0)
            if runs != 0:
                ran[image_of[block.page]][block.address] += runs * block.insns
        insns = collections.Counter()
        for image, addresses in ran.items():
            if image is not None:
                image.learn(addresses)
            for address, count in addresses.items():
                insns[(image.name, image.known[address]) if image else ("firmware", "")] += count
        return [(count / units,) + key for key, count in insns.most_common()]


def show(name, rows, lines):
    processes = collections.Counter()
    for insns, process, _ in rows:
        processes[process] += insns
    print("%s: %.0f" % (name, sum(processes.values())))
    for process, insns in processes.most_common():
        print("  %-12s %9.1f" % (process, insns))
    for insns, process, function in rows[:lines]:
        print("  %9.1f  %-12s %s" % (insns, process, function))
    sys.stdout.flush()


def run(arguments, kernel, folder, stderr):
    guest.enter_own_network()
    host = qemu_test.own_address()
    output, plugin = os.path.join(folder, "profile"), os.path.join(folder, "plugin.so")
    subprocess.run(["clang-19", "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC",
                    "-o", plugin, PLUGIN], check=True)
    boot = guest.Guest(arguments.arch, "services", stderr, QEMU_ARGS="-plugin %s,out=%s" % (plugin, output),
                       FORWARD=qemu_test.forwards(host), NET="open")
    profile = Profile(arguments.arch, kernel)
    with boot as machine:
        for line in bench.lines_of(machine, time.monotonic() + bench.TIMEOUT_S, bench.QUIET_S):
            if line.startswith(bench.ENDS):
                break
        for name in arguments.figures:
            bench_net.WORK[name](host)
            time.sleep(0.5)
            before = list(read_blocks(output))
            units = bench_net.WORK[name](host)
            time.sleep(0.5)
            show(name, profile.table(before, list(read_blocks(output)), units), arguments.lines)


def main():
    parser = argparse.ArgumentParser(description="Where the instructions of a network figure go.")
    parser.add_argument("--arch", choices=bench.ceilings.ARCHES, required=True)
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("figures", nargs="+", choices=sorted(bench_net.WORK))
    arguments = parser.parse_args()
    kernel = os.environ.get("KERNEL") or "build/%s/kernel.elf" % arguments.arch
    try:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as stderr:
            run(arguments, kernel, folder, stderr)
    except (OSError, subprocess.SubprocessError) as why:
        print("profile: %s" % why, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
