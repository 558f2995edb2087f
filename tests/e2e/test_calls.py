"""Calls under way: `calls`, `calls show`, `why`, `drain`, `status`, whatever becomes of the call."""

import re
import threading
import time

import pytest

import network
from conftest import CONFIGURATION
from sip_client import Dialog, establish, hang_up, token

WAIT_S = 20
TIME = r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def live(router, *words):
    """The rows of `calls`."""
    return router.must("calls", *words, as_json=True).json["calls"]


def wait_for(router, count, *words):
    """The rows, once there are so many: a call ends on the lcore a moment after its last message has passed."""
    assert network.wait_until(lambda: len(live(router, *words)) == count, WAIT_S), live(router, *words)
    return live(router, *words)


@pytest.fixture
def quiet(own_lab):
    """A router that nobody else calls through."""
    with own_lab.router() as router:
        yield router


@pytest.fixture
def parties(own_peers):
    return own_peers("alice"), own_peers("east")


def test_no_calls(quiet):
    assert live(quiet) == []
    assert quiet.must("calls").text == "no calls\n"


def test_a_call_from_ringing_to_its_end(quiet, parties):
    alice, east = parties
    sent = alice.invite("3100")
    got = east.expect_request("INVITE")
    row, = wait_for(quiet, 1)
    assert (row["company"], row["from"], row["dialled"], row["to"], row["state"]) == ("acme", "alice", "3100", "east", "trying")
    assert re.fullmatch("[0-9a-f]{16}", row["id"]) and re.fullmatch(TIME, row["since"]) and row["duration_s"] is None
    tag = token("t")
    east.send(east.answer(got, 180, tag=tag), to=east.last_source)
    alice.expect_status(180)
    assert network.wait_until(lambda: live(quiet)[0]["state"] == "ringing", WAIT_S)
    answer = east.send(east.answer(got, 200, tag=tag), to=east.last_source)
    answered = alice.expect_status(200)
    callers = Dialog(alice, sent, answered, True)
    alice.send(callers.request("ACK", cseq=sent.cseq))
    east.expect_request("ACK")
    assert network.wait_until(lambda: live(quiet)[0]["state"] == "answered", WAIT_S)
    assert live(quiet)[0]["duration_s"] >= 0 and live(quiet)[0]["id"] == row["id"]

    shown, = quiet.must("calls", "show", row["id"], as_json=True).json["records"]
    assert shown == quiet.must("calls", "show", sent.call_id, as_json=True).json["records"][0] | {
        key: shown[key] for key in ("duration_s",)}
    wanted = {"id": row["id"], "call_id": sent.call_id, "company": "acme", "from": "alice", "from_kind": "user", "from_number": "101",
              "source": "198.51.100.11:5060", "dialled": "3100", "to": "east", "to_kind": "friend", "next_hop": "198.51.100.30:5060",
              "rule": "R4.2", "status": 200, "reason": None, "end": None, "time": None, "state": "answered", "cut": []}
    assert {key: shown[key] for key in wanted} == wanted
    text = quiet.must("calls", "show", row["id"]).text
    assert re.search(r"(?m)^call id +" + re.escape(sent.call_id) + "$", text), text
    assert "alice" in quiet.must("calls").text and row["id"] in quiet.must("calls").text
    status = quiet.must("status", as_json=True).json
    assert (status["calls"], status["calls_answered"], status["draining"]) == (1, 1, False)
    assert sum(lcore["calls"] for lcore in status["lcores"]) == 1

    hang_up(callers, east)
    assert answer.call_id == sent.call_id
    wait_for(quiet, 0)
    gone = quiet.ctl("calls", "show", row["id"])
    assert gone.status == 1 and "no live call" in gone.error and "why" in gone.error


def test_calls_of_a_company(quiet, parties, own_peers):
    callers, callees, _ = establish(*parties, "3100")
    assert len(wait_for(quiet, 1, "--company", "acme")) == 1
    assert live(quiet, "--company", "globex") == []
    assert quiet.ctl("calls", "--company", "nosuch").status == 1
    hang_up(callers, callees.peer)
    wait_for(quiet, 0)


