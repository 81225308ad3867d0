#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A figure above its ceiling, or missing, is found, as is a ceiling that was raised."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import bench  # noqa: E402
import ceilings  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class Figures(unittest.TestCase):
    def compare(self, figures, ceilings):
        with contextlib.redirect_stdout(io.StringIO()) as out:
            return bench.compare(ceilings, list(ceilings), figures), out.getvalue()

    def test_a_figure_above_its_ceiling_is_found(self):
        self.assertEqual(self.compare({"a": 40, "b": 41}, {"a": 40, "b": 40})[0], ["b"])

    def test_a_missing_figure_is_found(self):
        self.assertEqual(self.compare({}, {"a": 40, "b": None})[0], ["a"])

    def test_a_figure_without_a_line_is_shown(self):
        bad, out = self.compare({"new": 7}, {})
        self.assertEqual(bad, [])
        self.assertIn("new", out)

    def test_only_a_whole_line_is_a_figure(self):
        self.assertEqual(bench.figure_of("bench: ipc_8w 180 insn\r"), ("ipc_8w", 180))
        for line in ("bench: ipc_8w insn", "bench: ipc_8w 180", "x| bench: ipc_8w 180 insn", "bench: a b 1 insn"):
            self.assertIsNone(bench.figure_of(line))

    def test_each_cpu_has_its_column(self):
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("# name riscv64 aarch64\na 1 2 # why\n\nb - 3\n")
            file.flush()
            self.assertEqual(list(ceilings.read("riscv64", file.name).items()), [("a", 1), ("b", None)])
            self.assertEqual(list(ceilings.read("aarch64", file.name).items()), [("a", 2), ("b", 3)])

    def test_the_ceilings_of_the_tree_can_be_read(self):
        for arch in ceilings.ARCHES:
            self.assertIn("ipc_8w", ceilings.read(arch, os.path.join(ROOT, ceilings.PATH)))


class CrossCheck(unittest.TestCase):
    def test_the_plugins_count_confirms_a_figure(self):
        spans = (70001, 30010, 230020, 99999)
        counted = bench.cross_check({"null_syscall": 20}, {"null_syscall": 3}, spans)
        self.assertAlmostEqual(counted["null_syscall"], 20.001)

    def test_a_figure_that_no_span_confirms_is_not_confirmed(self):
        for spans in ((), (30010,), (30010, 330020), (130010, 230020), (230020, 30010)):
            self.assertEqual(bench.cross_check({"null_syscall": 20}, {"null_syscall": 3}, spans), {})


class Ratchet(unittest.TestCase):
    def raised(self, now, *earlier):
        return len(ceilings.raised(now, earlier, ROOT))

    def test_a_ceiling_may_be_lowered_and_a_new_one_added(self):
        self.assertEqual(self.raised("a 1 2\nb 9 9\nc 4 4", "a 2 2\nc - -", "a 3 3"), 0)

    def test_a_ceiling_above_any_earlier_one_is_found(self):
        self.assertEqual(self.raised("a 2 2", "a 2 2", "a 1 2"), 1)

    def test_a_ceiling_that_is_gone_is_found(self):
        self.assertEqual(self.raised("b 1 1", "a 1 2\nb 1 1"), 2)
        self.assertEqual(self.raised("a - 2", "a 1 2"), 1)

    def test_a_decision_allows_it_and_must_be_there(self):
        self.assertEqual(self.raised("a 2 2 # docs/decisions/fast-path.md", "a 1 1"), 0)
        self.assertEqual(self.raised("a 2 2 # docs/decisions/no-such-page.md", "a 1 1"), 2)


if __name__ == "__main__":
    unittest.main()
