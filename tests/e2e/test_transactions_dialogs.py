"""R29, R30: what passes inside a dialog, from both sides, and what the router must not touch of it."""

import pytest
from sip_client import SDP, Dialog, establish, hang_up, offer, parameter

METHODS = ("INFO", "MESSAGE", "OPTIONS", "PRACK", "UPDATE", "REFER", "NOTIFY", "SUBSCRIBE", "PUBLISH")
SIDES = ("caller", "callee")


@pytest.fixture
def call(router, peers):
    """An established call. Result: {side: (dialog, other peer)}."""
    alice, east = peers("alice"), peers("east")
    callers, callees, _ = establish(alice, east, "3100")
    yield {"caller": (callers, east), "callee": (callees, alice)}
    hang_up(callers, east)


def exchange(dialog, other, method, status=200, **options):
    """A request and its answer. Result: (as the other got it, answer as it came)."""
    dialog.peer.send(dialog.request(method, **options))
    got = other.expect_request(method)
    other.send(other.answer(got, status))
    return got, dialog.peer.expect_status(status)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("method", METHODS)
def test_r29_each_method_passes(call, side, method):
    dialog, other = call[side]
    got, answer = exchange(dialog, other, method, extra=[("X-Kept", "as it was")])
    assert got.get("X-Kept") == "as it was" and got.uri.startswith(f"sip:{other.name}@{other.address}")
    assert answer.get("From") == dialog.local and answer.get("To") == dialog.remote
    other.expect_silence(repeats=True)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("status", [202, 302, 401, 407, 481, 491, 500, 503, 600])
def test_r29_each_answer_passes(call, side, status):
    """Inside a dialog the far side's own word goes back, challenges too."""
    dialog, other = call[side]
    exchange(dialog, other, "INFO", status)


@pytest.mark.parametrize("side", SIDES)
def test_r29_a_reinvite_with_answer_and_ack(call, side):
    dialog, other = call[side]
    request = dialog.peer.send(dialog.request("INVITE"))
    got = other.expect_request("INVITE")
    trying = dialog.peer.receive()
    assert trying.status == 100
    other.send(other.answer(got, 183))
    dialog.peer.expect_status(183)
    other.send(other.answer(got, 200))
    dialog.peer.expect_status(200)
    body = SDP.format(address=dialog.peer.address)
    dialog.peer.send(dialog.request("ACK", cseq=request.cseq, body=body))
    assert other.expect_request("ACK").body == body


@pytest.mark.parametrize("side", SIDES)
def test_a_reinvite_that_is_refused(call, side):
    """The router's ACK goes back along the INVITE's way, the call stays."""
    dialog, other = call[side]
    request = dialog.peer.send(dialog.request("INVITE"))
    got = other.expect_request("INVITE")
    other.send(other.answer(got, 488))
    ack = other.expect_request("ACK")
    assert ack.list("Via") == got.list("Via")[:1] and ack.get("To") == got.get("To")
    dialog.peer.send(dialog.peer.ack_of_failure(request, dialog.peer.expect_status(488)))
    dialog.peer.expect_silence()
    other.expect_silence()


def test_reinvites_that_cross(call):
    """14.1: both are refused with 491; refusals and their ACKs arrive on both sides."""
    requests = {dialog.peer: dialog.peer.send(dialog.request("INVITE")) for dialog, _ in call.values()}
    for peer in requests:
        while not (message := peer.receive()).is_request:
            assert message.status == 100, message
        peer.send(peer.answer(message, 491))
    for peer, request in requests.items():
        heard = set()
        while heard != {491, "ACK"}:
            message = peer.receive()
            heard.add(message.method if message.is_request else message.status)
            heard.discard(100)
            if not message.is_request and message.status == 491:
                peer.send(peer.ack_of_failure(request, message))


