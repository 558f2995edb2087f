"""router.py - amityd inside a namespace, and amityctl to talk to it."""

import dataclasses
import json
import os
import pathlib
import re
import signal
import subprocess

import network

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_WAIT_S = 60
CTL_WAIT_S = 60


class RouterError(Exception):
    """The router did not do what it was told; the text says how that showed."""


@dataclasses.dataclass
class Answer:
    """What amityctl said."""

    status: int
    text: str
    error: str

    @property
    def json(self):
        return json.loads(self.text)


def build_directory():
    """AMITY_BUILD, else build/ of the tree."""
    return ROOT / (os.environ.get("AMITY_BUILD") or "build")


def programs(build):
    """(amityd, amityctl) of a build directory."""
    folder = pathlib.Path(build)
    found = [folder / "control/amityd", folder / "control/amityctl"]
    for path in found:
        if not path.exists():
            raise RouterError(f"{path} does not exist.\n  Build first: sudo ./run --build")
    return found


def node_configuration(template, state_dir, socket_path):
    """A node configuration with this run's own places instead of the system's."""
    for key, value in (("state_dir", state_dir), ("control_socket", socket_path)):
        template, count = re.subn(rf"(?m)^(\s*{key}:\s*)\S+", rf"\g<1>{value}", template)
        if count != 1:
            raise RouterError(f"the configuration has {count} lines '{key}:', not one")
    return template


class Router:
    """One amityd. Its state outlives the process: start() again finds it."""

    def __init__(self, namespace, directory, configuration):
        self.amityd, self.amityctl = programs(build_directory())
        self.namespace = namespace
        self.directory = pathlib.Path(directory)
        self.state_dir = self.directory / "state"
        self.socket_path = self.directory / "amityd.sock"
        self.configuration_path = self.directory / "amity.yaml"
        self.log_path = self.directory / "amityd.log"
        self.state_dir.mkdir(parents=True, exist_ok=True)
        self.configuration_path.write_text(node_configuration(configuration, self.state_dir, self.socket_path))
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = self.namespace.start([self.amityd, "--config", self.configuration_path], stdout=log, stderr=log)
        network.wait_until(lambda: self.process.poll() is not None or self.is_ready(), START_WAIT_S)
        if self.process.poll() is not None:
            raise RouterError(f"amityd ended with status {self.process.returncode}:\n{self.log_tail()}")
        if not self.is_ready():
            raise RouterError(f"amityd did not answer amityctl within {START_WAIT_S} s:\n{self.log_tail()}")

    def is_ready(self):
        return self.socket_path.exists() and self.ctl("status").status == 0

    def ctl(self, *words, as_json=False):
        """Runs amityctl. Result: Answer."""
        command = [self.amityctl, "--socket", self.socket_path, *(["--json"] if as_json else []), *words]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CTL_WAIT_S)
        except subprocess.TimeoutExpired:
            return Answer(-1, "", f"amityctl {' '.join(map(str, words))}: no answer within {CTL_WAIT_S} s")
        return Answer(done.returncode, done.stdout, done.stderr)

    def must(self, *words, as_json=False):
        """As ctl(), where anything but success is an error."""
        answer = self.ctl(*words, as_json=as_json)
        if answer.status != 0:
            raise RouterError(f"amityctl {' '.join(map(str, words))}: status {answer.status}\n{answer.text}{answer.error}")
        return answer

    def stop(self, how=signal.SIGTERM):
        """Result: the exit status of amityd; a negative one is the signal that ended it."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RouterError(f"amityd did not end within 15 s of signal {how}:\n{self.log_tail()}") from None
        self.namespace.network.processes.remove(self.process)
        return self.process.returncode

    def log_tail(self, lines=30):
        if not self.log_path.exists():
            return "(no log)"
        return "\n".join("    " + line for line in self.log_path.read_text(errors="replace").splitlines()[-lines:])
