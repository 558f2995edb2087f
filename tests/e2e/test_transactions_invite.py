"""RFC 3261 16 and 17: an INVITE and what is retransmitted and absorbed around it, while the wire is good."""

import pytest
from conftest import Peers
from sip_client import Dialog, Silence, Watch, establish, hang_up, offer, parameter, token

RETRANSMISSION_S = 1.5  # long enough for a first and a second one


def answers(peer, wait_s=RETRANSMISSION_S):
    """All that comes until silence."""
    messages = []
    while True:
        try:
            messages.append(peer.receive(wait_s, repeats=True))
        except Silence:
            return messages


def statuses(peer, wait_s=RETRANSMISSION_S):
    return [message.status for message in answers(peer, wait_s)]


def test_100_at_once(router, peers):
    """RFC 3261 17.2.1, 8.2.6.1: before the callee says anything, with the request's Timestamp and without a tag."""
    alice, east = peers("alice"), peers("east")
    sent = alice.invite("3100", extra=[("Timestamp", "54.25")])
    trying = alice.receive()
    assert trying.status == 100 and trying.get("Timestamp") == "54.25"
    assert parameter(trying.get("To"), "tag") is None
    assert parameter(trying.get("Via"), "branch") == parameter(sent.get("Via"), "branch") and len(trying.list("Via")) == 1
    assert trying.get("CSeq") == sent.get("CSeq") and trying.call_id == sent.call_id
    east.expect_request("INVITE")


def test_the_callees_100_stays_here(router, peers):
    """RFC 3261 16.7 step 5."""
    alice, east = peers("alice"), peers("east")
    _, got = offer(alice, east, "3100")
    assert alice.receive().status == 100
    east.send(east.answer(got, 100))
    alice.expect_silence()
    east.send(east.answer(got, 486))
    assert alice.receive().status == 486


def test_a_provisional_response_ends_retransmission(router, peers):
    """17.1.1.2: timer A runs until something is heard."""
    alice, east = peers("alice"), peers("east")
    _, got = offer(alice, east, "3100")
    again = east.expect_request("INVITE", repeats=True)
    assert str(again) == str(got), "a retransmission is the same message"
    east.send(east.answer(got, 180, tag="t1"))
    alice.expect_status(180)
    east.expect_silence(RETRANSMISSION_S, repeats=True)


def test_a_repeated_invite_is_answered_from_state(router, peers):
    """17.2.1: the most recent provisional response again; the callee hears nothing of it."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    assert alice.receive().status == 100
    alice.send(sent)
    assert alice.receive().status == 100
    east.send(east.answer(got, 183, tag="t1"))
    first = alice.expect_status(183)
    east.expect_silence(repeats=True)
    for _ in range(3):
        alice.send(sent)
        assert str(alice.receive()) == str(first)
    east.expect_silence(RETRANSMISSION_S, repeats=True)


def test_a_failure_is_acknowledged_on_both_sides(router, peers):
    """17.1.1.3, 17.2.1: the router's own ACK goes to the callee, the caller's ends here."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 486, tag="busy1"))
    ack = east.expect_request("ACK")
    assert ack.list("Via") == got.list("Via")[:1], "the ACK's only Via is the INVITE's topmost"
    assert parameter(ack.get("To"), "tag") == "busy1" and ack.get("From") == got.get("From")
    assert ack.uri == got.uri and ack.cseq == got.cseq and ack.call_id == got.call_id
    refused = alice.expect_status(486)
    alice.send(alice.ack_of_failure(sent, refused))
    alice.expect_silence(RETRANSMISSION_S, repeats=True)
    east.expect_silence(repeats=True)


def test_a_failure_is_repeated_until_acknowledged(router, peers):
    """17.2.1, timer G."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 486))
    refused = alice.expect_status(486)
    assert str(alice.receive()) == str(refused) == str(alice.receive()), "486 was not repeated"
    alice.send(alice.ack_of_failure(sent, refused))
    alice.expect_silence(RETRANSMISSION_S)
    alice.send(sent)
    alice.expect_silence()  # timer I: absorbed


def test_a_repeated_failure_is_acknowledged_again(router, peers):
    """17.1.1.2, timer D: the callee has lost our ACK; the caller has not."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    busy = east.send(east.answer(got, 603, tag="no"))
    first = east.expect_request("ACK")
    alice.send(alice.ack_of_failure(sent, alice.expect_status(603)))
    for _ in range(3):
        east.send(busy)
        assert str(east.expect_request("ACK", repeats=True)) == str(first)
    alice.expect_silence()


