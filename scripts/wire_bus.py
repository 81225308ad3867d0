# SPDX-License-Identifier: BSD-2-Clause
"""
What the bus puts on the wire [docs/distributed/dsoftbus-os.md]: checks as those of wire.py, and the one of two
machines (two_vm.py).  Nodes with the keys of the tests have secrets that can be looked for.
"""

import collections
import os
import struct

import wire

TCP, IGMP, UDP = 6, 2, 17
GROUP, PORT, SESSION_PORTS = "239.42.0.1", 37020, (34567, 34568)
IGMP_REPORTS = (0x12, 0x16)
SYN, ACK_FLAG = 0x02, 0x10
HANDSHAKE = (48, 48, 64)  # payloads of the three messages: the first and the last are the initiator's
PROGRAM_PING = b"a program's ping"  # [libc/bus.c]
RUN = 8  # bytes of a secret in a row that chance does not put there

KEYS = os.path.join(os.environ.get("BUILD", "build"), "test.keys")

Announce = collections.namedtuple("Announce", "source target id port key")
Segment = collections.namedtuple("Segment", "source source_port target target_port sequence flags payload")


def secrets(path=KEYS):
    """The secrets of a key file, by id."""
    with open(path, encoding="ascii") as file:
        return {words[1]: bytes.fromhex(words[2]) for words in map(str.split, file) if words[0] == "secret"}


def announce(frame):
    """An announce, or None."""
    packet = wire.ipv4(frame, UDP)
    if packet is None or len(packet[2]) < 8 or struct.unpack_from(">H", packet[2], 2)[0] != PORT:
        return None
    data = packet[2][8:]
    if data[:5] != b"NXSB\1" or len(data) < 6 or len(data) < 41 + data[5]:
        return None
    end = 6 + data[5]
    return Announce(packet[0], packet[1], data[6:end].decode("utf-8", "replace"),
                    struct.unpack_from(">H", data, end)[0], data[end + 2:end + 34])


def announces(frames):
    return [found for found in map(announce, frames) if found]


def report(frame):
    """Who says to be in the group, or None."""
    packet = wire.ipv4(frame, IGMP)
    if packet is None or len(packet[2]) < 8 or packet[2][0] not in IGMP_REPORTS:
        return None
    return packet[0] if wire.address(packet[2][4:8]) == GROUP else None


def joins(frames):
    """Who reported to be in the group."""
    return {source for source in map(report, frames) if source}


def station(frame):
    return frame.data[6:12]


def joined_stations(frames):
    """The same as stations of the link: a report may come before there is an address."""
    return {station(frame) for frame in frames if report(frame)}


def segment(frame):
    packet = wire.ipv4(frame, TCP)
    if packet is None or len(packet[2]) < 20:
        return None
    data = packet[2]
    source_port, target_port, sequence = struct.unpack_from(">HHI", data)
    offset = (data[12] >> 4) * 4
    if offset < 20 or offset > len(data):
        return None
    return Segment(packet[0], source_port, packet[1], target_port, sequence, data[13], data[offset:])


def segments(frames):
    return [found for found in map(segment, frames) if found]


def stream(found, source, source_port, target, target_port):
    """The bytes of one direction, in order; what was sent twice stands once."""
    pieces, start = {}, None
    for one in found:
        if (one.source, one.source_port, one.target, one.target_port) != (source, source_port, target, target_port):
            continue
        if one.flags & SYN:
            start = (one.sequence + 1) & 0xffffffff
        if start is not None:
            pieces[(one.sequence - start) & 0xffffffff] = one.payload
    data = b""
    for at in sorted(pieces):
        if at <= len(data) < at + len(pieces[at]):
            data += pieces[at][len(data) - at:]
    return data


def connections(found):
    """(initiator, its port, responder, its port) of each that was begun to a port of sessions."""
    return [(one.source, one.source_port, one.target, one.target_port) for one in found
            if one.flags & (SYN | ACK_FLAG) == SYN and one.target_port in SESSION_PORTS]


def records(data):
    """Lengths of the whole frames at the beginning of the bytes."""
    lengths, at = [], 0
    while len(data) - at >= 4:
        length = struct.unpack_from(">I", data, at)[0]
        if length < 17 or len(data) - at - 4 < length:
            break
        lengths.append(length)
        at += 4 + length
    return lengths


