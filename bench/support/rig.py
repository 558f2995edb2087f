"""rig.py - a router's namespace and its peers' namespace, joined by one veth pair; nothing of it outlives the run.

    peers: 10.77.0.2 callers, 10.77.0.3 called -- lan0 == lan0 -- 10.77.0.1 router

While sipgun plays the peers it owns their addresses; the peers' kernel has them only during sanity checks.
"""

import contextlib
import json

import tree  # noqa: F401
import network

INTERFACE = "lan0"
PREFIX = 16
ROUTER, CALLER, CALLEE = "10.77.0.1", "10.77.0.2", "10.77.0.3"
FRIENDS, CARRIER = f"{CALLEE}:5060", f"{CALLEE}:5080"


class Rig:
    """with Rig(name) as rig: the two namespaces, until the block ends."""

    def __init__(self, name):
        self.network = network.Network("test", f"-{name}")
        self.directory = self.network.directory

    def __enter__(self):
        try:
            self.router = self.network.namespace("router")
            self.peers = self.network.namespace("peers")
            network.Network.link(self.router, INTERFACE, self.peers, INTERFACE)
            self.router.address(INTERFACE, f"{ROUTER}/{PREFIX}")
            self.router_mac, self.peers_mac = self._mac(self.router), self._mac(self.peers)
            for address in (CALLER, CALLEE):
                self.router.ip("neighbour", "replace", address, "lladdr", self.peers_mac, "dev", INTERFACE, "nud", "permanent")
        except BaseException:
            self.network.close()
            raise
        return self

    def __exit__(self, *_):
        self.network.close()

    @staticmethod
    def _link(namespace):
        return json.loads(namespace.ip("-j", "-s", "link", "show", "dev", INTERFACE))[0]

    def _mac(self, namespace):
        return self._link(namespace)["address"]

    def packets_of_peers(self):
        """(sent by the peers to the router, sent by the router to the peers), since the rig was made."""
        statistics = self._link(self.peers)["stats64"]
        return statistics["tx"]["packets"], statistics["rx"]["packets"]

    @contextlib.contextmanager
    def peers_in_kernel(self):
        """The peers' addresses are their kernel's: for sockets."""
        addresses = [f"{address}/{PREFIX}" for address in (CALLER, CALLEE)]
        self.peers.address(INTERFACE, *addresses)
        try:
            yield
        finally:
            for address in reversed(addresses):  # the first is the primary one, and would take the others along
                self.peers.ip("address", "delete", address, "dev", INTERFACE)
