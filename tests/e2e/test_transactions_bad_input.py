"""What does not fit any transaction: each has its counted reason, reaches nobody, and leaves nothing behind."""

import network
import pytest
import router_state
from conftest import LAN, PROVISIONING
from sip_client import Dialog, establish, hang_up, offer, parameter, token, uri_of


@pytest.fixture(scope="module")
def own_router(own_lab):
    with own_lab.router() as router:
        yield router


@pytest.fixture
def router(own_router):
    """A router of this module alone: other tests leave calls behind."""
    return own_router


@pytest.fixture
def peers(own_peers):
    return own_peers


# Another node's, a worker's that is not there, an older or a wrong name.
NOT_OF_A_BRANCH = ("RESPONSE_NOT_OURS", "RESPONSE_STALE", "RESPONSE_FORGED")


class Counted:
    """Inside the block, one of the reasons is counted, `times` times in all."""

    def __init__(self, router, *reasons, times=1):
        self.router, self.reasons, self.times = router, reasons, times

    def __enter__(self):
        self.before = self.count()

    def __exit__(self, kind, *_):
        if kind is None:
            network.wait_until(lambda: self.count() >= self.before + self.times, 2)
            assert self.count() == self.before + self.times, router_state.reasons(self.router)

    def count(self):
        now = router_state.reasons(self.router)
        return sum(now[reason] for reason in self.reasons)


def refused(caller, sent, status):
    answer = caller.expect_status(status)
    caller.send(caller.ack_of_failure(sent, answer))


def with_branch(message, branch):
    via = message.list("Via")[0]
    return message.set("Via", via.replace(parameter(via, "branch"), branch))


def flipped(text, index, bit=0):
    """One bit of a base64url letter changed, so that it is another one."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # The mark of a cookie's form, at its beginning, is no letter of base64url.
    other = letters[letters.index(text[index]) ^ (1 << bit)] if text[index] in letters else letters[0]
    return text[:index] + other + text[index + 1:]


# Responses.


@pytest.mark.parametrize("position", [9, 14, 18, 24, 29])
def test_a_response_with_a_forged_branch(router, peers, position):
    """Every part of the name counts: node, worker, generation, slot, secret."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    assert alice.receive().status == 100
    branch = parameter(got.list("Via")[0], "branch")
    with Counted(router, *NOT_OF_A_BRANCH):
        east.send(with_branch(east.answer(got, 200), flipped(branch, position, 2)))
        alice.expect_silence()
    east.send(east.answer(got, 486))
    refused(alice, sent, 486)


@pytest.mark.parametrize("branch", ["z9hG4bK", "z9hG4bK.", "z9hG4bK.AAAA", "z9hG4bK." + "A" * 22, "z9hG4bK." + "A" * 500, "AQAB"])
def test_a_response_with_a_branch_of_another_form(router, peers, branch):
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    assert alice.receive().status == 100
    with Counted(router, *NOT_OF_A_BRANCH):
        east.send(with_branch(east.answer(got, 200), branch))
        alice.expect_silence()
    east.send(east.answer(got, 486))
    refused(alice, sent, 486)


def test_a_response_to_another_request_of_the_branch(router, peers):
    """17.1.3: the CSeq method must be that of the request; a 200 to a BYE ends no INVITE."""
    alice, east = peers("alice"), peers("east")
    sent, got = offer(alice, east, "3100")
    assert alice.receive().status == 100
    for value in (f"{got.cseq} BYE", f"{got.cseq} CANCEL", f"{got.cseq + 1} INVITE"):
        east.send(east.answer(got, 200).set("CSeq", value))
        alice.expect_silence()
    east.send(east.answer(got, 486))
    refused(alice, sent, 486)


def test_a_response_of_a_stranger(router, peers):
    """Who knows the branch has seen the request; who has not cannot guess it."""
    alice, east, stranger = peers("alice"), peers("east"), peers("stranger")
    sent, got = offer(alice, east, "3100")
    assert alice.receive().status == 100
    guess = "z9hG4bK." + token("A" * 22)[:22]
    with Counted(router, *NOT_OF_A_BRANCH):
        stranger.send(with_branch(stranger.answer(got, 200), guess))
        alice.expect_silence()
    east.send(east.answer(got, 486))
    refused(alice, sent, 486)


# CANCEL and ACK.


