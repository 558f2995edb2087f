"""Driver af_xdp: calls, what stays the kernel's, and what a stop or a crash leaves.  (AMITY_DRIVER=af_xdp runs every other test over it.)"""

import contextlib
import re
import signal
import socket
import struct
import subprocess
import threading

import pytest

import network
from conftest import CONFIGURATION, DRIVER, LAN, LAN6, WAN, Lab
from router import RouterError
from sip_client import establish, hang_up
from test_wire import counter, left_by, total
from test_wire_sizes import TaggedPeer, options

XDP = CONFIGURATION.replace(f"driver: {DRIVER}", "driver: af_xdp")
PROGRAM = "amity_filter"
OTHER_PORT = 7777


@pytest.fixture(scope="module")
def lab():
    net = network.Network("test", "-xdp")
    try:
        yield Lab(net)
    finally:
        net.close()


def attached(lab, interface="lan0"):
    """The names of the XDP programs on the router's interface, as ip(8) shows them."""
    words = lab.router_namespace.ip("-d", "link", "show", "dev", interface).split()
    return [words[place + 1] for place, word in enumerate(words) if word == "name"]


@contextlib.contextmanager
def kernel_services(lab):
    """What the router's kernel serves beside us: an echo by UDP and by TCP."""
    udp = lab.router_namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((LAN, OTHER_PORT))
    tcp = lab.router_namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tcp.bind((LAN, OTHER_PORT))
    tcp.listen()

    def echo_udp():
        with contextlib.suppress(OSError):
            while True:
                payload, peer = udp.recvfrom(65535)
                if not payload:
                    return
                udp.sendto(payload, peer)

    def echo_tcp():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = tcp.accept()
                with connection:
                    connection.sendall(connection.recv(1000))

    threads = [threading.Thread(target=echo, daemon=True) for echo in (echo_udp, echo_tcp)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        tcp.shutdown(socket.SHUT_RDWR)
        tcp.close()
        with lab.peers_namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", (LAN, OTHER_PORT))
        for thread in threads:
            thread.join()
        udp.close()


def checksum(data):
    total_ = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total_ = (total_ & 0xFFFF) + (total_ >> 16)
    return ~(total_ + (total_ >> 16)) & 0xFFFF


def ping(lab, size=56):
    request = struct.pack("!BBHHH", 8, 0, 0, 0x9393, 1) + bytes(size)
    request = request[:2] + struct.pack("!H", checksum(request)) + request[4:]
    with lab.peers_namespace.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.settimeout(5)
        raw.sendto(request, (LAN, 0))
        while True:
            reply = raw.recv(65535)
            if reply[20] == 0:
                return len(reply) == 20 + len(request)


def assert_kernel_works(lab):
    """ssh-like traffic, another UDP port whole and in fragments, ICMP whole and in fragments."""
    with lab.peers_namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
        tcp.settimeout(5)
        tcp.connect((LAN, OTHER_PORT))
        tcp.sendall(b"hello")
        assert tcp.recv(100) == b"hello"
    with lab.peers_namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(5)
        for size in (10, 9000):
            udp.sendto(bytes(size), (LAN, OTHER_PORT))
            assert len(udp.recv(65535)) == size
    assert ping(lab) and ping(lab, 4000)


def place_calls(peers):
    """Registers bob, calls him, calls a friend; each side hangs up once; over IPv4 and IPv6."""
    for suffix in ("", "6"):
        alice = peers("alice", port=5060, address="2001:db8:1::11" if suffix else None)
        bob = peers("bob", address="2001:db8:1::12" if suffix else None)
        assert bob.register().status == 200
        callers, _, _ = establish(alice, bob, "102")
        hang_up(callers, bob)
        assert bob.register(expires=0).status == 200
    east = peers("east")
    _, callees, _ = establish(alice, east, "3100")
    hang_up(callees, alice)


@pytest.mark.parametrize("lcores", ["0", "0,1,1"])
def test_calls(lab, peers, lcores):
    """A veth has one queue for AF_XDP: with three workers, two of them send by the third."""
    with lab.router(node=f'  lcores: "{lcores}"', configuration=XDP) as router:
        for _ in range(4):
            place_calls(peers)
            peers.close()
        ports = router.must("status", as_json=True).json["ports"]
        assert [(port["driver"], port["link"]) for port in ports] == [("net_af_xdp", "up")] * 2
        assert counter(router, "TRANSMIT_DROPPED") == 0
        ended = sum(total(router, name) for name in ("forwarded", "answered", "punted", "dropped", "absorbed"))
        assert total(router, "received") == ended > 0
        if "," in lcores:
            assert total(router, "steered_out") == total(router, "steered_in") > 0
        assert router.stop() == 0, router.log_tail()  # status 1: packet buffers are missing


def test_stop_in_the_middle_of_a_call(lab, peers):
    """A transaction keeps its INVITE, in a buffer of the port's own: it goes back before the port counts them."""
    with lab.router(configuration=XDP) as router:
        alice, east = peers("alice"), peers("east")
        alice.invite("3100")
        east.send(east.answer(east.expect_request("INVITE"), 180))
        alice.expect_status(180)
        assert router.stop() == 0, router.log_tail()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_program_goes_with_the_process(lab, peers, how):
    with kernel_services(lab), lab.router(configuration=XDP) as router:
        assert attached(lab) == attached(lab, "wan0") == [PROGRAM]
        assert_kernel_works(lab)
        stranger = peers("stranger")
        assert stranger.transact(stranger.request("OPTIONS", f"sip:{LAN}")).status == 200
        assert router.stop(how) == (0 if how == signal.SIGTERM else -how)
        assert network.wait_until(lambda: attached(lab) == attached(lab, "wan0") == [], 5), "a program is left"
        assert set(left_by(lab, router)) <= {str(router.socket_path)}
        assert_kernel_works(lab)
        router.start()
        assert attached(lab) == [PROGRAM]
        assert stranger.transact(stranger.request("OPTIONS", f"sip:{LAN}")).status == 200


@pytest.mark.parametrize("address, router_address", [(None, LAN), ("2001:db8:1::11", LAN6)])
def test_datagram_in_fragments(lab, peers, address, router_address):
    """The kernel puts it together; the reserved port hands it to the lcores, which answer it as any other."""
    with lab.router(configuration=XDP, node='  lcores: "0,1"') as router:
        alice = peers("alice", address=address)
        for size in (3000, 20000, 50000):
            request = alice.request("OPTIONS", f"sip:[{LAN6}]" if address else f"sip:{LAN}", body="v=0\r\n" + "a" * size)
            assert alice.transact(request).status == 200
        assert total(router, "received") == 3
        assert router.stop() == 0, router.log_tail()


def test_what_the_filter_leaves_to_the_kernel(lab, peers):
    """Each comes by the reserved port: a tag that only says a priority, IPv6 options whole and in fragments. Another VLAN does not."""
    with lab.router(configuration=XDP, node='  lcores: "0,1"') as router:
        tagged, wire = peers("alice", port=5067), TaggedPeer(lab)
        wire.send(100, bytes(options(tagged, LAN)))
        wire.send(0x6000, bytes(options(tagged, LAN)))
        tagged.expect_status(200)
        tagged.expect_silence()
        wire.socket.close()
        received = 1
        for option in (54, 59):  # IPV6_HOPOPTS, IPV6_DSTOPTS
            alice = peers("alice", address="2001:db8:1::11", port=5070 + option)
            alice.socket.setsockopt(socket.IPPROTO_IPV6, option, bytes([0, 0, 1, 4, 0, 0, 0, 0]))  # padding
            for length in (None, 4000):
                assert alice.transact(options(alice, LAN6, length)).status == 200
                received += 1
        assert total(router, "received") == received
        assert router.stop() == 0, router.log_tail()


def test_fragments_to_the_address_of_an_interface_with_the_other_driver(lab, peers):
    """They come by lan0 (af_xdp), for the address of wan0 (af_packet), whose own packets the kernel's socket does not read."""
    configuration = XDP.replace("wan0\n    profile: kernel\n    driver: af_xdp", "wan0\n    profile: kernel\n    driver: af_packet")
    lab.peers_namespace.ip("route", "add", f"{WAN}/32", "via", LAN, "dev", "lan0")
    try:
        with lab.router(configuration=configuration) as router:
            assert [port["driver"] for port in router.must("status", as_json=True).json["ports"]] == ["net_af_xdp", "net_af_packet"]
            alice = peers("alice", router=WAN)
            for length in (None, 3000):
                assert alice.transact(options(alice, WAN, length)).status == 200
            outsider = peers("outsider")
            outsider.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"wan0")
            before = total(router, "received")
            assert outsider.transact(options(outsider, WAN, 3000)).status == 200
            assert total(router, "received") == before + 3  # the fragments alone
    finally:
        lab.peers_namespace.ip("route", "del", f"{WAN}/32", "dev", "lan0")


