"""Calls of all kinds over wires that lose, double and reorder: each ends as it would on a good one, and nobody sees an error."""

import asyncio

import pytest
import router_state
from sip_calls import KINDS, call_all, close_agents, open_agents

CALLS_AT_ONCE = 30
ROUNDS = 3
RATES = {
    "both": {"both": {"drop": 8, "duplicate": 15, "delay": 30, "hold": 40}},
    "towards_us": {"from_peers": {"drop": 15, "duplicate": 15, "delay": 30, "hold": 40}},
    "from_us": {"from_router": {"drop": 15, "duplicate": 15, "delay": 30, "hold": 40}},
}


@pytest.fixture(scope="module")
def lossy_router(bad_lab):
    with bad_lab.router() as router:
        yield router


@pytest.mark.parametrize("rates", RATES)
def test_calls_of_all_kinds(lossy_router, bad_wires, bad_peers, rates):
    async def run():
        agents = await open_agents(bad_peers(who) for who in ("alice", "carol", "east"))
        before = bad_wires.settle()
        bad_wires.be(seed=5, **RATES[rates])
        count = await call_all(agents[:2], agents[2], "31", ROUNDS, CALLS_AT_ONCE)
        did = {fate: times - before.get(fate, 0) for fate, times in bad_wires.settle().items()}
        await close_agents(agents)
        return count, did

    count, did = asyncio.run(run())
    assert count == ROUNDS * 2 * len(KINDS)
    assert did["dropped"] > 50 and did["duplicated"] > 50 and did["delayed"] > 50 and did["lost"] == 0, did
    router_state.expect_idle(lossy_router)
