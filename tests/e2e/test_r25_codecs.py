"""R25: the codecs that both sides allow, in the SDP that each side gets. What a body turns into in detail: unit_body_filter."""

import pytest

from router_state import counted
from sip_client import Dialog

PROVISIONING = """
carriers:
  - {name: telco-a, address: ["udp:203.0.113.7:5060"], codecs: [G729, PCMA]}
companies:
  - name: acme
    domain: acme.test
    country: ES
    outgoing_ddi: "+34944000000"
    users:
      - {name: alice, password: alice-secret, extension: "101", codecs: [PCMU, pcma, g729]}
      - {name: bob, password: bob-secret, extension: "102"}
    friends:
      - {name: east, password: east-secret, direct: "udp:198.51.100.30:5060", patterns: ['^3'], codecs: [PCMU, OPUS]}
      - {name: west, password: west-secret, direct: "udp:198.51.100.31:5060", patterns: ['^4'], codecs: [G722]}
      - {name: plain, password: plain-secret, direct: "udp:198.51.100.41:5060", patterns: ['^5'], codecs: [G722],
         forwards: [{when: unregistered, to: {extension: "300"}}]}
    extensions:
      - {number: "101", route: {user: alice}}
      - {number: "102", route: {user: bob}}
      - {number: "300", route: {friend: "300"}}
    ddis:
      - {number: "+34944000000", route: {user: alice}}
"""

TOP = "v=0\r\no=- 1 1 IN IP4 198.51.100.11\r\ns=-\r\nc=IN IP4 198.51.100.11\r\nt=0 0\r\n"
EVENT = "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n"
G729 = "a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n"
PHONE = TOP + "m=audio 4000 RTP/AVP 18 0 8 9 101\r\n" + G729 + EVENT + "a=sendrecv\r\n"


def audio(formats, attributes="", port=4000):
    return f"{TOP}m=audio {port} RTP/AVP {formats} 101\r\n{attributes}{EVENT}a=sendrecv\r\n"


