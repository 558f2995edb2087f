"""explain names the rules and why each did what it did; codecs (R25)."""

import pytest
from conftest import LAN
from sip_client import Peer
from test_explain import explained

RULES = """
carriers:
  - {name: telco-a, address: [udp:203.0.113.7], sources: [203.0.113.0/28, "2001:db8:3::/48"], country: ES, max_calls: 30, from_domain: sip.example.net}
companies:
  - name: acme
    domain: acme.test
    country: ES
    outgoing_ddi: "+34944000000"
    max_calls: 20
    sources: [198.51.100.0/24, "2001:db8:1::/64"]
    users:
      - {name: alice, password: x, extension: "101", display: Alice Doe}
      - {name: bob, password: x, extension: "102", max_calls: 2, codecs: [G729]}
    friends:
      - {name: hq, password: x, direct: "udp:198.51.100.30", patterns: ['^2'], max_calls: 5, max_cps: 3, always_transform: true,
         from_user: trunk01, from_domain: hq.test, codecs: [PCMA, PCMU, opus]}
      - {name: also, password: x, direct: "udp:198.51.100.31", patterns: ['^2', '^(?=3)(3+)+$'], ddi_in: false, priority: 9}
      - {name: us, password: x, direct: "udp:198.51.100.32", patterns: ['^\\+34955'], country: US}
      - {name: known, auth: source, direct: "udp:198.51.100.33", patterns: ['^7']}
      - {name: known6, auth: source, direct: "udp:[2001:db8:1::33]", patterns: ['^7']}
      - {name: moved, password: x, patterns: ['^8'], forwards: [{when: always, to: {extension: "200"}}]}
    extensions:
      - {number: "101", route: {user: alice}}
      - {number: "102", route: {user: bob}}
      - {number: "200", route: {friend: "2000"}}
      - {number: "900", route: {number: "+34900123123"}}
    ddis:
      - {number: "+34944000000", route: {user: alice}, display: Sales}
      - {number: "+34944000001", route: {user: bob}}
"""

# Who calls what, and of which rules the operator is told.
NAMED = [
    ("alice", "2000", [("R1", "user alice of acme is known by its password"), ("R2", "acme is heard from 198.51.100.0/24, 2001:db8:1::/64 alone; from elsewhere: 403"),
                       ("R8", "pattern ^2 of friend also (priority 9) matches 2000, but loses by its priority"),
                       ("R9", "calls to friends are internal: no call ACL is asked"), ("R18", "friend hq may have 5 calls at a time: beyond, 486"),
                       ("R19", "friend hq is called at its direct address 198.51.100.30:5060"),
                       ("R21", "ddi_in: Request-URI and To show the number 2000"), ("R22", "From shows trunk01, the from_user of hq"),
                       ("R22", "its host is hq.test, the from_domain of hq"), ("R23", "P-Asserted-Identity shows 101"),
                       ("R26", 'display name "Alice Doe", of the calling user'), ("R25", "codecs: PCMA (alice) and PCMU, PCMA, opus (hq): PCMA")]),
    ("known", "101", [("R1", "friend known is known by its address 198.51.100.33, without a password"), ("R12", "alice is registered with sip:alice@198.51.100.11:50"),
                      ("R20", "rung at the same time: sip:alice@198.51.100.11:50"),
                      ("R21", "Request-URI is the contact of user alice, To shows 101"), ("R22", "From shows known, the caller's name: it gives no number")]),
    ("known6", "101", [("R1", "friend known6 is known by its address 2001:db8:1::33, without a password")]),
    ("alice", "102", [("R18", "user bob may have 2 calls at a time: beyond, 486"), ("R22", "From shows 101, the caller's extension"),
                      ("R25", "codecs: PCMA (alice) and G729 (bob): nothing in common")]),
    ("alice", "333", [("R21", "no ddi_in: Request-URI is the name, To shows the name also")]),
    ("hq", "955123123", [("R5", "routed as +34955123123"), ("R18", "friend hq may have 3 new calls in a second: beyond, 503"),
                         ("R32", "+34955123123 is dialled 01134955123123 by us")]),
    ("alice", "912345678", [("R13", "no call ACL: every number is allowed"), ("R15", "presents +34944000000"),
                            ("R18", "company acme may have 20 external calls at a time: beyond, 503 Company call limit"),
                            ("R18", "carrier telco-a may have 30 calls at a time: beyond, 503 Company call limit"),
                            ("R32", "+34912345678 is dialled 912345678 by telco-a"), ("R32", "+34944000000 is dialled 944000000 by telco-a"),
                            ("R16", "host of From and identity is sip.example.net, the from_domain of telco-a"),
                            ("R25", "codecs: PCMA (alice) and as offered (telco-a): PCMA")]),
    ("alice", "900", [("R13", "no call ACL is asked: the caller did not dial that number")]),
    ("alice", "8000", [("R11", "Max-Forwards: each forward takes one, 1 so far"), ("R27", "friend moved forwards calls always, to extension 200")]),
    ("alice", "944000001", [("R17", "our own DDI"), ("R22", "From shows 944000000, the number that the caller presents"),
                            ("R18", "company acme may have 20 external calls")]),
    (None, "944000000", [("R1", "carrier telco-a is known by the sources 203.0.113.0/28, 2001:db8:3::/48"), ("R33", "DDI +34944000000"),
                         ("R18", "carrier telco-a may have 30 calls at a time: beyond, 486"), ("R18", "company acme may have 20 external calls at a time: beyond, 486"),
                         ("R23", "the caller is not to be known: From is anonymous, no identity")]),
]


