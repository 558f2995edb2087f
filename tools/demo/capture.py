"""capture.py - SIP messages as they pass an interface of a namespace.

Listens at the far ends of the router's links: the router sends past the taps of its own end (PACKET_QDISC_BYPASS), a far end
sees both directions.
"""

import dataclasses
import ipaddress
import select
import socket
import struct
import threading

ETH_P_ALL = 0x0003
SO_TIMESTAMPNS = 35
FRAME_BYTES_MAX = 65535


@dataclasses.dataclass
class Seen:
    """One datagram."""

    time_s: float
    source: str
    source_port: int
    destination: str
    destination_port: int
    text: str

    @property
    def start_line(self):
        return self.text.split("\r\n", 1)[0]

    def header(self, name):
        """The first value of a header, "" when absent."""
        wanted = name.lower() + ":"
        for line in self.text.split("\r\n\r\n", 1)[0].split("\r\n")[1:]:
            if line.lower().startswith(wanted):
                return line[len(wanted):].strip()
        return ""

    @property
    def is_request(self):
        return not self.start_line.startswith("SIP/2.0 ")

    @property
    def method(self):
        """Of a request its own, of a response the one it answers."""
        return self.start_line.split(" ")[0] if self.is_request else self.header("CSeq").split(" ")[-1]

    @property
    def status(self):
        return 0 if self.is_request else int(self.start_line.split(" ")[1])


def read_frame(frame, time_s):
    """Ethernet frame -> Seen, or None when it is no unfragmented UDP datagram."""
    kind = frame[12:14]
    packet = frame[14:]
    if kind == b"\x08\x00" and packet[9] == 17 and not struct.unpack("!H", packet[6:8])[0] & 0x3FFF:
        datagram = packet[(packet[0] & 15) * 4:]
        addresses = packet[12:16], packet[16:20]
    elif kind == b"\x86\xdd" and packet[6] == 17:
        datagram = packet[40:]
        addresses = packet[8:24], packet[24:40]
    else:
        return None
    source_port, destination_port, length = struct.unpack("!HHH", datagram[:6])
    text = datagram[8:length].decode("utf-8", "replace")
    source, destination = (str(ipaddress.ip_address(address)) for address in addresses)
    return Seen(time_s, source, source_port, destination, destination_port, text)


class Capture:
    """Collects SIP messages of several interfaces until close()."""

    def __init__(self):
        self._sockets = []
        self._seen = []
        self._lock = threading.Lock()
        self._wake, self._woken = socket.socketpair()
        self._thread = None

    def listen(self, namespace, interface):
        tap = namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self._sockets.append(tap)
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        tap.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        tap.bind((interface, 0))

    def start(self):
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self):
        while True:
            ready, _, _ = select.select([*self._sockets, self._woken], [], [])
            if self._woken in ready:
                return
            for tap in ready:
                try:
                    frame, notes, _, _ = tap.recvmsg(FRAME_BYTES_MAX, 64)
                except OSError:
                    continue  # the interface went down with its namespace
                seen = read_frame(frame, _timestamp(notes))
                if seen is not None and "SIP/2.0" in seen.text:
                    with self._lock:
                        self._seen.append(seen)

    def call(self, call_id):
        """The messages of one Call-ID in the order of their time."""
        with self._lock:
            found = [seen for seen in self._seen if call_id in (seen.header("Call-ID"), seen.header("i"))]
        return sorted(found, key=lambda seen: seen.time_s)

    def close(self):
        if self._thread is not None:
            self._wake.send(b".")
            self._thread.join()
        for tap in (*self._sockets, self._wake, self._woken):
            tap.close()


def _timestamp(notes):
    for level, kind, content in notes:
        if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", content[:16])
            return seconds + nanoseconds / 1e9
    return 0.0
