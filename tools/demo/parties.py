"""parties.py - who takes part in the demo: the hosts of the two networks, and sipp as each of them.

    198.51.100.0/24  the company's side, a bridge: phones, PBXes, and this machine's own link for a softphone
    203.0.113.0/24   the public side: the carrier
"""

import dataclasses
import pathlib

import network

SCENARIOS = pathlib.Path(__file__).parent / "scenarios"
DOMAIN = "acme.example"
ROUTER_LAN = "198.51.100.1"
ROUTER_WAN = "203.0.113.1"
LAN_PREFIX = "198.51.100."
SOFTPHONE_ADDRESS = "198.51.100.254"
SIP_PORT = 5060
CALL_PORT = 5070  # where a party calls from while its answering side holds 5060
CALL_WAIT_S = 20


@dataclasses.dataclass(frozen=True)
class Party:
    """A host with SIP on it."""

    name: str
    address: str
    host: str  # namespace
    password: str = ""
    registers: bool = False
    is_carrier: bool = False

    @property
    def router(self):
        return ROUTER_WAN if self.is_carrier else ROUTER_LAN


PARTIES = {party.name: party for party in (
    Party("alice", "198.51.100.11", "phones", "alice-secret", registers=True),
    Party("bob", "198.51.100.12", "phones", "bob-secret", registers=True),
    Party("branch-pbx", "198.51.100.20", "branch", "branch-secret", registers=True),
    Party("north-pbx", "198.51.100.30", "north", "north-secret"),
    Party("south-pbx", "198.51.100.31", "south", "south-secret"),
    Party("telco-a", "203.0.113.7", "carrier", is_carrier=True),
)}


class Site:
    """The demo's networks: a namespace a host, the company's bridge, the carrier's link."""

    def __init__(self, net):
        self.network = net
        self.bridge = net.namespace("lan")
        self.bridge.ip("link", "add", "name", "bridge0", "type", "bridge")
        self.bridge.ip("link", "set", "bridge0", "up")
        self.router = net.namespace("router")
        self.hosts = {}
        self._join(self.router, "lan0", "router")
        self.router.address("lan0", ROUTER_LAN + "/24")
        for party in PARTIES.values():
            self._place(party)
        self.answering = {}

    def _join(self, namespace, interface, port):
        """A host's interface, plugged into the bridge."""
        network.Network.link(namespace, interface, self.bridge, port)
        self.bridge.ip("link", "set", port, "master", "bridge0")

    def _place(self, party):
        if party.host not in self.hosts:
            self.hosts[party.host] = self.network.namespace(party.host)
            if party.is_carrier:
                network.Network.link(self.router, "wan0", self.hosts[party.host], "net0")
                self.router.address("wan0", ROUTER_WAN + "/24")
            else:
                self._join(self.hosts[party.host], "net0", party.host)
        self.hosts[party.host].address("net0", party.address + "/24")

    def listen(self, capture):
        """Both networks, at the ends that face the router."""
        capture.listen(self.bridge, "router")
        capture.listen(self.hosts["carrier"], "net0")

    def open_to_host(self):
        """
        A link from this machine's own namespace to the company's side, for a softphone.
        Result: its address here; None when the machine uses that network itself.
        """
        if network.host_uses(LAN_PREFIX):
            return None
        here = self.network.prefix.replace("demo-", "")[:15]
        self.bridge.ip("link", "add", "host", "type", "veth", "peer", "name", here, "netns", "1")
        self.bridge.ip("link", "set", "host", "master", "bridge0", "up")
        network.ip("address", "add", SOFTPHONE_ADDRESS + "/24", "dev", here)
        network.ip("link", "set", here, "up")
        return SOFTPHONE_ADDRESS

    def answer(self, party):
        """The party takes calls from now on; media comes back as an echo."""
        words = ["sipp", "-sf", SCENARIOS / "answers.xml", "-i", party.address, "-p", SIP_PORT, "-mi", party.address,
                 "-rtp_echo", "-nostdin", "-skip_rlimit"]
        self.answering[party.name] = self._start_sipp(party, "answers", words)

    def stop_answering(self, party):
        process = self.answering.pop(party.name)
        network.stop(process)
        self.network.processes.remove(process)

    def register(self, party, expires_s):
        """Result: whether the router accepted it."""
        keys = {"endpoint": party.name, "domain": DOMAIN, "contact_port": SIP_PORT, "expires": expires_s}
        return self._sipp(party, "register", self._caller_words(party, "register", f"register-{party.name}", keys))

    def call(self, party, number, display, call_id):
        """Places one call. Result: whether sipp saw it answered and hung up."""
        scenario = "carrier_calls" if party.is_carrier else "endpoint_calls"
        keys = {"number": number, "display": display}
        if party.is_carrier:
            keys |= {"uri_host": ROUTER_WAN, "from_user": display, "from_host": party.address}
        else:
            keys |= {"uri_host": DOMAIN, "from_user": party.name, "from_host": DOMAIN}
        return self._sipp(party, scenario, self._caller_words(party, scenario, call_id, keys))

    @staticmethod
    def _caller_words(party, scenario, call_id, keys):
        words = ["sipp", f"{party.router}:{SIP_PORT}", "-sf", SCENARIOS / f"{scenario}.xml", "-i", party.address,
                 "-p", CALL_PORT, "-mi", party.address, "-m", 1, "-nostdin", "-skip_rlimit", "-cid_str", call_id,
                 "-timeout", CALL_WAIT_S, "-timeout_error"]
        if party.password:
            words += ["-au", party.name, "-ap", party.password]
        for key, value in keys.items():
            words += ["-key", key, value]
        return words

    def _sipp(self, party, name, words):
        with open(self.network.directory / f"{party.name}-{name}.log", "wb") as log:
            process = self.hosts[party.host].run(words, CALL_WAIT_S + 5, stdout=log, stderr=log, cwd=self.network.directory)
        return process.returncode == 0

    def _start_sipp(self, party, name, words):
        with open(self.network.directory / f"{party.name}-{name}.log", "wb") as log:
            return self.hosts[party.host].start(words, stdout=log, stderr=log, cwd=self.network.directory)
