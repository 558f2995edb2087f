"""R19 to R24, R26: where a call goes on, and what both sides see."""

import pytest

from sip_client import Dialog, dial_in_vain, establish, hang_up, hear_refusal, host_of, refuse, token, uri_of, user_of


def test_r19_direct_friend_is_called_at_its_address_whatever_it_registered(router, peers):
    east, elsewhere, alice = peers("east"), peers("east", port=5099), peers("alice")
    assert east.register(contact=elsewhere.contact).status == 200
    dial_in_vain(alice, east, "3100")
    elsewhere.expect_silence()


def test_r21_registered_friend_is_called_at_its_contact_by_the_number(router, peers):
    """chan_sip registers <sip:s@...>: the number stands in the Request-URI all the same (R21)."""
    pbx, alice = peers("pbx"), peers("alice")
    assert pbx.forget().status == 200 and pbx.register(contact=f"<sip:s@{pbx.address}:5060>").status == 200
    got = dial_in_vain(alice, pbx, "2001")
    assert user_of(f"<{got.uri}>") == "2001"
    assert (user_of(got.get("To")), host_of(got.get("To"))) == ("2001", "acme.test")


def test_r19_behind_nat_the_source_is_called(router, peers):
    """The Contact's host is not the source: the source is the received address (R35)."""
    pbx, alice = peers("pbx", port=5077), peers("alice")
    assert pbx.forget().status == 200
    assert pbx.register(contact="<sip:s@10.11.12.13:5060>").status == 200
    dial_in_vain(alice, pbx, "2001")
    assert pbx.forget().status == 200


def test_r19_path_becomes_the_route(router, peers):
    """RFC 3327: its first hop is asked, the contact stays the Request-URI's host."""
    pbx, edge, alice = peers("pbx"), peers("pbx", port=5062), peers("alice")
    assert pbx.forget().status == 200
    path = f"<sip:{pbx.address}:5062;lr>"
    assert pbx.register(contact="<sip:s@10.9.9.9:5071;line=abc>", extra=[("Supported", "path"), ("Path", path)]).status == 200
    got = dial_in_vain(alice, edge, "2001", extra=[("Route", "<sip:203.0.113.99;lr>")])
    assert got.uri == "sip:2001@10.9.9.9:5071;line=abc" and got.all("Route") == [path]
    assert pbx.forget().status == 200


def test_r19_without_binding_it_is_unreachable_at_once(router, peers):
    answer = peers("alice").refused("8001")
    assert (answer.status, answer.phrase) == (480, "Temporarily Unavailable")


def test_r20_bindings_of_a_friend_ring_together(router, peers):
    alice, first, second = peers("alice"), peers("pbx"), peers("pbx", port=5062)
    assert first.forget().status == 200 and first.register().status == 200 and second.register().status == 200
    sent = alice.invite("2001")
    got = [peer.expect_request("INVITE") for peer in (first, second)]
    assert [invite.uri for invite in got] == [f"sip:2001@{first.address}", f"sip:2001@{first.address}:5062"]
    for peer, invite in zip((first, second), got):
        peer.send(peer.answer(invite, 486))
        peer.expect_request("ACK")
    hear_refusal(alice, sent, 486)
    assert first.forget().status == 200


def test_r20_multi_contact_false_keeps_only_the_newest(router, peers):
    alice, old, new = peers("alice"), peers("carol"), peers("carol", port=5090)
    assert old.register().status == 200 and new.register().status == 200
    dial_in_vain(alice, new, "103")
    old.expect_silence()
    assert new.forget().status == 200


def test_r21_registered_contact_untouched_where_ddi_in_is_false(router, peers):
    friend = peers("contact")
    assert friend.register(contact=f"<sip:s;x=1@{friend.address}:5060;transport=udp;line=abc>").status == 200
    got = dial_in_vain(peers("alice"), friend, "8101")
    assert got.uri == f"sip:s;x=1@{friend.address}:5060;transport=udp;line=abc"
    assert uri_of(got.get("To")) == "sip:contact@acme.test"


def test_r21_default_port_and_transport_are_omitted(router, peers):
    pbx = peers("pbx")
    assert pbx.forget().status == 200 and pbx.register(contact=f"<sip:s@{pbx.address}:5060;transport=udp;line=abc>").status == 200
    assert dial_in_vain(peers("alice"), pbx, "2001").uri == f"sip:2001@{pbx.address};line=abc"


def test_r21_number_in_the_friends_dial_format(router, peers):
    got = dial_in_vain(peers("alice"), peers("us"), "0012125550123")
    assert got.uri == "sip:5550123@198.51.100.44" and uri_of(got.get("To")) == "sip:5550123@acme.test"


