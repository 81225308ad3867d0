#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Say where the tree breaks its own rules; silent when it does not.

  check_tree.py [ROOT]

Looks at the files that git knows, or at all of them where there is no git.  Each rule is one function of the tree
that gives its findings as (path, line, text).  Exit status: 0 none, 1 findings.
"""

import os
import re
import subprocess
import sys

import ceilings

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70
COLUMNS_MAX = 100
LONG_FUNCTION = "Longer than 70 lines:"  # in the comment of a function that may be
CPU_FOLDERS = ("kernel/arch/", "libc/arch/", "libc/musl/", "selftest/arch/")
FOREIGN_HEADERS = ("libc/musl/", "servers/netd/lwip/")  # of the form that musl and lwIP want
SKIPPED_FOLDERS = ("build/", ".deps/", ".git/")

# Folder -> the include prefixes it may use; a header without a slash is its own folder's or the compiler's.
C_LIBRARY = {"sys", "net", "netinet", "arpa"}
LAYERS = {
    "kernel/include/abi/": {"abi"},
    "kernel/": {"abi", "base", "arch", "kernel"},
    "libc/base/": {"abi", "base"},
    "libc/": {"abi", "base", "proto", "wherry"} | C_LIBRARY,
    "drivers/": {"abi", "base", "proto", "wherry", "virtio"} | C_LIBRARY,
    "servers/netd/": {"abi", "base", "proto", "wherry", "lwip", "netif", "arch"} | C_LIBRARY,
    "servers/": {"abi", "base", "proto", "wherry"} | C_LIBRARY,
    "selftest/": {"abi", "base", "proto", "wherry"} | C_LIBRARY,
}
# What a pure module may include besides its own folder.
PURE_FOLDERS = ("abi/", "base/", "proto/", "virtio/", "lwip/", "netif/")
PURE_HEADERS = {"assert.h", "errno.h", "limits.h", "stdalign.h", "stdarg.h", "stdatomic.h", "stdbool.h", "stddef.h",
                "stdint.h", "string.h", "sum_arch.h"}


class Tree:
    """The files of the project, each read once."""

    def __init__(self, root):
        self.root = root
        self.paths = sorted(self._known())
        self.lines = {}
        for path in self.paths:
            try:
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    self.lines[path] = file.read().split("\n")
            except UnicodeDecodeError:
                pass  # data, such as a corpus

    def _known(self):
        git = subprocess.run(["git", "-C", self.root, "ls-files", "-z"], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
        if git.returncode == 0:
            names = [n.decode() for n in git.stdout.split(b"\0") if n]
        else:
            names = [os.path.relpath(os.path.join(folder, name), self.root)
                     for folder, _, files in os.walk(self.root) for name in files]
        return [n for n in names if not n.startswith(SKIPPED_FOLDERS) and os.path.isfile(os.path.join(self.root, n))]

    def files(self, *endings):
        return [p for p in self.lines if p.endswith(endings)]

    def code(self):
        return self.files(".c", ".h", ".S")


def every_source_is_in_a_list(tree):
    """A .c or .S that no list names is not built and not tested."""
    words = set()
    for path in tree.files(".mk", "Makefile", "scripts/bench.py", "scripts/bench_profile.py"):
        words |= set(re.findall(r"[\w./-]+", "\n".join(tree.lines[path]).replace("$(ARCH)/", "")))
    for path in tree.files(".c", ".S"):
        name = os.path.splitext(os.path.basename(path))[0]
        is_test = path.startswith(("tests/unit/", "tests/fuzz/", "tests/bench/")) and name in words
        is_overlay = path.startswith("libc/musl/") or "/musl/" in path  # stands in for musl's file by its path
        of_cpu = re.sub(r"^(kernel|libc|selftest)/arch/[^/]+/", r"\1/arch/", path)
        by_prefix = os.path.dirname(path) + "/" in words and os.path.basename(path) in words  # $(addprefix ...)
        if not (path in words or of_cpu in words or by_prefix or is_test or is_overlay):
            yield path, 0, "is in no files.mk"


def every_file_opens_with_its_licence(tree):
    for path in tree.files(".c", ".h", ".S", ".py", ".sh", ".mk", ".ld", "Makefile"):
        if not any("SPDX-License-Identifier: BSD-2-Clause" in line for line in tree.lines[path][:2]):
            yield path, 1, "has no line SPDX-License-Identifier: BSD-2-Clause at its top"


def every_source_says_what_it_is_for(tree):
    """The header's word holds for the .c of the same name."""
    headers = {os.path.splitext(os.path.basename(path))[0] for path in tree.files(".h")}
    for path in tree.code():
        if path.endswith(".c") and os.path.splitext(os.path.basename(path))[0] in headers:
            continue
        if not any(line.startswith("/*") and "SPDX" not in line for line in tree.lines[path][:4]):
            yield path, 2, "has no comment at its top that says what it is responsible for"


