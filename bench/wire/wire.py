"""
wire.py - amityd and sipgun as two processes on net_memif: the highest rate at less than 0.01 % failed, and latency at half of it.

amityd's worker spins on one CPU, sipgun on the other. amityd's control thread is not bound: it goes where the scheduler puts it.

    call         INVITE 407 ACK, INVITE with digest 100 180 200 ACK, BYE 200
    invite_auth  the same with credentials at once
    register     REGISTER 401, REGISTER with digest 200, stored
    in_dialog    re-INVITEs of calls that stand
    flood        a tenth of the calls, alone and then beside nine times as many packets of garbage

    million_registrations, million_calls: see million.py
"""

import os
import platform
import time

import tree  # noqa: F401
import company_site
import million
import rig as places
import routers
import search
from gun import FAILED_PERCENT_MAX
from report import figure
from rig import Rig

WORKLOADS = ("call", "invite_auth", "register", "in_dialog", "flood", *million.PARTS)
PERCENTILES = ("p50", "p99", "p99.9")
# What somebody waits for.
LATENCY = {"call": "due_to_200", "invite_auth": "due_to_200", "register": "register_to_200", "in_dialog": "request_to_200"}
SHORT_RATE, FIRST_RATE = 500, 10_000
GARBAGE_PERCENT = 90
CALLS_MAX = 200_000
ROUTER_CALLS_MAX = 262_144  # also for those that a search begins beyond the limit, and does not end
STANDING, STANDING_SHORT = 5000, 20  # calls in which requests are sent
LIMIT_S = 3
STARTED_SHARE = 0.98


class Wire:
    """amityd and sipgun, for one workload."""

    def __init__(self, report, running, gun, is_short):
        self.report, self.running, self.gun, self.is_short = report, running, gun, is_short
        self.seconds = 1 if is_short else 5
        self.rows = []

    def fire(self, workload, rate, seconds=None, **options):
        calls_max = (STANDING_SHORT if self.is_short else STANDING) if workload == "in_dialog" else CALLS_MAX
        return self.gun.fire(workload, rate, seconds or self.seconds, warm_up_s=0.3 if self.is_short else 1, calls_max=calls_max, **options)

    def limit(self, workload):
        if self.is_short:
            return SHORT_RATE
        if workload == "in_dialog":
            # sipgun sets the calls up once for each run, and so does not search itself.
            return search.highest_rate(self.takes_in_dialog, FIRST_RATE)
        return self.gun.fire(workload, FIRST_RATE, LIMIT_S, find_limit=True, calls_max=CALLS_MAX)["limit"]

    def takes_in_dialog(self, rate):
        shot = self.fire("in_dialog", rate, LIMIT_S)
        return shot.failed_percent < FAILED_PERCENT_MAX and shot["rate_done"] > STARTED_SHARE * rate

    def row(self, name, latency, rate, limit, shot):
        """One line of the table, and its rows for programs."""
        waits = [shot[f"{latency} {percentile}"] for percentile in PERCENTILES]
        self.rows.append([name, limit or "-", rate, f"{shot.failed_percent:.4f}", *waits])
        if limit:
            self.report.row(name, "1/s", limit, metric="limit")
        self.report.row(name, "%", shot.failed_percent, metric="failed", rate=round(rate))
        for percentile, value in zip(PERCENTILES, waits):
            self.report.row(name, "us", value, metric=f"{latency} {percentile}", rate=round(rate))

    def measure(self, workload):
        if workload == "flood":
            self.flood()
            return
        limit = self.limit(workload)
        shot = self.fire(workload, limit / 2)
        self.row(workload, LATENCY[workload], limit / 2, None if self.is_short else limit, shot)

    def flood(self):
        rate = self.limit("call") / 10
        self.row("call, no garbage", LATENCY["call"], rate, None, self.fire("call", rate))
        self.row("call, 90 % garbage", LATENCY["call"], rate, None, self.fire("flood", rate, garbage=GARBAGE_PERCENT))


def measure_rates(report, rig, workloads, is_short):
    """Each workload has a router of its own: beyond the limit calls are begun that nobody ends, and what they leave fills its tables."""
    site = company_site.Site(1, 20 if is_short else 1000, 10, places.FRIENDS, places.CARRIER)
    router = routers.AmityMemif(idle="spin", calls=ROUTER_CALLS_MAX)
    pool = company_site.write_lines(rig.directory / "pool", site.pool())
    rows = []
    for workload in workloads:
        with router.serve(rig, site) as running:
            router.check(rig, site, running)
            wire = Wire(report, running, router.gun(rig, pool), is_short)
            wire.measure(workload)
            rows += wire.rows
    report.table("Highest rate at less than 0.01 % failed; failures and latency at the rate beside it, half of the highest",
                 ("workload", "highest/s", "at/s", "% failed", *(f"{percentile} us" for percentile in PERCENTILES)), rows)
    report.say("  Latency: a call, from when it was due to its 200; register, from REGISTER with digest to its 200; in_dialog, from when due to its 200.")


def run(report, workloads, is_short):
    """Result: the exit status."""
    began = time.monotonic()
    report.say(f"wire: amityd and sipgun on net_memif, {time.strftime('%Y-%m-%d %H:%M')}, {platform.machine()}, {os.cpu_count()} CPUs; amityd's worker spins on"
               f" CPU {routers.ROUTER_CPU}, sipgun on CPU {routers.PEERS_CPU}, amityd's control thread on either")
    with Rig("wire") as rig:
        rates = [workload for workload in workloads if workload not in million.PARTS]
        if rates:
            measure_rates(report, rig, rates, is_short)
        counts = [million.PARTS[workload](report, rig, is_short) for workload in workloads if workload in million.PARTS]
    if counts:
        report.table("As many as there can be", million.COLUMNS, counts)
    if is_short:
        report.say("  A short run shows that this works; its figures mean nothing.")
    report.say()
    report.say(f"{figure(time.monotonic() - began)} s")
    return 0
