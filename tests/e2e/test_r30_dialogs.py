"""R30: dialogs without state."""

import signal

import pytest

from sip_client import Dialog, establish, hang_up, uri_of


def call(peers, number="3100"):
    alice, east = peers("alice"), peers("east")
    callers, callees, _ = establish(alice, east, number)
    return alice, east, callers, callees


def reinvite(dialog, other):
    request = dialog.peer.send(dialog.request("INVITE"))
    got = other.expect_request("INVITE")
    other.send(other.answer(got, 200))
    dialog.peer.expect_status(200)
    dialog.peer.send(dialog.request("ACK", cseq=request.cseq))
    other.expect_request("ACK")


def test_r30_one_record_route_that_tells_nothing(router, peers):
    alice, east = peers("alice"), peers("east")
    _, _, got = establish(alice, east, "3100")
    routes = got.list("Record-Route")
    assert len(routes) == 1
    assert "alice" not in routes[0] and "acme" not in routes[0] and ";lr" in routes[0]


@pytest.mark.parametrize("place", [0, 1, -1])
def test_ours_is_the_topmost_wherever_a_proxy_writes_its_own(router, peers, place):
    """RFC 3261 16.6 step 4. Kamailio's Record-Route stands above all Vias."""
    alice, east = peers("alice"), peers("east")
    request = alice.invite_request("3100")
    request.headers.insert(place if place >= 0 else len(request.headers), ("Record-Route", "<sip:198.51.100.11:5060;lr>"))
    sent = alice.send(alice.authorized(request, alice.challenged(request)))
    got = east.expect_request("INVITE")
    answer = east.send(east.answer(got, 200))
    routes = got.list("Record-Route")
    assert ";c=" in routes[0] and routes[1] == "<sip:198.51.100.11:5060;lr>"
    dialog = Dialog(alice, sent, alice.expect_status(200), True)
    assert dialog.routes.pop(0) == routes[1]  # alice is that proxy too
    alice.send(dialog.request("ACK", cseq=sent.cseq))
    east.expect_request("ACK")
    hang_up(Dialog(east, got, answer, False), alice)


@pytest.mark.parametrize("side", ["caller", "callee"])
def test_r29_reinvite_then_bye(router, peers, side):
    alice, east, callers, callees = call(peers)
    if side == "caller":
        reinvite(callers, east)
        hang_up(callers, east)
    else:
        reinvite(callees, alice)
        hang_up(callees, alice)


@pytest.mark.parametrize("method", ["INFO", "UPDATE", "MESSAGE", "NOTIFY", "REFER"])
def test_r29_other_requests_pass_both_ways(router, peers, method):
    alice, east, callers, callees = call(peers)
    for dialog, other in ((callers, east), (callees, alice)):
        dialog.peer.send(dialog.request(method))
        other.send(other.answer(other.expect_request(method), 200))
        dialog.peer.expect_status(200)


def test_r2_unasked_credentials_in_bye_pass(router, peers):
    """chan_sip's BYE carries Proxy-Authorization with the old nonce."""
    alice, east, callers, _ = call(peers)
    alice.send(callers.request("BYE", extra=[("Proxy-Authorization", 'Digest username="alice", realm="acme.test", nonce="old", '
                                              'uri="sip:x", response="0", nc=00000002, qop=auth, cnonce="c"')]))
    east.send(east.answer(east.expect_request("BYE"), 200))
    alice.expect_status(200)


def test_r30_forged_cookie_is_403(router, peers):
    alice, east, callers, _ = call(peers)
    route = callers.routes[0]
    middle = len(uri_of(route)) // 2
    letter = uri_of(route)[middle]
    callers.routes = [route.replace(uri_of(route), uri_of(route)[:middle] + ("A" if letter != "A" else "B") + uri_of(route)[middle + 1:])]
    assert alice.transact(callers.request("BYE")).status == 403
    east.expect_silence()


def test_r30_cookie_of_another_dialog_is_403(router, peers):
    alice, east, callers, _ = call(peers)
    others, _, _ = establish(alice, east, "3101")
    callers.routes = others.routes
    assert alice.transact(callers.request("BYE")).status == 403
    east.expect_silence()


def test_r2_r30_no_cookie_is_403_and_an_ack_is_dropped(router, peers):
    alice, east, callers, _ = call(peers)
    callers.routes = []
    assert alice.transact(callers.request("BYE")).status == 403
    alice.send(callers.request("ACK", cseq=callers.cseq))
    alice.expect_silence()
    east.expect_silence()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_r30_call_survives_a_restart_of_the_router(own_lab, own_peers, how):
    with own_lab.router() as router:
        alice, east, callers, callees = call(own_peers)
        router.stop(how)
        router.start()
        reinvite(callees, alice)
        hang_up(callers, east)
