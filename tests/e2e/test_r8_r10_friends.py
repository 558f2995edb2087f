"""R8 to R11: which friend, and how often it may go on."""

from sip_client import user_of


def test_r8_least_priority_value_takes_it(router, peers):
    alice, east, west = peers("alice"), peers("east"), peers("west")
    alice.invite("3100")
    east.expect_request("INVITE")
    west.expect_silence()


def test_r8_only_the_friend_that_matches(router, peers):
    alice, east, west = peers("alice"), peers("east"), peers("west")
    alice.invite("31000")
    west.expect_request("INVITE")
    east.expect_silence()


def test_r8_tie_goes_to_the_name_that_sorts_first(router, peers):
    alice, first, second = peers("alice"), peers("tie-a"), peers("tie-b")
    alice.invite("4100")
    first.expect_request("INVITE")
    second.expect_silence()


def test_r9_friend_may_be_called_by_itself(router, peers):
    """R9."""
    east = peers("east")
    east.invite("3100")
    assert east.receive().status == 100
    east.expect_request("INVITE")


def test_r9_friend_calls_user(router, peers):
    pbx, bob = peers("pbx"), peers("bob")
    assert bob.register().status == 200
    pbx.invite("102")
    bob.expect_request("INVITE")


def test_r10_extension_routed_to_a_friend_offers_its_number(router, peers):
    """R10: 700 offers 2500 to the friends."""
    alice, pbx = peers("alice"), peers("pbx")
    assert pbx.register().status == 200
    alice.invite("700")
    assert user_of(f"<{pbx.expect_request('INVITE').uri}>") == "2500"


def test_r10_no_friend_takes_the_offered_number_is_404(router, peers):
    assert peers("alice").refused("701").status == 404


def test_r11_max_forwards_0_is_483(router, peers):
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100").set("Max-Forwards", "0")
    answer = alice.transact(request)
    if answer.status == 407:
        answer = alice.transact(alice.authorized(request, answer))
    assert answer.status == 483
    east.expect_silence()


def test_r11_max_forwards_is_decremented(router, peers):
    alice, east = peers("alice"), peers("east")
    alice.invite("3100")
    assert east.expect_request("INVITE").get("Max-Forwards") == "69"
