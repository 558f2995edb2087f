"""What the rules refuse, one row each: request -> status, reason phrase, the reason counted once; `explain` says the same."""

import dataclasses
import typing

import pytest

from conftest import ENDPOINTS, LAN, WAN
from router_state import counted
from sip_client import establish, hang_up, parameter, token, uri_of


@dataclasses.dataclass
class Row:
    """`send`: a function of own_peers that returns the answer. `explain`: the same question for amityctl, if it can be asked there."""

    rule: str
    reason: str
    status: int
    phrase: str
    send: typing.Callable
    what: str = ""
    explain: typing.Sequence[str] = ()


def dialled(rule, reason, status, phrase, who, number, company="acme"):
    """An endpoint dials, with its right password."""
    return Row(rule, reason, status, phrase, lambda peers: peers(who).refused(number), f"{who} dials {number[:12]}",
               ("--company", company, "--from", who, "--to", number))


def from_outside(rule, reason, status, phrase, who, number, carrier=None):
    return Row(rule, reason, status, phrase, lambda peers: request(peers, who, f"sip:{number}@{WAN}", f"sip:600111222@{ENDPOINTS[who][0]}"),
               f"{who} asks for {number}", ("--carrier", carrier, "--to", number) if carrier else ())


def request(peers, who, uri, sender=None, method="INVITE", **options):
    """Sent as it is, without credentials."""
    peer = peers(who)
    if sender:
        options["from_"] = f"<{sender}>;tag={token('f')}"
    return peer.transact(peer.request(method, uri, **options))


def asked(rule, reason, status, phrase, what, who, uri, sender=None, **options):
    return Row(rule, reason, status, phrase, lambda peers: request(peers, who, uri, sender, **options), what)


def login(rule, reason, status, phrase, what, method="INVITE", alter=None, to="alice@acme.test", **credentials):
    """alice's answer to a challenge, with something changed."""
    def send(peers):
        alice = peers("alice")
        uri = "sip:acme.test" if method == "REGISTER" else "sip:199@acme.test"
        first = alice.request(method, uri, to=f"<sip:{to}>" if method == "REGISTER" else None)
        second = alice.authorized(first, alice.challenged(first), **credentials)
        return alice.transact(alter(second) if alter else second)
    return Row(rule, reason, status, phrase, send, what)


def other_call(message):
    return message.set("Call-ID", token("call-"))


def malformed(message):
    name = "Authorization" if message.method == "REGISTER" else "Proxy-Authorization"
    return message.set(name, message.get(name).replace("uri=", "uri"))


def replayed(method):
    def send(peers):
        alice = peers("alice")
        first = alice.request(method, "sip:acme.test" if method == "REGISTER" else "sip:199@acme.test",
                              to="<sip:alice@acme.test>" if method == "REGISTER" else None, contact=method != "REGISTER")
        challenge = alice.challenged(first)
        assert alice.transact(alice.authorized(first, challenge)).status in (200, 480)
        return alice.transact(alice.authorized(first, challenge, cseq=9))
    return send


def banned(peers):
    stranger = peers("stranger")
    for _ in range(300):  # the control thread bans, when it gets to it
        first = stranger.invite_request("199")
        answer = stranger.transact(stranger.authorized(first, stranger.challenged(first), "west", "guess"))
        if answer.status == 403:
            return answer
    raise AssertionError("300 wrong passwords and no ban")


def in_dialog(change, method="BYE"):
    """A request of a caller that has done something to its Route."""
    def send(peers):
        alice, west = peers("alice"), peers("west")
        callers, callees, _ = establish(alice, west, "0033123456789")
        routes = callers.routes
        callers.routes = [route for route in map(change, routes) if route]
        answer = alice.transact(callers.request(method))
        callers.routes = routes
        hang_up(callees, alice)
        return answer
    return send


def other_letter(at):
    """The route with one letter of its cookie changed."""
    def change(route):
        cookie = parameter(uri_of(route), "c")
        at_byte = at if at >= 0 else len(cookie) + at
        other = cookie[:at_byte] + ("A" if cookie[at_byte] != "A" else "B") + cookie[at_byte + 1:]
        return route.replace(cookie, other)
    return change


def registered(*, expires=3600, contact=None, **options):
    return lambda peers: peers("dora").register(expires=expires, contact=contact, **options)


def register_late(peers):
    dora, call_id = peers("dora"), token("reg")
    assert dora.register(call_id=call_id, cseq=50).status == 200
    answer = dora.register(call_id=call_id, cseq=20)
    assert dora.forget().status == 200
    return answer


