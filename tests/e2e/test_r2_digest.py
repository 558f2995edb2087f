"""R2: challenge and digest."""

import re

import pytest

import network
from sip_client import hear_refusal, parameter, refuse, token


def offers(answer, header):
    return {parameter(value, "algorithm"): value for value in answer.all(header)}


def without_randomness(answer):
    """An answer without what differs between any two: nonce, tags, branch, Call-ID."""
    text = re.sub(r'nonce="[^"]*"', "nonce", str(answer))
    return re.sub(r"(tag=|branch=)[^;\s]*", r"\1", re.sub(r"(?m)^(Call-ID|CSeq|From|To): .*$", r"\1", text))


@pytest.mark.parametrize("method, status, header", [("INVITE", 407, "Proxy-Authenticate"), ("MESSAGE", 407, "Proxy-Authenticate"),
                                                    ("REGISTER", 401, "WWW-Authenticate")])
def test_r2_challenge_offers_both_algorithms(router, peers, method, status, header):
    alice = peers("alice")
    uri = "sip:acme.test" if method == "REGISTER" else "sip:102@acme.test"
    answer = alice.transact(alice.request(method, uri, to="<sip:alice@acme.test>"))
    assert answer.status == status
    offered = offers(answer, header)
    assert set(offered) == {"MD5", "SHA-256"}
    for value in offered.values():
        assert parameter(value, "realm") == "acme.test"
        assert "auth" in parameter(value, "qop")
        assert parameter(value, "stale") in (None, "false", "FALSE")


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
@pytest.mark.parametrize("qop", [True, False], ids=["qop", "rfc2069"])
def test_r2_good_credentials(router, peers, algorithm, qop):
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100")
    alice.send(alice.authorized(request, alice.challenged(request), algorithm=algorithm, qop=qop))
    got = east.expect_request("INVITE")
    assert got.get("Proxy-Authorization") is None, "credentials went on"
    east.send(east.answer(got, 486))
    alice.expect_status(486)


def test_r2_wrong_password_is_challenged_again(router, peers):
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100")
    answer = alice.transact(alice.authorized(request, alice.challenged(request), password="guess"))
    assert answer.status == 407
    east.expect_silence()


def test_r2_unknown_name_is_answered_as_a_wrong_password(router, peers):
    alice = peers("alice")
    answers = []
    for name in ("bob", "nobody-of-that-name"):
        request = alice.invite_request("3100")
        answers.append(without_randomness(alice.transact(
            alice.authorized(request, alice.challenged(request), name=name, password="guess"))))
    assert answers[0] == answers[1]


def test_r2_wrong_password_and_unknown_name_of_register(router, peers):
    answers = []
    for name in ("bob", "nobody-of-that-name"):
        peer = peers("stranger", port=5061 + len(answers))
        request = peer.request("REGISTER", "sip:acme.test", from_=f"<sip:{name}@acme.test>;tag={token('f')}",
                               to=f"<sip:{name}@acme.test>")
        answers.append(peer.transact(peer.authorized(request, peer.challenged(request), name=name, password="guess")))
    assert [answer.status for answer in answers] == [401, 401]


def test_r2_nonce_of_another_call_is_stale(router, peers):
    alice, east = peers("alice"), peers("east")
    challenge = alice.challenged(alice.invite_request("3100"))
    answer = alice.transact(alice.authorized(alice.invite_request("3100"), challenge))
    assert answer.status == 407
    assert parameter(answer.get("Proxy-Authenticate"), "stale").lower() == "true"
    east.expect_silence()


def test_r2_forged_nonce_is_refused(router, peers):
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100")
    challenge = alice.challenged(request)
    for index, (name, value) in enumerate(challenge.headers):
        if name == "Proxy-Authenticate":
            nonce = parameter(value, "nonce")
            forged = ("B" if nonce[0] == "A" else "A") + nonce[1:]
            challenge.headers[index] = (name, value.replace(nonce, forged))
    assert alice.transact(alice.authorized(request, challenge)).status == 407
    east.expect_silence()


def test_r2_nonce_count_used_twice_is_refused(router, peers):
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100")
    challenge = alice.challenged(request)
    sent = alice.send(alice.authorized(request, challenge))
    refuse(east, 486)
    hear_refusal(alice, sent, 486)
    assert alice.transact(alice.authorized(request, challenge, cseq=7)).status == 407
    east.expect_silence()
    sent = alice.send(alice.authorized(request, challenge, nonce_count=2, cseq=9))
    refuse(east, 486)
    hear_refusal(alice, sent, 486)


def test_r2_second_login_of_one_call_id_within_a_second(router, peers):
    """Softphones unregister and register at start, under one Call-ID: a nonce just issued must verify."""
    carol, call_id = peers("carol"), token("reg")
    assert carol.register(expires=0, call_id=call_id, cseq=1).status == 200
    assert carol.register(call_id=call_id, cseq=3).status == 200
    assert carol.forget().status == 200


def test_r2_empty_credentials_are_as_none(router, peers):
    """Asterisk sends an empty Proxy-Authorization with REFER."""
    alice = peers("alice")
    request = alice.invite_request("3100")
    request.headers.insert(2, ("Proxy-Authorization", ""))
    assert alice.transact(request).status == 407


def test_r2_credentials_of_other_realms_are_passed_over(router, peers):
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100")
    good = alice.authorized(request, alice.challenged(request))
    good.headers.insert(2, ("Proxy-Authorization", 'Digest username="x", realm="other", nonce="n", uri="sip:x", response="0"'))
    alice.send(good)
    east.send(east.answer(east.expect_request("INVITE"), 486))
    alice.expect_status(486)


def test_r2_options_is_not_challenged(router, peers):
    stranger = peers("stranger")
    assert stranger.transact(stranger.request("OPTIONS", "sip:198.51.100.1")).status == 200


def test_r2_register_for_another_is_403(router, peers):
    alice = peers("alice")
    request = alice.request("REGISTER", "sip:acme.test", to="<sip:bob@acme.test>")
    assert alice.transact(alice.authorized(request, alice.challenged(request))).status == 403


def test_r2_failures_ban_the_pair_and_not_the_endpoint(own_lab, own_peers):
    """Over 20 failures in 60 s: 403 for this name from this address, while its other addresses go on."""
    with own_lab.router() as router:
        attacker, alice, east = own_peers("stranger"), own_peers("alice"), own_peers("east")

        def guess():
            request = attacker.invite_request("3100")
            return attacker.transact(attacker.authorized(request, attacker.transact(request), "alice", "guess")).status

        def bans():
            return router.must("status", as_json=True).json["bans"]

        statuses = [guess() for _ in range(20)]
        assert 403 not in statuses and bans() == 0, f"banned too early: {statuses}"
        guess()
        assert network.wait_until(lambda: bans() == 1, 3), "21 wrong passwords and no ban"  # failures are counted a moment after they were answered
        assert guess() == 403
        alice.invite("3100")
        east.expect_request("INVITE")
