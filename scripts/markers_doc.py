#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Make docs/testing/markers.md from tests/markers/catalog and the lists.

  markers_doc.py [--check]

--check writes nothing and fails when the page is not what would be written.  A list that names a line which no entry of
the catalogue is about is an error.
"""

import os
import sys

import check_markers
import guest
import made_page

FOLDER, PAGE = "tests/markers", "docs/testing/markers.md"
FIELDS = ("line", "by", "when", "proves")
HEAD = """# Lines that tests look for

Made by `scripts/markers_doc.py` from `tests/markers/`; do not edit. How the lists are read: `tests/markers/README.md`.

| line | printed by | when | what it proves | required in |
|---|---|---|---|---|
"""


class CatalogError(Exception):
    """The catalogue or a list is wrong; says how."""


def read_catalog(path):
    entries, entry = [], {}
    with open(path) as file:
        for line in file.read().split("\n") + [""]:
            word, _, text = line.strip().partition(" ")
            if not word and entry:
                if tuple(entry) != FIELDS:
                    raise CatalogError("%s: an entry needs %s: %s" % (path, ", ".join(FIELDS), entry))
                entries.append(entry)
                entry = {}
            elif word and not word.startswith("#"):
                entry[word] = text.strip()
    return entries


def is_about(entry, text):
    """A list may name a line with values where the catalogue has names, or more of a line that ends in '...'."""
    return entry == text or check_markers.Pattern(entry).match(text) is not None


def lanes(folder):
    """The lanes of both CPUs that have a list; other files of the folder are only included."""
    names = sorted({n for arch in guest.ARCHES for n in guest.launcher(["--lanes"], arch, "default").split()})
    lists = [(n, os.path.join(folder, n + ".txt")) for n in names]
    return {name: check_markers.MarkerList(path) for name, path in lists if os.path.exists(path)}


def page(folder):
    entries, lists = read_catalog(os.path.join(folder, "catalog")), lanes(folder)
    rows = ""
    for entry in entries:
        where = [name for name, markers in lists.items() if any(is_about(entry["line"], p.text)
                                                                for p in markers.required)]
        rows += "| `%s` | %s | %s | %s | %s |\n" % (
            entry["line"], entry["by"], entry["when"], entry["proves"], ", ".join(where) or "-")
    for name, markers in lists.items():
        for pattern in markers.required + markers.forbidden + markers.fatal:
            if not any(is_about(e["line"], pattern.text) or is_about(pattern.text, e["line"]) for e in entries):
                raise CatalogError("%s/%s.txt names a line that the catalogue does not have: %s" %
                                   (folder, name, pattern.text))
    return HEAD + rows


def main():
    try:
        text = page(FOLDER)
    except (CatalogError, check_markers.ListError) as why:
        print(why)
        return 1
    return made_page.finish(PAGE, text, sys.argv[1:] == ["--check"])


if __name__ == "__main__":
    sys.exit(main())
