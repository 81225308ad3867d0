#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
The host node, which is the library of dsoftbusd on POSIX sockets, against a peer that is not ours (bus_peer.py): both
roles, wrong keys, messages cut and changed.  Over loopback, without multicast: announces go from port to port.
"""

import os
import queue
import re
import socket
import subprocess
import tempfile
import threading
import unittest

import bus_peer
from bus_peer import BUILD, Closed, Peer

NODE = os.path.join(BUILD, "host", "dsoftbus-node")
SECRET, STRANGER = bytes(range(32)), bytes(range(1, 33))
TIMEOUT_S = 60


def tool(*arguments):
    return subprocess.run([NODE, *arguments], stdout=subprocess.PIPE, check=True).stdout.decode().strip()


class Machine:
    """The host node as a process; its lines can be waited for."""

    def __init__(self, folder, *options):
        key, self.trust = os.path.join(folder, "key"), os.path.join(folder, "trust")
        self.key = bytes.fromhex(tool("keygen", key))
        tool("trust", self.trust, "pin", "python", bus_peer.public_key(SECRET).hex())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            self.listen_port = free.getsockname()[1]
        self.announces = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.announces.bind(("127.0.0.1", 0))
        self.announces.settimeout(TIMEOUT_S)
        group = "127.0.0.1:%d" % self.announces.getsockname()[1]
        self.process = subprocess.Popen(
            [NODE, "run", "--id", "linux", "--key", key, "--trust", self.trust, "--port", "0", "--interface",
             "127.0.0.1", "--listen", str(self.listen_port), "--group", group, *options], stdout=subprocess.PIPE)
        self.lines, self.streams = queue.Queue(), []
        threading.Thread(target=self._read, daemon=True).start()
        self.port = int(self.wait_for(r"up linux sessions at port (\d+)").group(1))

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.decode().rstrip())
        self.lines.put(None)

    def wait_for(self, pattern):
        seen = []
        while True:
            line = self.lines.get(timeout=TIMEOUT_S)
            if line is None:
                raise AssertionError("ended without a line %s: %s" % (pattern, seen))
            seen.append(line)
            found = re.match(pattern, line)
            if found:
                return found

    def connect(self, secret=SECRET, remote=None):
        stream = socket.create_connection(("127.0.0.1", self.port))
        self.streams.append(stream)
        return Peer(stream, True, secret, remote or self.key)

    def hear(self, datagram):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(datagram, ("127.0.0.1", self.listen_port))

    def close(self):
        self.process.terminate()
        status = self.process.wait(TIMEOUT_S)
        for each in [self.process.stdout, self.announces] + self.streams:
            each.close()
        return status


class WithMachine(unittest.TestCase):
    OPTIONS = ("--serve", "--ping")

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.machine = Machine(self.folder.name, *self.OPTIONS)

    def tearDown(self):
        self.assertEqual(self.machine.close(), 0)  # no sanitizer has anything to say
        self.folder.cleanup()

    def assert_alive(self):
        """A genuine peer is let in, whatever came before."""
        peer = self.machine.connect()
        peer.handshake()
        self.assertEqual(peer.first_record(), b"\0\0\3")
        nonce = os.urandom(16)
        peer.send(0, bus_peer.PING, nonce + b"alive")
        count = int.from_bytes(peer.receive(4), "big")
        record = peer.noise.decrypt(peer.receive(count))
        while record[2] != bus_peer.PONG:  # its own ping may come first
            count = int.from_bytes(peer.receive(4), "big")
            record = peer.noise.decrypt(peer.receive(count))
        self.assertEqual(record, b"\0\0\2" + nonce + b"alive")
        peer.stream.close()


class TestTheyBegin(WithMachine):
    """The other implementation is the initiator."""

    def test_a_session_pings_both_ways_and_calls(self):
        peer = self.machine.connect()
        peer.handshake()
        self.assertEqual(peer.first_record(), b"\0\0\3")
        self.assertEqual(peer.call(1, "echo", 7, b"some bytes"), (0, b"some bytes"))
        self.machine.wait_for("auth ok python ")
        self.machine.wait_for("ping ok python ")  # its own, answered while we waited for the call
        self.assertEqual(peer.call(3, "nothing", 8, b""), 1)
        status, text = peer.call(5, "status", 9, b"")
        self.assertEqual(status, 0)
        self.assertIn(b"node linux\n", text)
        self.assertIn(b"auth_ok 1\n", text)
        self.assertEqual(peer.call(7, "echo", 10, bytes(1024)), (0, bytes(1024)))

    def test_a_key_that_is_not_trusted_is_refused(self):
        peer = self.machine.connect(STRANGER)
        peer.handshake()
        self.assertTrue(peer.is_closed())
        self.machine.wait_for("auth failed .*: the peer's key is not trusted")
        self.assert_alive()

    def test_one_who_takes_us_for_another_gets_nowhere(self):
        peer = self.machine.connect(remote=bus_peer.public_key(STRANGER))
        peer.write_message()
        self.assertTrue(peer.is_closed())
        self.machine.wait_for("auth failed .*: a handshake message was not genuine")

    def test_messages_with_a_bit_changed_are_refused(self):
        for spoil in (0, 255, 256, 383):
            peer = self.machine.connect()
            peer.write_message(spoil)
            self.assertTrue(peer.is_closed(), spoil)
        for spoil in (0, 255, 256, 383, 384, 511):
            peer = self.machine.connect()
            peer.write_message()
            peer.read_message(48)
            peer.write_message(spoil)
            self.assertTrue(peer.is_closed(), spoil)
        self.assert_alive()

    def test_messages_cut_short_are_refused(self):
        for cut in (0, 1, 31, 32, 47):
            peer = self.machine.connect()
            peer.write_message(cut=cut)
            peer.stream.shutdown(socket.SHUT_WR)
            self.assertTrue(peer.is_closed(), cut)
        for cut in (0, 47, 63):
            peer = self.machine.connect()
            peer.write_message()
            peer.read_message(48)
            peer.write_message(cut=cut)
            peer.stream.shutdown(socket.SHUT_WR)
            self.assertTrue(peer.is_closed(), cut)
        self.assert_alive()

    def test_frames_changed_cut_or_repeated_end_the_session(self):
        for spoil in (0, 23, 24, 151):
            peer = self.machine.connect()
            peer.handshake()
            peer.first_record()
            peer.send(0, bus_peer.KEEPALIVE, spoil=spoil)
            self.machine.wait_for("session ended python .*: a frame that was not genuine")
        for length in (b"\0\0\0\x10", b"\0\1\0\0", b"\xff\xff\xff\xff"):
            peer = self.machine.connect()
            peer.handshake()
            peer.first_record()
            peer.stream.sendall(length)
            self.machine.wait_for("session ended python .*: a frame of impossible length")
        self.assert_alive()

    def test_a_call_without_a_handshake_is_none(self):
        peer = self.machine.connect()
        peer.stream.sendall(b"\0\0\0\x0b\0\1\x10\0\0\5\0echo" * 10)
        self.assertTrue(peer.is_closed())
        self.assert_alive()

    def test_both_renew_their_keys(self):
        peer = self.machine.connect()
        peer.handshake()
        peer.first_record()
        peer.send(0, bus_peer.REKEY)
        peer.noise.rekey_outbound_cipher()
        self.assertEqual(peer.call(1, "echo", 1, b"under a new key"), (0, b"under a new key"))


class TestWeBegin(WithMachine):
    """The other implementation is the responder; we find it by its announce."""

    def setUp(self):
        super().setUp()
        self.listener = bus_peer.listen()

    def tearDown(self):
        self.listener.close()
        super().tearDown()

    def announced(self, name="python", secret=SECRET):
        port = self.listener.getsockname()[1]
        return bus_peer.announce(name, port, bus_peer.public_key(secret), ["echo"])

    def accept(self, secret=SECRET):
        stream, _ = self.listener.accept()
        self.machine.streams.append(stream)
        return Peer(stream, False, secret)

    def assert_nobody_connects(self):
        self.assert_alive()  # and so has had its turn
        self.listener.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.listener.accept()

    def test_our_announce_is_the_one_of_the_format(self):
        datagram, _ = self.machine.announces.recvfrom(2048)
        self.assertEqual(datagram, bus_peer.announce("linux", self.machine.port, self.machine.key,
                                                     ["echo", "status"]))

    def test_a_peer_is_found_and_proves_itself(self):
        self.machine.hear(self.announced())
        self.machine.wait_for("found python 127.0.0.1:")
        peer = self.accept()
        peer.handshake()
        peer.send(0, bus_peer.KEEPALIVE)
        self.machine.wait_for("auth ok python ")
        peer.send(2, bus_peer.OPEN, b"\0\0\5\0nothing")
        self.assertEqual(peer.next_record(), (2, bus_peer.REFUSE, b"\1"))
        self.machine.wait_for("ping ok python ")  # answered by next_record

    def test_one_with_the_key_of_another_is_not_let_in(self):
        self.machine.hear(self.announced())
        peer = self.accept(STRANGER)
        with self.assertRaises(Exception):
            peer.handshake()
        peer.stream.close()
        self.machine.wait_for("auth failed python ")
        self.assert_alive()

    def test_an_answer_changed_under_way_is_refused(self):
        for spoil in (0, 383):
            self.machine.hear(self.announced())
            peer = self.accept()
            peer.read_message(48)
            peer.write_message(spoil)
            with self.assertRaises(Closed):
                peer.receive(64)
            self.machine.wait_for("auth failed python .*: a handshake message was not genuine")

    def test_an_announce_with_another_key_is_refused_and_told(self):
        self.machine.hear(self.announced(secret=STRANGER))
        self.machine.wait_for("announce refused python .*: id is pinned to another key")
        self.assert_nobody_connects()

    def test_strangers_are_seen_and_not_spoken_to(self):
        self.machine.hear(self.announced("stranger", STRANGER))
        self.machine.wait_for("found stranger ")
        self.assert_nobody_connects()


class TestWeAreTold(unittest.TestCase):
    """The other implementation is the responder, and announces nothing: --peer says where it is."""

    def setUp(self):
        self.listener = bus_peer.listen()
        self.folder = tempfile.TemporaryDirectory()
        place = "python@127.0.0.1:%d" % self.listener.getsockname()[1]
        self.machine = Machine(self.folder.name, "--ping", "--peer", place)

    def tearDown(self):
        self.assertEqual(self.machine.close(), 0)
        self.listener.close()
        self.folder.cleanup()

    def test_it_is_tried_until_it_is_there_and_then_talked_to(self):
        self.listener.accept()[0].close()  # not yet
        stream, _ = self.listener.accept()
        self.machine.streams.append(stream)
        peer = Peer(stream, False, SECRET)
        peer.handshake()
        peer.send(0, bus_peer.KEEPALIVE)
        self.machine.wait_for("auth ok python 127.0.0.1:")
        peer.send(2, bus_peer.OPEN, b"\0\0\5\0nothing")
        self.assertEqual(peer.next_record(), (2, bus_peer.REFUSE, b"\1"))
        self.machine.wait_for("ping ok python ")  # answered by next_record


class TestDual(unittest.TestCase):
    """Two nodes of ours in one process."""

    def test_two_nodes_in_one_process_meet_over_the_group(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        done = subprocess.run([NODE, "dual", "--interface", "127.0.0.1", "--port", "0", "--listen", port, "--group",
                               "239.42.0.1:" + port, "--seconds", str(TIMEOUT_S)], stdout=subprocess.PIPE)
        lines = done.stdout.decode().split("\n")
        if "discovery mcast" not in lines:
            self.skipTest("no multicast on this machine's loopback")
        self.assertEqual(done.returncode, 0, lines)
        self.assertEqual(lines.count("dsoftbusd: dual-node session ok"), 1)
        self.assertGreaterEqual(lines.count("dsoftbusd: auth ok"), 2)


class TestTool(unittest.TestCase):
    """What the commands refuse."""

    def run_tool(self, *arguments):
        done = subprocess.run([NODE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def test_a_key_is_made_once_and_kept_from_others(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "key")
            key = tool("keygen", path)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            self.assertEqual(tool("key", path), key)
            self.assertEqual(self.run_tool("keygen", path)[0], 3)
            os.chmod(path, 0o640)
            self.assertEqual(self.run_tool("key", path)[0], 3)
            with open(path) as file:
                secret = bytes.fromhex(file.read().strip())
            self.assertEqual(bus_peer.public_key(secret).hex(), key)

    def test_trust_is_kept_and_conflicts_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path, key, other = os.path.join(folder, "trust"), "11" * 32, "22" * 32
            self.assertEqual(self.run_tool("trust", path, "pin", "a", key)[0], 0)
            self.assertEqual(self.run_tool("trust", path, "pin", "a", other)[0], 1)
            self.assertEqual(self.run_tool("trust", path, "pin", "b", key)[0], 1)
            self.assertEqual(self.run_tool("trust", path, "deny-id", "c")[0], 0)
            self.assertEqual(tool("trust", path, "list"), "pin a %s\ndeny-id c" % key)
            self.assertEqual(self.run_tool("trust", path, "forget", "a")[0], 0)
            self.assertEqual(self.run_tool("trust", path, "forget", "a")[0], 1)
            with open(path, "ab") as file:
                file.write(b"x")
            self.assertEqual(self.run_tool("trust", path, "list")[0], 3)

    def test_a_peer_whose_place_is_told_must_be_pinned(self):
        with tempfile.TemporaryDirectory() as folder:
            key, trust = os.path.join(folder, "key"), os.path.join(folder, "trust")
            tool("keygen", key)
            tool("trust", trust, "pin", "a", "11" * 32)
            options = ("--id", "me", "--key", key, "--trust", trust, "--port", "0", "--listen", "0", "--interface",
                       "127.0.0.1", "--group", "127.0.0.1:9", "--seconds", "1")
            status, _, errors = self.run_tool("list", *options, "--peer", "b@127.0.0.1:9")
            self.assertEqual(status, 3)
            self.assertIn("b is not pinned", errors)
            status, _, errors = self.run_tool("list", *options, *("--peer", "a@127.0.0.1:9") * 2)
            self.assertEqual(status, 3)
            self.assertIn("a is there twice", errors)
            self.assertEqual(self.run_tool("list", *options, "--peer", "a@127.0.0.1:9")[0], 0)

    def test_usage_errors_are_told(self):
        for arguments in (("run", "--peer", "a"), ("run", "--peer", "a@127.0.0.1"), ("run", "--peer", "a@127.0.0.1:0"),
                          ("run", "--peer", "@127.0.0.1:9"), (), ("dance",), ("run",), ("ping", "--id", "a"),
                          ("trust", "f", "pin", "a", "xy"), ("run", "--port", "70000"),
                          ("run", "--group", "239.42.0.1"), ("call", "a")):
            status, _, errors = self.run_tool(*arguments)
            self.assertEqual(status, 2, arguments)
            self.assertIn("usage:", errors)


if __name__ == "__main__":
    unittest.main()
