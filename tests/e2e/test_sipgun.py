"""sipgun against amityd over a veth pair: its calls complete, and what does not is reported as what it is."""

import itertools
import json
import struct

import pytest

import network
from conftest import DRIVER, LAN, Site
from router import build_directory

CALLER, CALLEE, SCANNER = "198.51.100.11", "198.51.100.30", "198.51.100.99"
USERS = [f"user{n}" for n in range(20)]
GATHER_US = 1000
CONFIGURATION = f"""
node:
  id: 1
  state_dir: elsewhere
  control_socket: elsewhere
  idle: balanced
{{node}}
interfaces:
  - device: lan0
    profile: kernel
    driver: {DRIVER}
"""
PROVISIONING = """
companies:
  - name: acme
    domain: acme.test
    country: ES
    users: [%s]
    friends: [{name: east, password: east-secret, direct: "udp:%s:5060", patterns: ['^3[0-9]{3}$']}]
    extensions: [%s]
""" % (", ".join(f'{{name: {user}, password: {user}-secret, extension: "{100 + n}"}}' for n, user in enumerate(USERS)), CALLEE,
       ", ".join(f'{{number: "{100 + n}", route: {{user: {user}}}}}' for n, user in enumerate(USERS)))
POOL = "# all of acme\n" + "".join(f"user acme.test {user} {user}-secret\n" for user in USERS) + "dial acme.test 3001\ndial acme.test 3002\n"


class Range(Site):
    """A router, and a namespace whose interface sipgun has for itself: no kernel answers there."""

    def __init__(self, net):
        super().__init__(net, net.namespace("router"), net.namespace("gun"))
        network.Network.link(self.router_namespace, "lan0", self.peers_namespace, "lan0")
        self.router_namespace.address("lan0", LAN + "/24")
        self.peers_namespace.ip("link", "set", "lan0", "arp", "off")

    def write(self, name, content):
        path = self.network.directory / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def run(self, *words, device="af_packet:lan0", callee=CALLEE, pool=POOL, timeout_s=120):
        """sipgun to its end. Result: (exit status, output, standard error)."""
        output, errors = self.network.directory / "sipgun.out", self.network.directory / "sipgun.err"
        with open(output, "wb") as out, open(errors, "wb") as err:
            done = self.peers_namespace.run(
                [build_directory() / "bench/sipgun/sipgun", "--device", device, "--caller", CALLER + "/24", "--callee", callee + "/24",
                 "--router", LAN + ":5060", "--pool", self.write("pool", pool), "--no-huge", *words], timeout_s, stdout=out, stderr=err)
        return done.returncode, output.read_text(), errors.read_text()

    def shoot(self, *words, **options):
        """Result: {metric: value}; what has parts is a dictionary of them."""
        status, output, errors = self.run("--json", "--rate", "50", "--duration", "2", "--warm-up", "0.5", *words, **options)
        assert status == 0, output + errors
        found = {}
        for line in output.splitlines():
            row = json.loads(line)
            part = row.get("code") or row.get("percentile") or (row["step"], row["cause"]) if len(row) > 5 else None
            if part is None:
                found[row["metric"]] = row["value"]
            else:
                found.setdefault(row["metric"], {})[part] = row["value"]
        return found


@pytest.fixture(scope="module")
def gun():
    net = network.Network("test", "-gun")
    try:
        place = Range(net)
        # So long that a burst is over by then also on a machine that does other things.
        with place.router(place.write("acme.yaml", PROVISIONING), configuration=CONFIGURATION, node=f"  gather: {GATHER_US}") as router:
            place.amityd = router
            yield place
    finally:
        net.close()


def assert_all_completed(found):
    assert found["failed"] == 0 and found["completed"] == found["tried"] >= 98, json.dumps({str(key): str(value) for key, value in found.items()}, indent=1)


def counter(router, name):
    rows = router.must("stats", as_json=True).json["counters"]
    return next(row["total"] for row in rows if row["counter"] == name)


