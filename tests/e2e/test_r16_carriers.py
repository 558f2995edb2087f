"""R14, R15, R16: calls to the public network."""

from sip_client import dial_in_vain, host_of, token, user_of


def test_r16_first_carrier_that_takes_the_number(router, peers):
    alice, first, second = peers("alice"), peers("telco-a"), peers("telco-b")
    got = dial_in_vain(alice, first, "912345678")
    assert got.uri.startswith("sip:912345678@203.0.113.7"), "Request-URI: the number in the carrier's dial format @ its address"
    assert user_of(got.get("To")) == "912345678"
    second.expect_silence()


def test_r31_area_code_of_the_caller(router, peers):
    got = dial_in_vain(peers("alice"), peers("telco-a"), "5123456")
    assert user_of(f"<{got.uri}>") == "945123456"


def test_r16_carrier_without_country_gets_e164(router, peers):
    got = dial_in_vain(peers("alice"), peers("telco-b"), "0033123456789")
    assert got.uri.startswith("sip:+33123456789@203.0.113.20")


def test_r15_presented_number_of_a_user(router, peers):
    got = dial_in_vain(peers("alice"), peers("telco-b"), "0033123456789")
    assert (user_of(got.get("From")), host_of(got.get("From"))) == ("+34944000001", "sip.example.net")
    assert user_of(got.get("P-Asserted-Identity")) == "+34944000001"


def test_r15_company_ddi_when_the_user_has_none(router, peers):
    got = dial_in_vain(peers("bob"), peers("telco-a"), "912345678")
    assert user_of(got.get("From")) == "944000000"


def test_r14_1_friend_presents_a_ddi_of_the_company(router, peers):
    got = dial_in_vain(peers("east"), peers("telco-a"), "912345678", extra=[("P-Asserted-Identity", "<sip:944000001@acme.test>")])
    assert user_of(got.get("From")) == "944000001"


def test_r14_3_friend_that_presents_something_else_falls_back(router, peers):
    got = dial_in_vain(peers("pbx"), peers("telco-a"), "912345678", from_=f"<sip:600111222@acme.test>;tag={token('f')}")
    assert user_of(got.get("From")) == "944000002"


def test_r16_private_headers_do_not_leave(router, peers):
    got = dial_in_vain(peers("alice"), peers("telco-a"), "912345678", extra=[("X-Floor", "3"), ("P-Charge-Info", "<sip:x@y>")])
    assert got.get("X-Floor") is None and got.get("P-Charge-Info") is None


def test_r16_no_carrier_is_404(router, peers):
    answer = peers("alice").refused("0014155551234")
    assert (answer.status, answer.phrase) == (404, "No carrier")


def test_r15_no_ddi_is_403(router, peers):
    answer = peers("gina").refused("912345678")
    assert (answer.status, answer.phrase) == (403, "No outgoing DDI")
