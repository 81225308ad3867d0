#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The checker finds what is wrong with a boot: lines missing, twice, out of order, forbidden; a log cut short; a
panic; a capture that says otherwise or is none."""

import os
import struct
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "scripts"))

import check_markers  # noqa: E402
import markers_doc  # noqa: E402
import wire  # noqa: E402
import wire_bus  # noqa: E402

LIST = """
fatal KERNEL PANIC: ...
require init: start a
require init: up a
anytime init: note
require+ net: tick <n>
require net: dhcp bound <ip>/<mask> gw=<gw>
require SELFTEST: icmp ping ok
order net: dhcp bound <ip>/<mask> gw=<gw> -> SELFTEST: icmp ping ok
forbid net: dhcp unavailable, ...
"""
GOOD = ["init: note", "init: start a", "net: tick 1", "net: tick 2", "init: up a\r",
        "net: dhcp bound 10.0.2.15/24 gw=10.0.2.2", "noise", "SELFTEST: icmp ping ok"]

GUEST, GATEWAY = bytes([10, 0, 2, 15]), bytes([10, 0, 2, 2])
MAC = bytes.fromhex("020000000001")


def ethernet(kind, payload, station=b"\xff" * 6):
    return station + MAC + struct.pack(">H", kind) + payload


def ip(protocol, source, destination, payload):
    return ethernet(wire.IPV4, struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                                           source, destination) + payload,
                    b"\xff" * 6 if destination == b"\xff" * 4 else b"\x52\x55\x0a\0\2\2")


def arp(target):
    return ethernet(wire.ARP, b"\0\x01\x08\0\x06\x04\0\x01" + MAC + GUEST + b"\0" * 6 + target)


def echo(kind, source, destination, identifier=7, sequence=1, payload=b"wherry"):
    return ip(wire.ICMP, source, destination, struct.pack(">BBHHH", kind, 0, 0, identifier, sequence) + payload)


def dhcp(kind, yours=b"\0\0\0\0", options=b""):
    ports = (68, 67) if kind in (1, 3) else (67, 68)
    body = bytes(16) + yours + bytes(216) + wire.DHCP_COOKIE + bytes([wire.DHCP_TYPE, 1, kind]) + options + b"\xff"
    return ip(wire.UDP, b"\0\0\0\0", b"\xff" * 4, struct.pack(">HHHH", *ports, 8 + len(body), 0) + body)


def icmp6(kind, source, rest):
    message = bytes([kind, 0, 0, 0]) + rest
    return ethernet(wire.IPV6, b"\x60\0\0\0" + struct.pack(">HBB", len(message), 58, 255) + source + b"\xff\2" +
                    bytes(14) + message)


LEASE = b"\x01\x04\xff\xff\xff\0\x03\x04" + GATEWAY
EXCHANGE = [dhcp(1), dhcp(2, GUEST, LEASE), dhcp(3), dhcp(5, GUEST, LEASE), arp(GATEWAY),
            echo(8, GUEST, GATEWAY), echo(0, GATEWAY, GUEST)]


def pcap(frames):
    data = struct.pack("<IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65536, 1)
    return data + b"".join(struct.pack("<IIII", 0, 0, len(f), len(f)) + f for f in frames)


def announce(name, target=b"\xef\x2a\0\1"):
    data = b"NXSB\1" + bytes([len(name)]) + name.encode() + b"\x87\x07" + bytes(32) + b"\0"
    return ip(wire.UDP, GUEST, target, struct.pack(">HHHH", 37020, 37020, 8 + len(data), 0) + data)


def report(group=b"\xef\x2a\0\1"):
    return ip(wire_bus.IGMP, GUEST, group, b"\x16\0\0\0" + group)


def tcp(flags, source, target, payload=b"", sequence=1, addresses=(b"\x0a\0\2\x0f", b"\x0a\0\2\2")):
    return ip(wire_bus.TCP, *addresses,
              struct.pack(">HHIIBBHHH", source, target, sequence, 0, 0x50, flags, 0, 0, 0) + payload)


class Folder(unittest.TestCase):
    """A test with a temporary folder."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, content):
        path = os.path.join(self.folder.name, name)
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
        return path

    def matcher(self, lines, markers=LIST):
        matcher = check_markers.Matcher(check_markers.MarkerList(self.write("list.txt", markers)))
        for line in lines:
            matcher.feed(line)
        return matcher


