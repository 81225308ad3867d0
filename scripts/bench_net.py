# SPDX-License-Identifier: BSD-2-Clause
"""
The figures of the network for scripts/bench.py: executed instructions of the guest, all privilege levels, while a
client on the host uses its servers over forwarded ports; and what a second of QEMU's CPU time brought.

Per KiB received and sent, per 1-byte round trip over TCP and UDP, per request for a page of 1 KiB on a connection that
stays open.  The client waits for each answer, so nothing overlaps but the two bulk transfers.

What the guest receives comes in segments of whole words, as from a sender that fills them, or (odd) behind a first one
of a single byte, so that no other begins at a word.  Left to itself the host's loopback device cuts a stream every
65,483 bytes, and whether QEMU passes the odd ends on depends on who is faster.
"""

import http.client
import os
import socket
import time

import qemu_test

MEBIBYTES, ROUNDS = 8, 2000
MSS = 1460  # less twelve bytes for time stamps: whole words
TIMEOUT_S, PAUSE_S = 60, 0.2
PAGE = "/kib"
PORTS = {port: port + (qemu_test.FORWARD_SHIFT if port < 1024 else 0) for _, port in qemu_test.FORWARDS}


def connect(host, port):
    stream = socket.socket()
    stream.settimeout(TIMEOUT_S)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, MSS)
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.connect((host, PORTS[port]))
    return stream


def receive_kib(host, first=b""):
    """How many KiB the guest received. The end is its own: it closes when it has read everything."""
    with connect(host, 9) as stream:
        stream.sendall(first)
        time.sleep(PAUSE_S if first else 0)  # a segment of its own
        stream.sendall(bytes(MEBIBYTES << 20))
        stream.shutdown(socket.SHUT_WR)
        if stream.recv(1):
            raise OSError("discard answered")
    return MEBIBYTES << 10


def receive_odd_kib(host):
    return receive_kib(host, b"x")


def send_kib(host):
    """How many KiB the guest sent. What was under way when the client closed is a few KiB more."""
    count = 0
    with connect(host, 19) as stream:
        while count < MEBIBYTES << 20:
            count += len(stream.recv(65536))
    return count >> 10


def echo_stream(host):
    with connect(host, 7) as stream:
        for _ in range(ROUNDS):
            stream.sendall(b"x")
            if stream.recv(1) != b"x":
                raise OSError("echo ended")
    return ROUNDS


def echo_datagrams(host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(TIMEOUT_S)
        datagrams.connect((host, PORTS[7]))
        for _ in range(ROUNDS):
            datagrams.send(b"x")
            datagrams.recv(16)
    return ROUNDS


def request_pages(host):
    connection = http.client.HTTPConnection(host, PORTS[8080], TIMEOUT_S)
    for _ in range(ROUNDS):
        connection.request("GET", PAGE)
        answer = connection.getresponse()
        if answer.status != 200 or len(answer.read()) != 1024:
            raise OSError("no page")
    connection.close()
    return ROUNDS


WORK = {"tcp_rx_kib": receive_kib, "tcp_rx_odd_kib": receive_odd_kib, "tcp_tx_kib": send_kib,
        "tcp_echo": echo_stream, "udp_echo": echo_datagrams, "http_ka": request_pages}


def cpu_seconds(pid):
    """User and system time of a process so far."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(host, counts, pid, settle_s=0.5):
    """({name: instructions for one}, {name: what a second of QEMU's CPU time brought})"""
    figures, notes = {}, {}
    for name, work in WORK.items():
        work(host)  # once for what happens only once: address resolution, first pages, QEMU's translation
        time.sleep(settle_s)
        before, cpu_before = counts().now, cpu_seconds(pid)
        units = work(host)
        time.sleep(settle_s)
        figures[name] = (counts().now - before) // units
        notes[name] = "%d in a CPU second of QEMU" % (units / max(cpu_seconds(pid) - cpu_before, 0.01))
    return figures, notes
