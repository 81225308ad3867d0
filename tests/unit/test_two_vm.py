#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""scripts/wire_bus.py finds what a wire between two nodes must and must not have; keys.py keeps its word."""

import os
import socket
import struct
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "scripts"))

import wire  # noqa: E402
import wire_bus  # noqa: E402
import wires  # noqa: E402

NODES = [("left", "10.9.0.1"), ("right", "10.9.0.2")]
SECRET = bytes(range(100, 132))
SYN, SYN_ACK, ACK = 2, 18, 16


def ip(protocol, source, target, payload):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    return wire.Frame(0, bytes(8) + socket.inet_aton(source) + struct.pack(">H", wire.IPV4) + head + payload)


def join(source, group="239.42.0.1"):
    return ip(wire_bus.IGMP, source, "239.42.0.1", b"\x16\0\0\0" + socket.inet_aton(group))


def announce(name, source, target="239.42.0.1", port=34567):
    data = b"NXSB\1" + bytes([len(name)]) + name.encode() + struct.pack(">H", port) + bytes(32) + b"\0"
    return ip(wire_bus.UDP, source, target, struct.pack(">HHHH", 37020, 37020, 8 + len(data), 0) + data)



def record(count, fill=b"\xee"):
    return struct.pack(">I", count) + fill * count


class Story:
    """The frames of a whole good meeting; each piece can be changed before they are made."""

    def __init__(self):
        self.heads = [join(address) for _, address in NODES] + [announce(name, address) for name, address in NODES]
        self.sizes = (48, 48, 64)
        self.records = {True: record(30), False: record(40)}

    def connection(self, initiator, responder, port):
        there, back = (initiator, responder, port, 34567), (responder, initiator, 34567, port)
        pieces = [(there, 99, SYN, b""), (back, 499, SYN_ACK, b""), (there, 100, ACK, b"\1" * self.sizes[0]),
                  (back, 500, ACK, b"\2" * self.sizes[1]), (there, 100 + self.sizes[0], ACK, b"\3" * self.sizes[2]),
                  (there, 100 + self.sizes[0] + self.sizes[2], ACK, self.records[True]),
                  (back, 500 + self.sizes[1], ACK, self.records[False])]
        return [ip(wire_bus.TCP, ends[0], ends[1],
                   struct.pack(">HHIIBBHHH", ends[2], ends[3], sequence, 0, 0x50, flags, 0, 0, 0) + payload)
                for ends, sequence, flags, payload in pieces]

    def frames(self, connections=((0, 1, 50000), (1, 0, 50001))):
        found = list(self.heads)
        for source, target, port in connections:
            found += self.connection(NODES[source][1], NODES[target][1], port)
        return found


def findings(frames):
    return wire_bus.check_pair(frames, NODES, {"left": SECRET}, [b"for the peer alone"])