def is_session(found, connection):
    """Whether three messages of the handshake went over it, and a record each way."""
    source, source_port, target, target_port = connection
    there = stream(found, source, source_port, target, target_port)
    back = stream(found, target, target_port, source, source_port)
    sizes = {}  # a segment that was sent again is the first one
    for one in found:
        ends = (one.source, one.source_port, one.target, one.target_port)
        if one.payload and ends in (connection, (target, target_port, source, source_port)):
            sizes.setdefault((ends, one.sequence), len(one.payload))
    return tuple(sizes.values())[:3] == HANDSHAKE and bool(records(there[48 + 64:])) and bool(records(back[48:]))


def check_announces(frames, _values, _marks, target="239.42.0.1", least="1"):
    """So many nodes announced themselves to that address; to the group, its members have said so before."""
    ids = {found.id for found in announces(frames) if found.target == target}
    if len(ids) < int(least):
        return ["wire announces: %d nodes announced themselves to %s, not %s" % (len(ids), target, least)]
    if target == GROUP and not joins(frames):
        return ["wire announces: nobody reported to be in %s" % GROUP]
    return []


def check_silent(frames, _values, _marks):
    """No announce, no connection to a port of sessions, nobody in the group."""
    if announces(frames):
        return ["wire bus-silent: there is an announce of %s" % announces(frames)[0].id]
    if connections(segments(frames)):
        return ["wire bus-silent: there is a connection to %s:%d" % connections(segments(frames))[0][2:]]
    if joins(frames):
        return ["wire bus-silent: %s is in the group" % sorted(joins(frames))[0]]
    return []


def check_no_session(frames, _values, _marks):
    """No connection to a port of sessions."""
    found = connections(segments(frames))
    return ["wire no-session: there is a connection to %s:%d" % found[0][2:]] if found else []


def check_pair(frames, nodes, known_secrets, texts):
    """
    Two nodes met over this wire: nodes has id and address of each.  Both are in the group and announced themselves;
    each began a session at the port the other announced, with its handshake and records; no text and no secret is on
    the wire.
    """
    found, findings, joined = segments(frames), [], joined_stations(frames)
    stations = {announce(frame).source: station(frame) for frame in frames if announce(frame)}
    heard = {(one.id, one.source) for one in announces(frames) if one.target == GROUP}
    ports = {one.source: one.port for one in announces(frames)}
    for name, address in nodes:
        if stations.get(address) not in joined:
            findings.append("wire: %s did not report to be in %s" % (address, GROUP))
        if (name, address) not in heard:
            findings.append("wire: no announce of %s from %s" % (name, address))
    for (_, source), (_, target) in (nodes, nodes[::-1]):
        begun = [c for c in connections(found) if (c[0], c[2], c[3]) == (source, target, ports.get(target))]
        if not begun:
            findings.append("wire: no connection from %s to the port that %s announced" % (source, target))
        elif not any(is_session(found, connection) for connection in begun):
            findings.append("wire: no handshake of 48, 48 and 64 bytes with a record each way from %s to %s" %
                            (source, target))
    return findings + check_secrets(frames, known_secrets, texts)


def check_secrets(frames, known_secrets, texts):
    """No run of eight bytes of a secret stands in any frame, and none of the texts in any payload of TCP."""
    findings = []
    payloads = [one.payload for one in segments(frames)]
    for text in texts:
        if any(text in payload for payload in payloads):
            findings.append("wire: %r can be read on it" % text)
    for name, secret in known_secrets.items():
        runs = [secret[i:i + RUN] for i in range(len(secret) - RUN + 1)]
        if any(run in frame.data for run in runs for frame in frames):
            findings.append("wire: bytes of the secret of %s stand on it" % name)
    return findings


def check_wire_pair(frames, _values, _marks, *names):
    """As check_pair, of two nodes that have keys of the tests: NAME ADDRESS NAME ADDRESS."""
    nodes, known = [names[:2], names[2:]], secrets()
    findings = ["wire pair: no secret of %s is known" % name for name, _ in nodes if name not in known]
    return findings + check_pair(frames, nodes, known, [b"dsoftbusd", PROGRAM_PING])


wire.CHECKS.update({"pair": check_wire_pair, "announces": check_announces,
                    "bus-silent": check_silent, "no-session": check_no_session})
