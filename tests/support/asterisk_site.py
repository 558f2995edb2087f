"""asterisk_site.py - a router with two companies that are alike, and an Asterisk of each, behind NAT, with the same friend name.

    peers of both, 198.51.100.x --+-- router wan0 -- 203.0.113.7, the carrier
                                  |
             198.51.100.50 [nat] 100.64.0.1 -+- 100.64.0.2 [home of acme]   10.20.0.1 -- 10.20.0.2 Asterisk, chan_sip
                                             +- 100.64.0.3 [home of globex] 10.20.0.1 -- 10.20.0.2 Asterisk, chan_pjsip

The router sees both at one address, with contacts at one address: only the ports differ. The NAT of chan_sip keeps the port, the
other one changes it.
"""

import asterisk
import network
from nat import Nat
from sip_client import Peer
from sip_steps import answer_all
from wire_tap import WireTap

ROUTER, ROUTER_WAN, CARRIER = "198.51.100.1", "203.0.113.1", "203.0.113.7"
NAT, INSIDE = "198.51.100.50", "10.20.0.2"
EXPIRES_S = 20

CARRIERS = """
carriers:
  - {name: telco, address: ["udp:203.0.113.7:5060"], country: ES}
companies:
"""
COMPANY = """
  - name: NAME
    domain: DOMAIN
    country: ES
    area_code: "94"
    users:
      - {name: alice, password: NAME-alice, extension: "101", display: Alice of NAME, outgoing_ddi: "+34DDI1"}
      - {name: bob, password: NAME-bob, extension: "102", outgoing_ddi: "+34DDI1"}
    friends:
      - name: hq-pbx
        password: NAME-hq
        patterns: ['^2[0-9]{3}$']
        fallback_ddi: "+34DDI0"
        forwards:
          - {when: busy, calls: external, to: {extension: "102"}}
          - {when: no_answer, after: 1, calls: external, to: {extension: "102"}}
      - {name: branch, password: NAME-branch, direct: "udp:BRANCH:5060", patterns: ['^3[0-9]{3}$']}
    extensions:
      - {number: "101", route: {user: alice}}
      - {number: "102", route: {user: bob}}
      - {number: "500", route: {friend: "2001"}}
    ddis:
      - {number: "+34DDI0", route: {friend: "2001"}}
      - {number: "+34DDI1", route: {user: alice}}
      - {number: "+34DDI2", route: {friend: "2002"}}
      - {number: "+34DDI3", route: {friend: "2003"}}
"""

# What calls to the PBX's numbers, and calls of the PBX, do. TRUNK(number) is how each driver names it.
DIALPLAN = """
[from-trunk]
exten => 2001,1,Answer()
same => n,Milliwatt()
exten => 2002,1,Busy()
exten => 2003,1,Ringing()
same => n,Wait(30)
exten => 2004,1,Answer()
same => n,Wait(0.3)
same => n,Transfer(TRANSFER)
same => n,Verbose(0,transfer: ${TRANSFERSTATUS})
same => n,Hangup()
exten => 2005,1,Answer()
same => n,Wait(0.3)
same => n,Hangup()
exten => 2006,1,Dial(TRUNK3006)
exten => 2007,1,Progress()
same => n,Wait(0.5)
same => n,Answer()
same => n,Milliwatt()
exten => _3XXX,1,Dial(TRUNK${EXTEN})

; Calls that the PBX makes for its phone 2010, for a phone whose number is a DDI, and for one that hides its number.
[out]
exten => _X.,1,Set(CALLERID(all)="Recepción, 2ª" <2010>)
same => n,Dial(TRUNK${EXTEN})
[out-ddi]
exten => _X.,1,Set(CALLERID(num)=DDI1)
same => n,Dial(TRUNK${EXTEN})
"""
CHAN_SIP = """
[general]
udpbindaddr=0.0.0.0
context=nowhere
allowguest=no
alwaysauthreject=yes
defaultexpiry=EXPIRES
register => hq-pbx:NAME-hq@DOMAIN

[hq-pbx]
type=peer
host=DOMAIN
context=from-trunk
disallow=all
allow=alaw
defaultuser=hq-pbx
secret=NAME-hq
fromdomain=DOMAIN
insecure=port,invite
"""
CHAN_PJSIP = """
[udp]
type=transport
protocol=udp
bind=0.0.0.0:5060

[hq-pbx]
type=registration
transport=udp
outbound_auth=hq-pbx
server_uri=sip:DOMAIN
client_uri=sip:hq-pbx@DOMAIN
contact_user=hq-pbx
expiration=EXPIRES

[hq-pbx]
type=auth
auth_type=userpass
username=hq-pbx
password=NAME-hq

[hq-pbx]
type=aor
contact=sip:DOMAIN

[hq-pbx]
type=endpoint
transport=udp
context=from-trunk
disallow=all
allow=alaw
outbound_auth=hq-pbx
aors=hq-pbx
from_domain=DOMAIN
moh_passthrough=yes

[hq-pbx]
type=identify
endpoint=hq-pbx
match=DOMAIN
"""


