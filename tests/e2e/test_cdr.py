"""Call records: one line of JSON per attempt that reached routing, right, whole, and once, whatever happens to the file."""

import json
import re
import signal
import subprocess
import time

import pytest

import network
from conftest import CONFIGURATION, ENDPOINTS, LAN, PROVISIONING, ROOT
from sip_client import Dialog, establish, hang_up, token
from test_calls import give_up, ring

WAIT_S = 20
TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
KEYS = re.findall(r"^CDR_KEY\((\w+),", (ROOT / "control/rpc/cdr_keys.def").read_text(), re.M)
SCENARIOS = ROOT / "tools/demo/scenarios"


def configuration(path):
    return CONFIGURATION + f"cdr:\n  path: {path}\n"


def records(*paths):
    """Every line of the files is whole and a record with all keys in their order."""
    found = []
    for path in paths:
        text = path.read_text() if path.exists() else ""
        assert not text or text.endswith("\n"), text[-300:]
        for line in text.splitlines():
            record = json.loads(line)
            assert list(record) == KEYS, line
            found.append(record)
    return found


def wait_for(path, count):
    assert network.wait_until(lambda: path.exists() and path.read_text().count("\n") >= count, WAIT_S), path.read_text()
    found = records(path)
    assert len(found) == count, found
    return found


@pytest.fixture
def recording(own_lab, tmp_path):
    """(router, path of its records)"""
    path = tmp_path / "calls.json"
    with own_lab.router(configuration=configuration(path)) as router:
        yield router, path


def some_of(record, wanted):
    return {key: record[key] for key in wanted}


def test_an_answered_call(recording, own_peers):
    router, path = recording
    alice, east = own_peers("alice"), own_peers("east")
    sent, got, tag = ring(alice, east, "3100")
    time.sleep(1.2)
    east.send(east.answer(got, 200, tag=tag), to=east.last_source)
    callers = Dialog(alice, sent, alice.expect_status(200), True)
    alice.send(callers.request("ACK", cseq=sent.cseq))
    east.expect_request("ACK")
    time.sleep(0.6)
    assert records(path) == []
    hang_up(callers, east)
    record, = wait_for(path, 1)
    wanted = {"node": 1, "call_id": sent.call_id, "company": "acme", "from": "alice", "from_kind": "user", "from_number": "101",
              "source": "198.51.100.11:5060", "dialled": "3100", "to": "east", "to_kind": "friend", "to_company": None,
              "next_hop": "198.51.100.30:5060", "ddi": None, "presented": None, "carrier": None, "rule": "R4.2", "status": 200,
              "reason": None, "end": "caller", "forwards": 0, "failovers": 0, "emergency": False, "anonymous": False, "cut": []}
    assert some_of(record, wanted) == wanted
    assert all(re.fullmatch(TIME, record[key]) for key in ("time", "started", "ringing", "answered"))
    assert record["started"] <= record["ringing"] < record["answered"] < record["time"]
    assert 1.2 <= record["ringing_s"] < 5 and 0.6 <= record["duration_s"] < 5
    assert re.fullmatch("[0-9a-f]{16}", record["id"])
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_callee_hangs_up(recording, own_peers):
    _, path = recording
    alice, east = own_peers("alice"), own_peers("east")
    _, callees, _ = establish(alice, east, "3100")
    hang_up(callees, alice)
    record, = wait_for(path, 1)
    assert some_of(record, ("end", "status", "ringing", "ringing_s")) == {"end": "callee", "status": 200, "ringing": None, "ringing_s": None}


def test_busy(recording, own_peers):
    _, path = recording
    alice, east = own_peers("alice"), own_peers("east")
    sent = alice.invite("3100")
    got = east.expect_request("INVITE")
    east.send(east.answer(got, 486), to=east.last_source)
    east.expect_request("ACK")
    alice.send(alice.ack_of_failure(sent, alice.expect_status(486)))
    record, = wait_for(path, 1)
    wanted = {"end": "failed", "status": 486, "reason": None, "answered": None, "duration_s": 0.0, "to": "east"}
    assert some_of(record, wanted) == wanted and record["id"]


