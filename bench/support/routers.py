"""routers.py - the routers that are measured, each behind the same few verbs: start, check, stop, and what it uses.

    with Amity("af_xdp").serve(rig, site) as running:
        running.use(), running.resident_bytes(), running.state_bytes()
"""

import contextlib
import pathlib
import re
import shutil
import sqlite3
import subprocess

import tree
import accounting
import company_site
import network
import rig as places
import sanity
from gun import Gun
from kamailio import Kamailio
from router import Router

ROUTER_CPU, PEERS_CPU = 1, 0
CONTROL_WAIT_S = 20

AMITY = """
node:
  state_dir: elsewhere
  control_socket: elsewhere
  idle: {idle}
  gather: {gather}
  lcores: "{cpu}"
  memory: {memory}
interfaces:
{interfaces}
digest: {{offer: md5}}
log: {{level: warning}}
limits: {{max_bindings: {bindings}, max_transactions: {transactions}, max_calls: {calls}}}
"""


def veth_gun(rig, pool):
    """The same for every router: sipgun on the kernel's interface at the other end, by af_packet."""
    return Gun(rig.peers, f"af_packet:{places.INTERFACE}", pool, PEERS_CPU, rig.router_mac)


class Running:
    """A router that runs: what it uses, and what came to it."""

    def __init__(self, rig, pid):
        self.rig = rig
        self.pids = accounting.family(pid)

    def take_place(self, pin):
        """Before everything else on this machine; and all of it on ROUTER_CPU, when asked for."""
        accounting.prefer(self.pids)
        if pin:
            accounting.pin(self.pids, ROUTER_CPU)

    def use(self):
        return accounting.use(self.pids)

    def resident_bytes(self):
        return accounting.resident_bytes(self.pids)

    def packets_received(self):
        """Counted by the link, not by the router."""
        return self.rig.packets_of_peers()[0]

    def idle_polls(self):
        """Polls that found nothing, of a router that spins; else 0."""
        return 0

    def gathering_s(self):
        """Seconds in which a router that spins let packets gather; else 0."""
        return 0


class AmityRunning(Running):
    def __init__(self, rig, router, spins):
        """Its worker is bound anyway; beside one that spins the control thread goes where it finds time."""
        super().__init__(rig, router.process.pid)
        self.take_place(pin=not spins)
        self.router, self.spins = router, spins

    def counter(self, name):
        counters = self.router.must("stats", as_json=True).json["counters"]
        return next(row["total"] for row in counters if row["counter"] == name)

    def idle_polls(self):
        return self.counter("IDLE_POLLS") if self.spins else 0

    def gathering_s(self):
        return self.counter("GATHERING_NS") / 1e9 if self.spins else 0

    def registrations(self):
        return self.router.must("status", as_json=True).json["bindings"]

    def calls(self):
        """That are set up and not ended."""
        return self.router.must("status", as_json=True).json["calls"]

    def state_bytes(self):
        """What it has taken in all: its memory is taken at the start, and touched as it is used."""
        return self.resident_bytes()


class Amity:
    """amityd with one worker on ROUTER_CPU, over a driver of the kernel's interface."""

    def __init__(self, driver, idle="spin", gather=50, memory="auto", bindings=200_000, transactions=131_072, calls=65_536):
        self.name = f"amity {driver}" + ("" if idle == "spin" else f", idle: {idle}")
        self.driver, self.settings = driver, {"idle": idle, "gather": gather, "memory": memory, "bindings": bindings, "transactions": transactions, "calls": calls}

    running = AmityRunning

    def interfaces(self, _rig):
        return f"  - {{device: {places.INTERFACE}, profile: kernel, driver: {self.driver}}}"

    def gun(self, rig, pool):
        return veth_gun(rig, pool)

    def check(self, rig, site, _running):
        sanity.check(rig, site, self.name)

    def planned_bytes(self, rig):
        """{limit: bytes of each} by the memory plan of `amityd --check`."""
        router = Router(rig.router, rig.directory / "plan", AMITY.format(cpu=ROUTER_CPU, interfaces=self.interfaces(rig), **self.settings))
        said = subprocess.run([router.amityd, "--check", router.configuration_path], capture_output=True, text=True, check=True).stdout
        found = re.findall(r"(?m)([\d.]+) MiB  .*?limits\.(max_transactions|max_calls) (\d+)", said)
        return {limit: float(mebibytes) * 2**20 / int(count) for mebibytes, limit, count in found}

    @contextlib.contextmanager
    def serve(self, rig, site):
        directory = rig.directory / "amity"
        shutil.rmtree(directory, ignore_errors=True)
        configuration = AMITY.format(cpu=ROUTER_CPU, interfaces=self.interfaces(rig), **self.settings)
        router = Router(rig.router, directory, configuration)
        document = company_site.write_lines(directory / "site.yaml", site.provisioning())
        router.start()
        try:
            router.must("apply", document)
            yield self.running(rig, router, self.settings["idle"] == "spin")
        finally:
            if router.process.poll() is None:
                router.stop()


