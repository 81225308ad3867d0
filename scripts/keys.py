#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Make a key file for program images [servers/dsoftbusd/keys.h]: a secret for each node, from this machine's entropy.

  keys.py [--test] -o FILE NODE...

A file that is there already is left alone: its keys may be in use.  --test marks the keys as those of tests, which an
image takes only if it was built to.  Mode 0600.  Exit status: 0 written or there already, 1 not, 2 usage.
"""

import argparse
import os
import re
import sys

NODE = re.compile(r"[a-z0-9-]{1,64}")  # what the boot argument node= takes


def text_of(nodes, is_test):
    lines = ["TEST"] if is_test else []
    lines += ["secret %s %s" % (node, os.urandom(32).hex()) for node in nodes]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Make a key file for program images.")
    parser.add_argument("--test", action="store_true")
    parser.add_argument("-o", dest="path", required=True)
    parser.add_argument("nodes", nargs="+", metavar="NODE")
    arguments = parser.parse_args()
    wrong = [node for node in arguments.nodes if not NODE.fullmatch(node)]
    if wrong or len(set(arguments.nodes)) != len(arguments.nodes):
        print("keys.py: a node is 1 to 64 of a-z 0-9 -, named once: %s" % " ".join(arguments.nodes), file=sys.stderr)
        return 2
    try:
        with os.fdopen(os.open(arguments.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text_of(arguments.nodes, arguments.test))
    except FileExistsError:
        print("keys.py: %s is there already and stays" % arguments.path, file=sys.stderr)
    except OSError as why:
        print("keys.py: %s" % why, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