def test_largest_frame(lab, peers):
    """At the largest MTU that the driver takes, a message that fills the frame comes and goes whole."""
    said = refused(lab, XDP.replace("    driver: af_xdp\n  - device: wan0", "    driver: af_xdp\n    mtu: 9000\n  - device: wan0"))
    largest = int(re.search(r"is over (\d+)", said)[1])
    set_mtu(lab, largest)
    try:
        with lab.router(configuration=XDP) as router:
            alice, east = peers("alice"), peers("east")
            request = alice.invite_request("3100", body="")
            empty = len(bytes(alice.authorized(request, alice.challenged(request))))
            body = "v=0\r\n" + "a" * (largest - 28 - empty - 600)  # 600: what routing adds
            callers, _, got = establish(alice, east, "3100", body=body)
            assert got.body == body and largest - 700 < len(bytes(got)) <= largest - 28
            assert counter(router, "TRANSMIT_DROPPED") == 0
            hang_up(callers, east)
    finally:
        set_mtu(lab, 1500)


def test_large_call(lab, peers):
    """An INVITE of 8 KB passes to the friend, though neither side's frames hold it."""
    with lab.router(configuration=XDP):
        alice, east = peers("alice"), peers("east")
        body = "v=0\r\n" + "".join(f"a=x-{number}:{'y' * 50}\r\n" for number in range(130))
        callers, _, got = establish(alice, east, "3100", body=body)
        assert got.body == body
        hang_up(callers, east)


