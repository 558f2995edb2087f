"""kamailio.py - a Kamailio in a namespace, with files of its own in place of /etc/kamailio."""

import pathlib
import socket

import network

START_WAIT_S = 60
PROBE_WAIT_S = 0.5
PROBE = ("OPTIONS sip:{address} SIP/2.0\r\nVia: SIP/2.0/UDP {address}:{port};branch=z9hG4bKprobe\r\nMax-Forwards: 70\r\n"
         "From: <sip:probe@{address}>;tag=probe\r\nTo: <sip:{address}>\r\nCall-ID: probe\r\nCSeq: 1 OPTIONS\r\n"
         "Content-Length: 0\r\n\r\n")
# $0: what it sees as /etc/kamailio, $1: where it may write. The shell becomes Kamailio.
START_SCRIPT = 'mount --bind "$0" /etc/kamailio && exec kamailio -f /etc/kamailio/kamailio.cfg -DD -E -Y "$1"'


class KamailioError(Exception):
    """It did not start; the text is its log."""


class Kamailio:
    """
    files: {"kamailio.cfg": text, ...}, which it sees in /etc/kamailio: paths in them are those of a real machine. It listens at
    port 5060 of `address`, and answers OPTIONS.
    """

    def __init__(self, namespace, directory, files, address):
        self.namespace = namespace
        self.address = address
        self.directory = pathlib.Path(directory)
        self.log_path = self.directory / "kamailio.log"
        for name, text in files.items():
            path = self.directory / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.process = None

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = self.namespace.start(["unshare", "--mount", "--propagation", "private", "sh", "-c", START_SCRIPT,
                                                 self.directory / "etc", self.directory], stdout=log, stderr=log)
        if not network.wait_until(lambda: self.process.poll() is not None or self._answers(), START_WAIT_S) or self.process.poll() is not None:
            self.__exit__()
            raise KamailioError(self.log())
        return self

    def __exit__(self, *_):
        network.stop(self.process)
        if self.process in self.namespace.network.processes:
            self.namespace.network.processes.remove(self.process)

    def _answers(self):
        with self.namespace.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind((self.address, 0))
            probe.settimeout(PROBE_WAIT_S)
            probe.sendto(PROBE.format(address=self.address, port=probe.getsockname()[1]).encode(), (self.address, 5060))
            try:
                return probe.recv(65535).startswith(b"SIP/2.0 200")
            except OSError:
                return False

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