@pytest.mark.parametrize("side", SIDES)
def test_r29_a_reliable_provisional_of_a_reinvite(call, side):
    """RFC 3262, in both directions."""
    dialog, other = call[side]
    request = dialog.peer.send(dialog.request("INVITE", extra=[("Supported", "100rel")]))
    got = other.expect_request("INVITE")
    progress = other.send(other.answer(got, 183, extra=[("Require", "100rel"), ("RSeq", "4294967295")]))
    shown = dialog.peer.expect_status(183)
    assert shown.get("Require") == "100rel" and shown.get("RSeq") == "4294967295"
    other.send(progress)
    assert str(dialog.peer.receive()) == str(shown), "a reliable provisional is repeated until its PRACK"
    rack = f"4294967295 {request.cseq} INVITE"
    prack, _ = exchange(dialog, other, "PRACK", extra=[("RAck", rack)])
    assert prack.get("RAck") == rack
    other.send(other.answer(got, 200))
    dialog.peer.expect_status(200)
    dialog.peer.send(dialog.request("ACK", cseq=request.cseq))
    other.expect_request("ACK")


def test_an_early_dialog(router, peers):
    """PRACK by the caller and UPDATE from both sides before the call is answered."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100", extra=[("Supported", "100rel")])
    progress = east.send(east.answer(got, 183, extra=[("Require", "100rel"), ("RSeq", "1")], tag="early"))
    callers = Dialog(alice, sent, alice.expect_status(183), True)
    callees = Dialog(east, got, progress, False)
    exchange(callers, east, "PRACK", extra=[("RAck", f"1 {sent.cseq} INVITE")])
    exchange(callers, east, "UPDATE")
    exchange(callees, alice, "UPDATE")
    east.send(east.answer(got, 200, tag="early"))
    alice.expect_status(200)
    alice.send(callers.request("ACK", cseq=sent.cseq))
    east.expect_request("ACK")
    hang_up(callees, alice)


def test_r29_a_transfer(call):
    """RFC 3515: REFER, and NOTIFYs the other way."""
    dialog, other = call["caller"]
    referred, _ = exchange(dialog, other, "REFER", 202, extra=[("Refer-To", "<sip:102@acme.test>"), ("Referred-By", "<sip:101@acme.test>")])
    assert referred.get("Refer-To") == "<sip:102@acme.test>"
    back, peer = call["callee"]
    for state in ("active", "terminated;reason=noresource"):
        notified, _ = exchange(back, peer, "NOTIFY", extra=[("Event", "refer"), ("Subscription-State", state)])
        assert notified.get("Subscription-State") == state


def test_session_timers_pass(router, peers):
    """RFC 4028: what the ends agree on is theirs; 422 goes back."""
    alice, east = peers("alice"), peers("east")
    timers = [("Supported", "timer"), ("Session-Expires", "1800;refresher=uac"), ("Min-SE", "90")]
    sent, got = offer(alice, east, "3100", extra=timers)
    for name, value in timers:
        assert got.get(name) == value
    answer = east.send(east.answer(got, 200, extra=[("Require", "timer"), ("Session-Expires", "1800;refresher=uac")]))
    answered = alice.expect_status(200)
    assert answered.get("Session-Expires") == "1800;refresher=uac" and answered.get("Require") == "timer"
    callers, callees = Dialog(alice, sent, answered, True), Dialog(east, got, answer, False)
    alice.send(callers.request("ACK", cseq=sent.cseq))
    east.expect_request("ACK")
    for dialog, other in ((callers, east), (callees, alice)):
        refreshed, _ = exchange(dialog, other, "UPDATE", extra=timers)
        assert refreshed.get("Session-Expires") == "1800;refresher=uac"
    small, _ = exchange(callers, east, "UPDATE", 422, extra=[("Session-Expires", "60")])
    assert small.get("Session-Expires") == "60"
    hang_up(callers, east)


def test_both_hang_up_at_once(router, peers):
    alice, east = peers("alice"), peers("east")
    callers, callees, _ = establish(alice, east, "3100")
    alice.send(callers.request("BYE"))
    east.send(callees.request("BYE"))
    for peer in (alice, east):
        peer.send(peer.answer(peer.expect_request("BYE"), 200))
    for peer in (alice, east):
        assert peer.expect_status(200).method == "BYE"


def test_a_bye_in_an_early_dialog(router, peers):
    """15: the caller may; the callee answers the INVITE with 487."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 180, tag="early"))
    early = Dialog(alice, sent, alice.expect_status(180), True)
    exchange(early, east, "BYE")
    east.send(east.answer(got, 487, tag="early"))
    alice.send(alice.ack_of_failure(sent, alice.expect_status(487)))
    east.expect_request("ACK")
    assert parameter(early.remote, "tag") == "early"
