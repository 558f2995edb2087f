"""explain --diff FILE: exactly the calls that FILE would route differently, and nothing changes by asking."""

import subprocess

import network
import pytest
import router_state
from conftest import PROVISIONING, Peers
from sip_client import dial_in_vain, establish, hang_up

DIALLED = 3


def changed(tmp_path, *changes):
    text = PROVISIONING.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = tmp_path / "changed.yaml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def router(own_lab):
    with own_lab.router() as started:
        yield started


@pytest.fixture(scope="module")
def dialled(own_lab, router):
    """Three calls of the past: alice dialled 3100 (twice) and 912345678, the carrier a DDI of bob's."""
    peers = Peers(own_lab)
    alice, bob, east, telco = peers("alice"), peers("bob"), peers("east"), peers("telco-a")
    assert bob.register().status == 200
    for _ in range(2):
        callers, _, _ = establish(alice, east, "3100")
        hang_up(callers, east)
    dial_in_vain(alice, telco, "912345678")
    sent = telco.send(telco.invite_request("944000002", from_="<sip:911111111@203.0.113.7>;tag=x"))
    got = bob.expect_request("INVITE")
    bob.send(bob.answer(got, 486), to=bob.last_source)
    bob.expect_request("ACK")
    telco.send(telco.ack_of_failure(sent, telco.expect_status(486)))
    peers.close()
    reads = network.wait_until(lambda: difference(router, PROVISIONING)["dialled"] == DIALLED, 10)
    assert reads, difference(router, PROVISIONING)
    return router


def difference(router, path, *words):
    return router.must("explain", "--diff", path, *words, as_json=True).json


def where(side):
    if side is None:
        return None
    return f"{side['status']}" if side["outcome"] == "reject" else f"{side['outcome']} {side['target']}"


def moves(found):
    """{(from, to): (now, then)}"""
    return {(call["from"], call["to"]): (where(call["now"]), where(call["then"])) for call in found["calls"]}


def test_the_same_document_changes_nothing(dialled):
    found = difference(dialled, PROVISIONING)
    assert found["calls"] == [] == found["unmatched"] and found["different"] == 0
    # acme: 7 extensions and 3 DDIs by alice and pbx, globex: 1 extension by gina; 3 DDIs from outside; 3 of the past.
    assert found["compared"] == found["same"] == 2 * (7 + 3) + 1 + 3 + DIALLED
    assert "no call would be routed differently" in dialled.must("explain", "--diff", PROVISIONING).text


def test_another_priority(dialled, tmp_path):
    path = changed(tmp_path, ("priority: 10, patterns: ['^3", "priority: 30, patterns: ['^3"))
    found = difference(dialled, path)
    assert moves(found) == {("alice", "3100"): ("friend east", "friend west")}
    (call,) = found["calls"]
    assert call["source"] == "dialled" and call["company"] == "acme" and call["caller"] == "user" and call["identity"] is None
    assert call["then"]["rule"] == "R4.2" and call["then"]["next_hop"] == "udp:198.51.100.31:5060"
    assert call["then"]["request_uri"] == "sip:3100@198.51.100.31" and call["then"]["codecs"] == ["PCMA"]


def test_last_bounds_what_is_looked_at(dialled, tmp_path):
    path = changed(tmp_path, ("priority: 10, patterns: ['^3", "priority: 30, patterns: ['^3"))
    assert difference(dialled, path, "--last", "2")["calls"] == []
    found = difference(dialled, path, "--last", "4294967298")
    assert found["dialled"] == DIALLED and found["different"] == 1


def test_a_removed_extension(dialled, tmp_path):
    path = changed(tmp_path, ('      - {number: "199"}\n', ""), ('      - {number: "701", route: {friend: "0000"}}\n', ""))
    assert moves(difference(dialled, path)) == {
        ("alice", "199"): ("480", "external telco-a"), ("pbx", "199"): ("480", "external telco-a"),
        ("alice", "701"): ("404", "external telco-a"), ("pbx", "701"): ("404", "external telco-a")}


