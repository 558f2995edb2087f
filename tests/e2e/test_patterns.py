"""Compiled patterns: made by a process of its own, kept on disk for the next start, and never trusted blindly."""

import pathlib
import re
import signal

import pytest

from conftest import PROVISIONING


def tables_built(router):
    """(compiled, loaded) of the last start."""
    rows = re.findall(r"event=tables_built .*patterns_compiled=(\d+) patterns_loaded=(\d+)", router.log_path.read_text())
    assert rows, router.log_tail()
    return tuple(map(int, rows[-1]))


def target(router):
    return router.must("explain", "--company", "acme", "--from", "alice", "--to", "3100", as_json=True).json["target"]


def test_a_restart_does_not_compile(own_lab):
    with own_lab.router() as router:
        expected = target(router)
        router.stop(signal.SIGKILL)
        router.start()
        compiled, loaded = tables_built(router)
        assert compiled == 0 and loaded > 0, router.log_tail()
        assert target(router) == expected


@pytest.mark.parametrize("damage", [
    lambda path: path.write_bytes(b"no database at all"),
    lambda path: path.write_bytes(path.read_bytes()[:5000]),
    lambda path: (path.unlink(), path.mkdir()),
], ids=["foreign", "cut short", "not a file"])
def test_a_damaged_cache_is_no_obstacle(own_lab, damage):
    with own_lab.router() as router:
        expected = target(router)
        router.stop()
        path = pathlib.Path(router.state_dir) / "patterns.db"
        damage(path)
        router.start()
        compiled, loaded = tables_built(router)
        assert compiled > 0 and loaded == 0, router.log_tail()
        assert "patterns.db" in router.log_path.read_text()
        assert target(router) == expected


def test_a_change_compiles_what_is_new_only(own_lab, tmp_path):
    with own_lab.router() as router:
        path = tmp_path / "new.yaml"
        path.write_text(PROVISIONING.read_text().replace("'^3[0-9]{3}$'", "'^3[0-8]{3}$'", 1))
        answer = router.must("apply", path, as_json=True).json
        assert answer["patterns_compiled"] == 1 and 0 < answer["compile_us"] < answer["wall_us"]
        path.write_text(PROVISIONING.read_text())
        answer = router.must("apply", path, as_json=True).json
        assert (answer["patterns_compiled"], answer["compile_us"]) == (0, 0), "the way back was compiled again"
        assert not [row for row in pathlib.Path(f"/proc/{router.process.pid}/task/{router.process.pid}/children").read_text().split()
                    if "amity-compile" in pathlib.Path(f"/proc/{row}/comm").read_text()], "the compiling process did not end"


def test_plain_patterns_need_no_compile(own_lab, tmp_path):
    """A new company of which every pattern is plain: nothing is compiled, and its calls find their way."""
    path = tmp_path / "plain.yaml"
    path.write_text("""companies:
  - name: plain
    domain: plain.test
    country: ES
    users: [{name: u, password: u-secret}]
    friends:
      - {name: f, password: f-secret, direct: "udp:198.51.100.30:5060", patterns: ['^2[0-9]{3}$', '^\\+44']}
""")
    with own_lab.router() as router:
        answer = router.must("apply", "--company", "plain", path, as_json=True).json
        assert (answer["patterns_compiled"], answer["patterns_loaded"]) == (0, 0)
        for number, expected in (("2000", "f"), ("200", None), ("00442079460000", "f")):
            found = router.must("explain", "--company", "plain", "--from", "u", "--to", number, as_json=True).json
            assert (found["target"] if found["outcome"] == "friend" else None) == expected, found
        assert "0 pattern sets compiled" in router.must("apply", "--company", "plain", path).text
