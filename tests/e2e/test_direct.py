"""Profile direct: devices without our kernel. net_tap with the kernel on its other side, net_memif between two routers."""

import signal

import pytest

import network
from conftest import CONFIGURATION, DRIVER, LAN, Lab, Site
from router import RouterError
from sip_client import WAIT_S, Peer, establish, hang_up
from test_wire import counter, place_calls, total

TAP_MAC = "02:00:00:00:00:05"  # DPDK gives the kernel's side the port's own
TAP_ENDPOINTS = {"alice": "198.51.100.11", "bob": "198.51.100.12", "east": "198.51.100.30"}
TAP = f"""
node:
  state_dir: elsewhere
  control_socket: elsewhere
  idle: save
  lcores: "LCORES"
interfaces:
  - device: net_tap0,iface=amity0,mac={TAP_MAC}
    profile: direct
    addresses: [{LAN}/24]
    peers: {{{{{", ".join(f'{address}: "{TAP_MAC}"' for address in TAP_ENDPOINTS.values())}}}}}
"""

# Two companies' routers: A has the LAN and serves the memif; B has the WAN and comes to it.
A, B = "10.9.0.1", "10.9.0.2"
NOBODY = "603"  # reserved at B: a call that B gets late rings at nobody
TIMER_B_S = 32
MEMIF = """
  - device: net_memif0,role=ROLE,id=0,socket-abstract=no,socket=SOCKET,mac=MAC
    profile: direct
    addresses: [OWN/24]
    peers: {{OTHER: "PEER"}}
"""
PROVISIONING_A = f"""
companies:
  - name: acme
    domain: acme.test
    country: ES
    users: [{{name: alice, password: alice-secret, extension: "101"}}]
    friends: [{{name: other, auth: source, direct: "udp:{B}:5060", patterns: ['^6[0-9]{{2}}$']}}]
    extensions: [{{number: "101", route: {{user: alice}}}}]
"""
PROVISIONING_B = f"""
companies:
  - name: other
    domain: other.test
    country: ES
    users: [{{name: bob, password: bob-secret, extension: "602"}}]
    friends: [{{name: acme, auth: source, direct: "udp:{A}:5060", patterns: ['^1[0-9]{{2}}$']}}]
    extensions: [{{number: "602", route: {{user: bob}}}}, {{number: "{NOBODY}"}}]
"""


@pytest.fixture(scope="module")
def lab():
    net = network.Network("test", "-direct")
    try:
        yield Lab(net)
    finally:
        net.close()


def has_interface(namespace, name):
    return f" {name}: " in namespace.ip("-o", "link", "show")


@pytest.fixture
def tap():
    """A router on a tap of its own namespace, whose kernel has the endpoints' addresses on the tap's other side."""
    net = network.Network("test", "-tap")
    try:
        namespace = net.namespace("kernel")
        yield Site(net, namespace, namespace)
    finally:
        net.close()


def give_kernel_side(namespace):
    namespace.address("amity0", *(address + "/24" for address in TAP_ENDPOINTS.values()))
    namespace.ip("neighbour", "replace", LAN, "lladdr", TAP_MAC, "dev", "amity0")


@pytest.mark.parametrize("lcores", ["0", "0,1,1"])
def test_tap_carries_calls(tap, lcores):
    with tap.router(configuration=TAP.replace("LCORES", lcores)) as router:
        assert f"at {TAP_MAC}" in router.log_tail(), "the start shows the MAC that the other side has to know"
        namespace = tap.router_namespace
        give_kernel_side(namespace)
        opened = {who: Peer(namespace, TAP_ENDPOINTS[who], LAN, 5060, who, f"{who}-secret", "acme.test") for who in TAP_ENDPOINTS}
        alice, bob, east = opened.values()
        assert bob.register().status == 200
        callers, _, _ = establish(alice, bob, "102")
        hang_up(callers, bob)
        _, callees, _ = establish(alice, east, "3100")
        hang_up(callees, alice)
        for peer in opened.values():
            peer.close()
        status, output = place_calls(tap, "alice", "3100", "east")
        assert status == 0, output
        assert counter(router, "TRANSMIT_DROPPED") == 0
        if "," in lcores:
            assert total(router, "steered_out") == total(router, "steered_in") > 0
        (port,) = router.must("status", as_json=True).json["ports"]
        assert (port["driver"], port["link"], port["mac"]) == ("net_tap", "up", TAP_MAC)
        assert router.stop() == 0, router.log_tail()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_tap_goes_with_the_process(tap, how):
    with tap.router(configuration=TAP.replace("LCORES", "0")) as router:
        assert has_interface(tap.router_namespace, "amity0")
        router.stop(how)
        assert network.wait_until(lambda: not has_interface(tap.router_namespace, "amity0"), 5)
        router.start()
        assert has_interface(tap.router_namespace, "amity0")


