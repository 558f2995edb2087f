"""ICMP errors for what we sent reach the lcores, over both drivers; every other ICMP stays the kernel's (RFC 3261 18.4)."""

import base64
import contextlib
import socket
import struct

import pytest

import network
from conftest import CONFIGURATION, DRIVER, LAN, LAN6, Lab, Peers
from test_af_xdp import checksum, ping
from test_wire_sizes import mac_of, options, reason
from test_wire import counter

CALLEE, CALLEE6 = "198.51.100.30", "2001:db8:1::12"
NEAR, NEAR6 = "198.51.100.11", "2001:db8:1::11"  # who reports
UDP, TCP, ICMP, ICMP6, FRAGMENT = 17, 6, 1, 58, 44
TAKEN = ("UNREACHABLE_REPORTED", "UNREACHABLE_UNKNOWN", "UNREACHABLE_WITHOUT_BRANCH")


@pytest.fixture(scope="module")
def site():
    net = network.Network("test", "-icmp")
    try:
        yield Lab(net)
    finally:
        net.close()


@pytest.fixture(scope="module", params=["af_packet", "af_xdp"])
def running(site, request):
    configuration = CONFIGURATION.replace(f"driver: {DRIVER}", f"driver: {request.param}")
    with site.router(configuration=configuration, node='  lcores: "0,1,1"') as router:
        router.driver = request.param
        peer = Peers(site)("stranger")
        assert peer.transact(options(peer, LAN)).status == 200
        peer.close()
        yield router
        assert router.process.poll() is None, router.log_tail()


@pytest.fixture
def site_peers(site):
    opened = Peers(site)
    yield opened
    opened.close()


def branch(worker=0, slot=0xC0FFEE):
    """As dataplane/sip/branch_name.h writes it: one that no router knows."""
    name = struct.pack("!BBHIQ", 1, worker, 9, slot, 99)
    return b"z9hG4bK." + base64.urlsafe_b64encode(name).rstrip(b"=")


def request_of_ours(worker=0):
    return (b"INVITE sip:3100@198.51.100.30:5060 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch=" + branch(worker) +
            b"\r\nFrom: <sip:101@acme.test>;tag=1\r\n")


def ipv4(source, destination, protocol, payload, fragment=0, header=b""):
    """`header`: options."""
    start = struct.pack("!BBHHHBBH4s4s", 0x45 + len(header) // 4, 0, 20 + len(header) + len(payload), 1, fragment, 64, protocol, 0,
                        socket.inet_aton(source), socket.inet_aton(destination)) + header
    return start[:10] + struct.pack("!H", checksum(start)) + start[12:] + payload


def ipv6(source, destination, protocol, payload):
    return (struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + socket.inet_pton(socket.AF_INET6, source) +
            socket.inet_pton(socket.AF_INET6, destination) + payload)


def udp(payload, source=5060, destination=5060):
    return struct.pack("!HHHH", source, destination, 8 + len(payload), 0) + payload


def icmp(kind, code, quoted, rest=0):
    message = struct.pack("!BBHI", kind, code, 0, rest) + quoted
    return message[:2] + struct.pack("!H", checksum(message + bytes(len(message) % 2))) + message[4:]


def icmp6(kind, code, quoted, source=NEAR6, destination=LAN6):
    message = struct.pack("!BBHI", kind, code, 0, 0) + quoted
    pseudo = (socket.inet_pton(socket.AF_INET6, source) + socket.inet_pton(socket.AF_INET6, destination) +
              struct.pack("!II", len(message), ICMP6))
    return message[:2] + struct.pack("!H", checksum(pseudo + message + bytes(len(message) % 2))) + message[4:]


def sent(payload=None, source=LAN, port=5060, protocol=UDP, **more):
    """An IPv4 packet as an error quotes it."""
    return ipv4(source, CALLEE, protocol, udp(request_of_ours() if payload is None else payload, port), **more)


def sent6(payload=None, source=LAN6, port=5060, protocol=UDP, before=b""):
    return ipv6(source, CALLEE6, protocol, before + udp(request_of_ours() if payload is None else payload, port))


def v4(message, protocol=ICMP, **more):
    return 0x0800, ipv4(NEAR, LAN, protocol, message, **more)


def v6(message, protocol=ICMP6):
    return 0x86DD, ipv6(NEAR6, LAN6, protocol, message)


