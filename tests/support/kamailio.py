"""kamailio.py - a Kamailio inside a namespace, for tests that need a real proxy: carrier, or a friend of any kind.

Its configuration says what it does; this only runs it, in a directory of its own, and ends it.
"""

import pathlib
import re
import socket

import network

PROGRAM = "/usr/sbin/kamailio"
START_WAIT_S = 20

# What every configuration wants: in the foreground, one process for each address, no TCP, what it says in the log.
HEAD = """
log_stderror=yes
debug=1
children=1
disable_tcp=yes
auto_aliases=no
dns_try_naptr=no
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
"""


class KamailioError(Exception):
    """It did not start; the text is its log's end."""


class Kamailio:
    """with Kamailio(namespace, directory, HEAD + "listen=udp:192.0.2.10:5060 ..."): it runs until the block ends."""

    def __init__(self, namespace, directory, configuration_text):
        self.namespace = namespace
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.configuration_path = self.directory / "kamailio.cfg"
        self.log_path = self.directory / "kamailio.log"
        self.configuration_path.write_text(configuration_text)
        self.sockets = [(address, int(port)) for address, port in re.findall(r"(?m)^listen\s*=\s*udp:([\d.]+):(\d+)", configuration_text)]
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = self.namespace.start([PROGRAM, "-DD", "-E", "-f", self.configuration_path, "-w", self.directory, "-Y", self.directory,
                                                 "-P", self.directory / "kamailio.pid"], stdout=log, stderr=log)
        network.wait_until(lambda: self.process.poll() is not None or all(map(self._is_bound, self.sockets)), START_WAIT_S)
        if self.process.poll() is not None or not all(map(self._is_bound, self.sockets)):
            self.stop()
            raise KamailioError(self.log_tail())

    def stop(self):
        """By its pid; its children go with it."""
        network.stop(self.process)
        if self.process in self.namespace.network.processes:
            self.namespace.network.processes.remove(self.process)

    def log_tail(self, lines=30):
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def _is_bound(self, place):
        with self.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(place)
            except OSError:
                return True
        return False
