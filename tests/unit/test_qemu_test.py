#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The harness tells a good boot, a wrong one, a hang, a death and a QEMU that cannot start apart, and leaves no
process behind.  A shell script stands in for QEMU."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import unittest.mock

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts")
sys.path.insert(0, SCRIPTS)

import guest  # noqa: E402
import qemu_test  # noqa: E402

LAUNCHER = """#!/bin/sh
case ${1:-} in --lanes) echo default other; exit ;; --network) echo no; exit ;; esac
echo $$ >"%s"
"""
LIST = "fatal KERNEL PANIC: ...\nforbid x: bad\nrequire x: one\nrequire x: two\n"


class Harness(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.addCleanup(setattr, guest, "SCRIPTS", guest.SCRIPTS)
        self.addCleanup(setattr, qemu_test, "LISTS", qemu_test.LISTS)
        guest.SCRIPTS = qemu_test.LISTS = self.folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def boot(self, guest, markers=LIST, **settings):
        """Exit status and output of one boot of a guest written in shell."""
        with open(self.path("run.sh"), "w") as script:
            script.write(LAUNCHER % self.path("pid") + guest)
        os.chmod(self.path("run.sh"), 0o755)
        with open(self.path("default.txt"), "w") as file:
            file.write(markers)
        env = {"ARCHES": "riscv64", "UART_LOG": self.path("uart.log"), "QEMU_LOG": self.path("qemu.log"),
               "RUN_TIMEOUT": "20s", **settings}
        with contextlib.redirect_stdout(io.StringIO()) as out:
            status = qemu_test.run_one("riscv64", "default", qemu_test.Settings(env))
        return status, out.getvalue()

    def assert_gone(self):
        with open(self.path("pid")) as file:
            pid = int(file.read())
        for _ in range(100):
            if not os.path.exists("/proc/%d" % pid):
                return
            time.sleep(0.05)
        self.fail("the guest's process is still there")

    def test_stops_when_the_required_lines_are_there(self):
        status, out = self.boot("echo x: one; echo x: two; exec sleep 60")
        self.assertEqual(status, 0, out)
        self.assert_gone()
        with open(self.path("uart.log")) as log:
            self.assertEqual(log.read(), "x: one\nx: two\n")

    def test_a_missing_line_is_named(self):
        status, out = self.boot("echo x: one")
        self.assertEqual(status, 1)
        self.assertIn("first missing line: x: two", out)
        self.assertIn(">     1  x: one", out)

    def visit(self, program, guest="echo x: one; echo x: two; exec sleep 60", **settings):
        self.addCleanup(setattr, qemu_test, "VISITS", qemu_test.VISITS)
        qemu_test.VISITS = self.folder
        with open(self.path("guest-user"), "w") as script:
            script.write("#!/bin/sh\n" + program)
        os.chmod(self.path("guest-user"), 0o755)
        return self.boot(guest, LIST + "visit guest-user x: two\n", **settings)

    def test_a_visit_ends_before_the_run_does(self):
        status, out = self.visit("sleep 0.5; echo $HOST >%s; exit 0" % self.path("visited"))
        self.assertEqual(status, 0, out)
        with open(self.path("visited")) as file:
            self.assertEqual(file.read().strip(), qemu_test.own_address())
        self.assert_gone()

    def test_the_end_of_a_visit_is_seen_between_pieces_of_a_line(self):
        status, out = self.visit("exit 0", "echo x: one; echo x: two; while sleep 0.02; do printf .; done",
                                 RUN_TIMEOUT="10s")
        self.assertEqual(status, qemu_test.OK, out)
        self.assert_gone()

    def test_a_visit_that_fails_is_named_with_what_it_said(self):
        status, out = self.visit("echo no answer; exit 3")
        self.assertEqual(status, 1)
        self.assertIn("visit guest-user ended with 3", out)
        self.assertIn("no answer", out)
        self.assert_gone()

    def test_a_visit_without_end_is_stopped_with_the_guest(self):
        status, out = self.visit("echo $$ >%s; exec sleep 60" % self.path("pid-of-visit"), RUN_TIMEOUT="2s")
        self.assertEqual(status, 4)
        self.assertIn("a visit did not end within 2 s", out)
        with open(self.path("pid-of-visit")) as file:
            self.assertFalse(os.path.exists("/proc/%s" % file.read().strip()))

    def test_a_forbidden_line_ends_the_run(self):
        status, out = self.boot("echo x: one; echo x: bad; exec sleep 60")
        self.assertEqual(status, 1)
        self.assertIn("forbidden line: x: bad", out)
        self.assert_gone()

    def test_a_hang_is_a_death_at_the_time_out(self):
        status, out = self.boot("echo x: one; exec sleep 60", RUN_TIMEOUT="1s")
        self.assertEqual(status, 4)
        self.assertIn("no end within 1 s; first missing line: x: two", out)
        self.assert_gone()

    def test_a_panic_is_a_death_and_its_backtrace_is_kept(self):
        status, out = self.boot("echo KERNEL PANIC: x; sleep 0.2; echo at main; exec sleep 60")
        self.assertEqual(status, 4)
        self.assertIn("at main", out)

    def test_an_unexpected_exit_status_is_a_death(self):
        self.assertEqual(self.boot("echo x: one; exit 3")[0], 4)

    def test_the_exit_status_of_the_list_is_expected(self):
        guest = "echo x: one; echo x: two; exit 5"
        self.assertEqual(self.boot(guest, LIST + "exit 5\n")[0], 0)
        self.assertEqual(self.boot(guest, LIST + "exit 6\n")[0], 4)

    def test_qemu_that_cannot_start_is_told_apart(self):
        status, out = self.boot("echo no such machine >&2; exit 1")
        self.assertEqual(status, 3)
        self.assertIn("no such machine", out)

    def test_runs_to_the_time_out_when_asked_to(self):
        start = time.monotonic()
        guest = "echo x: one; echo x: two; exec sleep 60"
        self.assertEqual(self.boot(guest, RUN_UNTIL_MARKER="0", RUN_TIMEOUT="1s")[0], 0)
        self.assertGreater(time.monotonic() - start, 0.9)

    def test_stops_at_the_line_asked_for(self):
        guest = "echo x: one; exec sleep 60"
        self.assertEqual(self.boot(guest, RUN_UNTIL_MARKER="x: o")[0], 0)
        self.assertEqual(self.boot(guest, RUN_UNTIL_MARKER="y", RUN_TIMEOUT="1s")[0], 4)

    def test_a_line_cut_short_does_not_count_and_is_shown(self):
        status, out = self.boot("echo x: one; printf 'x: two'")
        self.assertEqual(status, 1)
        self.assertIn("cut off  x: two", out)

    def test_a_bad_setting_is_refused(self):
        for setting in ({"RUN_TIMEOUT": "soon"}, {"RUN_TIMEOUT": "0"}, {"LANE": "nowhere"}):
            with self.assertRaises(qemu_test.Usage):
                self.boot("", **setting)

    def test_several_boots_have_a_log_each(self):
        self.boot("echo x: one")
        shutil.copy(self.path("default.txt"), self.path("other.txt"))
        env = {"ARCHES": "riscv64 aarch64", "LANE": "all", "UART_LOG": "a/b.log"}
        settings = qemu_test.Settings(env)
        names = {settings.file(settings.uart_log, *boot) for boot in settings.boots}
        self.assertEqual(names, {"a/b-%s-%s.log" % (arch, lane)
                                 for arch in ("riscv64", "aarch64") for lane in ("default", "other")})

    def test_an_interrupted_run_leaves_no_guest_behind(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            self.boot("echo x: one")
            with open(self.path("run.sh"), "a") as script:
                script.write("\nexec sleep 60\n")
            os.remove(self.path("pid"))
            code = ("import sys; sys.path.insert(0, %r); import guest, qemu_test as q; "
                    "guest.SCRIPTS = q.LISTS = %r; sys.exit(q.main())")
            env = {**os.environ, "ARCHES": "riscv64", "UART_LOG": self.path("u.log"), "QEMU_LOG": self.path("q.log")}
            harness = subprocess.Popen(["/usr/bin/python3", "-B", "-c", code % (SCRIPTS, self.folder)], env=env,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not (os.path.exists(self.path("pid")) and os.path.getsize(self.path("pid"))):
                time.sleep(0.02)
            harness.send_signal(number)
            status = harness.wait(10)
            self.assertEqual(status, 130 if number != signal.SIGKILL else -signal.SIGKILL)
            self.assert_gone()

    def test_a_parent_that_is_not_seen_may_be_in_any_network(self):
        for error in (PermissionError, FileNotFoundError):
            with unittest.mock.patch("os.readlink", side_effect=["net:[1]", error]):
                self.assertFalse(guest.is_in_own_network())
        with unittest.mock.patch("os.readlink", side_effect=["net:[2]", "net:[1]"]):
            self.assertTrue(guest.is_in_own_network())


if __name__ == "__main__":
    unittest.main()
