"""R27, R28: where a call goes that a friend does not take, and what it looks like there."""

import pytest

from sip_client import Dialog, dial_in_vain, hang_up, hear_refusal, refuse, user_of

PROVISIONING = """
carriers:
  - {name: telco-a, address: ["udp:203.0.113.7:5060"], country: ES}
companies:
  - name: acme
    domain: acme.test
    country: ES
    outgoing_ddi: "+34944000000"
    users:
      - {name: alice, password: alice-secret, extension: "101", call_acl: nothing}
    friends:
      - {name: east, password: east-secret, direct: "udp:198.51.100.30:5060", patterns: ['^3']}
      - {name: west, password: west-secret, direct: "udp:198.51.100.31:5060", patterns: ['^4', '^\\+3491'],
         forwards: [{when: always, to: {extension: "700"}}]}
      - {name: tie-a, password: tie-a-secret, direct: "udp:198.51.100.32:5060", patterns: ['^5'], fallback_ddi: "+34944000001",
         forwards: [{when: always, calls: internal, to: {number: "+34600123123"}}]}
      - {name: tie-b, password: tie-b-secret, direct: "udp:198.51.100.33:5060", patterns: ['^6'],
         forwards: [{when: always, to: {extension: "600"}}]}
      - {name: plain, password: plain-secret, direct: "udp:198.51.100.41:5060", patterns: ['^8'], fallback_ddi: "+34944000001",
         forwards: [{when: busy, calls: external, to: {extension: "101"}}, {when: busy, to: {extension: "700"}},
                    {when: no_answer, after: 1, to: {extension: "900"}}, {when: unregistered, to: {number: "+34600123123"}}]}
      - {name: looking, password: looking-secret, direct: "udp:198.51.100.43:5060", patterns: ['^9[0-9]{3}$'],
         forwards: [{when: busy, to: {extension: "800"}}]}
      - {name: tie-c, password: tie-a-secret, direct: "udp:198.51.100.32:5060", priority: 0, patterns: ['^5555$'],
         forwards: [{when: busy, to: {extension: "555"}}]}
      - {name: absent, password: absent-secret, patterns: ['^2'], forwards: [{when: unregistered, to: {extension: "700"}}]}
      - {name: named, password: named-secret, direct: "udp:198.51.100.42:5060", patterns: ['^7'],
         forwards: [{when: always, to: {extension: "500"}}]}
    extensions:
      - {number: "101", route: {user: alice}}
      - {number: "500", route: {friend: "5000"}}
      - {number: "555", route: {friend: "5555"}}
      - {number: "600", route: {friend: "6000"}}
      - {number: "700", route: {friend: "3700"}}
      - {number: "800", route: {friend: "8000"}}
      - {number: "900", route: {friend: "9000"}}
    ddis:
      - {number: "+34944000000", route: {friend: "5000"}}
      - {number: "+34944000008", route: {friend: "8000"}}
      - {number: "+34944000001", route: {user: alice}}
    call_acls:
      - {name: nothing, default: deny}
"""


