"""RFC 3261 9, 16.10: CANCEL at every moment, the 200 at once, and 487 when the callee has given up."""

import pytest
from sip_client import Dialog, establish, hang_up, offer, parameter


def cancel(peer, sent, status=200):
    """Sends the CANCEL of `sent`; its answer, which does not wait for the callee. Result: the CANCEL."""
    message = peer.send(peer.cancel_of(sent))
    answer = peer.expect_status(status)
    assert answer.method == "CANCEL" and answer.cseq == sent.cseq
    return message


def expect_cancel(peer, got):
    """The router's CANCEL of an INVITE that came, answered 200. 9.1: the same branch, the only Via, no tag that was not there."""
    message = peer.expect_request("CANCEL")
    assert message.list("Via") == got.list("Via")[:1]
    assert message.uri == got.uri and message.get("To") == got.get("To") and message.get("From") == got.get("From")
    assert message.cseq == got.cseq and message.call_id == got.call_id
    peer.send(peer.answer(message, 200))
    return message


def give_up(callee, got, caller, sent, tag="t1"):
    """487 of the callee is acknowledged and goes to the caller, who acknowledges it."""
    callee.send(callee.answer(got, 487, tag=tag))
    ended = caller.expect_status(487)
    assert ended.method == "INVITE"
    caller.send(caller.ack_of_failure(sent, ended))
    assert callee.expect_request("ACK").list("Via") == got.list("Via")[:1]
    caller.expect_silence()
    callee.expect_silence(repeats=True)


def test_before_the_callee_says_anything(router, peers):
    """9.1: held back until a provisional response comes."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    cancel(alice, sent)
    east.expect_silence()
    east.send(east.answer(got, 100))
    expect_cancel(east, got)
    give_up(east, got, alice, sent)


def test_together_with_the_invite(router, peers):
    """Both in the same burst, before 100."""
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100")
    sent = alice.authorized(request, alice.challenged(request))
    alice.send(sent)
    alice.send(alice.cancel_of(sent))
    assert {(message.status, message.method) for message in (alice.receive(), alice.receive())} == {(100, "INVITE"), (200, "CANCEL")}
    got = east.expect_request("INVITE")
    east.send(east.answer(got, 180, tag="t1"))
    expect_cancel(east, got)
    give_up(east, got, alice, sent)


def test_after_ringing(router, peers):
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 180, tag="t1"))
    alice.expect_status(180)
    cancel(alice, sent)
    expect_cancel(east, got)
    give_up(east, got, alice, sent)


def test_a_callee_that_answers_a_cancelled_call(router, peers):
    """The 200 crosses the CANCEL: it passes (16.7 step 5), and the caller ends the call."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 180, tag="t1"))
    alice.expect_status(180)
    cancel(alice, sent)
    expect_cancel(east, got)
    answer = east.send(east.answer(got, 200, tag="t1"))
    answered = alice.expect_status(200)
    assert answered.method == "INVITE"
    callers = Dialog(alice, sent, answered, True)
    alice.send(callers.request("ACK", cseq=sent.cseq))
    east.expect_request("ACK")
    hang_up(callers, east)
    assert answer.status == 200


def test_after_200(router, peers):
    """Too late: 200 to the CANCEL (9.2), and the callee hears nothing."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    answer = east.send(east.answer(got, 200, tag="t1"))
    answered = alice.expect_status(200)
    cancel(alice, sent)
    east.expect_silence(repeats=True)
    callers = Dialog(alice, sent, answered, True)
    alice.send(callers.request("ACK", cseq=sent.cseq))
    east.expect_request("ACK")
    cancel(alice, sent)
    east.expect_silence(repeats=True)
    hang_up(Dialog(east, got, answer, False), alice)


def test_after_failure(router, peers):
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 486, tag="t1"))
    refused = alice.expect_status(486)
    alice.send(alice.cancel_of(sent))
    while (answer := alice.receive()).method == "INVITE":
        assert answer.status == 486  # again: nobody has acknowledged it
    assert answer.status == 200
    east.expect_request("ACK")
    east.expect_silence()
    alice.send(alice.ack_of_failure(sent, refused))


def test_twice(router, peers):
    """The second is a retransmission: 200 again, and one CANCEL for the callee."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 180, tag="t1"))
    alice.expect_status(180)
    first = cancel(alice, sent)
    expect_cancel(east, got)
    alice.send(first)
    assert alice.expect_status(200).method == "CANCEL"
    east.expect_silence(repeats=True)
    give_up(east, got, alice, sent)
    cancel(alice, sent)
    east.expect_silence(repeats=True)


