"""The wire: IPv6, several lcores, what a stop leaves, and whole calls with sipp."""

import signal
import socket
import subprocess

import pytest

import network
from conftest import CONFIGURATION, ENDPOINTS, LAN, LAN6, PROVISIONING, ROOT
from sip_client import establish, hang_up

SCENARIOS = ROOT / "tools/demo/scenarios"
CALLS, CALLS_PER_S = 100, 50


def place_calls(lab, caller, number, callee):
    """sipp calls sipp. Result: (status of the caller's sipp, its output)."""
    namespace, directory = lab.peers_namespace, lab.network.directory
    address, domain = ENDPOINTS[caller]
    answering = namespace.start(["sipp", "-sf", SCENARIOS / "answers.xml", "-i", ENDPOINTS[callee][0], "-p", 5060, "-nostdin"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory)
    words = ["sipp", f"{LAN}:5060", "-sf", SCENARIOS / "endpoint_calls.xml", "-i", address, "-p", 5070, "-m", CALLS, "-r", CALLS_PER_S,
             "-nostdin", "-timeout", "40s", "-timeout_error", "-au", caller, "-ap", f"{caller}-secret"]
    for key, value in {"number": number, "uri_host": domain, "from_user": caller, "from_host": domain, "display": caller}.items():
        words += ["-key", key, value]
    try:
        with open(directory / "sipp.log", "wb") as log:
            done = namespace.run(words, 45, stdout=log, stderr=log, cwd=directory)
        return done.returncode, (directory / "sipp.log").read_text(errors="replace")[-3000:]
    finally:
        answering.kill()
        answering.wait()
        lab.network.processes.remove(answering)


def total(router, name):
    """A counter of `amityctl --json stats`, all lcores together."""
    stats = router.must("stats", as_json=True).json
    found = []

    def walk(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if key.lower() == name and isinstance(value, int):
                    found.append(value)
                walk(value)
        elif isinstance(node, list):
            for item in node:
                walk(item)

    walk(stats)
    assert found, f"no counter {name} in {stats}"
    return max(found)


def counter(router, name):
    """A row of counters.def, all lcores together."""
    rows = {row["counter"]: row["total"] for row in router.must("stats", as_json=True).json["counters"]}
    return rows[name]


def test_whole_calls_with_sipp(shared, router, lab):
    status, output = place_calls(lab, "alice", "3100", "east")
    assert status == 0, output


def test_three_worker_lcores(own_lab):
    """The lcore that receives is not always the lcore that owns the Call-ID; every call must pass all the same."""
    with own_lab.router(node='  lcores: "0,1,1"') as router:
        status, output = place_calls(own_lab, "alice", "3100", "east")
        assert status == 0, output
        assert total(router, "steered_out") > 0, "no packet was handed from lcore to lcore"
        assert total(router, "steered_out") == total(router, "steered_in")


def test_counter_identity(router):
    """received = forwarded + answered + punted + dropped + absorbed, over everything that the shared router has seen."""
    ended = sum(total(router, name) for name in ("forwarded", "answered", "punted", "dropped", "absorbed"))
    assert total(router, "received") == ended > 0


def test_ipv6_call(router, peers):
    alice, bob = peers("alice", address="2001:db8:1::11"), peers("bob", address="2001:db8:1::12")
    assert bob.register().status == 200
    callers, _, _ = establish(alice, bob, "102")
    hang_up(callers, bob)
    assert bob.register(expires=0).status == 200


def test_ipv6_caller_ipv4_callee(router, peers):
    alice, east = peers("alice", address="2001:db8:1::11"), peers("east")
    callers, callees, _ = establish(alice, east, "3100")
    hang_up(callees, alice)


def test_options_over_ipv6(router, peers):
    alice = peers("alice", address="2001:db8:1::11")
    assert alice.transact(alice.request("OPTIONS", f"sip:[{LAN6}]")).status == 200


def test_kernel_keeps_the_rest(router, lab):
    """TCP on the same interface is the kernel's: it refuses a port that nobody serves."""
    with lab.peers_namespace.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(3)
        with pytest.raises(ConnectionRefusedError):
            probe.connect((LAN, 9))


def left_by(lab, router):
    """What a router should not leave: processes in its namespace, its socket."""
    pids = subprocess.run(["ip", "netns", "pids", lab.router_namespace.name], capture_output=True, text=True).stdout.split()
    return [f"process {pid}" for pid in pids] + ([str(router.socket_path)] if router.socket_path.exists() else [])


def test_hangup_ends_nothing(own_lab):
    """A terminal that closes, or a script that wants a reload."""
    with own_lab.router() as router:
        router.process.send_signal(signal.SIGHUP)
        assert network.wait_until(lambda: "event=signal number=1 effect=none" in router.log_path.read_text(), 5)
        assert router.must("status").status == 0


@pytest.mark.parametrize("ask", ["SIGTERM", "SIGINT", "stop"])
def test_stop_leaves_nothing(own_lab, ask):
    with own_lab.router() as router:
        if ask == "stop":
            router.must("stop")
            assert router.process.wait(15) == 0
            own_lab.network.processes.remove(router.process)
        else:
            assert router.stop(getattr(signal, ask)) == 0
        assert left_by(own_lab, router) == []


def test_interface_without_a_configuration_file(own_lab, own_peers):
    """amityd --interface lan0 takes the address of lan0."""
    with own_lab.router(provisioning=None) as router:
        router.stop()
        words = [router.amityd, "--interface", "lan0"]
        help_text = subprocess.run([router.amityd, "--help"], capture_output=True, text=True).stdout
        for option, value in (("--state-dir", router.state_dir), ("--socket", router.socket_path)):
            assert option in help_text, f"amityd --help does not name {option}"
            words += [option, value]
        with open(router.log_path, "ab") as log:
            router.process = own_lab.router_namespace.start(words, stdout=log, stderr=log)
        try:
            assert network.wait_until(router.is_ready, 20), router.log_tail()
            router.must("apply", PROVISIONING)
            stranger = own_peers("stranger")
            assert stranger.transact(stranger.request("OPTIONS", f"sip:{LAN}")).status == 200
        finally:
            router.stop()


def test_wrong_configuration_is_said_with_its_place(own_lab, tmp_path):
    path = tmp_path / "amity.yaml"
    path.write_text(CONFIGURATION.format(node="  idel: save").replace("elsewhere", str(tmp_path)))
    with own_lab.router(provisioning=None) as router:
        done = subprocess.run([router.amityd, "--check", path], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    assert "amity.yaml:7:3:" in done.stdout + done.stderr and "idel" in done.stdout + done.stderr
