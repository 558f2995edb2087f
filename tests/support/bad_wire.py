"""bad_wire.py - a namespace in the middle of a link, and tests/support/bad_wire.c in it: loses, doubles and delays UDP.

    router lan0 -- lan0-router [bad_wire] lan0-peers -- lan0 peers
"""

import json
import signal

import network
from router import build_directory

GOOD = {"drop": 0, "duplicate": 0, "delay": 0, "hold": 0}
SIDES = ("router", "peers")


class BadWire:
    """One link that can be bad. It is good until be() says otherwise."""

    def __init__(self, middle, router, peers, interface):
        self.middle, self.interface = middle, interface
        self.process = None
        self.counts = {side: {} for side in SIDES}
        for side, namespace in zip(SIDES, (router, peers)):
            network.Network.link(namespace, interface, middle, f"{interface}-{side}")
        self.be()

    def be(self, seed=1, both=None, from_router=None, from_peers=None):
        """New rates, in percent and ms, by direction; those not given are 0. What is held at this moment is lost."""
        self._stop()
        rates = {"router": {**GOOD, **(both or {}), **(from_router or {})}, "peers": {**GOOD, **(both or {}), **(from_peers or {})}}
        words = [f"{self.interface}-{side}:" + ",".join(f"{name}={value}" for name, value in rates[side].items()) for side in SIDES]
        self.log_path = self.middle.network.directory / f"{self.interface}-wire.log"
        with open(self.log_path, "wb") as log:
            self.process = self.middle.start([build_directory() / "tests/e2e/bad_wire", seed, *words], stdout=log, stderr=log)
        ready = network.wait_until(lambda: self._said("ready") or self.process.poll() is not None, 30)
        assert ready and self.process.poll() is None, self.log_path.read_text()

    def settle(self):
        """Makes the wire good. Result: by side that frames came from, what was done to them since the wire was made."""
        self.be()
        return self.counts

    def _said(self, word):
        return word in self.log_path.read_text()

    def _stop(self):
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait() == 0, self.log_path.read_text()
        self.middle.network.processes.remove(self.process)
        report = json.loads(self.log_path.read_text().splitlines()[-1])
        for side in SIDES:
            for fate, count in report[f"{self.interface}-{side}"].items():
                self.counts[side][fate] = self.counts[side].get(fate, 0) + count
