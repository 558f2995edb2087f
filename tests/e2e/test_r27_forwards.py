"""R27: what a forwarded call looks like where it ends. Friends that forward every call need no failure before."""

import pytest

from sip_client import user_of

PROVISIONING = """
carriers:
  - {name: telco-a, address: ["udp:203.0.113.7:5060"], country: ES}
companies:
  - name: acme
    domain: acme.test
    country: ES
    outgoing_ddi: "+34944000000"
    users:
      - {name: alice, password: alice-secret, extension: "101", call_acl: nothing}
    friends:
      - {name: east, password: east-secret, direct: "udp:198.51.100.30:5060", patterns: ['^3']}
      - {name: west, password: west-secret, direct: "udp:198.51.100.31:5060", patterns: ['^4', '^\\+3491'],
         forwards: [{when: always, to: {extension: "700"}}]}
      - {name: tie-a, password: tie-a-secret, direct: "udp:198.51.100.32:5060", patterns: ['^5'], fallback_ddi: "+34944000001",
         forwards: [{when: always, calls: internal, to: {number: "+34600123123"}}]}
      - {name: tie-b, password: tie-b-secret, direct: "udp:198.51.100.33:5060", patterns: ['^6'],
         forwards: [{when: always, to: {extension: "600"}}]}
      - {name: named, password: named-secret, direct: "udp:198.51.100.42:5060", patterns: ['^7'],
         forwards: [{when: always, to: {extension: "500"}}]}
    extensions:
      - {number: "101", route: {user: alice}}
      - {number: "500", route: {friend: "5000"}}
      - {number: "600", route: {friend: "6000"}}
      - {number: "700", route: {friend: "3700"}}
    ddis:
      - {number: "+34944000000", route: {friend: "5000"}}
      - {number: "+34944000001", route: {user: alice}}
    call_acls:
      - {name: nothing, default: deny}
"""


@pytest.fixture(scope="module")
def forwarding(own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("forwards") / "forwards.yaml"
    path.write_text(PROVISIONING)
    with own_lab.router(path) as router:
        yield router


def dial(caller, callee, number, **options):
    caller.invite(number, **options)
    got = callee.expect_request("INVITE")
    callee.send(callee.answer(got, 486))
    caller.expect_status(486)
    return got


def test_to_an_extension_as_if_it_had_been_dialled(forwarding, own_peers):
    alice, east, west = own_peers("alice"), own_peers("east"), own_peers("west")
    got = dial(alice, east, "4100", extra=[("Diversion", "<sip:made-up@example.org>;reason=unknown")])
    west.expect_silence()
    assert user_of(f"<{got.uri}>") == "3700" and user_of(got.get("To")) == "3700"
    assert user_of(got.get("From")) == "101"
    assert got.all("Diversion") == ["<sip:4100@acme.test>;reason=unconditional"]
    assert got.get("Max-Forwards") == "68"  # R11: one for the forward


def test_what_a_friend_says_about_earlier_diversions_stands_below(forwarding, own_peers):
    caller, east = own_peers("tie-b"), own_peers("east")
    got = dial(caller, east, "911234567", extra=[("Diversion", "<sip:2000@example.org>;reason=user-busy"), ("X-Behind", "yes")])
    assert got.all("Diversion") == ["<sip:911234567@acme.test>;reason=unconditional", "<sip:2000@example.org>;reason=user-busy"]
    assert got.get("X-Behind") == "yes"


def test_to_a_number_the_friend_calls_and_no_acl_is_asked(forwarding, own_peers):
    alice, telco = own_peers("alice"), own_peers("telco-a")
    got = dial(alice, telco, "7100")
    assert user_of(f"<{got.uri}>") == "600123123"
    assert user_of(got.get("From")) == "944000001" and user_of(got.get("P-Asserted-Identity")) == "944000001"
    assert got.all("Diversion") == ["<sip:5000@acme.test>;reason=unconditional", "<sip:7100@acme.test>;reason=unconditional"]
    assert got.get("Max-Forwards") == "67"


def test_calls_from_outside_are_another_kind(forwarding, own_peers):
    telco, friend = own_peers("telco-a"), own_peers("tie-a")
    telco.send(telco.request("INVITE", f"sip:944000000@{telco.router}", to=f"<sip:944000000@{telco.router}>",
                             from_=f"<sip:600111222@{telco.address}>"))
    got = friend.expect_request("INVITE")
    assert user_of(f"<{got.uri}>") == "5000" and not got.all("Diversion")
    friend.send(friend.answer(got, 486))
    telco.expect_status(486)


def test_over_five_forwards_is_482(forwarding, own_peers):
    assert own_peers("alice").refused("6100").status == 482


def test_forwards_end_with_max_forwards(forwarding, own_peers):
    """R11: two forwards need three."""
    alice, telco = own_peers("alice"), own_peers("telco-a")

    def authorized(max_forwards):
        request = alice.invite_request("7100").set("Max-Forwards", str(max_forwards))
        answer = alice.transact(request)
        assert answer.status == 407
        return alice.authorized(request, answer)

    assert alice.transact(authorized(2)).status == 483
    telco.expect_silence()
    alice.send(authorized(3))
    got = telco.expect_request("INVITE")
    assert got.get("Max-Forwards") == "0"
    telco.send(telco.answer(got, 486))
    alice.expect_status(486)
