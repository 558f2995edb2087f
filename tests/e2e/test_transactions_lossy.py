"""Calls of all kinds over wires that lose, double and reorder: each ends as it would on a good one, and nobody sees an error."""

import asyncio

import pytest
import router_state
from conftest import ENDPOINTS, LAN
from sip_agent import GIVE_UP_S, Agent, Failed
from sip_client import Dialog, parameter

CALLS_AT_ONCE = 30
CALL_S_MAX = 4 * GIVE_UP_S  # of a call that hangs
IN_DIALOG = ("INVITE", "UPDATE", "INFO", "MESSAGE", "REFER", "NOTIFY", "OPTIONS")
RATES = {
    "both": {"both": {"drop": 8, "duplicate": 15, "delay": 30, "hold": 40}},
    "towards_us": {"from_peers": {"drop": 15, "duplicate": 15, "delay": 30, "hold": 40}},
    "from_us": {"from_router": {"drop": 15, "duplicate": 15, "delay": 30, "hold": 40}},
}


async def begin(caller, number, **options):
    """An INVITE with credentials on its way. Result: (Client, task of its final response)."""
    return caller.start(await caller.authorized(caller.peer.invite_request(number, **options)))


def dialogs(client, response, server, answer):
    return Dialog(client.agent.peer, client.request, response, True), Dialog(server.agent.peer, server.request, answer, False)


async def establish(caller, callee, number):
    """Result: (caller's dialog, callee's dialog)."""
    client, final = await begin(caller, number)
    server = await callee.offered(client, final)
    server.respond(180)
    answer = server.respond(200)
    response = await final
    assert response.status == 200, response
    await server.acknowledged
    return dialogs(client, response, server, answer)


async def ring(client, server):
    """180, as often as it is lost."""
    while client.provisional.empty() or client.provisional.get_nowait().status != 180:
        server.respond(180)
        await asyncio.sleep(0.3)


async def refuse(server, status, final):
    """The callee's last word, and what the caller gets of it."""
    server.respond(status)
    response = await final
    assert response.status == status, response
    await server.acknowledged


async def caller_hangs_up(caller, callee):
    callers, _ = await establish(caller, callee, "3100")
    await caller.ask(callers.request("BYE"), 200)


async def callee_hangs_up(caller, callee):
    _, callees = await establish(caller, callee, "3101")
    await callee.ask(callees.request("BYE"), 200)


async def busy(caller, callee):
    client, final = await begin(caller, "3102")
    await refuse(await callee.offered(client, final), 486, final)


async def declined_after_ringing(caller, callee):
    client, final = await begin(caller, "3103")
    server = await callee.offered(client, final)
    await ring(client, server)
    await refuse(server, 603, final)


async def cancelled_while_ringing(caller, callee):
    client, final = await begin(caller, "3104")
    server = await callee.offered(client, final)
    await ring(client, server)
    await caller.ask(caller.peer.cancel_of(client.request), 200)
    await server.cancelled
    await refuse(server, 487, final)


async def cancelled_at_once(caller, callee):
    client, final = await begin(caller, "3105")
    await client.heard
    cancelling = caller.start(caller.peer.cancel_of(client.request))[1]
    server = await callee.offered(client, final)
    server.respond(180)
    ringing = asyncio.get_running_loop().create_task(ring(client, server))
    await server.cancelled
    ringing.cancel()
    assert (await cancelling).status == 200
    await refuse(server, 487, final)


async def answered_while_cancelled(caller, callee):
    client, final = await begin(caller, "3106")
    server = await callee.offered(client, final)
    answer = server.respond(200)
    cancelling = caller.start(caller.peer.cancel_of(client.request))[1]
    response = await final
    assert response.status == 200, response
    assert (await cancelling).status == 200
    await server.acknowledged
    await caller.ask(dialogs(client, response, server, answer)[0].request("BYE"), 200)


async def everything_in_a_dialog(caller, callee):
    callers, callees = await establish(caller, callee, "3107")
    for dialog, agent in ((callers, caller), (callees, callee)):
        for method in IN_DIALOG:
            await agent.ask(dialog.request(method), 200)
    await caller.ask(callers.request("BYE"), 200)


