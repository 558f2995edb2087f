"""nat.py - a home router for tests: a namespace that masquerades (nftables) what comes from its inside."""

import subprocess

import network

RULES = """
table ip nat {{
    chain postrouting {{
        type nat hook postrouting priority srcnat
        oifname "{outside}" ip protocol udp masquerade{ports}
    }}
}}
"""


class Nat:
    """
    Inside and outside interfaces. The outside one is the caller's: link it, address it, give it a route. `ports`: "30000-39999" gives a
    port of those, as busy NATs do: who answers to the port of Contact or Via reaches nobody. Without, the port stays where it can.
    """

    def __init__(self, namespace, outside="outside", ports=None):
        self.namespace, self.outside = namespace, outside
        rules = namespace.network.directory / f"{namespace.name}.nft"
        rules.write_text(RULES.format(outside=outside, ports=f" to :{ports}" if ports else ""))
        for words in (["sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"], ["nft", "-f", rules]):
            done = namespace.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                raise network.NetworkError(f"{' '.join(map(str, words))}: {done.stdout.read().decode()}")

    def connect_inside(self, interface, address, other, other_interface, other_address):
        """A link to a namespace inside, whose way out is through here."""
        network.Network.link(self.namespace, interface, other, other_interface)
        self.namespace.address(interface, address + "/24")
        other.address(other_interface, other_address + "/24")
        other.ip("route", "add", "default", "via", address)
