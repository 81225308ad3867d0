#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Each rule of scripts/check_tree.py finds a breach of it, and a clean tree has none; pages that scripts make."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import check_tree  # noqa: E402
import made_page  # noqa: E402

TOP = "/* SPDX-License-Identifier: BSD-2-Clause */\n/* What it is for. */\n"
CLEAN = {
    "kernel/files.mk": "# SPDX-License-Identifier: BSD-2-Clause\nKERNEL_SRC := kernel/a.c\n",
    "kernel/a.c": TOP + '#include "a.h"\n#include <base/x.h>\n\nint f(void)\n{\n    return 0;\n}\n',
    "kernel/a.h": TOP + "#pragma once\n",
    "kernel/arch/riscv64/b.h": TOP + "#pragma once\n#ifdef __riscv\n#endif\n",
    "kernel/include/abi/syscall.h": TOP + "#pragma once\n    X(0, call, (void))\n",
    "docs/abi.md": "### call\n",
    "docs/features.md": "| promise | state | test | limits |\n|---|---|---|---|\n| x | works | `has_a_name` | |\n"
                        "| y | not yet | | |\n",
    "tests/bench/ceilings.txt": "kernel_lines 100 100\n",
    "tests/files.mk": "# SPDX-License-Identifier: BSD-2-Clause\nUNIT_TESTS := t\n",
    "tests/unit/t.c": TOP + "static const struct CMUnitTest tests[] = {cmocka_unit_test(has_a_name)};\n",
}


class Rules(unittest.TestCase):
    def findings(self, **changes):
        """The rules that speak when these files are changed (None: not there)."""
        with tempfile.TemporaryDirectory() as root:
            for path, text in {**CLEAN, **changes.get("files", {})}.items():
                if text is None:
                    continue
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w") as file:
                    file.write(text)
            tree = check_tree.Tree(root)
            return sorted({rule.__name__ for rule in check_tree.RULES for _ in rule(tree)})

    def expect(self, rule, path, text):
        self.assertEqual(self.findings(files={path: text}), [rule] if rule else [], path)

    def test_a_clean_tree_has_no_findings(self):
        self.assertEqual(self.findings(), [])

    def test_a_source_in_no_list(self):
        self.expect("every_source_is_in_a_list", "kernel/lost.c", TOP)
        self.expect("every_source_is_in_a_list", "tests/unit/lost.c", TOP)

    def test_no_licence(self):
        self.expect("every_file_opens_with_its_licence", "kernel/a.h", "/* What it is for. */\n#pragma once\n")

    def test_no_word_on_what_it_is_for(self):
        self.expect("every_source_says_what_it_is_for", "kernel/a.h",
                    "/* SPDX-License-Identifier: BSD-2-Clause */\n#pragma once\n")

    def test_no_pragma_once(self):
        self.expect("headers_have_pragma_once", "kernel/a.h", TOP)

    def test_long_files_and_lines_and_blanks(self):
        for bad in ("\n" * 600, "/* %s */\n" % ("x" * 100), "int a; \n", "\tint a;\n", "int a;"):
            self.expect("files_and_lines_are_short", "kernel/a.c", TOP + bad)

    def test_a_long_function(self):
        body = "int f(void)\n{\n" + "    g();\n" * 69 + "}\n"
        self.expect("functions_are_short", "kernel/a.c", TOP + body)
        self.expect(None, "kernel/a.c", TOP + "/* Longer than 70 lines: a flat dispatch. */\n" + body)
        self.expect(None, "kernel/a.c", TOP + body.replace("    g();\n", "", 1))

    def test_a_layer_that_is_not_kept(self):
        for path, include in (("kernel/a.c", "<proto/log.h>"), ("kernel/a.c", '"../libc/x.h"'),
                              ("libc/base/b.h", "<wherry/x.h>"), ("servers/b.h", "<kernel/a.h>"),
                              ("servers/b.h", "<lwip/tcp.h>")):
            text = TOP + "#pragma once\n#include %s\n" % include
            self.expect("layers_are_kept", path, text)

    def test_a_pure_module_that_acts(self):
        listing = "# SPDX-License-Identifier: BSD-2-Clause\nA_PURE_SRC := servers/x/a.c \\\n    servers/x/b.c\n"
        for header, is_found in (("sys/socket.h", True), ("stdlib.h", True), ("wherry/time.h", True),
                                 ("string.h", False), ("abi/a.h", False)):
            files = {"servers/files.mk": listing, "servers/x/a.c": TOP,
                     "servers/x/b.c": TOP + "#include <%s>\n" % header}
            self.assertEqual(self.findings(files=files), ["pure_modules_see_nothing_that_acts"][:is_found], header)

    def test_a_question_about_the_cpu(self):
        for line in ("#ifdef __riscv", "#if defined(__aarch64__)", "#  elif ARCH_RISCV64"):
            self.expect("the_cpu_is_asked_about_in_its_folders_only", "kernel/a.c", TOP + line + "\n#endif\n")

    def test_a_todo_without_an_issue(self):
        self.expect("todos_name_an_issue", "kernel/a.c", TOP + "/* TODO later */\n")
        self.expect(None, "kernel/a.c", TOP + "/* TODO #12 */\n")

    def test_a_kernel_that_is_too_big(self):
        self.assertEqual(check_tree.code_lines(["/* a", "b */ int c;", "", "// d", "int e; /* f */"]), 2)
        self.expect("the_kernel_is_small", "kernel/a.h", TOP + "#pragma once\n" + "int a;\n" * 100)

    def test_a_feature_whose_test_does_not_exist(self):
        for row in ("| x | works | `has_no_name` | |\n", "| x | works | | |\n", "| x | partly | `has_no_name` | |\n"):
            self.expect("features_that_work_name_a_test_that_exists", "docs/features.md", row)

    def test_a_syscall_reference_that_differs(self):
        for page in ("", "### call\n### other\n"):
            self.expect("the_syscall_reference_has_every_call", "docs/abi.md", page)


class MadePages(unittest.TestCase):
    def test_a_page_is_written_and_another_text_is_told_and_left(self):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as said:
            path = os.path.join(folder, "page.md")
            self.assertEqual(made_page.finish(path, "one", False), 0)
            self.assertEqual(made_page.finish(path, "one", True), 0)
            self.assertEqual(said.getvalue(), "")
            self.assertEqual(made_page.finish(path, "two", True), 1)
            self.assertIn(path + " is not what ", said.getvalue())
            with open(path) as file:
                self.assertEqual(file.read(), "one")


if __name__ == "__main__":
    unittest.main()