@pytest.mark.parametrize("words, status, says", [
    (("show", "0123456789abcdef"), 1, "no live call"),
    (("show", "nobody@nowhere"), 1, "no live call"),
    (("show",), 2, "show takes a value"),
    (("--after", "x"), 2, "no position"),
    (("--after", "99:0"), 2, "no position"),
    (("--audit", "--company", "acme"), 2, "one of these at a time"),
    (("show", "x", "--audit"), 2, "one of these at a time"),
    (("hide",), 2, "one word too many"),
], ids=lambda value: " ".join(value) if isinstance(value, tuple) else None)
def test_what_is_asked_wrongly(quiet, words, status, says):
    answer = quiet.ctl("calls", *words)
    assert answer.status == status and says in answer.error, answer


def ring(caller, callee, number):
    """A call that rings. Result: (INVITE as sent, as the callee got it, the callee's tag)."""
    sent = caller.invite(number)
    got = callee.expect_request("INVITE")
    tag = token("t")
    callee.send(callee.answer(got, 180, tag=tag), to=callee.last_source)
    caller.expect_status(180)
    return sent, got, tag


def give_up(caller, callee, sent, got, tag):
    """CANCEL (RFC 3261 9.1): its 200, and the INVITE's 487."""
    cancel = caller.request("CANCEL", sent.uri, from_=sent.get("From"), to=sent.get("To"), call_id=sent.call_id, cseq=sent.cseq,
                            contact=False).set("Via", sent.get("Via"))
    caller.send(cancel)
    caller.expect_status(200)
    asked = callee.expect_request("CANCEL")
    callee.send(callee.answer(asked, 200), to=callee.last_source)
    callee.send(callee.answer(got, 487, tag=tag), to=callee.last_source)
    callee.expect_request("ACK")
    ended = caller.expect_status(487)
    caller.send(caller.ack_of_failure(sent, ended))


def test_the_tables_agree(quiet, parties):
    alice, east = parties
    callers, _, _ = establish(alice, east, "3100")
    sent, got, tag = ring(alice, east, "3100")
    audit = quiet.must("calls", "--audit", as_json=True).json
    assert audit["sound"] is True, audit
    assert sum(lcore["calls"] for lcore in audit["lcores"]) == 2 and sum(lcore["unanswered"] for lcore in audit["lcores"]) == 1
    assert re.search("(?m)^sound +yes$", quiet.must("calls", "--audit").text)
    give_up(alice, east, sent, got, tag)
    hang_up(callers, east)
    wait_for(quiet, 0)
    assert quiet.must("calls", "--audit", as_json=True).json["sound"] is True


def test_limits_reach_the_lcores(own_lab):
    limits = "limits:\n  max_calls: 101\n  max_transactions: 500\n"
    with own_lab.router(node='  lcores: "0,1"', configuration=CONFIGURATION + limits) as router:
        status = router.must("status", as_json=True).json
        assert (status["calls_max"], status["transactions_max"]) == (102, 500)  # a share each, rounded up


def why(router, call_id):
    return router.must("why", call_id, as_json=True).json["decisions"]


def test_why_of_an_answered_call(quiet, parties):
    alice, east = parties
    hang_up(establish(alice, east, "3100")[0], east)  # the first one finds the neighbour
    callers, _, _ = establish(alice, east, "3100")
    hang_up(callers, east)
    wait_for(quiet, 0)
    said = why(quiet, callers.call_id)
    assert [one["what"] for one in said] == ["request", "request", "call"], said
    challenged, routed, ended = said
    assert (challenged["verdict"], challenged["status"], challenged["method"]) == ("answered", 407, "INVITE")
    assert (routed["verdict"], routed["caller"], routed["number"], routed["target"], routed["rule"]) == (
        "forwarded", "alice", "3100", "east", "R4.2")
    assert "caller hung up" in ended["text"] and ended["call"] == routed["call"]
    assert [one["time"] for one in said] == sorted(one["time"] for one in said)
    lines = quiet.must("why", callers.call_id).text.splitlines()
    assert len(lines) == 3 and all(re.match(TIME + "  ", line) for line in lines), lines
    assert "INVITE of alice from 198.51.100.11:5060 to 3100: forwarded to east by R4.2" in lines[1], lines


def test_why_of_a_cancelled_call(quiet, parties):
    sent, got, tag = ring(*parties, "3100")
    give_up(*parties, sent, got, tag)
    wait_for(quiet, 0)
    assert re.search("not answered.*487", why(quiet, sent.call_id)[-1]["text"])


