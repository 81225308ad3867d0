#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Spoil one thing in a copy of a file, for the lanes that boot with bad input.

  spoil.py program NAME IN.elf OUT.elf    flip a bit in the middle of program NAME of the bundle in a kernel
  spoil.py tree OLD NEW IN.dtb OUT.dtb    write NEW, of the same length, wherever OLD stands; take the room behind away

Fails when there is nothing to spoil, so that no lane passes because its input was sound.
"""

import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import mkbundle  # noqa: E402

FIRST_SEGMENT = 48  # within a program's entry


def program(data, name):
    head = mkbundle.MAGIC + struct.pack("<I", mkbundle.VERSION)  # the kernel's code may have the magic too
    start = data.find(head)
    if start < 0 or data.count(head) != 1:
        sys.exit("spoil: no bundle, or more than one")
    count, = struct.unpack_from("<I", data, start + len(head))
    for index in range(count):
        entry = start + mkbundle.HEADER.size + index * (FIRST_SEGMENT + mkbundle.SEGMENTS_MAX * mkbundle.SEGMENT.size)
        if data[entry:entry + mkbundle.NAME_BYTES].rstrip(b"\0") == name.encode():
            _, offset, length, *_ = mkbundle.SEGMENT.unpack_from(data, entry + FIRST_SEGMENT)
            data[start + offset + length // 2] ^= 0x10
            return
    sys.exit("spoil: the bundle has no %s" % name)


def tree(data, old, new):
    """QEMU makes trees of 1 MiB, and would make room for twice that: less does not fit before every kernel."""
    if len(old) != len(new) or old.encode() not in data:
        sys.exit("spoil: no %s, or another length than %s" % (old, new))
    _, _, structure, strings, _, _, _, _, strings_bytes, structure_bytes = struct.unpack_from(">10I", data)
    end = max(structure + structure_bytes, strings + strings_bytes)
    struct.pack_into(">I", data, 4, end)
    data[:] = data[:end].replace(old.encode(), new.encode())


def main():
    verbs = {"program": (program, 4), "tree": (tree, 5)}
    verb, count = verbs.get((sys.argv[1:] or [""])[0], (None, 0))
    if verb is None or len(sys.argv) != count + 1:
        sys.exit(__doc__.strip())
    *arguments, source, target = sys.argv[2:]
    with open(source, "rb") as file:
        data = bytearray(file.read())
    verb(data, *arguments)
    with open(target, "wb") as file:
        file.write(data)


if __name__ == "__main__":
    main()
