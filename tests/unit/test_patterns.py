#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The look at values from the wire finds a counter, a constant step, repetition and a bit that stands still."""

import os
import random
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "visits"))
import patterns

SPACE = 1 << 16


class Patterns(unittest.TestCase):
    def setUp(self):
        self.drawn = [random.Random(i).randrange(SPACE) for i in range(2000)]

    def test_values_that_were_drawn_have_no_pattern(self):
        for space in (SPACE, 1 << 14, 1 << 32):
            draw = random.Random(space)
            self.assertEqual(patterns.look([draw.randrange(space) for _ in range(2000)], space), "")

    def test_a_counter_is_found(self):
        self.assertIn("1 comes 1999 times", patterns.look(list(range(2000)), SPACE))

    def test_a_constant_step_is_found_wherever_it_wraps(self):
        self.assertIn("comes 1999 times", patterns.look([i * 40503 % SPACE for i in range(2000)], SPACE))

    def test_values_that_come_again_are_found(self):
        self.assertIn("came before", patterns.look(self.drawn[:500] * 4, SPACE))

    def test_a_bit_that_stands_still_is_found(self):
        self.assertIn("bit 3 is 1 in 0", patterns.look([value & ~8 for value in self.drawn], SPACE))

    def test_too_few_are_no_evidence(self):
        with self.assertRaises(AssertionError):
            patterns.assert_drawn(self.drawn[:999], SPACE, "values")


if __name__ == "__main__":
    unittest.main()
