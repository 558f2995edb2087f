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
