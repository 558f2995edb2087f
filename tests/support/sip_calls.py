"""sip_calls.py - calls of all kinds between two Agents (sip_agent.py). Each is a coroutine that ends well or raises.

Each kind dials `numbers` and two more digits of its own.
"""

import asyncio

from sip_agent import GIVE_UP_S, Agent, Failed
from sip_client import Dialog, parameter

CALL_S_MAX = 4 * GIVE_UP_S  # of a call that hangs
IN_DIALOG = ("INVITE", "UPDATE", "INFO", "MESSAGE", "REFER", "NOTIFY", "OPTIONS")


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


async def caller_hangs_up(caller, callee, numbers):
    callers, _ = await establish(caller, callee, numbers + "00")
    await caller.ask(callers.request("BYE"), 200)


async def callee_hangs_up(caller, callee, numbers):
    _, callees = await establish(caller, callee, numbers + "01")
    await callee.ask(callees.request("BYE"), 200)


async def busy(caller, callee, numbers):
    client, final = await begin(caller, numbers + "02")
    await refuse(await callee.offered(client, final), 486, final)


async def declined_after_ringing(caller, callee, numbers):
    client, final = await begin(caller, numbers + "03")
    server = await callee.offered(client, final)
    await ring(client, server)
    await refuse(server, 603, final)


async def cancelled_while_ringing(caller, callee, numbers):
    client, final = await begin(caller, numbers + "04")
    server = await callee.offered(client, final)
    await ring(client, server)
    await caller.ask(caller.peer.cancel_of(client.request), 200)
    await server.cancelled
    await refuse(server, 487, final)


async def cancelled_at_once(caller, callee, numbers):
    client, final = await begin(caller, numbers + "05")
    await client.heard
    cancelling = caller.start(caller.peer.cancel_of(client.request))[1]
    server = await callee.offered(client, final)
    server.respond(180)
    ringing = asyncio.get_running_loop().create_task(ring(client, server))
    await server.cancelled
    ringing.cancel()
    assert (await cancelling).status == 200
    await refuse(server, 487, final)


async def answered_while_cancelled(caller, callee, numbers):
    client, final = await begin(caller, numbers + "06")
    server = await callee.offered(client, final)
    answer = server.respond(200)
    cancelling = caller.start(caller.peer.cancel_of(client.request))[1]
    response = await final
    assert response.status == 200, response
    assert (await cancelling).status == 200
    await server.acknowledged
    await caller.ask(dialogs(client, response, server, answer)[0].request("BYE"), 200)


async def everything_in_a_dialog(caller, callee, numbers):
    callers, callees = await establish(caller, callee, numbers + "07")
    for dialog, agent in ((callers, caller), (callees, callee)):
        for method in IN_DIALOG:
            await agent.ask(dialog.request(method), 200)
    await caller.ask(callers.request("BYE"), 200)


async def reliable_provisional(caller, callee, numbers):
    """RFC 3262: the callee repeats its 183 until the PRACK."""
    client, final = await begin(caller, numbers + "08", extra=[("Supported", "100rel")])
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


async def message_outside_a_dialog(caller, callee, numbers):
    request = await caller.authorized(caller.peer.request("MESSAGE", f"sip:{numbers}09@{caller.peer.domain}", contact=False))
    assert (await caller.ask(request)).status == 200
    await callee.arrived(request.call_id, "MESSAGE")


KINDS = (caller_hangs_up, callee_hangs_up, busy, declined_after_ringing, cancelled_while_ringing, cancelled_at_once,
         answered_while_cancelled, everything_in_a_dialog, reliable_provisional, message_outside_a_dialog)


async def call_once(kind, caller, callee, numbers):
    """Failed with the kind's name."""
    try:
        await asyncio.wait_for(kind(caller, callee, numbers), CALL_S_MAX)
    except (AssertionError, TimeoutError) as failed:
        raise Failed(f"{kind.__name__}: {failed!r}") from None


async def call_all(callers, callee, numbers, rounds, at_once):
    """All kinds by all callers, so often. Result: how many calls there were; Failed when one was not right."""
    slots = asyncio.Semaphore(at_once)

    async def one(kind, caller):
        async with slots:
            await call_once(kind, caller, callee, numbers)

    results = await asyncio.gather(*(one(kind, caller) for _ in range(rounds) for kind in KINDS for caller in callers),
                                   return_exceptions=True)
    wrong = [result for result in results if result is not None]
    if wrong:
        raise Failed(f"{len(wrong)} of {len(results)} calls:\n" + "\n".join(map(str, wrong[:5])))
    return len(results)


async def open_agents(peers):
    """An Agent for each peer, all of them neighbours of the router: what the kernel resolves may be lost on a good wire too."""
    agents = [await Agent(peer).open() for peer in peers]
    for agent in agents:
        await agent.ask(agent.peer.request("OPTIONS", f"sip:{agent.peer.router}"), 200)
    return agents


async def close_agents(agents):
    """Failed when one of them was sent what must not have come, or waits for an ACK that never comes."""
    for agent in agents:
        await asyncio.gather(*agent.tasks, return_exceptions=True)
    await asyncio.sleep(1)  # for what comes late
    for agent in agents:
        agent.close()
    errors = [error for agent in agents for error in agent.errors]
    if errors:
        raise Failed(f"{len(errors)} messages that must not have come:\n" + "\n".join(errors[:5]))