def test_cancelled(recording, own_peers):
    _, path = recording
    alice, east = own_peers("alice"), own_peers("east")
    sent, got, tag = ring(alice, east, "3100")
    give_up(alice, east, sent, got, tag)
    record, = wait_for(path, 1)
    wanted = {"end": "failed", "status": 487, "answered": None, "duration_s": 0.0, "call_id": sent.call_id}
    assert some_of(record, wanted) == wanted and record["ringing_s"] >= 0


def test_refused_by_routing(own_lab, own_peers, tmp_path):
    """No route, the ACL, no registration: each its record; what was refused before routing has none."""
    path = tmp_path / "calls.json"
    provisioning = tmp_path / "acl.yaml"
    provisioning.write_text(PROVISIONING.read_text().replace(
        "display: Alice Doe,", "display: Alice Doe, call_acl: national,").replace(
        "    extensions:\n      - {number: \"101\", route: {user: alice}}", "    call_acls:\n      - name: national\n"
        "        rules:\n          - {deny: '^\\+33'}\n    extensions:\n      - {number: \"101\", route: {user: alice}}", 1))
    with own_lab.router(provisioning, configuration=configuration(path)):
        alice = own_peers("alice")
        assert alice.refused("199").status == 480
        assert alice.refused("0033123456789").status == 403
        assert alice.refused("8001").status == 480
        # No credentials, no company: not routed.
        alice.challenged(alice.invite_request("3100"))
        outsider = own_peers("outsider")
        assert outsider.transact(outsider.request("INVITE", "sip:101@nowhere.test")).status >= 400
        found = wait_for(path, 3)
        assert [(one["dialled"], one["status"], one["reason"]) for one in found] == [
            ("199", 480, "EXTENSION_RESERVED"), ("0033123456789", 403, "CALL_ACL_DENIED"), ("8001", 480, "TARGET_UNREACHABLE")], found
        assert all(one["end"] == "failed" and one["id"] is None and one["from"] == "alice" for one in found)
        assert found[2]["to"] == "absent" and found[0]["to"] is None


def test_external_calls(recording, own_peers):
    _, path = recording
    alice, carrier = own_peers("alice"), own_peers("telco-a")
    callers, _, _ = establish(alice, carrier, "912345678")
    hang_up(callers, carrier)
    record, = wait_for(path, 1)
    wanted = {"to": "telco-a", "to_kind": "carrier", "carrier": "telco-a", "dialled": "912345678", "to_number": "+34912345678",
              "presented": "+34944000001", "ddi": None, "next_hop": "203.0.113.7:5060"}
    assert some_of(record, wanted) == wanted


def test_calls_from_a_carrier(recording, own_peers):
    _, path = recording
    carrier, bob = own_peers("telco-a"), own_peers("bob")
    assert bob.register().status == 200
    sent = carrier.send(carrier.request("INVITE", f"sip:+34944000002@{carrier.router}", from_=f"<sip:+34915550000@{carrier.address}>;tag={token()}"))
    got = bob.expect_request("INVITE")
    bob.send(bob.answer(got, 200), to=bob.last_source)
    callers = Dialog(carrier, sent, carrier.expect_status(200), True)
    carrier.send(callers.request("ACK", cseq=1))
    bob.expect_request("ACK")
    hang_up(callers, bob)
    record, = wait_for(path, 1)
    wanted = {"company": "acme", "from": "telco-a", "from_kind": "carrier", "from_number": "+34915550000", "carrier": "telco-a",
              "ddi": "+34944000002", "to": "bob", "to_kind": "user", "status": 200}
    assert some_of(record, wanted) == wanted


