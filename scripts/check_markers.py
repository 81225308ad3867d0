#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Compare what a boot printed on the UART, and what it put on the wire, with the list of a lane.

  check_markers.py --list tests/markers/LANE.txt --log uart.log [--pcap uart.pcap]

The lists are data; tests/markers/README.md has their format.  Pure: reads files, prints a verdict.  The harness
(scripts/qemu_test.py) feeds the same Matcher line by line while the guest runs.

Exit status: 0 all there, 1 something missing, forbidden, twice, out of order or not true of the wire, 2 usage.
"""

import argparse
import os
import re
import sys

import wire
import wire_bus  # noqa: F401  its checks join those of wire


class ListError(Exception):
    """A list that cannot be read; says where and why."""


class Pattern:
    """A whole line.  <name> stands for a word without space and slash, a final ... for any rest, a blank for some."""

    def __init__(self, text):
        self.text = text
        self.emitter = text.split(":", 1)[0]
        body, rest = (text[:-3], ".*") if text.endswith("...") else (text, "")
        parts = re.split(r"<([a-z_]+)>", body)
        names = parts[1::2]
        if len(names) != len(set(names)):
            raise ListError("a name stands twice in: %s" % text)
        expression = "".join((r"(?P<%s>[^\s/]+)" % part) if index % 2 else re.escape(part).replace(r"\ ", " +")
                             for index, part in enumerate(parts))
        self.expression = re.compile(expression + rest)

    def match(self, line):
        return self.expression.fullmatch(line)


class MarkerList:
    """What a lane must and must not print; see tests/markers/README.md."""

    def __init__(self, path):
        self.required, self.repeated, self.anytime = [], set(), set()
        self.forbidden, self.fatal, self.pairs, self.wire = [], [], [], []
        self.exit = None
        self.visits = []  # (name of a program, text of the line that lets it start)
        self._read(path, ())
        texts = [p.text for p in self.required]
        for text in texts:
            if texts.count(text) > 1:
                raise ListError("%s: required twice: %s" % (path, text))
        for name, text in self.visits:
            if text not in texts:
                raise ListError("%s: visit %s waits for a line that is not required: %s" % (path, name, text))
        for before, after in self.pairs:
            for text in (before, after):
                if text not in texts:
                    raise ListError("%s: order names a line that is not required: %s" % (path, text))

    def _read(self, path, parents):
        if path in parents:
            raise ListError("%s includes itself" % path)
        try:
            with open(path, encoding="ascii") as file:
                lines = file.read().splitlines()
        except (OSError, UnicodeDecodeError) as why:
            raise ListError("%s: %s" % (path, why))
        for number, line in enumerate(lines, 1):
            words = line.strip().split(None, 1)
            if not words or words[0].startswith("#"):
                continue
            try:
                self._directive(words[0], words[1] if len(words) > 1 else "", path, parents)
            except ListError as why:
                raise ListError("%s:%d: %s" % (path, number, why)) if not str(why).startswith(path) else why

    def _directive(self, verb, text, path, parents):
        if not text:
            raise ListError("%s needs something behind it" % verb)
        if verb == "include":
            self._read(os.path.join(os.path.dirname(path), text), parents + (path,))
        elif verb in ("require", "require+", "anytime"):
            self.required.append(Pattern(text))
            if verb == "require+":
                self.repeated.add(text)
            if verb == "anytime":
                self.anytime.add(text)
        elif verb == "forbid":
            self.forbidden.append(Pattern(text))
        elif verb == "fatal":
            self.fatal.append(Pattern(text))
        elif verb == "order" and text.count(" -> ") == 1:
            self.pairs.append(tuple(text.split(" -> ")))
        elif verb == "wire" and text.split()[0] in wire.CHECKS:
            self.wire.append(text.split())
        elif verb == "visit" and len(text.split(None, 1)) == 2:
            self.visits.append(tuple(text.split(None, 1)))
        elif verb == "exit" and text.isdigit() and int(text) < 256:
            self.exit = int(text)
        else:
            raise ListError("not understood: %s %s" % (verb, text))


class Matcher:
    """Takes the lines of one boot in order.  `problems` are findings, each naming a line."""

    def __init__(self, markers):
        self.markers = markers
        self.lines = []
        self.seen = {}          # text of a required line -> index of its first appearance
        self.values = {}        # <name> -> what stood there, of the required lines
        self.problems = []
        self.problem_at = None  # index of the line that made the first problem
        self.death = None       # the fatal line, once it came

    def feed(self, raw):
        """One line without its newline.  Gives the required patterns it matched for the first time."""
        line = raw.rstrip("\r").replace("\0", "")
        index = len(self.lines)
        self.lines.append(line)
        if any(p.match(line) for p in self.markers.fatal) and self.death is None:
            self.death = line
            self._problem(index, "the guest died: %s" % line)
        for pattern in self.markers.forbidden:
            if pattern.match(line):
                self._problem(index, "forbidden line: %s" % line)
        fresh = []
        for pattern in self.markers.required:
            found = pattern.match(line)
            if not found:
                continue
            if pattern.text not in self.seen:
                self.seen[pattern.text] = index
                self.values.update(found.groupdict())
                fresh.append(pattern)
                self._check_order(pattern, index)
            elif pattern.text not in self.markers.repeated:
                self._problem(index, "twice: %s" % line)
        return fresh

    def _problem(self, index, text):
        self.problems.append(text)
        if self.problem_at is None:
            self.problem_at = index

    def _check_order(self, pattern, index):
        """Everything that must come before this line has come: its emitter's earlier lines and declared pairs."""
        before = [b for b, a in self.markers.pairs if a == pattern.text]
        if pattern.text not in self.markers.anytime:
            for other in self.markers.required:
                if other is pattern:
                    break
                if other.emitter == pattern.emitter and other.text not in self.markers.anytime:
                    before.append(other.text)
        for text in before:
            if text not in self.seen:
                self._problem(index, "out of order: '%s' came before '%s'" % (pattern.text, text))
                return

    def missing(self):
        return [p.text for p in self.markers.required if p.text not in self.seen]

    def is_complete(self):
        return len(self.seen) == len(self.markers.required)

    def context(self, around=12):
        """The log around the first problem, or around where the first missing line should have been."""
        at = self.problem_at
        if at is None:
            texts = [p.text for p in self.markers.required]
            missing = self.missing()
            before = texts[:texts.index(missing[0])] if missing else texts
            at = max([self.seen[t] for t in before if t in self.seen], default=len(self.lines) - 1)
        first, last = max(0, at - around), min(len(self.lines), at + around + 1)
        return ["%s %5d  %s" % (">" if i == at else " ", i + 1, printable(self.lines[i])) for i in range(first, last)]


