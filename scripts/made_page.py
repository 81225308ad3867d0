# SPDX-License-Identifier: BSD-2-Clause
"""The end of a script that makes a page of docs/: write it, or with --check only say whether it is as it should be."""

import sys


def finish(path, text, is_check):
    """The exit status."""
    if is_check:
        with open(path) as file:
            if file.read() == text:
                return 0
        print("%s is not what %s makes; run it" % (path, sys.argv[0]))
        return 1
    with open(path, "w") as file:
        file.write(text)
    return 0
