"""explain says what the lcores do."""

import pytest

ROWS = [
    (["--company", "acme", "--from", "alice", "--to", "101"], {"outcome": "user", "target": "alice", "rule": "R4.1"}),
    (["--company", "acme", "--from", "alice", "--to", "3999"], {"outcome": "user", "target": "bob", "rule": "R4.1"}),
    (["--company", "acme", "--from", "alice", "--to", "3100"], {"outcome": "friend", "target": "east", "rule": "R4.2"}),
    (["--company", "acme", "--from", "alice", "--to", "4100"], {"outcome": "friend", "target": "tie-a"}),
    (["--company", "acme", "--from", "alice", "--to", "00442079460000"], {"outcome": "friend", "target": "west", "rule": "R4.3"}),
    (["--company", "acme", "--from", "alice", "--to", "912345678"], {"outcome": "external", "target": "telco-a", "rule": "R4.4"}),
    (["--company", "acme", "--from", "alice", "--to", "199"], {"outcome": "reject", "status": 480}),
    (["--company", "acme", "--from", "alice", "--to", "0014155551234"], {"outcome": "reject", "status": 404}),
    (["--carrier", "telco-a", "--to", "944999999"], {"outcome": "reject", "status": 404}),
]


@pytest.mark.parametrize("words, wanted", ROWS, ids=[words[-1] + " from " + words[-3] for words, _ in ROWS])
def test_explain(router, peers, words, wanted):
    for name in ("alice", "bob"):
        assert peers(name).register().status == 200
    answer = router.ctl("explain", *words, as_json=True)
    assert answer.status == 0, answer.text + answer.error
    assert {key: answer.json.get(key) for key in wanted} == wanted, answer.text
    assert answer.json["steps"]


def test_explain_for_people_names_the_rule_and_the_pattern(router):
    text = router.must("explain", "--company", "acme", "--from", "alice", "--to", "3100").text
    assert "east" in text and "R4.2" in text and "^3[0-9]{3}$" in text and "198.51.100.30" in text


def test_unknown_company_is_refused(router):
    assert router.ctl("explain", "--company", "nobody", "--from", "x", "--to", "1").status == 1


FORWARDS = """
carriers:
  - {name: telco-a, address: [udp:203.0.113.7, udp:203.0.113.8], priority: 10, country: ES}
  - {name: telco-b, address: [udp:203.0.113.20], priority: 20}
  - {name: far, address: [udp:192.0.2.77, udp:203.0.113.8], priority: 5, patterns: ['^\\+49']}
companies:
  - name: acme
    domain: acme.test
    country: ES
    outgoing_ddi: "+34944000000"
    users:
      - {name: alice, password: x, extension: "101"}
    friends:
      - {name: hq, password: x, direct: "udp:198.51.100.30", patterns: ['^2'], fallback_ddi: "+34944000001", forwards: [
           {when: busy, to: {extension: "300"}}, {when: no_answer, after: 25, calls: internal, to: {number: "+34600000000"}}]}
      - {name: branch, password: x, direct: "udp:198.51.100.31", patterns: ['^3'], forwards: [{when: busy, to: {extension: "200"}}]}
      - {name: away, password: x, patterns: ['^4'], forwards: [{when: unregistered, calls: external, to: {extension: "199"}},
           {when: unregistered, calls: internal, to: {extension: "300"}}]}
      - {name: moved, password: x, patterns: ['^5'], forwards: [{when: always, to: {extension: "500"}}]}
    extensions:
      - {number: "101", route: {user: alice}}
      - {number: "200", route: {friend: "2000"}}
      - {number: "300", route: {friend: "3000"}}
      - {number: "500", route: {friend: "5000"}}
      - {number: "199"}
    ddis:
      - {number: "+34944000000", route: {friend: "2000"}}
      - {number: "+34944000001", route: {friend: "4000"}}
"""


@pytest.fixture(scope="module")
def forwarding(own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("forwards") / "forwards.yaml"
    path.write_text(FORWARDS)
    with own_lab.router(path) as router:
        yield router


def explained(router, *words):
    answer = router.must("explain", *words, as_json=True).json
    return answer, [(step["rule"], step["text"]) for step in answer["steps"]]


def test_r16_what_comes_after_a_carrier(forwarding):
    answer, steps = explained(forwarding, "--company", "acme", "--from", "alice", "--to", "912345678")
    assert answer["target"] == "telco-a" and answer["next_hop"] == "udp:203.0.113.7:5060"
    assert steps[-2:] == [
        ("R16", "if carrier telco-a at 203.0.113.7:5060 fails: carrier telco-a at 203.0.113.8:5060"),
        ("R16", "if carrier telco-a at 203.0.113.8:5060 fails: carrier telco-b at 203.0.113.20:5060")]


def test_r27_what_comes_after_a_friend(forwarding):
    answer, steps = explained(forwarding, "--company", "acme", "--from", "alice", "--to", "2000")
    assert answer["target"] == "hq"
    texts = [text for _, text in steps]
    # Busy friends that forward to each other: five times, then it is enough.
    first = texts.index("if friend hq is busy: friend branch")
    assert texts[first + 1] == "  if friend branch is busy: friend hq"
    assert ("R27", "          if friend branch is busy: 482 Loop Detected") in steps
    assert "if friend hq does not answer for 25 s: carrier telco-a at 203.0.113.7:5060" in texts
    assert "  if carrier telco-a at 203.0.113.8:5060 fails: carrier telco-b at 203.0.113.20:5060" in texts
    assert texts[-1] == "if friend hq fails in another way: the caller gets its answer"


def test_r27_calls_from_outside_have_their_own_forwards(forwarding):
    answer, steps = explained(forwarding, "--carrier", "telco-a", "--to", "944000000")
    assert answer["target"] == "hq"
    assert not any("does not answer" in text for _, text in steps)
    answer, _ = explained(forwarding, "--carrier", "telco-a", "--to", "944000001")
    assert answer["outcome"] == "reject" and answer["status"] == 480


def test_r27_always_and_unregistered_are_followed_at_once(forwarding):
    answer, steps = explained(forwarding, "--company", "acme", "--from", "alice", "--to", "4321")
    assert answer["target"] == "branch" and answer["rule"] == "R27" and answer["next_hop"] == "udp:198.51.100.31:5060"
    assert ("R27", "adds Diversion: <sip:4321@acme.test>;reason=unavailable") in steps
    answer, _ = explained(forwarding, "--company", "acme", "--from", "alice", "--to", "5000")
    assert answer["outcome"] == "reject" and answer["status"] == 482 and answer["reason"] == "ROUTE_LOOP"


def test_r16_an_address_without_a_route_is_passed_over(forwarding):
    answer, steps = explained(forwarding, "--company", "acme", "--from", "alice", "--to", "0049301234567")
    assert answer["target"] == "far" and answer["next_hop"] == "udp:203.0.113.8:5060" and answer["reason"] is None
    assert ("R19", "no route of the kernel leads to 192.0.2.77") in steps
