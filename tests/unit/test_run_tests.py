#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Whatever goes wrong in a test of any kind is counted as a failure, and the last line says so."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ET

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import run_tests  # noqa: E402


class Counting(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.build = folder.name, run_tests.BUILD
        run_tests.BUILD = os.path.join(folder.name, "build")
        os.mkdir(run_tests.BUILD)
        self.addCleanup(setattr, run_tests, "BUILD", self.build)

    def program(self, text, name="program"):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o755)
        return path

    def run_all(self, *arguments):
        """(exit status, last line)"""
        saved, sys.argv = sys.argv, ["run_tests.py", *arguments]
        try:
            with contextlib.redirect_stdout(io.StringIO()) as out:
                status = run_tests.main()
        finally:
            sys.argv = saved
        self.lines = out.getvalue().rstrip("\n").split("\n")
        return status, self.lines[-1]

    def test_each_verdict_of_a_program_counts(self):
        path = self.program("#!/bin/sh\nprintf '[ RUN      ] a\\n[       OK ] a\\n'\n"
                            "printf '[ RUN      ] b\\n[  FAILED  ] b\\n'; exit 1")
        self.assertEqual(self.run_all("--unit", path), (1, "1 passed, 1 failed, 0 skipped"))

    def test_a_test_that_took_the_program_down_failed(self):
        path = self.program("#!/bin/sh\nprintf '[ RUN      ] a\\n[       OK ] a\\n[ RUN      ] b\\n'; kill -SEGV $$")
        self.assertEqual(self.run_all("--unit", path), (1, "1 passed, 1 failed, 0 skipped"))

    def test_a_program_without_tests_failed(self):
        self.assertEqual(self.run_all("--unit", self.program("#!/bin/sh\n")), (1, "0 passed, 1 failed, 0 skipped"))

    def test_a_leak_after_the_last_test_failed(self):
        path = self.program("#!/bin/sh\nprintf '[ RUN      ] a\\n[       OK ] a\\n'; exit 23")
        self.assertEqual(self.run_all("--unit", path), (1, "1 passed, 1 failed, 0 skipped"))

    def test_each_case_of_the_conformance_counts(self):
        path = self.program("#!/bin/sh\nprintf 'conform: ok a\\nconform: skip b: none\\nconform: FAIL c: x (f:1)\\n"
                            "conform: end cases=3 passed=1 deviating=0 skipped=1 failed=1\\n'; exit 1")
        self.assertEqual(self.run_all("--conform", path), (1, "1 passed, 1 failed, 1 skipped"))

    def test_a_conformance_that_did_not_reach_its_end_failed(self):
        path = self.program("#!/bin/sh\necho 'conform: ok a'\n")
        self.assertEqual(self.run_all("--conform", path), (1, "1 passed, 1 failed, 0 skipped"))

    def test_a_crash_of_a_fuzz_target_is_no_skip(self):
        path = self.program("#!/bin/sh\nexit 77", "fdt")
        self.assertEqual(self.run_all("--corpus", path), (1, "0 passed, 1 failed, 0 skipped"))

    def test_a_fuzz_target_without_a_corpus_failed(self):
        path = self.program("#!/bin/sh\n", "no_such_target")
        self.assertEqual(self.run_all("--corpus", path), (1, "0 passed, 1 failed, 0 skipped"))

    def test_a_check_may_be_skipped_but_not_be_all(self):
        self.assertEqual(self.run_all("--check", "a=exit 77"), (1, "0 passed, 0 failed, 1 skipped"))
        self.assertEqual(self.run_all("--check", "a=exit 77", "--check", "b=true"),
                         (0, "1 passed, 0 failed, 1 skipped"))

    def test_what_failed_stands_at_the_end_again(self):
        self.run_all("--check", "a=seq 100; exit 1", "--check", "b=true")
        first = self.lines.index("  FAIL   checks a")
        self.assertEqual([line.strip() for line in self.lines[first + 1:-1]], ["%d" % n for n in range(89, 101)])

    def test_an_interruption_ends_what_runs_and_starts_nothing_more(self):
        script = os.path.join(os.path.dirname(run_tests.__file__), "run_tests.py")
        begun, second = (os.path.join(self.folder, name) for name in ("begun", "second"))
        for number in (signal.SIGINT, signal.SIGTERM):
            command = "a=touch %s; exec sleep 60" % begun
            process = subprocess.Popen([sys.executable, script, "--jobs", "1", "--check", command,
                                        "--check", "b=touch %s" % second], env={**os.environ, "BUILD": run_tests.BUILD},
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
            while not os.path.exists(begun):
                time.sleep(0.05)
            process.send_signal(number)
            self.assertEqual(process.wait(50), 130)
            self.assertFalse(os.path.exists(second))
            os.unlink(begun)

    def test_the_results_are_xml_whatever_was_printed(self):
        self.run_all("--check", "a=printf '<&]]>\\000\\033[1m\\377'; exit 1")
        root = ET.parse(os.path.join(run_tests.BUILD, "test-results.xml")).getroot()
        self.assertEqual(root.find("testsuite").get("failures"), "1")
        self.assertIn("<&]]>\\x00", root.find("testsuite/testcase/failure").text)
        with open(os.path.join(run_tests.BUILD, "test-summary.txt")) as file:
            self.assertEqual(file.read(), "0 passed, 1 failed, 0 skipped\n")


if __name__ == "__main__":
    unittest.main()