@pytest.fixture(scope="module")
def forwarding(own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("forwards") / "forwards.yaml"
    path.write_text(PROVISIONING)
    with own_lab.router(path) as router:
        yield router


def from_outside(telco, number):
    return telco.request("INVITE", f"sip:{number}@{telco.router}", to=f"<sip:{number}@{telco.router}>",
                         from_=f"<sip:600111222@{telco.address}>")


def test_r27_to_an_extension_as_if_it_had_been_dialled(forwarding, own_peers):
    alice, east, west = own_peers("alice"), own_peers("east"), own_peers("west")
    got = dial_in_vain(alice, east, "4100", extra=[("Diversion", "<sip:made-up@example.org>;reason=unknown")])
    west.expect_silence()
    assert user_of(f"<{got.uri}>") == "3700" and user_of(got.get("To")) == "3700"
    assert user_of(got.get("From")) == "101"
    assert got.all("Diversion") == ["<sip:4100@acme.test>;reason=unconditional"]
    assert got.get("Max-Forwards") == "68"  # R11: one for the forward


def test_r27_what_a_friend_says_about_earlier_diversions_stands_below(forwarding, own_peers):
    caller, east = own_peers("tie-b"), own_peers("east")
    got = dial_in_vain(caller, east, "911234567", extra=[("Diversion", "<sip:2000@example.org>;reason=user-busy"), ("X-Behind", "yes")])
    assert got.all("Diversion") == ["<sip:911234567@acme.test>;reason=unconditional", "<sip:2000@example.org>;reason=user-busy"]
    assert got.get("X-Behind") == "yes"


def test_r27_to_a_number_the_friend_calls_and_no_acl_is_asked(forwarding, own_peers):
    alice, telco = own_peers("alice"), own_peers("telco-a")
    got = dial_in_vain(alice, telco, "7100")
    assert user_of(f"<{got.uri}>") == "600123123"
    assert user_of(got.get("From")) == "944000001" and user_of(got.get("P-Asserted-Identity")) == "944000001"
    assert got.all("Diversion") == ["<sip:5000@acme.test>;reason=unconditional", "<sip:7100@acme.test>;reason=unconditional"]
    assert got.get("Max-Forwards") == "67"


def test_r27_calls_from_outside_are_another_kind(forwarding, own_peers):
    telco, friend = own_peers("telco-a"), own_peers("tie-a")
    sent = telco.send(from_outside(telco, "944000000"))
    got = refuse(friend, 486)
    assert user_of(f"<{got.uri}>") == "5000" and not got.all("Diversion")
    hear_refusal(telco, sent, 486)


def test_r27_over_five_forwards_is_482(forwarding, own_peers):
    assert own_peers("alice").refused("6100").status == 482


def test_r11_r27_forwards_end_with_max_forwards(forwarding, own_peers):
    """R11: two forwards need three."""
    alice, telco = own_peers("alice"), own_peers("telco-a")

    def authorized(max_forwards):
        request = alice.invite_request("7100").set("Max-Forwards", str(max_forwards))
        answer = alice.transact(request)
        assert answer.status == 407
        return alice.authorized(request, answer)

    assert alice.transact(authorized(2)).status == 483
    telco.expect_silence()
    sent = alice.send(authorized(3))
    assert refuse(telco, 486).get("Max-Forwards") == "0"
    hear_refusal(alice, sent, 486)


# After a failure.

def test_r27_busy_and_the_caller_hears_nothing_of_it(forwarding, own_peers):
    alice, friend, east = own_peers("alice"), own_peers("plain"), own_peers("east")
    sent = alice.invite("8123")
    first = refuse(friend, 486)
    assert not first.all("Diversion") and first.get("Max-Forwards") == "69"
    got = east.expect_request("INVITE")
    assert user_of(f"<{got.uri}>") == "3700" and got.all("Diversion") == ["<sip:8123@acme.test>;reason=user-busy"]
    assert got.get("Max-Forwards") == "68" and user_of(got.get("From")) == "101"
    answer = east.send(east.answer(got, 200))
    dialog = Dialog(alice, sent, alice.expect_status(200), True)
    alice.send(dialog.request("ACK", cseq=sent.cseq))
    assert east.expect_request("ACK").call_id == got.call_id
    east.send(Dialog(east, got, answer, False).request("BYE"))
    alice.send(alice.answer(alice.expect_request("BYE"), 200))
    east.expect_status(200)


def test_r27_busy_friends_one_after_the_other(forwarding, own_peers):
    """looking is busy, plain is busy, east is busy and has no forward: its answer is the caller's."""
    alice, first, second, east = own_peers("alice"), own_peers("looking"), own_peers("plain"), own_peers("east")
    sent = alice.invite("9123")
    refuse(first, 486)
    assert user_of(f"<{refuse(second, 600).uri}>") == "8000"
    got = refuse(east, 486)
    assert got.all("Diversion") == ["<sip:8000@acme.test>;reason=user-busy", "<sip:9123@acme.test>;reason=user-busy"]
    answer = alice.expect_status(600)  # 6xx before all (RFC 3261 16.7.6)
    alice.send(alice.ack_of_failure(sent, answer))


def test_r27_over_five_busy_friends_is_482(forwarding, own_peers):
    """tie-c forwards to itself. The caller hears of the loop, not that somebody is busy."""
    alice, friend = own_peers("alice"), own_peers("tie-a")
    sent = alice.invite("5555")
    for diversions in range(6):
        assert len(refuse(friend, 486).all("Diversion")) == diversions
    hear_refusal(alice, sent, 482)


def test_r27_calls_from_outside_take_their_own_forward(forwarding, own_peers):
    telco, friend, alice = own_peers("telco-a"), own_peers("plain"), own_peers("alice")
    assert alice.register().status == 200
    sent = telco.send(from_outside(telco, "944000008"))
    refuse(friend, 486)
    got = refuse(alice, 486)
    assert user_of(got.get("From")) == "600111222" and got.all("Diversion") == ["<sip:8000@acme.test>;reason=user-busy"]
    hear_refusal(telco, sent, 486)
    assert alice.forget().status == 200


def test_r27_who_does_not_answer_is_cancelled(forwarding, own_peers):
    alice, friend, other = own_peers("alice"), own_peers("plain"), own_peers("looking")
    sent = alice.invite("8123")
    ringing = friend.expect_request("INVITE")
    friend.send(friend.answer(ringing, 180))
    alice.expect_status(180)
    cancel = friend.expect_request("CANCEL", wait_s=5)
    friend.send(friend.answer(cancel, 200))
    friend.send(friend.answer(ringing, 487))
    got = refuse(other, 404)
    friend.expect_request("ACK")
    assert user_of(f"<{got.uri}>") == "9000" and got.all("Diversion") == ["<sip:8123@acme.test>;reason=no-answer"]
    alice.send(alice.ack_of_failure(sent, alice.receive()))


UNREACHABLE = (300, 302, 380, 400, 401, 402, 403, 404, 405, 407, 408, 410, 415, 416, 420, 481, 482, 483, 484, 485, 487, 488, 491, 493, 500, 501, 502,
               503, 504, 513, 580, 603, 604, 606)


@pytest.mark.parametrize("status, followed", [(486, "busy"), (600, "busy"), (480, "no answer"), *((status, "unreachable") for status in UNREACHABLE)])
def test_r28_class_of_each_status(forwarding, own_peers, status, followed):
    """Each class has its forward: the caller hears of the next one."""
    alice, friend = own_peers("alice"), own_peers("plain")
    next_one, number, reason = {"busy": ("east", "3700", "user-busy"), "no answer": ("looking", "9000", "no-answer"),
                                "unreachable": ("telco-a", "600123123", "unavailable")}[followed]
    callee = own_peers(next_one)
    sent = alice.invite("8123")
    refuse(friend, status)
    got = callee.expect_request("INVITE")
    assert user_of(f"<{got.uri}>") == number and got.all("Diversion") == [f"<sip:8123@acme.test>;reason={reason}"]
    assert user_of(got.get("From")) == ("944000001" if followed == "unreachable" else "101")
    answer = callee.send(callee.answer(got, 200))
    callers = Dialog(alice, sent, alice.expect_status(200), True)
    alice.send(callers.request("ACK", cseq=sent.cseq))
    callee.expect_request("ACK")
    hang_up(Dialog(callee, got, answer, False), alice)


@pytest.mark.parametrize("status", [302, 404, 480, 486, 488, 503, 600, 603, 401, 407])
def test_r28_without_a_forward_the_friends_own_code(forwarding, own_peers, status):
    """A challenge is none of the caller's: 502."""
    alice, friend = own_peers("alice"), own_peers("east")
    sent = alice.invite("3100")
    refuse(friend, status)
    heard = hear_refusal(alice, sent, 502 if status in (401, 407) else status)
    assert not heard.all("WWW-Authenticate") and not heard.all("Proxy-Authenticate")


def test_r27_not_registered(forwarding, own_peers):
    got = dial_in_vain(own_peers("alice"), own_peers("east"), "2123")
    assert got.all("Diversion") == ["<sip:2123@acme.test>;reason=unavailable"]