async def reliable_provisional(caller, callee):
    """RFC 3262: the callee repeats its 183 until the PRACK."""
    client, final = await begin(caller, "3108", extra=[("Supported", "100rel")])
    server = await callee.offered(client, final)
    progress = server.respond(183, extra=[("Require", "100rel"), ("RSeq", "7001")])
    prack = asyncio.get_running_loop().create_task(callee.arrived(client.request.call_id, "PRACK"))
    repeating = asyncio.get_running_loop().create_task(repeat_until(server.send_again, prack))
    while (response := await client.provisional.get()).status != 183:
        pass
    early = Dialog(caller.peer, client.request, response, True)
    await caller.ask(early.request("PRACK", extra=[("RAck", f"7001 {client.request.cseq} INVITE")]), 200)
    await repeating
    answer = server.respond(200)
    response = await final
    assert response.status == 200 and parameter(response.get("To"), "tag") == parameter(progress.get("To"), "tag")
    await server.acknowledged
    early.routes = dialogs(client, response, server, answer)[0].routes
    await caller.ask(early.request("BYE"), 200)


async def repeat_until(send, task):
    while not (await asyncio.wait([task], timeout=0.5))[0]:
        send()


async def message_outside_a_dialog(caller, callee):
    request = await caller.authorized(caller.peer.request("MESSAGE", "sip:3109@acme.test", contact=False))
    assert (await caller.ask(request)).status == 200
    await callee.arrived(request.call_id, "MESSAGE")


KINDS = (caller_hangs_up, callee_hangs_up, busy, declined_after_ringing, cancelled_while_ringing, cancelled_at_once,
         answered_while_cancelled, everything_in_a_dialog, reliable_provisional, message_outside_a_dialog)


@pytest.fixture(scope="module")
def lossy_router(bad_lab):
    with bad_lab.router() as router:
        yield router


async def warm_up(agents):
    """Everybody is a neighbour before the wire gets bad: what the kernel resolves may be lost without any help."""
    for agent in agents:
        await agent.ask(agent.peer.request("OPTIONS", f"sip:{LAN}"), 200)


async def call_all(callers, callee, rounds):
    """Result: how many calls there were of each kind."""
    slots = asyncio.Semaphore(CALLS_AT_ONCE)

    async def one(kind, caller):
        async with slots:
            try:
                await asyncio.wait_for(kind(caller, callee), CALL_S_MAX)
            except (Failed, TimeoutError) as failed:
                raise Failed(f"{kind.__name__}: {failed!r}") from None

    results = await asyncio.gather(*(one(kind, caller) for _ in range(rounds) for kind in KINDS for caller in callers),
                                   return_exceptions=True)
    wrong = [result for result in results if result is not None]
    assert not wrong, f"{len(wrong)} of {len(results)} calls:\n" + "\n".join(map(repr, wrong[:5]))
    return len(results)


@pytest.mark.parametrize("rates", RATES)
def test_calls_of_all_kinds(lossy_router, bad_wires, bad_peers, rates):
    async def run():
        callers = [await Agent(bad_peers(who)).open() for who in ("alice", "carol")]
        callee = await Agent(bad_peers("east")).open()
        agents = [*callers, callee]
        await warm_up(agents)
        bad_wires.be(seed=5, **RATES[rates])
        count = await call_all(callers, callee, 3)
        did = bad_wires.settle()
        await asyncio.sleep(1)  # for errors that come late
        for agent in agents:
            agent.close()
        errors = [error for agent in agents for error in agent.errors]
        assert not errors, f"{len(errors)} messages that must not have come:\n" + "\n".join(errors[:5])
        assert did["dropped"] > 50 and did["duplicated"] > 50 and did["delayed"] > 50 and did["lost"] == 0, did
        return count

    count = asyncio.run(run())
    assert count == 3 * 2 * len(KINDS)
    router_state.expect_idle(lossy_router)