class Lines(Folder):
    def test_a_good_boot_is_complete(self):
        matcher = self.matcher(GOOD)
        self.assertEqual((matcher.problems, matcher.missing(), matcher.is_complete()), ([], [], True))
        self.assertEqual((matcher.values["ip"], matcher.values["mask"], matcher.values["gw"]),
                         ("10.0.2.15", "24", "10.0.2.2"))

    def test_every_required_line_is_missed_when_it_is_taken_away(self):
        for pattern in check_markers.MarkerList(self.write("list.txt", LIST)).required:
            left = [line for line in GOOD if not pattern.match(line.rstrip("\r"))]
            self.assertEqual(self.matcher(left).missing(), [pattern.text])

    def test_the_first_missing_line_is_the_first_of_the_list(self):
        self.assertEqual(self.matcher(GOOD[:1]).missing()[0], "init: start a")

    def test_a_line_that_comes_twice_is_found(self):
        self.assertEqual(self.matcher(GOOD + ["init: up a"]).problems, ["twice: init: up a"])

    def test_one_emitters_lines_out_of_order_are_found(self):
        swapped = ["init: up a", "init: start a"] + GOOD[2:4] + GOOD[5:]
        self.assertIn("out of order: 'init: up a' came before 'init: start a'", self.matcher(swapped).problems)

    def test_a_declared_pair_out_of_order_is_found(self):
        swapped = GOOD[:5] + [GOOD[7], GOOD[5]]
        self.assertIn("out of order: 'SELFTEST: icmp ping ok' came before", self.matcher(swapped).problems[0])

    def test_lines_of_two_emitters_may_come_in_any_order(self):
        moved = GOOD[2:4] + GOOD[5:] + GOOD[:2] + [GOOD[4]]
        self.assertEqual(self.matcher(moved).problems, [])

    def test_a_forbidden_line_is_found(self):
        line = "net: dhcp unavailable, fallback static 10.0.2.15/24 gw=10.0.2.2"
        self.assertEqual(self.matcher(GOOD + [line]).problems, ["forbidden line: " + line])

    def test_a_panic_is_a_death(self):
        matcher = self.matcher(GOOD[:3] + ["KERNEL PANIC: page fault"])
        self.assertEqual(matcher.death, "KERNEL PANIC: page fault")
        self.assertEqual(matcher.problem_at, 3)

    def test_a_line_counts_only_whole(self):
        for fake in ("shell| SELFTEST: icmp ping ok", "SELFTEST: icmp ping ok!", " SELFTEST: icmp ping ok"):
            self.assertEqual(self.matcher(GOOD[:-1] + [fake]).missing(), ["SELFTEST: icmp ping ok"])

    def test_a_name_stands_for_one_word(self):
        self.assertEqual(len(self.matcher(GOOD[:5] + ["net: dhcp bound 1 2/24 gw=x", GOOD[7]]).missing()), 1)

    def test_the_context_shows_the_place_of_the_missing_line(self):
        lines = ["line %d" % n for n in range(100)]
        matcher = self.matcher(lines[:50] + ["init: start a"] + lines[50:])
        self.assertTrue(any(c.startswith(">    51  init: start a") for c in matcher.context()))


class Lists(Folder):
    def test_every_lanes_list_in_the_tree_can_be_read(self):
        lanes = markers_doc.lanes(HERE)
        self.assertIn("default", lanes)
        self.assertTrue(all(markers.required for markers in lanes.values()))

    def test_a_bad_list_is_refused_with_its_line(self):
        for bad in ("requires x", "require", "include nowhere.txt", "order a -> b", "require a\nrequire a",
                    "wire nothing", "exit 256", "exit x", "include list.txt", "require <a> <a>"):
            with self.assertRaises(check_markers.ListError, msg=bad):
                self.matcher([], bad)


