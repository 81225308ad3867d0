#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Pack programs into the bundle that is linked into the kernel image; read by libc/base/bundle.c.

  mkbundle.py -o OUT PROGRAM.elf...

A program's name is its file's name without .elf.  Little endian:

  header, 24 bytes   "WHRYBNDL", u32 version 2, u32 count, u64 sum of the rest of the header and the table
  per program, 208   name[32] ending in zeros, u64 entry, u64 sum of its segments' pages in order, then 4 of:
                     u64 vaddr, u64 offset in the bundle, u64 file bytes, u64 memory bytes,
                     u32 flags (1 read, 2 write, 4 execute), u32 zero; unused ones all zero
  from the next page the segments, each from a page of its own, padded with zeros to a whole page

The sum is that of libc/base/sum.h.  Nothing depends on time or place: same programs in the same order, same bytes.
"""

import argparse
import os
import struct
import sys

MAGIC, VERSION, PAGE, SEGMENTS_MAX, NAME_BYTES = b"WHRYBNDL", 2, 4096, 4, 32
SUM_EMPTY, SUM_FACTOR = 1, 0x100000001b3
HEADER, PROGRAM, SEGMENT = struct.Struct("<8sIIQ"), struct.Struct("<32sQQ"), struct.Struct("<QQQQII")
ELF_HEADER, PROGRAM_HEADER = struct.Struct("<16sHHIQQQIHHHHHH"), struct.Struct("<IIQQQQQQ")
PT_LOAD, ET_EXEC = 1, 2


class Refused(Exception):
    """The program cannot be put into a bundle; says why."""


def extend_sum(total, data):
    """sum_extend of libc/base/sum.h."""
    for word, in struct.iter_unpack("<Q", data):
        total = (total * SUM_FACTOR + word) % 2 ** 64
    return total


def load_segments(elf):
    """Give (entry, [(vaddr, file bytes, memory bytes, flags)]) of an executable."""
    if len(elf) < ELF_HEADER.size or elf[:6] != b"\x7fELF\x02\x01":
        raise Refused("not a 64-bit little-endian ELF file")
    fields = ELF_HEADER.unpack_from(elf)
    kind, entry, table, entry_bytes, count = fields[1], fields[4], fields[5], fields[9], fields[10]
    if kind != ET_EXEC or entry_bytes != PROGRAM_HEADER.size:
        raise Refused("not an executable linked at a fixed address")
    segments = []
    for index in range(count):
        kind, elf_flags, offset, vaddr, _, file_bytes, mem_bytes, _ = \
            PROGRAM_HEADER.unpack_from(elf, table + index * entry_bytes)
        if kind != PT_LOAD or mem_bytes == 0:
            continue
        flags = (elf_flags >> 2 & 1) | (elf_flags & 2) | (elf_flags & 1) << 2
        if vaddr % PAGE:
            raise Refused("a segment at %#x, not at the start of a page" % vaddr)
        if flags & 6 == 6:
            raise Refused("a segment at %#x that is writable and executable" % vaddr)
        if offset + file_bytes > len(elf) or file_bytes > mem_bytes:
            raise Refused("a segment at %#x that is longer than the file" % vaddr)
        segments.append((vaddr, elf[offset:offset + file_bytes], mem_bytes, flags))
    segments.sort()
    for (vaddr, _, mem_bytes, _), (following, _, _, _) in zip(segments, segments[1:]):
        if -(-(vaddr + mem_bytes) // PAGE) * PAGE > following:
            raise Refused("segments that share a page at %#x" % following)
    if not 1 <= len(segments) <= SEGMENTS_MAX:
        raise Refused("%d segments, not 1 to %d" % (len(segments), SEGMENTS_MAX))
    if not any(v <= entry < v + len(data) and flags & 4 for v, data, _, flags in segments):
        raise Refused("its entry %#x lies in no executable segment" % entry)
    return entry, segments


def pack(programs):
    """The bundle of [(name, ELF bytes)]."""
    size = HEADER.size + len(programs) * (PROGRAM.size + SEGMENTS_MAX * SEGMENT.size)
    position = -(-size // PAGE) * PAGE
    table, body = b"", b""
    for name, elf in programs:
        encoded = name.encode("ascii")
        if not 1 <= len(encoded) < NAME_BYTES:
            raise Refused("%s: a name of 1 to %d letters is needed" % (name, NAME_BYTES - 1))
        try:
            entry, segments = load_segments(elf)
        except Refused as why:
            raise Refused("%s: %s" % (name, why))
        total, rows = SUM_EMPTY, b""
        for vaddr, data, mem_bytes, flags in segments:
            rows += SEGMENT.pack(vaddr, position + len(body), len(data), mem_bytes, flags, 0)
            pages = data + bytes(-len(data) % PAGE)
            total = extend_sum(total, pages)
            body += pages
        table += PROGRAM.pack(encoded, entry, total) + rows.ljust(SEGMENTS_MAX * SEGMENT.size, b"\0")
    bare = HEADER.pack(MAGIC, VERSION, len(programs), 0)[:-8]
    head = bare + struct.pack("<Q", extend_sum(SUM_EMPTY, bare + table)) + table
    return head.ljust(position, b"\0") + body


def main():
    parser = argparse.ArgumentParser(description="Pack programs into the bundle of the kernel image.")
    parser.add_argument("-o", dest="output", required=True)
    parser.add_argument("elf", nargs="*")
    arguments = parser.parse_args()
    programs = []
    for path in arguments.elf:
        with open(path, "rb") as file:
            programs.append((os.path.splitext(os.path.basename(path))[0], file.read()))
    try:
        bundle = pack(programs)
    except Refused as why:
        sys.exit("mkbundle: %s" % why)
    with open(arguments.output, "wb") as out:
        out.write(bundle)


if __name__ == "__main__":
    main()
