#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The bundle has the layout its reader expects, is the same each time, and refuses programs that cannot be loaded."""

import os
import struct
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import mkbundle  # noqa: E402


def elf(segments, entry=0x10000, kind=mkbundle.ET_EXEC):
    """An executable of [(vaddr, bytes, memory bytes, ELF flags)]."""
    header = mkbundle.ELF_HEADER.pack(b"\x7fELF\x02\x01\x01".ljust(16, b"\0"), kind, 243, 1, entry, 64, 0, 0, 64,
                                      56, len(segments), 0, 0, 0)
    offset = 64 + 56 * len(segments)
    table, body = b"", b""
    for vaddr, data, mem_bytes, flags in segments:
        table += mkbundle.PROGRAM_HEADER.pack(mkbundle.PT_LOAD, flags, offset + len(body), vaddr, vaddr, len(data),
                                              mem_bytes, 4096)
        body += data
    return header + table + body


TEXT, DATA = (0x10000, b"text" * 10, 40, 5), (0x12000, b"data", 5000, 6)


class Bundle(unittest.TestCase):
    def test_layout(self):
        bundle = mkbundle.pack([("init", elf([DATA, TEXT])), ("serial", elf([TEXT]))])
        magic, version, count, total = struct.unpack_from("<8sIIQ", bundle)
        self.assertEqual((magic, version, count), (b"WHRYBNDL", 2, 2))
        self.assertEqual(total, mkbundle.extend_sum(1, bundle[:16] + bundle[24:24 + 2 * 208]))
        name, entry, total = struct.unpack_from("<32sQQ", bundle, 24)
        self.assertEqual((name.rstrip(b"\0"), entry), (b"init", 0x10000))
        self.assertEqual(total, mkbundle.extend_sum(1, bundle[4096:3 * 4096]))
        self.assertEqual(struct.unpack_from("<QQQQII", bundle, 24 + 48), (0x10000, 4096, 40, 40, 5, 0))
        self.assertEqual(struct.unpack_from("<QQQQII", bundle, 24 + 48 + 40), (0x12000, 8192, 4, 5000, 3, 0))
        self.assertEqual(bundle[24 + 48 + 80:24 + 208], bytes(80))
        self.assertEqual(bundle[8192:8196], b"data")
        self.assertEqual(len(bundle), 4 * 4096)

    def test_the_sum_is_the_one_of_the_reader(self):
        self.assertEqual(mkbundle.extend_sum(1, b""), 1)
        self.assertEqual(mkbundle.extend_sum(1, b"12345678abcdefgh"), 0x216e19cd17648ecd)

    def test_an_empty_bundle_is_one_page(self):
        self.assertEqual(len(mkbundle.pack([])), 4096)

    def test_same_programs_same_bytes(self):
        programs = [("a", elf([TEXT, DATA])), ("b", elf([TEXT]))]
        self.assertEqual(mkbundle.pack(programs), mkbundle.pack(programs))

    def test_programs_that_cannot_be_loaded_are_refused(self):
        text = elf([TEXT])
        for bad, said in ((b"", "not a 64-bit"), (b"\x7fELF\x01\x01" + text[6:], "not a 64-bit"),
                          (elf([TEXT], kind=3), "fixed address"), (elf([]), "0 segments"),
                          (elf([(0x10000 + 4096 * n, b"x", 1, 5) for n in range(5)]), "5 segments"),
                          (elf([(0x10008, b"x", 1, 5)], 0x10008), "start of a page"),
                          (elf([(0x10000, b"x", 1, 7)]), "writable and executable"),
                          (elf([(0x10000, b"xx", 1, 5)]), "longer than the file"), (text[:-1], "longer than the file"),
                          (elf([TEXT, (0x10000, b"y", 1, 6)]), "share a page"),
                          (elf([TEXT, DATA], 0x12000), "entry"), (elf([TEXT], 0x10028), "entry")):
            with self.assertRaisesRegex(mkbundle.Refused, said):
                mkbundle.pack([("x", bad)])

    def test_a_name_that_does_not_fit_is_refused(self):
        for name in ("", "x" * 32):
            with self.assertRaises(mkbundle.Refused):
                mkbundle.pack([(name, elf([TEXT]))])


if __name__ == "__main__":
    unittest.main()
