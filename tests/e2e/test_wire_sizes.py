"""The wire below SIP: datagrams of 64 KB, small MTUs, checksums, VLAN tags, and one queue for several lcores."""

import socket
import struct

import pytest

import network
from conftest import LAN, LAN6, Lab, Peers
from sip_client import SDP, Peer, Silence, establish, hang_up

LARGEST = 65507  # what UDP over IPv4 carries
ALICE, ALICE6, BOB6 = "198.51.100.11", "2001:db8:1::11", "2001:db8:1::12"


@pytest.fixture(scope="module")
def size_lab():
    """A network of this file's own: its MTU changes."""
    net = network.Network("test", "-sizes")
    try:
        yield Lab(net)
    finally:
        net.close()


@pytest.fixture(scope="module")
def size_router(size_lab):
    with size_lab.router() as router:
        yield router


@pytest.fixture
def size_peers(size_lab):
    opened = Peers(size_lab)
    yield opened
    opened.close()


def counters(router):
    """{NAME: row} of `amityctl stats`, verdicts and counters, when no packet is under way."""
    stats = {}

    def is_still():
        stats.update(router.must("stats", as_json=True).json)
        return stats["identity"]["holds"]

    assert network.wait_until(is_still, 5)
    rows = {row["counter"]: row for row in stats["counters"]} | {row["verdict"]: row for row in stats["verdicts"]}
    return rows


def count(router, name):
    return counters(router)[name]["total"]


def reason(router, name):
    rows = router.must("reasons", as_json=True).json
    return next((row["count"] for row in rows if row["reason"] == name), 0)


def set_mtu(lab, router, mtu):
    """Of both ends of the link; comes back when the router has seen it."""
    for namespace in (lab.router_namespace, lab.peers_namespace):
        namespace.ip("link", "set", "lan0", "mtu", str(mtu))

    def is_seen():
        interfaces = router.must("status", as_json=True).json["ports"]
        return next(one["mtu"] for one in interfaces if one["device"] == "lan0") == mtu

    assert network.wait_until(is_seen, 20)


def meet(router, *peers):
    """Until the router itself sends to them: the kernel sends what is first, and resolves their MACs.

    A route that was just made is the router's within 10 ms: until then there is no answer.
    """
    def is_direct(peer):
        before = count(router, "TRANSMITTED")
        try:
            assert peer.transact(options(peer, peer.router)).status == 200
        except Silence:
            return False
        return count(router, "TRANSMITTED") > before

    for peer in peers:
        assert network.wait_until(lambda: is_direct(peer), 20)


def options(peer, router, length=None):
    """An OPTIONS to the router, filled up to `length` bytes."""
    message = peer.request("OPTIONS", f"sip:[{router}]" if ":" in router else f"sip:{router}")
    if length:
        message.set("Content-Length", "00000")
        filling = length - len(bytes(message))
        message.set("Content-Length", f"{filling:05}")
        message.body = "x" * filling
        assert len(bytes(message)) == length
    return message


