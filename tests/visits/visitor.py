# SPDX-License-Identifier: BSD-2-Clause
"""
What the visits of this folder have in common: the way to the guest, a login, and the running of steps.

A visit is a list of functions. All run, those that fail are named, and the exit status is 1 then.
"""

import hashlib
import os
import re
import socket
import sys
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

HOST = os.environ["HOST"]
TIMEOUT_S = 30
PACE_S = 0.01  # QEMU's forwarder has a backlog of one: who comes too fast is heard again after a second
TELNET, PROMPT = 10023, b"wherry> "
login_at = (HOST, TELNET)  # a visit that reaches the guest by itself puts that here


def uart():
    """The whole lines that the guest has printed."""
    with open(os.environ["UART"], "rb") as file:
        data = file.read()
    return data[:data.rfind(b"\n") + 1].decode("utf-8", "replace").replace("\r", "")


def wait_for_line(pattern):
    """Until a line begins like that; gives the last match."""
    end = time.monotonic() + TIMEOUT_S
    while True:
        found = list(re.finditer("^" + pattern, uart(), re.M))
        if found:
            return found[-1]
        if time.monotonic() > end:
            raise AssertionError("the guest has not said: " + pattern)
        time.sleep(0.05)


def connect(port, timeout_s=TIMEOUT_S):
    time.sleep(PACE_S)
    return socket.create_connection((HOST, port), timeout_s)


def receive_all(stream, limit=1 << 30):
    parts, count = [], 0
    while count < limit:
        part = stream.recv(min(65536, limit - count))
        if not part:
            break
        parts.append(part)
        count += len(part)
    return b"".join(parts)


def pattern(count):
    """Bytes that repeat nowhere near."""
    return b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(count // 32 + 1))[:count]


def wait_for_servers(ports):
    """Right after boot a server may not listen yet; the forwarder then closes at once."""
    for port in ports:
        end = time.monotonic() + TIMEOUT_S
        while True:
            with connect(port) as stream:
                stream.settimeout(0.3)
                try:
                    is_closed = stream.recv(1) == b""
                except socket.timeout:
                    is_closed = False
                except ConnectionError:
                    is_closed = True
            if not is_closed:
                break
            if time.monotonic() > end:
                raise AssertionError("nobody listens behind port %d" % port)
            time.sleep(0.1)


def hear_prompt(stream):
    """What comes until the next prompt, whole."""
    said = b""
    while not said.endswith(PROMPT):
        part = stream.recv(4096)
        assert part, "the login ended after %r" % said
        said += part
    return said


def converse(stream, line):
    """Send a line at the prompt; give what came until the next one."""
    stream.sendall(line + b"\r\n")
    return hear_prompt(stream)


def login():
    """A login whose prompt has come."""
    time.sleep(PACE_S)
    stream = socket.create_connection(login_at, TIMEOUT_S)
    hear_prompt(stream)
    return stream


def command(line):
    """What a command says at the prompt, in a login of its own."""
    with login() as stream:
        return converse(stream, line.encode()).decode("utf-8", "replace").replace("\r", "")


def counters():
    """netstat -a as a dictionary."""
    rows = [row.split() for row in command("netstat -a").splitlines()]
    return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def run(steps):
    failed = 0
    for step in steps:
        start = time.monotonic()
        try:
            step()
            verdict = "ok"
        except Exception:  # whatever it is, the other steps still say something
            verdict = "FAIL\n" + traceback.format_exc()
            failed += 1
        print("%s (%.1f s): %s" % (step.__name__.replace("_", " "), time.monotonic() - start, verdict), flush=True)
    sys.exit(1 if failed else 0)
