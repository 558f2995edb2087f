"""
compare.py - what a call, a registration and a transaction cost amityd and Kamailio 5.6, with the same rules on the same link.

    calls10, calls1000  CPU of an authenticated call, with 10 and with 1,000 friends that each have a pattern
    register            CPU of a REGISTER with digest
    limit               calls a second at less than 0.01 % failed
    memory              of a registration, a transaction, an answered call

One router runs at a time, on one CPU; sipgun has the other one. Routers take turns in every round; medians count.
"""

import contextlib
import dataclasses
import os
import platform
import re
import shutil
import subprocess
import time

import tree
import company_site
import costs
import network
import rig as places
import routers
from gun import GunError
from report import figure, median
from rig import Rig
from routers import DEBIAN, TUNED, Amity, AmityMemif, KamailioRouter

PARTS = ("calls10", "calls1000", "register", "limit", "memory")
PARTS_SHORT = ("calls10", "register", "memory")

# Calls a second: about half of what each can take on the slow side of this machine's moods, and near that; the cheaper one counts, of
# every router. amity at the rate of the others would mostly idle, and a small error in the price of idling would be a large one in that
# of a call. A machine that takes less is asked for less, step by step (Compare.cost).
CALL_RATES = {"memif": (50_000, 90_000), "af_xdp": (20_000, 36_000), "af_packet": (16_000, 28_000), "kamailio": (6500, 11_500)}
LOWER = (0.75, 0.55, 0.4, 0.25)
SAVE_RATE = 4000
REGISTER_RATE, FILL_RATE = 4000, 8000
SHORT_RATE = 200
DEBIAN_RATE = 200  # 64 MB of shared memory hold about 4,000 transactions, and each call has two for five seconds and more
REPEATED_PERCENT_MAX = 2
USERS = 1000
WAIT_TIMER_S = 5  # Kamailio keeps a transaction that long after its end (tm, wait_timer)
REGISTRATIONS, LIVE = 100_000, 10_000
PACKETS_RINGING, PACKETS_ANSWERED = 4, 6  # to the router: INVITE ACK INVITE 180, then 200 ACK
HELD_MS = 120_000
DRAWS = 3
FILL_WAIT_S = 60


# Of a cost, and its unit.
COLUMNS = (("us", "us"), ("raw_us", "us"), ("kernel_share", "share"), ("idle_share", "share"), ("rate", "1/s"), ("failed_percent", "%"),
           ("retransmissions_percent", "%"))


@dataclasses.dataclass
class Row:
    """A router in the CPU tables: the costs of all rounds."""

    router: object
    rate: float
    costs: list

    def median(self, what):
        return median(getattr(cost, what) for cost in self.costs)


@dataclasses.dataclass
class Target:
    what: str
    amity: float
    other: float
    unit: str
    least: float

    @property
    def ratio(self):
        """Noise can make a cost nothing or less: that is no measurement, and meets nothing."""
        return self.other / self.amity if self.amity > 0 else 0.0

    @property
    def is_met(self):
        return self.ratio >= self.least