@pytest.fixture(scope="module")
def choosing(own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("codecs") / "codecs.yaml"
    path.write_text(PROVISIONING)
    with own_lab.router(path) as router:
        yield router


def body_of(message):
    assert len(message.body) == int(message.get("Content-Length"))
    return message.body


def establish(caller, callee, number, offered=PHONE, answered=PHONE):
    """Result: the caller's dialog, the callee's, what the callee was offered and the caller answered."""
    sent = caller.invite(number, body=offered)
    got = callee.expect_request("INVITE")
    answer = callee.send(callee.answer(got, 200, body=answered))
    response = caller.expect_status(200)
    caller_dialog, callee_dialog = Dialog(caller, sent, response, True), Dialog(callee, got, answer, False)
    caller.send(caller_dialog.request("ACK", cseq=sent.cseq))
    callee.expect_request("ACK")
    return caller_dialog, callee_dialog, body_of(got), body_of(response)


def hang_up(dialog, other):
    dialog.peer.send(dialog.request("BYE"))
    other.send(other.answer(other.expect_request("BYE"), 200))
    dialog.peer.expect_status(200)


@pytest.mark.parametrize("number, who, left", [
    ("102", "bob", audio("8")),
    ("300", "east", audio("0")),
    ("600123123", "telco-a", audio("18 8", G729)),
])
def test_r25_offer_and_answer_have_what_both_sides_allow(choosing, own_peers, number, who, left):
    alice, callee = own_peers("alice"), own_peers(who)
    if who == "bob":
        assert callee.register().status == 200
    dialog, _, offered, answered = establish(alice, callee, number)
    assert offered == left and answered == left
    hang_up(dialog, callee)


def test_r25_offer_from_outside(choosing, own_peers):
    alice, telco = own_peers("alice"), own_peers("telco-a")
    assert alice.register().status == 200
    telco.send(telco.request("INVITE", f"sip:+34944000000@{telco.router}", body=PHONE, from_=f"<sip:600111222@{telco.address}>;tag=x"))
    got = alice.expect_request("INVITE")
    assert body_of(got) == audio("18 8", G729)
    alice.send(alice.answer(got, 486))
    alice.expect_request("ACK")
    assert telco.expect_status(486)


@pytest.mark.parametrize("number, status, phrase, offered, reason", [
    ("400", 488, "Not Acceptable Here", PHONE, "NO_COMMON_CODEC"),
    ("400", 488, "Not Acceptable Here", audio("8"), "NO_COMMON_CODEC"),
    ("300", 488, "Not Acceptable Here", audio("96", "a=rtpmap:96 opus/48000/2\r\n"), "NO_COMMON_CODEC"),  # alice has no opus
    ("300", 400, "Bad SDP", "v=0\r\nm=audio\r\n", "MALFORMED_SDP"),
])
def test_r25_offer_that_is_refused(choosing, own_peers, number, status, phrase, offered, reason):
    alice, east, west = own_peers("alice"), own_peers("east"), own_peers("west")
    with counted(choosing, reason):
        final = alice.refused(number, body=offered)
    assert (final.status, final.phrase) == (status, phrase)
    east.expect_silence()
    west.expect_silence()


def test_r25_friend_without_a_codec_is_not_reached_and_has_its_forward(choosing, own_peers):
    alice, plain, east = own_peers("alice"), own_peers("plain"), own_peers("east")
    dialog, _, offered, answered = establish(alice, east, "500")
    assert offered == answered == audio("0")
    plain.expect_silence()
    hang_up(dialog, east)


def test_r25_delayed_offer(choosing, own_peers):
    alice, east = own_peers("alice"), own_peers("east")
    sent = alice.invite("300", body="")
    got = east.expect_request("INVITE")
    assert body_of(got) == ""
    east.send(east.answer(got, 200, body=PHONE))
    response = alice.expect_status(200)
    assert body_of(response) == audio("0")
    dialog = Dialog(alice, sent, response, True)
    alice.send(dialog.request("ACK", cseq=sent.cseq, body=PHONE))
    assert body_of(east.expect_request("ACK")) == audio("0")
    hang_up(dialog, east)


def test_r25_re_invite_of_each_side_and_one_that_is_refused(choosing, own_peers):
    alice, east = own_peers("alice"), own_peers("east")
    alices, easts, _, _ = establish(alice, east, "300")
    for dialog, other in ((alices, east), (easts, alice)):
        hold = PHONE.replace("sendrecv", "sendonly")
        request = dialog.peer.send(dialog.request("INVITE", body=hold))
        got = other.expect_request("INVITE")
        assert body_of(got) == audio("0").replace("sendrecv", "sendonly")
        other.send(other.answer(got, 200, body=PHONE))
        assert body_of(dialog.peer.expect_status(200)) == audio("0")
        dialog.peer.send(dialog.request("ACK", cseq=request.cseq))
        other.expect_request("ACK")
    request = easts.peer.send(easts.request("INVITE", body=audio("8")))
    refusal = east.expect_status(488)
    east.send(east.ack_of_failure(request, refusal))
    alice.expect_silence()
    hang_up(alices, east)


def test_r25_sdp_inside_multipart(choosing, own_peers):
    alice, east = own_peers("alice"), own_peers("east")
    mixed = ("--b\r\nContent-Type: application/sdp\r\n\r\n{}--b\r\nContent-Type: application/isup;version=itu-t92+\r\n"
             "Content-Disposition: signal\r\n\r\n\x01\x02\r\n--b--\r\n")
    request = alice.invite_request("300", body=mixed.format(PHONE))
    request.set("Content-Type", "multipart/mixed;boundary=b")
    alice.send(alice.authorized(request, alice.challenged(request)))
    got = east.expect_request("INVITE")
    assert body_of(got) == mixed.format(audio("0"))
    assert got.get("Content-Type") == "multipart/mixed;boundary=b"
    east.send(east.answer(got, 486))
    east.expect_request("ACK")
    alice.expect_status(486)


def test_r25_explain_names_the_codecs(choosing):
    told = choosing.must("explain", "--company", "acme", "--from", "alice", "--to", "300", as_json=True).json
    assert told["codecs"] == ["PCMU"]
    told = choosing.must("explain", "--company", "acme", "--from", "alice", "--to", "600123123", as_json=True).json
    assert sorted(told["codecs"]) == ["G729", "PCMA"]
    told = choosing.ctl("explain", "--company", "acme", "--from", "alice", "--to", "400", as_json=True).json
    assert (told["outcome"], told["status"], told["reason"]) == ("friend", 488, "NO_COMMON_CODEC")
    assert any(step["rule"] == "R25" for step in told["steps"])
