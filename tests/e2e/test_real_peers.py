"""Peers that nobody here has written: baresip as a user (R2, R19 to R24, R29, R34), Kamailio as a carrier (R16, R33) and as a friend that
challenges us (R28)."""

import pytest

import network
from baresip import Baresip
from conftest import CONFIGURATION, Peers
from kamailio import HEAD, Kamailio
from sip_client import Dialog, dial_in_vain, establish, hang_up, hear_refusal, offer, refuse, uri_of, user_of

PROVISIONING = """
carriers:
  - {name: telco-a, priority: 10, address: ["udp:203.0.113.7:5060"], country: ES}
  - {name: telco-b, priority: 20, address: ["udp:203.0.113.99:5060"]}
companies:
  - name: acme
    domain: acme.test
    country: ES
    outgoing_ddi: "+34944000000"
    users:
      - {name: alice, password: alice-secret, extension: "101", display: Alice Doe, outgoing_ddi: "+34944000001"}
      - {name: bob, password: bob-secret, extension: "102"}
    friends:
      - {name: east, password: east-secret, direct: "udp:198.51.100.30:5060", patterns: ['^3[0-9]{3}$']}
      - {name: west, password: west-secret, direct: "udp:198.51.100.31:5060", patterns: ['^4[0-9]{3}$'],
         forwards: [{when: unregistered, to: {extension: "102"}}]}
    extensions:
      - {number: "101", route: {user: alice}}
      - {number: "102", route: {user: bob}}
    ddis:
      - {number: "+34944000000", route: {user: bob}}
      - {number: "+34944000001", route: {user: alice}}
"""

# A stateful proxy in front of two gateways: what the router (known by its address) sends goes to the first, on 503 to the second; what
# they send goes to the router.
CARRIER = HEAD + """
listen=udp:203.0.113.7:5060
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"

request_route {
    if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
    if (is_method("CANCEL")) { if (t_check_trans()) { t_relay(); } exit; }
    if (has_totag()) {
        if (loose_route()) { t_relay(); exit; }
        if (is_method("ACK")) { if (t_check_trans()) { t_relay(); } exit; }
        sl_send_reply("404", "Not here");
        exit;
    }
    t_check_trans();
    if (!is_method("INVITE")) { sl_send_reply("405", "Method Not Allowed"); exit; }
    record_route();
    if ($si == "203.0.113.1") {
        $du = "sip:203.0.113.20:5060";
        t_on_failure("NEXT");
    } else if ($si == "203.0.113.20") {
        $rd = "203.0.113.1";
        $du = "sip:203.0.113.1:5060";
    } else {
        sl_send_reply("403", "Who are you");
        exit;
    }
    t_relay();
}

failure_route[NEXT] {
    if (t_is_canceled()) { exit; }
    if (t_check_status("503") && $T_branch_idx < 2) {
        $du = "sip:203.0.113.20:5070";
        t_relay();
    }
}
"""

# Friends that want credentials for a call, which the router has not.
CHALLENGER = HEAD + """
listen=udp:198.51.100.30:5060
listen=udp:198.51.100.31:5060
loadmodule "sl.so"
loadmodule "tm.so"
loadmodule "pv.so"
loadmodule "textops.so"
loadmodule "auth.so"

request_route {
    if (is_method("ACK")) { exit; }
    if ($Ri == "198.51.100.30") {
        if (!pv_proxy_authenticate("acme.test", "secret", "0")) { proxy_challenge("acme.test", "1"); exit; }
    } else {
        if (!pv_www_authenticate("acme.test", "secret", "0")) { www_challenge("acme.test", "1"); exit; }
    }
    sl_send_reply("200", "OK");
}
"""


