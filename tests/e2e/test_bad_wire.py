"""The bad wire of the transaction tests does what it says, and nothing without being told."""

import socket

import network
import pytest
from conftest import LAN, Peers
from sip_client import Silence

MESSAGES = 400
SO_RCVBUFFORCE = 33


@pytest.fixture(scope="module")
def bad_router(bad_lab):
    with bad_lab.router() as router:
        peers = Peers(bad_lab)
        alice = peers("alice")
        assert alice.transact(alice.request("OPTIONS", f"sip:{LAN}")).status == 200  # from now on a neighbour
        peers.close()
        yield router


def ask(peer):
    """Sends OPTIONS, numbered by CSeq. Result: the numbers of the answers as they came."""
    peer.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)  # all answers come before the first is read
    for number in range(1, MESSAGES + 1):
        peer.send(peer.request("OPTIONS", f"sip:{LAN}", cseq=number))
    answers = []
    while True:
        try:
            answers.append(peer.receive(1.0).cseq)
        except Silence:
            return answers


def counted(wire, before):
    after = wire.settle()
    return {side: {fate: count - before[side].get(fate, 0) for fate, count in after[side].items()} for side in after}


def before(wire):
    return {side: dict(counts) for side, counts in wire.settle().items()}


def test_a_good_wire_passes_all_in_order(bad_router, bad_wires, bad_peers):
    wire = bad_wires.wires["lan0"]
    start = before(wire)
    assert ask(bad_peers("alice")) == list(range(1, MESSAGES + 1))
    did = counted(wire, start)
    for side in did.values():
        assert side["passed"] == MESSAGES and side["dropped"] == side["duplicated"] == side["delayed"] == side["lost"] == 0, did


def test_what_it_says_it_did_is_what_arrived(bad_router, bad_wires, bad_peers):
    wire = bad_wires.wires["lan0"]
    start = before(wire)
    bad_wires.be(seed=7, from_peers={"drop": 20}, from_router={"duplicate": 20, "delay": 50, "hold": 20})
    answers = ask(bad_peers("alice"))
    did = counted(wire, start)
    peers, router = did["peers"], did["router"]
    assert peers["dropped"] + peers["passed"] == MESSAGES and router["passed"] == peers["passed"]
    assert len(answers) == router["passed"] + router["duplicated"] and len(set(answers)) == router["passed"]
    assert answers != sorted(answers), "nothing was reordered"
    assert 40 <= peers["dropped"] <= 120 and 40 <= router["duplicated"] <= 120 and router["delayed"] >= 120, did
    assert peers["lost"] == router["lost"] == 0


def test_the_dice_fall_the_same_again(bad_router, bad_wires, bad_peers):
    wire = bad_wires.wires["lan0"]
    fates = []
    for _ in range(2):
        start = before(wire)
        bad_wires.be(seed=11, from_peers={"drop": 20})
        fates.append((sorted(ask(bad_peers("alice"))), counted(wire, start)["peers"]["dropped"]))
    assert fates[0] == fates[1]


def test_the_router_sees_true_addresses_and_checksums(bad_router, bad_wires, bad_peers):
    """Frames pass as they are: a rule by address works, and no checksum is wrong."""
    trusted, bob = bad_peers("trusted"), bad_peers("bob")
    assert bob.register().status == 200
    trusted.send(trusted.invite_request("102"))
    bob.send(bob.answer(bob.expect_request("INVITE"), 486))
    assert network.wait_until(lambda: trusted.receive().status == 486, 5)
    reasons = {row["reason"]: row["count"] for row in bad_router.must("reasons", "--all", as_json=True).json}
    assert reasons["CHECKSUM_WRONG"] == 0