def test_a_repeated_invite_after_failure_gets_the_failure(router, peers):
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 404))
    refused = alice.expect_status(404)
    alice.send(sent)
    assert str(alice.receive()) == str(refused)
    alice.send(alice.ack_of_failure(sent, refused))


def test_a_repeated_200_passes_each_time(router, peers):
    """13.3.1.4, RFC 6026: 2xx and their ACK are the ends' business."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    answer = east.send(east.answer(got, 200, tag="t1"))
    answered = alice.expect_status(200)
    alice.expect_silence(RETRANSMISSION_S)  # nobody but the callee repeats a 2xx
    for _ in range(3):
        east.send(answer)
        assert str(alice.receive()) == str(answered)
    callers, callees = Dialog(alice, sent, answered, True), Dialog(east, got, answer, False)
    ack = callers.request("ACK", cseq=sent.cseq)
    for _ in range(3):
        alice.send(ack)
        assert east.expect_request("ACK", repeats=True).cseq == sent.cseq
    alice.send(sent)
    alice.expect_silence()  # Accepted: absorbed
    east.expect_silence(repeats=True)
    hang_up(callees, alice)


def test_late_responses_after_a_failure_go_nowhere(router, peers):
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    east.send(east.answer(got, 486, tag="t1"))
    alice.send(alice.ack_of_failure(sent, alice.expect_status(486)))
    east.expect_request("ACK")
    east.send(east.answer(got, 180, tag="t1"))
    alice.expect_silence()


def test_a_repeated_request_in_a_dialog_is_answered_from_state(router, peers):
    """17.2.2: Completed answers again; the callee sees one."""
    alice, east = peers("alice"), peers("east")
    callers, _, _ = establish(alice, east, "3100")
    info = alice.send(callers.request("INFO"))
    got = east.expect_request("INFO")
    alice.send(info)
    east.expect_silence(repeats=True)
    east.send(east.answer(got, 200))
    first = alice.expect_status(200)
    for _ in range(3):
        alice.send(info)
        assert str(alice.receive()) == str(first)
    east.expect_silence(repeats=True)
    hang_up(callers, east)


def test_a_request_without_answer_is_repeated(router, peers):
    """17.1.2.2, timer E."""
    alice, east = peers("alice"), peers("east")
    callers, _, _ = establish(alice, east, "3100")
    alice.send(callers.request("INFO"))
    got = east.expect_request("INFO")
    assert str(east.expect_request("INFO", repeats=True)) == str(got) == str(east.expect_request("INFO", repeats=True))
    east.send(east.answer(got, 200))
    alice.expect_status(200)
    east.expect_silence(RETRANSMISSION_S, repeats=True)
    hang_up(callers, east)


def test_a_repeated_answer_is_absorbed(router, peers):
    """17.1.2.2, timer K."""
    alice, east = peers("alice"), peers("east")
    callers, _, _ = establish(alice, east, "3100")
    alice.send(callers.request("INFO"))
    answer = east.send(east.answer(east.expect_request("INFO"), 200))
    alice.expect_status(200)
    east.send(answer)
    alice.expect_silence()
    hang_up(callers, east)


def test_merged_requests_are_482(router, peers):
    """8.2.2.2: the same From tag, Call-ID and CSeq by another way."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    other_way = sent.copy().without("Via")
    other_way.headers.insert(0, ("Via", alice.via()))
    alice.send(other_way)
    while (answer := alice.receive()).status == 100:
        pass
    # Its credentials were used already (R2): who asks again with fresh ones meets the merged request.
    if answer.status == 407:
        alice.send(alice.ack_of_failure(other_way, answer))
        other_way = alice.authorized(other_way, answer, cseq=sent.cseq)
        answer = alice.transact(other_way)
    assert answer.status == 482 and answer.cseq == sent.cseq
    east.expect_silence()
    east.send(east.answer(got, 486))
    alice.send(alice.ack_of_failure(sent, alice.expect_status(486)))


def test_rfc_2543_caller(router, peers):
    """17.2.3: a branch without the magic cookie, and none at all; matched by tags, Call-ID, CSeq and Via."""
    trusted, east = peers("trusted"), peers("east")
    for branch in ("", ";branch=1", f";branch={token()}"):
        request = trusted.invite_request("3100")
        request.set("Via", f"SIP/2.0/UDP {trusted.host}:{trusted.port}{branch}")
        trusted.send(request)
        got = east.expect_request("INVITE")
        trusted.send(request)
        east.send(east.answer(got, 180, tag="t1"))
        trusted.expect_status(180)
        trusted.send(request)
        assert trusted.expect_status(180)
        east.send(east.answer(got, 486, tag="t1"))
        refused = trusted.expect_status(486)
        trusted.send(trusted.ack_of_failure(request, refused))
        trusted.expect_silence(RETRANSMISSION_S)
        assert east.expect_request("ACK").call_id == request.call_id
        east.expect_silence(repeats=True)


