#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
`make debug`: gdb knows the kernel and the programs by name and line, stops in both, and takes QEMU with it.

  debugger.py ARCH

Exit status 0: so it is; 77: gdb-multiarch is not installed.
"""

import glob
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts"))

import guest  # noqa: E402

COMMANDS = """
set pagination off
break kernel_main
continue
delete
break servers/init/main.c:main
continue
quit
"""
EXPECTED = (r"^Breakpoint 1, .* at \./kernel/main\.c:\d+$", r"^Breakpoint 2, main .*at \./servers/init/main\.c:\d+$")
TIMEOUT_S, END_S, SKIPPED = 120, 10, 77


def has_ended(path):
    """Whether QEMU takes its pid file away, as it does when it ends."""
    end = time.monotonic() + END_S
    while os.path.exists(path) and time.monotonic() < end:
        time.sleep(0.1)
    return not os.path.exists(path)


def main():
    if sys.argv[1:] not in [[arch] for arch in guest.ARCHES]:
        print(__doc__.strip().split("\n\n")[1], file=sys.stderr)
        return 2
    if shutil.which("gdb-multiarch") is None:
        print("gdb-multiarch is not installed: scripts/deps debug")
        return SKIPPED
    folder = os.path.join(os.environ.get("BUILD", "build"), sys.argv[1])
    programs = sorted(glob.glob(os.path.join(folder, "bin", "*.elf")))
    with tempfile.TemporaryDirectory(prefix="wherry-") as temporary:
        commands, pid = os.path.join(temporary, "commands"), os.path.join(temporary, "pid")
        with open(commands, "w") as file:
            file.write(COMMANDS)
        env = {**os.environ, "ARCH": sys.argv[1], "LANE": "no-nic", "GDB_ARGS": "-batch -x " + commands,
               "KERNEL": os.path.join(folder, "kernel.elf"), "QEMU_ARGS": "-pidfile " + pid}
        command = [os.path.join(guest.SCRIPTS, "debug.sh")] + programs
        try:
            said = subprocess.run(command, env=env, timeout=TIMEOUT_S, check=False, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
        except subprocess.TimeoutExpired as why:
            said = why.stdout or b""
        said = said.decode("utf-8", "replace")
        missing = [pattern for pattern in EXPECTED if not re.search(pattern, said, re.M)]
        if not has_ended(pid):
            missing.append("QEMU is still there")
            with open(pid) as file:
                os.kill(int(file.read()), signal.SIGKILL)
    print("\n".join(missing + [said]) if missing else "it stops in the kernel and in init, and QEMU ends with it")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