def set_mtu(lab, mtu):
    for namespace in (lab.router_namespace, lab.peers_namespace):
        namespace.ip("link", "set", "dev", "lan0", "mtu", str(mtu))


def refused(lab, configuration=XDP):
    """What amityd says instead of starting."""
    with pytest.raises(RouterError) as error:
        with lab.router(provisioning=None, configuration=configuration):
            pass
    return str(error.value)


def test_program_of_another_tool_stays(lab, tmp_path):
    (tmp_path / "other.c").write_text('__attribute__((section("xdp"), used)) int other_tool(void *frame) { return 2; }\n')
    subprocess.run(["clang", "-O2", "-g", "-target", "bpf", "-c", "other.c", "-o", "other.o"], cwd=tmp_path, check=True)
    lab.router_namespace.ip("link", "set", "dev", "lan0", "xdp", "obj", str(tmp_path / "other.o"), "sec", "xdp")
    try:
        assert attached(lab) == ["other_tool"]
        said = refused(lab)
        assert 'lan0: it runs the XDP program "other_tool"' in said and "ip link set dev lan0 xdp off" in said
        assert attached(lab) == ["other_tool"] and attached(lab, "wan0") == []
    finally:
        lab.router_namespace.ip("link", "set", "dev", "lan0", "xdp", "off")


def test_program_that_a_killed_start_left(lab, peers):
    """Between the driver's attachment and ours a kill leaves it on the interface: the next start takes it away."""
    build = lab.router(provisioning=None, configuration=XDP)
    with build as router:
        filter_file = router.amityd.parent.parent / "dataplane/setup/xdp_filter.elf"
    lab.router_namespace.ip("link", "set", "dev", "lan0", "xdp", "obj", str(filter_file), "sec", "xdp")
    assert attached(lab) == [PROGRAM]
    with lab.router(configuration=XDP):
        stranger = peers("stranger")
        assert stranger.transact(stranger.request("OPTIONS", f"sip:{LAN}")).status == 200
    assert attached(lab) == []


def test_two_routers_on_one_interface(lab):
    with lab.router(configuration=XDP):
        said = refused(lab, XDP.replace("  - device: wan0", "    sip_port: 5070\n  - device: wan0"))
        assert "another amityd runs on it" in said
        assert attached(lab) == [PROGRAM]


def test_mtu_too_large(lab):
    set_mtu(lab, 9000)
    try:
        said = refused(lab)
        assert "lan0: MTU 9000 is over" in said and "driver af_packet" in said
        lab.router_namespace.ip("link", "set", "dev", "lan0", "mtu", "1500")
        assert "lan0: the kernel does not run an XDP program on it" in refused(lab)  # the other end's is too large
    finally:
        set_mtu(lab, 1500)
    assert attached(lab) == []


