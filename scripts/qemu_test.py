#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The harness behind scripts/qemu-test.sh, which has the manual: boot, watch, compare, clean up.

Each boot has a temporary folder of its own and a QEMU that dies with this process, so that runs side by side do
not meet and an interrupted one leaves nothing behind.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import check_markers
import guest

OK, WRONG, USAGE, NO_START, DEAD, INTERRUPTED = 0, 1, 2, 3, 4, 130
PANIC_GRACE_S = 1.0   # for the backtrace to come out
POLL_S = 0.2          # how often a visit is looked at while the guest is silent
LISTS = os.path.join(guest.SCRIPTS, "..", "tests", "markers")
VISITS = os.path.join(guest.SCRIPTS, "..", "tests", "visits")
FORWARDS = (("tcp", 7), ("udp", 7), ("tcp", 9), ("tcp", 19), ("tcp", 23), ("tcp", 8080), ("udp", 37020),
            ("tcp", 34567))
FORWARD_SHIFT = 10000  # a port below 1024 is root's on the host, so it is found this much higher
FORWARDS_2 = (("tcp", 7), ("tcp", 8080))
FORWARD_SHIFT_2 = 20000  # those that lead to the guest's second network device


def list_of(lane):
    return os.path.join(LISTS, lane + ".txt")


class Usage(Exception):
    """A setting that makes no sense; says which."""


class Settings:
    """What the environment asks for; the same for every boot."""

    def __init__(self, env):
        self.arches = env["ARCHES"].split()
        self.lane = env.get("LANE") or "default"
        self.until = env.get("RUN_UNTIL_MARKER") or "1"
        self.timeout_s = duration(env.get("RUN_TIMEOUT") or "90s")
        self.uart_log = env.get("UART_LOG") or "uart.log"
        self.qemu_log = env.get("QEMU_LOG") or "qemu.log"
        self.pcap = env.get("PCAP") or os.path.splitext(self.uart_log)[0] + ".pcap"
        self.boots = [(arch, lane) for arch in self.arches for lane in self._lanes(arch)]

    def _lanes(self, arch):
        lanes = guest.launcher(["--lanes"], arch, "default").split()
        if self.lane == "all":  # but those that are for figures only and have no list
            return [lane for lane in lanes if os.path.exists(list_of(lane))]
        if self.lane not in lanes:
            raise Usage("LANE=%s is not one of: %s all" % (self.lane, " ".join(lanes)))
        return [self.lane]

    def file(self, path, arch, lane):
        """The name of a log; of several boots each has its own."""
        if len(self.boots) == 1:
            return path
        base, extension = os.path.splitext(path)
        return "%s-%s-%s%s" % (base, arch, lane, extension)


def own_address():
    """An address of the loopback network that no other run uses at the same time."""
    pid = os.getpid()  # below 2^22
    return "127.%d.%d.%d" % (64 + (pid >> 16), pid >> 8 & 255, pid & 255)


def forwards(address):
    """FORWARD of scripts/run.sh: the guest's servers at that address."""
    return " ".join("%s:%s:%d-:%d" % (kind, address, port + (FORWARD_SHIFT if port < 1024 else 0), port)
                    for kind, port in FORWARDS)


def second_forwards(address):
    """FORWARD2: the same over the second network device, if there is one."""
    return " ".join("%s:%s:%d-:%d" % (kind, address, port + FORWARD_SHIFT_2, port) for kind, port in FORWARDS_2)


