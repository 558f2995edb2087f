"""Next hops on the link: not yet known, moved to another MAC, gone and back; the interface down and up again."""

import contextlib
import json
import re
import socket
import struct
import time

import pytest

import network
from conftest import LAN, Lab, Peers
from sip_client import Silence, establish, hang_up

EAST = "198.51.100.30"
MOVED_MAC = "02:00:00:00:77:01"
REMADE = "made anew: restart amityd"
UNRESOLVED = "punted_unresolved_neighbour"


def ended(router, reason):
    """How many packets ended with a reason, by `amityctl --json reasons`."""
    rows = router.must("reasons", "--all", as_json=True).json
    return sum(row["count"] for row in rows_of(rows) if row["reason"].lower() == reason)


def rows_of(answer):
    return answer if isinstance(answer, list) else next(value for value in answer.values() if isinstance(value, list))


def forget_neighbours(namespace, interface="lan0"):
    namespace.ip("neigh", "flush", "dev", interface)
    time.sleep(0.1)  # the mirror follows within 10 ms


def neighbour(namespace, address, interface="lan0"):
    """What the kernel knows of a next hop: its row of `ip neigh`, or {}."""
    rows = json.loads(namespace.ip("-j", "neigh", "show", "to", address, "dev", interface) or "[]")
    return rows[0] if rows else {}


def set_sysctl(namespace, key, value):
    assert namespace.run(["sysctl", "-q", "-w", f"{key}={value}"]).returncode == 0


def call(alice, east):
    callers, _, _ = establish(alice, east, "3100")
    hang_up(callers, east)


def call_again(alice, east, within_s=40):
    """Calls until one passes: while the network mends itself, some may be lost."""
    end = time.monotonic() + within_s
    while True:
        try:
            return call(alice, east)
        except (Silence, AssertionError):
            assert time.monotonic() < end, f"no call passed within {within_s} s"
            for peer in (alice, east):
                drain(peer)


def drain(peer):
    with contextlib.suppress(Silence):
        while True:
            peer.receive(0.2)


@contextlib.contextmanager
def mac_address(namespace, interface, mac):
    """Another MAC on an interface, and the old one back."""
    old = json.loads(namespace.ip("-j", "link", "show", interface))[0]["address"]
    namespace.ip("link", "set", interface, "address", mac)
    try:
        yield
    finally:
        namespace.ip("link", "set", interface, "address", old)


def announce(namespace, interface, mac, address):
    """A gratuitous ARP request (RFC 5227 3): what a host sends that has taken over an address."""
    hardware = bytes.fromhex(mac.replace(":", ""))
    ip = socket.inet_aton(address)
    frame = (b"\xff" * 6 + hardware + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + hardware + ip + b"\0" * 6 + ip)
    with namespace.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((interface, 0))
        raw.send(frame)


@pytest.fixture
def own_router(own_lab):
    with own_lab.router() as router:
        yield router


def test_unknown_next_hop_is_resolved_by_the_kernel(own_lab, own_router, own_peers):
    """The first message goes through the kernel, which asks for the MAC; the next ones do not."""
    alice, east = own_peers("alice"), own_peers("east")
    call(alice, east)
    forget_neighbours(own_lab.router_namespace)
    assert network.wait_until(lambda: not neighbour(own_lab.router_namespace, EAST), 5)
    before = ended(own_router, UNRESOLVED)
    call(alice, east)
    through_kernel = ended(own_router, UNRESOLVED) - before
    assert through_kernel >= 1
    call(alice, east)
    assert ended(own_router, UNRESOLVED) == before + through_kernel, "the resolved neighbour was not taken over"


def test_next_hop_that_moves_and_says_so(own_lab, own_router, own_peers):
    alice, east = own_peers("alice"), own_peers("east")
    call(alice, east)
    time.sleep(1.1)  # the kernel takes no second answer of an address within a second (locktime)
    with mac_address(own_lab.peers_namespace, "lan0", MOVED_MAC):
        for address in (EAST, alice.address):
            announce(own_lab.peers_namespace, "lan0", MOVED_MAC, address)
        assert network.wait_until(lambda: neighbour(own_lab.router_namespace, EAST).get("lladdr") == MOVED_MAC, 5)
        call_again(alice, east, 5)


def test_next_hop_that_moves_silently(own_lab, own_router, own_peers):
    """Nothing tells: the neighbour is verified now and then, although the kernel does not see our packets."""
    alice, east = own_peers("alice"), own_peers("east")
    set_sysctl(own_lab.router_namespace, "net.ipv4.neigh.lan0.base_reachable_time_ms", 2000)
    # The MAC of the test before: af_packet's start makes the kernel forget it, af_xdp's does not.
    forget_neighbours(own_lab.router_namespace)
    call(alice, east)
    with mac_address(own_lab.peers_namespace, "lan0", MOVED_MAC):
        call_again(alice, east)
    assert own_router.process.poll() is None


