"""R3 to R6 and R12: which number, which target."""

import pytest

from sip_client import dial_in_vain, user_of


def test_r4_extension_beats_friend(router, peers):
    """3999 is an extension of bob and matches two friends' patterns (R4)."""
    alice, bob, east = peers("alice"), peers("bob"), peers("east")
    assert bob.register().status == 200
    dial_in_vain(alice, bob, "3999")
    east.expect_silence()


@pytest.mark.parametrize("dialled", ["3100", "3-1.0(0)", "%33100", "3100;phone-context=x"])
def test_r3_number_is_decoded(router, peers, dialled):
    got = dial_in_vain(peers("alice"), peers("east"), dialled)
    assert user_of(got.uri if got.uri.startswith("<") else f"<{got.uri}>") == "3100"


def test_r4_pattern_on_e164(router, peers):
    """west takes ^\\+44: 0044... as dialled in Spain becomes +44... (R4.3)."""
    dial_in_vain(peers("alice"), peers("west"), "00442079460000")


def test_r7_pattern_that_hyperscan_only_prefilters(router, peers):
    """looking takes ^9(?!99)[0-9]{2}$ (R7)."""
    alice, looking, carrier = peers("alice"), peers("looking"), peers("telco-a")
    dial_in_vain(alice, looking, "912")
    dial_in_vain(alice, carrier, "9995")
    looking.expect_silence()


@pytest.mark.parametrize("number, status", [("199", 480), ("*99", 501), ("12%2034", 404)])
def test_r4_r6_refused(router, peers, number, status):
    assert peers("alice").refused(number).status == status


def test_r6_empty_number_is_404(router, peers):
    alice = peers("alice")
    request = alice.request("INVITE", "sip:acme.test")
    assert alice.transact(alice.authorized(request, alice.challenged(request))).status == 404


def test_r12_user_without_binding_is_480(router, peers):
    assert peers("alice").refused("103").status == 480


def test_r19_friend_without_binding_is_480(router, peers):
    assert peers("alice").refused("8001").status == 480