def end_group(process):
    """End a visit with all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own
    except ProcessLookupError:
        pass


class Visits:
    """Programs on the host that use the guest's network; each starts when its line has come."""

    def __init__(self, boot):
        self.boot = boot
        self.waiting = list(boot.markers.visits)
        self.running = []  # (name, process)
        self.problem = None

    def start(self):
        for name, text in [v for v in self.waiting if v[1] in self.boot.matcher.seen]:
            self.waiting.remove((name, text))
            log = open(self.boot.visit_log, "ab")
            env = {**os.environ, "ARCH": self.boot.arch, "LANE": self.boot.lane, "HOST": own_address(),
                   "OTHER_HOST": guest.OTHER_HOST, "TMPDIR": self.boot.folder,
                   "PCAP": self.boot.pcap, "UART": self.boot.uart, "PYTHONDONTWRITEBYTECODE": "1"}
            with log:
                self.running.append((name, subprocess.Popen(
                    [os.path.join(VISITS, name)], env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True, preexec_fn=guest.die_with_parent)))

    def look(self):
        """Take the status of those that ended."""
        for name, process in [v for v in self.running if v[1].poll() is not None]:
            self.running.remove((name, process))
            end_group(process)
            if process.returncode != 0 and self.problem is None:
                self.problem = "visit %s ended with %d" % (name, process.returncode)

    def is_over(self):
        return not self.waiting and not self.running

    def stop(self):
        for _, process in self.running:
            end_group(process)
            process.wait()


def duration(text):
    found = re.fullmatch(r"(\d+)(s|m|)", text)
    if not found or int(found.group(1)) == 0:
        raise Usage("RUN_TIMEOUT=%s is not a time such as 90s or 2m" % text)
    return int(found.group(1)) * (60 if found.group(2) == "m" else 1)


class Boot:
    """One run of QEMU: its process, what it printed, and why it was stopped."""

    def __init__(self, arch, lane, settings, folder):
        self.arch, self.lane, self.settings, self.folder = arch, lane, settings, folder
        self.markers = check_markers.MarkerList(list_of(lane))
        self.matcher = check_markers.Matcher(self.markers)
        self.uart, self.stderr, self.pcap, self.visit_log = (
            os.path.join(folder, n) for n in ("uart.log", "qemu.log", "net.pcap", "visit.log"))
        self.visits = Visits(self)
        self.marks = {}       # text of a required line -> size of the capture when it came
        self.pending = b""    # the beginning of a line
        self.printed = False  # anything came out of the UART
        self.stopped = None   # None: QEMU ended by itself; "complete", "marker", "problem", "time-out"
        self.status = None    # QEMU's exit status, if it ended by itself

    def run(self):
        forward = {}
        if self.markers.visits:
            guest.enter_own_network()
            forward = {"FORWARD": forwards(own_address()), "FORWARD2": second_forwards(own_address()), "NET": "open"}
        try:
            with open(self.stderr, "wb") as stderr, open(self.uart, "wb") as uart, \
                    guest.Guest(self.arch, self.lane, stderr, PCAP=self.pcap, **forward) as machine:
                self._watch(machine, uart)
                self.status = machine.status
        finally:
            self.visits.stop()

    def _watch(self, machine, uart):
        deadline = time.monotonic() + self.settings.timeout_s
        while self.stopped is None:
            data = machine.read(min(deadline, time.monotonic() + POLL_S) if self.visits.running else deadline)
            self.visits.look()
            if data is None and time.monotonic() >= deadline:
                self.stopped = "time-out"
            elif data is not None and not data:
                return
            elif data:
                self.printed = True
                uart.write(data)
                uart.flush()
                if self._take(data):
                    deadline = min(deadline, time.monotonic() + PANIC_GRACE_S)
            if self.stopped is None:
                self._decide("")  # a visit may have ended, whether a whole line came or not

    def _take(self, data):
        """Feed whole lines. True: the guest has died, and may still say how."""
        *lines, self.pending = (self.pending + data).split(b"\n")
        for raw in lines:
            line = raw.decode("utf-8", "replace")
            for pattern in self.matcher.feed(line):
                self.marks[pattern.text] = os.path.getsize(self.pcap) if os.path.exists(self.pcap) else 0
            self.visits.start()
            if self.stopped is None:
                self._decide(line)
        return self.matcher.death is not None

    def _decide(self, line):
        """Is this the line to stop at?"""
        until = self.settings.until
        if self.matcher.death is not None:
            return
        if (self.matcher.problems or self.visits.problem) and until != "0":
            self.stopped = "problem"
        elif until == "1" and self.matcher.is_complete() and self.markers.exit is None and self.visits.is_over():
            self.stopped = "complete"
        elif until not in ("0", "1") and line.startswith(until):
            self.stopped = "marker"

    def verdict(self):
        """(exit status, sentence)"""
        matcher, missing = self.matcher, self.matcher.missing()
        if self.status not in (None, 0) and not self.printed:
            return NO_START, "QEMU did not start (exit status %d)" % self.status
        if matcher.death is not None:
            return DEAD, "the guest died: " + matcher.death
        if matcher.problems or self.visits.problem:
            return WRONG, (matcher.problems + [self.visits.problem])[0]
        if self.stopped == "marker":
            return OK, "stopped at the line asked for, %d of %d required lines seen" % (
                len(matcher.seen), len(self.markers.required))
        if self.settings.until not in ("0", "1"):
            return DEAD, "no line begins with: " + self.settings.until
        first = "first missing line: " + missing[0] if missing else "all required lines came"
        if self.status is not None and self.status != (self.markers.exit or 0):
            return DEAD, "the guest ended with status %d; %s" % (self.status, first)
        if self.stopped == "time-out" and not missing and not self.visits.is_over():
            return DEAD, "a visit did not end within %d s" % self.settings.timeout_s
        if self.stopped == "time-out" and self.settings.until == "1":
            return DEAD, "no end within %d s; %s" % (self.settings.timeout_s, first)
        if missing:
            return WRONG, first
        findings = check_markers.check_wire(matcher, self._capture(), self.marks)
        if findings:
            return WRONG, findings[0]
        return OK, "%d required lines there" % len(matcher.seen)

    def _capture(self):
        return self.pcap if guest.launcher(["--network"], self.arch, self.lane) == "yes" else None

    def keep(self):
        """Copy the logs to where they were asked for."""
        for source, target in ((self.uart, self.settings.uart_log), (self.stderr, self.settings.qemu_log),
                               (self.pcap, self.settings.pcap), (self.pcap + ".2", self.settings.pcap + ".2"),
                               (self.visit_log, os.path.splitext(self.settings.uart_log)[0] + ".visit.log")):
            if os.path.exists(source):  # the second device has a capture where there is one
                shutil.copyfile(source, self.settings.file(target, self.arch, self.lane))

    def explain(self):
        """What to look at when it went wrong."""
        lines = self.matcher.context()
        if self.pending.strip():
            lines.append("  cut off  " + check_markers.printable(self.pending.decode("utf-8", "replace")))
        for who, path, count in (("QEMU", self.stderr, 10), ("the visit", self.visit_log, 40)):
            if os.path.exists(path):
                with open(path, "rb") as file:
                    said = file.read().decode("utf-8", "replace").strip().splitlines()[-count:]
                lines += [who + " said:"] * bool(said) + ["    " + check_markers.printable(text) for text in said]
        return lines


