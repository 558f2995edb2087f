"""gun.py - sipgun: what it is started with, and what it says at the end."""

import json
import signal
import subprocess
import tempfile

import tree
import accounting
import network
import rig as places

END_WAIT_S = 45  # for its start and its end, beyond what it was asked to do
LIMIT_WAIT_S = 240  # for a search of the highest rate
FAILED_PERCENT_MAX = 0.01
HUGE_BYTES_MIN = 400 << 20  # sipgun's, with some room: with less it runs on memory of the process


class GunError(Exception):
    """sipgun did not do what it was asked for; the text is what it said."""


class Shot:
    """What one run of sipgun reported: values by name of the metric, "invite_hop p99" for a percentile, "answers 200" for a status."""

    def __init__(self, text):
        rows = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        self.values = {" ".join(str(row[key]) for key in ("metric", "percentile", "code") if key in row): row["value"] for row in rows}

    def __getitem__(self, metric):
        if metric not in self.values:
            raise GunError(f"sipgun says nothing of {metric}; it says {', '.join(self.values)}")
        return self.values[metric]

    @property
    def failed_percent(self):
        return 100 * self["failed"] / self["tried"] if self["tried"] else 100.0


def _free_hugepages_bytes():
    with open("/proc/meminfo") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["HugePages_Free"]) * int(fields["Hugepagesize"].split()[0]) * 1024


class Gun:
    """One way to the router: a device in a namespace."""

    def __init__(self, namespace, device, pool, cpu, router_mac):
        self.program = tree.build_directory() / "bench/sipgun/sipgun"
        if not self.program.exists():
            raise GunError(f"{self.program} does not exist.\n  Build first: ninja -C {tree.build_directory().name} bench/sipgun/sipgun")
        self.namespace, self.cpu = namespace, cpu
        self.words = ["--device", device, "--caller", f"{places.CALLER}/{places.PREFIX}", "--callee", f"{places.CALLEE}/{places.PREFIX}:5060",
                      "--router", f"{places.ROUTER}:5060", "--pool", pool, "--lcore", cpu, "--router-mac", router_mac]
        if _free_hugepages_bytes() < HUGE_BYTES_MIN:
            self.words.append("--no-huge")

    def start(self, workload, rate, duration_s, warm_up_s=1.0, **options):
        """Starts a run. options: calls_max=..., hold_ms=..., find_limit=True. Result: Firing."""
        words = [self.program, *self.words, "--workload", workload, "--rate", rate, "--duration", duration_s, "--warm-up", warm_up_s, "--json"]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}", *([] if value is True else [value])]
        return Firing(self.namespace, words, LIMIT_WAIT_S if "find_limit" in options else warm_up_s + duration_s + END_WAIT_S)

    def fire(self, *arguments, **options):
        """A whole run. Result: Shot."""
        return self.start(*arguments, **options).finish()


class Firing:
    """A sipgun that runs."""

    def __init__(self, namespace, words, wait_s):
        self.words, self.namespace, self.wait_s = words, namespace, wait_s
        self.output, self.errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        self.process = namespace.start(words, stdout=self.output, stderr=self.errors)
        accounting.prefer([self.process.pid])

    @property
    def runs(self):
        return self.process.poll() is None

    def finish(self):
        """Waits for its end. Result: Shot."""
        try:
            self.process.wait(self.wait_s)
        except subprocess.TimeoutExpired:
            self.stop(signal.SIGKILL)
            raise GunError(f"sipgun did not end within {self.wait_s:.0f} s: {' '.join(map(str, self.words))}\n{self._said()}") from None
        self._forget()
        if self.process.returncode != 0:
            raise GunError(f"sipgun ended with status {self.process.returncode}: {' '.join(map(str, self.words))}\n{self._said()}")
        self.output.seek(0)
        return Shot(self.output.read())

    def stop(self, how=signal.SIGTERM):
        """Ends it early; what it says is not asked for."""
        if self.runs:
            self.process.send_signal(how)
        network.stop(self.process)
        self._forget()

    def _forget(self):
        if self.process in self.namespace.network.processes:
            self.namespace.network.processes.remove(self.process)

    def _said(self):
        self.errors.seek(0)
        return self.errors.read()[-3000:]
