"""A memif server whose clients are killed while they send and receive, and what a killed server leaves to the next."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

import network
from conftest import LAN, Site
from router import RouterError, build_directory
from test_direct import link_of
from test_sipgun import CALLEE, CALLER, POOL, PROVISIONING
from test_wire import counter

ROUNDS = int(os.environ.get("AMITY_MEMIF_ROUNDS") or 25)
LOAD_WAIT_S, BUSY = 20, 3000  # messages that are enough to call it load
AMITY_MAC, GUN_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
CONFIGURATION = f"""
node:
  id: 1
  state_dir: elsewhere
  control_socket: elsewhere
  idle: spin
{{node}}
interfaces:
  - device: DEVICE
    profile: direct
    addresses: [{LAN}/24]
    peers: {{{{{CALLER}: "{GUN_MAC}", {CALLEE}: "{GUN_MAC}"}}}}
"""


class Memif(Site):
    """A router that serves a memif, and who comes to it."""

    def __init__(self, net):
        super().__init__(net, net.namespace("router"), net.namespace("gun"))
        self.socket = self.network.directory / "memif.sock"
        for name, text in (("pool", POOL), ("acme.yaml", PROVISIONING)):
            (self.network.directory / name).write_text(text)

    def device(self, role, mac, socket=None):
        return f"net_memif0,role={role},id=0,socket-abstract=no,socket={socket or self.socket},mac={mac},bsize=2048,rsize=12"

    def serve(self):
        return self.router(self.network.directory / "acme.yaml", configuration=CONFIGURATION.replace("DEVICE", self.device("server", AMITY_MAC)))

    def shoot(self):
        """More calls than the router takes, until it is killed: the rings are full then. Its session is the namespace's program: kill() ends it all."""
        words = [build_directory() / "bench/sipgun/sipgun", "--device", self.device("client", GUN_MAC), "--caller", CALLER + "/24",
                 "--callee", CALLEE + "/24", "--router", LAN + ":5060", "--router-mac", AMITY_MAC, "--pool", self.network.directory / "pool",
                 "--no-huge", "--rate", "50000", "--duration", "120", "--warm-up", "0.1"]
        return self.peers_namespace.start(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.fixture
def memif():
    net = network.Network("test", "-memif")
    try:
        yield Memif(net)
    finally:
        net.close()


def pin(process):
    """All threads of a process on one CPU: DPDK's interrupt thread then comes in the middle of a burst, more often than not."""
    cpu = min(os.sched_getaffinity(0))
    for task in (pathlib.Path("/proc") / str(process.pid) / "task").iterdir():
        os.sched_setaffinity(int(task.name), {cpu})


def test_killed_clients_do_not_take_the_router_with_them(memif):
    with memif.serve() as router:
        pin(router.process)
        for i in range(ROUNDS):
            before = counter(router, "RECEIVED")
            gun = memif.shoot()
            assert network.wait_until(lambda: counter(router, "RECEIVED") > before + BUSY, LOAD_WAIT_S), "no load"
            time.sleep(0.01 * (i % 10))
            gun.send_signal(signal.SIGKILL)
            network.stop(gun)
            memif.network.processes.remove(gun)
            assert network.wait_until(lambda: router.process.poll() is not None or link_of(router) == "down", 5)
            assert router.process.poll() is None, f"round {i}: amityd ended with status {router.process.returncode}\n{router.log_tail()}"
        assert router.stop() == 0, router.log_tail()  # status 1: packet buffers are missing


def test_clients_that_go_before_they_are_greeted(memif):
    with memif.serve() as router:
        for _ in range(20):
            client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            client.connect(str(memif.socket))
            client.close()
        gun = memif.shoot()
        assert network.wait_until(lambda: counter(router, "RECEIVED") > BUSY, LOAD_WAIT_S), "it serves on"
        gun.kill()
        network.stop(gun)
        memif.network.processes.remove(gun)


def test_what_a_killed_server_leaves_is_taken_away(memif):
    with memif.serve() as router:
        router.stop(signal.SIGKILL)
        assert memif.socket.is_socket()
        router.start()
        gun = memif.shoot()
        assert network.wait_until(lambda: counter(router, "RECEIVED") > BUSY, LOAD_WAIT_S), "it serves"
        gun.kill()
        network.stop(gun)
        memif.network.processes.remove(gun)


def test_a_server_that_runs_is_not_disturbed(memif):
    with memif.serve() as first:
        with pytest.raises(RouterError) as error:
            with memif.serve():
                pass
        assert f"another process serves {memif.socket}, and runs" in str(error.value)
        assert memif.socket.is_socket()
        gun = memif.shoot()
        assert network.wait_until(lambda: counter(first, "RECEIVED") > BUSY, LOAD_WAIT_S), "it serves on"
        gun.kill()
        network.stop(gun)
        memif.network.processes.remove(gun)


def test_a_file_that_is_no_socket_is_left_alone(memif):
    memif.socket.write_text("mine")
    with pytest.raises(RouterError) as error:
        with memif.serve():
            pass
    assert f"{memif.socket} exists and is no socket of a memif" in str(error.value)
    assert memif.socket.read_text() == "mine"