class Compare:
    """One run of the harness."""

    def __init__(self, report, rig, is_short, rounds):
        self.report, self.rig, self.is_short, self.rounds = report, rig, is_short, rounds
        self.targets = []

    # Routers and sites.

    def call_site(self, friends):
        return company_site.Site(1, 20 if self.is_short else USERS, friends, places.FRIENDS, places.CARRIER)

    def plan(self, workload, rate):
        if self.is_short:
            return costs.Plan(workload, min(rate, SHORT_RATE), window_s=1.0, settle_s=0.3, idle_s=0.3)
        return costs.Plan(workload, rate, window_s=5.0, settle_s=WAIT_TIMER_S + 2.0, idle_s=2.0)

    @contextlib.contextmanager
    def served(self, router, site):
        """A router that follows the rules, and the sipgun for it: (running, gun)."""
        pool = company_site.write_lines(self.rig.directory / "pool", site.pool())
        with router.serve(self.rig, site) as running:
            router.check(self.rig, site, running)
            yield running, router.gun(self.rig, pool)

    def cost(self, router, site, workload, rate):
        """
        At `rate`, or at the first of its LOWER shares at which so little is repeated that repeats are no part of the cost.
        Result: the cost, and the rate that was asked for.
        """
        for share in (1, *LOWER):
            with self.served(router, site) as (running, gun):
                cost = costs.measure(running, gun, self.plan(workload, rate * share), calls_max=60000)
            if self.is_short or cost.retransmissions_percent <= REPEATED_PERCENT_MAX:
                break
        if not cost.is_valid:
            self.report.say(f"  {router.name}: {cost.failed_percent:.3f} % of {workload} failed at {cost.rate:,.0f} a second")
        return cost, rate * share

    def take_turns(self, rows, site, workload):
        """What was too much in one round is not asked for in the next."""
        for _ in range(self.rounds):
            for row in rows:
                cost, row.rate = self.cost(row.router, site, workload, row.rate)
                row.costs.append(cost)

    # The parts.

    def calls(self, friends):
        site = self.call_site(friends)
        match = self.faster_match(site)
        tuned = self.at_rates(KamailioRouter("Kamailio, tuned", TUNED, match=match), "kamailio")
        memif, xdp = self.at_rates(AmityMemif(), "memif"), self.at_rates(Amity("af_xdp"), "af_xdp")
        rows = [*memif, *xdp, *tuned]
        if not self.is_short:
            rows += [*self.at_rates(Amity("af_packet"), "af_packet"), Row(Amity("af_xdp", idle="save"), SAVE_RATE, []),
                     Row(KamailioRouter("Kamailio, as Debian starts it", DEBIAN, match=match), DEBIAN_RATE, [])]
        self.take_turns(rows, site, "call")
        self.show_costs(f"CPU of an authenticated call, {friends:,} friends with a pattern each", rows, "call", friends)
        least = {name: min(row.median("us") for row in its) for name, its in (("memif", memif), ("af_xdp", xdp), ("tuned", tuned))}
        self.targets.append(Target(f"CPU of a call, {friends:,} friends, amity in the pipeline (memif)", least["memif"], least["tuned"], "us",
                                   15 if friends == 10 else 20))
        self.targets.append(Target(f"CPU of a call, {friends:,} friends, amity by af_xdp", least["af_xdp"], least["tuned"], "us", 3))

    def at_rates(self, router, name):
        """Its rows: one for each of its rates."""
        return [Row(router, rate, []) for rate in (CALL_RATES[name][:1] if self.is_short else CALL_RATES[name])]

    def faster_match(self, site):
        """The expert's choice between two ways to match: patterns in a dialplan, or in the configuration itself."""
        if self.is_short:
            return "dialplan"
        ways = {match: self.cost(KamailioRouter(f"Kamailio, {match}", TUNED, match=match), site, "call",
                           CALL_RATES["kamailio"][0] // 2)[0].us for match in ("dialplan", "if")}
        chosen = min(ways, key=ways.get)
        self.report.say(f"  Kamailio matches {site.friends:,} patterns by its module dialplan ({figure(ways['dialplan'])} us a call) or by a chain of"
                        f" 'if ($rU =~ ...)' ({figure(ways['if'])} us): {chosen} it is.")
        for match, us in ways.items():
            self.report.row("call", "us", us, router="Kamailio, tuned", metric="cpu", match=match, friends=site.friends, rate_per_s=CALL_RATES["kamailio"][0] // 2)
        return chosen

    def register(self):
        site = company_site.Site(2 if self.is_short else 100, 20 if self.is_short else 100, 1, places.FRIENDS, places.CARRIER)
        # amity challenges each REGISTER (its nonces for them are good for one), so the others do too: sipgun would use a nonce again.
        xdp = Row(Amity("af_xdp", idle="save"), REGISTER_RATE, [])
        stored = Row(KamailioRouter("Kamailio, tuned, SQLite at once", TUNED, "sqlite", one_time_nonce=True), REGISTER_RATE, [])
        rows = [xdp, stored] if self.is_short else [
            xdp, Row(Amity("af_packet", idle="save"), REGISTER_RATE, []), stored,
            Row(KamailioRouter("Kamailio, tuned, memory only", TUNED, "memory", one_time_nonce=True), REGISTER_RATE, [])]
        self.take_turns(rows, site, "register")
        self.show_costs("CPU of a REGISTER with digest (401 and 200)", rows, "register", 1)
        self.targets.append(Target("CPU of a REGISTER, stored durably, amity by af_xdp", xdp.median("us"), stored.median("us"), "us", 2))

    def show_costs(self, title, rows, workload, friends):
        table = []
        for row in rows:
            values = {name: row.median(name) for name, _ in COLUMNS}
            least, most = min(cost.us for cost in row.costs), max(cost.us for cost in row.costs)
            table.append([row.router.name, values["us"], f"{figure(least)}..{figure(most)}", values["raw_us"],
                          f"{100 * values['kernel_share']:.0f} %", f"{100 * values['idle_share']:.1f} %", values["rate"],
                          f"{values['failed_percent']:.3f}", f"{values['retransmissions_percent']:.1f}"])
            for name, unit in COLUMNS:
                self.report.row(workload, unit, values[name], router=row.router.name, metric=name, friends=friends, at=row.rate, rounds=len(row.costs))
        self.report.table(title, ("router", "us each", "of rounds", "raw us", "in kernel", "CPU at idle", "done/s", "% failed", "% repeated"), table)

    def limit(self):
        """Calls a second that a router takes with less than 0.01 % failed; messages are those that it received and sent."""
        site = self.call_site(10)
        table = []
        for router in (Amity("af_xdp"), Amity("af_packet"), KamailioRouter("Kamailio, tuned", TUNED)):
            with self.served(router, site) as (_, gun):
                shot = gun.fire("call", SHORT_RATE if self.is_short else CALL_RATES["kamailio"][0], 1 if self.is_short else 4, find_limit=True, calls_max=60000)
            calls = shot["limit"]
            table.append([router.name, calls, 16 * calls])
            self.report.row("call", "calls/s", calls, router=router.name, metric="limit", friends=10)
            self.report.row("call", "messages/s", 16 * calls, router=router.name, metric="limit", friends=10)
        self.report.table("At less than 0.01 % failed, one CPU", ("router", "calls/s", "messages/s"), table)

    def memory(self):
        registrations, live = (100, 100) if self.is_short else (REGISTRATIONS, LIVE)
        amity, kamailio = Amity("af_packet", memory="no-huge"), KamailioRouter("Kamailio, tuned", TUNED)
        table, transactions = [], []
        for router in (amity, kamailio):
            of_registration, count = self.memory_of_registrations(router, registrations)
            of_transaction = self.memory_of_calls(router, live, "ring_ms", PACKETS_RINGING)
            of_call = None if self.is_short else self.memory_of_calls(router, live, "hold_ms", PACKETS_ANSWERED)
            transactions.append(of_transaction)
            table.append([router.name, of_registration, f"{count:,}", of_transaction, of_call])
            for what, value in (("registration", of_registration), ("ringing call", of_transaction), ("answered call", of_call)):
                self.report.row("memory", "bytes", value, router=router.name, of=what)
        planned = amity.planned_bytes(self.rig)
        for what, value in planned.items():
            self.report.row("memory", "bytes", value, router=amity.name, of=f"{what}, planned")
        self.report.table("Memory in bytes, by what there is more when there are many", ("router", "registration", "of them", "ringing call", "answered call"), table)
        self.report.say(f"  Kamailio: shared memory in use; a ringing call is a transaction, an answered one none any more {WAIT_TIMER_S} s later.")
        self.report.say("  amity: resident memory without hugepages; its tables are taken at the start. Its plan, which `amityd --check` prints, counts "
                        + ", ".join(f"{figure(value)} for each of limits.{what}" for what, value in planned.items()) + ".")
        self.targets.append(Target("Memory of a transaction, amity as planned", planned["max_transactions"], transactions[1], "bytes", 5))

    def memory_of_registrations(self, router, wanted):
        """Result: (bytes of one, how many there were)."""
        companies = max(wanted // 95, 1)
        site = company_site.Site(companies, 100, 1, places.FRIENDS, places.CARRIER)
        with self.served(router, site) as (running, gun):
            before = running.state_bytes()
            # Users are drawn at random: with three draws for each, one in twenty is left out.
            rate = SHORT_RATE if self.is_short else FILL_RATE
            gun.fire("register", rate, DRAWS * companies * 100 / rate, warm_up_s=0)
            count = running.registrations()
            if not count:
                raise GunError(f"{router.name}: nobody is registered after {DRAWS * companies * 100:,} REGISTERs")
            return (running.state_bytes() - before) / count, count

    def memory_of_calls(self, router, count, held_by, packets):
        """Bytes of a call, of so many that all ring, or all are answered, at the same time."""
        rate = SHORT_RATE if self.is_short else FILL_RATE / 4
        with self.served(router, self.call_site(10)) as (running, gun):
            before, packets_before = running.state_bytes(), running.packets_received()
            firing = gun.start("call", rate, count / rate, warm_up_s=0, calls_max=2 * count, **{held_by: HELD_MS})
            full = network.wait_until(lambda: running.packets_received() - packets_before >= packets * count * 0.99 or not firing.runs, FILL_WAIT_S, 0.2)
            if not full or not firing.runs:
                raise GunError(f"{router.name}: {count:,} calls at a time did not come about; {running.packets_received() - packets_before:,} packets")
            if held_by == "hold_ms":
                time.sleep(WAIT_TIMER_S + 1)
            grown = running.state_bytes() - before
            firing.stop()
        return grown / count

    # The end.

    def verdict(self):
        if self.is_short:
            self.report.say()
            self.report.say("A short run shows that this works; its figures mean nothing, and are not held against the targets.")
            return
        rows = []
        for target in self.targets:
            rows.append([target.what, f"{figure(target.amity)} {target.unit}", f"{figure(target.other)} {target.unit}", f"{target.ratio:.1f}",
                         f">= {target.least}", "met" if target.is_met else "MISSED"])
            self.report.row("target", "ratio", target.ratio, what=target.what, amity=round(target.amity, 2), kamailio=round(target.other, 2),
                            least=target.least, met=target.is_met)
        if rows:
            self.report.table("Against Kamailio, tuned", ("what", "amity", "Kamailio", "ratio", "target", ""), rows)


def kamailio_version():
    said = subprocess.run(["kamailio", "-v"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"kamailio (\S+)", said)
    return found[1] if found else "that does not say its version"


def run(report, parts, is_short, rounds):
    """Result: the exit status."""
    began = time.monotonic()
    has_opensips = shutil.which("opensips") is not None
    report.say(f"compare: amityd and Kamailio {kamailio_version()}, {time.strftime('%Y-%m-%d %H:%M')}, {platform.machine()}, {os.cpu_count()} CPUs; the router on"
               f" CPU {routers.ROUTER_CPU}, sipgun on CPU {routers.PEERS_CPU}; {rounds} round(s) by turns")
    report.say("CPU time is that of all threads and processes of a router (schedstat), the share in the kernel by ticks. On a veth the kernel delivers a packet in"
               " its sender's time:\na router pays for what reaches sipgun, sipgun for what reaches the router. 'us each' is without idling, 'raw us' is all.")
    report.say("OpenSIPS: " + ("is installed, but nothing here drives it." if has_opensips else "not compared: Debian 12 has no package of it."))
    with Rig("compare") as rig:
        compare = Compare(report, rig, is_short, rounds)
        for part in parts:
            {"calls10": lambda: compare.calls(10), "calls1000": lambda: compare.calls(1000), "register": compare.register, "limit": compare.limit,
             "memory": compare.memory}[part]()
        compare.verdict()
    report.say()
    report.say(f"{time.monotonic() - began:.0f} s")
    return 0
