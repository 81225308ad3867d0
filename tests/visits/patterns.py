# SPDX-License-Identifier: BSD-2-Clause
"""What a peer must not guess: values as they were on the wire, which must look as if they were drawn anew each time."""

import collections


def meetings(count, space):
    """How many pairs of `count` random values of `space` are the same, on average."""
    return count * (count - 1) / 2 / space


def look(values, space):
    """What is wrong with the values, drawn from `space` following each other (a power of two); "": nothing."""
    count, same = len(values), len(values) - len(set(values))
    most = 3 * meetings(count, space) + 10  # so many in less than one of a million runs
    if same > most:
        return "%d of %d came before, at most %d should" % (same, count, most)
    step, times = collections.Counter((b - a) % space for a, b in zip(values, values[1:])).most_common(1)[0]
    if times > 8 + 3 * count / space:
        return "%d comes %d times after another" % (step, times)
    for bit in range(space.bit_length() - 1):
        ones = sum(value >> bit & 1 for value in values)
        if abs(ones - count / 2) > 3 * count ** 0.5:  # six deviations
            return "bit %d is 1 in %d of %d" % (bit, ones, count)
    return ""


def assert_drawn(values, space, what, least=1000):
    assert len(values) >= least, "%d %s" % (len(values), what)
    wrong = look([value % space for value in values], space)
    assert not wrong, "%s: %s" % (what, wrong)
