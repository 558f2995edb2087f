"""routers.py - the routers that are measured, each behind the same few verbs: start, check, stop, and what it uses.

    with Amity("af_xdp").serve(rig, site) as running:
        running.use(), running.resident_bytes(), running.state_bytes()
"""

import contextlib
import pathlib
import shutil
import sqlite3
import subprocess

import tree
import accounting
import company_site
import network
import rig as places
from kamailio import Kamailio
from router import Router

ROUTER_CPU, PEERS_CPU = 1, 0
CONTROL_WAIT_S = 20

AMITY = """
node:
  state_dir: elsewhere
  control_socket: elsewhere
  idle: {idle}
  lcores: "{cpu}"
  memory: {memory}
interfaces:
{interfaces}
digest: {{offer: md5}}
log: {{level: warning}}
limits: {{max_bindings: {bindings}, max_transactions: {transactions}, max_calls: {calls}}}
"""


class Running:
    """A router that runs: what it uses."""

    def __init__(self, pid, cpu=None):
        self.pids = accounting.family(pid)
        if cpu is not None:
            accounting.pin(self.pids, cpu)

    def use(self):
        return accounting.use(self.pids)

    def resident_bytes(self):
        return accounting.resident_bytes(self.pids)


class AmityRunning(Running):
    def __init__(self, router, cpu):
        super().__init__(router.process.pid, cpu)
        self.router = router

    def state_bytes(self):
        """What it has taken in all: its memory is taken at the start, and touched as it is used."""
        return self.resident_bytes()


class Amity:
    """amityd with one worker on ROUTER_CPU, over a driver of the kernel's interface."""

    def __init__(self, driver, idle="save", memory="auto", bindings=200_000, transactions=131_072, calls=65_536):
        self.name = f"amity {driver}"
        self.driver, self.settings = driver, {"idle": idle, "memory": memory, "bindings": bindings, "transactions": transactions, "calls": calls}

    def interfaces(self, _rig):
        return f"  - {{device: {places.INTERFACE}, profile: kernel, driver: {self.driver}}}"

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
            yield AmityRunning(router, ROUTER_CPU)
        finally:
            if router.process.poll() is None:
                router.stop()


class KamailioRunning(Running):
    def __init__(self, pid, cpu, directory):
        super().__init__(pid, cpu)
        self.directory = directory

    def control(self, *words):
        """Runs kamcmd."""
        done = subprocess.run(["kamcmd", "-s", f"unix:{self.directory}/control", *words], capture_output=True, text=True,
                              timeout=CONTROL_WAIT_S, check=True)
        return done.stdout

    def state_bytes(self):
        """Its shared memory that is in use, where registrations and transactions live: of the resident pages some are free again."""
        fields = dict(line.strip().split(": ", 1) for line in self.control("core.shmmem").splitlines() if ": " in line)
        return int(fields["real_used"])


# What Debian's package starts, and what one who knows it starts.
DEBIAN = {"children": 8, "options": ()}
TUNED = {"children": 1, "options": ("-x", "tlsf", "-X", "tlsf", "-m", "3072", "-M", "64")}
LOCATIONS = {"memory": 'modparam("usrloc", "db_mode", 0)',
             "sqlite": 'modparam("usrloc", "db_mode", 1)\nmodparam("usrloc", "db_url", "sqlite:///@DATABASE@")'}
SQLITE_TABLES = pathlib.Path("/usr/share/kamailio/db_sqlite")
FAST_DATABASE = pathlib.Path("/dev/shm")


class KamailioRouter:
    """Kamailio with the same rules, all its processes on ROUTER_CPU."""

    def __init__(self, name, setting, location="memory", match="dialplan"):
        self.name, self.setting, self.location, self.match = name, setting, location, match

    def _matching(self, site):
        if self.match == "dialplan":
            return 'if (dp_match("1", "$rU"))\n\t\troute(FRIEND);' if site.friends else ""
        best_first = sorted(range(site.friends), key=lambda friend: site.priorities[friend])
        return "\n\t".join(f'if ($rU =~ "{site.pattern(friend)}") {{\n\t\t$var(friend) = "{site.friend_host(friend)}";\n\t\troute(FRIEND);\n\t}}'
                           for friend in best_first)

    def _configuration(self, directory, site, database):
        text = (tree.ROOT / "bench/compare/kamailio.cfg").read_text()
        everybody = site.companies * site.users
        journal = f'modparam("db_sqlite", "db_set_journal_mode", "{database}=WAL")\n' if self.location == "sqlite" else ""
        words = {"CHILDREN": self.setting["children"], "ADDRESS": places.ROUTER, "DIRECTORY": directory,
                 "HTABLE_SIZE": min(max(everybody.bit_length(), 10), 20), "LOCATION_SIZE": min(max(everybody.bit_length(), 10), 17),
                 "LOCATION": journal + LOCATIONS[self.location], "MATCH": self._matching(site), "CARRIER": places.CARRIER,
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
                probe = KamailioRunning(kamailio.process.pid, None, directory)
                network.wait_until(lambda: _answers(probe), CONTROL_WAIT_S)
                yield KamailioRunning(kamailio.process.pid, ROUTER_CPU, directory)

    @contextlib.contextmanager
    def _database(self, rig):
        """
        Of its registrations, in memory-backed files: SQLite's default is a sync of the disk for each of its transactions, which its
        module cannot be told to leave (amity syncs none for a registration: it survives a crash of the process). There it costs nothing.
        """
        path = FAST_DATABASE / f"{rig.network.prefix}-location.db"
        try:
            if self.location == "sqlite":
                with contextlib.closing(sqlite3.connect(path)) as database:
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
