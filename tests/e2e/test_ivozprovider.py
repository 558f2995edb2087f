"""The calls of IvozProvider's own black-box tests that friends and extensions take part in, whole: what the called side is shown,
ringing, answer, end, the call record, and that `explain` said so before."""

import dataclasses
import json

import pytest

import network
from conftest import CONFIGURATION
from sip_client import Dialog, hang_up, hear_refusal, refuse, uri_of

PROVISIONING = """
carriers:
  - {name: telco-a, address: ["udp:203.0.113.7:5060"], country: ES}
companies:
  - name: acme
    domain: acme.test
    country: ES
    area_code: "94"
    outgoing_ddi: "+34944000000"
    users:
      - {name: alice, password: alice-secret, extension: "101", display: Alice Doe, outgoing_ddi: "+34944000001", call_acl: national}
      - {name: bob, password: bob-secret, extension: "102"}
      - {name: carol, password: carol-secret, extension: "103", country: US, area_code: "212"}
    friends:
      - {name: pbx, password: pbx-secret, patterns: ['^2[0-9]{3}$'], fallback_ddi: "+34944000002"}
      - {name: east, password: east-secret, direct: "udp:198.51.100.30:5060", patterns: ['^3[0-9]{3}$']}
      - {name: absent, password: absent-secret, patterns: ['^5[0-9]{3}$'], forwards: [{when: unregistered, to: {extension: "102"}}]}
      - {name: plain, password: plain-secret, direct: "udp:198.51.100.41:5060", patterns: ['^6[0-9]{3}$'], fallback_ddi: "+34944000002",
         forwards: [{when: busy, to: {number: "+34600123123"}}, {when: no_answer, after: 1, to: {extension: "700"}}]}
    extensions:
      - {number: "101", route: {user: alice}}
      - {number: "102", route: {user: bob}}
      - {number: "103", route: {user: carol}}
      - {number: "700", route: {friend: "2500"}}
    ddis:
      - {number: "+34944000000", route: {friend: "2000"}}
      - {number: "+34944000001", route: {user: alice}, display: Sales}
      - {number: "+34944000002", route: {user: bob}}
    call_acls:
      - {name: national, default: deny, rules: [{allow: '^\\+34[679]'}]}
"""


@dataclasses.dataclass
class Played:
    """A call that was: INVITE as sent and as the callee got it, its record, and both dialogs as they were when it was answered."""

    sent: object
    got: object
    record: dict
    callers: Dialog
    callees: Dialog

    def shown(self):
        """What the called side saw."""
        return {"request": self.got.uri, "from": without_tag(self.got.get("From")), "to": self.got.get("To"),
                "identity": self.got.all("P-Asserted-Identity"), "diversion": self.got.all("Diversion")}

    def recorded(self, *keys):
        return {key: self.record[key] for key in keys}


class Exchange:
    """The router, its records, and the steps of calls through it."""

    def __init__(self, router, records):
        self.router, self.records = router, records

    def explain(self, *words):
        return self.router.must("explain", *words, as_json=True).json

    def explain_from(self, who, number):
        return self.explain("--company", "acme", "--from", who, "--to", number)

    def record_of(self, call_id):
        def lines():
            return [line for line in (self.records.read_text() if self.records.exists() else "").splitlines() if call_id in line]

        assert network.wait_until(lines, 10), f"no record of {call_id}"
        (line,) = lines()
        return json.loads(line)

    def finish(self, sent, got, caller, callee, by_callee=False):
        """Ringing, answer, and its end. Result: Played."""
        callee.send(callee.answer(got, 180, tag="callee"), to=callee.last_source)
        ringing = caller.expect_status(180)
        answer = callee.send(callee.answer(got, 200, tag="callee"), to=callee.last_source)
        answered = caller.expect_status(200)
        for response in (ringing, answered):  # R24
            assert response.get("From") == sent.get("From") and response.get("To") == sent.get("To") + ";tag=callee"
        callers, callees = Dialog(caller, sent, answered, True), Dialog(callee, got, answer, False)
        caller.send(callers.request("ACK", cseq=sent.cseq))
        ack = callee.expect_request("ACK")
        assert (ack.get("From"), ack.get("To")) == (got.get("From"), got.get("To") + ";tag=callee")
        if by_callee:
            bye = hang_up(callees, caller)
            assert (bye.get("From"), bye.get("To")) == (answered.get("To"), sent.get("From"))
        else:
            bye = hang_up(callers, callee)
            assert (bye.get("From"), bye.get("To")) == (got.get("From"), got.get("To") + ";tag=callee")
        record = self.record_of(sent.call_id)
        assert (record["status"], record["end"]) == (200, "callee" if by_callee else "caller"), record
        return Played(sent, got, record, callers, callees)

    def play(self, caller, callee, number, explained, **options):
        """A whole call, which explain foresaw. Result: Played."""
        sent = dial(caller, number)
        got = callee.expect_request("INVITE")
        played = self.finish(sent, got, caller, callee, **options)
        shown = played.shown()
        foreseen = {"request": explained["request_uri"], "from": explained["from"], "to": explained["to"],
                    "identity": [explained["identity"]] if explained["identity"] else []}
        assert foreseen == {key: shown[key] for key in foreseen}, "explain said something else"
        assert played.recorded("rule", "to") == {"rule": explained["rule"], "to": explained["target"]}
        assert explained["next_hop"] == f"udp:{callee.address}:{callee.port}"
        return played