class Wire(Folder):
    CHECKS = LIST + "wire dhcp\nwire ping\n"

    def findings(self, frames, lines=GOOD, markers=CHECKS, marks=None):
        return check_markers.check_wire(self.matcher(lines, markers), self.write("x.pcap", pcap(frames)), marks)

    def test_a_true_boot_has_no_findings(self):
        self.assertEqual(self.findings(EXCHANGE), [])

    def test_another_address_mask_or_gateway_than_acknowledged_is_found(self):
        for line in ("net: dhcp bound 10.0.2.16/24 gw=10.0.2.2", "net: dhcp bound 10.0.2.15/16 gw=10.0.2.2",
                     "net: dhcp bound 10.0.2.15/24 gw=10.0.2.3"):
            self.assertIn("wire dhcp: printed", self.findings(EXCHANGE, GOOD[:5] + [line] + GOOD[6:])[0])

    def test_a_lease_without_router_prints_none(self):
        lines = GOOD[:5] + ["net: dhcp bound 10.0.2.15/24 gw=none"] + GOOD[6:]
        self.assertEqual(self.findings([dhcp(5, GUEST, LEASE[:6])], lines, LIST + "wire dhcp"), [])

    def test_an_offer_is_no_acknowledgement(self):
        self.assertEqual(self.findings(EXCHANGE[:3] + EXCHANGE[4:]), ["wire dhcp: no DHCPACK was on the wire"])

    def test_each_step_of_the_ping_must_be_on_the_wire(self):
        for left_out, said in ((4, "no ARP request"), (5, "no echo request"), (6, "no reply")):
            self.assertIn(said, self.findings(EXCHANGE[:left_out] + EXCHANGE[left_out + 1:])[0])

    def test_a_reply_must_have_id_sequence_and_payload_of_its_request(self):
        for wrong in ({"identifier": 8}, {"sequence": 2}, {"payload": b"wherrx"}):
            self.assertIn("no reply", self.findings(EXCHANGE[:6] + [echo(0, GATEWAY, GUEST, **wrong)])[0])

    def test_without_a_gateway_the_server_of_the_lease_is_pinged(self):
        server = bytes([10, 0, 2, 2])
        lines = GOOD[:5] + ["net: dhcp bound 10.0.2.15/24 gw=none"] + GOOD[6:]
        frames = [dhcp(5, GUEST, LEASE[:6] + b"\x36\x04" + server)] + EXCHANGE[4:]
        self.assertEqual(self.findings(frames, lines), [])
        self.assertIn("no reply", self.findings(frames[:-1], lines)[0])

    def test_a_reply_after_the_line_comes_too_late(self):
        before = len(pcap(EXCHANGE[:6]))
        self.assertIn("no reply", self.findings(EXCHANGE, marks={wire.PING_LINE: before})[0])
        self.assertEqual(self.findings(EXCHANGE, marks={wire.PING_LINE: len(pcap(EXCHANGE))}), [])

    def test_unanswered_dhcp_counts_discovers_and_allows_no_acknowledgement(self):
        markers = LIST + "wire unanswered-dhcp 3"
        self.assertEqual(self.findings([dhcp(1)] * 3, markers=markers), [])
        self.assertIn("2 DISCOVERs", self.findings([dhcp(1)] * 2, markers=markers)[0])
        self.assertIn("1 acknowledgements", self.findings([dhcp(1)] * 3 + [EXCHANGE[3]], markers=markers)[0])

    def test_announces_are_counted_by_node_and_need_a_report(self):
        markers = LIST + "wire announces 239.42.0.1 2"
        wire = [announce("a"), announce("b"), report()]
        self.assertEqual(self.findings(wire, markers=markers), [])
        self.assertIn("1 nodes", self.findings([announce("a"), announce("a"), report()], markers=markers)[0])
        self.assertIn("nobody reported", self.findings(wire[:2], markers=markers)[0])
        self.assertIn("nobody reported", self.findings(wire[:2] + [report(b"\xef\x2a\0\2")], markers=markers)[0])
        everybody = LIST + "wire announces 255.255.255.255 1"
        self.assertIn("0 nodes", self.findings(wire, markers=everybody)[0])
        self.assertEqual(self.findings([announce("a", b"\xff" * 4)], markers=everybody), [])

    def test_a_silent_bus_says_nothing_at_all(self):
        markers = LIST + "wire bus-silent"
        self.assertEqual(self.findings(EXCHANGE, markers=markers), [])
        self.assertIn("announce of a", self.findings(EXCHANGE + [announce("a")], markers=markers)[0])
        self.assertIn("is in the group", self.findings(EXCHANGE + [report()], markers=markers)[0])
        self.assertIn(":34567", self.findings(EXCHANGE + [tcp(2, 40000, 34567)], markers=markers)[0])
        self.assertIn(":34567", self.findings([tcp(2, 40000, 34567)], markers=LIST + "wire no-session")[0])
        self.assertEqual(self.findings([tcp(18, 34567, 40000), tcp(2, 40000, 80)], markers=markers), [])

    def test_each_step_to_an_address_of_a_router_must_be_on_the_wire(self):
        ours = b"\xfd\x77" + bytes(11) + b"\xff\xfe\1"
        prefix = b"\3\4\x40\xc0" + bytes(12) + ours[:8] + bytes(8)
        exchange = [icmp6(133, MAC + bytes(10), bytes(4)),
                    icmp6(134, b"\xfe\x80" + bytes(14), bytes(12) + b"\1\1" + MAC + prefix),
                    icmp6(135, bytes(16), bytes(4) + ours)]
        lines, markers = ["net: ipv6 fd77::ff:fe01/64"], "require net: ipv6 <address>/64\nwire slaac fd77::\n"
        self.assertEqual(self.findings(exchange, lines, markers), [])
        for left_out, said in ((0, "no router was solicited"), (1, "no router announced"), (2, "nobody was asked")):
            wrong = exchange[:left_out] + exchange[left_out + 1:]
            self.assertIn(said, self.findings(wrong, lines, markers)[0])
        self.assertIn("is not of", self.findings(exchange, ["net: ipv6 fd78::ff:fe01/64"], markers)[0])
        asked_from_an_address = exchange[:2] + [icmp6(135, ours, bytes(4) + ours)]
        self.assertIn("nobody was asked", self.findings(asked_from_an_address, lines, markers)[0])

    def test_a_bad_capture_is_found(self):
        whole = pcap(EXCHANGE)
        for bad in (b"", whole[:20], b"x" * 40, whole[:-1], whole[:30], whole[:20] + b"\x71\0\0\0" + whole[24:]):
            path = self.write("x.pcap", bad)
            self.assertIn("bad capture", check_markers.check_wire(self.matcher(GOOD, self.CHECKS), path)[0])
        self.assertIn("bad capture", check_markers.check_wire(self.matcher(GOOD, self.CHECKS), "nowhere.pcap")[0])
        self.assertIn("no capture", check_markers.check_wire(self.matcher(GOOD, self.CHECKS), None)[0])

    def test_the_capture_of_a_second_device_is_looked_through(self):
        self.write("x.pcap.2", pcap([b"\xff" * 6 + EXCHANGE[6][6:]]))
        self.assertIn("1 unicast packets to a group", self.findings(EXCHANGE)[0])
        self.write("x.pcap.2", b"?")
        self.assertIn("bad capture", self.findings(EXCHANGE)[0])

    def test_every_capture_is_looked_through_for_unicast_to_a_group(self):
        ip4 = EXCHANGE[6]
        ip6 = ip4[:12] + b"\x86\xdd" + b"\x60" + bytes(7) + b"\xfe\x80" + bytes(14) + b"\xfe\x80" + bytes(14)
        for frame in (ip4, ip6):
            self.assertEqual(self.findings([frame], markers=LIST), [])
            for group in (b"\xff" * 6, b"\x33\x33\0\0\0\1"):
                self.assertIn("wire stations: 1 unicast", self.findings([group + frame[6:]], markers=LIST)[0])
        to_all = b"\x33\x33\0\0\0\1" + ip6[6:38] + b"\xff\2" + ip6[40:]
        self.assertEqual(self.findings([to_all], markers=LIST), [])

    def test_malformed_packets_are_passed_over(self):
        garbage = [frame[:cut] for frame in EXCHANGE for cut in range(0, len(frame), 3)]
        self.assertIn("no DHCPACK", self.findings(garbage)[0])


class Program(Folder):
    def run_main(self, log, markers=LIST):
        argv = ["check_markers.py", "--list", self.write("list.txt", markers), "--log", self.write("log", log)]
        saved, sys.argv = sys.argv, argv
        out, sys.stdout = sys.stdout, open(os.devnull, "w")
        err, sys.stderr = sys.stderr, sys.stdout
        try:
            return check_markers.main()
        finally:
            sys.stdout.close()
            sys.argv, sys.stdout, sys.stderr = saved, out, err

    def test_exit_statuses(self):
        self.assertEqual(self.run_main("\n".join(GOOD) + "\n"), 0)
        self.assertEqual(self.run_main("\n".join(GOOD[:-1]) + "\n"), 1)
        self.assertEqual(self.run_main("", "nonsense"), 2)

    def test_a_line_cut_short_does_not_count(self):
        self.assertEqual(self.run_main("\n".join(GOOD)), 1)


if __name__ == "__main__":
    unittest.main()
