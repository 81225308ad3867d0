# SPDX-License-Identifier: BSD-2-Clause
"""
A peer of the bus that shares no code with ours: formats written from docs/distributed/dsoftbus-os.md, and Noise by
python-noiseprotocol from its pinned source package.

For tests: it can also do what a peer must not.
"""

import os
import socket
import struct
import sys

BUILD = os.environ.get("BUILD", "build")
sys.path.insert(0, os.path.join(BUILD, "src", "noiseprotocol"))

from noise.connection import Keypair, NoiseConnection  # noqa: E402  pylint: disable=wrong-import-position

PROTOCOL = b"Noise_XK_25519_ChaChaPoly_BLAKE2s"
PING, PONG, KEEPALIVE, REKEY, BYE = 1, 2, 3, 4, 5
OPEN, ACCEPT, REFUSE, DATA, CREDIT, END = 16, 17, 18, 19, 20, 21
MESSAGES = (48, 48, 64)
TIMEOUT_S = 30


class Closed(Exception):
    """The other side has closed the stream."""


def announce(name, port, key, services=()):
    text = name.encode()
    parts = [b"NXSB\x01", bytes([len(text)]), text, struct.pack(">H", port), key, bytes([len(services)])]
    parts += [bytes([len(s)]) + s.encode() for s in services]
    return b"".join(parts)


def request(number, body):
    return struct.pack(">IH", number, len(body)) + body


class Peer:
    """One end of a session over a connected socket."""

    def __init__(self, stream, is_initiator, secret, remote=None):
        self.stream, self.is_initiator = stream, is_initiator
        stream.settimeout(TIMEOUT_S)
        self.noise = NoiseConnection.from_name(PROTOCOL)
        if is_initiator:
            self.noise.set_as_initiator()
            self.noise.set_keypair_from_public_bytes(Keypair.REMOTE_STATIC, remote)
        else:
            self.noise.set_as_responder()
        self.noise.set_keypair_from_private_bytes(Keypair.STATIC, secret)
        self.noise.start_handshake()

    def receive(self, count):
        data = b""
        while len(data) < count:
            try:
                piece = self.stream.recv(count - len(data))
            except ConnectionError as why:
                raise Closed from why
            if not piece:
                raise Closed
            data += piece
        return data

    def write_message(self, spoil=None, cut=None):
        """The next handshake message; `spoil` names a bit to change, `cut` how many bytes are sent."""
        message = bytearray(self.noise.write_message())
        if spoil is not None:
            message[spoil // 8] ^= 1 << spoil % 8
        self.stream.sendall(message[:cut])
        return len(message)

    def read_message(self, count):
        return self.noise.read_message(self.receive(count))

    def handshake(self):
        for number, count in enumerate(MESSAGES):
            if (number % 2 == 0) == self.is_initiator:
                assert self.write_message() == count
            else:
                assert self.read_message(count) == b""

    def send(self, channel, kind, body=b"", spoil=None):
        frame = bytearray(self.noise.encrypt(struct.pack(">HB", channel, kind) + body))
        if spoil is not None:
            frame[spoil // 8] ^= 1 << spoil % 8
        self.stream.sendall(struct.pack(">I", len(frame)) + frame)

    def next_record(self):
        """(channel, kind, body) of the next record that is neither a sign of life nor credit."""
        while True:
            count = struct.unpack(">I", self.receive(4))[0]
            assert 17 <= count <= 65535
            record = self.noise.decrypt(self.receive(count))
            channel, kind = struct.unpack(">HB", record[:3])
            if kind == PING and channel == 0:
                self.send(0, PONG, record[3:])
            elif kind == REKEY and channel == 0:
                self.noise.rekey_inbound_cipher()
            elif kind not in (KEEPALIVE, CREDIT):
                return channel, kind, record[3:]

    def first_record(self):
        """The first record of a responder, which says that we were let in."""
        count = struct.unpack(">I", self.receive(4))[0]
        return self.noise.decrypt(self.receive(count))

    def call(self, channel, service, number, body):
        """(status, bytes) of an answer, or the number of a refusal."""
        self.send(channel, OPEN, struct.pack(">I", 1280) + service.encode())
        where, kind, rest = self.next_record()
        assert where == channel
        if kind == REFUSE:
            return rest[0]
        assert kind == ACCEPT and struct.unpack(">I", rest)[0] >= 1030
        self.send(channel, DATA, request(number, body))
        self.send(channel, END)
        answer, kind = b"", DATA
        while kind == DATA:
            where, kind, rest = self.next_record()
            assert where == channel
            answer += rest
        assert kind == END and len(answer) == 7 + struct.unpack(">H", answer[5:7])[0]
        assert struct.unpack(">I", answer[:4])[0] == number
        return answer[4], answer[7:]

    def is_closed(self):
        """Nothing comes any more but the end."""
        try:
            return self.stream.recv(1) == b""
        except ConnectionError:
            return True


def public_key(secret):
    noise = NoiseConnection.from_name(PROTOCOL)
    noise.set_keypair_from_private_bytes(Keypair.STATIC, secret)
    return noise.noise_protocol.keypairs["s"].public_bytes


def listen(address="127.0.0.1"):
    listener = socket.socket()
    listener.bind((address, 0))
    listener.listen()
    listener.settimeout(TIMEOUT_S)
    return listener
