"""costs.py - CPU time of a router for one call or registration, while sipgun drives it at a set rate."""

import dataclasses
import time

import tree  # noqa: F401
from gun import FAILED_PERCENT_MAX, GunError

START_WAIT_S = 60


@dataclasses.dataclass
class Cost:
    """
    Of one call or registration. raw_us: all CPU time of the router. us: less its idling, measured apart with no load: for a router that
    spins, its polls that found nothing, counted in both and priced without load, and the time in which it let packets gather, which it
    counts itself; for others, what they use in that time.
    """

    us: float
    raw_us: float
    idle_share: float  # of a CPU, with no load
    kernel_share: float
    rate: float
    failed_percent: float
    retransmissions_percent: float

    @property
    def is_valid(self):
        return self.failed_percent < FAILED_PERCENT_MAX


@dataclasses.dataclass
class Window:
    """What a router used in some seconds."""

    use: object
    idle_polls: int
    gathering_s: float

    @property
    def idle_share(self):
        return self.use.run_s / self.use.at_s


def observe(running, seconds):
    polls, gathering_s, before = running.idle_polls(), running.gathering_s(), running.use()
    time.sleep(seconds)
    more_polls, more_s = running.idle_polls() - polls, running.gathering_s() - gathering_s
    return Window(running.use() - before, more_polls, more_s)


QUIET_WINDOWS = 5


def observe_quiet(running, seconds):
    """The window with the cheapest poll, or the least use, of several: other programs only ever add to it."""
    windows = [observe(running, seconds / QUIET_WINDOWS) for _ in range(QUIET_WINDOWS)]
    return min(windows, key=lambda window: window.use.run_s / (window.idle_polls or window.use.at_s))


def _idling_s(quiet, busy):
    """CPU seconds of a busy window that are idling."""
    if quiet.idle_polls:
        return busy.gathering_s + busy.idle_polls * quiet.use.run_s / quiet.idle_polls
    return quiet.idle_share * busy.use.at_s


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
    """The router's CPU time over a window inside a run of sipgun, which says how many calls, all of them at an even rate, it completed."""
    quiet = observe_quiet(running, plan.idle_s)
    least = running.packets_received() + 100
    firing = gun.start(plan.workload, plan.rate, plan.settle_s + plan.window_s, warm_up_s=0.5, **options)
    _wait_for_packets(running, firing, least)
    time.sleep(plan.settle_s)
    busy = observe(running, plan.window_s)
    shot = firing.finish()
    handled = shot["rate_done"] * busy.use.at_s
    if not handled:
        raise GunError(f"nothing was handled while it was measured; sipgun says {shot.values}")
    used_s = busy.use.run_s
    return Cost(us=1e6 * (used_s - _idling_s(quiet, busy)) / handled, raw_us=1e6 * used_s / handled, idle_share=quiet.idle_share,
                kernel_share=busy.use.kernel_share, rate=handled / busy.use.at_s, failed_percent=shot.failed_percent,
                retransmissions_percent=100 * shot["retransmissions"] / (shot["tried"] or 1))
