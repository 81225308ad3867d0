#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Make docs/networking/sockets.md from the cases of tests/conformance and the list of errors beside them.

  sockets_doc.py PROGRAM [--check]

PROGRAM is the conformance program of this machine, which lists its cases: what each is about, its name, and why the
target does otherwise if it does; and the errors and options that are documented.  The lane `sockets` runs the same
cases on the target and fails when one that is not said to deviate does, when one that is said to does not, or when
the errors that came are not those of the list; so the page is what the target was seen to do.  --check writes nothing
and fails when the page is not what would be written.
"""

import subprocess
import sys

import made_page

PAGE = "docs/networking/sockets.md"
HEAD = """# The socket API: what is there

Made by `scripts/sockets_doc.py` from `tests/conformance/`; do not edit. The cases are sentences of behaviour. Each
is run on the target in the lane `sockets`, and on Linux by `make check`, where it must hold too: it is the API that is
tested, and not our habit. What only one of the two can be asked is skipped on the other, visibly.

%d cases; deviating: %d.

| call or option | state | cases | where it deviates |
|---|---|---|---|
"""
ERRORS = """
## Errors

Every error that POSIX.1-2017 documents for a call, and those that Linux documents besides and that come here, too:
`tests/conformance/documented.list`. What is said to come has come in a case, which compared it; the program fails when
one did not, and when one came that is not here. What no case has, has its reason. What the death of netd does to a
socket: [os-net](os-net.md); ENETDOWN comes when netd will not be started again, or the socket could not be made anew.

| call | comes | no case has, and why |
|---|---|---|
"""
OPTIONS = """
## Options

Each of these was, by a case.

| | |
|---|---|
"""
TAIL = """
Not there at all: AF_UNIX, AF_PACKET and netlink sockets; urgent data; passing descriptors; SO_RCVLOWAT, SO_TIMESTAMP,
SO_REUSEPORT; source-specific multicast; signals, so neither SIGPIPE nor EINTR nor O_ASYNC.
"""


def read_list(program):
    """
    What the program lists, each in its order: {what cases are about: [(name, why it deviates or "")]},
    {call: {why no case has its errors, or "": [error]}}, [(option, how)].
    """
    text = subprocess.run([program, "--list"], check=True, stdout=subprocess.PIPE).stdout.decode()
    cases, errors, options = {}, {}, []
    for line in text.splitlines():
        kind, *fields = line.split("\t")
        if kind == "case":
            cases.setdefault(fields[0], []).append((fields[1], fields[2]))
        elif kind == "error":
            errors.setdefault(fields[0], {}).setdefault(fields[2], []).append(fields[1])
        else:
            options.append(fields)
    return cases, errors, options


def state(cases):
    deviating = sum(1 for _, why in cases if why)
    return "supported" if not deviating else "unsupported" if deviating == len(cases) else "partly"


def cases_table(rows):
    cases = [case for row in rows.values() for case in row]
    text = HEAD % (len(cases), sum(1 for _, why in cases if why))
    for about, row in rows.items():
        where = "; ".join("`%s`: %s" % case for case in row if case[1])
        text += "| %s | %s | %d | %s |\n" % (about, state(row), len(row), where)
    return text


def errors_table(calls):
    text = ERRORS
    for call, errors in calls.items():
        reasons = "; ".join("%s: %s" % (", ".join(names), why) for why, names in errors.items() if why)
        text += "| %s | %s | %s |\n" % (call, ", ".join(errors.get("", [])), reasons)
    return text


def options_table(options):
    ways = {}
    for option, how in options:
        ways.setdefault(how, []).append(option)
    return OPTIONS + "".join("| %s | %s |\n" % (how, ", ".join(names)) for how, names in ways.items())


def page(cases, errors, options):
    return cases_table(cases) + TAIL + errors_table(errors) + options_table(options)


def main():
    if not 2 <= len(sys.argv) <= 3 or sys.argv[2:] not in ([], ["--check"]):
        print(__doc__.strip().split("\n\n")[1], file=sys.stderr)
        return 2
    return made_page.finish(PAGE, page(*read_list(sys.argv[1])), sys.argv[2:] == ["--check"])


if __name__ == "__main__":
    sys.exit(main())