def test_rfc_2543_caller_cancels(router, peers):
    trusted, east = peers("trusted"), peers("east")
    request = trusted.invite_request("3100")
    request.set("Via", f"SIP/2.0/UDP {trusted.host}:{trusted.port}")
    trusted.send(request)
    got = east.expect_request("INVITE")
    east.send(east.answer(got, 180, tag="t1"))
    trusted.expect_status(180)
    trusted.send(trusted.cancel_of(request))
    assert trusted.expect_status(200).method == "CANCEL"
    cancelled = east.expect_request("CANCEL")
    east.send(east.answer(cancelled, 200))
    east.send(east.answer(got, 487, tag="t1"))
    trusted.send(trusted.ack_of_failure(request, trusted.expect_status(487)))
    east.expect_request("ACK")


@pytest.mark.parametrize("status", [300, 401, 407, 420, 500, 503, 600])
def test_r28_what_a_callee_says_goes_up(router, peers, status):
    """R28; 401 and 407 of a friend are no challenges to the caller."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    extra = {401: [("WWW-Authenticate", 'Digest realm="east", nonce="n"')], 407: [("Proxy-Authenticate", 'Digest realm="east", nonce="n"')]}
    east.send(east.answer(got, status, extra=extra.get(status, ())))
    east.expect_request("ACK")
    said = alice.expect_status({401: 502, 407: 502}.get(status, status))
    assert not said.all("WWW-Authenticate") and not said.all("Proxy-Authenticate")
    alice.send(alice.ack_of_failure(sent, said))


@pytest.fixture(scope="module")
def silence(lab, shared):
    """Everybody is silent: 64*T1 long, for all the tests that ask what was heard then."""
    opened = Peers(lab)
    alice, bob, carol, east, west, tie = (opened(who) for who in ("alice", "bob", "carol", "east", "west", "tie-a"))
    alice.invite("3100")  # east never says anything
    request = bob.request("MESSAGE", "sip:+442079460000@acme.test", contact=False)  # nor does west
    bob.send(bob.authorized(request, bob.challenged(request)))
    carol.invite("4000")  # is refused, and never acknowledges it
    tie.send(tie.answer(tie.expect_request("INVITE"), 486, tag="t1"))
    watch = Watch(alice, bob, carol, east, west, tie)

    def over(heard):
        finals = [message for _, message in heard[alice] if message.status >= 200]
        return finals and len(heard[west]) >= 11 and len(heard[carol]) >= 11

    watch.until(over, 60)
    yield {peer.name: heard for peer, heard in watch.heard.items()}
    opened.close()


def gaps(heard):
    times = [time for time, _ in heard]
    return [later - earlier for earlier, later in zip(times, times[1:])]


def test_a_silent_callee_is_asked_seven_times(silence):
    """Timers A and B: each pause longer than the one before, 0.5 s to 16 s, all the same message."""
    invites = silence["east"]
    assert len(invites) == 7 and len({str(message) for _, message in invites}) == 1
    assert gaps(invites) == sorted(gaps(invites))


def test_r28_a_silent_callee_is_408(silence):
    """R28; and after 100 nothing came before it."""
    assert [message.status for _, message in silence["alice"]][:2] == [100, 408]


def test_a_silent_peer_is_asked_eleven_times_for_other_methods(silence):
    """Timers E and F: T2 is the longest pause."""
    messages = silence["west"]
    assert len(messages) == 11 and len({str(message) for _, message in messages}) == 1
    assert gaps(messages)[:3] == sorted(gaps(messages)[:3])


def test_other_methods_get_no_408(silence):
    """RFC 4320 4.2; 100 only after T2 (4.1)."""
    assert {message.status for _, message in silence["bob"]} <= {100}


def test_a_failure_that_nobody_acknowledges(silence):
    """Timers G and H."""
    refusals = [(time, message) for time, message in silence["carol"] if message.status != 100]
    assert {message.status for _, message in refusals} == {486}
    assert 10 <= len(refusals) <= 12 and gaps(refusals)[:3] == sorted(gaps(refusals)[:3])
