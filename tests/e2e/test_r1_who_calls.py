"""R1: who sent an initial request."""

import pytest

from conftest import LAN, WAN
from sip_client import parameter, token


def realm(challenge):
    return parameter(challenge.get("Proxy-Authenticate"), "realm")


def invite(peer, uri, sender):
    return peer.request("INVITE", uri, from_=f"<{sender}>;tag={token('f')}")


def test_r1_company_by_from(router, peers):
    alice = peers("alice")
    assert realm(alice.challenged(invite(alice, f"sip:102@{LAN}", "sip:alice@acme.test"))) == "acme.test"


def test_r1_company_by_request_uri_when_from_is_the_pbx_itself(router, peers):
    pbx = peers("pbx")
    assert realm(pbx.challenged(invite(pbx, "sip:101@acme.test", f"sip:asterisk@{pbx.address}"))) == "acme.test"


def test_r1_company_by_address_of_a_direct_friend(router, peers):
    east = peers("east")
    assert realm(east.challenged(invite(east, f"sip:101@{LAN}", f"sip:900@{east.address}"))) == "acme.test"


def test_r1_foreign_domain_is_403(router, peers):
    stranger = peers("stranger")
    assert stranger.transact(invite(stranger, "sip:101@elsewhere.test", "sip:joe@elsewhere.test")).status == 403


def test_r1_two_companies_is_403(router, peers):
    alice = peers("alice")
    assert alice.transact(invite(alice, "sip:101@globex.test", "sip:alice@acme.test")).status == 403


def test_r1_request_uri_neither_company_nor_router_is_404(router, peers):
    alice = peers("alice")
    assert alice.transact(invite(alice, "sip:101@elsewhere.test", "sip:alice@acme.test")).status == 404


def test_r1_own_address_where_a_domain_is_needed_is_488(router, peers):
    stranger = peers("stranger")
    answer = stranger.transact(invite(stranger, f"sip:101@{LAN}", f"sip:joe@{LAN}"))
    assert (answer.status, answer.phrase) == (488, "Domain needed")


def test_r1_friend_with_auth_source_is_known_by_its_address(router, peers):
    trusted, east = peers("trusted"), peers("east")
    trusted.send(trusted.invite_request("3100"))
    got = east.expect_request("INVITE")
    east.send(east.answer(got, 486))
    assert trusted.expect_status(486)


def test_r1_friend_with_auth_source_from_elsewhere_is_challenged(router, peers):
    stranger = peers("stranger")
    assert stranger.transact(invite(stranger, "sip:3100@acme.test", "sip:trusted@acme.test")).status == 407


def test_r1_digest_user_is_the_caller_not_from(router, peers):
    """Asterisk puts `anonymous` or the caller's number into From."""
    pbx, east = peers("pbx"), peers("east")
    pbx.invite("3100", from_=f'"Anonymous" <sip:anonymous@acme.test>;tag={token("f")}')
    got = east.expect_request("INVITE")
    east.send(east.answer(got, 486))
    assert pbx.expect_status(486)


def test_r1_digest_user_of_another_company_is_not_let_in(router, peers):
    stranger = peers("stranger")
    request = stranger.invite_request("3100")
    challenge = stranger.challenged(request)
    assert stranger.transact(stranger.authorized(request, challenge, "gina", "gina-secret")).status == 407


def test_r1_carrier_is_its_sources(router, peers):
    carrier = peers("telco-a")
    assert carrier.transact(invite(carrier, f"sip:999999999@{WAN}", f"sip:600000000@{carrier.address}")).status == 404


@pytest.mark.parametrize("who, status", [("gina", 407), ("stranger", 403)])
def test_r2_company_sources_filter(router, peers, who, status):
    """globex lists 198.51.100.64/27; outside of it nobody is even challenged."""
    peer = peers(who)
    request = invite(peer, "sip:101@globex.test", "sip:gina@globex.test")
    answer = peer.transact(request)
    if status == 403:
        answer = peer.transact(peer.authorized(request, answer, "gina", "gina-secret")) if answer.status == 407 else answer
    assert answer.status == status