@pytest.mark.parametrize("device", ["af_packet:lan0", "af_xdp:lan0"])
def test_all_calls_complete(gun, device):
    found = gun.shoot("--workload", "call", device=device)
    assert_all_completed(found)
    assert {100, 180, 200, 407} == set(found["answers"])
    for metric in ("invite_to_407", "invite_to_100", "invite_hop", "180_hop", "200_hop", "ack_hop", "bye_hop"):
        assert 0 < found[metric]["p50"] <= found[metric]["p99"] <= found[metric]["max"], metric


def test_a_user_rings_and_talks(gun):
    """--ring-ms and --hold-ms pass; the router sees the calls while they live."""
    found = gun.shoot("--ring-ms", "100", "--hold-ms", "300")
    assert_all_completed(found)
    assert found["due_to_200"]["p50"] >= 100_000


def test_a_nonce_that_the_router_refuses(gun):
    """amity's nonces are for one Call-ID: credentials sent at once are challenged, and the call goes on."""
    found = gun.shoot("--workload", "invite_auth")
    assert_all_completed(found)
    assert found["answers"][407] >= 98


def test_lost_messages_are_sent_again(gun):
    found = gun.shoot("--loss", "10")
    assert_all_completed(found)
    assert found["lost_on_purpose"] > 20 and found["retransmissions"] > 10


def test_without_retransmissions_loss_is_seen(gun):
    found = gun.shoot("--loss", "10", "--no-retransmit", "--drain", "1")
    assert found["retransmissions"] == 0 and found["failed"] > 5
    assert {cause for _, cause in found["failed_by"]} <= {"unfinished at the end (--drain)", "no answer in time", "408"}


def test_registrations_are_stored(gun):
    assert_all_completed(gun.shoot("--workload", "register"))
    answer = gun.amityd.must("registrations", as_json=True).text
    assert all(user in answer for user in USERS) and CALLEE in answer
    # Now numbers of users lead to the called side.
    assert_all_completed(gun.shoot(pool=POOL.replace("3001", "101").replace("3002", "107")))


@pytest.mark.parametrize("method", ["INVITE", "INFO", "OPTIONS"])
def test_requests_in_dialogs(gun, method):
    found = gun.shoot("--workload", "in_dialog", "--method", method, "--calls-max", "100")
    assert_all_completed(found)
    assert found["request_to_200"]["p50"] > 0


def test_packets_are_let_gather(gun):
    """node.gather: at this rate there are few in a burst, nearly always."""
    before = counter(gun.amityd, "GATHERING_NS"), counter(gun.amityd, "BURSTS")
    assert_all_completed(gun.shoot("--workload", "options"))
    waited_ns, bursts = counter(gun.amityd, "GATHERING_NS") - before[0], counter(gun.amityd, "BURSTS") - before[1]
    assert 98 <= bursts and 0 < waited_ns <= 1000 * GATHER_US * bursts


def test_options(gun):
    found = gun.shoot("--workload", "options")
    assert_all_completed(found)
    assert found["answers"][200] >= 98 and 407 not in found["answers"]


def test_calls_beside_garbage(gun):
    found = gun.shoot("--workload", "flood", "--garbage-from", SCANNER)
    assert_all_completed(found)
    assert found["garbage_rate"] > 5 * found["sent_rate"]


def pcap_of(*payloads):
    """A capture with one UDP packet for each payload."""
    content = struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1)
    for payload in payloads:
        udp = struct.pack(">HHHH", 5060, 5060, 8 + len(payload), 0) + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2") + udp
        content += struct.pack("<IIII", 0, 0, 14 + len(ip), 14 + len(ip)) + b"\2" * 12 + b"\x08\0" + ip
    return content


