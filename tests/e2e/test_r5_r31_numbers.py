"""R5, R31, R32, R33: numbers as callers dial them and as the called side dials back."""

import pytest

from conftest import WAN
from sip_client import dial_in_vain, hear_refusal, refuse, token, user_of


def asked(message):
    return user_of(f"<{message.uri}>")


def test_r5_always_transform(ruled, own_peers):
    """600123123 is one friend's pattern as dialled and another's as E.164."""
    plain, west, looking, telco = own_peers("plain"), own_peers("west"), own_peers("looking"), own_peers("telco-a")
    assert asked(dial_in_vain(own_peers("bob"), plain, "600123123")) == "600123123"
    assert asked(dial_in_vain(looking, west, "600123123")) == "600123123"
    # Nothing is internal for it: neither an extension nor a number that a pattern takes as dialled.
    assert asked(dial_in_vain(looking, telco, "101")) == "101"
    assert asked(dial_in_vain(looking, telco, "2000")) == "2000"


@pytest.mark.parametrize("dialled, carrier, wanted", [
    ("5551234", "telco-b", "+12125551234"), ("4155551234", "telco-b", "+14155551234"), ("14155551234", "telco-b", "+14155551234"),
    ("01134911234567", "telco-a", "911234567"), ("011442079460000", "telco-b", "+442079460000"), ("911", "telco-b", "+1911")])
def test_r31_a_user_with_a_country_and_area_code_of_its_own(ruled, own_peers, dialled, carrier, wanted):
    """dora dials as in New York, in a company of Bilbao."""
    assert asked(dial_in_vain(own_peers("dora"), own_peers(carrier), dialled)) == wanted


@pytest.mark.parametrize("dialled, wanted", [("4234567", "944234567"), ("912345678", "912345678"), ("+34912345678", "912345678"),
                                             ("34912345678", "912345678"), ("0034912345678", "912345678"), ("1004", "1004")])
def test_r31_by_the_company(ruled, own_peers, dialled, wanted):
    assert asked(dial_in_vain(own_peers("bob"), own_peers("telco-a"), dialled)) == wanted


def call_from_outside(telco, callee, number, sender="600111222", **options):
    """Result: the INVITE as the callee got it."""
    sent = telco.send(telco.request("INVITE", f"sip:{number}@{WAN}", from_=f"<sip:{sender}@{telco.address}>;tag={token('f')}", **options))
    got = refuse(callee, 486)
    hear_refusal(telco, sent, 486)
    return got


@pytest.mark.parametrize("sender, shown", [("600111222", "01134600111222"), ("+12125551234", "5551234"), ("0014155551234", "14155551234"),
                                           ("00442079460000", "011442079460000")])
def test_r32_a_friend_of_another_country(ruled, own_peers, sender, shown):
    """tie-a is in New York: it sees whom it can call back."""
    got = call_from_outside(own_peers("telco-a"), own_peers("tie-a"), "944000004", sender)
    assert user_of(got.get("From")) == user_of(got.get("P-Asserted-Identity")) == shown


@pytest.mark.parametrize("sender, shown", [("944234567", "4234567"), ("912345678", "912345678"), ("+442079460000", "00442079460000")])
def test_r32_a_friend_of_the_company(ruled, own_peers, sender, shown):
    assert user_of(call_from_outside(own_peers("telco-a"), own_peers("pbx"), "944000000", sender).get("From")) == shown


PAI, RPID = ("P-Asserted-Identity", "<sip:915550001@x.test>"), ("Remote-Party-ID", "<sip:915550002@x.test>;party=calling")


@pytest.mark.parametrize("identities, shown", [([RPID, PAI], "915550001"), ([RPID], "915550002"), ([], "915550003")])
def test_r33_identity_then_rpid_then_from(ruled, own_peers, identities, shown):
    got = call_from_outside(own_peers("telco-a"), own_peers("pbx"), "944000000", "915550003", extra=identities)
    assert user_of(got.get("From")) == shown


def test_r33_a_carrier_without_a_country_writes_e164(ruled, own_peers):
    inbound = own_peers("telco-b")
    assert asked(call_from_outside(inbound, own_peers("pbx"), "+34944000000", "+34915550003")) == "2000"
    assert inbound.transact(inbound.request("INVITE", f"sip:944000000@{WAN}", from_=f"<sip:1@{inbound.address}>;tag={token('f')}")).status == 404
