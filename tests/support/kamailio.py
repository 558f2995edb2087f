"""kamailio.py - a Kamailio in a namespace, with files of its own in place of /etc/kamailio."""

import pathlib

import network

START_WAIT_S = 60


class KamailioError(Exception):
    """It did not start; the text is its log."""


class Kamailio:
    """files: {"kamailio.cfg": text, ...}, which it sees in /etc/kamailio: paths in them are those of a real machine."""

    def __init__(self, namespace, directory, files):
        self.namespace = namespace
        self.directory = pathlib.Path(directory)
        self.log_path = self.directory / "kamailio.log"
        for name, text in files.items():
            path = self.directory / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.process = None

    def _words(self, *more):
        """In a mount namespace, where the directory stands for /etc/kamailio."""
        script = 'mount --make-rprivate / && mount --bind "$0" /etc/kamailio && exec kamailio -f /etc/kamailio/kamailio.cfg "$@"'
        return ["unshare", "--mount", "sh", "-c", script, self.directory / "etc", *more]

    def check(self):
        """What `kamailio -c` says. Result: its output; an error raises."""
        done = self.namespace.run(self._words("-c", "-E", "-Y", self.directory), capture_output=True, text=True)
        if done.returncode != 0:
            raise KamailioError(done.stdout + done.stderr)
        return done.stdout + done.stderr

    def __enter__(self):
        with open(self.log_path, "wb") as log:
            self.process = self.namespace.start(self._words("-DD", "-E", "-Y", self.directory), stdout=log, stderr=log)
        network.wait_until(lambda: self.process.poll() is not None or self._listens(), START_WAIT_S)
        if self.process.poll() is not None or not self._listens():
            raise KamailioError(self.log())
        return self

    def __exit__(self, *_):
        network.stop(self.process)
        if self.process in self.namespace.network.processes:
            self.namespace.network.processes.remove(self.process)

    def _listens(self):
        return "Listening on" in self.log()

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
