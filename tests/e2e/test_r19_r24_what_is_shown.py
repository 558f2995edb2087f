"""R19, R21 to R24: where a call goes on, and what both sides see."""

import pytest

from sip_client import Dialog, dial_in_vain, establish, hang_up, host_of, token, uri_of, user_of


def test_direct_friend_is_called_at_its_address_whatever_it_registered(router, peers):
    east, elsewhere, alice = peers("east"), peers("east", port=5099), peers("alice")
    assert east.register(contact=elsewhere.contact).status == 200
    dial_in_vain(alice, east, "3100")
    elsewhere.expect_silence()


def test_registered_friend_is_called_at_its_contact(router, peers):
    """chan_sip registers <sip:s@...>: the number stands in the Request-URI all the same (R21)."""
    pbx, alice = peers("pbx"), peers("alice")
    assert pbx.register(contact=f"<sip:s@{pbx.address}:5060>").status == 200
    got = dial_in_vain(alice, pbx, "2001")
    assert user_of(f"<{got.uri}>") == "2001"
    assert (user_of(got.get("To")), host_of(got.get("To"))) == ("2001", "acme.test")


def test_behind_nat_the_source_is_called(router, peers):
    """The Contact's host is not the source: the source is the received address (R35)."""
    pbx, alice = peers("pbx", port=5077), peers("alice")
    assert pbx.forget().status == 200
    assert pbx.register(contact="<sip:s@10.11.12.13:5060>").status == 200
    dial_in_vain(alice, pbx, "2001")
    assert pbx.forget().status == 200


def test_ddi_in_false_shows_the_friends_name(router, peers):
    got = dial_in_vain(peers("alice"), peers("plain"), "6001")
    assert user_of(f"<{got.uri}>") == "plain"
    assert (user_of(got.get("To")), host_of(got.get("To"))) == ("plain", "acme.test")


def test_from_user_from_domain_and_ruri_domain(router, peers):
    got = dial_in_vain(peers("alice"), peers("named"), "7001")
    assert host_of(f"<{got.uri}>") == "pbx.test"
    assert (user_of(got.get("From")), host_of(got.get("From"))) == ("trunk01", "hq.test")


def test_user_shows_its_extension_and_display(router, peers):
    got = dial_in_vain(peers("alice"), peers("east"), "3100")
    assert got.get("From").startswith('"Alice Doe"')
    assert (user_of(got.get("From")), host_of(got.get("From"))) == ("101", "acme.test")
    assert user_of(got.get("P-Asserted-Identity")) == "101"


def test_friend_shows_its_identity_or_its_name(router, peers):
    pbx, east = peers("pbx"), peers("east")
    got = dial_in_vain(pbx, east, "3100", extra=[("P-Asserted-Identity", "<sip:2007@acme.test>")])
    assert user_of(got.get("From")) in ("2007", "+342007")
    got = dial_in_vain(pbx, east, "3100", from_=f"<sip:pbx@acme.test>;tag={token('f')}")
    assert user_of(got.get("From")) == "pbx"


def test_identities_of_the_caller_are_replaced(router, peers):
    got = dial_in_vain(peers("alice"), peers("east"), "3100",
               extra=[("P-Asserted-Identity", "<sip:+34600000000@acme.test>"), ("P-Preferred-Identity", "<sip:x@acme.test>"),
                      ("Remote-Party-ID", "<sip:y@acme.test>")])
    assert [user_of(value) for value in got.all("P-Asserted-Identity")] == ["101"]
    assert got.get("P-Preferred-Identity") is None and got.get("Remote-Party-ID") is None


@pytest.mark.parametrize("options", [{"from_": '"Anonymous" <sip:anonymous@acme.test>;tag=anon1'}, {"extra": [("Privacy", "id")]}],
                         ids=["from", "privacy"])
def test_anonymous_call(router, peers, options):
    got = dial_in_vain(peers("pbx"), peers("east"), "3100", **options)
    assert uri_of(got.get("From")) == "sip:anonymous@anonymous.invalid"
    assert got.get("P-Asserted-Identity") is None


def test_from_and_to_are_changed_back_for_each_side(router, peers):
    """R24: each party sees one From and To for the whole dialog; tags and Call-ID are never changed."""
    alice, pbx = peers("alice"), peers("pbx")
    assert pbx.register(contact=f"<sip:s@{pbx.address}:5060>").status == 200
    callers, callees, got = establish(alice, pbx, "2001")
    assert got.call_id == callers.call_id
    assert uri_of(callers.local) == "sip:alice@acme.test" and uri_of(callers.remote) == "sip:2001@acme.test"
    assert uri_of(callees.remote) == uri_of(got.get("From")) == "sip:101@acme.test"
    bye = hang_up(callees, alice)
    assert (bye.get("From"), bye.get("To")) == (callers.remote, callers.local)


def test_response_shows_the_caller_its_own_from_and_to(router, peers):
    alice, east = peers("alice"), peers("east")
    sent = alice.invite("3100")
    got = east.expect_request("INVITE")
    east.send(east.answer(got, 180, tag="ringing"))
    ringing = alice.expect_status(180)
    assert ringing.get("From") == sent.get("From")
    assert ringing.get("To") == sent.get("To") + ";tag=ringing"
    assert len(ringing.list("Via")) == 1
    assert isinstance(Dialog(alice, sent, ringing, True).target, str)
