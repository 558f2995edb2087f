"""sip_client.py - a SIP peer for tests: builds any message, right or wrong, and reads what comes back. UDP only.

A Peer is one socket. Nothing retransmits and nothing answers by itself: a test says each message, and silence is a result.
What the router retransmits because the test takes its time is passed over, unless the test asks for it.
"""

import hashlib
import itertools
import re
import secrets
import selectors
import socket
import time

WAIT_S = 3.0
STORED_WAIT_S = 32.0  # timer F (RFC 3261 17.1.2.2): a 200 to REGISTER comes when the disk has it, and a busy disk takes seconds
SILENCE_S = 0.4
COMPACT = {"v": "Via", "f": "From", "t": "To", "i": "Call-ID", "m": "Contact", "l": "Content-Length", "c": "Content-Type",
           "k": "Supported", "s": "Subject", "e": "Content-Encoding", "o": "Event", "r": "Refer-To", "u": "Allow-Events"}
SDP = ("v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
       "m=audio 40000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n")

_serial = itertools.count(1)
_first_call = 0  # calls of before are a test's that has ended; what is still repeated of them is nobody's


class Silence(AssertionError):
    """Nothing came in time."""


def token(prefix=""):
    return f"{prefix}{next(_serial)}{secrets.token_hex(4)}"


def end_calls():
    """From now on Peers pass over what is still sent of calls that began before."""
    global _first_call
    _first_call = next(_serial)


def has_ended(message):
    """A call of before end_calls()."""
    found = re.match(r"call-(\d+)[0-9a-f]{8}$", message.get("Call-ID") or "")
    return found is not None and int(found[1]) < _first_call


def parameter(value, name):
    """The parameter of a header value or URI: name=VALUE or name="VALUE"; None when absent."""
    found = re.search(rf'[;,\s]{name}\s*=\s*(?:"([^"]*)"|([^;,>\s"]+))', value, re.IGNORECASE)
    return found and (found[1] if found[1] is not None else found[2])


def uri_of(value):
    """The URI of a name-addr or addr-spec."""
    found = re.search(r"<([^>]*)>", value)
    return found[1] if found else value.partition(";")[0].strip()


def user_of(value):
    """The user part of the URI in a header value."""
    return uri_of(value).partition(":")[2].partition("@")[0]


def host_of(value):
    """host[:port] of the URI in a header value."""
    return uri_of(value).partition(":")[2].rpartition("@")[2].partition(";")[0]