def run_one(arch, lane, settings):
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="wherry-") as folder:
        boot = Boot(arch, lane, settings, folder)
        try:
            boot.run()
        finally:
            boot.keep()
        status, sentence = boot.verdict()
        print("%s %s: %s: %s (%.1f s)" % (arch, lane, {OK: "ok", WRONG: "wrong", NO_START: "no start",
              DEAD: "dead"}[status], sentence, time.monotonic() - start))
        if status != OK:
            print("\n".join(boot.explain()))
            print("log %s, capture %s" % tuple(settings.file(path, arch, lane)
                                               for path in (settings.uart_log, settings.pcap)))
    sys.stdout.flush()
    return status


def end_when_interrupted():
    """An interruption ends the run once: what comes while it is cleaned up is not heard."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)

    def interrupted(_number, _frame):
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, interrupted)


def main():
    end_when_interrupted()
    try:
        settings = Settings(os.environ)
        if sys.argv[1:] == ["--check"]:  # the settings alone
            return OK
        return max(run_one(arch, lane, settings) for arch, lane in settings.boots)
    except (Usage, check_markers.ListError) as why:
        print("qemu-test: %s" % why, file=sys.stderr)
        return USAGE
    except (OSError, subprocess.SubprocessError) as why:
        print("qemu-test: %s" % why, file=sys.stderr)
        return NO_START
    except KeyboardInterrupt:
        print("qemu-test: interrupted", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