def test_an_ack_for_nothing(router, peers):
    alice, east = peers("alice"), peers("east")
    with Counted(router, "ACK_WITHOUT_COOKIE", times=2):
        alice.send(alice.request("ACK", "sip:3100@acme.test"))
        alice.send(alice.request("ACK", "sip:3100@acme.test", to=f"<sip:3100@acme.test>;tag={token()}"))
        alice.expect_silence()
    east.expect_silence()


def test_a_cancel_for_nothing(router, peers):
    alice, east = peers("alice"), peers("east")
    with Counted(router, "UNKNOWN_TRANSACTION", times=3):
        for _ in range(3):
            alice.send(alice.cancel_of(alice.invite_request("3100")))
            assert alice.expect_status(481).method == "CANCEL"
    east.expect_silence()


def test_a_cancel_of_a_stranger(router, peers):
    """Same message, another source: the Via would have to be the caller's."""
    alice, east, stranger = peers("alice"), peers("east"), peers("stranger")
    sent, got = offer(alice, east, "3100")
    assert alice.receive().status == 100
    guess = alice.cancel_of(sent)
    stranger.send(with_branch(guess, "z9hG4bK" + token()))
    assert stranger.expect_status(481).method == "CANCEL"
    east.expect_silence()
    east.send(east.answer(got, 486))
    refused(alice, sent, 486)


# Cookies.


def test_every_bit_of_a_cookie_counts(router, peers):
    """R30: BYEs whose cookie differs in one letter, all along it."""
    alice, east = peers("alice"), peers("east")
    callers, _, _ = establish(alice, east, "3100")
    good = callers.routes[0]
    cookie = parameter(uri_of(good), "c")
    positions = range(0, len(cookie) - 1, 5)
    with Counted(router, "BAD_COOKIE", times=len(positions)):
        for index in positions:
            callers.routes = [good.replace(cookie, flipped(cookie, index, index % 6))]
            assert alice.transact(callers.request("BYE")).status == 403
    east.expect_silence()
    callers.routes = [good]
    hang_up(callers, east)


def test_a_cookie_of_another_company(router, peers):
    alice, east, gina = peers("alice"), peers("east"), peers("gina", address="198.51.100.70")
    other = peers("gina", port=5062)
    assert other.register().status == 200
    ginas, _, _ = establish(gina, other, "101")
    callers, _, _ = establish(alice, east, "3100")
    good = callers.routes
    with Counted(router, "BAD_COOKIE"):
        callers.routes = ginas.routes
        assert alice.transact(callers.request("BYE")).status == 403
    other.expect_silence()
    east.expect_silence()
    callers.routes = good
    hang_up(callers, east)
    hang_up(ginas, other)
    assert other.forget().status == 200


def test_no_state_for_what_is_refused(router, peers):
    """In-dialog requests without a right to pass are refused each time anew; nothing is kept of them."""
    alice = peers("alice")
    request = alice.request("BYE", "sip:3100@acme.test", to=f"<sip:3100@acme.test>;tag={token()}")
    with Counted(router, "NO_COOKIE", times=3):
        for _ in range(3):
            assert alice.transact(request).status == 403


# Numbers and lists at their ends.


@pytest.mark.parametrize("cseq", [0, 1, 2**31 - 2, 2**31 - 1, 2**31, 2**32 - 2])
def test_cseq_up_to_its_end(router, peers, cseq):
    """The router makes nothing of a CSeq but a name; the ends order them (12.2.2)."""
    trusted, east = peers("trusted"), peers("east")
    request = trusted.invite_request("3100", cseq=cseq)
    trusted.send(request)
    got = east.expect_request("INVITE")
    assert got.cseq == cseq
    answer = east.send(east.answer(got, 200))
    callers = Dialog(trusted, request, trusted.expect_status(200), True)
    trusted.send(callers.request("ACK", cseq=cseq or "0"))
    assert east.expect_request("ACK").cseq == cseq
    assert hang_up(callers, east).cseq == cseq + 1
    assert answer.cseq == cseq


def test_cseq_over_its_end(router, peers):
    trusted, east = peers("trusted"), peers("east")
    with Counted(router, "MALFORMED_CSEQ"):
        trusted.send(trusted.invite_request("3100").set("CSeq", f"{2**32} INVITE"))
        trusted.expect_status(400)
    east.expect_silence()


