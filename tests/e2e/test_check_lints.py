"""`amityctl check`: what is right but hardly meant, as a person and as a program read it; and that each warning is true."""

import re

import pytest

from conftest import ROOT

DOCUMENT = """\
carriers:
  - {name: telco, address: [udp:203.0.113.7:5060]}
companies:
  - name: lints
    domain: lints.test
    country: ES
    users:
      - {name: ann, password: ann-8Zr2mXw, extension: "101"}
      - {name: tim, password: tim2026}
    friends:
      - name: east
        password: east-8Zr2mXw
        patterns: ['^2[0-9]*$', '6[0-9]{3}']
      - name: west
        password: west-8Zr2mXw
        priority: 5
        patterns:
          - '^2[0-9]{3}$'
          - '^(34|44)5$'
      - name: north
        password: "12345678"
        priority: 5
        patterns: ['^34[0-9]$', '^\\+34 91']
      - {name: mute, password: mute-8Zr2mXw}
      - {name: loop, password: loop-8Zr2mXw, patterns: ['^777$'], forwards: [{when: busy, to: {extension: "70"}}]}
    extensions:
      - {number: "101", route: {user: ann}}
      - {number: "2005", route: {user: ann}}
      - {number: "70", route: {friend: "777"}}
      - {number: "71", route: {friend: "9000"}}
    ddis:
      - {number: "+34944000000"}
    call_acls:
      - name: idle
        rules:
          - {allow: '^\\+34'}
          - {deny: '^\\+34806'}
"""

# (lint, line, example) in the order of the document
EXPECTED = [
    ("no-outgoing-ddi", 8, None),
    ("user-never-called", 9, None),
    ("no-outgoing-ddi", 9, None),
    ("weak-password", 9, None),
    ("pattern-eats-extension", 13, "2005"),
    ("unanchored-pattern", 13, "944006000"),
    ("shadowed-pattern", 18, "2000"),
    ("equal-priority-overlap", 19, "345"),
    ("weak-password", 21, None),
    ("pattern-takes-nothing", 23, None),
    ("friend-without-pattern", 24, None),
    ("forward-loop", 25, None),
    ("route-without-friend", 30, None),
    ("ddi-without-route", 32, None),
    ("acl-unused", 34, None),
    ("acl-rule-unreached", 37, None),
]

# All that the manual page is made of.
ROWS = re.findall(r'^LINT\(\w+, "([a-z-]+)"', (ROOT / "control/lint/lints.def").read_text(), re.M)


@pytest.fixture
def document(tmp_path):
    path = tmp_path / "lints.yaml"
    path.write_text(DOCUMENT)
    return path


def test_the_document_has_every_lint():
    assert {lint for lint, _, _ in EXPECTED} == set(ROWS)


def test_each_warning_has_its_place_example_and_advice(router, document):
    answer = router.must("check", document, as_json=True).json
    assert answer["file"] == str(document) and answer["valid"] is True
    warnings = answer["warnings"]
    assert [(one["lint"], one["line"], one.get("example")) for one in warnings] == EXPECTED
    assert answer["warning_count"] == len(EXPECTED) and "undecided" not in answer
    lines = DOCUMENT.splitlines()
    for one in warnings:
        assert one["text"] and one["advice"] and one["file"] == str(document)
        assert one["column"] <= len(lines[one["line"] - 1])
        # The line as it stands there, but for passwords.
        assert len(one["source"]) == len(lines[one["line"] - 1]) and one["caret"] == one["column"]


def test_people_read_it_as_a_compiler_warns(router, document):
    text = router.must("check", document).text
    paragraphs = text.split("\n\n")
    assert len(paragraphs) == len(EXPECTED) + 1
    assert paragraphs[6].splitlines() == [
        f"{document}:18:13: warning: pattern '^2[0-9]{{3}}$' of friend 'west' (priority 5) is never reached: friend 'east' "
        "(priority 1) takes every number that it takes, such as 2000, with '^2[0-9]*$'  [shadowed-pattern]",
        "              - '^2[0-9]{3}$'",
        "                ^",
        "    advice: remove the pattern, or give its friend a lower priority value than theirs",
    ]
    assert re.fullmatch(rf"file +{re.escape(str(document))}\nvalid +yes\nwarnings +{len(EXPECTED)}\n", paragraphs[-1])


@pytest.mark.parametrize("words", [(), ("--strict",)])
@pytest.mark.parametrize("as_json", [False, True])
def test_no_password_is_shown(router, document, words, as_json):
    answer = router.ctl("check", document, *words, as_json=as_json)
    said = answer.text + answer.error
    assert "tim2026" not in said and "12345678" not in said and "-8Zr2mXw" not in said
    assert "password: *******" in said


def test_strict_makes_warnings_a_refusal(router, document, tmp_path):
    answer = router.ctl("check", document, "--strict")
    assert answer.status == 1 and not answer.text
    assert "[shadowed-pattern]" in answer.error
    assert answer.error.endswith(f"amityctl: valid, but {len(EXPECTED)} warning(s), which --strict refuses\n")
    refused = router.ctl("check", document, "--strict", as_json=True)
    assert refused.status == 1 and len(refused.json["data"]["warnings"]) == len(EXPECTED)
    tidy = tmp_path / "tidy.yaml"
    tidy.write_text((ROOT / "example/provisioning.yaml").read_text())
    answer = router.must("check", tidy, "--strict")
    assert re.search(r"warnings +none", answer.text)


def test_a_wrong_document_is_refused_as_ever(router, document):
    document.write_text(DOCUMENT.replace("{user: ann}", "{user: nobody}", 1))
    answer = router.ctl("check", document)
    assert answer.status == 1 and "is no user" in answer.error and "warning" not in answer.error


def test_the_router_says_the_same_of_the_examples(own_lab, document):
    """What `explain` decides for each number that a warning shows."""
    with own_lab.router(provisioning=document) as router:
        def explain(number):
            return router.must("explain", "--company", "lints", "--from", "ann", "--to", number, as_json=True).json

        assert explain("2000")["target"] == "east"
        assert explain("345")["target"] == "north" and explain("345")["pattern"] == "^34[0-9]$"
        assert explain("944006000")["target"] == "east" and explain("944006000")["pattern"] == "6[0-9]{3}"
        assert explain("2005")["outcome"] == "user" and explain("2005")["target"] == "ann"
        assert explain("71")["status"] == 404
        outside = explain("911234567")
        assert outside["status"] == 403 and outside["outcome"] == "reject"
