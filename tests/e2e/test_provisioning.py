"""Provisioning as an operator meets it: history, diff, rollback; many at once; a crash, damage and a second router."""

import concurrent.futures
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from conftest import CONFIGURATION, PROVISIONING
from router import RouterError

TEXT = PROVISIONING.read_text()
OF_ALICE = "display: Alice Doe"


def variant(number, companies=0):
    """The document of the tests with a name of its own for alice, and as many more companies."""
    more = "".join(f"\n  - {{name: extra-{i}-{number}, domain: extra-{i}.test, country: ES, users: [{{name: u, password: p{number}}}]}}"
                   for i in range(companies))
    return TEXT.replace(OF_ALICE, f"display: Alice {number}").rstrip("\n") + more + "\n"


def write(path, text):
    path.write_text(text)
    return path


@pytest.fixture
def own_router(own_lab):
    with own_lab.router() as router:
        yield router


def started(router):
    """How a start that must fail ended: (status, what it said)."""
    with open(router.log_path, "rb") as log:
        log.seek(0, os.SEEK_END)
        with pytest.raises(RouterError):
            router.start()
        status = router.process.returncode
        router.namespace.network.processes.remove(router.process)
        return status, log.read().decode()


def begin_ctl(router, *words):
    return subprocess.Popen([router.amityctl, "--socket", router.socket_path, *words], stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_history_diff_and_rollback(own_router, tmp_path):
    first = own_router.must("export").text
    path = write(tmp_path / "new.yaml", variant(2).replace("bob-secret", "b0b-secret"))
    said = own_router.must("diff", path).text
    assert re.search(r"~ user alice of acme\n +display: 'Alice Doe' -> 'Alice 2'\n", said), said
    assert "~ user bob of acme\n    password: another one (not shown)\n" in said and "b0b" not in said
    assert "compared with revision 1" in said and own_router.must("export").text == first

    applied = own_router.must("apply", path, as_json=True).json
    assert applied["revision"] == 2 and applied["changes"]["users"] == {"added": 0, "changed": 2, "removed": 0}
    assert 0 < applied["store_us"] < applied["wall_us"]
    assert f"store_us={applied['store_us']} " in own_router.log_path.read_text()
    assert own_router.must("apply", "--dry-run", path, as_json=True).json["store_us"] == 0
    assert [(one["kind"], one["name"]) for one in applied["changed"]] == [("user", "alice"), ("user", "bob")]
    assert own_router.must("export", "--revision", "1").text == first

    said = own_router.must("rollback").text
    assert "applied: revision 3 (the document of revision 1)" in said and "~ user alice of acme: display" in said
    assert re.search(r"revision 1\), [0-9.]+ ms \([0-9.]+ to store it\), 0 pattern sets compiled\n", said), said
    assert own_router.must("export").text == first
    rows = own_router.must("history", as_json=True).json
    assert [(row["revision"], row["action"], row["kept"]) for row in rows] == [
        (3, "rollback to 1", True), (2, "apply", True), (1, "apply", True)]
    assert rows[1]["file"] == str(path) and rows[1]["by"].startswith("uid 0, pid ") and rows[1]["changes"] == "companies ~1, users ~2"
    assert abs(time.time() - time.mktime(time.strptime(rows[0]["time"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 3600

    assert "no difference to revision 3" in own_router.must("diff", "--revision", "1").text
    assert "nothing to apply, still revision 3" in own_router.must("rollback", "1").text
    for words, status, part in ((("rollback", "9"), 1, "there is no revision 9: the newest is 3"),
                                (("rollback", "nine"), 2, "no number of a revision"),
                                (("diff",), 2, "diff compares with one thing"),
                                (("export", "--revision", "9"), 1, "there is no revision 9")):
        answer = own_router.ctl(*words)
        assert answer.status == status and part in answer.error, answer


def test_one_company_is_applied_alone(own_lab, tmp_path):
    with own_lab.router() as router:
        router.must("apply", write(tmp_path / "all.yaml", variant(1, companies=3)))
        before = router.must("export").text
        one = router.must("export", "--company", "extra-1-1").text
        changed = write(tmp_path / "one.yaml", one.replace("password: p1", "password: another"))
        said = router.must("apply", changed, "--company", "extra-1-1", "--dry-run").text
        assert re.search(r"users\s+0 added, 1 changed, 0 removed", said), said
        assert router.must("export").text == before
        router.must("apply", changed, "--company", "extra-1-1")
        after = router.must("export").text
        assert after == before.replace(one.split("companies:\n")[1], changed.read_text().split("companies:\n")[1])
        assert "apply --company extra-1-1" in router.must("history").text

        # A file of another company, or of more than one, changes nothing.
        for name, text in (("extra-2-1", changed.read_text()), ("extra-1-1", before)):
            answer = router.ctl("apply", write(tmp_path / "wrong.yaml", text), "--company", name)
            assert answer.status == 1 and "wrong.yaml:" in answer.text + answer.error, answer.text + answer.error
        assert router.must("export").text == after

        router.must("apply", write(tmp_path / "new.yaml", one.replace("extra-1", "extra-9")), "--company", "extra-9-1")
        router.must("apply", write(tmp_path / "none.yaml", "companies: []\n"), "--company", "extra-2-1")
        last = router.must("export").text
        assert "extra-9-1" in last and "extra-2-1" not in last
        assert router.stop() == 0
        router.start()
        assert router.must("export").text == last, "a restart found something else"
        router.must("rollback", "2")
        assert router.must("export").text == before


def test_every_mistake_of_a_file_is_shown_in_its_order(router, tmp_path):
    text = TEXT.replace(OF_ALICE, "dislay: Alice").replace("priority: 10, patterns", "priority: 99999, patterns", 1).replace("'^3[0-9]{3}$'", "'^3('")
    text = text.replace("route: {user: bob}", "route: {user: nobody}", 1)
    answer = router.ctl("apply", write(tmp_path / "wrong.yaml", text))
    assert answer.status == 1
    lines = answer.error.splitlines()
    places = [(int(line), int(column)) for line, column in re.findall(r"wrong\.yaml:(\d+):(\d+): ", answer.error)]
    assert len(places) == 4 and places == sorted(places), answer.error
    for number, (line, column) in enumerate(places):
        message, source, caret = lines[3 * number:3 * number + 3]
        assert source.strip() == text.splitlines()[line - 1].strip()[:len(source.strip())] or source.strip().startswith("..."), answer.error
        assert source[caret.index("^"):][:3] == text.splitlines()[line - 1][column - 1:][:3], answer.error
    assert "refused: 4 problem(s); nothing was changed" in lines[-1]


@pytest.mark.parametrize("text, place", [
    (b"companies:\n- {name: a, domain: a.b, country: ES, area_code: '', users: [{name: u, display: Jos\xe9}]}\n", "2:84: a byte that is not UTF-8"),
    ("companies: []\n".encode("utf-16"), "1:1: a byte that is not UTF-8"),
    ("companies: []\n".encode("utf-16-le"), "1:2: a NUL byte"),
    ("# é\ncompanies: []\n".encode() + b"# \xff\n", "3:3: a byte that is not UTF-8"),
    (b"#" * 100 + b"\xc3", "1:101: a byte that is not UTF-8"),
], ids=["latin-1", "UTF-16 with mark", "UTF-16", "behind what is right", "half a character"])
def test_what_is_not_utf8_is_told_with_its_place(router, tmp_path, text, place):
    path = tmp_path / "wrong.yaml"
    path.write_bytes(text)
    for command in ("apply", "check", "diff"):
        answer = router.ctl(command, path)
        assert answer.status != 0 and f"{path}:{place}" in answer.error, answer


def test_large_and_deep_documents_are_refused_in_their_time(router, tmp_path):
    before = router.must("export").text
    for text, said in (("companies: " + "[" * 1_000_000, "must be a company"),
                       ("companies: " + "{a: " * 500_000, "must be a list, not a mapping"),
                       ("companies:\n" + "- x\n" * 100_000, "and 99900 more"),
                       ("x" * 5_000_000 + ": 1\n", "unknown key"),
                       ("#" * 140_000_000, "is longer than 128 MiB")):
        answer = router.ctl("apply", write(tmp_path / "large.yaml", text))
        assert answer.status != 0 and said in answer.error, answer.error[:2000]
        assert len(answer.error) < 100_000 and answer.error.count("more") <= 1
    assert router.must("export").text == before


def test_many_at_once_queue_and_each_is_told_its_own_revision(own_router, tmp_path):
    files = [write(tmp_path / f"{number}.yaml", variant(number)) for number in range(2, 22)]
    with concurrent.futures.ThreadPoolExecutor(len(files)) as pool:
        answers = list(pool.map(lambda path: own_router.must("apply", path, as_json=True).json, files))
    assert sorted(answer["revision"] for answer in answers) == list(range(2, 22))
    for path, answer in zip(files, answers):
        assert f"Alice {path.stem}'" in own_router.must("export", "--revision", str(answer["revision"])).text
    newest = max(zip(answers, files), key=lambda pair: pair[0]["revision"])[1]
    assert "no difference" in own_router.must("diff", newest).text


def test_a_router_that_stops_answers_those_who_wait(own_lab, tmp_path):
    with own_lab.router() as router:
        waiting = [begin_ctl(router, "apply", write(tmp_path / f"{number}.yaml", variant(number, 300))) for number in range(12)]
        while b"apply_done revision=2" not in (log := router.log_path.read_bytes()) and all(one.poll() is None for one in waiting):
            time.sleep(0.001)
        assert router.stop() == 0
        said = [(one.communicate()[1], one.returncode) for one in waiting]
        done = sum(status == 0 for _, status in said)
        for error, status in said:
            # 3: its request had not come in when the socket closed.
            assert status in (0, 1, 3), error
            assert status != 1 or "the router is stopping: nothing was changed" in error, error
        router.start()
        assert router.must("history", as_json=True).json[0]["revision"] == 1 + done


def test_killed_while_it_applies(own_lab, own_peers, tmp_path):
    """Old or new, never a mix; and who was registered still is."""
    chance = random.Random(11)
    with own_lab.router() as router:
        alice = own_peers("alice")
        assert alice.register(expires=3600).status == 200
        revision, kept = 1, router.must("export").text
        for number in range(2, 14):
            path = write(tmp_path / "new.yaml", variant(number, companies=40))
            client = begin_ctl(router, "apply", path)
            time.sleep(chance.uniform(0, 0.06))
            assert router.stop(signal.SIGKILL) == -signal.SIGKILL
            client.communicate()
            router.start()
            now = router.must("status", as_json=True).json["revision"]
            text = router.must("export").text
            assert now in (revision, revision + 1)
            assert client.returncode != 0 or now == revision + 1, "what was answered is gone"
            assert (text == kept) == (now == revision)
            if now > revision:
                assert f"Alice {number}'" in text and text.count(f"-{number}\n") == 40
                assert "no difference" in router.must("diff", path).text
            assert "alice" in router.must("registrations").text
            revision, kept = now, text


def damage_page(path):
    data = bytearray(path.read_bytes())
    data[4096:8192] = bytes(random.Random(5).randrange(256) for _ in range(4096))
    path.write_bytes(data)


@pytest.mark.parametrize("name, harm, part", [
    ("provision.db", damage_page, "is damaged"),
    ("provision.db", lambda path: path.write_bytes(path.read_bytes()[:6000]), "is damaged"),
    ("provision.db", lambda path: path.write_bytes(b""), "the file is empty"),
    ("provision.db", lambda path: path.write_bytes(b"notes about something else\n" * 1000), "is damaged"),
    ("bindings.db", damage_page, "is damaged"),
    ("bindings.db", lambda path: path.write_bytes(b""), "the file is empty"),
    ("bindings.db", lambda path: (path.unlink(), path.mkdir()), "is no file"),
], ids=["a page of noise", "cut", "empty", "no database", "registrations: noise", "registrations: empty", "registrations: a directory"])
def test_a_damaged_database_is_refused_by_name_and_can_be_recovered(own_lab, own_peers, name, harm, part):
    with own_lab.router() as router:
        alice = own_peers("alice")
        assert alice.register().status == 200
        before = router.must("export").text
        assert router.stop() == 0
        harm(router.state_dir / name)
        status, said = started(router)
        assert status == 1 and f"{router.state_dir / name}: " in said and part in said, said
        assert "move it" in said and "not started" in said, said
        # As it says.
        for file in router.state_dir.glob(name + "*"):
            shutil.move(file, router.directory)
        router.start()
        if name == "provision.db":
            assert "provisioning_older_than_its_copy" in router.log_tail()
            router.must("apply", router.state_dir / "provisioning.last.yaml")
        assert router.must("export").text == before
        assert alice.register().status == 200


def test_a_second_router_on_the_same_state_is_refused(own_router):
    pid = own_router.must("status", as_json=True).json["pid"]
    other = own_router.directory / "other.yaml"
    other.write_text(own_router.configuration_path.read_text().replace("amityd.sock", "other.sock"))
    with open(own_router.directory / "other.log", "wb") as log:
        second = own_router.namespace.run([own_router.amityd, "--config", other], stdout=log, stderr=log)
    said = (own_router.directory / "other.log").read_text()
    assert second.returncode == 1, said
    assert f"another amityd (pid {pid}) runs on the state directory {own_router.state_dir}" in said and "--state-dir" in said
    assert own_router.must("status").status == 0


def test_a_newer_format_is_refused(own_lab):
    with own_lab.router() as router:
        assert router.stop() == 0
        for name in ("provision.db", "bindings.db"):
            path = router.state_dir / name
            data = bytearray(path.read_bytes())
            version = data[60:64]  # user_version of SQLite's header
            data[60:64] = (99).to_bytes(4, "big")
            path.write_bytes(data)
            status, said = started(router)
            assert status == 1 and f"{path}: has format 99" in said and "a newer amity wrote it" in said, said
            data[60:64] = version
            path.write_bytes(data)
        router.start()


MEBIBYTE = 1 << 20


def planned(router, part):
    """Bytes that `amityd --check` says for a part of the memory plan."""
    said = subprocess.run([router.amityd, "--check", router.configuration_path], capture_output=True, text=True, check=True).stdout
    return float(re.search(rf"(?m)^  {part} +([0-9.]+) MiB", said)[1]) * MEBIBYTE


@pytest.mark.parametrize("limits", ["", "limits:\n  max_bindings: 1000000\n", "limits:\n  max_message_bytes: 4000\n"],
                         ids=["defaults", "a million bindings", "short messages"])
def test_the_memory_plan_is_what_is_taken(own_lab, limits):
    with own_lab.router(provisioning=None, configuration=CONFIGURATION + limits) as router:
        status = router.must("status", as_json=True).json
        plan = planned(router, "in all of DPDK")
        assert abs(plan - status["dpdk_planned_bytes"]) < MEBIBYTE
        # The plan is what is reserved: enough, and no more over what is taken than the sum it has for rings and queues.
        assert plan - 104 * MEBIBYTE < status["dpdk_used_bytes"] <= plan
        memory = dict(line.split(":", 1) for line in open(f"/proc/{status['pid']}/status") if ":" in line)
        outside = (int(memory["RssAnon"].split()[0]) + int(memory["RssFile"].split()[0])) * 1024
        assert 0.5 * planned(router, "program") < outside < 1.5 * planned(router, "program")


def test_provisioning_takes_what_the_plan_says(own_lab, tmp_path):
    companies, friends = 300, 10
    path = write(tmp_path / "many.yaml", "companies:\n" + "".join(
        f"  - name: c{i}\n    domain: c{i}.test\n    country: ES\n    friends:\n" + "".join(
            f"      - {{name: f{j}, password: p, patterns: ['^{i}{j}[0-8]{{3}}$', '^9{i}{j}']}}\n" for j in range(friends))
        for i in range(companies)))
    with own_lab.router(provisioning=None) as router:
        said = subprocess.run([router.amityd, "--check", router.configuration_path], capture_output=True, text=True, check=True).stdout
        endpoint, pattern = (float(one) * 1024 for one in re.search(r"takes about ([0-9.]+) KiB, a pattern ([0-9.]+) KiB", said).groups())
        before = router.must("status", as_json=True).json["heap_resident_bytes"]
        router.must("apply", path)
        taken = router.must("status", as_json=True).json["heap_resident_bytes"] - before
        expected = companies * friends * (endpoint + 2 * pattern)
        assert 0.5 * expected < taken < 2 * expected