def test_a_stop_writes_what_is_in_the_rings(own_lab, own_peers, tmp_path):
    path = tmp_path / "calls.json"
    alice = own_peers("alice")
    with own_lab.router(configuration=configuration(path)) as router:
        for _ in range(20):
            assert alice.refused("199").status == 480
        assert router.stop() == 0
        assert len(records(path)) == 20


def place_calls(lab, count, per_s):
    """sipp calls sipp. Result: the process of the caller; its calls all succeed or its status tells."""
    namespace, directory = lab.peers_namespace, lab.network.directory
    answering = namespace.start(["sipp", "-sf", SCENARIOS / "answers.xml", "-i", ENDPOINTS["east"][0], "-p", 5060, "-nostdin"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory)
    address, domain = ENDPOINTS["alice"]
    words = ["sipp", f"{LAN}:5060", "-sf", SCENARIOS / "endpoint_calls.xml", "-i", address, "-p", 5070, "-m", count, "-r", per_s,
             "-nostdin", "-timeout", "60s", "-timeout_error", "-au", "alice", "-ap", "alice-secret"]
    for key, value in {"number": "3100", "uri_host": domain, "from_user": "alice", "from_host": domain, "display": "alice"}.items():
        words += ["-key", key, value]
    calling = namespace.start(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory)
    return calling, answering


def end(lab, process):
    if process.poll() is None:
        process.kill()
    process.wait()
    lab.network.processes.remove(process)


@pytest.mark.parametrize("how", ["SIGHUP", "cdr rotate"])
def test_rotation_under_load_loses_nothing(own_lab, tmp_path, how):
    count = 600
    path = tmp_path / "calls.json"
    parts = []
    with own_lab.router(configuration=configuration(path)) as router:
        calling, answering = place_calls(own_lab, count, 100)
        try:
            while calling.poll() is None:
                time.sleep(0.3)
                parts.append(tmp_path / f"calls.json.{len(parts)}")
                path.rename(parts[-1])
                if how == "SIGHUP":
                    router.process.send_signal(signal.SIGHUP)
                else:
                    router.must("cdr", "rotate")
                # A second move would take the first file's name from under the lines that still come.
                assert network.wait_until(path.exists, WAIT_S)
            assert calling.returncode == 0
        finally:
            end(own_lab, calling)
            end(own_lab, answering)
        assert network.wait_until(lambda: len(records(*parts, path)) >= count, WAIT_S)
        found = records(*parts, path)
        assert len(found) == count == len({one["call_id"] for one in found})
        assert len([part for part in parts if part.stat().st_size]) > 3
        assert all(one["status"] == 200 and one["end"] == "caller" for one in found)
        log = router.log_path.read_text()
        assert log.count("event=cdr_rotated") >= len(parts)
        if how == "SIGHUP":
            assert log.count("effect=cdr_rotated") == len(parts)


def test_calls_that_live_when_the_router_stops(recording, own_peers):
    """Nobody sees their end; what ended just before is not lost in a ring."""
    router, path = recording
    alice, east = own_peers("alice"), own_peers("east")
    callers, _, _ = establish(alice, east, "3100")
    hung_up, callees, _ = establish(alice, east, "3100")
    ringing, _, _ = ring(alice, east, "3100")
    hang_up(callees, alice)
    assert router.stop() == 0
    found = {record["call_id"]: record for record in records(path)}
    assert len(found) == 3
    wanted = {callers.call_id: ("stopped", 200), hung_up.call_id: ("callee", 200), ringing.call_id: ("stopped", 180)}
    assert {call_id: (record["end"], record["status"]) for call_id, record in found.items()} == wanted
    assert all(record["reason"] is None and re.fullmatch(TIME, record["time"]) for record in found.values())
    assert found[callers.call_id]["answered"] <= found[callers.call_id]["time"] and found[ringing.call_id]["duration_s"] == 0
    assert "event=calls_left count=2" in router.log_path.read_text()


def test_rotate_without_records(shared, router):
    answer = router.ctl("cdr", "rotate")
    assert answer.status == 1 and "cdr.path" in answer.error
    assert router.ctl("cdr").status == 2
    router.process.send_signal(signal.SIGHUP)
    assert network.wait_until(lambda: "effect=none" in router.log_path.read_text(), WAIT_S)


class SmallDisk:
    """A tmpfs of so many KiB, and something that fills it."""

    def __init__(self, directory, kib):
        self.directory = directory
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", directory], check=True)
        self.filler = directory / "filler"

    def fill(self):
        with open(self.filler, "ab", buffering=0) as filler:
            try:
                while True:
                    filler.write(b"x" * 4096)
            except OSError:
                pass

    def make_room(self):
        self.filler.unlink()

    def close(self):
        subprocess.run(["umount", "-l", self.directory], check=True)


def test_a_full_disk_loses_nothing_and_holds_up_nobody(own_lab, own_peers, tmp_path):
    directory = tmp_path / "small"
    directory.mkdir()
    disk = SmallDisk(directory, 64)
    path = directory / "calls.json"
    alice, east = own_peers("alice"), own_peers("east")
    try:
        with own_lab.router(configuration=configuration(path)) as router:
            for _ in range(10):
                alice.refused("199")
            assert network.wait_until(lambda: len(records(path)) == 10, WAIT_S)
            disk.fill()
            for _ in range(20):
                alice.refused("199")

            def problem():
                return router.must("status", as_json=True).json["cdr"]

            assert network.wait_until(lambda: "No space left" in problem()["problem"], WAIT_S), problem()
            assert problem()["waiting"] > 0 and problem()["lost"] == 0
            records(path)  # no line in part
            hang_up(establish(alice, east, "3100")[0], east)
            disk.make_room()
            assert network.wait_until(lambda: len(records(path)) == 31, WAIT_S), problem()
            assert problem()["waiting"] == 0 and problem()["problem"] == ""
            log = router.log_path.read_text()
            assert "event=cdr_not_written" in log and "make room" in log and "event=cdr_written_again" in log
            assert router.stop() == 0
    finally:
        disk.close()


def test_a_path_that_vanishes(own_lab, own_peers, tmp_path):
    directory = tmp_path / "calls"
    directory.mkdir()
    path = directory / "calls.json"
    alice = own_peers("alice")
    with own_lab.router(configuration=configuration(path)) as router:
        alice.refused("199")
        wait_for(path, 1)
        path.unlink()
        directory.rmdir()
        alice.refused("199")
        assert network.wait_until(lambda: router.must("status", as_json=True).json["cdr"]["waiting"] == 1, WAIT_S)
        assert router.ctl("cdr", "rotate").status == 1
        directory.mkdir()
        wait_for(path, 1)


@pytest.mark.parametrize("bad, says", [
    ("{}/missing/calls.json", "make its directory"),
    ("{}", "name a file, not a directory"),
    ("/dev/null", "not a regular file"),
])
def test_a_path_that_cannot_be(own_lab, tmp_path, bad, says):
    bad = bad.format(tmp_path)
    with own_lab.router(provisioning=None) as router:
        assert router.stop() == 0
        router.configuration_path.write_text(router.configuration_path.read_text() + f"cdr:\n  path: {bad}\n")
        for words in (["--check", router.configuration_path], ["--config", router.configuration_path]):
            done = subprocess.run(["ip", "netns", "exec", router.namespace.name, router.amityd, *words], capture_output=True, text=True,
                                  timeout=60)
            assert done.returncode == 1 and f"cdr.path: cannot add call records to {bad}" in done.stderr and says in done.stderr, done


def test_call_records_are_told_of_in_the_status(recording, own_peers):
    router, path = recording
    own_peers("alice").refused("199")
    wait_for(path, 1)
    shown = router.must("status", as_json=True).json["cdr"]
    assert shown == {"path": str(path), "written": 1, "waiting": 0, "lost": 0, "problem": ""}
    rotated = router.must("cdr", "rotate", as_json=True).json
    assert rotated["path"] == str(path) and rotated["written"] == 1