def test_next_hop_that_vanishes_and_returns(own_lab, own_router, own_peers):
    alice, east, pbx = own_peers("alice"), own_peers("east"), own_peers("pbx")
    assert pbx.register().status == 200
    own_lab.peers_namespace.ip("address", "del", f"{EAST}/24", "dev", "lan0")
    try:
        forget_neighbours(own_lab.router_namespace)
        before = ended(own_router, UNRESOLVED)
        request = alice.invite_request("3100")
        alice.send(alice.authorized(request, alice.challenged(request)))
        assert alice.receive().status == 100
        alice.expect_silence()
        assert ended(own_router, UNRESOLVED) > before
        callers, _, _ = establish(alice, pbx, "2100")
        hang_up(callers, pbx)
    finally:
        own_lab.peers_namespace.ip("address", "add", f"{EAST}/24", "dev", "lan0")
    call_again(alice, east)


@pytest.mark.parametrize("side", ["router", "peers"])
def test_interface_down_and_up_again(own_lab, own_router, own_peers, side):
    """Ours, or the other end of the cable. The other interface works on; calls that were there still are."""
    namespace = own_lab.router_namespace if side == "router" else own_lab.peers_namespace
    alice, east, telco = own_peers("alice"), own_peers("east"), own_peers("telco-a")
    assert alice.register().status == 200
    callers, _, _ = establish(alice, east, "3100")
    namespace.ip("link", "set", "lan0", "down")
    try:
        time.sleep(0.1)  # the mirror follows within 10 ms
        with contextlib.suppress(OSError):
            alice.send(alice.request("OPTIONS", f"sip:{LAN}"))
        alice.expect_silence()
        assert link_of(own_router) == ("down" if side == "router" else "no carrier")
        telco.send(telco.request("INVITE", f"sip:+34944000001@{telco.router}"))
        if side == "router":
            telco.expect_status(503)  # no route leads to alice
        else:
            assert telco.receive().status == 100
            telco.expect_silence()  # no carrier: the kernel keeps the route, the message is lost on the way
        assert telco.transact(telco.request("OPTIONS", f"sip:{telco.router}")).status == 200
    finally:
        namespace.ip("link", "set", "lan0", "up")
        own_lab.restore_ipv6()
    assert network.wait_until(lambda: answers_options(alice), 20)
    drain(alice)
    hang_up(callers, east)
    call(alice, east)
    stats = own_router.must("stats", as_json=True).json
    assert stats["identity"]["holds"]
    assert link_of(own_router) == "up"


def link_of(router, port=0):
    return router.must("status", as_json=True).json["ports"][port]["link"]


def told_links(router):
    """The states of lan0 that the log told, in order; "no carrier" on the way up is seen or not, as the mirror looks."""
    told = re.findall(r'level=(\w+) event=link_changed interface=lan0 link="([^"]*)"', router.log_path.read_text())
    return [state for state in told if state != ("warning", "no carrier")]


def know_neighbours(lab, *addresses):
    """So that the next message to them leaves by an lcore at once."""
    mac = json.loads(lab.peers_namespace.ip("-j", "link", "show", "lan0"))[0]["address"]
    for address in addresses:
        lab.router_namespace.ip("neigh", "replace", address, "lladdr", mac, "dev", "lan0", "nud", "reachable")
    time.sleep(0.1)  # the mirror follows within 10 ms


def test_first_packets_after_the_interface_was_down(own_lab, own_router, own_peers):
    """What an lcore sends first is on the wire at once: neither it nor what follows waits for another packet."""
    alice, east = own_peers("alice"), own_peers("east")
    callers, _, _ = establish(alice, east, "3100")
    own_lab.router_namespace.ip("link", "set", "lan0", "down")
    own_lab.router_namespace.ip("link", "set", "lan0", "up")
    own_lab.restore_ipv6()
    assert network.wait_until(lambda: [link for _, link in told_links(own_router)] == ["down", "up"], 5), told_links(own_router)
    know_neighbours(own_lab, alice.address, EAST)
    hang_up(callers, east)
    assert told_links(own_router) == [("warning", "down"), ("info", "up")]


@pytest.fixture
def anew_lab():
    net = network.Network("test", "-anew")
    try:
        yield Lab(net)
    finally:
        net.close()


def test_interface_deleted_and_made_anew(anew_lab):
    """A port stays with the interface that it was opened on: that is told, and a restart mends it."""
    peers = Peers(anew_lab)
    with anew_lab.router() as router:
        alice, telco = peers("alice"), peers("telco-a")
        assert alice.register().status == 200
        anew_lab.router_namespace.ip("link", "delete", "lan0")
        assert network.wait_until(lambda: link_of(router) == "gone", 5)
        anew_lab.connect_lan()
        assert network.wait_until(lambda: link_of(router) == REMADE, 5)
        assert told_links(router)[-2:] == [("warning", "gone"), ("warning", REMADE)]
        telco.send(telco.request("INVITE", f"sip:+34944000001@{telco.router}"))
        telco.expect_status(503)
        alice.send(alice.request("OPTIONS", f"sip:{LAN}"))
        alice.expect_silence()
        assert (link_of(router), link_of(router, 1)) == (REMADE, "up")
        assert router.stop() == 0, router.log_tail()
        router.start()
        assert alice.transact(alice.request("OPTIONS", f"sip:{LAN}")).status == 200
        assert link_of(router) == "up"
    peers.close()


def answers_options(peer):
    with contextlib.suppress(OSError):
        peer.send(peer.request("OPTIONS", f"sip:{LAN}"))
    try:
        return peer.receive(0.3).status == 200
    except Silence:
        return False
