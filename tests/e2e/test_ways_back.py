"""RFC 3581, R35: what goes back to somebody leaves by the interface, from the address and to the port that it came from."""

import socket

import pytest

import network
from conftest import ENDPOINTS, LAN, Lab
from sip_client import establish, hang_up, parameter, uri_of

FAR = "198.18.99.9"
UPLINKS = {"up1": "198.18.1", "up2": "198.18.2"}
SECOND_LAN = "198.51.100.2"


class UplinkLab(Lab):
    """A router with two uplinks that both lead to FAR, and two addresses on its LAN. Its default route is by up1.

        peers 198.51.100.x -- lan0 router up1, up2 -- FAR
    """

    def __init__(self, net):
        self.network = net
        self.routers = 0
        self.router_namespace, self.peers_namespace = router, peers = net.namespace("router"), net.namespace("peers")
        for interface in ("lan0", *UPLINKS):
            network.Network.link(router, interface, peers, interface)
        router.address("lan0", LAN + "/24", SECOND_LAN + "/24")
        for address, _ in ENDPOINTS.values():
            if address.startswith("198.51."):
                peers.address("lan0", address + "/24")
        peers.address("lo", FAR + "/32")
        for metric, (interface, prefix) in enumerate(UPLINKS.items(), 10):
            router.address(interface, f"{prefix}.1/24")
            peers.address(interface, f"{prefix}.254/24")
            router.ip("route", "add", "default", "via", f"{prefix}.254", "metric", str(metric))
            # What comes back by the other uplink is not refused by the kernel: the test must see it.
            for where in ("all", interface):
                assert peers.run(["sysctl", "-q", "-w", f"net.ipv4.conf.{where}.rp_filter=0"]).returncode == 0


CONFIGURATION = """
node:
  id: 1
  state_dir: elsewhere
  control_socket: elsewhere
  idle: save
{node}
interfaces:
  - {{device: lan0, profile: kernel}}
  - {{device: up1, profile: kernel}}
  - {{device: up2, profile: kernel}}
"""


@pytest.fixture(scope="module")
def uplinks():
    net = network.Network("test", "-uplinks")
    try:
        lab = UplinkLab(net)
        with lab.router(configuration=CONFIGURATION) as router:
            yield lab, router
    finally:
        net.close()


@pytest.fixture
def far_peer(uplinks):
    """far_peer("alice", "up2"): alice at FAR, who hears only what arrives by that uplink."""
    opened = []

    def make(who, interface, port=5060):
        from conftest import Peers
        peer = Peers(uplinks[0])(who, address=FAR, router=f"{UPLINKS[interface]}.1", port=port)
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        opened.append(peer)
        return peer

    yield make
    for peer in opened:
        peer.close()


@pytest.fixture
def near_peer(uplinks):
    from conftest import Peers
    opened = Peers(uplinks[0])
    yield opened
    opened.close()


def came_from(peer):
    return peer.last_source[:2]


@pytest.mark.parametrize("interface", UPLINKS)
def test_answers_leave_by_the_uplink_that_was_asked(far_peer, interface):
    alice = far_peer("alice", interface)
    assert alice.transact(alice.request("OPTIONS", f"sip:{alice.router}")).status == 200
    assert came_from(alice) == (alice.router, 5060)


@pytest.mark.parametrize("interface", UPLINKS)
def test_a_whole_call_stays_on_its_uplink(far_peer, near_peer, interface):
    """Forwarded responses, the Record-Route that the caller sees, and requests of the callee: the caller is behind NAT."""
    alice, east = far_peer("alice", interface), near_peer("east")
    callers, callees, _ = establish(alice, east, "3100")
    assert came_from(alice) == (alice.router, 5060), "the 200"
    assert alice.router in uri_of(callers.routes[0])
    hang_up(callees, alice)
    assert came_from(alice) == (alice.router, 5060), "the BYE"


@pytest.mark.parametrize("interface", UPLINKS)
def test_who_registered_by_an_uplink_is_called_by_it(far_peer, near_peer, interface):
    alice, bob = far_peer("alice", interface, port=5071), near_peer("bob")
    assert alice.register().status == 200
    assert came_from(alice) == (alice.router, 5060), "the registrar's answer"
    callers, _, got = establish(bob, alice, "101")
    assert came_from(alice) == (alice.router, 5060), "the INVITE and its ACK"
    assert alice.router in got.list("Via")[0]
    hang_up(callers, alice)
    assert alice.forget().status == 200


