"""neighbour.py - what the router's CPU can do while that of sipgun is busy: two CPUs of a virtual machine are often threads of one core."""

import os
import statistics
import subprocess
import sys

ROUNDS = 5
CORE_OF_ITS_OWN = 0.85

# Both by CPU time: other programs that get the CPU in between do not count.
WORK = """
import time
turns, end = 0, time.process_time() + 0.1
while time.process_time() < end:
    for _ in range(2000):
        pass
    turns += 1
print(turns)
"""
SPIN = "while True: pass"


def _python(program, cpu, **how):
    return subprocess.Popen([sys.executable, "-c", program], preexec_fn=lambda: os.sched_setaffinity(0, {cpu}), **how)


def _turns(cpu):
    return int(_python(WORK, cpu, stdout=subprocess.PIPE, text=True).communicate()[0])


def share_left(cpu, beside):
    """How much of its work `cpu` does while `beside` is busy: 1.0 where nothing is shared, about a half where the core is."""
    shares = []
    for _ in range(ROUNDS):
        alone = _turns(cpu)
        busy = _python(SPIN, beside)
        try:
            shares.append(_turns(cpu) / alone)
        finally:
            busy.kill()
            busy.wait()
    return statistics.median(shares)


def report(report_to, cpu, beside):
    """A line under the heading of a bench."""
    share = share_left(cpu, beside)
    shared = ("they share a core, and what a router costs here is as much more" if share < CORE_OF_ITS_OWN else "each has a core of its own")
    report_to.say(f"While CPU {beside} (sipgun) is busy, CPU {cpu} (the router) does {100 * share:.0f} % of what it does alone: {shared}.")
    report_to.row("machine", "share", share, what="work of the router's CPU while sipgun's is busy")