def memif_configuration(role, lab, lcores="0"):
    """Of router A (server) or B (client)."""
    own, other, mac, peer = (A, B, "02:00:00:00:00:0a", "02:00:00:00:00:0b")
    keep, drop = "lan0", "wan0"
    if role == "client":
        own, other, mac, peer, keep, drop = other, own, peer, mac, drop, keep
    interface = "  - device: {}\n    profile: kernel\n    driver: " + DRIVER + "\n"
    text = CONFIGURATION.replace(interface.format(drop), "") + MEMIF
    assert f"device: {keep}" in text and f"device: {drop}" not in text
    text = text.replace("{node}", f'  lcores: "{lcores}"' + "{node}")
    for word, value in {"ROLE": role, "SOCKET": str(lab.network.directory / "memif.sock"), "MAC": mac, "PEER": peer, "OWN": own,
                        "OTHER": other}.items():
        text = text.replace(word, value)
    return text


def provision(lab, name, text):
    path = lab.network.directory / name
    path.write_text(text)
    return path


def link_of(router):
    return next(port["link"] for port in router.must("status", as_json=True).json["ports"] if port["driver"] == "net_memif")


def end_of(caller, sent):
    """How an INVITE ends that the router repeats for as long as it may (RFC 3261 17.1.1.2, timer B): nothing of it is left then."""
    refusal = caller.receive(TIMER_B_S + WAIT_S)
    while refusal.status == 100:
        refusal = caller.receive(TIMER_B_S + WAIT_S)
    caller.send(caller.ack_of_failure(sent, refusal))
    return refusal.status


def call_both_ways(lab):
    """alice of A calls bob of B by number 602, and bob calls alice by 101; each side hangs up once."""
    alice = Peer(lab.peers_namespace, "198.51.100.11", LAN, 5060, "alice", "alice-secret", "acme.test")
    bob = Peer(lab.peers_namespace, "203.0.113.7", "203.0.113.1", 5060, "bob", "bob-secret", "other.test")
    try:
        assert alice.register().status == 200 and bob.register().status == 200
        callers, callees, _ = establish(alice, bob, "602")
        hang_up(callers, bob)
        callers, callees, _ = establish(bob, alice, "101")
        hang_up(callees, bob)
    finally:
        alice.close()
        bob.close()


@pytest.mark.parametrize("lcores_a, lcores_b", [("0", "1"), ("0,1,1", "1,0")])
def test_memif_joins_two_routers(lab, lcores_a, lcores_b):
    """However many workers each has: a memif has one queue, which the others' frames go through."""
    with lab.router(provision(lab, "a.yaml", PROVISIONING_A), configuration=memif_configuration("server", lab, lcores_a)) as a:
        with lab.router(provision(lab, "b.yaml", PROVISIONING_B), configuration=memif_configuration("client", lab, lcores_b)) as b:
            assert network.wait_until(lambda: link_of(a) == link_of(b) == "up", 5)
            for _ in range(4):
                call_both_ways(lab)
            for router in (a, b):
                assert counter(router, "TRANSMIT_DROPPED") == 0
                ended = sum(total(router, name) for name in ("forwarded", "answered", "punted", "dropped", "absorbed"))
                assert total(router, "received") == ended > 0
            assert b.stop() == 0, b.log_tail()
        assert a.stop() == 0, a.log_tail()  # status 1: packet buffers are missing


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_memif_peer_goes_and_comes_back(lab, how):
    with lab.router(provision(lab, "a.yaml", PROVISIONING_A), configuration=memif_configuration("server", lab)) as a:
        with lab.router(provision(lab, "b.yaml", PROVISIONING_B), configuration=memif_configuration("client", lab, "1")) as b:
            call_both_ways(lab)
            for _ in range(3):
                b.stop(how)
                assert network.wait_until(lambda: link_of(a) == "down", 5)
                before = counter(a, "TRANSMIT_DROPPED")
                alice = Peer(lab.peers_namespace, "198.51.100.11", LAN, 5060, "alice", "alice-secret", "acme.test")
                lost = alice.invite(NOBODY)
                assert network.wait_until(lambda: counter(a, "TRANSMIT_DROPPED") > before, 5), "a lost frame is counted"
                b.start()
                assert network.wait_until(lambda: link_of(a) == link_of(b) == "up", 5)
                assert end_of(alice, lost) in (480, 408), "A repeats it until B says no, or until it gives up"
                alice.close()
                call_both_ways(lab)
        assert a.stop() == 0, a.log_tail()


def test_memif_client_without_server(lab):
    with pytest.raises(RouterError) as error:
        with lab.router(provisioning=None, configuration=memif_configuration("client", lab)):
            pass
    assert "net_memif0" in str(error.value) and "start the server first" in str(error.value)
