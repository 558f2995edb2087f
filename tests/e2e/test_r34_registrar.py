"""R34 to R36: the registrar."""

import signal
import time

import pytest

from sip_client import parameter, token


@pytest.fixture
def fresh(router, peers):
    """carol, without bindings before and after."""
    carol = peers("carol")
    yield carol
    assert carol.forget().status == 200


def bindings(answer):
    return answer.list("Contact")


def test_r34_binding_is_listed_with_its_expiry(router, fresh):
    answer = fresh.register(expires=1800)
    assert answer.status == 200 and answer.get("Date")
    assert len(bindings(answer)) == 1 and fresh.contact in bindings(answer)[0]
    assert 1700 < int(parameter(bindings(answer)[0], "expires")) <= 1800
    rows = router.must("registrations", as_json=True).text
    assert "carol" in rows and fresh.address in rows


@pytest.mark.parametrize("asked, granted", [(5, 60), (100000, 7200)])
def test_r34_expires_has_floor_and_ceiling(router, fresh, asked, granted):
    answer = fresh.register(expires=asked)
    assert answer.status == 200
    assert abs(int(parameter(bindings(answer)[0], "expires")) - granted) <= 1


def test_r34_contact_parameter_beats_the_header(router, fresh):
    answer = fresh.register(expires=3600, contact=f"{fresh.contact};expires=900")
    assert abs(int(parameter(bindings(answer)[0], "expires")) - 900) <= 1


def test_r34_without_contact_it_lists(router, fresh):
    fresh.register()
    request = fresh.request("REGISTER", "sip:acme.test", to="<sip:carol@acme.test>", contact=False)
    answer = fresh.transact(fresh.authorized(request, fresh.challenged(request)))
    assert answer.status == 200 and len(bindings(answer)) == 1


def test_r34_star_without_expires_0_is_refused(router, fresh):
    assert fresh.register(expires=60, contact="*").status == 400


def test_r34_new_contact_replaces_the_old_one_without_multi_contact(router, fresh, peers):
    fresh.register()
    answer = peers("carol", port=5090).register()
    assert len(bindings(answer)) == 1 and ":5090" in bindings(answer)[0]


def test_r34_lower_cseq_of_the_same_call_id_is_500(router, fresh):
    call_id = token("reg")
    assert fresh.register(call_id=call_id, cseq=50).status == 200
    assert fresh.register(call_id=call_id, cseq=20).status == 500


def test_r34_more_than_ten_contacts_is_503(router, peers):
    bob = peers("bob")
    assert bob.forget().status == 200
    statuses = [bob.register(contact=f"<sip:bob@{bob.address}:{6000 + number}>").status for number in range(11)]
    assert bob.forget().status == 200
    assert statuses == [200] * 10 + [503]


def test_r34_path_without_supported_is_420(router, fresh):
    answer = fresh.register(extra=[("Path", "<sip:198.51.100.9;lr>")])
    assert answer.status == 420 and "path" in (answer.get("Unsupported") or "")


def test_r34_direct_friend_may_register(router, peers):
    assert peers("east").register().status == 200


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_r36_a_200_survives(own_lab, own_peers, how):
    """R36: the kill comes right after the 200."""
    with own_lab.router() as router:
        alice, carol = own_peers("alice"), own_peers("carol")
        assert carol.register().status == 200
        router.stop(how)
        router.start()
        alice.invite("103")
        carol.expect_request("INVITE")


def test_r2_nonce_survives_a_restart(own_lab, own_peers):
    """R2: a nonce just issued verifies after a restart: the keys are in the store."""
    with own_lab.router() as router:
        alice, east = own_peers("alice"), own_peers("east")
        request = alice.invite_request("3100")
        challenge = alice.challenged(request)
        router.stop()
        router.start()
        alice.send(alice.authorized(request, challenge))
        east.expect_request("INVITE")


def test_r35_binding_behind_nat_is_pinged(own_lab, own_peers):
    """R35: within 30 s, from the router's own address and port."""
    with own_lab.router():
        carol = own_peers("carol", port=5077)
        assert carol.register(contact="<sip:carol@10.1.1.1:5060>").status == 200
        carol.socket.settimeout(40)
        _, source = carol.socket.recvfrom(65535)
        assert source[:2] == ("198.51.100.1", 5060)