def test_interfaces_that_cannot(lab):
    assert "lo: it carries no Ethernet" in refused(lab, XDP.replace("device: lan0", "device: lo"))
    lab.router_namespace.ip("link", "add", "many0", "numrxqueues", "4", "type", "veth", "peer", "name", "many1")
    try:
        said = refused(lab, XDP.replace("device: lan0", "device: many0"))
        assert "many0: it receives into 4 queues, and driver af_xdp can use 1" in said
    finally:
        lab.router_namespace.ip("link", "delete", "many0")


def in_little_memory(lab, router):
    """What amityd says instead of starting, in an address space that holds no data plane."""
    done = subprocess.run(["ip", "netns", "exec", lab.router_namespace.name, "prlimit", f"--as={2**30}", router.amityd,
                           "--config", router.configuration_path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stderr
    return done.stderr


def test_an_interface_is_asked_before_memory_is_taken(lab):
    """Its MTU decides how much: gigabytes for lo."""
    with lab.router(provisioning=None, configuration=XDP) as router:
        router.stop()
        configuration = router.configuration_path.read_text()
        for wrong, said in (("lo", "lo: it carries no Ethernet"), ("none0", "none0: the kernel has no such interface")):
            router.configuration_path.write_text(configuration.replace("device: lan0", f"device: {wrong}"))
            assert said in in_little_memory(lab, router)
        router.configuration_path.write_text(configuration)
        set_mtu(lab, 9000)
        try:
            assert "lan0: MTU 9000 is over" in in_little_memory(lab, router)
        finally:
            set_mtu(lab, 1500)


def test_without_the_capability(lab):
    """root, but without CAP_BPF and CAP_SYS_ADMIN."""
    with lab.router(provisioning=None, configuration=XDP) as router:
        router.stop()
        done = subprocess.run(["ip", "netns", "exec", lab.router_namespace.name, "setpriv", "--bounding-set", "-bpf,-sys_admin",
                               "--inh-caps", "-all", router.amityd, "--config", router.configuration_path],
                              capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "CAP_BPF" in done.stderr, done.stderr


@pytest.mark.parametrize("side", ["router_namespace", "peers_namespace"])
def test_interface_down_and_up(lab, peers, side):
    """No call hangs on it: what cannot leave is dropped, and what comes afterwards is served."""
    with lab.router(configuration=XDP) as router:
        bob, outsider, stranger = peers("bob"), peers("outsider"), peers("stranger")
        assert bob.register().status == 200
        before = router.must("status", as_json=True).json["ports"]
        state = "down" if side == "router_namespace" else "no carrier"
        getattr(lab, side).ip("link", "set", "lan0", "down")
        try:
            assert network.wait_until(lambda: router.must("status", as_json=True).json["ports"][0]["link"] == state, 5)
            telco = peers("telco-a")
            telco.send(telco.invite_request("944000002"))  # to bob
            for _ in range(200):  # the other side is not held up
                assert outsider.transact(outsider.request("OPTIONS", "sip:203.0.113.1")).status == 200
        finally:
            getattr(lab, side).ip("link", "set", "lan0", "up")
            restore_addresses(lab)
        assert network.wait_until(lambda: is_answered(stranger), 10)
        assert router.must("status", as_json=True).json["ports"][0]["mac"] == before[0]["mac"]
        assert attached(lab) == [PROGRAM]
        alice, east = peers("alice"), peers("east")
        callers, _, _ = establish(alice, east, "3100")
        hang_up(callers, east)
        assert router.stop() == 0, router.log_tail()


def restore_addresses(lab):
    """IPv6 addresses go with the link."""
    for namespace, addresses in ((lab.router_namespace, [LAN6 + "/64"]), (lab.peers_namespace, ["2001:db8:1::11/64", "2001:db8:1::12/64"])):
        for address in addresses:
            if address not in namespace.ip("address", "show", "dev", "lan0"):
                namespace.address("lan0", address)


def test_addresses_come_and_go(lab, peers):
    """The filter follows the kernel's addresses."""
    with lab.router(configuration=XDP):
        lab.router_namespace.address("lan0", "198.51.100.2/24")
        try:
            stranger = peers("stranger", router="198.51.100.2")
            # Until the filter knows it, the reserved socket does: the answer comes either way.
            assert network.wait_until(lambda: is_answered(stranger), 10)
        finally:
            lab.router_namespace.ip("address", "delete", "198.51.100.2/24", "dev", "lan0")


def is_answered(peer):
    with contextlib.suppress(AssertionError):
        return peer.transact(peer.request("OPTIONS", f"sip:{peer.router}")).status == 200
    return False
