#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
Run tests of every kind, say what failed, end with one line that counts them.

  --unit BINARY       a cmocka program; each of its tests counts
  --conform COMMAND   runs tests/conformance on this machine; each of its cases counts
  --python FILE       a file of Python unit tests; each of its tests counts
  --corpus BINARY     a libFuzzer program; replays tests/fuzz/corpus/NAME, counts as one
  --check NAME=CMD    a command; counts as one; exit status 77 means skipped
  --boot ARCH:LANE[:KERNEL]  scripts/qemu-test.sh; counts as one

Host tests run first, then boots; each kind as many at a time as --jobs says (boots: 2).  Results go to
build/test-results.xml as JUnit.  The last line is always `N passed, N failed, N skipped` and stands in
build/test-summary.txt too; the exit status is 0 only when nothing failed and something passed, and 130 when it was
interrupted: what ran then is ended, and there is no summary.
"""

import argparse
import concurrent.futures
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET

BUILD = os.environ.get("BUILD", "build")
UNIT_TIMEOUT_S = 300
BOOT_TIMEOUT_S = 600
SKIPPED = 77
RECALLED_LINES = 12  # of each failure, once more at the end
INTERRUPTED = 130
running, is_ending = set(), threading.Event()  # processes; no more are to begin


class Case:
    """One counted test: name, seconds, and why it did not pass (None, or a text)."""

    def __init__(self, suite, name, seconds=0.0, failure=None, skipped=None):
        self.suite, self.name, self.seconds = suite, name, seconds
        self.failure, self.skipped = failure, skipped


def execute(command, timeout, env=None):
    """Run a command to its end; give (status, output, seconds). A time-out is a status of its own."""
    start = time.monotonic()
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                   env={**os.environ, **(env or {})})
        running.add(process)
        if is_ending.is_set():
            process.terminate()
        try:
            status = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.terminate()  # scripts/qemu-test.sh takes its QEMU with it
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            status = "no end within %d s" % timeout
        running.discard(process)
        out.seek(0)
        text = out.read().decode("utf-8", "replace")
    return status, text, time.monotonic() - start


def printable(text):
    return re.sub(r"[^\t\n\x20-\x7e]", lambda m: "\\x%02x" % ord(m.group()), text)


def one(suite, name, command, timeout=UNIT_TIMEOUT_S, may_skip=False):
    status, text, seconds = execute(command, timeout)
    if status == SKIPPED and may_skip:
        lines = text.strip().splitlines()
        return [Case(suite, name, seconds, skipped=lines[-1] if lines else "skipped")]
    return [Case(suite, name, seconds, None if status == 0 else "exit status %s\n%s" % (status, text))]


def with_program(cases, suite, status, text, seconds):
    """The tests of a program; one that gave none, or failed though none did, is a failure of its own."""
    if not cases or (status != 0 and not any(c.failure for c in cases)):
        return cases + [Case(suite, "program", seconds, "exit status %s\n%s" % (status, text))]
    cases[0].seconds = seconds
    return cases


def run_unit(binary):
    """A cmocka program: a verdict per test; a test that began and has none took the program down with it."""
    suite = os.path.basename(binary)
    status, text, seconds = execute([binary], UNIT_TIMEOUT_S)
    steps = re.findall(r"^\[ +(RUN|OK|FAILED|SKIPPED|ERROR) +\] (\w+)$", text, re.M)
    verdicts = {name: step for step, name in steps}  # the last step of each counts
    cases = [Case(suite, name, 0.0,
                  failure=text if verdict not in ("OK", "SKIPPED") else None,
                  skipped="skipped" if verdict == "SKIPPED" else None) for name, verdict in verdicts.items()]
    return with_program(cases, suite, status, text, seconds)


def run_conform(command):
    """The suite of the socket API, which says `conform: ok CASE`, and how many there were in its last line."""
    status, text, seconds = execute(["/bin/sh", "-c", command], UNIT_TIMEOUT_S)
    verdicts = re.findall(r"^conform: (ok|skip|FAIL) (\w+)(.*)$", text, re.M)
    cases = [Case("conformance", name, 0.0,
                  failure=name + why + "\n" if verdict == "FAIL" else None,
                  skipped=why.strip(": ") if verdict == "skip" else None) for verdict, name, why in verdicts]
    if "conform: end cases=%d " % len(cases) not in text:
        status = "%s, before the end" % status
    return with_program(cases, "conformance", status, text, seconds)


def run_python(path):
    """Each test of a unittest file, found by running it verbosely in a process of its own."""
    suite = os.path.splitext(os.path.basename(path))[0]
    status, text, seconds = execute(["/usr/bin/python3", "-B", path, "-v"], UNIT_TIMEOUT_S)
    verdicts = re.findall(r"^(test\w*) \(.*?\)(?:\n.*?)??\s\.\.\. .*?(ok|FAIL|ERROR|skipped.*)$", text, re.M)
    cases = [Case(suite, name, 0.0,
                  failure=text if verdict in ("FAIL", "ERROR") else None,
                  skipped=verdict if verdict.startswith("skipped") else None) for name, verdict in verdicts]
    return with_program(cases, suite, status, text, seconds)


def run_corpus(binary):
    """Exit status 77 is what libFuzzer ends with after a crash, and no skip."""
    name = os.path.basename(binary)
    corpus = os.path.join("tests/fuzz/corpus", name)
    inputs = sorted(os.path.join(corpus, f) for f in os.listdir(corpus)) if os.path.isdir(corpus) else []
    if not inputs:
        return [Case("fuzz corpus", name, 0.0, "%s is empty or missing" % corpus)]
    return one("fuzz corpus", name, [binary] + inputs)


def run_check(text):
    name, command = text.split("=", 1)
    return one("checks", name, ["/bin/sh", "-c", command], may_skip=True)


def run_boot(text):
    """The logs of a boot stay in build/boot/, named after it."""
    arch, lane, *kernel = text.split(":")
    folder = os.path.join(BUILD, "boot")
    os.makedirs(folder, exist_ok=True)
    machine = os.path.basename(os.path.dirname(kernel[0])) if kernel else arch
    base = os.path.join(folder, "%s-%s" % (machine, lane))
    env = {"ARCH": arch, "LANE": lane, "UART_LOG": base + ".uart.log", "QEMU_LOG": base + ".qemu.log",
           "PCAP": base + ".pcap", "NO_BUILD": "1", "RUN_UNTIL_MARKER": "1"}
    if kernel:
        env["KERNEL"] = os.path.abspath(kernel[0])
    command = ["env"] + ["%s=%s" % pair for pair in env.items()] + ["scripts/qemu-test.sh"]
    return one("boot " + machine, lane, command, BOOT_TIMEOUT_S)


def report(cases):
    """Say what one test gave: a line, and everything it printed if it failed."""
    suite, failed = cases[0].suite, [c for c in cases if c.failure]
    label = "%s %s" % (suite, cases[0].name) if len(cases) == 1 else suite
    skipped = sum(1 for c in cases if c.skipped)
    print("  %-6s %s (%d%s) %.1f s" % ("FAIL" if failed else "PASS", label, len(cases),
          ", %d skipped" % skipped if skipped else "", sum(c.seconds for c in cases)))
    if failed:
        print("--- %s: %s\n%s" % (suite, ", ".join(c.name for c in failed), printable(failed[0].failure).rstrip()))
    sys.stdout.flush()


def recall(cases):
    """Every failure once more, short: of a long log people read the end, and machines often keep no more."""
    for case in cases:
        if case.failure:
            lines = printable(case.failure).rstrip().splitlines()[-RECALLED_LINES:]
            print("  FAIL   %s %s\n%s" % (case.suite, case.name, "\n".join("         " + line for line in lines)))


def run_group(work, jobs):
    """Run and report (function, item) pairs, so many at a time. An interruption ends what runs and starts nothing."""
    cases = []
    with concurrent.futures.ThreadPoolExecutor(max(1, jobs)) as pool:
        try:
            futures = [pool.submit(function, item) for function, item in work]
            for future in futures:
                result = future.result()
                report(result)
                cases += result
        except KeyboardInterrupt:
            is_ending.set()
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                process.terminate()
            raise
    return cases


def interrupted(_number, _frame):
    raise KeyboardInterrupt


def write_junit(cases, path):
    root = ET.Element("testsuites")
    for suite in dict.fromkeys(c.suite for c in cases):
        mine = [c for c in cases if c.suite == suite]
        node = ET.SubElement(root, "testsuite", name=suite, tests=str(len(mine)),
                             failures=str(sum(1 for c in mine if c.failure)),
                             skipped=str(sum(1 for c in mine if c.skipped)),
                             time="%.3f" % sum(c.seconds for c in mine))
        for case in mine:
            entry = ET.SubElement(node, "testcase", classname=suite, name=case.name, time="%.3f" % case.seconds)
            if case.failure:
                ET.SubElement(entry, "failure").text = printable(case.failure)
            elif case.skipped:
                ET.SubElement(entry, "skipped", message=printable(case.skipped))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def main():
    parser = argparse.ArgumentParser(description="Run tests; see the top of this file.")
    kinds = {"unit": run_unit, "conform": run_conform, "python": run_python, "corpus": run_corpus, "check": run_check,
             "boot": run_boot}
    for kind in kinds:
        parser.add_argument("--" + kind, action="append", default=[])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()

    cases = []
    signal.signal(signal.SIGTERM, interrupted)
    try:
        for group, jobs in ((("unit", "conform", "python", "corpus", "check"), arguments.jobs), (("boot",), 2)):
            cases += run_group([(kinds[kind], item) for kind in group for item in getattr(arguments, kind)], jobs)
    except KeyboardInterrupt:
        print("run_tests: interrupted", file=sys.stderr)
        return INTERRUPTED
    write_junit(cases, os.path.join(BUILD, "test-results.xml"))
    failed, skipped = sum(1 for c in cases if c.failure), sum(1 for c in cases if c.skipped)
    passed = len(cases) - failed - skipped
    summary = "%d passed, %d failed, %d skipped" % (passed, failed, skipped)
    with open(os.path.join(BUILD, "test-summary.txt"), "w") as out:
        out.write(summary + "\n")
    recall(cases)
    print(summary)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