@pytest.fixture(scope="module")
def ruled(own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("rules") / "rules.yaml"
    path.write_text(RULES)
    with own_lab.router(path) as router:
        alice = Peer(own_lab.peers_namespace, "198.51.100.11", LAN, 5060, "alice", "x", "acme.test")
        assert alice.register().status == 200
        assert alice.register(contact="<sip:alice@198.51.100.11:5090>").status == 200
        alice.close()
        yield router


@pytest.mark.parametrize("caller, number, named", NAMED, ids=[f"{number} from {caller or 'outside'}" for caller, number, _ in NAMED])
def test_explain_names_the_rules(ruled, caller, number, named):
    who = ["--company", "acme", "--from", caller] if caller else ["--carrier", "telco-a"]
    answer, steps = explained(ruled, *who, "--to", number)
    for rule, words in named:
        assert any(step[0] == rule and words in step[1] for step in steps), (rule, words, steps)
    assert steps[0][0] == "R1" and all(rule for rule, _ in steps)


def test_r25_codecs_of_an_explained_call(ruled):
    def codecs(caller, number):
        answer, _ = explained(ruled, "--company", "acme", "--from", caller, "--to", number)
        return answer["codecs"], answer["status"], answer["reason"]

    assert codecs("alice", "2000") == (["PCMA"], None, None)
    assert codecs("hq", "2000") == (["PCMU", "PCMA", "opus"], None, None)
    assert codecs("known", "102") == ([], 480, "NOT_REGISTERED")
    assert codecs("hq", "912345678") == (["PCMU", "PCMA", "opus"], None, None)
    answer, _ = explained(ruled, "--carrier", "telco-a", "--to", "944000000")
    assert answer["codecs"] == ["PCMA"]
    text = ruled.must("explain", "--company", "acme", "--from", "alice", "--to", "2000").text
    assert "\n  codecs        PCMA\n" in text


def test_r25_nothing_in_common_is_told_with_its_status(ruled, own_lab):
    bob = Peer(own_lab.peers_namespace, "198.51.100.12", LAN, 5060, "bob", "x", "acme.test")
    assert bob.register().status == 200
    answer, steps = explained(ruled, "--company", "acme", "--from", "alice", "--to", "102")
    assert (answer["outcome"], answer["status"], answer["reason"], answer["codecs"]) == ("user", 488, "NO_COMMON_CODEC", [])
    assert bob.forget().status == 200
    bob.close()
