#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Say how big the kernel and the programs are; fail when the kernel is above its limit.

  size.py [--arch ARCH] KERNEL.elf PROGRAM.elf...

The limit, kernel_bytes of tests/bench/ceilings.txt, is on the kernel's text and read-only data without the program
bundle and the symbol table.
"""

import argparse
import struct
import sys

import ceilings

SECTION = struct.Struct("<IIQQQQIIQQ")
SHT_NOBITS, SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR = 8, 1, 2, 4
APART = (".bundle", ".symtab_wherry")


def sizes(path):
    """Bytes of text, rodata, data, bss and of what is counted apart."""
    with open(path, "rb") as file:
        elf = file.read()
    table, = struct.unpack_from("<Q", elf, 40)
    entry_bytes, count, names_index = struct.unpack_from("<HHH", elf, 58)
    sections = [SECTION.unpack_from(elf, table + entry_bytes * index) for index in range(count)]
    names = sections[names_index][4]
    total = dict.fromkeys(("text", "rodata", "data", "bss", "apart"), 0)
    for name, kind, flags, _, _, size, *_ in sections:
        text = elf[names + name:elf.index(b"\0", names + name)].decode()
        if not flags & SHF_ALLOC:
            continue
        if text in APART:
            total["apart"] += size
        elif flags & SHF_EXECINSTR:
            total["text"] += size
        elif not flags & SHF_WRITE:
            total["rodata"] += size
        else:
            total["bss" if kind == SHT_NOBITS else "data"] += size
    return total


def main():
    parser = argparse.ArgumentParser(description="Sizes of the kernel and the programs.")
    parser.add_argument("--arch", choices=ceilings.ARCHES, help="compare with the ceiling of this CPU")
    parser.add_argument("kernel")
    parser.add_argument("program", nargs="*")
    arguments = parser.parse_args()
    print("%-32s %9s %9s %9s %9s %9s" % ("bytes of", "text", "rodata", "data", "bss", "apart"))
    for path in [arguments.kernel] + arguments.program:
        print("%-32s %9d %9d %9d %9d %9d" % ((path,) + tuple(sizes(path).values())))
    kernel = sizes(arguments.kernel)
    fixed = kernel["text"] + kernel["rodata"]
    if not arguments.arch:
        print("kernel text and rodata: %d" % fixed)
        return 0
    limit = ceilings.read(arguments.arch)["kernel_bytes"]
    print("kernel text and rodata: %d of %d" % (fixed, limit))
    return 1 if fixed > limit else 0


if __name__ == "__main__":
    sys.exit(main())
