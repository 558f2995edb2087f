"""amityctl: exit status 0 done, 1 refused, 2 usage, 3 no router, for every command there is; what it prints where."""

import contextlib
import json
import os
import pathlib
import pty
import re
import select
import shutil
import socket
import subprocess
import threading
import time

import pytest

from conftest import CONFIGURATION, PROVISIONING, ROOT
from router import build_directory

AMITYCTL = build_directory() / "control/amityctl"
NOBODY = 65534
WAIT_S = 60

# CTL_COMMAND(name, access, show, function, "synopsis", ...): a new row is tested by itself.
ROWS = re.findall(r'^CTL_COMMAND\((\w+), (\w+), \w+, \w+,\s*"([^"]*)"',
                  (ROOT / "control/rpc/ctl_commands.def").read_text(), re.M)
VALUES = {"COMPANY": "acme", "ENDPOINT": "alice", "NUMBER": "3100", "FILE": str(PROVISIONING), "CARRIER": "telco-a", "N": "1",
          "CALL-ID": "one@rows", "POSITION": "0:0"}
each_row = pytest.mark.parametrize("name, access, synopsis", ROWS, ids=[row[0] for row in ROWS])


def words_of(name, synopsis, values=VALUES, optional=False):
    """A command line by the first way of a synopsis; `optional`: with all that stands in brackets."""
    way = synopsis.split("|")[0]
    if not optional:
        way = re.sub(r"\[[^]]*\]", "", way)
    return [name] + [word if word.startswith("--") or word.islower() else values[word] for word in re.findall(r"[^\s\[\]]+", way)]


