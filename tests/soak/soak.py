"""soak.py - many calls over wires that lose and double, and then the question whether anything is left of them.

sipp makes most of the calls; Agents (tests/support/sip_agent.py) make calls of all kinds beside it and note every message
that must not have come.
"""

import asyncio
import csv
import dataclasses
import itertools
import pathlib
import re
import signal
import time

import network
import router_state
from conftest import ENDPOINTS, LAN, ROOT
from sip_calls import KINDS, call_once, close_agents, open_agents

FOLDER = ROOT / "tests/soak"
RATES = {"both": {"drop": 2, "duplicate": 2, "delay": 2, "hold": 30}}
RECEIVE_MS_MAX = 100_000  # of a call that would hang
CALL_S = 40  # of a call that has bad luck again and again; sets how many there may be at once
END_WAIT_S = 90  # for the last calls, and for what lingers (64*T1)


class Wrong(AssertionError):
    """What the soak found."""


@dataclasses.dataclass
class Sipp:
    """
    One sipp in the peers' namespace, its statistics in a file. It does not give calls up for a message that it did not
    expect next: it knows a repeated one only while that is the last. What must not come is the Agents' business.
    """

    lab: object
    directory: pathlib.Path
    who: str
    words: list

    def start(self):
        self.log_path, self.statistics_path = self.directory / f"{self.who}.log", self.directory / f"{self.who}.csv"
        command = ["sipp", *self.words, "-i", ENDPOINTS[self.who][0], "-p", 5060, "-nostdin", "-default_behaviors", "bye,pingreply", "-trace_stat", "-stf", self.statistics_path,
                   "-fd", "10", "-trace_err", "-error_file", self.directory / f"{self.who}.errors"]
        with open(self.log_path, "wb") as log:
            self.process = self.lab.peers_namespace.start(command, stdout=log, stderr=log, cwd=self.directory)
        return self

    @property
    def has_ended(self):
        return self.process.poll() is not None

    def row(self):
        """The last row of its statistics."""
        with open(self.statistics_path, newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))[-1]

    def errors(self):
        """What it complained about first, but of messages that came once more after their call's end."""
        path = self.directory / f"{self.who}.errors"
        entries = re.split(r"(?m)^'?(?=\d{4}-\d\d-\d\d\s)", path.read_text(errors="replace")) if path.exists() else []
        return "".join([entry for entry in entries if ": Dead call " not in entry][:5])


def calling(lab, directory, calls, rate):
    words = [f"{LAN}:5060", "-sf", FOLDER / "calls.xml", "-recv_timeout", RECEIVE_MS_MAX, "-m", calls, "-r", rate, "-l", rate * CALL_S]
    domain = ENDPOINTS["trusted"][1]
    for key, value in {"number": "3100", "uri_host": domain, "from_user": "trusted", "from_host": domain, "display": "trusted"}.items():
        words += ["-key", key, value]
    return Sipp(lab, directory, "trusted", words).start()


async def call_beside(agents, caller):
    """Calls of all kinds, one after the other, as long as sipp calls. Result: how many."""
    for count, kind in enumerate(itertools.cycle(KINDS)):
        if caller.has_ended:
            return count
        await call_once(kind, agents[count & 1], agents[2], "41")


async def run_calls(lab, open_peer, caller, report):
    """Until sipp has made its calls. Result: how many the Agents made beside it."""
    agents = await open_agents(open_peer(who) for who in ("alice", "carol", "tie-a"))
    lab.be(seed=report["seed"], **RATES)
    sipp = caller()
    counts = await asyncio.gather(*(call_beside(agents, sipp) for _ in range(report["agents_at_once"])))
    report["calls_of_agents"] = sum(counts)
    await close_agents(agents)
    return sipp


def expect_calls_ended_well(sipp, callee, report):
    called = sipp.row()
    report.update(calls=int(called["TotalCallCreated"]), failed=int(called["FailedCall(C)"]),
                  retransmissions_of_caller=int(called["Retransmissions(C)"]))
    if report["failed"] or report["calls"] != report["calls_wanted"] or sipp.process.returncode != 0:
        raise Wrong(f"calls that failed, status {sipp.process.returncode}: {report}\n{sipp.errors()}\n{callee.errors()}")
    callee.process.send_signal(signal.SIGUSR1)
    if not network.wait_until(lambda: callee.has_ended, END_WAIT_S):
        raise Wrong(f"called sides that never end:\n{callee.errors()}")
    answered = callee.row()
    # A caller's sipp that has hung up acknowledges no 200 any more: the called side's goes on repeating it to the end.
    report.update(answered=int(answered["TotalCallCreated"]), never_acknowledged=int(answered["FailedCall(C)"]),
                  retransmissions_of_callee=int(answered["Retransmissions(C)"]))
    if report["answered"] != report["calls"] or report["never_acknowledged"] > report["calls"] // 100:
        raise Wrong(f"the called side saw other calls than were made: {report}\n{callee.errors()}")


def soak(lab, router, open_peer, directory, calls, rate, agents_at_once=4, seed=1):
    """Makes the calls, and waits until nothing of them is left. Result: figures by name. Wrong tells what is not right."""
    report = {"calls_wanted": calls, "rate_per_s": rate, "agents_at_once": agents_at_once, "seed": seed}
    begin = time.monotonic()
    callee = Sipp(lab, directory, "east", ["-sf", FOLDER / "answers.xml"]).start()
    wires = lab.settle()
    sipp = asyncio.run(run_calls(lab, open_peer, lambda: calling(lab, directory, calls, rate), report))
    report.update({f"frames_{fate}": count - wires.get(fate, 0) for fate, count in lab.settle().items()})
    expect_calls_ended_well(sipp, callee, report)
    report["seconds"] = round(time.monotonic() - begin)
    router_state.expect_idle(router)
    counters, reasons = router_state.counters(router), router_state.reasons(router)
    report.update({name.lower(): counters[name] for name in ("RECEIVED", "TRANSMITTED", "TRANSMIT_DROPPED")})
    report.update({f"reason_{name.lower()}": count for name, count in reasons.items() if count})
    lost = {name: reasons[name] for name in reasons if reasons[name] and (name.endswith("_FULL") or name == "NO_BUFFER")}
    if lost or counters["TRANSMIT_DROPPED"] or report["frames_lost"]:
        raise Wrong(f"lost by more than the wire: {lost}, {report}")
    status = router.stop()
    if status:
        raise Wrong(f"amityd ended with status {status}: packet buffers are missing\n{router.log_tail()}")
    missing = re.search(r"packets_missing.*", router.log_path.read_text(errors="replace"))
    report["mbufs_missing"] = missing[0] if missing else 0
    return report