class Message:
    """Start line, headers in order, body. Header names are found in any case and in compact form."""

    def __init__(self, start_line, headers, body=""):
        self.start_line = start_line
        self.headers = list(headers)
        self.body = body

    @classmethod
    def parse(cls, raw):
        head, _, body = raw.decode("utf-8", "surrogateescape").partition("\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        return cls(lines[0], [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]], body)

    def __bytes__(self):
        lines = [self.start_line, *(f"{name}: {value}" for name, value in self.headers)]
        return ("\r\n".join(lines) + "\r\n\r\n" + self.body).encode("utf-8", "surrogateescape")

    def __str__(self):
        return bytes(self).decode("utf-8", "replace")

    def copy(self):
        return Message(self.start_line, self.headers, self.body)

    @staticmethod
    def _is(name, wanted):
        return COMPACT.get(name.lower(), name).lower() == wanted.lower()

    def all(self, wanted):
        return [value for name, value in self.headers if self._is(name, wanted)]

    def get(self, wanted):
        return next(iter(self.all(wanted)), None)

    def list(self, wanted):
        """Values of all lines, also several in a line."""
        values = []
        for line in self.all(wanted):
            values += [part.strip() for part in re.split(r",(?=\s*(?:<|SIP/2\.0))", line)]
        return values

    def without(self, *names):
        self.headers = [(name, value) for name, value in self.headers if not any(self._is(name, other) for other in names)]
        return self

    def set(self, wanted, value):
        """Replaces the first header of the name, or adds one."""
        for index, (name, _) in enumerate(self.headers):
            if self._is(name, wanted):
                self.headers[index] = (name, value)
                return self
        return self.add(wanted, value)

    def add(self, name, value):
        self.headers.append((name, value))
        return self

    @property
    def is_request(self):
        return not self.start_line.startswith("SIP/2.0 ")

    @property
    def method(self):
        return self.start_line.split(" ")[0] if self.is_request else self.get("CSeq").split()[1]

    @property
    def status(self):
        return 0 if self.is_request else int(self.start_line.split(" ")[1])

    @property
    def phrase(self):
        return self.start_line.split(" ", 2)[2]

    @property
    def uri(self):
        return self.start_line.split(" ")[1]

    @property
    def call_id(self):
        return self.get("Call-ID")

    @property
    def cseq(self):
        return int(self.get("CSeq").split()[0])


def digest_response(challenge, name, password, method, uri, nonce_count=1, qop=True):
    """The value of Authorization for one challenge header value."""
    algorithm = parameter(challenge, "algorithm") or "MD5"
    hashed = hashlib.sha256 if algorithm == "SHA-256" else hashlib.md5
    realm, nonce = parameter(challenge, "realm"), parameter(challenge, "nonce")

    def digest(text):
        return hashed(text.encode()).hexdigest()

    ha1, ha2 = digest(f"{name}:{realm}:{password}"), digest(f"{method}:{uri}")
    words = [f'Digest username="{name}"', f'realm="{realm}"', f'nonce="{nonce}"', f'uri="{uri}"', f"algorithm={algorithm}"]
    if qop:
        count, own = f"{nonce_count:08x}", token("c")
        words += [f'response="{digest(f"{ha1}:{nonce}:{count}:{own}:auth:{ha2}")}"', "qop=auth", f"nc={count}", f'cnonce="{own}"']
    else:
        words.append(f'response="{digest(f"{ha1}:{nonce}:{ha2}")}"')
    if parameter(challenge, "opaque") is not None:
        words.append(f'opaque="{parameter(challenge, "opaque")}"')
    return ", ".join(words)


class Dialog:
    """One side of a dialog: what its next request needs (RFC 3261 12.1)."""

    def __init__(self, peer, request, response, is_caller):
        own, other = ("From", "To") if is_caller else ("To", "From")
        self.peer = peer
        self.local, self.remote = response.get(own), response.get(other)
        self.target = uri_of((response if is_caller else request).get("Contact"))
        routes = (response if is_caller else request).list("Record-Route")
        self.routes = list(reversed(routes)) if is_caller else routes
        self.call_id = request.call_id
        self.cseq = request.cseq if is_caller else 100

    def request(self, method, cseq=None, **options):
        if cseq is None and method != "ACK":
            self.cseq += 1
        message = self.peer.request(method, self.target, from_=self.local, to=self.remote, call_id=self.call_id,
                                    cseq=cseq or self.cseq, **options)
        for route in reversed(self.routes):
            message.headers.insert(1, ("Route", route))
        return message


class Watch:
    """What some peers hear, and when, while they say nothing."""

    def __init__(self, *peers):
        self.heard = {peer: [] for peer in peers}

    def until(self, question, limit_s):
        """Listens until question(heard) is true: {peer: [(time, message), ...]}. Keep-alives are passed over."""
        end = time.monotonic() + limit_s
        with selectors.DefaultSelector() as selector:
            for peer in self.heard:
                selector.register(peer.socket, selectors.EVENT_READ, peer)
            while not question(self.heard):
                assert time.monotonic() < end, f"messages heard: { {peer.name: len(heard) for peer, heard in self.heard.items()} }"
                for key, _ in selector.select(0.2):
                    raw = key.data.socket.recv(65535)
                    if raw.strip() and not has_ended(message := Message.parse(raw)):
                        self.heard[key.data].append((time.monotonic(), message))


class Peer:
    """A host's SIP socket that talks to one router."""

    def __init__(self, namespace, address, router, port=5060, name="", password="", domain=""):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.address, self.port, self.router = address, port, router
        self.name, self.password, self.domain = name, password, domain
        self.socket = namespace.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self._requests_heard = set()

    def close(self):
        self.socket.close()

    @property
    def host(self):
        return f"[{self.address}]" if ":" in self.address else self.address

    @property
    def contact(self):
        return f"<sip:{self.name or 'peer'}@{self.host}:{self.port}>"

    # Building.

    def via(self):
        return f"SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK{token()};rport"

    def request(self, method, uri, from_=None, to=None, call_id=None, cseq=1, body=None, contact=True, extra=()):
        """A request with everything that is mandatory."""
        aor = f"<sip:{self.name}@{self.domain}>"
        headers = [("Via", self.via()), ("Max-Forwards", "70"), ("From", from_ or f"{aor};tag={token('f')}"),
                   ("To", to or f"<{uri}>"), ("Call-ID", call_id or token("call-")), ("CSeq", f"{cseq} {method}")]
        if contact and method != "ACK":
            headers.append(("Contact", self.contact))
        if body is None and method == "INVITE":
            body = SDP.format(address=self.address)
        headers += list(extra)
        if body:
            headers.append(("Content-Type", "application/sdp"))
        headers.append(("Content-Length", str(len(body or ""))))
        return Message(f"{method} {uri} SIP/2.0", headers, body or "")

    def invite_request(self, number, **options):
        return self.request("INVITE", f"sip:{number}@{self.domain}", **options)

    def authorized(self, request, challenge, name=None, password=None, algorithm="MD5", nonce_count=1, qop=True, cseq=None):
        """The request once more with credentials for a 401 or 407: a new branch, CSeq + 1."""
        asked, answered = (("WWW-Authenticate", "Authorization") if challenge.status == 401
                           else ("Proxy-Authenticate", "Proxy-Authorization"))
        offer = next((value for value in challenge.all(asked) if (parameter(value, "algorithm") or "MD5") == algorithm), None)
        assert offer, f"no {algorithm} among the offers:\n{challenge}"
        again = request.copy().without("Via", answered)
        again.headers.insert(0, ("Via", self.via()))
        again.set("CSeq", f"{cseq or request.cseq + 1} {request.method}")
        again.headers.insert(2, (answered, digest_response(offer, name or self.name, self.password if password is None else password,
                                                           request.method, request.uri, nonce_count, qop)))
        return again

    def answer(self, request, status, phrase="", tag=None, body=None, contact=True, extra=()):
        """A response to a request that came."""
        headers = [(name, value) for name, value in request.headers
                   if any(Message._is(name, kept) for kept in ("Via", "Record-Route", "From", "Call-ID", "CSeq"))]
        to = request.get("To")
        if status > 100 and not parameter(to, "tag"):
            to += f";tag={tag or token('t')}"
        headers.append(("To", to))
        if contact and request.method in ("INVITE", "UPDATE"):
            headers.append(("Contact", self.contact))
        if body is None and request.method == "INVITE" and status == 200:
            body = SDP.format(address=self.address)
        headers += list(extra)
        if body:
            headers.append(("Content-Type", "application/sdp"))
        headers.append(("Content-Length", str(len(body or ""))))
        return Message(f"SIP/2.0 {status} {phrase or 'Phrase'}", headers, body or "")

    # The wire.

    def send(self, message, to=None):
        self.socket.sendto(bytes(message), to or (self.router, 5060))
        return message

    def receive(self, wait_s=WAIT_S, repeats=False):
        """The next SIP message; Silence when none comes in time. Keep-alives, and requests once more unless `repeats`, are passed over."""
        end = time.monotonic() + wait_s
        while True:
            self.socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                raw, self.last_source = self.socket.recvfrom(65535)
            except (TimeoutError, BlockingIOError):
                raise Silence(f"{self.name or 'peer'} at {self.address}:{self.port} got nothing within {wait_s} s") from None
            if not raw.strip() or not repeats and raw in self._requests_heard:
                continue
            message = Message.parse(raw)
            if has_ended(message):
                continue
            if message.is_request:
                self._requests_heard.add(raw)
            return message

    def expect_request(self, method, wait_s=WAIT_S, repeats=False):
        message = self.receive(wait_s, repeats)
        assert message.is_request and message.method == method, f"expected {method}, got:\n{message}"
        return message

    def expect_status(self, status, wait_s=WAIT_S):
        """The next response but 100 Trying."""
        message = self.receive(wait_s)
        while message.status == 100:
            message = self.receive(wait_s)
        assert message.status == status, f"expected {status}, got:\n{message}"
        return message

    def expect_silence(self, wait_s=SILENCE_S, repeats=False):
        try:
            message = self.receive(wait_s, repeats)
        except Silence:
            return
        raise AssertionError(f"expected nothing, got:\n{message}")

    # Whole steps.

    def transact(self, request, wait_s=WAIT_S):
        """
        Sends, and returns the response that is not 100; what comes of an earlier call on this port is not it. A non-2xx
        answer of an INVITE gets its ACK.
        """
        self.send(request)
        response = self.receive(wait_s)
        while response.status == 100 or not response.is_request and response.call_id != request.call_id:
            response = self.receive(wait_s)
        assert not response.is_request, f"expected a response, got:\n{response}"
        if request.method == "INVITE" and response.status >= 300:
            self.send(self.ack_of_failure(request, response))
        return response

    def ack_of_failure(self, request, response):
        """RFC 3261 17.1.1.3."""
        headers = [("Via", request.get("Via")), ("Max-Forwards", "70"), ("From", request.get("From")), ("To", response.get("To")),
                   ("Call-ID", request.call_id), ("CSeq", f"{request.cseq} ACK"), ("Content-Length", "0")]
        return Message(f"ACK {request.uri} SIP/2.0", headers)

    def cancel_of(self, request):
        """RFC 3261 9.1."""
        headers = [("Via", request.list("Via")[0]), ("Max-Forwards", "70"), ("From", request.get("From")), ("To", request.get("To")),
                   ("Call-ID", request.call_id), ("CSeq", f"{request.cseq} CANCEL"),
                   *(("Route", route) for route in request.all("Route")), ("Content-Length", "0")]
        return Message(f"CANCEL {request.uri} SIP/2.0", headers)

    def challenged(self, request):
        """Sends a request that must be challenged. Result: the challenge."""
        challenge = self.transact(request)
        assert challenge.status in (401, 407), f"expected a challenge, got:\n{challenge}"
        return challenge

    def invite(self, number, **options):
        """An INVITE with credentials, sent. Result: the request as sent; its answers are still to come."""
        request = self.invite_request(number, **options)
        return self.send(self.authorized(request, self.challenged(request)))

    def refused(self, number, **options):
        """Dials a number that must not be reached. Result: the final answer."""
        request = self.invite_request(number, **options)
        return self.transact(self.authorized(request, self.challenged(request)))

    def register(self, expires=3600, contact=None, **options):
        """Result: the final answer."""
        request = self.request("REGISTER", f"sip:{self.domain}", to=f"<sip:{self.name}@{self.domain}>", contact=False, **options)
        request.headers.insert(-1, ("Contact", contact or self.contact))
        request.headers.insert(-1, ("Expires", str(expires)))
        return self.transact(self.authorized(request, self.challenged(request)), STORED_WAIT_S)

    def forget(self):
        """Removes all bindings of the endpoint. Result: the final answer."""
        return self.register(expires=0, contact="*")


def offer(caller, callee, number, **options):
    """An INVITE that reached its callee. Result: (INVITE as sent, as the callee got it)."""
    sent = caller.invite(number, **options)
    return sent, callee.expect_request("INVITE")


def refuse(callee, status):
    """Answers the INVITE that comes; the router's ACK follows. Result: the INVITE."""
    got = callee.expect_request("INVITE")
    callee.send(callee.answer(got, status), to=callee.last_source)
    callee.expect_request("ACK")
    return got


def hear_refusal(caller, sent, status):
    """The final answer to an INVITE, with its ACK: nothing is repeated to who comes next."""
    refusal = caller.expect_status(status)
    caller.send(caller.ack_of_failure(sent, refusal))
    return refusal


def dial_in_vain(caller, callee, number, **options):
    """A call that its callee does not want. Result: the INVITE as the callee got it."""
    sent = caller.invite(number, **options)
    got = refuse(callee, 486)
    hear_refusal(caller, sent, 486)
    return got


def establish(caller, callee, number, **options):
    """A call that is answered. Result: (caller's dialog, callee's dialog, INVITE as the callee got it)."""
    sent, got = offer(caller, callee, number, **options)
    answer = callee.send(callee.answer(got, 200), to=callee.last_source)
    answered = caller.expect_status(200)
    callers, callees = Dialog(caller, sent, answered, True), Dialog(callee, got, answer, False)
    caller.send(callers.request("ACK", cseq=sent.cseq))
    callee.expect_request("ACK")
    return callers, callees, got


def hang_up(dialog, other):
    """BYE from `dialog`'s side, answered by the other peer. Result: the BYE as the other got it."""
    dialog.peer.send(dialog.request("BYE"))
    got = other.expect_request("BYE")
    other.send(other.answer(got, 200), to=other.last_source)
    dialog.peer.expect_status(200)
    return got
