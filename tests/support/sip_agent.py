"""sip_agent.py - an endpoint for tests that keeps RFC 3261 by itself: it retransmits, answers again, acknowledges, and
notes every message that must not have come. For calls over wires that lose, double and reorder.

An Agent lives in an asyncio loop, on the socket of a Peer (sip_client.py), whose words it uses to build messages.
"""

import asyncio
import collections
import re

from sip_client import Dialog, Message, has_ended, parameter

T1_S, T2_S = 0.5, 4.0
GIVE_UP_S = 64 * T1_S


class Failed(AssertionError):
    """A transaction that did not end as it must."""


async def repeat(send, until, longest_s):
    """Sends at once and again, each pause twice the one before, until the future is done. Failed after 64*T1."""
    pause, left = T1_S, GIVE_UP_S
    while True:
        send()
        done, _ = await asyncio.wait([until], timeout=pause)
        if done:
            return
        left -= pause
        if left <= 0:
            raise Failed("nobody answered")
        pause = min(2 * pause, longest_s, left)


def branch_of(message):
    return parameter(message.list("Via")[0], "branch")


def said_once(response):
    """What must be the same when a response is repeated. A challenge is made without state: a second later its nonce is another."""
    return re.sub(r'nonce="[^"]*"', "", str(response)) if response.status in (401, 407) else str(response)


class Client:
    """A request that was sent (17.1)."""

    def __init__(self, agent, request):
        self.agent, self.request = agent, request
        self.provisional = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self.heard, self.final = loop.create_future(), loop.create_future()
        self.acknowledgements = {}  # To tag: ACK

    async def run(self):
        """Result: the final response; of several 2xx the first."""
        is_invite = self.request.method == "INVITE"
        try:
            await repeat(lambda: self.agent.send(self.request), self.heard if is_invite else self.final, GIVE_UP_S if is_invite else T2_S)
        except Failed as failed:
            raise Failed(f"{failed}:\n{self.request}") from None
        return await self.final

    def receive(self, response):
        if not self.heard.done():
            self.heard.set_result(True)
        if response.status < 200:
            self.provisional.put_nowait(response)
            return
        tag = parameter(response.get("To"), "tag")
        if not self.final.done():
            self.final.set_result(response)
        elif response.status != self.final.result().status or response.status >= 300 and said_once(response) != said_once(self.final.result()):
            self.agent.blame(f"a second final response, after {self.final.result().status}", response)
        if self.request.method != "INVITE":
            return
        if tag not in self.acknowledgements:
            self.acknowledgements[tag] = (self._ack_of_success(response) if response.status < 300
                                          else self.agent.peer.ack_of_failure(self.request, response))
        self.agent.send(self.acknowledgements[tag])

    def _ack_of_success(self, response):
        """13.2.2.4; of a re-INVITE along the route set that it had itself (12.2)."""
        dialog = Dialog(self.agent.peer, self.request, response, True)
        if parameter(self.request.get("To"), "tag"):
            dialog.routes = self.request.list("Route")
        return dialog.request("ACK", cseq=self.request.cseq)


class Server:
    """A request that came (17.2)."""

    def __init__(self, agent, request, source):
        self.agent, self.request, self.source = agent, request, source
        self.response = None
        self.repeating = None
        loop = asyncio.get_running_loop()
        self.acknowledged, self.cancelled = loop.create_future(), loop.create_future()

    def respond(self, status, **options):
        """Result: the response as sent. A final one of an INVITE is repeated until its ACK comes."""
        self.response = self.agent.peer.answer(self.request, status, **{"tag": self.agent.tag, **options})
        if self.request.method == "INVITE" and status >= 200:
            self.repeating = self.agent.background(self._repeat(self.response))
        else:
            self.send_again()
        return self.response

    async def _repeat(self, response):
        try:
            await repeat(self.send_again, self.acknowledged, T2_S)
        except Failed:
            self.agent.blame("no ACK came", response)

    def send_again(self):
        if self.response:
            self.agent.send(self.response, self.source)

    def acknowledge(self):
        if not self.acknowledged.done():
            self.acknowledged.set_result(True)


