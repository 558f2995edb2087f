"""The control socket against everything a client may do to it, while calls and registrations go on."""

import json
import os
import re
import resource
import socket
import struct
import subprocess

import pytest

import network
from conftest import PROVISIONING

LINE_BYTES_MAX = 256 << 20
LINE_BYTES_MAX_READ_ONLY = 1 << 20
CLIENTS_MAX = 32
WAIT_S = 60


class Client:
    """A connection that says what it likes."""

    def __init__(self, router, suffix=""):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(f"{router.socket_path}{suffix}")
        self.socket.settimeout(WAIT_S)
        self.lines = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else json.dumps(data).encode() + b"\n")

    def ask(self, data):
        self.send(data)
        return json.loads(self.lines.readline())

    def rest(self):
        try:
            return self.lines.read()
        except ConnectionResetError:
            return b""

    def close(self):
        self.lines.close()
        self.socket.close()


def request(method, number=1, **params):
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def resident_bytes(router):
    status = open(f"/proc/{router.process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) * 1024


def call_goes_through(peers):
    alice, east = peers("alice"), peers("east")
    alice.invite("3100")
    east.expect_request("INVITE")
    peers.close()
    peers._open.clear()


@pytest.mark.parametrize("suffix, most", [("", LINE_BYTES_MAX), (".ro", LINE_BYTES_MAX_READ_ONLY)], ids=["main", "read-only"])
def test_a_line_without_an_end(router, peers, suffix, most):
    client = Client(router, suffix)
    before, sent, block = resident_bytes(router), 0, b"x" * (1 << 20)
    try:
        while sent < most + (36 << 20):
            client.send(block)
            sent += len(block)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert sent <= most + (4 << 20), "more was taken than a line may have"
    answer = client.rest()
    # What was on its way when the connection ended may cost the client the last word.
    assert not answer or json.loads(answer)["error"]["code"] == 4
    client.close()
    grown = resident_bytes(router) - before
    print(f"{grown >> 20} MiB more are resident after {sent >> 20} MiB")
    assert grown < 3 * most + (16 << 20)
    call_goes_through(peers)


def test_a_thousand_silent_clients_lock_nobody_out(router, peers):
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    before = len(os.listdir(f"/proc/{router.process.pid}/fd"))
    silent = [Client(router) for _ in range(1000)]
    try:
        assert len(os.listdir(f"/proc/{router.process.pid}/fd")) <= before + CLIENTS_MAX + 1
        for _ in range(3):
            assert router.ctl("status").status == 0
        call_goes_through(peers)
    finally:
        for client in silent:
            client.close()
    assert router.ctl("status").status == 0


def test_a_client_that_never_reads_holds_one_answer(router, peers):
    client = Client(router)
    client.socket.setblocking(False)
    line = json.dumps(request("reasons", all=True)).encode() + b"\n"
    before, sent = resident_bytes(router), 0
    for _ in range(200):
        try:
            sent += client.socket.send(line * 100)
        except BlockingIOError:
            pass
        assert router.ctl("status").status == 0
        if sent > 1 << 20:
            break
    assert resident_bytes(router) - before < 16 << 20
    call_goes_through(peers)
    client.close()


def test_a_flood_of_requests_is_answered_in_order_and_others_meanwhile(router, peers):
    client = Client(router)
    client.send(b"".join(json.dumps(request("explain", number, company="acme", **{"from": "alice"}, to="3100")).encode() + b"\n"
                         for number in range(500)))
    assert router.ctl("status").status == 0
    call_goes_through(peers)
    assert [json.loads(client.lines.readline())["id"] for _ in range(500)] == list(range(500))
    client.close()


@pytest.mark.parametrize("text, code", [
    (b"GET / HTTP/1.1\r\n", -32700),
    (b"\x00\xff\xfe\n", -32700),
    (b"[" * 100000 + b"\n", -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"status","params":' + b"[" * 3000 + b"]" * 3000 + b"}\n", -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"status","params":{"x":1}}\n', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"friends","params":{"company":5}}\n', -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"friends","params":["acme"]}\n', -32602),
    (b'[{"jsonrpc":"2.0","id":1,"method":"status"}]\n', -32600),
    (b'{"jsonrpc":"2.0","id":{},"method":"status"}\n', -32600),
    (b'{"jsonrpc":"2.0","id":1e400,"method":"status"}\n', -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"nosuch"}\n', -32601),
], ids=["http", "bytes", "deep", "deep params", "unknown param", "wrong type", "list", "batch", "odd id", "huge id", "unknown method"])
def test_what_is_no_request_is_an_error_and_the_connection_lives(router, text, code):
    client = Client(router)
    assert client.ask(text)["error"]["code"] == code
    assert client.ask(request("status"))["result"]["state"] == "running"
    client.close()


def test_half_a_line_and_gone(router):
    for _ in range(50):
        client = Client(router)
        client.send(b'{"jsonrpc":"2.0","id":1,')
        client.close()
    assert router.ctl("status").status == 0


def test_read_only_socket_refuses_what_changes_or_shows_secrets(router):
    client = Client(router, ".ro")
    before = router.must("export").text
    for method in ("apply", "export", "stop", "rollback", "diff"):
        error = client.ask(request(method))["error"]
        assert error["code"] == 3 and ".ro" in error["message"]
    assert client.ask(request("status"))["result"]["state"] == "running"
    client.close()
    assert router.must("export").text == before


def test_reset_in_the_middle_of_an_apply(own_lab, own_peers):
    """Answered to nobody: the document is in force as a whole, and the next client finds it so."""
    with own_lab.router() as router:
        for number in range(10):
            text = PROVISIONING.read_text().replace("display: Alice Doe", f"display: Alice {number}")
            client = Client(router)
            client.send(request("apply", text=text, file="reset.yaml"))
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        # Applies wait in a queue: behind ours all of theirs are done.
        router.must("apply", PROVISIONING)
        assert int(router.must("status", as_json=True).json["revision"]) >= 2
        assert "Alice Doe" in router.must("export").text
        call_goes_through(own_peers)
        assert router.stop() == 0


def test_no_descriptor_left(own_lab, own_peers):
    """accept() fails: the router waits a moment instead of spinning, routes on, and takes clients again afterwards."""
    with own_lab.router() as router:
        pid = router.process.pid
        used = max(map(int, os.listdir(f"/proc/{pid}/fd"))) + 1
        home = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, home[1]))
        client = Client(router)
        client.send(request("status"))
        network.wait_until(lambda: "control_accept_failed" in router.log_path.read_text(errors="replace"), WAIT_S)
        call_goes_through(own_peers)
        failures = router.log_path.read_text(errors="replace").count("control_accept_failed")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, home)
        assert json.loads(client.lines.readline())["result"]["state"] == "running"
        client.close()
        assert failures < 100, "the loop spins"
        assert router.ctl("status").status == 0


def test_a_second_router_does_not_take_the_socket(router, own_lab):
    done = subprocess.run(["ip", "netns", "exec", own_lab.router_namespace.name, router.amityd, "--interface", "lan0", "--socket",
                           router.socket_path, "--state-dir", router.directory / "second", "--no-huge"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=WAIT_S)
    assert done.returncode == 1 and "another amityd answers" in done.stderr, done
    assert router.ctl("status").status == 0


def test_after_a_crash_the_socket_is_replaced(own_lab):
    with own_lab.router() as router:
        router.stop(how=9)
        assert router.socket_path.exists()
        router.start()
        assert router.ctl("status").status == 0
