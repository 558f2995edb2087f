"""R13 to R18: what the public network may be asked, and which number it is shown."""

import pytest

from conftest import WAN
from router_state import counted, expect_sound
from sip_client import dial_in_vain, establish, hang_up, hear_refusal, host_of, refuse, token, user_of


def refusal(answer):
    return answer.status, answer.phrase


def from_outside(telco, number, sender="600111222", **options):
    return telco.request("INVITE", f"sip:{number}@{WAN}", from_=f"<sip:{sender}@{telco.address}>;tag={token('f')}", **options)


def asked(uri):
    return user_of(f"<{uri}>")


# R13.

def test_r13_the_refusal_names_the_acl(ruled, own_peers):
    alice, telco = own_peers("alice"), own_peers("telco-a")
    assert refusal(alice.refused("900123123")) == (403, "Call ACL national")
    telco.expect_silence()


@pytest.mark.parametrize("number, allowed", [("806123456", True), ("806223456", False), ("912345678", True)])
def test_r13_first_rule_that_matches_then_default(ruled, own_peers, number, allowed):
    east, telco = own_peers("east"), own_peers("telco-a")
    if allowed:
        assert asked(dial_in_vain(east, telco, number).uri) == number
    else:
        assert refusal(east.refused(number)) == (403, "Call ACL ordered")


def test_r13_default_deny(ruled, own_peers):
    assert refusal(own_peers("alice").refused("00442079460000")) == (403, "Call ACL national")


def test_r13_not_for_extensions_also_to_a_number(ruled, own_peers):
    assert asked(dial_in_vain(own_peers("alice"), own_peers("telco-a"), "900").uri) == "900123123"


def test_r13_not_for_friends(ruled, own_peers):
    """R9: +33 is denied to alice, and taken by a friend."""
    dial_in_vain(own_peers("alice"), own_peers("west"), "0033123456789")


def test_r13_not_for_ddis(ruled, own_peers):
    """A call from outside, to a DDI that leads out again: nobody's ACL is asked."""
    caller, telco = own_peers("telco-a", port=5081), own_peers("telco-a")
    sent = caller.send(from_outside(caller, "944000005"))
    assert asked(refuse(telco, 486).uri) == "900123123"
    hear_refusal(caller, sent, 486)


def test_r13_holds_for_our_own_ddis(ruled, own_peers):
    """R17: a call to one of them counts as external."""
    assert refusal(own_peers("alice").refused("955000000")) == (403, "Call ACL national")


def test_r13_comes_before_the_ddi(ruled, own_peers):
    """gina has neither; gil has no DDI only."""
    assert refusal(own_peers("gina").refused("912345678")) == (403, "Call ACL closed")
    assert refusal(own_peers("gil").refused("912345678")) == (403, "No outgoing DDI")


# R14.

PAI, PPI, RPID = "P-Asserted-Identity", "P-Preferred-Identity", "Remote-Party-ID"
OURS, OTHERS = "<sip:944000003@pbx.test>", "<sip:944000001@pbx.test>"
FOREIGN = "<sip:600111222@pbx.test>"


@pytest.mark.parametrize("identities", [
    [(PAI, OURS)], [(PPI, OURS)], [(RPID, f"{OURS};party=calling")],
    [(PPI, OTHERS), (PAI, OURS)], [(RPID, OTHERS), (PAI, OURS)], [(RPID, OTHERS), (PPI, OURS)],
    [(PAI, "<tel:+34944000003>")], [(PAI, '"Hq" <sip:0034944000003@pbx.test;user=phone>')], [(PAI, "<sip:4000003@pbx.test>")],
    [(PAI, "garbage <<"), (RPID, OURS)],
], ids=lambda identities: " ".join(f"{name}={value}" for name, value in identities))
def test_r14_1_the_identity_is_a_ddi_of_the_company(ruled, own_peers, identities):
    """Converted with the friend's country and area code; From, a DDI too, is asked last."""
    got = dial_in_vain(own_peers("pbx"), own_peers("telco-a"), "912345678", extra=identities,
                       from_=f"<sip:944000001@acme.test>;tag={token('f')}")
    assert user_of(got.get("From")) == user_of(got.get(PAI)) == "944000003"
    assert got.all(PPI) == got.all(RPID) == [] and len(got.all(PAI)) == 1


@pytest.mark.parametrize("sender", ["944000001", "+34944000001", "4000001", "9440-000.01"])
def test_r14_1_from_when_there_is_no_identity(ruled, own_peers, sender):
    got = dial_in_vain(own_peers("pbx"), own_peers("telco-a"), "912345678", from_=f"<sip:{sender}@acme.test>;tag={token('f')}")
    assert user_of(got.get("From")) == "944000001"


