"""
kamailio.py - a Kamailio inside a namespace: a carrier, or a friend of any kind.

Its configuration says what it does; this only runs it, with files of its own in place of /etc/kamailio, and ends it.
"""

import pathlib
import re
import socket

import network

START_WAIT_S = 60

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

# $0: what it sees as /etc/kamailio, $1: where it may write, then options. The shell becomes Kamailio.
START_SCRIPT = ('mount --bind "$0" /etc/kamailio && directory=$1 && shift && '
                'exec kamailio -f /etc/kamailio/kamailio.cfg -DD -E -w "$directory" -Y "$directory" -P "$directory/kamailio.pid" "$@"')


class KamailioError(Exception):
    """It did not start; the text is its log's end."""


class Kamailio:
    """
    with Kamailio(namespace, directory, {"kamailio.cfg": HEAD + "listen=udp:192.0.2.10:5060 ..."}): it runs until the block ends.

    files: what it sees in /etc/kamailio; paths in them are those of a real machine. options: further ones of its command line.
    """

    def __init__(self, namespace, directory, files, options=()):
        self.namespace = namespace
        self.directory = pathlib.Path(directory)
        self.options = options
        self.log_path = self.directory / "kamailio.log"
        self.sockets = [(address, int(port)) for address, port in re.findall(r"(?m)^listen\s*=\s*udp:([\d.]+):(\d+)", files["kamailio.cfg"])]
        self.process = None
        for name, text in files.items():
            path = self.directory / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def __enter__(self):
        with open(self.log_path, "ab") as log:
            self.process = self.namespace.start(["unshare", "--mount", "--propagation", "private", "sh", "-c", START_SCRIPT,
                                                 self.directory / "etc", self.directory, *self.options], stdout=log, stderr=log)
        if not network.wait_until(lambda: self.process.poll() is not None or all(map(self._is_bound, self.sockets)), START_WAIT_S) \
                or self.process.poll() is not None:
            self.__exit__()
            raise KamailioError(self.log_tail())
        return self

    def __exit__(self, *_):
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
