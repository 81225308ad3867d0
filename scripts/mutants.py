#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Break one line at a time and see that the test that guards it turns red.

  mutants.py [--only TEXT] [FILE...]        default: tests/mutants/*.txt

A mutant is a block of lines; blocks are separated by empty lines, # begins a comment:

  what  a used id beyond the queue is taken
  file  drivers/virtio/virtqueue.c
  -     if (id >= queue->size) {
  +     if (false) {
  red   unit virtqueue

The text behind - (without the blanks around it) must stand on exactly one line of the file; it is replaced by the
text behind + (nothing: taken away).  Several pairs of - and + make one mutant.  red names the test that must fail:

  unit NAME        tests/unit/NAME.c
  python FILE      a file of Python tests
  boot ARCH LANE   scripts/qemu-test.sh; exit status 1 or 4 is red

The breakage is made in a copy of the tree, never in the tree.  A mutant that does not compile, or whose text is not
there, is an error of the list.  Exit status: 0 every test turned red, 1 a mutant lived or could not be made.
"""

import argparse
import filecmp
import glob
import os
import shutil
import subprocess
import sys

WORK = os.path.join(os.environ.get("BUILD", "build"), "mutants")
UNIT_TIMEOUT_S = 60
BOOT_TIMEOUT_S = 180


class BadMutant(Exception):
    """The list is wrong; says how."""


class Mutant:
    """One block of a list."""

    def __init__(self, lines, where):
        self.where, self.what, self.file, self.red, self.edits = where, None, None, None, []
        for line in lines:
            verb, _, text = line.strip().partition(" ")
            text = text.strip()
            if verb == "-":
                self.edits.append([text, ""])
            elif verb == "+" and self.edits:
                self.edits[-1][1] = text
            elif verb in ("what", "file") and getattr(self, verb) is None:
                setattr(self, verb, text)
            elif verb == "red":
                self.red = text.split()
            else:
                raise BadMutant("%s: not understood: %s" % (where, line))
        if not (self.what and self.file and self.red and self.edits):
            raise BadMutant("%s: what, file, - and red are all needed" % where)
        if self.red[0] not in ("unit", "python", "boot") or len(self.red) != (3 if self.red[0] == "boot" else 2):
            raise BadMutant("%s: red %s is no test" % (where, " ".join(self.red)))

    def apply(self, text):
        """The file with the breakage."""
        lines = text.split("\n")
        for old, new in self.edits:
            places = [index for index, line in enumerate(lines) if old in line]
            if len(places) != 1:
                raise BadMutant("%s: stands on %d lines of %s: %s" % (self.where, len(places), self.file, old))
            lines[places[0]] = lines[places[0]].replace(old, new)
        return "\n".join(lines)


def read_lists(paths):
    mutants = []
    for path in paths:
        with open(path) as file:
            lines = file.read().split("\n") + [""]
        block, start = [], 0
        for number, line in enumerate(lines, 1):
            if line.strip() and not line.startswith("#"):
                start = start if block else number
                block.append(line)
            elif block and not line.strip():
                mutants.append(Mutant(block, "%s:%d" % (path, start)))
                block = []
    return mutants


def command(arguments, timeout):
    """(exit status or None at the time-out, output) in the copy of the tree."""
    process = subprocess.Popen(arguments, cwd=WORK, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(timeout=timeout)
        return process.returncode, output.decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate()
        return None, ""


def copy_tree():
    """What is the same stays, and is not built again; a run that was killed may have left a breakage that is newer."""
    for name in subprocess.run(["git", "ls-files", "-z"], stdout=subprocess.PIPE, check=True).stdout.split(b"\0")[:-1]:
        target = os.path.join(os.fsencode(WORK), name)
        if not os.path.exists(target) or not filecmp.cmp(name, target, shallow=False):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(name, target)


def build(target):
    environment = ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "BUILD=build", "DEPS_DIR=" + os.path.abspath(".deps")]
    status, output = command(environment + ["make", "-s"] + target, None)
    if status != 0:
        raise BadMutant("does not build:\n%s" % output)


def turns_red(test):
    """Does the test fail in the copy as it is now?"""
    if test[0] == "unit":
        build(["build/host/bin/" + test[1]])
        return command(["build/host/bin/" + test[1]], UNIT_TIMEOUT_S)[0] != 0
    if test[0] == "python":
        return command(["/usr/bin/python3", "-B", test[1]], UNIT_TIMEOUT_S)[0] != 0
    build(["ARCH=" + test[1], "lanes"])
    status = command(["env", "NO_BUILD=1", "BUILD=build", "ARCH=" + test[1], "LANE=" + test[2], "scripts/qemu-test.sh"],
                     BOOT_TIMEOUT_S)[0]
    return status in (1, 4, None)


def try_mutant(mutant):
    path = os.path.join(WORK, mutant.file)
    with open(path) as file:
        original = file.read()
    broken = mutant.apply(original)
    try:
        with open(path, "w") as file:
            file.write(broken)
        return turns_red(mutant.red)
    finally:
        with open(path, "w") as file:
            file.write(original)


def main():
    parser = argparse.ArgumentParser(description="Break one line at a time; the test that guards it must turn red.")
    parser.add_argument("--only", default="")
    parser.add_argument("lists", nargs="*", default=sorted(glob.glob("tests/mutants/*.txt")))
    arguments = parser.parse_args()
    counts = {"red": 0, "LIVES": 0, "ERROR": 0}
    try:
        mutants = [m for m in read_lists(arguments.lists) if arguments.only in m.what]
        copy_tree()
        for test in sorted({tuple(m.red) for m in mutants}):
            if turns_red(test):
                raise BadMutant("%s is red without a mutant" % " ".join(test))
    except (BadMutant, OSError) as why:
        print("mutants: %s" % why, file=sys.stderr)
        return 1
    for mutant in mutants:
        try:
            word, detail = ("red" if try_mutant(mutant) else "LIVES"), ""
        except (BadMutant, OSError) as why:
            word, detail = "ERROR", ": %s" % why
        counts[word] += 1
        print("  %-6s %s (%s)%s" % (word, mutant.what, " ".join(mutant.red), detail))
        sys.stdout.flush()
    print("%d red, %d live, %d errors of the list" % tuple(counts.values()))
    return 1 if counts["LIVES"] or counts["ERROR"] or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