def test_r14_2_diverted_by_a_ddi(ruled, own_peers):
    diversion = "<sip:944000001@acme.test>;reason=user-busy"
    got = dial_in_vain(own_peers("pbx"), own_peers("telco-a"), "912345678", extra=[(PAI, FOREIGN), ("Diversion", diversion)])
    assert user_of(got.get("From")) == user_of(got.get(PAI)) == "600111222"
    assert got.all("Diversion") == [diversion]


@pytest.mark.parametrize("diversions", [
    ["<sip:955000000@acme.test>"], ["<sip:600333444@acme.test>", "<sip:944000001@acme.test>"], ["garbage"], []],
    ids=["of another company", "only the second", "garbage", "none"])
def test_r14_3_else_the_fallback(ruled, own_peers, diversions):
    got = dial_in_vain(own_peers("pbx"), own_peers("telco-a"), "912345678",
                       extra=[(PAI, FOREIGN), *(("Diversion", diversion) for diversion in diversions)])
    assert user_of(got.get("From")) == user_of(got.get(PAI)) == "944000002"
    assert got.all("Diversion") == []


@pytest.mark.parametrize("sender", ["pbx", "anonymous", "hq"])
def test_r14_3_no_number_at_all(ruled, own_peers, sender):
    got = dial_in_vain(own_peers("pbx"), own_peers("telco-a"), "912345678", from_=f"<sip:{sender}@acme.test>;tag={token('f')}")
    assert user_of(got.get(PAI)) == "944000002"


def test_r14_3_else_the_company(ruled, own_peers):
    got = dial_in_vain(own_peers("east"), own_peers("telco-a"), "912345678", extra=[(PAI, FOREIGN)])
    assert user_of(got.get("From")) == "944000000"


def test_r14_4_nothing_to_present(ruled, own_peers):
    """A DDI of another company is none."""
    gate, telco = own_peers("gate"), own_peers("telco-a")
    assert refusal(gate.refused("912345678", extra=[(PAI, "<sip:944000001@globex.test>")])) == (403, "No outgoing DDI")
    telco.expect_silence()


# R15, R16.

def test_r15_what_a_user_says_of_itself_is_removed(ruled, own_peers):
    got = dial_in_vain(own_peers("alice"), own_peers("telco-a"), "912345678", extra=[
        (PAI, OURS), (PPI, OURS), (RPID, OURS), ("Diversion", OURS), ("Diversion", "<sip:944000002@acme.test>")])
    assert user_of(got.get("From")) == user_of(got.get(PAI)) == "944000001"
    assert len(got.all(PAI)) == 1 and got.all(PPI) == got.all(RPID) == got.all("Diversion") == []


def test_r16_all_of_it_in_the_carriers_format(ruled, own_peers):
    bob = own_peers("bob")
    got = dial_in_vain(bob, own_peers("telco-a"), "+34912345678", extra=[("X-Floor", "3"), ("x-room", "4"), ("P-Charge-Info", "<sip:x@y>")])
    assert got.uri == "sip:912345678@203.0.113.7" and got.get("To") == "<sip:912345678@203.0.113.7>"
    assert (user_of(got.get("From")), host_of(got.get("From"))) == ("944000000", WAN), "without from_domain: our address"
    assert got.get(PAI) == f"<sip:944000000@{WAN}>"
    assert not [name for name, _ in got.headers if name.lower().startswith("x-") or name == "P-Charge-Info"]
    got = dial_in_vain(bob, own_peers("telco-b"), "00442079460000")
    assert got.uri == "sip:+442079460000@203.0.113.20" and got.get("To") == "<sip:+442079460000@203.0.113.20>"
    assert got.get(PAI) == "<sip:+34944000000@sip.example.net>" and got.get("From").startswith("<sip:+34944000000@sip.example.net>")


def test_r16_private_headers_do_not_leave_later_either(ruled, own_peers):
    """Asterisk writes X-Asterisk-HangupCause into its BYE. What the carrier says is for the company to read."""
    bob, telco, private = own_peers("bob"), own_peers("telco-a"), [("X-Secret", "1"), ("P-Charge-Info", "<sip:x@y>")]
    callers, callees, _ = establish(bob, telco, "912345678")
    for dialog, other, kept in ((callers, telco, False), (callees, bob, True)):
        dialog.peer.send(dialog.request("INFO", extra=private))
        got = other.expect_request("INFO")
        other.send(other.answer(got, 200, extra=private), to=other.last_source)
        assert [got.get(name) is not None for name, _ in private] == [kept] * 2
        answer = dialog.peer.expect_status(200)
        assert [answer.get(name) is not None for name, _ in private] == [not kept] * 2
    bob.send(callers.request("BYE", extra=private))
    got = telco.expect_request("BYE")
    assert got.get("X-Secret") is None
    telco.send(telco.answer(got, 200), to=telco.last_source)


