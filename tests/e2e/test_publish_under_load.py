"""1,000 applies while calls run: each is answered with its revision, and no call, no packet and no memory is lost.

sipp runs without retransmission (-nr): one packet that is lost anywhere leaves a call that never ends.
"""

import csv
import itertools
import signal

import network
from conftest import ENDPOINTS, LAN, PROVISIONING, ROOT

SCENARIOS = ROOT / "tools/demo/scenarios"
APPLIES = 1000
WARM_APPLIES = 100  # from then on memory stays as it is
GROWTH_BYTES_MAX = 8 << 20  # directories of this test that leaked at each apply would be four times that
CALLS_PER_S, CALLS_AT_ONCE = 80, 100
END_WAIT_S = 60  # for the last calls


class Sipp:
    """sipp in the peers' namespace, its statistics in a file."""

    def __init__(self, lab, directory, who, port, words):
        self.log_path, self.statistics_path = directory / f"{who}.log", directory / f"{who}.csv"
        command = ["sipp", *words, "-i", ENDPOINTS[who][0], "-p", port, "-nr", "-nostdin", "-trace_stat", "-stf", self.statistics_path]
        self.lab = lab
        with open(self.log_path, "wb") as log:
            self.process = lab.peers_namespace.start(command, stdout=log, stderr=log, cwd=directory)

    def finish(self):
        """No new calls; those that run end as they should, or this fails. Result: the last row of the statistics."""
        self.process.send_signal(signal.SIGUSR1)
        ended = network.wait_until(lambda: self.process.poll() is not None, END_WAIT_S)
        assert ended, f"calls that do not end:\n{self.log_path.read_text(errors='replace')[-3000:]}"
        self.lab.network.processes.remove(self.process)
        with open(self.statistics_path, newline="") as file:
            return list(csv.DictReader(file, delimiter=";"))[-1]


def answering(lab, directory, who):
    return Sipp(lab, directory, who, 5060, ["-sf", SCENARIOS / "answers.xml"])


def calling(lab, directory, who, number):
    address, domain = ENDPOINTS[who]
    words = [f"{LAN}:5060", "-sf", SCENARIOS / "endpoint_calls.xml", "-r", CALLS_PER_S, "-l", CALLS_AT_ONCE, "-au", who, "-ap", f"{who}-secret"]
    for key, value in {"number": number, "uri_host": domain, "from_user": who, "from_host": domain, "display": who}.items():
        words += ["-key", key, value]
    return Sipp(lab, directory, who, 5070, words)


def documents(directory):
    """Who takes 3100, by priority and by pattern; and changes of others. Each differs from the one before and the one after."""
    def changed(*changes):
        text = PROVISIONING.read_text()
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        return text

    west_first = ("priority: 10, patterns", "priority: 30, patterns")
    texts = [
        changed(),
        changed(west_first),
        changed(west_first, ("'^3[0-9]{3}$'", "'^3[0-9]+$'"), ("{name: gina,", "{name: gina, display: Gina,")),
        changed(("    priority: 20\n", "    priority: 5\n"), ("display: Alice Doe", "display: Alice Roe")),
        changed(("'^3', '^\\+44'", "'^\\+44'"), ("display: Sales", "display: Support")),
        changed(("patterns: ['^3[0-9]{3}$']", "patterns: ['^39']")),
    ]
    paths = [directory / f"document-{index}.yaml" for index in range(len(texts))]
    for path, text in zip(paths, texts):
        path.write_text(text)
    return paths


def apply_all(router, paths):
    """Result: what status said when memory was warm."""
    revision = router.must("status", as_json=True).json["revision"]
    for index, path in zip(range(APPLIES), itertools.cycle(paths)):
        if index == WARM_APPLIES:
            warm = router.must("status", as_json=True).json
        answer = router.must("apply", path, as_json=True).json
        assert answer["revision"] == revision + index + 1
    return warm


def test_none_is_lost(own_lab, tmp_path):
    with own_lab.router(node='  lcores: "0,1,1"') as router:
        paths = documents(tmp_path)
        callees = [answering(own_lab, tmp_path, who) for who in ("east", "west")]
        caller = calling(own_lab, tmp_path, "alice", "3100")
        first = router.must("status", as_json=True).json
        warm = apply_all(router, paths[1:] + paths[:1])
        called, answered = caller.finish(), [callee.finish() for callee in callees]
        last = router.must("status", as_json=True).json

        for row in [called, *answered]:
            assert int(row["FailedCall(C)"]) == 0 and int(row["Retransmissions(C)"]) == 0, row
            assert int(row["SuccessfulCall(C)"]) == int(row["TotalCallCreated"]), row
        answered_counts = [int(row["SuccessfulCall(C)"]) for row in answered]
        assert sum(answered_counts) == int(called["SuccessfulCall(C)"])
        assert min(answered_counts) > 0, "all calls saw the same revision"

        assert last["snapshot"] >= first["snapshot"] + APPLIES
        assert network.wait_until(lambda: router.must("status", as_json=True).json["replaced_tables_waiting"] == 0, END_WAIT_S)
        assert last["heap_resident_bytes"] < warm["heap_resident_bytes"] + GROWTH_BYTES_MAX
        # Which lcore receives is the kernel's hash of three peers; which one works is that of the Call-ID.
        assert all(lcore["transmitted"] > 0 for lcore in last["lcores"]), "three lcores, of which one had nothing to do"
        lost = {row["counter"]: row["total"] for row in router.must("stats", as_json=True).json["counters"]}
        assert lost["TRANSMIT_DROPPED"] == 0, lost
        reasons = {row["reason"]: row["count"] for row in router.must("reasons", as_json=True).json}
        assert not {name for name in reasons if name.endswith("_RING_FULL") or name == "NO_BUFFER"}, reasons
        print(f"{sum(answered_counts)} calls, to east and west {answered_counts}, "
              f"heap {warm['heap_resident_bytes'] >> 10} -> {last['heap_resident_bytes'] >> 10} KiB")