def headers_have_pragma_once(tree):
    for path in tree.files(".h"):
        if "#pragma once" not in tree.lines[path] and not path.startswith(FOREIGN_HEADERS):
            yield path, 0, "has no #pragma once"


def files_and_lines_are_short(tree):
    for path in tree.code() + tree.files(".py", ".sh"):
        lines = tree.lines[path]
        if len(lines) - 1 > FILE_LINES_MAX:
            yield path, FILE_LINES_MAX, "has %d lines, more than %d" % (len(lines) - 1, FILE_LINES_MAX)
        limit = COLUMNS_MAX if path.endswith((".c", ".h", ".S")) else COLUMNS_MAX + 20
        for number, line in enumerate(lines, 1):
            if len(line) > limit:
                yield path, number, "has %d columns, more than %d" % (len(line), limit)
            if line != line.rstrip():
                yield path, number, "ends in blanks"
            if "\t" in line and path.endswith((".c", ".h", ".py")):
                yield path, number, "has a tab"
        if lines[-1]:
            yield path, len(lines), "does not end with a newline"


def functions_are_short(tree):
    """A function: from its '{' in the first column to its '}' there."""
    for path in tree.files(".c"):
        start, comment = 0, ""
        for number, line in enumerate(tree.lines[path], 1):
            if line.startswith("{") or (re.match(r"[\w].*\) \{$", line) and not start):
                start = number
            elif line.startswith("}") and start:
                length = number - start + 1
                if length > FUNCTION_LINES_MAX and LONG_FUNCTION not in comment:
                    yield path, start, "a function of %d lines, more than %d" % (length, FUNCTION_LINES_MAX)
                start, comment = 0, ""
            elif not start:
                comment += line + "\n"


def layers_are_kept(tree):
    for path in tree.code():
        folder = next((f for f in sorted(LAYERS, key=len, reverse=True) if path.startswith(f)), None)
        if folder is None:
            continue
        for number, line in enumerate(tree.lines[path], 1):
            found = re.match(r'\s*#\s*include\s+["<]([^">]+)[">]', line)
            if not found:
                continue
            name = found.group(1)
            prefix = name.split("/")[0] if "/" in name else None
            program = "/".join(path.split("/")[:2]) + "/"
            if ".." in name.split("/"):
                if os.path.normpath(os.path.join(os.path.dirname(path), name)).startswith(program):
                    continue
                yield path, number, "includes %s: another folder by its path" % name
            elif prefix and prefix not in LAYERS[folder] and not os.path.exists(
                    os.path.join(tree.root, os.path.dirname(path), name)):
                yield path, number, "includes %s, which its layer does not see" % name


def pure_modules_see_nothing_that_acts(tree):
    """What a list *_PURE_SRC names has no socket, clock, allocation or system call: no header that declares one."""
    for listing in tree.files(".mk"):
        text = "\n".join(tree.lines[listing]).replace("\\\n", " ")
        for sources in re.findall(r"^\w+_PURE_SRC := (.*)$", text, re.M):
            names = [p for source in sources.split() for p in (source, source[:-1] + "h")]
            for path in [p for p in names if p in tree.lines]:
                for number, line in enumerate(tree.lines[path], 1):
                    found = re.match(r"\s*#\s*include\s+<([^>]+)>", line)
                    if found and not found.group(1).startswith(PURE_FOLDERS) and found.group(1) not in PURE_HEADERS:
                        yield path, number, "includes %s, and is pure" % found.group(1)


def the_cpu_is_asked_about_in_its_folders_only(tree):
    for path in tree.code():
        if path.startswith(CPU_FOLDERS):
            continue
        for number, line in enumerate(tree.lines[path], 1):
            if re.match(r"\s*#\s*(if|elif|ifdef|ifndef)\b.*(__riscv|__aarch64__|__arm|__x86|__i386|\bARCH_)", line):
                yield path, number, "asks which CPU it is; that belongs under kernel/arch or libc/arch"


def todos_name_an_issue(tree):
    for path in tree.code() + tree.files(".py", ".sh", ".mk", "Makefile"):
        if path in ("scripts/check_tree.py", "tests/unit/test_check_tree.py"):
            continue
        for number, line in enumerate(tree.lines[path], 1):
            if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line) and not re.search(r"#\d+", line):
                yield path, number, "a TODO that names no issue"