def test_r16_private_headers_do_not_leave_in_answers(ruled, own_peers):
    telco, pbx = own_peers("telco-a"), own_peers("pbx")
    sent = telco.send(from_outside(telco, "944000000", extra=[("X-Of-The-Carrier", "1")]))
    got = pbx.expect_request("INVITE")
    assert got.get("X-Of-The-Carrier") == "1"
    for status in (180, 486):
        pbx.send(pbx.answer(got, status, tag="t", extra=[("X-Secret", "1")]), to=pbx.last_source)
    assert telco.expect_status(180).get("X-Secret") is None
    assert hear_refusal(telco, sent, 486).get("X-Secret") is None


# R17.

@pytest.mark.parametrize("who, dialled, shown", [
    ("bob", "955000000", "944000000"), ("bob", "+34955000000", "944000000"), ("dora", "01134955000000", "944000000"),
    ("ivan", "01134955000000", "0012125550100")])
def test_r17_a_ddi_of_another_company_does_not_leave(ruled, own_peers, who, dialled, shown):
    """Dialled in the caller's format, shown the presented number in the called side's."""
    caller, gina, telco = own_peers(who), own_peers("gina"), own_peers("telco-a")
    assert gina.register().status == 200
    got = dial_in_vain(caller, gina, dialled, extra=[(PAI, OURS)] if who == "bob" else [])
    assert user_of(got.get("From")) == user_of(got.get(PAI)) == shown
    assert not got.get("From").startswith('"')
    telco.expect_silence(0.05)
    assert gina.forget().status == 200


def test_r17_a_ddi_of_the_own_company_comes_back(ruled, own_peers):
    """alice's area code is not dialled, nor shown."""
    bob, alice, telco = own_peers("bob"), own_peers("alice"), own_peers("telco-a")
    assert alice.register().status == 200
    for dialled in ("944000001", "4000001"):
        assert user_of(dial_in_vain(bob, alice, dialled).get("From")) == "4000000"
    assert user_of(dial_in_vain(own_peers("dora"), alice, "01134944000001").get("From")) == "4000000"
    telco.expect_silence(0.05)
    assert alice.forget().status == 200


# R18.

def ring(caller, callee, number):
    """A call that rings. Result: (INVITE as sent, as the callee got it)."""
    sent = caller.invite(number)
    return sent, callee.expect_request("INVITE")


def give_up(caller, callee, sent, got):
    callee.send(callee.answer(got, 486), to=callee.last_source)
    callee.expect_request("ACK")
    hear_refusal(caller, sent, 486)


def test_r18_calls_towards_a_user(ruled, own_peers):
    pbx, bob = own_peers("pbx"), own_peers("bob")
    assert bob.register().status == 200
    sent, got = ring(pbx, bob, "102")
    with counted(ruled, "ENDPOINT_CALL_LIMIT"):
        assert refusal(pbx.refused("102")) == (486, "Busy Here")
    give_up(pbx, bob, sent, got)
    callers, _, _ = establish(pbx, bob, "102")
    assert refusal(pbx.refused("102")) == (486, "Busy Here")
    hang_up(callers, bob)
    dial_in_vain(pbx, bob, "102")
    assert bob.forget().status == 200
    expect_sound(ruled)


def test_r18_calls_towards_a_friend(ruled, own_peers):
    alice, east = own_peers("alice"), own_peers("east")
    sent, got = ring(alice, east, "3100")
    assert refusal(own_peers("pbx").refused("3101")) == (486, "Busy Here")
    give_up(alice, east, sent, got)
    dial_in_vain(alice, east, "3100")
    expect_sound(ruled)


def test_r18_calls_of_a_company(ruled, own_peers):
    """Both directions together; internal calls are not meant."""
    ivan, ipbx, telco, telco_a = own_peers("ivan"), own_peers("ipbx"), own_peers("telco-b"), own_peers("telco-a")
    callers, _, _ = establish(ivan, telco, "4155551234")
    with counted(ruled, "COMPANY_CALL_LIMIT"), counted(ruled, "COMPANY_CALL_LIMIT_INBOUND"):
        assert refusal(ivan.refused("4155551234")) == (503, "Company call limit")
        assert refusal(telco_a.transact(from_outside(telco_a, "0012125550100"))) == (486, "Busy Here")
    dial_in_vain(ivan, ipbx, "5000")
    hang_up(callers, telco)
    sent = telco_a.send(from_outside(telco_a, "0012125550100"))
    got = ipbx.expect_request("INVITE")
    assert refusal(ivan.refused("4155551234")) == (503, "Company call limit")
    give_up(telco_a, ipbx, sent, got)
    dial_in_vain(ivan, telco, "4155551234")
    expect_sound(ruled)