def without_tag(value):
    return value.partition(">;tag=")[0] + ">"


def dial(caller, number):
    """An INVITE: of a carrier as carriers send it, of an endpoint with credentials. Result: as sent."""
    if not caller.name.startswith("telco"):
        return caller.invite(number)
    return caller.send(caller.request("INVITE", f"sip:{number}@{caller.router}", from_=f"<sip:600111222@{caller.address}>;tag=outside"))


@pytest.fixture(scope="module")
def exchange(own_lab, tmp_path_factory):
    directory = tmp_path_factory.mktemp("ivozprovider")
    (directory / "provisioning.yaml").write_text(PROVISIONING)
    records = directory / "calls.json"
    with own_lab.router(directory / "provisioning.yaml", configuration=CONFIGURATION + f"cdr:\n  path: {records}\n") as router:
        yield Exchange(router, records)


@pytest.fixture
def registered(exchange, own_peers):
    """registered("alice"): a peer whose only binding is its own."""
    def register(who, port=5060, contact=None):
        peer = own_peers(who, port=port)
        assert peer.forget().status == 200 and peer.register(contact=contact).status == 200
        return peer

    return register


def test_user_calls_user(exchange, registered):
    alice, bob = registered("alice"), registered("bob")
    played = exchange.play(alice, bob, "102", exchange.explain_from("alice", "102"))
    assert played.shown() == {"request": uri_of(bob.contact), "from": '"Alice Doe" <sip:101@acme.test>', "to": "<sip:102@acme.test>",
                              "identity": ["<sip:101@acme.test>"], "diversion": []}
    assert played.recorded("company", "from", "from_kind", "from_number", "dialled", "to_kind", "rule") == {
        "company": "acme", "from": "alice", "from_kind": "user", "from_number": "101", "dialled": "102", "to_kind": "user", "rule": "R4.1"}


def test_user_calls_extension_that_leads_to_a_friend(exchange, registered):
    """R10: the number of the route is what the friend gets. It registers as chan_sip does."""
    alice, pbx = registered("alice"), registered("pbx", contact="<sip:s@198.51.100.20:5060>")
    played = exchange.play(alice, pbx, "700", exchange.explain_from("alice", "700"), by_callee=True)
    assert played.shown() == {"request": "sip:2500@198.51.100.20", "from": '"Alice Doe" <sip:101@acme.test>', "to": "<sip:2500@acme.test>",
                              "identity": ["<sip:101@acme.test>"], "diversion": []}
    assert played.recorded("dialled", "to", "to_kind", "rule") == {"dialled": "700", "to": "pbx", "to_kind": "friend", "rule": "R4.1"}


@pytest.mark.parametrize("who, number, shown_to_caller", [("bob", "944000001", "944000000"), ("bob", "4000001", "944000000"),
                                                          ("carol", "01134944000001", "944000000")],
                         ids=["national", "local", "another country's"])
def test_user_calls_a_ddi_of_ours_and_it_comes_back(exchange, registered, own_peers, who, number, shown_to_caller):
    """R17: no carrier is asked; the called user sees the DDI that is presented, in its own dial format."""
    caller, alice, telco = registered(who), registered("alice"), own_peers("telco-a")
    played = exchange.play(caller, alice, number, exchange.explain_from(who, number))
    local = shown_to_caller.removeprefix("94")
    assert played.shown() == {"request": uri_of(alice.contact), "from": f'"Sales" <sip:{local}@acme.test>', "to": "<sip:101@acme.test>",
                              "identity": [f"<sip:{local}@acme.test>"], "diversion": []}
    assert played.recorded("rule", "ddi", "presented", "carrier", "dialled") == {
        "rule": "R17", "ddi": "+34944000001", "presented": "+34944000000", "carrier": None, "dialled": number}
    telco.expect_silence(0.1)