class AmityMemifRunning(AmityRunning):
    def packets_received(self):
        """No link counts here: the router's own counter does."""
        return self.counter("RECEIVED")


class AmityMemif(Amity):
    """amityd on shared memory, no kernel between it and sipgun."""

    AMITY_MAC, GUN_MAC = "02:00:00:00:00:0a", "02:00:00:00:00:0b"
    DEVICE = "net_memif0,role={role},id=0,socket-abstract=no,socket={directory}/memif.sock,mac={mac},bsize=2048,rsize=12"

    running = AmityMemifRunning

    def __init__(self, **settings):
        super().__init__("memif", **settings)

    def interfaces(self, rig):
        device = self.DEVICE.format(role="server", directory=rig.directory, mac=self.AMITY_MAC)
        return (f"  - device: {device}\n    profile: direct\n    addresses: [{places.ROUTER}/{places.PREFIX}]\n"
                f'    peers: {{{places.CALLER}: "{self.GUN_MAC}", {places.CALLEE}: "{self.GUN_MAC}"}}')

    def gun(self, rig, pool):
        device = self.DEVICE.format(role="client", directory=rig.directory, mac=self.GUN_MAC)
        return Gun(rig.peers, device, pool, PEERS_CPU, self.AMITY_MAC)

    def check(self, rig, site, running):
        """No kernel, no sockets: the router is asked what it would do with the numbers that it is called with."""
        sanity.check_by_explain(site, running.router)


class KamailioRunning(Running):
    def __init__(self, rig, pid, directory):
        super().__init__(rig, pid)
        self.directory = directory

    def control(self, *words):
        """Runs kamcmd."""
        done = subprocess.run(["kamcmd", "-s", f"unix:{self.directory}/control", *words], capture_output=True, text=True,
                              timeout=CONTROL_WAIT_S, check=True)
        return done.stdout

    def registrations(self):
        found = re.search(r"location_contacts = (\d+)", self.control("stats.get_statistics", "usrloc:"))
        return int(found[1])

    def state_bytes(self):
        """Its shared memory that is in use, where registrations and transactions live: of the resident pages some are free again."""
        fields = dict(line.strip().split(": ", 1) for line in self.control("core.shmmem").splitlines() if ": " in line)
        return int(fields["real_used"])


# What Debian's package starts, and what one who knows it starts.
DEBIAN = {"children": 8, "options": ()}
TUNED = {"children": 1, "options": ("-x", "tlsf", "-X", "tlsf", "-m", "2000", "-M", "64", "-b", "4194304")}
LOCATIONS = {"memory": 'modparam("usrloc", "db_mode", 0)',
             "sqlite": 'modparam("usrloc", "db_mode", 1)\nmodparam("usrloc", "db_url", "sqlite:///@DATABASE@")'}
SQLITE_TABLES = pathlib.Path("/usr/share/kamailio/db_sqlite")
FAST_DATABASE = pathlib.Path("/dev/shm")