def test_r18_calls_of_a_carrier(ruled, own_peers):
    bob, narrow, inbound, pbx = own_peers("bob"), own_peers("telco-b", port=5070), own_peers("outsider"), own_peers("pbx")
    sent, got = ring(bob, narrow, "0049301234567")
    with counted(ruled, "CARRIER_CALL_LIMIT"), counted(ruled, "CARRIER_CALL_LIMIT_INBOUND"):
        assert refusal(bob.refused("0049301234567")) == (503, "Company call limit")
        assert refusal(inbound.transact(from_outside(inbound, "+34944000000"))) == (486, "Busy Here")
    give_up(bob, narrow, sent, got)
    sent = inbound.send(from_outside(inbound, "+34944000000"))
    got = pbx.expect_request("INVITE")
    assert refusal(bob.refused("0049301234567")) == (503, "Company call limit")
    give_up(inbound, pbx, sent, got)
    expect_sound(ruled)


def too_fast(trusted, pbx, count):
    """So many calls at once. Result: the answers of those that were refused; the others are over too."""
    calls = {call.call_id: call for call in (trusted.send(trusted.invite_request("2000")) for _ in range(count))}
    first = {}
    while len(first) < count:
        answer = trusted.receive()
        first.setdefault(answer.call_id, answer)
    refused = [answer for answer in first.values() if answer.status != 100]
    passed = [pbx.expect_request("INVITE") for _ in range(count - len(refused))]
    for got in passed:
        pbx.send(pbx.answer(got, 486), to=pbx.last_source)
    for answer in refused + [trusted.expect_status(486) for _ in passed]:
        trusted.send(trusted.ack_of_failure(calls[answer.call_id], answer))
    return refused


def test_r18_new_calls_per_second(ruled, own_peers):
    refused = too_fast(own_peers("trusted"), own_peers("pbx"), 4)
    assert 2 <= len(refused) <= 3, "four calls fall into two seconds at most"
    assert {refusal(answer) for answer in refused} == {(503, "Too Many Calls")}
    assert [answer.get("Retry-After") for answer in refused] == ["1"] * len(refused)


# R37: 112 is among the emergency numbers.

def test_r37_the_carrier_gets_the_number_as_dialled(ruled, own_peers):
    """An ACL that denies it is not asked, an extension of this number not looked at."""
    alice, telco = own_peers("alice"), own_peers("telco-a")
    for number in ("112", "061", "1-1-2"):
        got = dial_in_vain(alice, telco, number)
        assert asked(got.uri) == user_of(got.get("To")) == number.replace("-", "")
        assert user_of(got.get("From")) == "944000001"


def test_r37_with_the_ddi_of_the_company_or_as_it_came(ruled, own_peers):
    telco = own_peers("telco-a")
    assert user_of(dial_in_vain(own_peers("bob"), telco, "112").get("From")) == "944000000"
    got = dial_in_vain(own_peers("gina"), telco, "112", from_=f"<sip:4711@globex.test>;tag={token('f')}")
    assert user_of(got.get("From")) == "4711"
    assert got.get(PAI) is None


def test_r37_no_limit_stops_it(ruled, own_peers):
    trusted, ivan, telco, telco_a = own_peers("trusted"), own_peers("ivan"), own_peers("telco-b"), own_peers("telco-a")
    assert too_fast(trusted, own_peers("pbx"), 4)
    sent = trusted.send(trusted.invite_request("112"))
    refuse(telco_a, 486)
    hear_refusal(trusted, sent, 486)
    callers, _, _ = establish(ivan, telco, "4155551234")
    dial_in_vain(ivan, telco, "911")
    hang_up(callers, telco)
    expect_sound(ruled)


def test_r37_no_ban_stops_it(ruled, own_peers):
    """The endpoint is banned for this address; with its right password it still gets help."""
    stranger, telco = own_peers("stranger"), own_peers("telco-a")
    for _ in range(300):  # the control thread bans, when it gets to it
        request = stranger.invite_request("912345678")
        answer = stranger.transact(stranger.authorized(request, stranger.challenged(request), "bob", "guess"))
        if answer.status == 403:
            break
    assert refusal(answer) == (403, "Forbidden")
    for number in ("112", "%3112", "1-1-2"):
        request = stranger.invite_request(number)
        sent = stranger.send(stranger.authorized(request, stranger.challenged(request), "bob", "bob-secret"))
        assert asked(refuse(telco, 486).uri) == "112"
        hear_refusal(stranger, sent, 486)


def test_r37_no_drain_stops_it(ruled, own_peers):
    alice, telco = own_peers("alice"), own_peers("telco-a")
    ruled.must("drain")
    try:
        with counted(ruled, "DRAINING"):
            answer = alice.refused("912345678")
        assert refusal(answer) == (503, "Service Unavailable") and int(answer.get("Retry-After")) > 0
        assert asked(dial_in_vain(alice, telco, "112").uri) == "112"
    finally:
        ruled.must("drain", "--end")
