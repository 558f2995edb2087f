"""
million.py - as many as a carrier has: a million users registered one after the other, and a million calls at the same time.

amityd and sipgun on net_memif, as in wire.py. What is asked is whether all of them come about, and what each takes in memory.
"""

import tree  # noqa: F401
import company_site
import network
import rig as places
import routers
from gun import GunError

MILLION, SHORT = 1_000_000, 1000
USERS = 100  # of a company
REGISTER_RATE, CALL_RATE, SHORT_RATE = 20_000, 15_000, 500
MARGIN = 1.2  # of limits, and of time: calls end while others still begin
TRANSACTIONS = 524_288
POLL_S = 0.5


def _serve(rig, site, **limits):
    router = routers.AmityMemif(memory="no-huge", transactions=TRANSACTIONS, **limits)
    pool = company_site.write_lines(rig.directory / "pool", site.pool())
    return router, router.serve(rig, site), pool


def registrations(report, rig, is_short):
    """Result: a row of the table."""
    wanted, rate = (SHORT, SHORT_RATE) if is_short else (MILLION, REGISTER_RATE)
    site = company_site.Site(wanted // USERS, USERS, 1, places.FRIENDS, places.CARRIER)
    router, served, pool = _serve(rig, site, bindings=int(wanted * MARGIN))
    with served as running:
        before = running.state_bytes()
        shot = router.gun(rig, pool).fire("register", rate, MARGIN * wanted / rate, warm_up_s=0)
        count = running.registrations()
        if not count:
            raise GunError(f"nobody is registered after {shot['tried']:,.0f} REGISTERs")
        each = (running.state_bytes() - before) / count
    return _row(report, "registrations", "bindings", count, rate, shot, each)


def calls(report, rig, is_short):
    """Result: a row of the table."""
    wanted, rate = (SHORT, SHORT_RATE) if is_short else (MILLION, CALL_RATE)
    hold_s = wanted / rate
    site = company_site.Site(1, USERS, 10, places.FRIENDS, places.CARRIER)
    router, served, pool = _serve(rig, site, calls=int(wanted * MARGIN))
    with served as running:
        before, most, bytes_then = running.state_bytes(), 0, 0
        firing = router.gun(rig, pool).start("call", rate, MARGIN * hold_s, warm_up_s=0, calls_max=int(wanted * MARGIN), hold_ms=int(1000 * hold_s))
        while firing.runs:
            live = running.calls()
            if live > most:
                most, bytes_then = live, running.state_bytes() - before
            network.wait_until(lambda: not firing.runs, POLL_S, POLL_S)
        shot = firing.finish()
    if not most:
        raise GunError(f"no call stood, of {shot['tried']:,.0f}")
    return _row(report, "calls", "calls at a time", most, rate, shot, bytes_then / most)


def _row(report, name, what, count, rate, shot, each):
    workload = f"million {name}"
    report.row(workload, what, count, metric="count", rate=rate)
    report.row(workload, "%", shot.failed_percent, metric="failed", rate=rate)
    report.row(workload, "bytes", each, metric="memory of each")
    return [workload, count, rate, f"{shot.failed_percent:.4f}", each]


PARTS = {"million_registrations": registrations, "million_calls": calls}
COLUMNS = ("workload", "there were", "at/s", "% failed", "bytes each")