def body_of(length, word):
    """SDP, different everywhere, so that nothing can change places."""
    start = SDP.format(address="192.0.2.1")
    return start + "".join(f"a={word}{i:05}\r\n" for i in range((length - len(start)) // 10))


def large_call(caller, callee, number, length):
    """A call whose INVITE and 200 carry `length` bytes each. Both must come through unharmed."""
    there, back = body_of(length, "i"), body_of(length, "o")
    caller.invite(number, body=there)
    request = callee.expect_request("INVITE")
    assert request.body == there
    callee.send(callee.answer(request, 200, body=back))
    assert caller.expect_status(200).body == back
    return request


@pytest.mark.parametrize("address", [ALICE, ALICE6])
def test_largest_datagram_is_answered(size_router, size_peers, address):
    alice = size_peers("alice", address=address)
    before = count(size_router, "REASSEMBLED")
    assert alice.transact(options(alice, LAN6 if ":" in address else LAN, LARGEST)).status == 200
    assert count(size_router, "REASSEMBLED") == before + 1


@pytest.mark.parametrize("caller_address", [ALICE, ALICE6])
@pytest.mark.parametrize("callee_address", [None, BOB6])
def test_large_calls_of_both_families(size_router, size_peers, caller_address, callee_address):
    alice, bob = size_peers("alice", address=caller_address), size_peers("bob", address=callee_address)
    assert bob.register().status == 200
    meet(size_router, alice, bob)
    before = count(size_router, "FRAGMENTED")
    large_call(alice, bob, "102", 60000)
    assert count(size_router, "FRAGMENTED") >= before + 2
    assert bob.register(expires=0).status == 200


@pytest.mark.parametrize("mtu, addresses", [(1280, (ALICE, ALICE6)), (1499, (ALICE, ALICE6)), (576, (ALICE,))])
def test_mtu_below_the_message(size_lab, size_router, size_peers, mtu, addresses):
    """The router follows the interface's MTU while it runs."""
    set_mtu(size_lab, size_router, mtu)
    try:
        for address in addresses:
            alice, east = size_peers("alice", address=address), size_peers("east")
            meet(size_router, alice, east)
            before = count(size_router, "FRAGMENTED")
            large_call(alice, east, "3100", 3000)
            assert count(size_router, "FRAGMENTED") >= before + 2
            alice.close()
            east.close()
    finally:
        set_mtu(size_lab, size_router, 1500)
        # Below 1,280 bytes the kernel takes IPv6 off an interface.
        for namespace, own in ((size_lab.router_namespace, [LAN6]), (size_lab.peers_namespace, [ALICE6, BOB6])):
            if mtu < 1280:
                namespace.address("lan0", *(f"{one}/64" for one in own))


def test_a_path_that_is_narrower_than_the_link(size_lab, size_router):
    """Behind a router with a link of 1,400 bytes: what is larger must not say "don't fragment"."""
    far, between = size_lab.network.namespace("far"), size_lab.peers_namespace
    network.Network.link(between, "far0", far, "lan0")
    between.address("far0", "192.0.2.1/24")
    far.address("lan0", "192.0.2.50/24")
    between.ip("link", "set", "far0", "mtu", "1400")
    far.ip("link", "set", "lan0", "mtu", "1400")
    far.ip("route", "add", "default", "via", "192.0.2.1")
    size_lab.router_namespace.ip("route", "add", "192.0.2.0/24", "via", ALICE)
    assert between.run(["sysctl", "-qw", "net.ipv4.ip_forward=1"]).returncode == 0
    peer = Peer(far, "192.0.2.50", LAN, name="alice", domain="acme.test")
    try:
        meet(size_router, peer)
        short = len(bytes(peer.transact(options(peer, LAN))))
        message = options(peer, LAN)
        via = "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK"
        message.headers.insert(1, ("Via", via + "x" * (1450 - short - len(f"Via: {via}\r\n"))))
        answer = peer.transact(message)
        assert answer.status == 200 and 1400 < len(bytes(answer)) <= 1472
    finally:
        peer.close()


def test_unknown_neighbour_gets_a_large_message(size_lab, size_router, size_peers):
    """The kernel sends it once, fragments it, and resolves the neighbour."""
    alice, east = size_peers("alice"), size_peers("east")
    size_lab.router_namespace.ip("neigh", "flush", "dev", "lan0")
    size_lab.router_namespace.ip("neigh", "flush", "dev", "lan0", "nud", "permanent")
    large_call(alice, east, "3100", 40000)


def test_missing_fragment_is_given_up_by_an_idle_router(size_lab, size_router):
    before = count(size_router, "REASSEMBLY_TIMEOUTS")
    with size_lab.peers_namespace.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        payload = struct.pack("!HHHH", 5060, 5060, 2000, 0) + b"x" * 792
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 4711, 0x2000, 64, 17, 0,
                             socket.inet_aton(ALICE), socket.inet_aton(LAN))
        raw.sendto(header + payload, (LAN, 0))
    assert network.wait_until(lambda: count(size_router, "REASSEMBLY_TIMEOUTS") == before + 1, 20)


def udp_checksum(datagram):
    pseudo = socket.inet_aton(ALICE) + socket.inet_aton(LAN) + struct.pack("!HH", 17, len(datagram))
    data = pseudo + datagram + b"\0" * (len(datagram) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return 0xffff - (total + (total >> 16)) & 0xffff


@pytest.mark.parametrize("wrong_by, status", [(0, 200), (1, None), (None, 200)])
def test_checksum_of_a_wire(size_lab, size_router, size_peers, wrong_by, status):
    """Right, wrong, and none at all, which UDP over IPv4 allows. Every other test has the unfinished ones of a local kernel."""
    alice = size_peers("alice", port=5066)
    message = bytes(options(alice, LAN))
    datagram = bytearray(struct.pack("!HHHH", 5066, 5060, 8 + len(message), 0) + message)
    if wrong_by is not None:
        datagram[6:8] = struct.pack("!H", (udp_checksum(bytes(datagram)) + wrong_by) & 0xffff)
    before = reason(size_router, "CHECKSUM_WRONG")
    with size_lab.peers_namespace.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as raw:
        raw.bind((ALICE, 0))
        raw.sendto(bytes(datagram), (LAN, 0))
    if status:
        alice.expect_status(status)
        assert reason(size_router, "CHECKSUM_WRONG") == before
    else:
        alice.expect_silence()
        assert reason(size_router, "CHECKSUM_WRONG") == before + 1


class TaggedPeer:
    """Frames with an 802.1Q tag, from lan0 of the peers to the router, written and read by hand."""

    ETH_P_ALL, SOL_PACKET, PACKET_AUXDATA, TAG_VALID = 3, 263, 8, 1 << 4

    def __init__(self, lab):
        self.socket = lab.peers_namespace.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(self.ETH_P_ALL))
        self.socket.bind(("lan0", self.ETH_P_ALL))
        self.socket.setsockopt(self.SOL_PACKET, self.PACKET_AUXDATA, 1)
        self.socket.settimeout(3)
        self.router_mac = mac_of(lab.router_namespace)
        self.own_mac = mac_of(lab.peers_namespace)

    def send(self, tag, message, port=5067):
        datagram = struct.pack("!HHHH", port, 5060, 8 + len(message), 0) + message
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 1, 0x4000, 64, 17, 0, socket.inet_aton(ALICE),
                         socket.inet_aton(LAN))
        total = sum(struct.unpack("!10H", ip))
        checksum = 0xffff - ((total & 0xffff) + (total >> 16))
        ip = ip[:10] + struct.pack("!H", checksum) + ip[12:]
        self.socket.send(self.router_mac + self.own_mac + struct.pack("!HHH", 0x8100, tag, 0x0800) + ip + datagram)

    def receive_tag(self):
        """The tag of the next SIP answer: the kernel shows it beside the frame."""
        while True:
            frame, extra, _, _ = self.socket.recvmsg(2048, 256)
            if frame[:6] != self.own_mac or b"SIP/2.0 200" not in frame:
                continue
            for level, kind, data in extra:
                if (level, kind) == (self.SOL_PACKET, self.PACKET_AUXDATA):
                    status, _, _, _, _, tag, _ = struct.unpack("IIIHHHH", data)
                    return tag if status & self.TAG_VALID else None
            return None


