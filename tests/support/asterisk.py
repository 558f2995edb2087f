"""asterisk.py - a real Asterisk 16 in a network namespace: chan_sip, chan_pjsip or both, with a configuration of the test's own.

It runs in the chroot that tools/asterisk makes, which instances share; /etc/hosts, /etc/resolv.conf and /srv, where all its
files are, are each instance's own, in a mount namespace that ends with it.
"""

import functools
import pathlib
import re
import socket
import subprocess
import threading

import network

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/asterisk"
ROOT = pathlib.Path("/var/cache/amity/asterisk-bullseye")
NO_DEBIAN_11 = 3  # exit status of tools/asterisk
START_WAIT_S = 60
CLI_WAIT_S = 30

COMMON_MODULES = """
res_sorcery_config res_pjproject res_rtp_asterisk res_timing_timerfd bridge_simple bridge_holding bridge_native_rtp bridge_builtin_features
pbx_config codec_alaw codec_ulaw codec_gsm format_gsm format_pcm format_wav func_callerid func_channel func_strings func_logic
app_dial app_echo app_milliwatt app_playback app_stack app_originate app_transfer app_senddtmf app_verbose res_clioriginate
res_musiconhold
""".split()
MODULES = {
    "sip.conf": ["chan_sip"],
    "pjsip.conf": """
res_sorcery_memory res_sorcery_astdb res_pjsip res_pjsip_session res_pjsip_pubsub res_pjsip_outbound_registration
res_pjsip_outbound_authenticator_digest res_pjsip_authenticator_digest res_pjsip_endpoint_identifier_ip
res_pjsip_endpoint_identifier_user res_pjsip_sdp_rtp res_pjsip_caller_id res_pjsip_diversion res_pjsip_refer res_pjsip_nat
res_pjsip_rfc3326 res_pjsip_dtmf_info res_pjsip_registrar res_pjsip_header_funcs res_pjsip_logger chan_pjsip
""".split(),
}
BASE_FILES = {
    "asterisk.conf": """
[directories]
astetcdir => /srv/etc
astmoddir => /usr/lib/asterisk/modules
astcachedir => /srv/spool
astvarlibdir => /srv/lib
astdbdir => /srv/lib
astkeydir => /srv/lib
astdatadir => /usr/share/asterisk
astagidir => /srv/lib
astspooldir => /srv/spool
astrundir => /srv/run
astlogdir => /srv/log
astsbindir => /usr/sbin
[options]
nocolor = yes
verbose = 3
hideconnect = yes
""",
    "logger.conf": "[general]\n[logfiles]\nfull => notice,warning,error,verbose\n",
    "rtp.conf": "[general]\nrtpstart=20000\nrtpend=20999\n",
    "extensions.conf": "[default]\n",
    "features.conf": "[general]\n",
    "musiconhold.conf": "[default]\nmode=files\ndirectory=/srv/lib\n",
}
HOSTS = "127.0.0.1 localhost\n"
RESOLVER = "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"
# $0: the chroot, $1: the instance's directory.
START_SCRIPT = """
set -e
mount --bind "$1" "$0/srv"
mount --bind "$1/etc/hosts" "$0/etc/hosts"
mount --bind "$1/etc/resolv.conf" "$0/etc/resolv.conf"
exec chroot "$0" /usr/sbin/asterisk -f -U root -C /srv/etc/asterisk.conf
"""


class AsteriskError(Exception):
    """Asterisk did not do what it was told; the text has the end of its log."""