class Pair(unittest.TestCase):
    def test_a_whole_meeting_is_good(self):
        self.assertEqual(findings(Story().frames()), [])

    def test_each_join_and_each_announce_is_needed(self):
        for missing, words in enumerate(("10.9.0.1 did not report", "10.9.0.2 did not report", "no announce of left",
                                         "no announce of right")):
            story = Story()
            del story.heads[missing]
            found = findings(story.frames())
            self.assertTrue(found and any(words in text for text in found), found)
        story = Story()
        story.heads[0] = join("10.9.0.1", "239.42.0.2")
        self.assertIn("did not report", findings(story.frames())[0])
        story.heads[0] = Story().heads[0]
        story.heads[3] = announce("right", "10.9.0.1")
        self.assertTrue(any("no announce of right from 10.9.0.2" in text for text in findings(story.frames())))

    def test_each_begins_a_session(self):
        self.assertIn("no connection from 10.9.0.2", findings(Story().frames([(0, 1, 50000)]))[0])
        self.assertIn("no connection from 10.9.0.1", findings(Story().frames([(1, 0, 50001)]))[0])
        story = Story()
        story.heads[3] = announce("right", "10.9.0.2", port=34568)
        self.assertIn("no connection from 10.9.0.1 to the port that 10.9.0.2 announced", findings(story.frames())[0])

    def test_the_messages_of_the_handshake_have_their_lengths(self):
        for sizes in ((49, 48, 64), (48, 47, 64), (48, 48, 48), (48, 64, 48)):
            story = Story()
            story.sizes = sizes
            self.assertIn("no handshake", findings(story.frames())[0])

    def test_what_was_sent_again_counts_once(self):
        frames = Story().frames()
        self.assertEqual(findings([again for frame in frames for again in (frame, frame)]), [])

    def test_a_record_goes_each_way(self):
        for way in (True, False):
            for data in (b"", record(16), record(40)[:-1]):
                story = Story()
                story.records[way] = data
                self.assertIn("no handshake", findings(story.frames())[0])

    def test_nothing_secret_can_be_read(self):
        story = Story()
        story.records[True] = record(40) + b"xx for the peer alone"
        self.assertIn("can be read", findings(story.frames())[0])
        story.records[True] = record(40) + SECRET[20:28]
        self.assertIn("bytes of the secret of left", findings(story.frames())[0])
        story.records[True] = record(40) + SECRET[20:27]
        self.assertEqual(findings(story.frames()), [])


    def test_a_lane_s_nodes_have_secrets_that_are_looked_for(self):
        names, story = [word for node in NODES for word in node], Story()
        story.records[True] = record(40) + SECRET[:8]
        with mock.patch.object(wire_bus, "secrets", lambda: {"left": SECRET[::-1], "right": SECRET}):
            self.assertEqual(wire_bus.check_wire_pair(Story().frames(), {}, {}, *names), [])
            self.assertIn("bytes of the secret of right",
                          wire_bus.check_wire_pair(story.frames(), {}, {}, *names)[0])
        with mock.patch.object(wire_bus, "secrets", lambda: {"left": SECRET}):
            self.assertEqual(wire_bus.check_wire_pair(Story().frames(), {}, {}, *names),
                             ["wire pair: no secret of right is known"])

    def test_a_key_file_gives_its_secrets(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("TEST\nsecret left %s\npin right %s\n" % (SECRET.hex(), bytes(32).hex()))
            file.flush()
            self.assertEqual(wire_bus.secrets(file.name), {"left": SECRET})


class Keys(unittest.TestCase):
    def make(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(ROOT, "scripts", "keys.py"), *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False).returncode

    def test_a_key_file_is_its_owners_and_is_never_written_over(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "keys")
            self.assertEqual(self.make("-o", path, "left", "right"), 0)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            with open(path, encoding="ascii") as file:
                text = file.read()
            self.assertRegex(text, r"\Asecret left [0-9a-f]{64}\nsecret right [0-9a-f]{64}\n\Z")
            self.assertEqual(self.make("-o", path, "left"), 0)
            with open(path, encoding="ascii") as file:
                self.assertEqual(file.read(), text)
            self.assertEqual(self.make("--test", "-o", path + "2", "left"), 0)
            with open(path + "2", encoding="ascii") as file:
                self.assertEqual(file.readline(), "TEST\n")

    def test_names_that_no_node_has_are_refused(self):
        for names in (["Left"], ["a b"], ["x" * 65], ["a", "a"], [""]):
            self.assertEqual(self.make("-o", "/nowhere/keys", *names), 2, names)
        self.assertEqual(self.make("-o", "/nowhere/keys", "a"), 1)

    def test_two_machines_and_their_wire_are_of_what_there_is(self):
        for cpu, kind, wrong in (("x86", "dgram", b"x86"), ("aarch64", "string", b"WIRE=string")):
            done = subprocess.run([os.path.join(ROOT, "scripts", "two-vm.sh"), "riscv64", cpu], stderr=subprocess.PIPE,
                                  env={**os.environ, "WIRE": kind}, check=False)
            self.assertEqual((done.returncode, wrong + b" is not one of" in done.stderr), (2, True))


class TestEchoes(unittest.TestCase):
    def test_what_came_back_is_counted_and_taken_out(self):
        frames = [announce("left", "10.9.0.1"), announce("right", "10.9.0.2"), join("10.9.0.1")]
        echoed = [frames[0]] + frames + [frames[2]]
        station = frames[0].data[6:12]
        self.assertEqual(wires.without_echoes(echoed, station), (frames, 2))
        self.assertEqual(wires.without_echoes(frames, station), (frames, 0))

    def test_what_others_sent_twice_stays(self):
        frames = [announce("right", "10.9.0.2")] * 2
        self.assertEqual(wires.without_echoes(frames, announce("left", "10.9.0.1").data[6:12]), (frames, 0))


if __name__ == "__main__":
    unittest.main()
