"""Provisioning: all or nothing, and what is wrong said with its place."""

import re

import pytest

from conftest import PROVISIONING


def refused(router, tmp_path, text):
    """Applies a document that must be refused. Result: what amityctl said."""
    path = tmp_path / "wrong.yaml"
    path.write_text(text)
    before = router.must("export").text
    answer = router.ctl("apply", path)
    assert answer.status == 1, answer.text + answer.error
    assert router.must("export").text == before, "a refused document changed something"
    return answer.text + answer.error


@pytest.mark.parametrize("old, new, line_of, key", [
    ("password: alice-secret", "pasword: alice-secret", "alice-secret", "pasword"),
    ("priority: 10, patterns", "priority: high, patterns", "priority: high", "priority"),
    ("route: {user: bob}}", "route: {user: nobody}}", "user: nobody", "nobody"),
    ("domain: globex.test", "domain: acme.test", "name: globex", "domain"),
    ("'^3[0-9]{3}$'", "'^3[0-9{3}$'", "'^3[0-9{3}$'", "pattern"),
], ids=["unknown key", "wrong type", "dangling reference", "domain twice", "pattern that does not compile"])
def test_refused_with_its_place(router, tmp_path, old, new, line_of, key):
    text = PROVISIONING.read_text().replace(old, new, 1)
    said = refused(router, tmp_path, text)
    line = next(number for number, row in enumerate(text.splitlines(), 1) if line_of in row)
    places = [int(place) for place in re.findall(r"wrong\.yaml:(\d+):\d+", said)]
    assert places, f"no file:line:column in:\n{said}"
    assert any(abs(place - line) <= 1 for place in places), f"line {line} expected in:\n{said}"
    assert key in said, said


@pytest.mark.parametrize("more", ["max_calls: -1", "codecs: [G7299]", "call_acl: national", 'forwards: [{when: busy, to: {extension: "987"}}]',
                                  "max_cps: many"])
def test_what_cannot_be_done_is_refused_not_ignored(router, tmp_path, more):
    text = PROVISIONING.read_text().replace("{name: east, password: east-secret,", "{name: east, password: east-secret, " + more + ",", 1)
    said = refused(router, tmp_path, text)
    assert more.split(":")[0] in said


def test_not_yaml(router, tmp_path):
    assert "wrong.yaml:" in refused(router, tmp_path, "companies: [\n")


def test_dry_run_changes_nothing_and_says_what_would(router, tmp_path):
    path = tmp_path / "new.yaml"
    path.write_text(PROVISIONING.read_text().replace("display: Alice Doe", "display: Alice Roe"))
    before = router.must("export").text
    answer = router.must("apply", path, "--dry-run")
    assert re.search(r"users\s+0 added, 1 changed, 0 removed", answer.text) and "dry run" in answer.text
    assert router.must("export").text == before


def test_export_is_what_apply_takes(router, tmp_path):
    path = tmp_path / "export.yaml"
    path.write_text(router.must("export").text)
    router.must("apply", path)
    assert router.must("export").text == path.read_text()


def test_codecs_are_taken_by_name_and_a_change_of_them_is_shown(own_lab, tmp_path):
    with own_lab.router() as router:
        path = tmp_path / "new.yaml"
        path.write_text(PROVISIONING.read_text().replace("{name: east,", "{name: east, codecs: [g729, Opus, pcma],", 1))
        said = router.must("diff", path).text
        assert re.search(r"codecs.*\[PCMA\].*\[G729, opus, PCMA\]", said), said
        router.must("apply", path)
        assert "codecs: [G729, opus, PCMA]" in router.must("export").text
        router.must("apply", PROVISIONING)
        assert "codecs" not in router.must("export").text


def test_a_change_counts_at_once(own_lab, own_peers, tmp_path):
    with own_lab.router() as router:
        alice, east, west = own_peers("alice"), own_peers("east"), own_peers("west")
        alice.invite("3100")
        east.expect_request("INVITE")
        path = tmp_path / "new.yaml"
        path.write_text(PROVISIONING.read_text().replace("priority: 10, patterns", "priority: 30, patterns"))
        router.must("apply", path)
        alice.invite("3100")
        west.expect_request("INVITE")
        east.expect_silence()


def test_usage_and_no_router_have_statuses_of_their_own(router):
    assert router.ctl("explain").status == 2
    assert router.ctl("no-such-command").status == 2
    home, router.socket_path = router.socket_path, "/nonexistent/socket"
    try:
        assert router.ctl("status").status == 3
    finally:
        router.socket_path = home
