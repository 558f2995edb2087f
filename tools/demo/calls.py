"""calls.py - the demo's calls: who dials what, who must get it, and what must be seen on the wire."""

import dataclasses

from parties import DOMAIN, PARTIES


@dataclasses.dataclass(frozen=True)
class Call:
    """One row of the demo."""

    title: str
    caller: str
    number: str
    callee: str
    display: str = ""
    rule: str = ""

    @property
    def call_id(self):
        return f"{self.caller}-dials-{self.number.removeprefix('+')}"

    def explain_words(self):
        """The words of amityctl that explain this call."""
        if PARTIES[self.caller].is_carrier:
            return ["explain", "--carrier", self.caller, "--to", self.number]
        return ["explain", "--company", "acme", "--from", self.caller, "--to", self.number]


CALLS = (
    Call("user to user, by extension", "alice", "102", "bob", "Alice", "R4.1"),
    Call("user to a registered friend, by pattern", "alice", "2001", "branch-pbx", "Alice", "R4.2"),
    Call("user to a direct friend; two match, the least priority takes it", "alice", "3500", "north-pbx", "Alice", "R8"),
    Call("friend to user", "branch-pbx", "101", "alice", "Branch office", "R9"),
    Call("user to the public network, through the carrier", "bob", "912345678", "telco-a", "Bob", "R16"),
    Call("the public network to a DDI, on to a friend", "telco-a", "944000000", "branch-pbx", "915550000", "R33"),
)


def faults(call, messages):
    """What is missing or wrong in the messages of a call. Empty: as it should be."""
    caller, callee = PARTIES[call.caller], PARTIES[call.callee]
    found = []

    def passed(what, **wanted):
        if not any(all(getattr(seen, key) == value for key, value in wanted.items()) for seen in messages):
            found.append(what)

    challenged = any(seen.status == 407 and seen.destination == caller.address for seen in messages)
    if challenged == caller.is_carrier:
        found.append("the carrier was challenged" if challenged else f"{caller.name} was not challenged")
    passed(f"{callee.name} got no INVITE", method="INVITE", status=0, destination=callee.address)
    passed(f"{caller.name} got no 200 to its INVITE", method="INVITE", status=200, destination=caller.address)
    passed(f"{callee.name} got no ACK", method="ACK", destination=callee.address)
    passed(f"{callee.name} got no BYE", method="BYE", status=0, destination=callee.address)
    passed(f"{caller.name} got no 200 to its BYE", method="BYE", status=200, destination=caller.address)
    called = {seen.destination for seen in messages if seen.method == "INVITE" and seen.is_request}
    strangers = called - {caller.address, callee.address} - {party.router for party in PARTIES.values()}
    found += [f"{address} was called too" for address in sorted(strangers)]
    found += [f"credentials for {DOMAIN} went on to {callee.name}" for seen in messages
              if seen.destination == callee.address and seen.header("Proxy-Authorization")][:1]
    return found


def shown_to_callee(call, messages):
    """(header name, value) of the INVITE that the callee got."""
    address = PARTIES[call.callee].address
    for seen in messages:
        if seen.method == "INVITE" and seen.is_request and seen.destination == address:
            shown = [("Request-URI", seen.start_line.split(" ")[1])]
            for name in ("From", "To", "P-Asserted-Identity"):
                if seen.header(name):
                    shown.append((name, seen.header(name).partition(";tag=")[0]))
            return shown
    return []
