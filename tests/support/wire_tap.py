"""wire_tap.py - reads all SIP over UDP and IPv4 that passes an interface of a namespace, in both directions, and keeps it in order;
what is sent again is kept once.
"""

import dataclasses
import socket
import struct
import threading
import time

from sip_client import Message

ETH_P_ALL, ETH_P_IP, IPPROTO_UDP = 0x0003, 0x0800, 17
MORE_FRAGMENTS, OFFSET_MASK = 0x2000, 0x1FFF


@dataclasses.dataclass
class Seen:
    """One message on the wire: ("10.0.0.2", 5060) to ("198.51.100.1", 5060)."""

    source: tuple
    target: tuple
    message: Message
    raw: bytes


class WireTap:
    """Listens from its making to close()."""

    def __init__(self, namespace, interface):
        self.seen = []
        self._known = set()
        self._fragments = {}  # identification: {offset: (header, bytes, whether more follow)}
        self._came = threading.Condition()
        self._socket = namespace.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
        self._socket.bind((interface, ETH_P_ALL))
        self._socket.settimeout(0.2)
        self._is_open = True
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def close(self):
        self._is_open = False
        self._thread.join()
        self._socket.close()

    def mark(self):
        """The place that since() takes: now."""
        return len(self.seen)

    def since(self, mark=0, **wanted):
        """What passed since then, of these: source and target (addresses), method, status, is_request, call_id."""
        return [one for one in self.seen[mark:] if _is_wanted(one, wanted)]

    def wait(self, mark=0, limit_s=5.0, count=1, **wanted):
        """The first such message, or the one that makes `count` of them."""
        end = time.monotonic() + limit_s
        with self._came:
            while len(found := self.since(mark, **wanted)) < count:
                left = end - time.monotonic()
                assert left > 0, f"{len(found)} of {count} {wanted} passed within {limit_s} s, among:\n{self.text(mark)}"
                self._came.wait(left)
        return found[count - 1]

    def text(self, mark=0):
        """One line for each message."""
        return "\n".join(f"    {one.source[0]}:{one.source[1]} > {one.target[0]}:{one.target[1]}  {one.message.start_line}"
                         f"  [{one.message.get('CSeq')}]" for one in self.seen[mark:]) or "    (nothing)"

    def _listen(self):
        while self._is_open:
            try:
                packet, link = self._socket.recvfrom(65535)
            except TimeoutError:
                continue
            except OSError:  # the interface is gone
                return
            if link[1] == ETH_P_IP and packet[9] == IPPROTO_UDP:
                self._take(packet)

    def _take(self, packet):
        header, length, fragment = 4 * (packet[0] & 0x0F), *struct.unpack_from("!H2xH", packet, 2)
        if fragment & (MORE_FRAGMENTS | OFFSET_MASK):
            head, datagram = self._whole(packet[:header], fragment, packet[header:length])
        else:
            head, datagram = packet[:header], packet[header:length]
        if not datagram:
            return
        source, target = socket.inet_ntoa(head[12:16]), socket.inet_ntoa(head[16:20])
        ports = struct.unpack_from("!HH", datagram)
        if 5060 not in ports and b"SIP/2.0" not in datagram[8:200] or not datagram[8:].strip():
            return
        if (source, datagram) in self._known:  # sent again
            return
        self._known.add((source, datagram))
        with self._came:
            self.seen.append(Seen((source, ports[0]), (target, ports[1]), Message.parse(datagram[8:]), datagram[8:]))
            self._came.notify_all()

    def _whole(self, head, fragment, part):
        """
        The first fragment's IP header, and the datagram when it is whole, else b"". A NAT behind this interface may have written its
        addresses into later fragments before they are read here, so only the identification says what belongs together.
        """
        parts = self._fragments.setdefault(head[4:6], {})
        parts[8 * (fragment & OFFSET_MASK)] = head, part, bool(fragment & MORE_FRAGMENTS)
        whole, more = b"", True
        while more and len(whole) in parts:
            _, part, more = parts[len(whole)]
            whole += part
        if more:
            return head, b""
        del self._fragments[head[4:6]]
        return parts[0][0], whole


def _is_wanted(one, wanted):
    facts = {"source": one.source[0], "target": one.target[0], "method": one.message.method, "status": one.message.status,
             "is_request": one.message.is_request, "call_id": one.message.call_id}
    return all(facts[name] == value for name, value in wanted.items())
