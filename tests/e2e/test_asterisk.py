"""A real Asterisk as friend, with the configuration of an ordinary PBX: chan_sip in one company, chan_pjsip in another just like it."""

import pytest

import network
from asterisk_site import INSIDE, NAT, ROUTER, AsteriskSite
from conftest import CONFIGURATION, Lab

CONFIG = CONFIGURATION + "registrar: {{min_expires: 10}}\n"


class SwitchLab(Lab):
    """As Lab, where lan0 of the peers is a switch that others may join."""

    def connect_lan(self):
        self.peers_namespace.ip("link", "add", "lan0", "type", "bridge")
        self.peers_namespace.ip("link", "set", "lan0", "up")
        super().connect_lan()

    def connect(self, interface):
        if interface != "lan0":
            super().connect(interface)
            return
        network.Network.link(self.router_namespace, "lan0", self.peers_namespace, "uplink")
        self.peers_namespace.ip("link", "set", "uplink", "master", "lan0")

    def switch_port(self, name, address):
        """A new namespace with an interface `outside` in the LAN."""
        namespace = self.network.namespace(name)
        network.Network.link(self.peers_namespace, f"to-{name}", namespace, "outside")
        self.peers_namespace.ip("link", "set", f"to-{name}", "master", "lan0")
        namespace.address("outside", address)
        return namespace


@pytest.fixture(scope="module")
def site(asterisk_root):
    net = network.Network("test", "-asterisk")
    try:
        site = AsteriskSite(SwitchLab(net))
        path = net.directory / "provisioning.yaml"
        path.write_text(site.provisioning())
        with site.lab.router(path, configuration=CONFIG) as router:
            site.start(router)
            yield site
            site.close()
    finally:
        net.close()


def test_up(site):
    print(site.router.must("registrations").text)
    print(site.router.must("registrations", as_json=True).text)
    for c in site.companies:
        print(c.tap.text())
        print(c.tap.seen[0].message)
    assert 0
