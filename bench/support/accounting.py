"""accounting.py - what a router costs: CPU time and memory of all its processes and threads, from /proc."""

import contextlib
import dataclasses
import os
import pathlib
import time

PROC = pathlib.Path("/proc")
PRIORITY = -20
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def family(pid):
    """The process and all that descend from it."""
    parents = {}
    for path in PROC.iterdir():
        if path.name.isdigit():
            fields = _stat(path)
            if fields:
                parents[int(path.name)] = int(fields[1])
    members = {pid}
    grown = True
    while grown:
        more = {child for child, parent in parents.items() if parent in members} - members
        members |= more
        grown = bool(more)
    return sorted(members)


def _stat(path):
    """Fields of /proc/PID/stat from the state on, or nothing when it is gone."""
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None


def pin(pids, cpu):
    """All threads of all these processes stay on one CPU."""
    for pid in pids:
        for task in (PROC / str(pid) / "task").iterdir():
            os.sched_setaffinity(int(task.name), {cpu})


def prefer(pids):
    """
    These processes come before whatever else this machine does: by their nice value, and by that of their session, which counts
    instead where the scheduler groups sessions (sched_autogroup).
    """
    for pid in pids:
        for task in (PROC / str(pid) / "task").iterdir():
            os.setpriority(os.PRIO_PROCESS, int(task.name), PRIORITY)
        with contextlib.suppress(OSError):  # no such grouping here
            (PROC / str(pid) / "autogroup").write_text(str(PRIORITY))


@dataclasses.dataclass
class Use:
    """CPU time since a start, in seconds. run_s counts nanoseconds (schedstat), user_s and kernel_s share it by ticks."""

    at_s: float
    run_s: float
    user_s: float
    kernel_s: float

    def __sub__(self, before):
        return Use(self.at_s - before.at_s, self.run_s - before.run_s, self.user_s - before.user_s, self.kernel_s - before.kernel_s)

    @property
    def kernel_share(self):
        ticks = self.user_s + self.kernel_s
        return self.kernel_s / ticks if ticks else 0.0


def use(pids):
    """What these processes have used until now. run_s is the sum of /proc/PID/task/*/schedstat."""
    run_ns, user, kernel = 0, 0, 0
    at_s = time.monotonic()
    for pid in pids:
        fields = _stat(PROC / str(pid))
        user += int(fields[11])
        kernel += int(fields[12])
        for task in (PROC / str(pid) / "task").iterdir():
            run_ns += int((task / "schedstat").read_text().split()[0])
    return Use(at_s, run_ns / 1e9, user * TICK_S, kernel * TICK_S)


def resident_bytes(pids):
    """Memory of these processes, shared memory counted once (Pss), and hugepages."""
    total_kb = 0
    for pid in pids:
        for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(":")
            if name in ("Pss", "Private_Hugetlb", "Shared_Hugetlb"):
                total_kb += int(rest.split()[0])
    return total_kb * 1024
