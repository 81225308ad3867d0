#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The ceilings of tests/bench/ceilings.txt: read them, and see that none is ever raised in silence.

  ceilings.py --check

A line is `name riscv64 aarch64`, - for a figure without a ceiling; # begins a comment.  A ceiling may be lowered.  One
that is higher than it was in any earlier version that git knows, or gone, is a finding, unless its comment names a page
of docs/decisions/ that is there.  Exit status: 0 none, 1 findings.
"""

import collections
import os
import re
import subprocess
import sys

PATH = "tests/bench/ceilings.txt"
ARCHES = ("riscv64", "aarch64")
Ceiling = collections.namedtuple("Ceiling", "value comment")


def parse(text, arch):
    """{name: Ceiling} of this CPU, in the order of the text; the value of one that is only shown is None."""
    ceilings = collections.OrderedDict()
    for line in text.split("\n"):
        body, _, comment = line.partition("#")
        words = body.split()
        if words:
            word = words[1 + ARCHES.index(arch)]
            ceilings[words[0]] = Ceiling(None if word == "-" else int(word), comment)
    return ceilings


def read(arch, path=PATH):
    """{name: number or None} of this CPU, in the order of the file."""
    with open(path) as file:
        return collections.OrderedDict((name, c.value) for name, c in parse(file.read(), arch).items())


def has_decision(ceiling, root):
    page = re.search(r"docs/decisions/[\w.-]+\.md", ceiling.comment) if ceiling else None
    return page is not None and os.path.isfile(os.path.join(root, page.group()))


def raised(now, earlier, root="."):
    """Sentences: what is above an earlier text, or no longer there, without a decision."""
    findings = []
    for arch in ARCHES:
        ceilings = parse(now, arch)
        for text in earlier:
            for name, old in parse(text, arch).items():
                new = ceilings.get(name)
                if old.value is None or (new and new.value is not None and new.value <= old.value):
                    continue
                finding = "%s of %s was %d and is %s, and no page of docs/decisions/ says why" % (
                    name, arch, old.value, new.value if new and new.value is not None else "gone")
                if not has_decision(new, root) and finding not in findings:
                    findings.append(finding)
    return findings


def earlier_versions(path):
    """The texts of the file in every commit that changed it; none where there is no git."""
    def git(*arguments):
        return subprocess.run(("git",) + arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              universal_newlines=True).stdout
    return [git("show", "%s:%s" % (commit, path)) for commit in git("log", "--format=%H", "--", path).split()]


def main():
    if sys.argv[1:] != ["--check"]:
        sys.exit("usage: ceilings.py --check")
    with open(PATH) as file:
        findings = raised(file.read(), earlier_versions(PATH))
    for finding in findings:
        print("%s: %s" % (PATH, finding))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