def test_r21_ddi_in_false_shows_the_friends_name(router, peers):
    got = dial_in_vain(peers("alice"), peers("plain"), "6001")
    assert user_of(f"<{got.uri}>") == "plain"
    assert (user_of(got.get("To")), host_of(got.get("To"))) == ("plain", "acme.test")


def test_r21_r22_from_user_from_domain_and_ruri_domain(router, peers):
    got = dial_in_vain(peers("alice"), peers("named"), "7001")
    assert host_of(f"<{got.uri}>") == "pbx.test"
    assert (user_of(got.get("From")), host_of(got.get("From"))) == ("trunk01", "hq.test")


def test_r22_r26_user_shows_its_extension_and_display(router, peers):
    got = dial_in_vain(peers("alice"), peers("east"), "3100")
    assert got.get("From").startswith('"Alice Doe"')
    assert (user_of(got.get("From")), host_of(got.get("From"))) == ("101", "acme.test")
    assert user_of(got.get("P-Asserted-Identity")) == "101"


def test_r22_friend_shows_its_identity_or_its_name(router, peers):
    pbx, east = peers("pbx"), peers("east")
    got = dial_in_vain(pbx, east, "3100", extra=[("P-Asserted-Identity", "<sip:2007@acme.test>")])
    assert user_of(got.get("From")) in ("2007", "+342007")
    got = dial_in_vain(pbx, east, "3100", from_=f"<sip:pbx@acme.test>;tag={token('f')}")
    assert user_of(got.get("From")) == "pbx"


@pytest.mark.parametrize("identities, shown", [
    ([("P-Asserted-Identity", "<sip:600111222@x>")], "01134600111222"),
    ([("P-Asserted-Identity", '"Doe, \\"J\\" <sip:1@x>" <sip:x.test>, <tel:+34-600-111-222;isub=1>')], "01134600111222"),
    ([("P-Asserted-Identity", "<sip:6%zz@x>"), ("P-Preferred-Identity", "<sip:944000000@x>")], "01134944000000"),
    ([("P-Asserted-Identity", "@@<<,,"), ("Remote-Party-ID", "<sip:2007@x>;party=calling")], "2007"),
    ([("P-Asserted-Identity", f"<sip:{'9' * 200}@x>")], "pbx"),
    ([("P-Asserted-Identity", "<sip:6%00%0d%0a1@x>")], "6%00%0D%0A1"),
], ids=["of another country", "several values", "a broken escape", "garbage", "200 digits", "NUL"])
def test_r22_what_a_friend_says_in_the_called_friends_dial_format(router, peers, identities, shown):
    got = dial_in_vain(peers("pbx"), peers("us"), "8201", extra=identities)
    assert user_of(got.get("From")) == shown and [user_of(value) for value in got.all("P-Asserted-Identity")] == [shown]


def test_r23_identities_of_the_caller_are_replaced(router, peers):
    got = dial_in_vain(peers("alice"), peers("east"), "3100",
               extra=[("P-Asserted-Identity", "<sip:+34600000000@acme.test>"), ("P-Preferred-Identity", "<sip:x@acme.test>"),
                      ("Remote-Party-ID", "<sip:y@acme.test>")])
    assert [user_of(value) for value in got.all("P-Asserted-Identity")] == ["101"]
    assert got.get("P-Preferred-Identity") is None and got.get("Remote-Party-ID") is None


@pytest.mark.parametrize("options", [{"from_": '"Anonymous" <sip:anonymous@acme.test>;tag=anon1'},
                                     {"from_": '"Anonymous" <sip:%41nonymous@anonymous.invalid>;tag=anon2'}, {"extra": [("Privacy", "id")]}],
                         ids=["from", "from nowhere", "privacy"])
def test_r23_anonymous_call(router, peers, options):
    got = dial_in_vain(peers("pbx"), peers("east"), "3100", **options)
    assert uri_of(got.get("From")) == "sip:anonymous@anonymous.invalid"
    assert got.get("P-Asserted-Identity") is None


@pytest.mark.parametrize("privacy", ["\x02;;=", "user", "header;id"])
def test_r23_privacy_of_any_kind_is_anonymous(router, peers, privacy):
    got = dial_in_vain(peers("pbx"), peers("east"), "3100", extra=[("Privacy", privacy)])
    assert uri_of(got.get("From")) == "sip:anonymous@anonymous.invalid" and got.get("P-Asserted-Identity") is None
    assert got.all("Privacy") == [privacy if "id" in privacy.split(";") else f"id;{privacy}"]