def mac_of(namespace):
    words = namespace.ip("-o", "link", "show", "lan0").split()
    return bytes.fromhex(words[words.index("link/ether") + 1].replace(":", ""))


@pytest.mark.parametrize("tag, is_ours", [(0x6000, True), (100, False)])
def test_tags_on_an_untagged_interface(size_lab, size_router, size_peers, tag, is_ours):
    """A tag that only says a priority is none; another VLAN is not ours."""
    alice, wire = size_peers("alice", port=5067), TaggedPeer(size_lab)
    wire.send(tag, bytes(options(alice, LAN)))
    if is_ours:
        alice.expect_status(200)
    else:
        with pytest.raises(Silence):
            alice.receive(0.5)
    wire.socket.close()


DIRECT = """
node:
  id: 1
  state_dir: elsewhere
  control_socket: elsewhere
  idle: save
interfaces:
  - device: net_af_packet_direct,iface=lan0
    profile: direct
    vlan: 100
    addresses: [{address}/24]
    peers: {{{peer}: '{mac}'}}
"""


def test_vlan_of_an_interface_without_kernel(own_lab, own_peers):
    alice, wire = own_peers("alice", port=5067), TaggedPeer(own_lab)
    configuration = DIRECT.format(address=LAN, peer=ALICE, mac=wire.own_mac.hex(":"))
    with own_lab.router(configuration=configuration.replace("{", "{{").replace("}", "}}")) as router:
        wire.send(101, bytes(options(alice, LAN)))
        wire.send(100, bytes(options(alice, LAN)))
        assert wire.receive_tag() == 100
        assert count(router, "answered") == 1
    wire.socket.close()


def test_one_sender_loads_three_lcores_evenly(own_lab, own_peers):
    """One 5-tuple comes through one queue; its calls belong to all lcores alike (each within seven deviations)."""
    calls, workers = 900, 3
    alice = own_peers("alice")
    with own_lab.router(node='  lcores: "0,1,1"') as router:
        for _ in range(calls):
            assert alice.transact(options(alice, LAN)).status == 200
        rows = counters(router)
        received = [rows["RECEIVED"][f"lcore_{i}"] for i in range(workers)]
        answered = [rows["answered"][f"lcore_{i}"] for i in range(workers)]
        assert max(received) >= calls and sum(answered) == calls
        deviation = (calls * (1 / workers) * (1 - 1 / workers)) ** 0.5
        assert all(abs(one - calls / workers) < 7 * deviation for one in answered), answered


@pytest.mark.parametrize("length", [None, 4000])
@pytest.mark.parametrize("option", [54, 59])  # IPV6_HOPOPTS, IPV6_DSTOPTS
def test_ipv6_options_before_udp(size_router, size_peers, option, length):
    alice = size_peers("alice", address=ALICE6)
    alice.socket.setsockopt(socket.IPPROTO_IPV6, option, bytes([0, 0, 1, 4, 0, 0, 0, 0]))  # padding
    assert alice.transact(options(alice, LAN6, length)).status == 200


def test_ipv6_calls_hang_up(size_router, size_peers):
    alice, bob = size_peers("alice", address=ALICE6), size_peers("bob", address=BOB6)
    assert bob.register().status == 200
    callers, callees, _ = establish(alice, bob, "102")
    hang_up(callees, alice)
    assert bob.register(expires=0).status == 200