class KamailioRouter:
    """Kamailio with the same rules, all its processes on ROUTER_CPU."""

    def __init__(self, name, setting, location="memory", match="dialplan", one_time_nonce=False):
        self.name, self.setting, self.location, self.match, self.one_time_nonce = name, setting, location, match, one_time_nonce

    def _matching(self, site):
        if self.match == "dialplan":
            return 'if (dp_match("1", "$rU"))\n\t\troute(FRIEND);' if site.friends else ""
        best_first = sorted(range(site.friends), key=lambda friend: site.priorities[friend])
        return "\n\t".join(f'if ($rU =~ "{site.pattern(friend)}") {{\n\t\t$var(friend) = "{site.friend_host(friend)}";\n\t\troute(FRIEND);\n\t}}'
                           for friend in best_first)

    def _configuration(self, directory, site, database):
        text = (tree.ROOT / "bench/compare/kamailio.cfg").read_text()
        everybody = site.companies * site.users
        words = {"CHILDREN": self.setting["children"], "NONCE": int(self.one_time_nonce), "ADDRESS": places.ROUTER, "DIRECTORY": directory,
                 "HTABLE_SIZE": min(max(everybody.bit_length(), 10), 20), "LOCATION_SIZE": min(max(everybody.bit_length(), 10), 17),
                 "LOCATION": LOCATIONS[self.location], "MATCH": self._matching(site), "CARRIER": places.CARRIER,
                 "FRIENDS": places.FRIENDS, "DATABASE": database}
        for word, value in words.items():
            text = text.replace(f"@{word}@", str(value))
        return text

    @contextlib.contextmanager
    def serve(self, rig, site):
        directory = rig.directory / "kamailio"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        _write_rules(directory / "rules.db", site)
        with self._database(rig) as database:
            files = {"kamailio.cfg": self._configuration(directory, site, database)}
            with Kamailio(rig.router, directory, files, self.setting["options"]) as kamailio:
                # Bound is not yet ready: what answers its control socket is.
                network.wait_until(lambda: _answers(KamailioRunning(rig, kamailio.process.pid, directory)), CONTROL_WAIT_S)
                running = KamailioRunning(rig, kamailio.process.pid, directory)
                running.take_place(pin=True)
                yield running

    def gun(self, rig, pool):
        return veth_gun(rig, pool)

    def check(self, rig, site, _running):
        sanity.check(rig, site, self.name)

    @contextlib.contextmanager
    def _database(self, rig):
        """
        Of its registrations, in memory-backed files: SQLite's default is a sync of the disk for each of its transactions, which its
        module cannot be told to leave (amity syncs none for a registration: it survives a crash of the process). There it costs nothing.

        With a write-ahead log, as an expert would have it. The file says so, not the module's db_set_journal_mode: its processes would all set
        it at once, and as the module waits for no lock, some would fail now and then (kamailio/kamailio#4028). For the same reason the
        connection stays open: whoever opens such a file first locks it.
        """
        path = FAST_DATABASE / f"{rig.network.prefix}-location.db"
        try:
            with contextlib.ExitStack() as opened:
                if self.location == "sqlite":
                    database = opened.enter_context(contextlib.closing(sqlite3.connect(path)))
                    database.execute("PRAGMA journal_mode=WAL")
                    for script in ("standard-create.sql", "usrloc-create.sql"):
                        database.executescript((SQLITE_TABLES / script).read_text())
                yield path
        finally:
            for leftover in FAST_DATABASE.glob(path.name + "*"):
                leftover.unlink()


def _write_rules(path, site):
    """What it reads once, at its start."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript((SQLITE_TABLES / "standard-create.sql").read_text())
        for table, rows in (("credentials", site.kamailio_credentials()), ("extensions", site.kamailio_extensions())):
            script = (SQLITE_TABLES / "htable-create.sql").read_text()
            database.executescript(script.replace("CREATE TABLE htable", f"CREATE TABLE {table}").replace("'htable'", f"'{table}'"))
            database.executemany(f"INSERT INTO {table} (key_name, key_type, value_type, key_value) VALUES (?, 0, 0, ?)", rows)
        database.executescript((SQLITE_TABLES / "dialplan-create.sql").read_text())
        database.executemany("INSERT INTO dialplan (dpid, pr, match_op, match_exp, match_len, subst_exp, repl_exp, attrs)"
                             " VALUES (?, ?, 1, ?, 0, '', '', ?)", site.kamailio_dialplan())
        database.commit()


def _answers(running):
    try:
        return "uptime" in running.control("core.uptime")
    except subprocess.CalledProcessError:
        return False
