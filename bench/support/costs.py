"""costs.py - CPU time of a router for one call or registration, while sipgun drives it at a set rate."""

import dataclasses
import time

import tree  # noqa: F401
from gun import FAILED_PERCENT_MAX, GunError

START_WAIT_S = 60

# Packets that the router gets for one of them.
PACKETS = {"call": 8, "invite_auth": 6, "register": 2}


@dataclasses.dataclass
class Cost:
    """us: less what the idle router uses in the same time; raw_us: all. Both for one call, registration."""

    us: float
    raw_us: float
    idle_us_per_s: float
    kernel_share: float
    rate: float
    failed_percent: float

    @property
    def is_valid(self):
        return self.failed_percent < FAILED_PERCENT_MAX


def measure_idle(running, seconds):
    """CPU microseconds a second of the router with no load."""
    before = running.use()
    time.sleep(seconds)
    used = running.use() - before
    return 1e6 * used.run_s / used.at_s


@dataclasses.dataclass
class Plan:
    """How hard and how long. settle_s: from the first packet until what is freed is what was taken (Kamailio frees after 5 s)."""

    workload: str
    rate: float
    window_s: float
    settle_s: float
    idle_s: float


def _wait_for_packets(running, firing, least):
    begin = time.monotonic()
    while running.packets_received() < least and firing.runs:
        if time.monotonic() > begin + START_WAIT_S:
            firing.stop()
            raise GunError("sipgun sent nothing")
        time.sleep(0.02)


def measure(running, gun, plan, **options):
    """
    The router's CPU time over a window inside a run of sipgun. How many calls it handled in the window is counted in packets that
    came to it, which is the same question to every router.
    """
    idle_us_per_s = measure_idle(running, plan.idle_s)
    least = running.packets_received() + 100
    firing = gun.start(plan.workload, plan.rate, plan.settle_s + plan.window_s, warm_up_s=0.5, **options)
    _wait_for_packets(running, firing, least)
    time.sleep(plan.settle_s)
    received = running.packets_received()
    before = running.use()
    time.sleep(plan.window_s)
    used = running.use() - before
    handled = (running.packets_received() - received) / PACKETS[plan.workload]
    shot = firing.finish()
    if not handled:
        raise GunError(f"nothing was handled while it was measured; sipgun says {shot.values}")
    raw_us = 1e6 * used.run_s / handled
    return Cost(raw_us - idle_us_per_s * used.at_s / handled, raw_us, idle_us_per_s, used.kernel_share, handled / used.at_s, shot.failed_percent)