# What: (frame, is it the router's?)
FRAMES = {
    "net unreachable": (v4(icmp(3, 0, sent())), True),
    "host unreachable": (v4(icmp(3, 1, sent())), True),
    "protocol unreachable": (v4(icmp(3, 2, sent())), True),
    "port unreachable": (v4(icmp(3, 3, sent())), True),
    "administratively prohibited": (v4(icmp(3, 13, sent())), True),
    "parameter problem": (v4(icmp(12, 0, sent())), True),
    "IPv4 options around it": (v4(icmp(3, 3, sent()), header=b"\1\1\1\1"), True),
    "IPv4 options in what it quotes": (v4(icmp(3, 3, sent(header=b"\1" * 40))), True),
    "first fragment of a large message": (v4(icmp(3, 3, sent(fragment=0x2000))), True),
    "only the ports": (v4(icmp(3, 3, sent(b""))), True),
    "fragmentation needed": (v4(icmp(3, 4, sent(), rest=1400)), False),
    "source quench": (v4(icmp(4, 0, sent())), False),
    "redirect": (v4(icmp(5, 1, sent(), rest=0xC633640B)), False),
    "echo": (v4(icmp(8, 0, sent())), False),
    "echo reply": (v4(icmp(0, 0, sent())), False),
    "time exceeded": (v4(icmp(11, 0, sent())), False),
    "for another port of the host": (v4(icmp(3, 3, sent(port=7777))), False),
    "for TCP from that port": (v4(icmp(3, 3, sent(protocol=TCP))), False),
    "error about an error": (v4(icmp(3, 3, sent(protocol=ICMP))), False),
    "later fragment of a large message": (v4(icmp(3, 3, sent(fragment=0x2001))), False),
    "without the ports": (v4(icmp(3, 3, sent()[:20])), False),
    "fragment of an error": (v4(icmp(3, 3, sent()), fragment=0x2000), False),
    "IPv6: no route": (v6(icmp6(1, 0, sent6())), True),
    "IPv6: port unreachable": (v6(icmp6(1, 4, sent6())), True),
    "IPv6: parameter problem": (v6(icmp6(4, 1, sent6())), True),
    "IPv6: first fragment of a large message": (v6(icmp6(1, 4, sent6(protocol=FRAGMENT, before=struct.pack("!BBHI", UDP, 0, 1, 7)))),
                                                True),
    "IPv6: only the ports": (v6(icmp6(1, 4, sent6(b""))), True),
    "IPv6: packet too big": (v6(icmp6(2, 0, sent6())), False),
    "IPv6: time exceeded": (v6(icmp6(3, 0, sent6())), False),
    "IPv6: echo": (v6(icmp6(128, 0, sent6())), False),
    "IPv6: for another port of the host": (v6(icmp6(1, 4, sent6(port=7777))), False),
    "IPv6: for TCP from that port": (v6(icmp6(1, 4, sent6(protocol=TCP))), False),
    "IPv6: without the ports": (v6(icmp6(1, 4, sent6()[:40])), False),
}
MARKER = v4(icmp(3, 3, sent(b"marker")))


class Wire:
    """Frames from lan0 of the peers to the router."""

    def __init__(self, site):
        self.socket = site.peers_namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.bind(("lan0", 0))
        self.addresses = mac_of(site.router_namespace) + mac_of(site.peers_namespace)

    def send(self, frame, tag=b""):
        kind, packet = frame
        self.socket.send(self.addresses + tag + struct.pack("!H", kind) + packet)


@pytest.fixture
def wire(site):
    opened = Wire(site)
    yield opened
    opened.socket.close()


def taken(router):
    return sum(reason(router, name) for name in TAKEN)


def has_come(kernel, message):
    """Has the kernel seen that ICMP message?"""
    with contextlib.suppress(TimeoutError, BlockingIOError):
        while True:
            if kernel.recv(65535).endswith(message):
                return True
    return False


@pytest.mark.parametrize("what", FRAMES)
def test_whose_it_is(site, running, wire, what):
    """An error for us is counted by a lcore; all else is not even received by one, and the kernel has it."""
    frame, is_ours = FRAMES[what]
    kind, packet = frame
    family, protocol, header = (socket.AF_INET6, ICMP6, 40) if kind == 0x86DD else (socket.AF_INET, ICMP, (packet[0] & 15) * 4)
    with site.router_namespace.socket(family, socket.SOCK_RAW, protocol) as kernel:
        kernel.settimeout(1)
        before, received = taken(running), counter(running, "RECEIVED")
        wire.send(frame)
        wire.send(MARKER)
        assert network.wait_until(lambda: taken(running) >= before + 1 + is_ours, 10)
        assert counter(running, "RECEIVED") == received + 1 + is_ours
        assert taken(running) == before + 1 + is_ours
        if "fragment of an error" in what:  # the kernel waits for the rest of it
            return
        # af_packet: the kernel has a copy of everything.
        assert has_come(kernel, packet[header:]) == (not is_ours or running.driver == "af_packet")


def test_every_length_of_a_frame(running, wire):
    """Whatever is cut off, the filters look at nothing behind the end; what is whole is taken."""
    for kind, packet in (v4(icmp(3, 3, sent())), v6(icmp6(1, 4, sent6()))):
        before = taken(running)
        for length in range(len(packet)):
            wire.send((kind, packet[:length]))
        wire.send((kind, packet))
        assert network.wait_until(lambda: taken(running) == before + 1, 10)
    assert running.must("stats", as_json=True).json["identity"]["holds"]