def amityctl(*words, **more):
    return subprocess.run([AMITYCTL, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_S, **more)


def test_there_are_rows():
    assert len(ROWS) >= 12 and {"status", "stop", "explain"} <= {row[0] for row in ROWS}


@each_row
@pytest.mark.parametrize("optional", [False, True])
def test_no_router_is_3(name, access, synopsis, optional):
    done = amityctl("--socket", "/nonexistent/socket", *words_of(name, synopsis, optional=optional))
    assert done.returncode == 3 and b"no router answers" in done.stderr and not done.stdout


@each_row
def test_wrong_usage_is_2(name, access, synopsis):
    done = amityctl("--socket", "/nonexistent/socket", *words_of(name, synopsis), "--no-such-option")
    assert done.returncode == 2 and b"--no-such-option" in done.stderr and not done.stdout
    done = amityctl("--socket", "/nonexistent/socket", *words_of(name, synopsis, optional=True), "one", "too many")
    assert done.returncode == 2 and done.stderr and not done.stdout


@each_row
def test_json_of_a_failure_is_one_object_on_stdout(name, access, synopsis):
    done = amityctl("--json", "--socket", "/nonexistent/socket", *words_of(name, synopsis))
    assert done.returncode == 3 and json.loads(done.stdout)["code"] == 5 and not done.stderr
    done = amityctl("--json", "--socket", "/nonexistent/socket", *words_of(name, synopsis), "--no-such-option")
    assert done.returncode == 2 and json.loads(done.stdout)["code"] == -32602 and not done.stderr


def test_done_is_0_for_every_command(own_lab, own_peers, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text(PROVISIONING.read_text().replace("display: Alice Doe", "display: Alice Roe"))
    with own_lab.router(configuration=CONFIGURATION + f"cdr:\n  path: {tmp_path}/calls.json\n") as router:
        router.must("apply", other)
        alice = own_peers("alice")
        alice.challenged(alice.invite_request("3100", call_id=VALUES["CALL-ID"]))
        for name, _, synopsis in sorted(ROWS, key=lambda row: row[0] == "stop"):
            for as_json in (False, True) if name != "stop" else (True,):
                answer = router.ctl(*words_of(name, synopsis), as_json=as_json)
                assert answer.status == 0, f"{name}: {answer.text}{answer.error}"
                assert not answer.error
                if as_json:
                    json.loads(answer.text)
        assert router.process.wait(WAIT_S) == 0


@each_row
def test_refused_is_1(router, tmp_path, name, access, synopsis):
    """Whatever names something: something that is not there."""
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("companies: [{name: 7}]\n")
    values = {**VALUES, "COMPANY": "nosuch", "CARRIER": "nosuch", "FILE": str(wrong), "N": "999999", "CALL-ID": "nosuch"}
    # The shared router writes no call records.
    takes_name = [word for word in ("COMPANY", "CARRIER", "FILE", " N", "CALL", "rotate") if word.strip() in re.findall(r"\w+", synopsis.split("|")[0])]
    if not takes_name:
        assert name in {"status", "stats", "reasons", "companies", "history", "stop", "drain"}, "what can this command refuse?"
        return
    words = words_of(name, synopsis, values, optional=True)
    answer = router.ctl(*words)
    assert answer.status == 1 and not answer.text and answer.error.count("amityctl: ") == 1, answer
    answer = router.ctl(*words, as_json=True)
    assert answer.status == 1 and answer.json["code"] > 0 and answer.json["message"] and not answer.error


@contextlib.contextmanager
def answering(tmp_path, *answers):
    """A socket at which each client in turn is told one of `answers` (bytes) and then let go."""
    path = str(tmp_path / "fake.sock")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(8)

    def serve():
        for answer in answers:
            client, _ = listener.accept()
            with client:
                client.makefile("rb").readline()
                client.sendall(answer)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield path
    listener.close()


GOOD = b'{"jsonrpc":"2.0","id":1,"result":{"state":"running"}}\n'
FULL = b'{"jsonrpc":"2.0","id":null,"error":{"code":4,"message":"too many clients"}}\n'


@pytest.mark.parametrize("answers, status, says", [
    ([GOOD], 0, b""),
    ([b""], 3, b"without an answer"),
    ([GOOD[:20]], 3, b"without an answer"),
    ([GOOD[:-1]], 3, b"without an answer"),
    ([b"HTTP/1.1 400 Bad Request\r\n"], 3, b"is no amityd"),
    ([b"\xff\x00\n"], 3, b"is no amityd"),
    ([b"[]\n"], 3, b"is no amityd"),
    ([b'{"jsonrpc":"2.0","id":1}\n'], 3, b"is no amityd"),
    ([b'{"jsonrpc":"2.0","id":1,"error":5}\n'], 3, b"is no amityd"),
    ([b'{"jsonrpc":"2.0","id":1,"error":{"code":-32603,"message":"out of memory"}}\n'], 1, b"out of memory"),
    ([b'{"jsonrpc":"2.0","id":1,"error":{"code":-32602,"message":"no"}}\n'], 2, b"no"),
    ([FULL, FULL, GOOD], 0, b""),
    ([FULL] * 10, 1, b"too many clients"),
], ids=["good", "closed", "half", "no line end", "http", "bytes", "array", "neither", "odd error", "refused", "usage", "full, then not", "full"])
def test_strange_routers(tmp_path, answers, status, says):
    with answering(tmp_path, *answers) as path:
        done = amityctl("--socket", path, "status")
    assert done.returncode == status and says in done.stderr, done


def test_socket_that_is_none(tmp_path):
    plain = tmp_path / "plain"
    plain.write_text("")
    for path in (plain, tmp_path, plain / "below"):
        done = amityctl("--socket", path, "status")
        assert done.returncode == 3 and b"no router answers" in done.stderr
    done = amityctl("--socket", "/" + "x" * 200, "status")
    assert done.returncode == 3 and b"name too long" in done.stderr


def test_who_may_not_open_the_main_socket_reads(own_lab):
    """Mode 0660 and 0666: another user gets what is for reading, and is told about the rest."""
    with own_lab.router() as router:
        assert router.socket_path.stat().st_mode & 0o777 == 0o660
        assert pathlib.Path(f"{router.socket_path}.ro").stat().st_mode & 0o777 == 0o666
        ctl = pathlib.Path("/tmp") / f"amityctl-{os.getpid()}"
        shutil.copy(AMITYCTL, ctl)
        changed = [(folder, folder.stat().st_mode) for folder in (router.directory, *router.directory.parents) if folder != pathlib.Path("/")]
        try:
            for folder, mode in changed:
                folder.chmod(mode | 0o011)

            def as_nobody(*words):
                return subprocess.run([ctl, "--socket", router.socket_path, *words], user=NOBODY, group=NOBODY, extra_groups=[],
                                      cwd="/", stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_S)

            for name, access, synopsis in ROWS:
                values = {**VALUES, "FILE": "/dev/null"} if access == "READ" else VALUES
                words = words_of(name, synopsis, values)
                done = as_nobody(*words)
                if access == "READ":
                    assert done.returncode == (1 if "/dev/null" in words or name == "why" else 0), (name, done)
                    assert b"-secret" not in done.stdout + done.stderr, name
                elif "FILE" not in synopsis:
                    assert done.returncode == 3 and b"not allowed" in done.stderr and b".ro" in done.stderr, (name, done)
        finally:
            for folder, mode in changed:
                folder.chmod(mode)
            ctl.unlink()


def test_stdout_that_takes_nothing(router):
    command = f"{AMITYCTL} --socket {router.socket_path} export"
    with open("/dev/full", "w") as full:
        done = subprocess.run(command.split(), stdout=full, stderr=subprocess.PIPE, timeout=WAIT_S)
    assert done.returncode == 1 and b"No space left" in done.stderr
    # A reader that has seen enough is no failure.
    done = subprocess.run(["bash", "-c", f"set -o pipefail; for i in 1 2 3 4 5; do {command} | head -n 1 || exit; done"],
                          capture_output=True, timeout=WAIT_S)
    assert done.returncode == 0 and not done.stderr and done.stdout.count(b"\n") == 5, done


class Prompt:
    """amityctl on a terminal of its own."""

    def __init__(self, socket_path):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([AMITYCTL, "--socket", socket_path], stdin=slave, stdout=slave, stderr=slave, close_fds=True,
                                        env={**os.environ, "TERM": "vt100"}, start_new_session=True)
        os.close(slave)
        self.seen = ""

    def type(self, text):
        self.seen = ""
        os.write(self.master, text.encode())

    def expect(self, text):
        while text not in self.seen:
            ready, _, _ = select.select([self.master], [], [], WAIT_S)
            assert ready, f"{text!r} expected in {self.seen!r}"
            try:
                self.seen += os.read(self.master, 65536).decode(errors="replace")
            except OSError:
                raise AssertionError(f"{text!r} expected in {self.seen!r}, and the end came") from None

    def end(self, text):
        """Types until it ends: a key that comes before libedit has the terminal is lost. Result: the exit status."""
        end = time.monotonic() + WAIT_S
        while self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
            with contextlib.suppress(OSError):
                os.write(self.master, text.encode())
                if select.select([self.master], [], [], 0.5)[0]:
                    self.seen += os.read(self.master, 65536).decode(errors="replace")
        os.close(self.master)
        if self.process.poll() is None:
            self.process.kill()
            raise AssertionError(f"amityctl did not end; the last it said: {self.seen[-300:]!r}")
        return self.process.returncode


def test_prompt(router):
    prompt = Prompt(router.socket_path)
    prompt.expect("amity> ")
    prompt.type("companies\n")
    prompt.expect("globex")
    prompt.expect("amity> ")
    prompt.type("\x1b[A\n")  # the line before, out of the history
    prompt.expect("globex")
    prompt.expect("amity> ")
    prompt.type("compa\t\n")
    prompt.expect("globex")
    prompt.expect("amity> ")
    prompt.type("nosuch\n")
    prompt.expect("there is no command")
    prompt.expect("amity> ")
    prompt.type("explain\n")
    prompt.expect("is missing")
    prompt.expect("amity> ")
    prompt.type('friends --company "acme\n')
    prompt.expect("quote is not closed")
    prompt.expect("amity> ")
    prompt.type("\n")
    prompt.expect("amity> ")
    prompt.type("help\n")
    prompt.expect("Exit status")
    prompt.expect("amity> ")
    assert prompt.end("quit\n") == 0


def test_prompt_ends_with_the_input(router):
    prompt = Prompt(router.socket_path)
    prompt.expect("amity> ")
    assert prompt.end("\x04") == 0


def test_without_a_command_and_a_terminal_the_help_is_shown():
    done = amityctl()
    assert done.returncode == 2 and b"Exit status" in done.stderr and not done.stdout
    for words in (["--no-such-option"], ["--socket"]):
        assert amityctl(*words).returncode == 2
    for words in (["help"], ["--help"]):
        done = amityctl(*words)
        assert done.returncode == 0 and all(name.encode() in done.stdout for name, _, _ in ROWS)
