"""search.py - the highest rate that a router takes, for what sipgun does not search itself (bench/sipgun/gun_limit.h searches likewise)."""

ATTEMPTS = 2  # on a machine that others use, a step fails by chance: one would keep the search below it
GAP = 1.05


def highest_rate(is_taken, first):
    """Rates double until one is not taken, then the gap is halved until it is GAP wide. `is_taken(rate)` is asked again before a rate
    counts as too high. Result: 0 when none down to one a second is taken."""
    good, bad, rate = 0, None, first
    while rate >= 1 and (not good or not bad or bad / good > GAP):
        if any(is_taken(rate) for _ in range(ATTEMPTS)):
            good = rate
        else:
            bad = rate
        rate = good * 2 if not bad else (good + bad) / 2
    return good
