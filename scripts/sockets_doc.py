#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Make docs/networking/sockets.md from the cases of tests/conformance.

  sockets_doc.py PROGRAM [--check]

PROGRAM is the conformance program of this machine, which lists its cases: what each is about, its name, and why the
target does otherwise if it does.  The lane `sockets` runs the same cases on the target and fails when one that is not
said to deviate does, or one that is said to does not; so the page is what the target was seen to do.  --check writes
nothing and fails when the page is not what would be written.
"""

import subprocess
import sys

import made_page

PAGE = "docs/networking/sockets.md"
HEAD = """# The socket API: what is there

Made by `scripts/sockets_doc.py` from `tests/conformance/`; do not edit. The cases are sentences of behaviour. Each
is run on the target in the lane `sockets`, and on Linux by `make check`, where it must hold too: it is the API that is
tested, and not our habit. What only one of the two can be asked is skipped on the other, visibly.

%d cases, %d of them deviate.

| call or option | state | cases | where it deviates |
|---|---|---|---|
"""
TAIL = """
Not there at all: AF_UNIX, AF_PACKET and netlink sockets; urgent data; passing descriptors; SO_RCVLOWAT, SO_TIMESTAMP,
SO_REUSEPORT; source-specific multicast; signals, so neither SIGPIPE nor EINTR nor O_ASYNC.
"""


def read_cases(program):
    """{what it is about: [(name, why it deviates or "")]} in the order of the program."""
    text = subprocess.run([program, "--list"], check=True, stdout=subprocess.PIPE).stdout.decode()
    rows = {}
    for line in text.splitlines():
        about, name, why = line.split("\t")
        rows.setdefault(about, []).append((name, why))
    return rows


def state(cases):
    deviating = sum(1 for _, why in cases if why)
    return "supported" if not deviating else "unsupported" if deviating == len(cases) else "partly"


def page(rows):
    cases = [case for row in rows.values() for case in row]
    text = HEAD % (len(cases), sum(1 for _, why in cases if why))
    for about, row in rows.items():
        where = "; ".join("`%s`: %s" % case for case in row if case[1])
        text += "| %s | %s | %d | %s |\n" % (about, state(row), len(row), where)
    return text + TAIL


def main():
    if not 2 <= len(sys.argv) <= 3 or sys.argv[2:] not in ([], ["--check"]):
        print(__doc__.strip().split("\n\n")[1], file=sys.stderr)
        return 2
    return made_page.finish(PAGE, page(read_cases(sys.argv[1])), sys.argv[2:] == ["--check"])


if __name__ == "__main__":
    sys.exit(main())