@pytest.mark.parametrize("tag, is_ours", [(0x6000, True), (100, False)])
def test_tags(running, wire, tag, is_ours):
    """As with UDP: a tag that only says a priority is none. Over af_xdp tagged frames are the kernel's."""
    before = taken(running)
    wire.send(FRAMES["port unreachable"][0], struct.pack("!HH", 0x8100, tag))
    wire.send(MARKER)
    expected = before + 1 + (is_ours and running.driver == "af_packet")
    assert network.wait_until(lambda: taken(running) >= expected, 10)
    assert taken(running) == expected


def test_lcore_of_the_branch(running, wire):
    """The kernel's hash or the one queue of a veth decides who receives it, the branch whose it is."""
    before = {name: counter(running, name) for name in ("STEERED_IN", "STEERED_OUT")}
    unknown = reason(running, "UNREACHABLE_UNKNOWN")
    for worker in range(3):
        wire.send(v4(icmp(3, 3, sent(request_of_ours(worker)))))
        wire.send(v6(icmp6(1, 4, sent6(request_of_ours(worker)))))
    assert network.wait_until(lambda: reason(running, "UNREACHABLE_UNKNOWN") == unknown + 6, 10)
    moved = counter(running, "STEERED_OUT") - before["STEERED_OUT"]
    assert moved == counter(running, "STEERED_IN") - before["STEERED_IN"]
    assert 3 <= moved <= 5


def test_wrong_checksums(running, wire):
    before = reason(running, "CHECKSUM_WRONG")
    for kind, packet in (FRAMES["port unreachable"][0], FRAMES["IPv6: port unreachable"][0]):
        wire.send((kind, packet[:-1] + bytes([packet[-1] ^ 1])))
    assert network.wait_until(lambda: reason(running, "CHECKSUM_WRONG") == before + 2, 10)


def test_ping_and_path_mtu(site, running, wire):
    """The kernel answers pings, learns the path MTU of our flow, and tells its own sockets about closed ports."""
    assert ping(site) and ping(site, 4000)
    wire.send(v4(icmp(3, 4, ipv4(LAN, CALLEE, UDP, udp(request_of_ours())), rest=1234)))
    assert network.wait_until(lambda: "mtu 1234" in site.router_namespace.ip("route", "get", CALLEE), 5)
    site.router_namespace.ip("route", "flush", "cache")
    with site.router_namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(5)
        probe.connect((CALLEE, 9))
        probe.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            probe.recv(1)


@pytest.mark.parametrize("suffix", ["", "6"])
def test_closed_port(running, site_peers, suffix):
    """bob's phone has crashed: its host's kernel refuses the INVITE, and alice hears of it at once."""
    alice = site_peers("alice", address=NEAR6 if suffix else None)
    bob = site_peers("bob", address=CALLEE6 if suffix else None)
    assert bob.register().status == 200
    bob.socket.close()
    before = reason(running, "UNREACHABLE_REPORTED")
    invite = alice.invite("102")
    alice.send(alice.ack_of_failure(invite, alice.expect_status(503)))
    assert reason(running, "UNREACHABLE_REPORTED") == before + 1
    again = site_peers("bob", address=CALLEE6 if suffix else None)
    assert again.forget().status == 200


@pytest.mark.parametrize("suffix", ["", "6"])
def test_host_that_is_gone(site, running, site_peers, suffix):
    """bob's phone was unplugged: no neighbour answers the kernel, which was to send the INVITE to it, and says so."""
    address, bits = ("2001:db8:1::12", 64) if suffix else ("198.51.100.12", 24)
    alice = site_peers("alice", address=NEAR6 if suffix else None)
    bob = site_peers("bob", address=address)
    assert bob.register().status == 200
    bob.socket.close()
    site.peers_namespace.ip("address", "delete", f"{address}/{bits}", "dev", "lan0")
    try:
        site.router_namespace.ip("neighbour", "flush", "to", address)
        before = reason(running, "UNREACHABLE_REPORTED")
        invite = alice.invite("102")
        # Not at once: the kernel asks three times. Timer B would take 32 s.
        assert network.wait_until(lambda: reason(running, "UNREACHABLE_REPORTED") == before + 1, 20)
        alice.send(alice.ack_of_failure(invite, alice.expect_status(503)))
    finally:
        site.peers_namespace.ip("address", "add", f"{address}/{bits}", "dev", "lan0", *(["nodad"] if suffix else []))
    again = site_peers("bob", address=address)
    assert again.forget().status == 200


@pytest.mark.parametrize("what", ["", "IPv6"])
def test_packet_of_another_host(site, running, wire, what):
    """An error for what another host sent from its port 5060 comes here only by mistake: the kernel has it."""
    family, protocol = (socket.AF_INET6, ICMP6) if what else (socket.AF_INET, ICMP)
    message = icmp6(1, 4, sent6(source="2001:db8:1::77")) if what else icmp(3, 3, sent(source="198.51.100.77"))
    with site.router_namespace.socket(family, socket.SOCK_RAW, protocol) as kernel:
        kernel.settimeout(1)
        before = taken(running)
        wire.send(v6(message) if what else v4(message))
        wire.send(MARKER)
        assert network.wait_until(lambda: taken(running) > before, 10)
        assert taken(running) == before + 1
        assert has_come(kernel, message)
