"""What is wrong with a message is answered, or dropped; what is only rare is taken."""

import pytest

from sip_client import Message, Silence


def survives(peer):
    """The router still answers."""
    assert peer.transact(peer.request("OPTIONS", "sip:198.51.100.1")).status == 200


@pytest.mark.parametrize("header", ["From", "To", "Call-ID", "CSeq"])
def test_missing_mandatory_header_is_400(router, peers, header):
    alice = peers("alice")
    alice.send(alice.invite_request("3100").without(header))
    assert alice.expect_status(400).phrase == f"Missing {header}"


def test_missing_via_is_dropped(router, peers):
    alice = peers("alice")
    alice.send(alice.invite_request("3100").without("Via"))
    alice.expect_silence()
    survives(alice)


@pytest.mark.parametrize("header, value", [("CSeq", "99999999999 INVITE"), ("CSeq", "1 BYE"), ("Max-Forwards", "many"),
                                           ("Content-Length", "-1"), ("Content-Length", "9999"), ("From", "<sip:unclosed@x")])
def test_malformed_header_is_400(router, peers, header, value):
    alice = peers("alice")
    alice.send(alice.invite_request("3100").set(header, value))
    alice.expect_status(400)


@pytest.mark.parametrize("start_line, status", [("INVITE sip:102@acme.test SIP/7.0", 505), ("INVITE tel:102 SIP/2.0", 416)])
def test_start_line(router, peers, start_line, status):
    alice = peers("alice")
    request = alice.invite_request("102")
    request.start_line = start_line
    alice.send(request)
    alice.expect_status(status)


@pytest.mark.parametrize("method, status", [("SUBSCRIBE", 489), ("PUBLISH", 489), ("NOTIFY", 405), ("INVENTED", 405)])
def test_r29_methods_outside_a_dialog(router, peers, method, status):
    alice = peers("alice")
    request = alice.request(method, "sip:102@acme.test")
    answer = alice.transact(request)
    if answer.status == 407:
        answer = alice.transact(alice.authorized(request, answer))
    assert answer.status == status


def test_r29_message_is_routed_as_an_invite(router, peers):
    alice, east = peers("alice"), peers("east")
    request = alice.request("MESSAGE", "sip:3100@acme.test", contact=False)
    alice.send(alice.authorized(request, alice.challenged(request)))
    east.send(east.answer(east.expect_request("MESSAGE"), 200))
    alice.expect_status(200)


def test_compact_forms_folding_and_case(router, peers):
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100")
    rare = alice.authorized(request, alice.challenged(request))
    short = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m", "Content-Length": "l", "Content-Type": "c",
             "CSeq": "cSEQ", "Max-Forwards": "MAX-FORWARDS"}
    rare.headers = [(short.get(name, name), value) for name, value in rare.headers]
    rare.headers.insert(3, ("Subject", "folded\r\n over\r\n\tthree lines"))
    alice.send(rare)
    got = east.expect_request("INVITE")
    east.send(east.answer(got, 486))
    assert alice.expect_status(486).call_id == request.call_id


def test_pjsip_writes_rport_first_and_two_spaces(router, peers):
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100", body="")
    odd = alice.authorized(request, alice.challenged(request))
    via = odd.get("Via").replace(";rport", "").replace(";branch", ";rport;branch")
    odd.set("Via", via).set("Content-Length", " 0")
    alice.send(odd)
    east.send(east.answer(east.expect_request("INVITE"), 486))
    alice.expect_status(486)


def test_without_rport_the_answer_goes_to_the_via_port(router, peers):
    """chan_sip sends no rport by default."""
    alice, listener = peers("alice", port=5066), peers("alice", port=5067)
    request = alice.request("OPTIONS", "sip:198.51.100.1")
    request.set("Via", request.get("Via").replace(";rport", "").replace(":5066", ":5067"))
    alice.send(request)
    listener.expect_status(200)


def test_large_message_passes(router, peers):
    """Larger than the MTU: fragmented by the sender, and to be fragmented again."""
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100", extra=[("X-Long", "x" * 800)])
    alice.send(alice.authorized(request, alice.challenged(request)))
    assert east.expect_request("INVITE").get("X-Long") == "x" * 800


@pytest.mark.parametrize("raw", [b"\r\n\r\n", b"", b"\0" * 40, b"INVITE", b"SIP/2.0 200 OK\r\n\r\n", bytes(range(256)) * 4])
def test_garbage_is_dropped(router, peers, raw):
    stranger = peers("stranger")
    stranger.socket.sendto(raw, ("198.51.100.1", 5060))
    try:
        assert stranger.receive(0.3).status >= 400
    except Silence:
        pass
    survives(stranger)


def test_response_that_is_not_ours_is_dropped(router, peers):
    east, alice = peers("east"), peers("alice")
    forged = Message("SIP/2.0 200 OK", [("Via", "SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKforged"), ("Via", alice.via()),
                                        ("From", "<sip:a@b>;tag=1"), ("To", "<sip:c@d>;tag=2"), ("Call-ID", "x"), ("CSeq", "1 INVITE"),
                                        ("Content-Length", "0")])
    east.send(forged)
    alice.expect_silence()
    survives(alice)
