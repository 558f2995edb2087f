"""The network of the end-to-end tests: a router's namespace, one with all peers, a link for each side.

    peers 198.51.100.x, 2001:db8:1::x -- lan0 router wan0 -- 203.0.113.x peers
"""

import contextlib
import os
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools/demo"), str(ROOT / "tests/support"), str(ROOT / "tests/soak")]

import asterisk  # noqa: E402
import network  # noqa: E402
from bad_wire import BadWire  # noqa: E402
from router import Router  # noqa: E402
from sip_client import Peer, end_calls  # noqa: E402

PROVISIONING = pathlib.Path(__file__).parent / "provisioning.yaml"
RULES = pathlib.Path(__file__).parent / "rules.yaml"
LAN, WAN, LAN6 = "198.51.100.1", "203.0.113.1", "2001:db8:1::1"

# AMITY_DRIVER=af_xdp runs all of it over the other driver.
DRIVER = os.environ.get("AMITY_DRIVER") or "af_packet"

CONFIGURATION = """
node:
  id: 1
  state_dir: elsewhere
  control_socket: elsewhere
  idle: save
{node}
interfaces:
  - device: lan0
    profile: kernel
    driver: DRIVER
  - device: wan0
    profile: kernel
    driver: DRIVER
""".replace("DRIVER", DRIVER)

# name: (address, domain)
ENDPOINTS = {
    "alice": ("198.51.100.11", "acme.test"),
    "bob": ("198.51.100.12", "acme.test"),
    "carol": ("198.51.100.13", "acme.test"),
    "pbx": ("198.51.100.20", "acme.test"),
    "absent": ("198.51.100.21", "acme.test"),
    "east": ("198.51.100.30", "acme.test"),
    "west": ("198.51.100.31", "acme.test"),
    "tie-a": ("198.51.100.32", "acme.test"),
    "tie-b": ("198.51.100.33", "acme.test"),
    "trusted": ("198.51.100.40", "acme.test"),
    "plain": ("198.51.100.41", "acme.test"),
    "named": ("198.51.100.42", "acme.test"),
    "looking": ("198.51.100.43", "acme.test"),
    "dora": ("198.51.100.14", "acme.test"),
    "us": ("198.51.100.44", "acme.test"),
    "contact": ("198.51.100.45", "acme.test"),
    "gina": ("198.51.100.70", "globex.test"),
    "gil": ("198.51.100.73", "globex.test"),
    "gate": ("198.51.100.74", "globex.test"),
    "ivan": ("198.51.100.71", "initech.test"),
    "ipbx": ("198.51.100.72", "initech.test"),
    "stranger": ("198.51.100.200", "acme.test"),
    "telco-a": ("203.0.113.7", "203.0.113.7"),
    "telco-b": ("203.0.113.20", "203.0.113.20"),
    "outsider": ("203.0.113.99", "203.0.113.99"),
}


class Site:
    """Where routers start, one after the other, and where their peers are."""

    def __init__(self, net, router_namespace, peers_namespace):
        self.network = net
        self.router_namespace = router_namespace
        self.peers_namespace = peers_namespace
        self.routers = 0

    def restore_ipv6(self):
        """The kernel takes IPv6 addresses from an interface that goes down."""
        for namespace, addresses in ((self.router_namespace, (LAN6 + "/64",)),
                                     (self.peers_namespace, ("2001:db8:1::11/64", "2001:db8:1::12/64"))):
            for address in addresses:
                namespace.ip("address", "replace", address, "dev", "lan0", "nodad")

    @contextlib.contextmanager
    def router(self, provisioning=PROVISIONING, node="", configuration=CONFIGURATION):
        """A router that runs until the block ends, with a state directory of its own."""
        self.routers += 1
        directory = self.network.directory / f"router-{self.routers}"
        router = Router(self.router_namespace, directory, configuration.format(node=node))
        router.start()
        try:
            if provisioning is not None:
                router.must("apply", provisioning)
            yield router
        except BaseException:
            for command in ("status", "stats", "reasons"):
                print(router.ctl(command).text)  # pytest shows it with the failure
            print(router.log_tail())
            raise
        finally:
            if router.process.poll() is None:
                status = router.stop()
                assert status == 0, f"amityd ended with status {status}:\n{router.log_tail()}"