class Agent(asyncio.DatagramProtocol):
    """A first INVITE waits for who asks offered(); all else is answered 200, and arrived() says that it came."""

    def __init__(self, peer):
        self.peer, self.tag = peer, f"{peer.name}-{peer.port}"
        self.clients, self.servers = {}, {}
        self.arrivals = collections.defaultdict(asyncio.Queue)  # (Call-ID, method): Server
        self.seen = {}  # (Call-ID, CSeq, method, From tag): branch
        self.waiting_for_ack = {}  # (Call-ID, CSeq): Server
        self.errors = []
        self.repeats = collections.Counter()
        self.tasks = set()

    async def open(self):
        self.peer.socket.setblocking(False)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, sock=self.peer.socket)
        return self

    def connection_made(self, transport):
        self.transport = transport

    def close(self):
        for task in self.tasks:
            task.cancel()
        self.transport.close()

    def background(self, work):
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task):
        self.tasks.discard(task)
        if not task.cancelled() and task.exception():
            self.errors.append(f"{self.peer.name}: {task.exception()!r}")

    def blame(self, what, message):
        self.errors.append(f"{self.peer.name} at {self.peer.address}:{self.peer.port}: {what}:\n{message}")

    def send(self, message, to=None):
        self.transport.sendto(bytes(message), to or (self.peer.router, 5060))

    # Asking.

    def start(self, request):
        """Result: (Client, task of its final response)."""
        client = self.clients[branch_of(request), request.method] = Client(self, request)
        task = asyncio.get_running_loop().create_task(client.run())
        return client, task

    async def ask(self, request, status=None):
        """Result: the final response; Failed when it is not `status`."""
        response = await self.start(request)[1]
        if status and response.status != status:
            raise Failed(f"expected {status}, got:\n{response}")
        return response

    async def authorized(self, request):
        """Sends it, to be challenged. Result: the request with credentials."""
        return self.peer.authorized(request, await self.ask(request, 407))

    # Being asked.

    async def offered(self, client, final):
        """The INVITE that opens a call, as start() of the other side gave it. Result: Server, not yet answered."""
        arrival = asyncio.ensure_future(self.arrived(client.request.call_id, "INVITE"))
        done, _ = await asyncio.wait([arrival, final], return_when=asyncio.FIRST_COMPLETED)
        if arrival in done:
            return arrival.result()
        arrival.cancel()
        raise Failed(f"the callee got nothing, and the caller:\n{final.result()}")

    async def arrived(self, call_id, method):
        """The next new request of a call with the method."""
        return await self.arrivals[call_id, method].get()

    # Hearing.

    def datagram_received(self, raw, source):
        if not raw.strip():
            return
        message = Message.parse(raw)
        if has_ended(message):
            return
        try:
            if message.is_request:
                self._request(message, source)
            else:
                self._response(message)
        except AssertionError as wrong:
            self.blame(str(wrong), message)

    def _response(self, response):
        assert len(response.list("Via")) == 1, "a response with Vias that are not ours"
        client = self.clients.get((branch_of(response), response.method))
        assert client, "a response to nothing that was asked"
        assert response.get("From") == client.request.get("From") and response.call_id == client.request.call_id
        client.receive(response)

    def _request(self, request, source):
        key = branch_of(request), "INVITE" if request.method == "ACK" else request.method
        server = self.servers.get(key)
        if request.method == "ACK":
            server = server or self.waiting_for_ack.get((request.call_id, request.cseq))
            assert server, "an ACK of nothing that was answered"
            server.acknowledge()
            return
        if server:
            self.repeats[request.method] += 1
            server.send_again()
            return
        # What was absorbed by the router, or not: the same request must not come by a second branch.
        name = request.call_id, request.cseq, request.method, parameter(request.get("From"), "tag"), request.uri
        assert name not in self.seen, f"the same request again as a new one; before it had the branch {self.seen[name]}"
        self.seen[name] = key[0]
        server = self.servers[key] = Server(self, request, source)
        if request.method == "CANCEL":
            self._cancel(server)
            return
        if request.method == "INVITE":
            self.waiting_for_ack[request.call_id, request.cseq] = server
        if request.method == "BYE":
            for (call_id, _), waiting in self.waiting_for_ack.items():
                if call_id == request.call_id:
                    waiting.acknowledge()
        self.arrivals[request.call_id, request.method].put_nowait(server)
        if request.method != "INVITE" or parameter(request.get("To"), "tag"):
            server.respond(200)

    def _cancel(self, server):
        invite = self.servers.get((branch_of(server.request), "INVITE"))
        assert invite, "a CANCEL of nothing that came"
        server.respond(200)
        if not invite.cancelled.done():
            invite.cancelled.set_result(True)
