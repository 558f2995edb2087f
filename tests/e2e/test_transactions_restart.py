"""R30: a restart in the middle of 1,000 established calls loses none."""

import asyncio
import signal

import pytest
from sip_calls import close_agents, open_agents
from sip_client import Dialog

CALLS = 1000
CALLS_AT_ONCE = 50


async def each(work, items):
    """work(item) for all, so many at a time. Result: the results in order; the first failure ends it."""
    slots = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one(item):
        async with slots:
            return await work(item)

    return await asyncio.gather(*map(one, items))


async def establish(caller, callee, number):
    client, final = caller.start(caller.peer.invite_request(number))
    server = await callee.offered(client, final)
    answer = server.respond(200)
    response = await final
    assert response.status == 200, response
    await server.acknowledged
    return Dialog(caller.peer, client.request, response, True), Dialog(callee.peer, server.request, answer, False)


async def go_on(call, agents, index):
    """A re-INVITE and the BYE, by turns of one side and the other."""
    dialogs = call[::-1] if index & 1 else call
    asking = agents[::-1] if index & 1 else agents
    await asking[0].ask(dialogs[0].request("INVITE"), 200)
    await asking[1].ask(dialogs[1].request("INVITE"), 200)
    await asking[index >> 1 & 1].ask(dialogs[index >> 1 & 1].request("BYE"), 200)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_no_call_is_lost(own_lab, own_peers, how):
    async def run(router):
        agents = await open_agents(own_peers(who) for who in ("trusted", "east"))
        calls = await each(lambda index: establish(*agents, f"3{index % 900:03}"), range(CALLS))
        router.stop(how)
        router.start()
        await each(lambda index: go_on(calls[index], agents, index), range(CALLS))
        await close_agents(agents)

    with own_lab.router() as router:
        asyncio.run(run(router))