def test_replay(gun):
    """Nothing is repeated: a router that has no CPU may miss some."""
    options = (f"OPTIONS sip:{LAN} SIP/2.0\r\nVia: SIP/2.0/UDP {CALLER}:5060;branch=z9hG4bK%d;rport\r\nFrom: <sip:a@b.test>;tag=1\r\n"
               f"To: <sip:{LAN}>\r\nCall-ID: replayed-%d\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
    found = gun.shoot("--workload", "replay", "--pcap", gun.write("two.pcap", pcap_of(*((options % (n, n)).encode() for n in (1, 2)))))
    assert found["answers"][200] >= 50, found


def test_the_limit_is_searched(gun):
    status, output, errors = gun.run("--find-limit", "--rate", "20", "--duration", "0.2", "--warm-up", "0.1", "--json", pool=POOL)
    rows = [json.loads(line) for line in output.splitlines()]
    assert rows[-1]["metric"] == "limit" and [row["metric"] for row in rows[:-1]] == ["step"] * (len(rows) - 1), output + errors
    good = [row["rate"] for row in rows[:-1] if row["good"]]
    assert status == (0 if good else 1) and rows[-1]["value"] == max(good, default=0)
    tries = [[row["good"] for row in steps] for _, steps in itertools.groupby(rows[:-1], key=lambda row: row["rate"])]
    assert all(tried in ([True], [False, True], [False, False]) for tried in tries), output


@pytest.mark.parametrize("words, wants", [
    (["--rate", "many"], "--rate many: it takes a number"),
    (["--pcap"], "--pcap needs FILE behind it"),
    (["--workload", "dance"], "there is call, invite_auth"),
    (["--caller", "::1"], "it takes an IPv4 address"),
    (["--pool", "/nonexistent"], "--pool /nonexistent: it cannot be read: No such file"),
    (["--router", "198.51.100.77:5060"], "no answer to ARP from 198.51.100.77 on af_packet:lan0"),
    (["--workload", "replay", "--pcap", "/dev/null"], "it is no pcap file"),
])
def test_what_is_wrong_is_said(gun, words, wants):
    status, _, errors = gun.run(*words)
    assert status == 2 and wants in errors, errors


def test_a_device_that_is_not_there(gun):
    status, _, errors = gun.run(device="af_packet:lan9")
    assert status == 2 and "there is no interface lan9 here" in errors


def test_an_interface_that_has_the_address(gun):
    gun.peers_namespace.address("lan0", CALLER + "/24")
    try:
        status, _, errors = gun.run()
    finally:
        gun.peers_namespace.ip("address", "flush", "dev", "lan0")
    assert status == 2 and "interface lan0 has one of sipgun's addresses" in errors


def test_a_wrong_row_of_the_pool(gun):
    status, _, errors = gun.run(pool="user acme.test alice secret\n\ndial acme.test\n")
    assert status == 2 and "pool:3: words are missing behind 'acme.test'" in errors


def test_wrong_passwords_are_failures(gun):
    """The last one: the router bans who guesses."""
    found = gun.shoot(pool=POOL.replace("-secret", "-wrong"))
    assert found["completed"] == 0 and found["failed"] == found["tried"] >= 98
    assert {step for step, _ in found["failed_by"]} == {"INVITE with credentials"}
    assert {cause for _, cause in found["failed_by"]} <= {"403", "407"}
    status, output, _ = gun.run("--duration", "0.5", "--fail-percent", "50", pool=POOL.replace("-secret", "-wrong"))
    assert status == 1, output


FAR_ROUTER, FAR_CALLEE = "203.0.113.1", "203.0.113.30"


def test_the_called_side_on_a_device_of_its_own():
    """The router stands between two links, and sipgun at the other end of both."""
    net = network.Network("test", "-gun2")
    try:
        place = Range(net)
        network.Network.link(place.router_namespace, "lan1", place.peers_namespace, "lan1")
        place.router_namespace.address("lan1", FAR_ROUTER + "/24")
        place.peers_namespace.ip("link", "set", "lan1", "arp", "off")
        both = CONFIGURATION + f"  - {{{{device: lan1, profile: kernel, driver: {DRIVER}}}}}\n"
        with place.router(place.write("acme.yaml", PROVISIONING.replace(CALLEE, FAR_CALLEE)), configuration=both, node="  gather: 0") as router:
            found = place.shoot("--device", "af_packet:lan1", callee=FAR_CALLEE)
            links = json.loads(place.peers_namespace.ip("-j", "-s", "link"))
            assert counter(router, "GATHERING_NS") == 0
        assert_all_completed(found)
        came = {link["ifname"]: link["stats64"]["rx"]["packets"] for link in links}
        # INVITE, ACK and BYE of each call came to the called side; 407, 100, 180 and 200s to the calling one.
        assert came["lan1"] >= 3 * found["completed"] and came["lan0"] >= 5 * found["completed"], came
    finally:
        net.close()