def test_outside_calls_a_ddi_that_leads_to_a_friend(exchange, registered, own_peers):
    telco, pbx = own_peers("telco-a"), registered("pbx")
    played = exchange.play(telco, pbx, "944000000", exchange.explain("--carrier", "telco-a", "--identity", "600111222", "--to", "944000000"))
    assert played.shown() == {"request": "sip:2000@198.51.100.20", "from": "<sip:600111222@acme.test>", "to": "<sip:2000@acme.test>",
                              "identity": ["<sip:600111222@acme.test>"], "diversion": []}
    assert played.recorded("company", "from", "from_kind", "from_number", "ddi", "to", "rule") == {
        "company": "acme", "from": "telco-a", "from_kind": "carrier", "from_number": "+34600111222", "ddi": "+34944000000", "to": "pbx",
        "rule": "R33"}


def test_outside_calls_the_ddi_of_a_user(exchange, registered, own_peers):
    telco, alice = own_peers("telco-a"), registered("alice")
    played = exchange.play(telco, alice, "944000001",
                           exchange.explain("--carrier", "telco-a", "--identity", "600111222", "--to", "944000001"), by_callee=True)
    assert played.shown() == {"request": uri_of(alice.contact), "from": '"Sales" <sip:600111222@acme.test>', "to": "<sip:101@acme.test>",
                              "identity": ["<sip:600111222@acme.test>"], "diversion": []}
    assert played.recorded("ddi", "to", "to_kind", "rule") == {"ddi": "+34944000001", "to": "alice", "to_kind": "user", "rule": "R33"}


def test_friend_calls_an_extension(exchange, registered):
    pbx, bob = registered("pbx"), registered("bob")
    played = exchange.play(pbx, bob, "102", exchange.explain_from("pbx", "102"), by_callee=True)
    assert played.shown() == {"request": uri_of(bob.contact), "from": "<sip:pbx@acme.test>", "to": "<sip:102@acme.test>",
                              "identity": ["<sip:pbx@acme.test>"], "diversion": []}
    assert played.recorded("from", "from_kind", "to", "rule") == {"from": "pbx", "from_kind": "friend", "to": "bob", "rule": "R4.1"}


def test_friend_calls_the_ddi_of_a_user(exchange, registered):
    """R14.3, R17: it is presented with its fallback DDI."""
    pbx, alice = registered("pbx"), registered("alice")
    played = exchange.play(pbx, alice, "944000001", exchange.explain_from("pbx", "944000001"))
    assert played.shown() == {"request": uri_of(alice.contact), "from": '"Sales" <sip:4000002@acme.test>', "to": "<sip:101@acme.test>",
                              "identity": ["<sip:4000002@acme.test>"], "diversion": []}
    assert played.recorded("ddi", "presented", "rule", "from_kind") == {
        "ddi": "+34944000001", "presented": "+34944000002", "rule": "R17", "from_kind": "friend"}


@pytest.mark.parametrize("who, number", [("east", "3100"), ("pbx", "2100")])
def test_friend_calls_its_own_pattern(exchange, registered, own_peers, who, number):
    """R9: back to itself, direct and registered. Its calls come from another port, so that both sides can be told apart."""
    callee = registered(who) if who == "pbx" else own_peers(who)
    caller = own_peers(who, port=5090)
    played = exchange.play(caller, callee, number, exchange.explain_from(who, number))
    assert played.shown() == {"request": f"sip:{number}@{callee.address}", "from": f"<sip:{who}@acme.test>", "to": f"<sip:{number}@acme.test>",
                              "identity": [f"<sip:{who}@acme.test>"], "diversion": []}
    assert played.recorded("from", "to", "rule") == {"from": who, "to": who, "rule": "R4.2"}


def test_friend_that_is_not_registered_forwards(exchange, registered):
    alice, bob = registered("alice"), registered("bob")
    played = exchange.play(alice, bob, "5100", exchange.explain_from("alice", "5100"))
    assert played.shown() == {"request": uri_of(bob.contact), "from": '"Alice Doe" <sip:101@acme.test>', "to": "<sip:102@acme.test>",
                              "identity": ["<sip:101@acme.test>"], "diversion": ["<sip:5100@acme.test>;reason=unavailable"]}
    assert played.recorded("to", "rule", "forwards") == {"to": "bob", "rule": "R27", "forwards": 1}


def test_friend_that_is_busy_forwards_outside(exchange, own_peers):
    """R27: the friend calls the number: its fallback DDI, no ACL of the caller."""
    alice, plain, telco = own_peers("alice"), own_peers("plain"), own_peers("telco-a")
    explained = exchange.explain_from("alice", "6100")
    assert (explained["target"], explained["rule"]) == ("plain", "R4.2")
    assert any(step["rule"] == "R27" and "plain is busy" in step["text"] and "telco-a" in step["text"] for step in explained["steps"]), explained
    sent = dial(alice, "6100")
    refuse(plain, 486)
    played = exchange.finish(sent, telco.expect_request("INVITE"), alice, telco)
    assert played.shown() == {"request": "sip:600123123@203.0.113.7", "from": "<sip:944000002@203.0.113.1>", "to": "<sip:600123123@203.0.113.7>",
                              "identity": ["<sip:944000002@203.0.113.1>"], "diversion": ["<sip:6100@acme.test>;reason=user-busy"]}
    assert played.recorded("carrier", "presented", "rule", "forwards", "dialled") == {
        "carrier": "telco-a", "presented": "+34944000002", "rule": "R27", "forwards": 1, "dialled": "6100"}


