# SPDX-License-Identifier: BSD-2-Clause
"""
Read a capture of the wire and say whether what the guest printed is true of it.

A check takes (frames, values, marks, arguments): the frames of the capture, what stood for each <name> in the
lines, and the size the capture had when a line came (a check without a mark takes the whole capture).  It gives
its findings, nothing if all is well.  Only whole, well-formed packets count; everything else is passed over.
"""

import collections
import ipaddress
import struct

Frame = collections.namedtuple("Frame", "end data")  # end: offset in the file behind this frame

ETHERNET, ARP, IPV4, IPV6, ICMP, UDP = 1, 0x0806, 0x0800, 0x86dd, 1, 17
DHCP_COOKIE = b"\x63\x82\x53\x63"
DHCP_MASK, DHCP_ROUTER, DHCP_TYPE, DHCP_SERVER, DHCP_PAD, DHCP_END = 1, 3, 53, 54, 0, 255
DISCOVER, ACK = 1, 5
ICMP6, ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, SOLICITATION = 58, 133, 134, 135
PREFIX_OPTION, NOBODY = 3, bytes(16)
RECORD_BYTES = 16  # before each frame of a capture
PING_LINE = "SELFTEST: icmp ping ok"


class CaptureError(Exception):
    """Not a capture of Ethernet frames, or not a whole one."""


def read_pcap(path):
    """The frames of a capture that is complete."""
    frames, left = split_pcap(path)
    if left != 0:
        raise CaptureError("%s ends inside a frame" % path)
    return frames


def read_growing_pcap(path):
    """The whole frames of one that is still written; QEMU may be in the middle of the next."""
    return split_pcap(path)[0]


