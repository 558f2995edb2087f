"""router_state.py - what a router still holds, by its own counters."""

import contextlib

import network

LINGER_S = 45  # 64*T1 and some
COUNT_WAIT_S = 3  # an lcore counts a packet at the end of its burst


def counters(router):
    """{name: total} of `amityctl stats`."""
    return {row["counter"]: row["total"] for row in router.must("stats", as_json=True).json["counters"]}


def reasons(router):
    """{name: count} of `amityctl reasons --all`."""
    return {row["reason"]: row["count"] for row in router.must("reasons", "--all", as_json=True).json}


@contextlib.contextmanager
def counted(router, reason, times=1):
    """What is done meanwhile ends so many packets for this reason."""
    before = reasons(router)[reason]
    yield
    network.wait_until(lambda: reasons(router)[reason] >= before + times, COUNT_WAIT_S, 0.02)
    assert reasons(router)[reason] == before + times, f"{reason} was counted {reasons(router)[reason] - before} times, not {times}"


def expect_identity(router):
    """Every packet ended once."""
    said = network.wait_until(lambda: router.must("stats", as_json=True).json["identity"]["holds"], 5)
    assert said, router.must("stats").text


def live(router):
    """{"transactions": n, "calls": n} of all lcores."""
    status = router.must("status", as_json=True).json
    return {name: status[name] for name in ("transactions", "calls")}


def expect_idle(router):
    """Once everything has lingered long enough, nothing is left."""
    nothing = {"transactions": 0, "calls": 0}
    network.wait_until(lambda: live(router) == nothing, LINGER_S, 0.5)
    assert live(router) == nothing
    expect_identity(router)
    expect_sound(router)


def expect_sound(router):
    """The tables of calls, transactions and limits agree, on every lcore."""
    audit = router.must("calls", "--audit", as_json=True).json
    assert audit["sound"], audit
