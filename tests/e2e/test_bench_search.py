"""The search for the highest rate, which bench/wire makes itself where sipgun cannot."""

import sys

import pytest
from conftest import ROOT

sys.path.append(str(ROOT / "bench/support"))
import search  # noqa: E402


class Router:
    """Takes up to `limit`, but for the attempts that are to fail by chance."""

    def __init__(self, limit, chance=()):
        self.limit, self.chance, self.asked = limit, set(chance), []

    def takes(self, rate):
        self.asked.append(rate)
        return rate <= self.limit and len(self.asked) - 1 not in self.chance


@pytest.mark.parametrize("limit", [2, 30, 999, 1000, 1001, 1999, 2000, 123_456])
def test_the_limit_is_found(limit):
    router = Router(limit)
    found = search.highest_rate(router.takes, 1000)
    assert limit / search.GAP <= found <= limit
    assert len(router.asked) < 40


@pytest.mark.parametrize("failing", range(12))
def test_one_failure_by_chance_changes_nothing(failing):
    calm, unlucky = Router(5300), Router(5300, [failing])
    assert search.highest_rate(unlucky.takes, 1000) == search.highest_rate(calm.takes, 1000)


def test_a_rate_that_fails_twice_is_too_high():
    router = Router(5300, [0, 1])
    assert 1000 / search.GAP <= search.highest_rate(router.takes, 1000) <= 1000


def test_nothing_is_taken():
    router = Router(0)
    assert search.highest_rate(router.takes, 1000) == 0
    assert min(router.asked) >= 1