def test_asked_at_the_address_of_another_interface(uplinks, near_peer):
    """A phone on the LAN that was given the uplink's address: answers come by the LAN, from the uplink's address."""
    lab, _ = uplinks
    address = f"{UPLINKS['up2']}.1"
    lab.peers_namespace.ip("route", "add", f"{address}/32", "via", LAN, "dev", "lan0")
    try:
        alice = near_peer("alice", router=address)
        alice.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"lan0")
        east = near_peer("east")
        callers, callees, _ = establish(alice, east, "3100")
        assert came_from(alice) == (address, 5060)
        hang_up(callers, east)
        assert came_from(alice) == (address, 5060)
    finally:
        lab.peers_namespace.ip("route", "del", f"{address}/32", "dev", "lan0")


def test_second_address_of_an_interface(near_peer):
    alice, east = near_peer("alice", router=SECOND_LAN), near_peer("east")
    callers, callees, got = establish(alice, east, "3100")
    assert came_from(alice) == (SECOND_LAN, 5060)
    assert LAN in got.list("Via")[0], "towards others the first address is ours"
    hang_up(callers, east)


# received and rport.


def test_rport_gets_the_source_port(near_peer):
    """RFC 3581 4: rport is filled, received is there although the host is right, and the answer goes to that port."""
    alice = near_peer("alice", port=5066)
    request = alice.request("OPTIONS", f"sip:{LAN}")
    answer = alice.transact(request.set("Via", request.get("Via").replace(":5066", ":5099")))
    assert (parameter(answer.get("Via"), "rport"), parameter(answer.get("Via"), "received")) == ("5066", alice.address)
    assert came_from(alice) == (LAN, 5060)


@pytest.mark.parametrize("sent_by, heard_by, received", [
    ("198.51.100.11", 5067, None),  # RFC 3261 18.2.2
    ("alice.test", 5067, "198.51.100.11"),
    ("10.1.2.3", 5066, "198.51.100.11"),  # R35: an inside address, and its port is as far away
])
def test_r35_without_rport_the_port_of_sent_by_counts_unless_behind_nat(near_peer, sent_by, heard_by, received):
    by_port = {port: near_peer("alice", port=port) for port in (5066, 5067)}
    alice = by_port[5066]
    request = alice.request("OPTIONS", f"sip:{LAN}")
    alice.send(request.set("Via", f"SIP/2.0/UDP {sent_by}:5067;branch={parameter(request.get('Via'), 'branch')}"))
    answer = by_port[heard_by].receive()
    assert (parameter(answer.get("Via"), "received"), parameter(answer.get("Via"), "rport")) == (received, None)
    by_port[5066 + 5067 - heard_by].expect_silence()


def test_without_rport_and_port_it_is_5060(near_peer):
    alice, hears = near_peer("alice", port=5066), near_peer("alice", port=5060)
    request = alice.request("OPTIONS", f"sip:{LAN}")
    alice.send(request.set("Via", f"SIP/2.0/UDP {alice.address};branch={parameter(request.get('Via'), 'branch')}"))
    assert hears.receive().status == 200


@pytest.mark.parametrize("written, heard_by", [("rport", 5066), ("rport=5067", 5066), ("received=10.9.9.9;rport", 5066),
                                               ("received=10.9.9.9", 5067)])
def test_forwarded_responses_believe_the_source_alone(near_peer, written, heard_by):
    """What a sender writes into received and rport is replaced; the response of the callee comes back by what we saw."""
    alice, other, east = near_peer("alice", port=5066), near_peer("alice", port=5067), near_peer("east")
    by_port = {5066: alice, 5067: other}
    challenge_me = alice.invite_request("3100")
    again = alice.authorized(challenge_me, alice.challenged(challenge_me))
    branch = parameter(again.get("Via"), "branch")
    alice.send(again.set("Via", f"SIP/2.0/UDP {alice.address}:5067;branch={branch};{written}"))
    got = east.expect_request("INVITE")
    shown = got.list("Via")[1]
    assert parameter(shown, "received") in (alice.address, None)
    assert parameter(shown, "rport") == ("5066" if "rport" in written else None)
    east.send(east.answer(got, 486, tag="t1"))
    by_port[heard_by].expect_status(486)
    by_port[5066 + 5067 - heard_by].expect_silence()