@functools.cache
def available():
    """Makes the chroot when there is none, which takes a minute or more. Result: why no Asterisk can be had, or None."""
    done = subprocess.run([TOOL], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode == NO_DEBIAN_11:
        return f"no Asterisk: {done.stderr.strip()}"
    if done.returncode != 0:
        raise AsteriskError(f"{TOOL} ended with status {done.returncode}:\n{done.stdout}{done.stderr}")
    return None


class NameServer:
    """
    The name server on 127.0.0.1 of a namespace: it knows addresses, and no services. chan_pjsip asks it, for NAPTR and SRV records
    first, and not /etc/hosts; and from silence it takes 20 s to recover.
    """

    def __init__(self, namespace, hosts):
        self.hosts = hosts
        self.socket = namespace.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            query, source = self.socket.recvfrom(4096)
            if len(query) < 17:
                return
            self.socket.sendto(self._answer(query), source)

    def _answer(self, query):
        """RFC 1035 4.1: header, the question as it came, at most one A record that names it by a pointer."""
        end = query.index(0, 12) + 5
        question, kind = query[12:end], query[end - 4:end]
        labels, at = [], 0
        while question[at]:
            labels.append(question[at + 1:at + 1 + question[at]].decode("ascii", "replace"))
            at += 1 + question[at]
        address = self.hosts.get(".".join(labels).lower())
        record = b""
        if address and kind == bytes.fromhex("00010001"):
            record = bytes.fromhex("c00c00010001000000050004") + socket.inet_aton(address)
        flags = bytes.fromhex("8180" if address else "8183")  # name error
        return query[:2] + flags + bytes((0, 1, 0, 1 if record else 0, 0, 0, 0, 0)) + question + record

    def close(self):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join()
        self.socket.close()


class Asterisk:
    """
    One Asterisk. `files`: by name, written over a base set that loads no channel driver; sip.conf loads chan_sip, pjsip.conf
    chan_pjsip. `hosts`: {name: address}, in its /etc/hosts and its DNS. `directory` is made, and is its own; so is the namespace.
    """

    def __init__(self, namespace, directory, files, hosts=None):
        self.namespace = namespace
        self.directory = pathlib.Path(directory)
        self.drivers = [name for name in MODULES if name in files]
        self.log_path = self.directory / "log/full"
        self.process = self.names = None
        self.hosts = hosts or {}
        self._write(files)

    def _write(self, files):
        for folder in ("etc", "lib", "spool", "run", "log"):
            (self.directory / folder).mkdir(parents=True, exist_ok=True)
        modules = COMMON_MODULES + [module for name in self.drivers for module in MODULES[name]]
        base = {**BASE_FILES,
                "modules.conf": "[modules]\nautoload=no\n" + "".join(f"load = {module}.so\n" for module in modules),
                "hosts": HOSTS + "".join(f"{address} {name}\n" for name, address in self.hosts.items()), "resolv.conf": RESOLVER}
        for name, text in {**base, **files}.items():
            (self.directory / "etc" / name).write_text(text)

    def start(self):
        self.names = NameServer(self.namespace, self.hosts)
        with open(self.directory / "log/output", "ab") as output:
            self.process = self.namespace.start(["unshare", "--mount", "--propagation", "private", "sh", "-c", START_SCRIPT,
                                                 ROOT, self.directory.resolve()], stdout=output, stderr=output)
        network.wait_until(lambda: self.process.poll() is not None or self._has_booted(), START_WAIT_S, 0.2)
        if self.process.poll() is not None or not self._has_booted():
            self.stop()
            raise AsteriskError(f"Asterisk did not start:\n{self.log_tail()}")
        if "pjsip.conf" in self.drivers:
            self.cli("pjsip send register *all")  # by itself it waits up to 10 s

    def _has_booted(self):
        return (self.directory / "run/asterisk.ctl").exists() and "fully booted" in self._run("core waitfullybooted").stdout

    def stop(self):
        if self.process is not None:
            network.stop(self.process)
            self.namespace.network.processes.remove(self.process)
            self.process = None
        if self.names is not None:
            self.names.close()
            self.names = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def _run(self, command):
        return subprocess.run(["nsenter", "--target", str(self.process.pid), "--mount", "--root", "--wd=/", "/usr/sbin/asterisk",
                               "-C", "/srv/etc/asterisk.conf", "-rx", command],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=CLI_WAIT_S)

    def cli(self, command):
        """asterisk -rx. Result: what it printed."""
        done = self._run(command)
        if done.returncode != 0:
            raise AsteriskError(f"asterisk -rx '{command}': {done.stdout}{done.stderr}\n{self.log_tail()}")
        return done.stdout

    def is_registered(self):
        """With every registrar that the configuration names."""
        asked = {"sip.conf": "sip show registry", "pjsip.conf": "pjsip show registrations"}
        lines = [line for driver in self.drivers for line in self.cli(asked[driver]).splitlines() if re.search(r"sip:|:\d+ ", line)]
        return bool(lines) and all(re.search(r"\bRegistered\b", line) for line in lines)

    def wait_registered(self, limit_s=20):
        if not network.wait_until(self.is_registered, limit_s, 0.2):
            raise AsteriskError(f"not registered within {limit_s} s:\n{self.log_tail()}")

    def originate(self, channel, application="Milliwatt", data=""):
        """Calls out, and runs the application when answered: originate("SIP/hq-pbx/1001"), originate("PJSIP/1001@hq-pbx")."""
        return self.cli(f"channel originate {channel} application {application} {data}".strip())

    def log_tail(self, lines=40):
        """The end of what it logged."""
        path = self.log_path if self.log_path.exists() else self.directory / "log/output"
        text = path.read_text(errors="replace") if path.exists() else "(no log)"
        return "\n".join("    " + line for line in text.splitlines()[-lines:])