def test_why_of_refusals(quiet, parties, own_peers):
    alice, _ = parties
    no_route, stranger = token("call-"), token("call-")
    assert alice.refused("199", call_id=no_route).status == 480
    said = why(quiet, no_route)[-1]
    assert said["reason"] == "EXTENSION_RESERVED" and said["status"] == 480 and "no route" in said["text"], said
    outsider = own_peers("outsider")
    outsider.transact(outsider.request("INVITE", "sip:101@nowhere.test", call_id=stranger))
    said = why(quiet, stranger)
    assert len(said) == 1 and said[0]["rule"] is None and said[0]["reason"], said
    unknown = quiet.ctl("why", "nobody@nowhere")
    assert unknown.status == 1 and "nothing is known" in unknown.error


class Following(threading.Thread):
    """`amityctl drain --wait` in the background."""

    def __init__(self, router, *words):
        super().__init__(daemon=True)
        self.ask = lambda: router.ctl(*words)
        self.answer = None
        self.start()

    def run(self):
        self.answer = self.ask()


def test_drain(own_lab, parties):
    alice, east = parties
    with own_lab.router() as router:
        callers, callees, _ = establish(alice, east, "3100")
        assert router.must("drain").text == "no new calls are taken; 1 calls live, 1 of them answered\n"
        assert router.must("status", as_json=True).json["draining"] is True
        refused = alice.refused("3100")
        assert refused.status == 503 and int(refused.get("Retry-After")) > 0, refused
        east.expect_silence()
        # What lives goes on: a re-INVITE, then the end.
        again = callers.request("INVITE")
        alice.send(again)
        asked = east.expect_request("INVITE")
        east.send(east.answer(asked, 200), to=east.last_source)
        alice.expect_status(200)
        alice.send(callers.request("ACK", cseq=again.cseq))
        east.expect_request("ACK")
        following = Following(router, "drain", "--wait")
        time.sleep(1.5)
        assert following.is_alive()
        hang_up(callers, east)
        following.join(WAIT_S)
        assert following.answer.status == 0, following.answer
        said = following.answer.text.splitlines()
        assert "1 calls live" in said[0] and "0 calls live" in said[-1], said
        assert router.must("drain", "--watch", as_json=True).json["calls"] == 0
        # And back.
        assert "new calls are taken" in router.must("drain", "--end").text
        assert router.ctl("drain", "--watch").status == 1
        assert router.ctl("drain", "--end", "--wait").status == 2
        hang_up(establish(alice, east, "3100")[0], east)


def test_ending_a_drain_ends_who_follows(own_lab, parties):
    with own_lab.router() as router:
        callers, _, _ = establish(*parties, "3100")
        following = Following(router, "drain", "--wait")
        assert network.wait_until(lambda: router.must("status", as_json=True).json["draining"], WAIT_S)
        router.must("drain", "--end")
        following.join(WAIT_S)
        assert following.answer.status == 1 and "somebody has ended it" in following.answer.error
        assert router.must("status", as_json=True).json["draining"] is False
        hang_up(callers, parties[1])


def test_a_stop_while_calls_live(own_lab, parties):
    """Their BYE goes through the next router; nothing is left of the question that waits."""
    alice, east = parties
    with own_lab.router() as router:
        callers, _, _ = establish(alice, east, "3100")
        following = Following(router, "drain", "--wait")
        assert network.wait_until(lambda: router.must("status", as_json=True).json["draining"], WAIT_S)
        assert router.stop() == 0
        following.join(WAIT_S)
        assert following.answer.status == 3, following.answer
        router.start()
        assert router.must("status", as_json=True).json["draining"] is False
        hang_up(callers, east)
        assert live(router) == []


def test_many_calls_come_in_parts(own_lab, parties):
    """More than an answer holds, over two lcores: amityctl puts the parts together, every call is there once."""
    alice, east = parties
    count = 1100
    with own_lab.router(node='  lcores: "0,1"', configuration=CONFIGURATION) as router:
        wanted = set()
        for _ in range(count):
            _, got, _ = ring(alice, east, "3100")  # ringing keeps the INVITE from being sent again
            wanted.add(got.call_id)
        assert network.wait_until(lambda: router.must("status", as_json=True).json["calls"] == count, WAIT_S)
        rows = live(router)
        assert len(rows) == count == len({row["id"] for row in rows}) == len(wanted)
        assert router.must("calls").text.count("\n") == count + 1
        audit = router.must("calls", "--audit", as_json=True).json
        assert audit["sound"] is True and sum(lcore["calls"] for lcore in audit["lcores"]) == count
