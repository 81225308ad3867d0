# SPDX-License-Identifier: BSD-2-Clause
"""
Frames put together by hand, for visits that are the other end of the wire. Addresses are bytes. `spoil` is added to
the checksum of the layer that takes it: 0 leaves it right.
"""

import struct

ICMP, IGMP, TCP, UDP, FRAGMENT, ICMP6 = 1, 2, 6, 17, 44, 58
ALL_ONES = 0xffff


def total(data):
    """The ones' complement sum, not inverted."""
    words = struct.unpack(">%dH" % ((len(data) + 1) // 2), data + b"\0" * (len(data) & 1))
    value = sum(words)
    while value > ALL_ONES:
        value = (value & ALL_ONES) + (value >> 16)
    return value


def put_sum(segment, at, pseudo=b"", spoil=0):
    """The segment with its checksum at that offset; no right one is 0 or becomes right when it is spoilt by 1."""
    value = ALL_ONES - total(pseudo + segment[:at] + b"\0\0" + segment[at + 2:])
    value = ((value or ALL_ONES) + spoil) % ALL_ONES or ALL_ONES
    return segment[:at] + struct.pack(">H", value) + segment[at + 2:]


def ethernet(destination, source, packet):
    return destination + source + (b"\x08\0" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet


def ip4(source, destination, protocol, payload, spoil=0):
    header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0, source,
                         destination)
    return put_sum(header, 10, spoil=spoil) + payload


def ip6(source, destination, protocol, payload, hop_limit=64):
    return struct.pack(">IHBB", 0x60000000, len(payload), protocol, hop_limit) + source + destination + payload


def fragments6(source, destination, protocol, payload, identifier, at=16):
    """The packet in two fragments."""
    return [ip6(source, destination, FRAGMENT, struct.pack(">BBHI", protocol, 0, 1, identifier) + payload[:at]),
            ip6(source, destination, FRAGMENT, struct.pack(">BBHI", protocol, 0, at, identifier) + payload[at:])]


def pseudo(source, destination, protocol, length):
    if len(source) == 4:
        return source + destination + struct.pack(">BBH", 0, protocol, length)
    return source + destination + struct.pack(">II", length, protocol)


def udp(source, destination, ports, data, spoil=0):
    segment = struct.pack(">HHHH", *ports, 8 + len(data), 0) + data
    return put_sum(segment, 6, pseudo(source, destination, UDP, len(segment)), spoil)


def tcp(source, destination, ports, flags, data=b"", spoil=0):
    segment = struct.pack(">HHIIBBHHH", *ports, 1, 0, 5 << 4, flags, 1024, 0, 0) + data
    return put_sum(segment, 16, pseudo(source, destination, TCP, len(segment)), spoil)


def echo(data, spoil=0):
    return put_sum(struct.pack(">BBHHH", 8, 0, 0, 7, 1) + data, 2, spoil=spoil)


def icmp6(source, destination, kind, body, spoil=0):
    message = bytes([kind, 0, 0, 0]) + body
    return put_sum(message, 2, pseudo(source, destination, ICMP6, len(message)), spoil)


def igmp(kind, group, spoil=0):
    return put_sum(bytes([kind, 1, 0, 0]) + group, 2, spoil=spoil)