class Lab(Site):
    """The usual site: a namespace for the router, one for all peers, two links between them."""

    def __init__(self, net):
        super().__init__(net, net.namespace("router"), net.namespace("peers"))
        self.connect_lan()
        self.connect("wan0")
        self.router_namespace.address("wan0", WAN + "/24")
        self.peers_namespace.address("wan0", *(address + "/24" for address, _ in ENDPOINTS.values() if not address.startswith("198.")))

    def connect(self, interface):
        network.Network.link(self.router_namespace, interface, self.peers_namespace, interface)

    def connect_lan(self):
        self.connect("lan0")
        self.router_namespace.address("lan0", LAN + "/24", LAN6 + "/64")
        self.peers_namespace.address("lan0", "2001:db8:1::11/64", "2001:db8:1::12/64")
        self.peers_namespace.address("lan0", *(address + "/24" for address, _ in ENDPOINTS.values() if address.startswith("198.")))


class BadLab(Lab):
    """As Lab, where both links can be made bad: lab.wires["lan0"].be(...)."""

    def __init__(self, net):
        self.wires = {}
        self.middle = net.namespace("middle")
        super().__init__(net)

    def connect(self, interface):
        self.wires[interface] = BadWire(self.middle, self.router_namespace, self.peers_namespace, interface)

    def be(self, **rates):
        for seed, wire in enumerate(self.wires.values(), rates.pop("seed", 1)):
            wire.be(seed=seed, **rates)

    def settle(self):
        """Both links good again. Result: by fate, what was done to frames in all four directions."""
        total = {}
        for wire in self.wires.values():
            for counts in wire.settle().values():
                for fate, count in counts.items():
                    total[fate] = total.get(fate, 0) + count
        return total


class Peers:
    """peers("alice"): a socket at alice's address that knows her name, password and domain. All close at the test's end."""

    def __init__(self, lab):
        self._lab = lab
        self._open = []

    def __call__(self, who, port=5060, address=None, router=None):
        home, domain = ENDPOINTS[who]
        address = address or home
        router = router or (LAN6 if ":" in address else WAN if address.startswith("203.") else LAN)
        peer = Peer(self._lab.peers_namespace, address, router, port, who, f"{who}-secret", domain)
        self._open.append(peer)
        return peer

    def close(self):
        for peer in self._open:
            peer.close()
        end_calls()


@pytest.fixture(scope="session")
def asterisk_root():
    """The chroot with Asterisk; what asks for it is skipped where Debian 11 cannot be had."""
    reason = asterisk.available()
    if reason:
        pytest.skip(reason)
    return asterisk.ROOT


@pytest.fixture(scope="session")
def lab():
    net = network.Network("test")
    try:
        yield Lab(net)
    finally:
        net.close()


@pytest.fixture(scope="session")
def shared(lab):
    with lab.router() as router:
        yield router


@pytest.fixture(scope="session")
def own_lab():
    """A second network, for tests that start and stop routers of their own."""
    net = network.Network("test", "-own")
    try:
        yield Lab(net)
    finally:
        net.close()


@pytest.fixture(scope="module")
def ruled(own_lab):
    """A router with rules.yaml, in the second network."""
    with own_lab.router(RULES) as router:
        yield router


@pytest.fixture(scope="session")
def bad_lab():
    """A third network, with wires that can be bad."""
    net = network.Network("test", "-bad")
    try:
        yield BadLab(net)
    finally:
        net.close()


@pytest.fixture
def bad_wires(bad_lab):
    """bad_wires.be(...) makes them bad until the test ends."""
    yield bad_lab
    bad_lab.settle()


@pytest.fixture
def bad_peers(bad_lab):
    opened = Peers(bad_lab)
    yield opened
    opened.close()


@pytest.fixture
def own_peers(own_lab):
    opened = Peers(own_lab)
    yield opened
    opened.close()


@pytest.fixture
def router(shared):
    """The router that tests share; it must outlive each of them."""
    yield shared
    assert shared.process.poll() is None, f"amityd ended during this test:\n{shared.log_tail()}"


@pytest.fixture
def peers(lab):
    opened = Peers(lab)
    yield opened
    opened.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the end of the router's log, and of the Asterisks'."""
    outcome = yield
    report = outcome.get_result()
    if report.failed and "shared" in item.funcargs:
        report.sections.append(("amityd", item.funcargs["shared"].log_tail()))
    if report.failed and "asterisk_root" in item.fixturenames and "site" in item.funcargs:
        report.sections.append(("router and Asterisks", item.funcargs["site"].story()))
