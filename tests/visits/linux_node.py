# SPDX-License-Identifier: BSD-2-Clause
"""
build/host/dsoftbus-node as `right`, for visits that have it as a peer of a guest which is `left`.

A visit puts into `options` how the two reach each other; keys and trust lie in a folder of its own.
"""

import os
import re
import subprocess
import sys
import tempfile
import time

import visitor  # noqa: F401  (the way to scripts)
import guest
import wire_bus

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "peer"))

import bus_peer  # noqa: E402

NODE = os.path.join(bus_peer.BUILD, "host", "dsoftbus-node")
TIMEOUT_S = 30
PING = b"dsoftbus-node"  # text of its pings; what is typed at the guest can be read in the login
folder = tempfile.TemporaryDirectory(prefix="wherry-node-")
options = []


def path(name):
    return os.path.join(folder.name, name)


def make_keys():
    """right's secret in `key`, a strange one in `other`, a store of trust that pins left."""
    own = wire_bus.secrets()
    with os.fdopen(os.open(path("key"), os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        file.write(own["right"].hex() + "\n")
    for words in (("keygen", path("other")), ("trust", path("trust"), "pin", "left",
                                              bus_peer.public_key(own["left"]).hex())):
        subprocess.run([NODE, *words], check=True, stdout=subprocess.DEVNULL)


def command_line(arguments, key="key"):
    return [NODE, *arguments, "--id", "right", "--key", path(key), "--trust", path("trust"), *options]


def node(*arguments, key="key"):
    """A command that ends: (exit status, what it says)."""
    done = subprocess.run(command_line(arguments, key), stdout=subprocess.PIPE, timeout=TIMEOUT_S, check=False)
    return done.returncode, done.stdout.decode()


class Running:
    """`run`, as long as the context lasts; it must end without a complaint."""

    def __init__(self, *arguments):
        self.arguments = arguments

    def __enter__(self):
        with open(path("said"), "w") as said:
            self.process = subprocess.Popen(command_line(("run",) + self.arguments), stdout=said,
                                            preexec_fn=guest.die_with_parent)
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        status = self.process.wait(TIMEOUT_S)
        assert kind is not None or status == 0, "the host node ended with %d" % status

    def wait_for(self, pattern):
        """Until a line that it says begins so."""
        end = time.monotonic() + TIMEOUT_S
        while True:
            with open(path("said")) as file:
                said = file.read()
            if re.search("^" + pattern, said, re.M):
                return
            if time.monotonic() > end:
                raise AssertionError("the host node does not say %s but %s" % (pattern, said))
            time.sleep(0.05)