def register_eleven(peers):
    dora = peers("dora")
    answers = [dora.register(contact=f"<sip:dora@{dora.address}:{6000 + number}>") for number in range(11)]
    assert [answer.status for answer in answers[:10]] == [200] * 10
    assert dora.forget().status == 200
    return answers[10]


def with_max_forwards_0(peers):
    alice = peers("alice")
    return alice.transact(alice.invite_request("101").set("Max-Forwards", "0"))


def cancel_of_nothing(peers):
    alice = peers("alice")
    return alice.transact(alice.cancel_of(alice.invite_request("101")))


FORBIDDEN, NOT_FOUND, CHALLENGE, UNAUTHORIZED = "Forbidden", "Not Found", "Proxy Authentication Required", "Unauthorized"
UNAVAILABLE = "Temporarily Unavailable"

ROWS = [
    asked("r1", "NO_COMPANY", 403, FORBIDDEN, "foreign domains", "stranger", "sip:101@elsewhere.test", "sip:joe@elsewhere.test"),
    asked("r1", "NO_COMPANY", 403, FORBIDDEN, "REGISTER of a foreign domain", "stranger", "sip:elsewhere.test",
          "sip:joe@elsewhere.test", method="REGISTER"),
    asked("r1", "TWO_COMPANIES", 403, FORBIDDEN, "From of one, Request-URI of the other", "alice", "sip:101@globex.test",
          "sip:alice@acme.test"),
    asked("r1", "DOMAIN_NEEDED", 488, "Domain needed", "our own address twice", "stranger", f"sip:101@{LAN}", f"sip:joe@{LAN}"),
    asked("r1", "DOMAIN_NEEDED", 488, "Domain needed", "REGISTER at our own address", "stranger", f"sip:{LAN}", f"sip:alice@{LAN}",
          method="REGISTER"),
    asked("r1", "FOREIGN_DOMAIN", 404, NOT_FOUND, "neither the company nor us", "alice", "sip:101@elsewhere.test", "sip:alice@acme.test"),

    asked("r2", "CHALLENGED", 407, CHALLENGE, "without credentials", "alice", "sip:101@acme.test"),
    asked("r2", "CHALLENGED", 407, CHALLENGE, "an empty header", "alice", "sip:101@acme.test", extra=[("Proxy-Authorization", "")]),
    asked("r2", "CHALLENGED", 407, CHALLENGE, "another realm", "alice", "sip:101@acme.test", extra=[
        ("Proxy-Authorization", 'Digest username="alice", realm="globex.test", nonce="n", uri="sip:x", response="0"')]),
    asked("r2", "CHALLENGED", 407, CHALLENGE, "another scheme", "alice", "sip:101@acme.test", extra=[("Proxy-Authorization", "Basic YTpi")]),
    asked("r2", "CHALLENGED_REGISTER", 401, UNAUTHORIZED, "REGISTER without credentials", "alice", "sip:acme.test", method="REGISTER"),
    login("r2", "CHALLENGED_STALE", 407, CHALLENGE, "nonce of another call", alter=other_call),
    login("r2", "CHALLENGED_REGISTER_STALE", 401, UNAUTHORIZED, "nonce of another registration", "REGISTER", alter=other_call),
    login("r2", "WRONG_CREDENTIALS", 407, CHALLENGE, "wrong password", password="guess"),
    login("r2", "WRONG_CREDENTIALS", 407, CHALLENGE, "unknown name", name="nobody"),
    login("r2", "WRONG_CREDENTIALS", 407, CHALLENGE, "a name of another company", name="gil", password="gil-secret"),
    login("r2", "WRONG_CREDENTIALS", 407, CHALLENGE, "a friend without a password", name="trusted", password=""),
    login("r2", "WRONG_CREDENTIALS_REGISTER", 401, UNAUTHORIZED, "REGISTER with a wrong password", "REGISTER", password="guess"),
    Row("r2", "REPLAY", 407, CHALLENGE, replayed("INVITE"), "nonce-count twice"),
    Row("r2", "REPLAY_REGISTER", 401, UNAUTHORIZED, replayed("REGISTER"), "nonce-count twice in REGISTER"),
    login("r2", "MALFORMED_CREDENTIALS", 400, "Bad Authorization", "credentials without uri", alter=malformed),
    login("r2", "MALFORMED_CREDENTIALS", 400, "Bad Authorization", "REGISTER without uri", "REGISTER", alter=malformed),
    login("r2", "REGISTER_FOR_ANOTHER", 403, FORBIDDEN, "To is another user", "REGISTER", to="bob@acme.test"),
    login("r2", "REGISTER_FOR_ANOTHER", 403, FORBIDDEN, "To is another domain", "REGISTER", to="alice@globex.test"),
    Row("r2", "BANNED", 403, FORBIDDEN, banned, "over 20 wrong passwords"),
    asked("r2", "SOURCE_NOT_ALLOWED", 403, "Source Not Allowed", "outside the company's sources", "stranger", "sip:101@globex.test",
          "sip:gina@globex.test"),
    Row("r2", "NO_COOKIE", 403, FORBIDDEN, in_dialog(lambda route: None), "BYE without Route"),
    Row("r2", "NO_COOKIE", 403, FORBIDDEN, in_dialog(lambda route: f"<sip:{LAN};lr>"), "BYE with a Route without cookie"),

    dialled("r4", "EXTENSION_RESERVED", 480, UNAVAILABLE, "alice", "199"),
    dialled("r6", "SERVICE_CODE", 501, "Not Implemented", "alice", "*77"),
    dialled("r6", "NUMBER_INVALID", 404, NOT_FOUND, "alice", "12%2034"),
    dialled("r6", "NUMBER_INVALID", 404, NOT_FOUND, "alice", "12%0034"),
    dialled("r6", "NUMBER_INVALID", 404, NOT_FOUND, "alice", "a&b"),
    dialled("r6", "NUMBER_INVALID", 404, NOT_FOUND, "alice", "1%FF"),
    dialled("r6", "NUMBER_TOO_LONG", 404, NOT_FOUND, "alice", "9" * 200),
    *(asked("r6", "MALFORMED_URI", 400, "Bad Request-URI", f"no URI: {number!r}", "alice", f"sip:{number}@acme.test", method="MESSAGE")
      for number in ("%zz", "12%")),
    Row("r6", "NUMBER_INVALID", 404, NOT_FOUND, lambda peers: no_user(peers("alice")), "no user part"),
    dialled("r10", "NO_FRIEND_TAKES_NUMBER", 404, NOT_FOUND, "alice", "701"),
    Row("r11", "TOO_MANY_HOPS", 483, "Too Many Hops", with_max_forwards_0, "Max-Forwards 0"),
    dialled("r12", "NOT_REGISTERED", 480, UNAVAILABLE, "alice", "102"),
    dialled("r19", "TARGET_UNREACHABLE", 480, UNAVAILABLE, "alice", "8001"),
    dialled("r13", "CALL_ACL_DENIED", 403, "Call ACL national", "alice", "900123123"),
    dialled("r13", "CALL_ACL_DENIED", 403, "Call ACL closed", "gina", "912345678", "globex"),
    dialled("r14", "NO_OUTGOING_DDI", 403, "No outgoing DDI", "gate", "912345678", "globex"),
    dialled("r15", "NO_OUTGOING_DDI", 403, "No outgoing DDI", "gil", "912345678", "globex"),
    dialled("r16", "NO_CARRIER", 404, "No carrier", "bob", "008613912345678"),
    dialled("r17", "CALL_ACL_DENIED", 403, "Call ACL national", "alice", "955000000"),
    dialled("r17", "DDI_WITHOUT_ROUTE", 480, UNAVAILABLE, "bob", "944000003"),

    *(asked("r29", "EVENT_NOT_SUPPORTED", 489, "Bad Event", method, "alice", "sip:101@acme.test", method=method)
      for method in ("SUBSCRIBE", "PUBLISH")),
    *(asked("r29", "METHOD_NOT_ALLOWED", 405, "Method Not Allowed", f"{method} outside a dialog", "alice", "sip:101@acme.test", method=method)
      for method in ("BYE", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY", "INVENTED")),
    asked("r29", "OPTIONS_ANSWERED", 200, "OK", "OPTIONS to the router", "stranger", f"sip:{LAN}", method="OPTIONS"),
    asked("r29", "OPTIONS_ANSWERED", 200, "OK", "OPTIONS to a company", "stranger", "sip:acme.test", method="OPTIONS"),
    asked("r29", "FOREIGN_DOMAIN", 404, NOT_FOUND, "OPTIONS elsewhere", "stranger", "sip:elsewhere.test", method="OPTIONS"),
    Row("r29", "UNKNOWN_TRANSACTION", 481, "Call/Transaction Does Not Exist", cancel_of_nothing, "CANCEL of nothing"),

    *(Row("r30", "BAD_COOKIE", 403, FORBIDDEN, in_dialog(other_letter(at)), f"letter {at} of the cookie changed") for at in (0, 1, 40, -1)),

    from_outside("r33", "UNKNOWN_DDI", 404, NOT_FOUND, "telco-a", "944999999", "telco-a"),
    from_outside("r33", "UNKNOWN_DDI", 404, NOT_FOUND, "telco-a", "101", "telco-a"),
    from_outside("r33", "NUMBER_INVALID", 404, NOT_FOUND, "telco-a", "94%2000", "telco-a"),
    from_outside("r33", "DDI_WITHOUT_ROUTE", 480, UNAVAILABLE, "telco-a", "944000003", "telco-a"),
    asked("r33", "NO_COMPANY", 403, FORBIDDEN, "an unknown source", "carol", f"sip:944000000@{LAN}", "sip:600111222@203.0.113.250"),

    Row("r34", "REGISTER_UNREADABLE", 400, "Bad REGISTER", registered(expires=60, contact="*"), "* without Expires 0"),
    Row("r34", "REGISTER_EXTENSION", 420, "Bad Extension", registered(extra=[("Path", "<sip:198.51.100.9;lr>")]), "Path without Supported"),
    Row("r34", "REGISTER_STALE", 500, "CSeq Out Of Order", register_late, "a lower CSeq"),
    Row("r34", "REGISTER_NO_ROOM", 503, "Service Unavailable", register_eleven, "an eleventh contact"),
]


def no_user(alice):
    first = alice.request("INVITE", "sip:acme.test")
    return alice.transact(alice.authorized(first, alice.challenged(first)))


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.rule}: {row.what}" for row in ROWS])
def test_refused_and_counted(ruled, own_peers, row):
    with counted(ruled, row.reason):
        answer = row.send(own_peers)
        assert (answer.status, answer.phrase) == (row.status, row.phrase), str(answer)
    if row.explain:
        said = ruled.must("explain", *row.explain, as_json=True).json
        assert (said["status"], said["phrase"], said["reason"]) == (row.status, row.phrase, row.reason), said
        text = ruled.must("explain", *row.explain).text
        assert f"{row.status} {row.phrase} ({row.reason})" in text, text


def test_r2_all_headers_of_our_realm_are_searched(ruled, own_peers):
    """RFC 8760: one for each algorithm; here a wrong one stands before the right one, and one of another realm before both."""
    alice = own_peers("alice")
    first = alice.invite_request("199")
    challenge = alice.challenged(first)
    wrong = alice.authorized(first, challenge, password="guess", algorithm="SHA-256").get("Proxy-Authorization")
    for count, algorithm in enumerate(("MD5", "SHA-256"), 1):
        again = alice.authorized(first, challenge, algorithm=algorithm, nonce_count=count, cseq=5 + count)
        again.headers.insert(1, ("Proxy-Authorization", wrong))
        again.headers.insert(1, ("Proxy-Authorization", wrong.replace("acme.test", "other.test")))
        with counted(ruled, "EXTENSION_RESERVED"):
            assert alice.transact(again).status == 480


def test_r2_ack_without_a_cookie_is_dropped(ruled, own_peers):
    alice = own_peers("alice")
    with counted(ruled, "ACK_WITHOUT_COOKIE"):
        alice.send(alice.request("ACK", "sip:101@acme.test", to=f"<sip:101@acme.test>;tag={token('t')}"))
    alice.expect_silence(0.05)


def test_r2_r30_cookie_of_another_dialog(ruled, own_peers):
    """Of the same company or of another one: a cookie is good for its own call."""
    alice, west, ivan, ipbx = (own_peers(name) for name in ("alice", "west", "ivan", "ipbx"))
    callers, _, _ = establish(alice, west, "0033123456789")
    for others in (establish(alice, west, "0033123456780"), establish(ivan, ipbx, "5000")):
        routes, callers.routes = callers.routes, others[0].routes
        with counted(ruled, "BAD_COOKIE"):
            answer = alice.transact(callers.request("BYE"))
            assert (answer.status, answer.phrase) == (403, "Forbidden")
        callers.routes = routes
        hang_up(*((others[0], west) if others[0].peer is alice else (others[0], ipbx)))
    hang_up(callers, west)


@pytest.mark.parametrize("pattern, says", [("", "is empty"), ("a" * 256, "is 256 bytes long: at most 255"), ("^2(", "at byte 4 of the pattern"),
                                           ("[[:nosuch:]]", "at byte 4 of the pattern")], ids=["empty", "256 bytes", "unclosed", "no class"])
def test_r7_patterns_are_refused_at_their_place(ruled, tmp_path, pattern, says):
    path = tmp_path / "bad.yaml"
    before = "      - {name: f, password: p, patterns: ['^1', "
    path.write_text(f"companies:\n  - name: a\n    domain: a.test\n    country: ES\n    friends:\n{before}'{pattern}']}}\n")
    answer = ruled.ctl("apply", path)
    assert answer.status == 1 and f"bad.yaml:6:{len(before) + 1}: patterns: " in answer.error and says in answer.error, answer.error
