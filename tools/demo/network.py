"""network.py - network namespaces and veth links that vanish with their maker, and what runs inside them.

Names carry the maker's pid, so that a demo and a test run side by side: amity-demo-4711-router.
"""

import ctypes
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
STOP_WAIT_S = 5
NAMESPACES = pathlib.Path("/var/run/netns")

_libc = ctypes.CDLL(None, use_errno=True)


class NetworkError(Exception):
    """What was tried, and what ip(8) said."""


def ip(*words):
    """Runs ip(8)."""
    result = subprocess.run(["ip", *words], capture_output=True, text=True)
    if result.returncode != 0:
        raise NetworkError(f"ip {' '.join(words)}: {result.stderr.strip()}")
    return result.stdout


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Namespace:
    """One network namespace: programs and sockets inside it."""

    def __init__(self, network, name):
        self.network = network
        self.name = name
        ip("netns", "add", name)
        ip("-n", name, "link", "set", "lo", "up")

    def ip(self, *words):
        return ip("-n", self.name, *words)

    def address(self, interface, *addresses):
        for address in addresses:
            extra = ["nodad"] if ":" in address else []
            self.ip("address", "add", address, "dev", interface, *extra)

    def start(self, words, **options):
        """Starts a program in the namespace, outside the terminal's process group; the network stops it at its end."""
        process = subprocess.Popen(["ip", "netns", "exec", self.name, *map(str, words)], stdin=subprocess.DEVNULL,
                                   start_new_session=True, preexec_fn=_die_with_parent, **options)
        self.network.processes.append(process)
        return process

    def run(self, words, timeout_s=30, **options):
        """Runs a program to its end. Result: the process, with returncode; -9 when it took too long."""
        process = self.start(words, **options)
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.network.processes.remove(process)
        return process

    def socket(self, family, kind, protocol=0):
        """A socket that lives in the namespace, whichever this thread is in."""
        with open("/proc/thread-self/ns/net", "rb") as home, open(NAMESPACES / self.name, "rb") as target:
            _enter(target)
            try:
                return socket.socket(family, kind, protocol)
            finally:
                _enter(home)


def _enter(namespace_file):
    if _libc.setns(namespace_file.fileno(), CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def stop(process):
    """Ends a process that we started: politely, then not. Result: its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_WAIT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    return process.returncode


class Network:
    """All namespaces of one run, and a directory for its files. close() leaves nothing behind."""

    def __init__(self, label, part=""):
        self.prefix = f"amity-{label}-{os.getpid()}{part}"
        self.processes = []
        self.namespaces = {}
        self.directory = pathlib.Path("/tmp") / self.prefix
        remove_stale()
        self.directory.mkdir(mode=0o755)

    def namespace(self, name):
        # Known before it is made: an interrupt in between still finds it.
        self.namespaces[name] = None
        self.namespaces[name] = Namespace(self, f"{self.prefix}-{name}")
        return self.namespaces[name]

    @staticmethod
    def link(one, one_interface, other, other_interface):
        """A veth pair between two namespaces, both ends up."""
        one.ip("link", "add", one_interface, "type", "veth", "peer", "name", other_interface, "netns", other.name)
        one.ip("link", "set", one_interface, "up")
        other.ip("link", "set", other_interface, "up")

    def close(self):
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            stop(process)
        for name in self.namespaces:
            _remove_namespace(f"{self.prefix}-{name}")
        shutil.rmtree(self.directory, ignore_errors=True)


def _remove_namespace(full_name):
    if not (NAMESPACES / full_name).exists():
        return
    for pid in ip("netns", "pids", full_name).split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    ip("netns", "delete", full_name)


def remove_stale():
    """Removes what a run left that could not clean up (kill -9): its pid, part of every name, is no process any more."""
    owner = re.compile(r"^amity-(?:demo|test)-(\d+)(?:-|$)")
    left = [path for folder in (NAMESPACES, pathlib.Path("/tmp")) if folder.exists() for path in folder.iterdir()]
    for path in left:
        found = owner.match(path.name)
        if not found or pathlib.Path("/proc", found[1]).exists():
            continue
        if path.parent == NAMESPACES:
            _remove_namespace(path.name)
        else:
            shutil.rmtree(path, ignore_errors=True)


def host_uses(prefix):
    """Whether this machine has an address or a route in `prefix` ("198.51.100.")."""
    routes = json.loads(ip("-j", "route", "show", "table", "all"))
    return any(str(route.get("dst", "")).startswith(prefix) for route in routes)


def wait_until(question, timeout_s, interval_s=0.05):
    """Asks until the answer is true or time is up. Result: the last answer."""
    end = time.monotonic() + timeout_s
    while True:
        answer = question()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(interval_s)
