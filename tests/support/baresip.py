"""baresip.py - a baresip inside a namespace: a softphone that nobody here has written, told what to do over its ctrl_tcp module.

It needs an interface that is not lo, and makes no sound: aubridge is its microphone and its loudspeaker.
"""

import json
import pathlib
import socket
import time

import network

PROGRAM = "/usr/bin/baresip"
MODULES = "/usr/lib/baresip/modules"
CONTROL_PORT = 4444
WAIT_S = 10

CONFIGURATION = """
poll_method epoll
sip_listen {address}:5060
net_interface {interface}
audio_player aubridge,loop
audio_source aubridge,loop
audio_alert aubridge,loop
rtp_ports 42000-42100
module_path {modules}
module g711.so
module aubridge.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:{port}
"""

# No name server in a namespace: the router is its outbound proxy, by address.
ACCOUNT = '<sip:{name}@{domain}>;auth_pass={password};outbound="sip:{router};transport=udp";regint=600;audio_codecs=pcma;answermode=manual\n'


class Silence(AssertionError):
    """It did not tell what it was expected to tell."""


class Baresip:
    """with Baresip(namespace, directory, "lan0", peer): the phone of whom `peer` would be (its address, name, password, domain, router)."""

    def __init__(self, namespace, directory, interface, peer):
        self.namespace = namespace
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log_path = self.directory / "baresip.log"
        words = {"address": peer.address, "interface": interface, "modules": MODULES, "port": CONTROL_PORT}
        (self.directory / "config").write_text(CONFIGURATION.format(**words))
        (self.directory / "accounts").write_text(ACCOUNT.format(name=peer.name, domain=peer.domain, password=peer.password,
                                                                router=peer.router))
        (self.directory / "contacts").write_text("")
        self.process = self.control = None
        self.heard = b""
        self.events = []

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """It registers by itself; whether it is, its registrar knows: it may be before anybody listens to its events."""
        with open(self.log_path, "ab") as log:
            self.process = self.namespace.start([PROGRAM, "-f", self.directory], stdout=log, stderr=log)
        network.wait_until(self._connects, WAIT_S)
        assert self.control, f"baresip did not start:\n{self.log()}"

    def stop(self):
        """By its pid; it takes its registration away before it ends."""
        if self.control:
            self.control.close()
        network.stop(self.process)
        if self.process in self.namespace.network.processes:
            self.namespace.network.processes.remove(self.process)

    def log(self):
        return self.log_path.read_text(errors="replace")[-3000:]

    def _connects(self):
        self.control = self.namespace.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self.control.connect(("127.0.0.1", CONTROL_PORT))
            return True
        except OSError:
            self.control.close()
            self.control = None
            return self.process.poll() is not None

    def tell(self, command, params=""):
        """Runs one of its commands: dial, accept, hangup, hold, resume, ..."""
        text = json.dumps({"command": command, "params": params, "token": command}).encode()
        self.control.sendall(b"%d:%s," % (len(text), text))
        answer = self._next(lambda message: message.get("response") and message.get("token") == command)
        assert answer["ok"], answer
        return answer["data"]

    def expect(self, kind):
        """Its next event of that type (CALL_INCOMING, CALL_ESTABLISHED, CALL_CLOSED, ...); others before it are passed over."""
        return self._next(lambda message: message.get("event") and message["type"] == kind)

    def _next(self, wanted):
        """What it said already counts, once."""
        end = time.monotonic() + WAIT_S
        while True:
            for index, message in enumerate(self.events):
                if wanted(message):
                    del self.events[0 if "event" in message else index:index + 1]
                    return message
            self._hear(end)

    def _hear(self, end):
        """One more message: LENGTH:JSON,"""
        while True:
            length, colon, rest = self.heard.partition(b":")
            if colon and len(rest) > int(length):
                self.heard = rest[int(length) + 1:]
                self.events.append(json.loads(rest[:int(length)]))
                return
            self.control.settimeout(max(end - time.monotonic(), 0.001))
            try:
                self.heard += self.control.recv(65536)
            except TimeoutError:
                raise Silence(f"baresip said: {self.events}\n{self.log()}") from None