def test_friend_that_does_not_answer_forwards(exchange, registered, own_peers):
    alice, plain, pbx = own_peers("alice"), own_peers("plain"), registered("pbx")
    explained = exchange.explain_from("alice", "6100")
    assert any(step["rule"] == "R27" and "does not answer" in step["text"] for step in explained["steps"]), explained
    sent = dial(alice, "6100")
    ringing = plain.expect_request("INVITE")
    plain.send(plain.answer(ringing, 180))
    alice.expect_status(180)
    plain.send(plain.answer(plain.expect_request("CANCEL", wait_s=5), 200))
    plain.send(plain.answer(ringing, 487))
    got = pbx.expect_request("INVITE")
    plain.expect_request("ACK")
    played = exchange.finish(sent, got, alice, pbx, by_callee=True)
    assert played.shown() == {"request": "sip:2500@198.51.100.20", "from": '"Alice Doe" <sip:101@acme.test>', "to": "<sip:2500@acme.test>",
                              "identity": ["<sip:101@acme.test>"], "diversion": ["<sip:6100@acme.test>;reason=no-answer"]}
    assert played.recorded("to", "rule", "forwards") == {"to": "pbx", "rule": "R27", "forwards": 1}


# Blind transfer.

def transfer(exchange, alice, pbx, target):
    """alice has called pbx, which sends her to `target`. Result: both dialogs; alice has said 202."""
    sent = dial(alice, "2100")
    got = pbx.expect_request("INVITE")
    answer = pbx.send(pbx.answer(got, 200))
    callers = Dialog(alice, sent, alice.expect_status(200), True)
    callees = Dialog(pbx, got, answer, False)
    alice.send(callers.request("ACK", cseq=sent.cseq))
    pbx.expect_request("ACK")
    pbx.send(callees.request("REFER", extra=[("Refer-To", f"<sip:{target}@acme.test>"), ("Referred-By", "<sip:pbx@acme.test>")]))
    refer = alice.expect_request("REFER")
    assert refer.get("Refer-To") == f"<sip:{target}@acme.test>" and (refer.get("From"), refer.get("To")) == (callers.remote, callers.local)
    alice.send(alice.answer(refer, 202))
    pbx.expect_status(202)
    return callers, callees


def notify(callers, pbx, status):
    """alice tells pbx what became of it."""
    callers.peer.send(callers.request("NOTIFY", body=f"SIP/2.0 {status} Phrase\r\n", extra=[("Event", "refer"),
                                                                                      ("Subscription-State", "terminated;reason=noresource")]))
    got = pbx.expect_request("NOTIFY")
    assert got.body.startswith(f"SIP/2.0 {status}") and got.get("Event") == "refer"
    pbx.send(pbx.answer(got, 200))
    callers.peer.expect_status(200)


def test_blind_transfer_by_a_friend(exchange, registered):
    """R29: the transferee calls anew, and its call goes by the rules as if it had dialled."""
    alice, pbx, bob = registered("alice"), registered("pbx"), registered("bob")
    callers, callees = transfer(exchange, alice, pbx, "102")
    played = exchange.play(alice, bob, "102", exchange.explain_from("alice", "102"))
    assert played.shown() == {"request": uri_of(bob.contact), "from": '"Alice Doe" <sip:101@acme.test>', "to": "<sip:102@acme.test>",
                              "identity": ["<sip:101@acme.test>"], "diversion": []}
    assert played.sent.call_id != callers.call_id
    notify(callers, pbx, 200)
    hang_up(callees, alice)
    record = exchange.record_of(callers.call_id)
    assert (record["to"], record["end"], record["rule"]) == ("pbx", "callee", "R4.2")


def test_blind_transfer_by_a_friend_to_where_the_transferee_may_not_call(exchange, registered):
    """R13: its ACL counts, not the friend's."""
    alice, pbx = registered("alice"), registered("pbx")
    callers, callees = transfer(exchange, alice, pbx, "0033123456789")
    explained = exchange.explain_from("alice", "0033123456789")
    assert (explained["status"], explained["reason"]) == (403, "CALL_ACL_DENIED")
    sent = dial(alice, "0033123456789")
    assert hear_refusal(alice, sent, 403).phrase.startswith("Call ACL")
    notify(callers, pbx, 403)
    hang_up(callers, pbx)