class Driver:
    """A channel driver: its file, and how a dialplan names a number behind the trunk."""

    def __init__(self, name, file, text, trunk, transfer):
        self.name, self.file, self.text, self.trunk, self.transfer = name, file, text, trunk, transfer


SIP = Driver("chan_sip", "sip.conf", CHAN_SIP, "SIP/hq-pbx/{}", "102")
PJSIP = Driver("chan_pjsip", "pjsip.conf", CHAN_PJSIP, "PJSIP/{}@hq-pbx", "PJSIP/sip:102@{domain}")


class Company:
    """One of the two: its Asterisk, the wire between that and its own NAT, and sockets at the addresses of its people."""

    def __init__(self, site, name, driver, nat_ports, digit, first_address):
        self.site, self.name, self.domain, self.driver = site, name, f"{name}.test", driver
        self.nat_ports, self.digit = nat_ports, digit
        self.addresses = {who: f"198.51.100.{first_address + place}" for place, who in enumerate(("alice", "bob", "branch"))}
        self.home = self.asterisk = self.tap = None
        self._open = []

    def provisioning(self):
        return self._fill(COMPANY.replace("BRANCH", self.addresses["branch"]))

    def files(self, driver=None):
        """Of its Asterisk, or of one with another driver."""
        driver = driver or self.driver
        trunk = driver.trunk
        dialplan = DIALPLAN.replace("TRUNK${EXTEN}", trunk.format("${EXTEN}")).replace("TRUNK3006", trunk.format("3006"))
        return {driver.file: self._fill(driver.text).replace("EXPIRES", str(EXPIRES_S)),
                "extensions.conf": self._fill(dialplan.replace("TRANSFER)", driver.transfer.format(domain=self.domain) + ")"))}

    def _fill(self, text):
        return text.replace("NAME", self.name).replace("DOMAIN", self.domain).replace("DDI", self.ddi(""))

    def ddi(self, last):
        """A DDI as Spain writes it."""
        return f"94400{self.digit}00{last}"

    def peer(self, who):
        """The socket of alice, bob or branch; closed by settle()."""
        return self._keep(Peer(self.site.lab.peers_namespace, self.addresses[who], ROUTER, 5060, who, f"{self.name}-{who}", self.domain))

    def carrier(self):
        return self._keep(Peer(self.site.lab.peers_namespace, CARRIER, ROUTER_WAN, 5060, "telco", "", CARRIER))

    def _keep(self, peer):
        self._open.append(peer)
        return peer

    def hang_up_all(self, wait=True):
        """Ends all calls of the PBX."""
        if self._channels():
            self.asterisk.cli("channel request hangup all")
            assert not wait or network.wait_until(lambda: not self._channels(), 5), self.asterisk.cli("core show channels")

    def _channels(self):
        return int(self.asterisk.cli("core show channels count").split()[0])

    def settle(self):
        """Ends the calls that a test has left, with a 200 to what its people hear of that, and closes their sockets."""
        if self._channels():
            self.hang_up_all()
            for peer in self._open:
                answer_all(peer)
        for peer in self._open:
            peer.close()
        self._open.clear()


class AsteriskSite:
    """All of it. close() stops the Asterisks; the router and the lab are the caller's."""

    def __init__(self, lab):
        self.lab, self.router = lab, None
        self.companies = [Company(self, "acme", SIP, None, 1, 110), Company(self, "globex", PJSIP, "30000-39999", 2, 120)]
        net = lab.network
        outer = Nat(lab.switch_port("nat", NAT + "/24"))
        for place, company in enumerate(self.companies):
            lab.peers_namespace.address("lan0", *(address + "/24" for address in company.addresses.values()))
            home, inside = net.namespace(f"home-{company.name}"), net.namespace(f"pbx-{company.name}")
            outer.connect_inside(f"inside{place}", f"100.64.{place}.1", home, "outside", f"100.64.{place}.2")
            company.home = Nat(home, ports=company.nat_ports)
            company.home.connect_inside("inside", "10.20.0.1", inside, "lan0", INSIDE)
            company.tap = WireTap(home, "inside")
            company.asterisk = asterisk.Asterisk(inside, net.directory / company.name, company.files(), {company.domain: ROUTER})

    def provisioning(self):
        return CARRIERS + "".join(company.provisioning() for company in self.companies)

    def start(self, router):
        """Both Asterisks, registered at the router."""
        self.router = router
        for company in self.companies:
            company.asterisk.start()
        for company in self.companies:
            company.asterisk.wait_registered(30)

    def story(self):
        """For a test that failed: the end of each log, the last messages on each wire."""
        return "\n".join([self.router.log_tail() if self.router else "(no router)"] + [
            f"{company.name}, {company.driver.name}:\n{company.asterisk.log_tail(15)}\n{company.tap.text(max(company.tap.mark() - 30, 0))}"
            for company in self.companies])

    def close(self):
        for company in self.companies:
            company.asterisk.stop()
            company.tap.close()