def split_pcap(path):
    """The whole frames of a capture, and how many bytes there are behind them."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 24:
        raise CaptureError("%s has %d bytes, less than a header" % (path, len(data)))
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}.get(data[:4])
    if order is None:
        raise CaptureError("%s does not begin like a capture" % path)
    if struct.unpack_from(order + "I", data, 20)[0] != ETHERNET:
        raise CaptureError("%s is not a capture of Ethernet" % path)
    frames, position = [], 24
    while len(data) - position >= RECORD_BYTES:
        length = struct.unpack_from(order + "I", data, position + 8)[0]
        if length > len(data) - position - RECORD_BYTES:
            break
        position += RECORD_BYTES + length
        frames.append(Frame(position, data[position - length:position]))
    return frames, len(data) - position


def address(raw):
    return str(ipaddress.IPv4Address(raw))


def payload_of(frame, ethertype):
    if len(frame.data) < 14 or struct.unpack_from(">H", frame.data, 12)[0] != ethertype:
        return None
    return frame.data[14:]


def ipv4(frame, protocol):
    """(source, destination, payload) of an unfragmented IPv4 packet of this protocol, or None."""
    packet = payload_of(frame, IPV4)
    if packet is None or len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] != protocol:
        return None
    header, total = (packet[0] & 15) * 4, struct.unpack_from(">H", packet, 2)[0]
    if header < 20 or total < header or total > len(packet) or struct.unpack_from(">H", packet, 6)[0] & 0x3fff:
        return None
    return address(packet[12:16]), address(packet[16:20]), packet[header:total]


def arp_request(frame):
    """The address asked for, or None."""
    packet = payload_of(frame, ARP)
    if packet is None or len(packet) < 28 or packet[:8] != b"\0\x01\x08\0\x06\x04\0\x01":
        return None
    return address(packet[24:28])


def echo(frame, kind):
    """(source, destination, id, sequence, payload) of an ICMP echo request (8) or reply (0), or None."""
    packet = ipv4(frame, ICMP)
    if packet is None or len(packet[2]) < 8 or packet[2][0] != kind or packet[2][1] != 0:
        return None
    identifier, sequence = struct.unpack_from(">HH", packet[2], 4)
    return packet[0], packet[1], identifier, sequence, packet[2][8:]


def dhcp(frame):
    """(your address, {option: bytes}) of a DHCP message, or None."""
    packet = ipv4(frame, UDP)
    if packet is None or len(packet[2]) < 8 + 240:
        return None
    source, destination = struct.unpack_from(">HH", packet[2])
    message = packet[2][8:]
    if {source, destination} != {67, 68} or message[236:240] != DHCP_COOKIE:
        return None
    options, position = {}, 240
    while position < len(message) and message[position] != DHCP_END:
        if message[position] == DHCP_PAD:
            position += 1
            continue
        if position + 2 > len(message) or position + 2 + message[position + 1] > len(message):
            return None
        options[message[position]] = message[position + 2:position + 2 + message[position + 1]]
        position += 2 + message[position + 1]
    return address(message[16:20]), options


def dhcp_messages(frames, kind):
    messages = [m for m in map(dhcp, frames) if m]
    return [m for m in messages if m[1].get(DHCP_TYPE) == bytes([kind])]


def check_dhcp(frames, values, _marks):
    """The address, mask and router that were printed are those of an acknowledgement on the wire."""
    acks = dhcp_messages(frames, ACK)
    if not acks:
        return ["wire dhcp: no DHCPACK was on the wire"]
    printed = (values.get("ip"), values.get("mask"), values.get("gw"))
    on_wire = []
    for yours, options in acks:
        mask = options.get(DHCP_MASK, b"")
        router = options.get(DHCP_ROUTER, b"")
        on_wire.append((yours, str(bin(int.from_bytes(mask, "big")).count("1")) if len(mask) == 4 else "none",
                        address(router[:4]) if len(router) >= 4 else "none"))
    if printed in on_wire:
        return []
    return ["wire dhcp: printed %s/%s gw=%s, acknowledged was %s" %
            (printed + (", ".join("%s/%s gw=%s" % o for o in on_wire),))]


def neighbour(frames, values):
    """Whom the guest is to ping: its gateway, and where the lease has none, the server that gave it."""
    servers = [options[DHCP_SERVER] for _, options in dhcp_messages(frames, ACK) if DHCP_SERVER in options]
    if values.get("gw") == "none" and servers and len(servers[-1]) == 4:
        return address(servers[-1])
    return values.get("gw")


def check_ping(frames, values, marks):
    """ARP for the neighbour, then an echo request to it and its reply, all before the line that says so."""
    gateway, limit = neighbour(frames, values), marks.get(PING_LINE)
    if limit is not None:
        frames = [f for f in frames if f.end <= limit]
    asked, requests = False, set()
    for frame in frames:
        asked = asked or arp_request(frame) == gateway
        request, reply = echo(frame, 8), echo(frame, 0)
        if asked and request and request[1] == gateway:
            requests.add((request[0],) + request[2:])
        if reply and reply[0] == gateway and (reply[1],) + reply[2:] in requests:
            return []
    what = "no ARP request for it" if not asked else "no echo request to it" if not requests else "no reply that fits"
    return ["wire ping: %s, before '%s': %s" % (gateway, PING_LINE, what)]


def check_unanswered_dhcp(frames, _values, _marks, least="1"):
    """At least so many DISCOVERs went out and nothing was acknowledged."""
    discovers, acks = len(dhcp_messages(frames, DISCOVER)), len(dhcp_messages(frames, ACK))
    if acks:
        return ["wire unanswered-dhcp: %d acknowledgements were on the wire" % acks]
    if discovers < int(least):
        return ["wire unanswered-dhcp: %d DISCOVERs were on the wire, not at least %s" % (discovers, least)]
    return []


def icmp6(frame, kind):
    """(source, message) of an ICMPv6 message of this type without extension headers, or None."""
    packet = payload_of(frame, IPV6)
    if packet is None or len(packet) < 48 or packet[0] >> 4 != 6 or packet[6] != ICMP6 or packet[40] != kind:
        return None
    return packet[8:24], packet[40:40 + struct.unpack_from(">H", packet, 4)[0]]


def announced_prefixes(message):
    """The first 64 bits of each prefix in a router advertisement."""
    position, prefixes = 16, []
    while position + 2 <= len(message) and message[position + 1] != 0:
        option = message[position:position + 8 * message[position + 1]]
        if option[0] == PREFIX_OPTION and len(option) == 32:
            prefixes.append(option[16:24])
        position += len(option)
    return prefixes


def check_slaac(frames, values, _marks, prefix="::"):
    """A router was asked, announced the prefix, and the address made of it was asked for before it was printed."""
    wanted = ipaddress.IPv6Address(prefix).packed[:8]
    printed = ipaddress.IPv6Address(values.get("address", "::")).packed
    messages = {kind: [m for m in (icmp6(f, kind) for f in frames) if m]
                for kind in (ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT, SOLICITATION)}
    if not messages[ROUTER_SOLICITATION]:
        return ["wire slaac: no router was solicited"]
    if not any(wanted in announced_prefixes(message) for _, message in messages[ROUTER_ADVERTISEMENT]):
        return ["wire slaac: no router announced %s/64" % prefix]
    if printed[:8] != wanted:
        return ["wire slaac: printed %s is not of %s/64" % (values.get("address"), prefix)]
    if not any(source == NOBODY and message[8:24] == printed for source, message in messages[SOLICITATION]):
        return ["wire slaac: nobody was asked whether %s is free" % values.get("address")]
    return []


def destination(frame):
    """(to a group of the link, to one host) as Ethernet and IP say; None: no IP packet."""
    for ethertype, at, bytes_of in ((IPV4, 16, 4), (IPV6, 24, 16)):
        packet = payload_of(frame, ethertype)
        if packet is not None and len(packet) >= at + bytes_of:
            host = packet[at:at + bytes_of]
            # The last address of a network of 24 bits or less is a broadcast; those of smaller ones are passed over.
            to_many = host[0] == 0xff if ethertype == IPV6 else host[0] >= 224 or host[3] == 255
            return bool(frame.data[0] & 1), not to_many
    return None


def check_stations(frames):
    """What is for one host goes to one station: no unicast packet with a group address of the link."""
    wrong = [frame.data[:34].hex() for frame in frames if destination(frame) == (True, True)]
    return ["wire stations: %d unicast packets to a group of the link: %s" % (len(wrong), wrong[0])] if wrong else []


CHECKS = {"dhcp": check_dhcp, "ping": check_ping, "unanswered-dhcp": check_unanswered_dhcp, "slaac": check_slaac}
