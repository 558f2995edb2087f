"""sanity.py - before anything is measured: one call of each kind goes where the rules say, and a wrong password is refused.

The same checks for every router, by plain sockets in the peers' namespace. A router that does something else is not compared.
"""

import contextlib

import tree  # noqa: F401
import company_site
import rig as places
import sip_client
from sip_client import Peer

REFUSED = (401, 403, 407)
CALLED_USER_PORT = 5070


class SanityError(Exception):
    """Which router did what wrong."""


@contextlib.contextmanager
def _step(router, what):
    try:
        yield
    except (AssertionError, OSError) as error:
        raise SanityError(f"{router}: {what}: {error}") from None


def _expect(condition, text):
    if not condition:
        raise AssertionError(text)


def _call(caller, callee, number, request_uri):
    """A whole call; at the callee its Request-URI is `request_uri`, where one is given."""
    callers, callees, got = sip_client.establish(caller, callee, number)
    uri = got.uri.partition(";")[0]
    _expect(request_uri is None or uri == request_uri, f"the call to {number} arrived as {uri}, the rules say {request_uri}")
    _expect(got.get("Record-Route"), f"the call to {number} arrived without Record-Route")
    sip_client.hang_up(callers, callees.peer)


def check(rig, site, router):
    """All checks against the router that runs now; `router` is its name in errors. Raises SanityError."""
    with rig.peers_in_kernel(), contextlib.ExitStack() as sockets:

        def peer(address, port, user, password=None):
            name = site.user(user) if user is not None else "peer"
            opened = Peer(rig.peers, address, places.ROUTER, port, name, password or site.password(user or 0), site.domain(0))
            sockets.callback(opened.close)
            return opened

        caller, called_user = peer(places.CALLER, 5060, 0), peer(places.CALLEE, CALLED_USER_PORT, 1)
        friends, carrier = peer(places.CALLEE, 5060, None), peer(places.CALLEE, 5080, None)
        stranger = peer(places.CALLER, 5090, 0, "wrong")
        with _step(router, "REGISTER with the right password"):
            status = called_user.register().status
            _expect(status == 200, f"answered {status}, not 200")
        with _step(router, "a call to an extension of the company"):
            _call(caller, called_user, site.extension(1), None)
        if site.friends:
            last = site.friends - 1
            with _step(router, "a call to a friend's number"):
                number = site.number_of(last)
                _call(caller, friends, number, f"sip:{number}@{site.friend_host(last)}")
        if site.friends > 1:
            with _step(router, "a call to a number that two friends take"):
                number, best = site.number_of_two()
                _call(caller, friends, number, f"sip:{number}@{site.friend_host(best)}")
        with _step(router, "a call to a number that no friend takes"):
            number = company_site.EXTERNAL_NUMBER
            _call(caller, carrier, number, f"sip:{number}@{places.CARRIER}")
        with _step(router, "a call with a wrong password"):
            answer = stranger.refused(site.number_of(0) if site.friends else company_site.EXTERNAL_NUMBER)
            _expect(answer.status in REFUSED, f"answered {answer.status}, not one of {REFUSED}")
            friends.expect_silence(0.2)
        with _step(router, "REGISTER with a wrong password"):
            status = stranger.register().status
            _expect(status in REFUSED, f"answered {status}, not one of {REFUSED}")
        with _step(router, "taking the registration back"):
            status = called_user.forget().status
            _expect(status == 200, f"answered {status}, not 200")
    sip_client.end_calls()


def check_by_explain(site, router):
    """The same questions to a router of ours that has no kernel's network: `amityctl explain` uses the lcores' own function."""
    caller = ("--company", "company0", "--from", site.user(0))
    asked = [(site.number_of(site.friends - 1), "friend", site.friend(site.friends - 1)), (company_site.EXTERNAL_NUMBER, "external", None)]
    if site.friends > 1:
        number, best = site.number_of_two()
        asked.append((number, "friend", site.friend(best)))
    for number, outcome, target in asked:
        said = router.must("explain", *caller, "--to", number, as_json=True).json
        if said["outcome"] != outcome or target not in (None, said["target"]):
            raise SanityError(f"amity: a call to {number} would end as {said['outcome']} {said['target']}, the rules say {outcome} {target or ''}")