def printable(line):
    return re.sub(r"[^\t\x20-\x7e]", lambda m: "\\x%02x" % ord(m.group()), line)


def check_wire(matcher, pcap, marks=None):
    """
    Findings of the lane's `wire` checks, and of those that every capture must pass.  marks: text of a line -> size of
    the capture when it came.
    """
    if not matcher.markers.wire and not (pcap and os.path.exists(pcap)):
        return []
    try:
        frames = wire.read_pcap(pcap) if pcap else None
    except (OSError, wire.CaptureError) as why:
        return ["bad capture: %s" % why]
    if frames is None:
        return ["no capture was made, and the list compares the wire"]
    findings = wire.check_stations(frames)
    if os.path.exists(pcap + ".2"):  # of a second network device
        try:
            findings += wire.check_stations(wire.read_pcap(pcap + ".2"))
        except wire.CaptureError as why:
            return ["bad capture: %s" % why]
    for name, *arguments in matcher.markers.wire:
        findings += wire.CHECKS[name](frames, matcher.values, marks or {}, *arguments)
    return findings


def split_log(data):
    """Lines of a log and, if its last line has no end, that piece."""
    lines = data.decode("utf-8", "replace").split("\n")
    return lines[:-1], lines[-1]


def main():
    parser = argparse.ArgumentParser(description="Compare a boot with the list of its lane.")
    parser.add_argument("--list", required=True)
    parser.add_argument("--log", required=True)
    parser.add_argument("--pcap")
    arguments = parser.parse_args()
    try:
        matcher = Matcher(MarkerList(arguments.list))
        with open(arguments.log, "rb") as file:
            lines, rest = split_log(file.read())
    except (ListError, OSError) as why:
        print("check_markers: %s" % why, file=sys.stderr)
        return 2
    for line in lines:
        matcher.feed(line)
    problems = matcher.problems + ["missing: %s" % text for text in matcher.missing()]
    if rest.strip() and matcher.missing():
        problems.append("the log is cut short in the middle of: %s" % printable(rest))
    problems += check_wire(matcher, arguments.pcap) if not problems else []
    for problem in problems:
        print(problem)
    if problems:
        print("\n".join(matcher.context()))
        return 1
    print("%d required lines there" % len(matcher.seen))
    return 0


if __name__ == "__main__":
    sys.exit(main())