def test_cseq_that_wraps(router, peers):
    """A request with a lower number than before is the callee's to refuse; it is a transaction of its own."""
    trusted, east = peers("trusted"), peers("east")
    request = trusted.send(trusted.invite_request("3100", cseq=2**31 - 1))
    got = east.expect_request("INVITE")
    east.send(east.answer(got, 200))
    callers = Dialog(trusted, request, trusted.expect_status(200), True)
    trusted.send(callers.request("ACK", cseq=request.cseq))
    east.expect_request("ACK")
    for cseq in (2**31, 2**32 - 1, 1):
        trusted.send(callers.request("INFO", cseq=cseq))
        came = east.expect_request("INFO")
        assert came.cseq == cseq
        east.send(east.answer(came, 200 if cseq > 1 else 500))
        trusted.expect_status(200 if cseq > 1 else 500)
    callers.cseq = 2**31 + 5
    hang_up(callers, east)


def test_seventy_hops(router, peers):
    """All of them come back in the response, in order."""
    trusted, east = peers("trusted"), peers("east")
    hops = [f"SIP/2.0/UDP 192.0.2.{hop};branch=z9hG4bK{hop}" for hop in range(1, 70)]
    request = trusted.invite_request("3100")
    request.headers[1:1] = [("Via", hop) for hop in hops[:30]] + [("Via", ", ".join(hops[30:]))]
    trusted.send(request)
    got = east.expect_request("INVITE")
    assert [via.replace(" ;", ";") for via in got.list("Via")[2:]] == hops
    trusted.send(request)
    east.send(east.answer(got, 486))
    answer = trusted.expect_status(486)
    assert answer.list("Via")[1:] == hops and len(answer.list("Via")) == 70
    trusted.send(trusted.ack_of_failure(request, answer))


def test_a_friend_that_is_the_router_itself(bad_lab, bad_peers, tmp_path):
    """RFC 5393: what leads back here ends at once."""
    document = tmp_path / "document.yaml"
    document.write_text(PROVISIONING.read_text().replace("udp:198.51.100.30:5060", f"udp:{LAN}:5060"))
    with bad_lab.router(document) as router:
        alice = bad_peers("alice")
        before = router_state.counters(router)
        with Counted(router, "FOREIGN_DOMAIN"):
            assert alice.refused("3100").status == 404
        after = router_state.counters(router)
        assert after["RECEIVED"] - before["RECEIVED"] < 50 and after["TRANSMITTED"] - before["TRANSMITTED"] < 50


def send_on(peer, got, uri):
    """The peer is a proxy: the request as it came, to `uri` at the router. Result: the request."""
    request = got.copy()
    request.start_line = f"INVITE {uri} SIP/2.0"
    request.headers.insert(0, ("Via", peer.via()))
    return peer.send(request.set("Max-Forwards", str(int(got.get("Max-Forwards")) - 1)).set("From", peer_from(peer, got)))


def peer_from(peer, got):
    """Whoever sends is known by address; From stays the caller's but for a company's domain."""
    return f"<sip:{peer.name}@{peer.domain}>;tag={parameter(got.get('From'), 'tag')}"


def test_a_spiral_is_legal(router, peers):
    """16.3 step 4: the same request comes back with another Request-URI, and goes on."""
    alice, trusted, bob = peers("alice"), peers("trusted"), peers("bob")
    assert bob.register().status == 200
    sent, got = offer(alice, trusted, "5100")
    onward = send_on(trusted, got, "sip:102@acme.test")
    reached = bob.expect_request("INVITE")
    assert reached.call_id == sent.call_id and reached.cseq == sent.cseq
    bob.send(bob.answer(reached, 486))
    bob.expect_request("ACK")
    refused(trusted, onward, 486)
    trusted.send(trusted.answer(got, 486))
    refused(alice, sent, 486)
    assert bob.forget().status == 200


def test_a_loop_through_a_peer(router, peers):
    """A friend that sends each call back as it came: 482 when nothing has changed, and never without an end."""
    alice, trusted = peers("alice"), peers("trusted")
    sent, got = offer(alice, trusted, "5100")
    pending = [got]
    while True:
        onward = send_on(trusted, pending[-1], "sip:5100@acme.test")
        came = trusted.receive()
        while not came.is_request and came.status == 100:
            came = trusted.receive()
        if not came.is_request:
            break
        pending.append(came)
        assert len(pending) < 5, "no end to it"
    assert came.status == 482, came
    trusted.send(trusted.ack_of_failure(onward, came))
    for request in pending:
        trusted.send(trusted.answer(request, 482))
    while (final := alice.receive()).status < 200:
        pass
    alice.send(alice.ack_of_failure(sent, final))
    assert final.status == 482


# After all of it.


def test_nothing_is_left(router):
    """64*T1 later every transaction and every call of this module is over."""
    router_state.expect_idle(router)
