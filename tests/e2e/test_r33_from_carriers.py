"""R33: calls from outside."""

import pytest

from conftest import WAN
from sip_client import establish, hang_up, token, user_of


def incoming(carrier, number, sender="915550000", **options):
    return carrier.request("INVITE", f"sip:{number}@{WAN}", from_=f"<sip:{sender}@{carrier.address}>;tag={token('f')}", **options)


@pytest.mark.parametrize("dialled", ["944000001", "+34944000001", "0034944000001"])
def test_r33_ddi_to_user(router, peers, dialled):
    carrier, alice = peers("telco-a"), peers("alice")
    assert alice.register().status == 200
    carrier.send(incoming(carrier, dialled))
    got = alice.expect_request("INVITE")
    assert user_of(got.get("From")) == "915550000", "an outside caller in the called endpoint's dial format"
    assert got.get("From").startswith('"Sales"') or got.get("From").startswith("Sales"), "the DDI's display (R26)"
    alice.send(alice.answer(got, 486))
    carrier.expect_status(486)


def test_r33_ddi_to_friend_by_its_number(router, peers):
    carrier, pbx = peers("telco-a"), peers("pbx")
    assert pbx.register().status == 200
    carrier.send(incoming(carrier, "944000000"))
    assert user_of(f"<{pbx.expect_request('INVITE').uri}>") == "2000"


def test_r33_ddi_to_extension(router, peers):
    carrier, bob = peers("telco-a"), peers("bob")
    assert bob.register().status == 200
    carrier.send(incoming(carrier, "944000002"))
    bob.expect_request("INVITE")


def test_r33_caller_is_the_carriers_identity(router, peers):
    carrier, bob = peers("telco-a"), peers("bob")
    assert bob.register().status == 200
    carrier.send(incoming(carrier, "944000002", extra=[("P-Asserted-Identity", f"<sip:600111222@{carrier.address}>")]))
    assert user_of(bob.expect_request("INVITE").get("From")) == "600111222"


def test_r33_unknown_ddi_is_404(router, peers):
    carrier = peers("telco-a")
    assert carrier.transact(incoming(carrier, "944999999")).status == 404


def test_r33_unknown_source_is_403(router, peers):
    outsider = peers("outsider")
    assert outsider.transact(incoming(outsider, "944000000")).status == 403


def test_r33_whole_call_both_parties_may_hang_up(router, peers):
    for by_carrier in (True, False):
        carrier, bob = peers("telco-a", port=5070 + by_carrier), peers("bob", port=5080 + by_carrier)
        assert bob.forget().status == 200 and bob.register().status == 200
        carrier.invite = lambda number, **options: carrier.send(incoming(carrier, number, **options))
        callers, callees, _ = establish(carrier, bob, "944000002")
        hang_up(callers, bob) if by_carrier else hang_up(callees, carrier)
        assert bob.register(expires=0).status == 200