def test_a_new_extension(dialled, tmp_path):
    path = changed(tmp_path, ('- {number: "199"}', '- {number: "199"}\n      - {number: "3100", route: {user: carol}}'))
    assert moves(difference(dialled, path)) == {
        ("alice", "3100"): ("friend east", "user carol"), ("pbx", "3100"): ("friend east", "user carol")}


def test_a_moved_ddi(dialled, tmp_path):
    path = changed(tmp_path, ('"+34944000002", route: {extension: "102"}', '"+34944000002", route: {user: carol}'))
    found = difference(dialled, path)
    assert moves(found) == {(caller, number): ("user bob", "user carol") for caller, number in (
        ("alice", "+34944000002"), ("pbx", "+34944000002"), ("telco-a", "+34944000002"), ("telco-a", "944000002"))}
    (past,) = [call for call in found["calls"] if call["source"] == "dialled"]
    assert past["caller"] == "carrier" and past["company"] == "acme" and past["identity"] == "+34911111111"


def test_a_stricter_acl(dialled, tmp_path):
    path = changed(tmp_path, ("display: Alice Doe,", "display: Alice Doe, call_acl: inside,"), (
        "    extensions:\n", "    call_acls: [{name: inside, default: deny, rules: [{allow: '^\\+3494'}]}]\n    extensions:\n"))
    found = difference(dialled, path)
    assert moves(found) == {("alice", "912345678"): ("external telco-a", "403")}
    text = dialled.must("explain", "--diff", path).text
    assert "external telco-a by R4.4" in text and "403 CALL_ACL_DENIED" in text and "same: 26, different: 1" in text


def test_what_the_called_side_sees_counts(dialled, tmp_path):
    path = changed(tmp_path, ("outgoing_ddi: \"+34944000001\"}", "outgoing_ddi: \"+34944000002\"}"))
    found = difference(dialled, path)
    # Through our own DDIs alice is shown by the number that she presents.
    assert moves(found) == {("alice", "912345678"): ("external telco-a", "external telco-a")} | {
        ("alice", f"+3494400000{digit}"): (target, target)
        for digit, target in enumerate(("friend pbx", "user alice", "user bob"))}
    (outside,) = [call for call in found["calls"] if call["to"] == "912345678"]
    assert "944000001" in outside["now"]["identity"] and "944000002" in outside["then"]["identity"]
    text = dialled.must("explain", "--diff", path).text
    assert "From <sip:944000001@(the router's address)> -> <sip:944000002@(the router's address)>; identity" in text
    assert "Request-URI" not in text


def test_what_follows_counts(dialled, tmp_path):
    path = changed(tmp_path, ("patterns: ['^3[0-9]{3}$']}", "patterns: ['^3[0-9]{3}$'], forwards: [{when: busy, to: {extension: \"102\"}}]}"))
    found = difference(dialled, path)
    assert moves(found) == {("alice", "3100"): ("friend east", "friend east")}
    (call,) = found["calls"]
    assert call["now"]["next"] == [] and [(row["when"], row["outcome"], row["target"]) for row in call["then"]["next"]] == [
        ("busy", "user", "bob")]
    assert "friend east by R4.2: if it fails nobody -> busy user bob 102\n" in dialled.must("explain", "--diff", path).text


def test_who_is_on_one_side_alone(dialled, tmp_path):
    path = changed(tmp_path, ("{name: carol, password: carol-secret,", "{name: dora, password: carol-secret,"), ("{user: carol}", "{user: dora}"),
                   ("  - name: globex\n", "  - name: newco\n"))
    found = difference(dialled, path)
    assert [(row["in"], row["kind"], row["company"], row["name"]) for row in found["unmatched"]] == [
        ("now", "user", "acme", "carol"), ("now", "company", None, "globex"),
        ("then", "user", "acme", "dora"), ("then", "company", None, "newco")]
    assert moves(found) == {(caller, "103"): ("user carol", "user dora") for caller in ("alice", "pbx")}
    assert "only then: user dora of acme" in dialled.must("explain", "--diff", path).text