def test_r23_privacy_none_is_not_anonymous(router, peers):
    got = dial_in_vain(peers("pbx"), peers("east"), "3100", extra=[("Privacy", "none")])
    assert user_of(got.get("From")) == user_of(got.get("P-Asserted-Identity")) == "pbx"


def test_r23_a_carrier_is_asked_to_keep_an_anonymous_callers_number(router, peers):
    got = dial_in_vain(peers("pbx"), peers("telco-a"), "912345678", from_=f"<sip:anonymous@acme.test>;tag={token('f')}")
    assert uri_of(got.get("From")) == "sip:anonymous@anonymous.invalid"
    assert got.all("Privacy") == ["id"] and user_of(got.get("P-Asserted-Identity")) == "944000002"


def test_r23_kept_diversion_in_the_called_friends_dial_format(router, peers):
    got = dial_in_vain(peers("pbx"), peers("us"), "8201", extra=[
        ("Diversion", '"A, B" <sip:944000000@old.test>;reason=user-busy, <sip:2001@old.test>;reason=unconditional')])
    assert got.all("Diversion") == ['"A, B" <sip:01134944000000@old.test>;reason=user-busy, <sip:2001@old.test>;reason=unconditional']


@pytest.mark.parametrize("by_caller", [True, False], ids=["caller", "callee"])
def test_r24_reinvites_and_bye(router, peers, by_caller):
    """Each side sees the same two parties in every request and response, whoever asks."""
    alice, pbx = peers("alice"), peers("pbx")
    assert pbx.forget().status == 200 and pbx.register().status == 200
    callers, callees, _ = establish(alice, pbx, "2001")
    for dialog, other in ((callers, callees), (callees, callers)):
        request = dialog.peer.send(dialog.request("INVITE"))
        got = other.peer.expect_request("INVITE")
        assert (got.get("From"), got.get("To")) == (other.remote, other.local)
        other.peer.send(other.peer.answer(got, 200))
        answered = dialog.peer.expect_status(200)
        assert (answered.get("From"), answered.get("To")) == (dialog.local, dialog.remote)
        dialog.peer.send(dialog.request("ACK", cseq=request.cseq))
        ack = other.peer.expect_request("ACK")
        assert (ack.get("From"), ack.get("To")) == (other.remote, other.local)
    dialog, other = (callers, callees) if by_caller else (callees, callers)
    bye = hang_up(dialog, other.peer)
    assert (bye.get("From"), bye.get("To")) == (other.remote, other.local)


def test_r26_display_of_the_ddi_for_calls_from_outside(router, peers):
    telco, alice = peers("telco-a"), peers("alice")
    assert alice.forget().status == 200 and alice.register().status == 200
    sent = telco.send(telco.request("INVITE", f"sip:944000001@{telco.router}", from_=f'"Mallory" <sip:600111222@{telco.address}>;tag=out'))
    assert refuse(alice, 486).get("From") == '"Sales" <sip:600111222@acme.test>;tag=out'
    hear_refusal(telco, sent, 486)


def test_r26_display_that_a_friend_sends(router, peers):
    got = dial_in_vain(peers("pbx"), peers("east"), "3100", from_='Jane Roe <sip:2001@acme.test>;tag=jane')
    assert got.get("From") == '"Jane Roe" <sip:2001@acme.test>;tag=jane'


def test_r24_from_and_to_are_changed_back_for_each_side(router, peers):
    """R24: each party sees one From and To for the whole dialog; tags and Call-ID are never changed."""
    alice, pbx = peers("alice"), peers("pbx")
    assert pbx.forget().status == 200 and pbx.register(contact=f"<sip:s@{pbx.address}:5060>").status == 200
    callers, callees, got = establish(alice, pbx, "2001")
    assert got.call_id == callers.call_id
    assert uri_of(callers.local) == "sip:alice@acme.test" and uri_of(callers.remote) == "sip:2001@acme.test"
    assert uri_of(callees.remote) == uri_of(got.get("From")) == "sip:101@acme.test"
    bye = hang_up(callees, alice)
    assert (bye.get("From"), bye.get("To")) == (callers.remote, callers.local)


def test_r24_response_shows_the_caller_its_own_from_and_to(router, peers):
    alice, east = peers("alice"), peers("east")
    sent = alice.invite("3100")
    got = east.expect_request("INVITE")
    east.send(east.answer(got, 180, tag="ringing"))
    ringing = alice.expect_status(180)
    assert ringing.get("From") == sent.get("From")
    assert ringing.get("To") == sent.get("To") + ";tag=ringing"
    assert len(ringing.list("Via")) == 1
    assert isinstance(Dialog(alice, sent, ringing, True).target, str)