def code_lines(lines):
    """Lines that are neither blank nor only comment."""
    text = re.sub(r"/\*.*?\*/", lambda m: "\n" * m.group().count("\n"), "\n".join(lines), flags=re.S)
    return sum(1 for line in text.split("\n") if re.sub(r"//.*", "", line).strip())


def the_kernel_is_small(tree):
    total = sum(code_lines(tree.lines[p]) for p in tree.code() if p.startswith("kernel/"))
    limit = ceilings.parse("\n".join(tree.lines[ceilings.PATH]), "riscv64")["kernel_lines"].value
    if total > limit:
        yield "kernel", 0, "has %d lines, more than %d" % (total, limit)


def table_rows(lines):
    """The cells of the body rows of every table in a Markdown page, with their line numbers."""
    for number, line in enumerate(lines, 1):
        if line.startswith("|") and not re.match(r"\|[-| :]+\|$", line):
            yield number, [cell.strip() for cell in line.strip().strip("|").split("|")]


def test_names(tree):
    """Every name a page may call a test by: files, functions of unit tests, methods, lanes, lines of the lists."""
    names = set()
    for path in tree.lines:
        if path.startswith(("tests/", "selftest/", "scripts/")):
            names |= {path, os.path.splitext(os.path.basename(path))[0]}
        if path.startswith(("tests/unit/", "tests/peer/test_", "tests/markers/test_")):
            text = "\n".join(tree.lines[path])
            names |= set(re.findall(r"^static void (\w+)\(void \*\*", text, re.M))
            names |= set(re.findall(r"^TEST\((\w+)\)", text, re.M))
            names |= set(re.findall(r"\bcmocka_unit_test\w*\(\s*(\w+)", text))
            names |= set(re.findall(r"def (test_\w+)", text))
        if path.startswith("tests/conformance/"):
            names |= set(re.findall(r"\bCASE\w*\([^,]*,\s*(\w+)\)", "\n".join(tree.lines[path])))
        if path.startswith("tests/markers/") and path.endswith(".txt"):
            for line in tree.lines[path]:
                verb, _, rest = line.strip().partition(" ")
                if verb in ("require", "require+", "anytime"):
                    names.add(rest.strip())
        if path.startswith("selftest/") and path.endswith(".c"):
            names |= set(re.findall(r'\{"[^"]+",\s*(\w+)\}', "\n".join(tree.lines[path])))
    return names


def features_that_work_name_a_test_that_exists(tree):
    """docs/features.md: | promise | state | test | limits |, the tests in `backquotes`."""
    path = "docs/features.md"
    if path not in tree.lines:
        return
    known = test_names(tree)
    for number, cells in table_rows(tree.lines[path]):
        if len(cells) < 3 or cells[1] not in ("works", "partly", "not yet"):
            continue
        tests = re.findall(r"`([^`]+)`", cells[2])
        if cells[1] == "works" and not tests:
            yield path, number, "works, and no test is named"
        for test in tests:
            if test not in known:
                yield path, number, "names a test that does not exist: %s" % test


def the_syscall_reference_has_every_call(tree):
    """docs/abi.md has a heading ### NAME for each X(number, NAME, ...) of the table, and no other."""
    table, page = "kernel/include/abi/syscall.h", "docs/abi.md"
    if table not in tree.lines or page not in tree.lines:
        return
    calls = re.findall(r"^\s*X\(\s*\d+\s*,\s*(\w+)", "\n".join(tree.lines[table]), re.M)
    headings = [re.match(r"### `?(\w+)", line).group(1) for line in tree.lines[page] if re.match(r"### `?\w", line)]
    for name in calls:
        if name not in headings:
            yield page, 0, "has no heading for the call %s" % name
    for name in headings:
        if name not in calls:
            yield page, 0, "describes a call that does not exist: %s" % name


RULES = (every_source_is_in_a_list, every_file_opens_with_its_licence, every_source_says_what_it_is_for,
         headers_have_pragma_once, files_and_lines_are_short, functions_are_short, layers_are_kept,
         pure_modules_see_nothing_that_acts, the_cpu_is_asked_about_in_its_folders_only, todos_name_an_issue,
         the_kernel_is_small, features_that_work_name_a_test_that_exists, the_syscall_reference_has_every_call)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    tree = Tree(root)
    findings = [finding for rule in RULES for finding in rule(tree)]
    for path, line, text in findings:
        print("%s:%d: %s" % (path, line, text) if line else "%s: %s" % (path, text))
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