def test_a_cancel_is_repeated_until_answered(router, peers):
    """17.1.2.2: a CANCEL is a transaction of its own, and the INVITE waits for its end."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 180, tag="t1"))
    alice.expect_status(180)
    cancel(alice, sent)
    first = east.expect_request("CANCEL")
    again = east.expect_request("CANCEL", repeats=True)
    assert str(again) == str(first)
    east.send(east.answer(first, 200))
    give_up(east, got, alice, sent)


def test_provisional_responses_of_a_cancelled_call_do_not_cancel_again(router, peers):
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 180, tag="t1"))
    alice.expect_status(180)
    cancel(alice, sent)
    expect_cancel(east, got)
    east.send(east.answer(got, 183, tag="t1"))
    east.expect_silence(repeats=True)
    east.send(east.answer(got, 487, tag="t1"))
    while (ended := alice.receive()).status < 200:
        pass
    assert ended.status == 487
    alice.send(alice.ack_of_failure(sent, ended))
    east.expect_request("ACK")


@pytest.mark.parametrize("what", ["branch", "sent-by", "call", "number", "nothing"])
def test_unknown_is_481(router, peers, what):
    """9.2: what names no INVITE of ours, by one word that differs; what is there goes on."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    assert alice.receive().status == 100
    message = alice.cancel_of(sent)
    via = message.get("Via")
    if what == "branch":
        message.set("Via", via.replace(parameter(via, "branch"), parameter(via, "branch") + "x"))
    elif what == "sent-by":
        message.set("Via", via.replace(":5060", ":5061"))
    elif what == "call":
        message.set("Call-ID", sent.call_id + "x")
    elif what == "number":
        message.set("CSeq", f"{sent.cseq + 1} CANCEL")
    else:
        message = alice.cancel_of(alice.invite_request("3100"))
    alice.send(message)
    assert alice.expect_status(481).method == "CANCEL"
    east.expect_silence()
    east.send(east.answer(got, 486))
    alice.send(alice.ack_of_failure(sent, alice.expect_status(486)))


def test_of_a_refused_call(router, peers):
    """The router's own refusals: 404 went up, its CANCEL finds nothing to cancel."""
    alice = peers("alice")
    request = alice.invite_request("3$100")
    sent = alice.authorized(request, alice.challenged(request))
    assert alice.transact(sent).status == 404
    alice.send(alice.cancel_of(sent))
    assert alice.expect_status(481).method == "CANCEL"


def test_of_a_reinvite(router, peers):
    """In a dialog, from both sides: the call stays."""
    alice, east = peers("alice"), peers("east")
    callers, callees, _ = establish(alice, east, "3100")
    for dialog, other in ((callers, east), (callees, alice)):
        sent = dialog.peer.send(dialog.request("INVITE"))
        got = other.expect_request("INVITE")
        other.send(other.answer(got, 180))
        dialog.peer.expect_status(180)
        cancel(dialog.peer, sent)
        expect_cancel(other, got)
        other.send(other.answer(got, 487))
        dialog.peer.send(dialog.peer.ack_of_failure(sent, dialog.peer.expect_status(487)))
        other.expect_request("ACK")
    hang_up(callers, east)


def test_wrong_route_does_not_matter(router, peers):
    """16.10: a CANCEL is the INVITE's hop by hop; a Route of another call leads it nowhere else."""
    alice, east, west = peers("alice"), peers("east"), peers("west")
    others, _, _ = establish(alice, west, "+442079460000")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 180, tag="t1"))
    alice.expect_status(180)
    message = alice.cancel_of(sent)
    message.headers.insert(1, ("Route", others.routes[0]))
    alice.send(message)
    assert alice.expect_status(200).method == "CANCEL"
    west.expect_silence()
    expect_cancel(east, got)
    give_up(east, got, alice, sent)
    hang_up(others, west)
