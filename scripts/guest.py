# SPDX-License-Identifier: BSD-2-Clause
"""
One QEMU as a child process: started by scripts/run.sh, read from its UART, stopped again.

It dies with this process, whatever ends that, so nothing is left behind.
"""

import ctypes
import fcntl
import os
import select
import signal
import socket
import struct
import subprocess
import time

ARCHES = ("riscv64", "aarch64")
SCRIPTS = os.path.dirname(os.path.abspath(__file__))
STOP_GRACE_S = 5.0
PR_SET_PDEATHSIG = 1


def launcher(arguments, arch, lane):
    """What scripts/run.sh prints."""
    return subprocess.run([os.path.join(SCRIPTS, "run.sh")] + arguments, env={**os.environ, "ARCH": arch, "LANE": lane},
                          stdout=subprocess.PIPE, check=True, universal_newlines=True).stdout.strip()


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


CLONE_NEWNET, CLONE_NEWUSER = 0x40000000, 0x10000000
SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8914, 0x8916, 1
OTHER_HOST = "10.77.0.1"  # of this machine in that network: an address that is not loopback


def is_in_own_network():
    """Whether somebody before us has entered one: no, if the parent may not be looked at, or is not seen from here."""
    try:
        return os.readlink("/proc/self/ns/net") != os.readlink("/proc/%d/ns/net" % os.getppid())
    except (PermissionError, FileNotFoundError):
        return False


def enter_own_network():
    """Move this process into a network that has nothing but `lo`, where a guest may send what it likes.

    QEMU's user network, when it is restricted, also drops datagrams that answer forwarded ones.
    """
    if is_in_own_network():
        return
    libc, identity = ctypes.CDLL(None, use_errno=True), (os.getuid(), os.getgid())
    flags = CLONE_NEWNET | (CLONE_NEWUSER if identity[0] != 0 else 0)
    if libc.unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "no network namespace can be had (%s); run as root" %
                      os.strerror(ctypes.get_errno()))
    if flags & CLONE_NEWUSER:
        maps = ("deny", "0 %d 1" % identity[0], "0 %d 1" % identity[1])
        for name, text in zip(("setgroups", "uid_map", "gid_map"), maps):
            with open("/proc/self/" + name, "w") as file:
                file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
        fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack("16sHH4s16x", b"lo:1", socket.AF_INET, 0,
                                                         socket.inet_aton(OTHER_HOST)))


class Guest:
    """Use as a context manager: the guest runs inside and is gone behind."""

    STDIN = subprocess.DEVNULL  # PIPE: process.stdin is what is typed

    def __init__(self, arch, lane, stderr, **environment):
        """stderr: an open file for what QEMU itself says; environment: more settings of scripts/run.sh."""
        self.environment = {**os.environ, "ARCH": arch, "LANE": lane, "SERIAL": "stdio", **environment}
        self.environment["QEMU_ARGS"] = "-no-reboot " + self.environment.get("QEMU_ARGS", "")
        self.stderr = stderr
        self.status = None  # QEMU's exit status, if it ended by itself

    def __enter__(self):
        self.process = subprocess.Popen([os.path.join(SCRIPTS, "run.sh")], env=self.environment, stderr=self.stderr,
                                        stdin=self.STDIN, stdout=subprocess.PIPE, start_new_session=True,
                                        preexec_fn=die_with_parent)
        return self

    def read(self, deadline):
        """What comes out of the UART next; None when the deadline (monotonic) passes first, b"" when QEMU ended."""
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
            return None
        data = os.read(self.process.stdout.fileno(), 65536)
        if not data:
            self.status = self.process.wait(STOP_GRACE_S)
        return data

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_GRACE_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