def test_a_caller_that_would_be_gone(dialled, tmp_path):
    path = changed(tmp_path, ("name: alice, password", "name: alicia, password"), ('"101", route: {user: alice}', '"101", route: {user: alicia}'),
                   ('"+34944000001", route: {user: alice}', '"+34944000001", route: {user: alicia}'))
    calls = moves(difference(dialled, path))
    assert calls["alice", "3100"] == ("friend east", None) and calls["alice", "912345678"] == ("external telco-a", None)
    # The first user that both have dials now.
    assert calls["bob", "101"] == ("user alice", "user alicia")
    assert "(the caller is not there)" in dialled.must("explain", "--diff", path).text


def test_passwords_are_not_shown(dialled, tmp_path):
    path = changed(tmp_path, ("display: Alice Doe", "display: Alice Roe"))
    for as_json in (False, True):
        text = dialled.must("explain", "--diff", path, as_json=as_json).text
        assert "secret" not in text and "alice" in text


def test_a_bad_file_is_refused_with_its_place(dialled, tmp_path):
    path = changed(tmp_path, ("priority: 10, patterns: ['^3", "priority: 99999, patterns: ['^3"))
    answer = dialled.ctl("explain", "--diff", path)
    assert answer.status == 1 and f"{path}:27:89: priority" in answer.error, answer.error
    path = changed(tmp_path, ("'^6[0-9]{3}$'", "'^6[0-9{3}$'"))
    answer = dialled.ctl("explain", "--diff", path)
    assert answer.status == 1 and f"{path}:32:" in answer.error, answer.error


@pytest.mark.parametrize("words, said", [
    (["--diff"], "--diff takes a value"),
    (["--diff", PROVISIONING, "--to", "101"], "--diff compares all that was dialled, without --to"),
    (["--diff", PROVISIONING, "--last", "many"], "--last takes a number of calls"),
    (["--last", "5"], "--last goes with --diff FILE"),
    (["--diff", "/nowhere/at-all.yaml"], "cannot read /nowhere/at-all.yaml"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_wrong_usage(dialled, words, said):
    answer = dialled.ctl("explain", *words)
    assert answer.status == 2 and said in answer.error, answer.error


def test_it_is_not_for_the_read_only_socket(dialled):
    done = subprocess.run([dialled.amityctl, "--socket", f"{dialled.socket_path}.ro", "explain", "--diff", PROVISIONING],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "socket is for reading" in done.stderr, done.stderr


BIG = "".join(f"""
  - name: c{n}
    domain: c{n}.test
    country: ES
    users: [{{name: u, password: p{n}-secret, extension: "100"}}]
    friends: [{{name: f, password: f{n}-secret, patterns: ['^2[0-9]{{{n % 5 + 1}}}$']}}]
    extensions: [{{number: "100", route: {{user: u}}}}]
""" for n in range(1500))


def test_nothing_changes_and_no_packet_is_lost(dialled, own_peers, tmp_path):
    """Calls go on while a document of many companies is built and looked at."""
    path = tmp_path / "big.yaml"
    path.write_text(PROVISIONING.read_text() + BIG)
    before = dialled.must("status", as_json=True).json
    alice, east = own_peers("alice"), own_peers("east")
    asking = subprocess.Popen([dialled.amityctl, "--socket", dialled.socket_path, "explain", "--diff", path], stdout=subprocess.PIPE, text=True)
    calls = 0
    while asking.poll() is None or not calls:
        callers, _, _ = establish(alice, east, "3100")
        hang_up(callers, east)
        calls += 1
    text = asking.communicate()[0]
    assert asking.returncode == 0 and "different: 0" in text and "... and 500 more" in text, text
    after = dialled.must("status", as_json=True).json
    assert after["revision"] == before["revision"] and len(dialled.must("history", as_json=True).json) == 1
    assert len(dialled.must("companies", as_json=True).json) == 2
    assert router_state.counters(dialled)["TRANSMIT_DROPPED"] == 0
    router_state.expect_identity(dialled)
    print(f"{calls} calls meanwhile")