@pytest.fixture(scope="module")
def real(own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("real") / "real.yaml"
    path.write_text(PROVISIONING)
    # libre of Debian 12 gives up on a challenge that has SHA-256 in it, whatever else stands there.
    with own_lab.router(path, configuration=CONFIGURATION + "digest:\n  offer: md5\n") as router:
        yield router


# baresip.

@pytest.fixture(scope="module")
def phone(real, own_lab, tmp_path_factory):
    """alice's phone, registered."""
    peers = Peers(own_lab)
    alice = peers("alice")
    peers.close()  # its words are wanted, not its socket
    with Baresip(own_lab.peers_namespace, tmp_path_factory.mktemp("baresip"), "lan0", alice) as baresip:
        assert network.wait_until(lambda: "alice" in real.must("registrations").text, 10), baresip.log()
        yield baresip


@pytest.fixture
def bob(real, own_peers):
    bob = own_peers("bob")
    assert bob.register().status == 200
    return bob


def test_r2_r34_baresip_registers(real, phone):
    (row,) = [row for row in real.must("registrations", as_json=True).json if "alice" in str(row)]
    assert "198.51.100.11:5060" in str(row), row


def answer_baresip(bob, got):
    """Result: bob's dialog."""
    answer = bob.send(bob.answer(got, 200))
    bob.expect_request("ACK")
    return Dialog(bob, got, answer, False)


def test_r22_r24_baresip_calls_holds_and_hangs_up(phone, bob):
    phone.tell("dial", "sip:102@acme.test")
    got = bob.expect_request("INVITE")
    assert got.get("From").startswith('"Alice Doe" <sip:101@acme.test>') and got.uri == uri_of(bob.contact)
    assert " 8" in got.body.partition("m=audio")[2].partition("\r\n")[0], got.body
    bob.send(bob.answer(got, 180, tag="bob"))
    phone.expect("CALL_RINGING")
    answer = bob.send(bob.answer(got, 200, tag="bob"))
    assert bob.expect_request("ACK").get("From") == got.get("From")
    phone.expect("CALL_ESTABLISHED")
    for command, direction in (("hold", "a=sendonly"), ("resume", "a=sendrecv")):
        phone.tell(command)
        again = bob.expect_request("INVITE")
        assert direction in again.body and (again.get("From"), again.get("To")) == (got.get("From"), answer.get("To"))
        bob.send(bob.answer(again, 200))
        bob.expect_request("ACK")
    phone.tell("hangup")
    bye = bob.expect_request("BYE")
    assert (bye.get("From"), bye.get("To")) == (got.get("From"), answer.get("To"))
    bob.send(bob.answer(bye, 200))
    phone.expect("CALL_CLOSED")


def test_r29_baresip_gives_up_a_call_that_rings(phone, bob):
    phone.tell("dial", "sip:102@acme.test")
    got = bob.expect_request("INVITE")
    bob.send(bob.answer(got, 180, tag="bob"))
    phone.expect("CALL_RINGING")
    phone.tell("hangup")
    bob.send(bob.answer(bob.expect_request("CANCEL"), 200))
    bob.send(bob.answer(got, 487, tag="bob"))
    bob.expect_request("ACK")
    phone.expect("CALL_CLOSED")


def test_r24_baresip_is_called_and_the_other_side_hangs_up(phone, bob):
    sent = bob.invite("101")
    incoming = phone.expect("CALL_INCOMING")
    assert incoming["peeruri"] == "sip:102@acme.test", incoming
    bob.expect_status(180)
    phone.tell("accept")
    callers = Dialog(bob, sent, bob.expect_status(200), True)
    bob.send(callers.request("ACK", cseq=sent.cseq))
    phone.expect("CALL_ESTABLISHED")
    again = bob.send(callers.request("INVITE"))
    answered = bob.expect_status(200)
    assert "m=audio" in answered.body and (answered.get("From"), answered.get("To")) == (callers.local, callers.remote)
    bob.send(callers.request("ACK", cseq=again.cseq))
    bob.send(callers.request("BYE"))
    bob.expect_status(200)
    phone.expect("CALL_CLOSED")


def test_r24_baresip_is_called_and_hangs_up(phone, bob):
    sent = bob.invite("101")
    phone.expect("CALL_INCOMING")
    bob.expect_status(180)
    phone.tell("accept")
    answered = bob.expect_status(200)
    callers = Dialog(bob, sent, answered, True)
    bob.send(callers.request("ACK", cseq=sent.cseq))
    phone.expect("CALL_ESTABLISHED")
    phone.tell("hangup")
    bye = bob.expect_request("BYE")
    assert (bye.get("From"), bye.get("To")) == (callers.remote, callers.local)
    bob.send(bob.answer(bye, 200))
    phone.expect("CALL_CLOSED")


# Kamailio as carrier.

@pytest.fixture(scope="module")
def carrier(real, own_lab, tmp_path_factory):
    with Kamailio(own_lab.peers_namespace, tmp_path_factory.mktemp("carrier"), {"kamailio.cfg": CARRIER}) as kamailio:
        yield kamailio


@pytest.fixture
def gateways(carrier, own_peers):
    """Behind the carrier."""
    return [own_peers("telco-b", port=port, router="203.0.113.7") for port in (5060, 5070)]


@pytest.mark.parametrize("by_caller", [True, False], ids=["caller", "callee"])
def test_r16_kamailio_takes_a_call(gateways, bob, by_caller):
    gateway = gateways[0]
    callers, callees, got = establish(bob, gateway, "600123123")
    assert got.uri == "sip:600123123@203.0.113.7" and len(got.list("Record-Route")) == 2
    assert user_of(got.get("From")) == user_of(got.get("P-Asserted-Identity")) == "944000000"
    dialog, other = (callers, callees) if by_caller else (callees, callers)
    request = dialog.peer.send(dialog.request("INVITE"))
    other.peer.send(other.peer.answer(other.peer.expect_request("INVITE"), 200))
    dialog.peer.expect_status(200)
    dialog.peer.send(dialog.request("ACK", cseq=request.cseq))
    other.peer.expect_request("ACK")
    bye = hang_up(dialog, other.peer)
    assert (bye.get("From"), bye.get("To")) == (other.remote, other.local)


def test_r16_kamailio_asks_its_second_gateway(gateways, bob):
    """The router sees one call, answered: its other carrier is not asked."""
    first, second = gateways
    sent = bob.invite("600123123")
    refuse(first, 503)
    got = second.expect_request("INVITE")
    answer = second.send(second.answer(got, 200))
    callers = Dialog(bob, sent, bob.expect_status(200), True)
    bob.send(callers.request("ACK", cseq=sent.cseq))
    second.expect_request("ACK")
    hang_up(Dialog(second, got, answer, False), bob)


def test_r16_kamailio_has_no_gateway_and_the_next_carrier_is_asked(gateways, bob, own_peers):
    sent, other = bob.invite("600123123"), own_peers("outsider")  # at telco-b's address
    for gateway in gateways:
        refuse(gateway, 503)
    assert user_of(f"<{refuse(other, 486).uri}>") == "+34600123123"
    hear_refusal(bob, sent, 486)


def test_r29_cancel_through_kamailio(gateways, bob):
    sent, got = offer(bob, gateways[0], "600123123")
    gateways[0].send(gateways[0].answer(got, 180, tag="g"))
    bob.expect_status(180)
    bob.send(bob.cancel_of(sent))
    assert bob.expect_status(200).method == "CANCEL"
    gateways[0].send(gateways[0].answer(gateways[0].expect_request("CANCEL"), 200))
    gateways[0].send(gateways[0].answer(got, 487, tag="g"))
    gateways[0].expect_request("ACK")
    hear_refusal(bob, sent, 487)


def test_r33_kamailio_delivers_a_call_to_a_ddi(gateways, bob):
    gateway = gateways[0]
    sent = gateway.send(gateway.request("INVITE", "sip:944000000@203.0.113.7", from_="<sip:600111222@203.0.113.20>;tag=out"))
    got = bob.expect_request("INVITE")
    assert uri_of(got.get("From")) == "sip:600111222@acme.test" and uri_of(got.get("To")) == "sip:102@acme.test"
    answer = bob.send(bob.answer(got, 200))
    callers = Dialog(gateway, sent, gateway.expect_status(200), True)
    gateway.send(callers.request("ACK", cseq=sent.cseq))
    bob.expect_request("ACK")
    bye = hang_up(Dialog(bob, got, answer, False), gateway)
    assert (bye.get("From"), bye.get("To")) == (callers.remote, callers.local)


def test_r33_kamailio_delivers_a_call_to_nobody(gateways):
    gateway = gateways[0]
    assert gateway.transact(gateway.request("INVITE", "sip:944999999@203.0.113.7", from_="<sip:600111222@203.0.113.20>;tag=out")).status == 404


# Kamailio as a friend that challenges us.

@pytest.fixture(scope="module")
def challenger(real, own_lab, tmp_path_factory):
    with Kamailio(own_lab.peers_namespace, tmp_path_factory.mktemp("challenger"), {"kamailio.cfg": CHALLENGER}) as kamailio:
        yield kamailio


def test_r28_a_friend_that_challenges_us_is_502(challenger, bob):
    answer = bob.refused("3100")
    assert (answer.status, answer.phrase) == (502, "Bad Gateway") and not answer.all("Proxy-Authenticate")


def test_r28_a_friend_that_challenges_us_is_not_reached_and_forwards(challenger, bob, own_peers):
    caller = own_peers("alice", port=5090)
    assert dial_in_vain(caller, bob, "4100").all("Diversion") == ["<sip:4100@acme.test>;reason=unavailable"]
