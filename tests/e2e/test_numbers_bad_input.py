"""R3, R6: user parts that are no numbers. Each is answered with its status and phrase, counted by its reason, and reaches nobody."""

import network
import pytest
import router_state
from sip_client import dial_in_vain

NOT_FOUND = (404, "Not Found", "NUMBER_INVALID")
TOO_LONG = (404, "Not Found", "NUMBER_TOO_LONG")
NOWHERE = (404, "No carrier", "NO_CARRIER")
SERVICE = (501, "Not Implemented", "SERVICE_CODE")
BAD_LINE = (400, "Bad Request", "MALFORMED_START_LINE")
BAD_URI = (400, "Bad Request-URI", "MALFORMED_URI")

# As an endpoint dials them: 3100 would be east, 101 alice, and telco-a takes all of Spain.
DIALLED = {
    "200 digits": ("1" * 200, TOO_LONG),
    "200 digits of E.164": ("+34" + "9" * 197, TOO_LONG),
    "200 digits, escaped": ("%31" * 200, TOO_LONG),
    "100 digits between separators": ("1-" * 100, TOO_LONG),
    "one digit and 200 separators": ("1" + "." * 200, TOO_LONG),
    "63 digits": ("1" * 63, TOO_LONG),
    "60 digits, too long with the calling code": ("1" * 60, TOO_LONG),
    "200 letters": ("a" * 200, TOO_LONG),
    "an escaped NUL behind": ("3100%00", NOT_FOUND),
    "an escaped NUL before": ("%003100", NOT_FOUND),
    "an escaped NUL inside": ("31%0000", NOT_FOUND),
    "an escaped NUL alone": ("%00", NOT_FOUND),
    "an escaped line end": ("3100%0D%0AX:%20y", NOT_FOUND),
    "an escaped blank": ("31%2000", NOT_FOUND),
    "an escaped @": ("3100%40globex.test", NOT_FOUND),
    "an escaped semicolon": ("3100%3Ba=b", NOT_FOUND),
    "an escaped percent sign": ("3100%25", NOT_FOUND),
    "an escape escaped once more": ("%253100", NOT_FOUND),
    "no ASCII": ("%C3%A9", NOT_FOUND),
    "no UTF-8": ("3100%FF", NOT_FOUND),
    "only separators": ("-.()", NOT_FOUND),
    "one separator": ("-", NOT_FOUND),
    "separators between letters": ("hq-pbx", NOT_FOUND),
    "separators in a service code": ("*21-3100", NOT_FOUND),
    "only parameters": (";phone-context=+34", NOT_FOUND),
    "other signs": ("31$00", NOT_FOUND),
    "a plus alone": ("+", NOWHERE),
    "two plus signs": ("++34944999999", NOWHERE),
    "a plus in the middle": ("944+1", NOWHERE),
    "a plus behind": ("944999999+", NOWHERE),
    "a plus and letters": ("+34abc", NOWHERE),
    "letters": ("nobody", NOWHERE),
    "letters and digits": ("0x3100", NOWHERE),
    "a hash alone": ("%23", NOWHERE),
    "a code of the network": ("%2331%23600123123", NOWHERE),
    "a star alone": ("*", SERVICE),
    "a star before an extension": ("*101", SERVICE),
}

# The parser's, before anybody knows who calls.
RAW = {
    "a broken escape at the end": ("3100%", BAD_URI),
    "half an escape": ("3100%3", BAD_URI),
    "an escape without hexadecimal digits": ("31%zz00", BAD_URI),
    "nothing but a percent sign": ("%", BAD_URI),
    "a NUL": ("31\x0000", BAD_LINE),
    "a byte over 127": ("31\u00e900", BAD_URI),
    "quotes": ('"3100"', BAD_URI),
    "angle brackets": ("<3100>", BAD_LINE),
    "a blank": ("31 00", BAD_LINE),
}


class Reasons:
    def __init__(self, router):
        self.router = router
        self.before = router_state.reasons(router)

    def expect(self, reason):
        network.wait_until(lambda: router_state.reasons(self.router)[reason] > self.before[reason], 2)
        assert router_state.reasons(self.router)[reason] == self.before[reason] + 1


def check(answer, expected):
    assert (answer.status, answer.phrase) == expected[:2], f"got:\n{answer}"


@pytest.mark.parametrize("user, expected", DIALLED.values(), ids=DIALLED.keys())
def test_r6_dialled(router, peers, user, expected):
    alice, east, carrier = peers("alice"), peers("east"), peers("telco-a")
    reasons = Reasons(router)
    check(alice.refused(user), expected)
    reasons.expect(expected[2])
    east.expect_silence(0.05)
    carrier.expect_silence(0.05)


@pytest.mark.parametrize("uri", ["sip:acme.test", "sip:;a=b@acme.test"])
def test_r6_nothing_dialled(router, peers, uri):
    alice = peers("alice")
    request = alice.request("INVITE", uri)
    challenge = alice.challenged(request)
    reasons = Reasons(router)
    check(alice.transact(alice.authorized(request, challenge)), NOT_FOUND)
    reasons.expect("NUMBER_INVALID")


@pytest.mark.parametrize("user, expected", RAW.values(), ids=RAW.keys())
def test_what_no_uri_may_have(router, peers, user, expected):
    alice, east = peers("alice"), peers("east")
    reasons = Reasons(router)
    alice.send(alice.invite_request(user))  # no ACK: it would be as wrong, and counted too
    check(alice.receive(), expected)
    reasons.expect(expected[2])
    east.expect_silence(0.05)


def test_r6_messages_too(router, peers):
    alice = peers("alice")
    for user, expected in ((f"{'1' * 200}", TOO_LONG), ("31%0000", NOT_FOUND), ("*9", SERVICE), ("+", NOWHERE)):
        request = alice.request("MESSAGE", f"sip:{user}@acme.test", body="hello")
        challenge = alice.challenged(request)
        reasons = Reasons(router)
        check(alice.transact(alice.authorized(request, challenge)), expected)
        reasons.expect(expected[2])


@pytest.mark.parametrize("user, expected", [
    ("1" * 200, TOO_LONG), ("%00944000001", NOT_FOUND), ("944000001%00", NOT_FOUND), ("-", NOT_FOUND),
    ("+", (404, "Not Found", "UNKNOWN_DDI")), ("34+944000001", (404, "Not Found", "UNKNOWN_DDI")),
    ("*21", (404, "Not Found", "UNKNOWN_DDI")), ("alice", (404, "Not Found", "UNKNOWN_DDI")),
])
def test_r33_from_outside(router, peers, user, expected):
    """A carrier's number must be a DDI; +34944000001 is alice's."""
    carrier, alice = peers("telco-a"), peers("alice")
    reasons = Reasons(router)
    request = carrier.request("INVITE", f"sip:{user}@203.0.113.1", from_=f"<sip:600123123@203.0.113.7>;tag={len(user)}")
    check(carrier.transact(request), expected)
    reasons.expect(expected[2])
    alice.expect_silence(0.05)


def test_r3_what_is_only_written_in_another_way_arrives(router, peers):
    """Beside all that: separators, escapes and parameters that are right."""
    for user in ("3100", "(3)1-0.0", "%33%31%30%30", "3100;phone-context=%00"):
        dial_in_vain(peers("alice"), peers("east"), user)
