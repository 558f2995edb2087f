"""sip_steps.py - what a phone (a Peer of sip_client.py) does when the other side is a program that does not wait for it."""

import time

from sip_client import SDP, Dialog, Silence


def final(peer, *sent):
    """The final response to one of the requests; what is repeated of others is passed over."""
    asked = [(request.call_id, request.get("CSeq")) for request in sent]
    response = peer.receive()
    while response.status < 200 or (response.call_id, response.get("CSeq")) not in asked:
        assert not response.is_request, f"expected a response, got:\n{response}"
        response = peer.receive()
    return response


def take_call(callee):
    """A call that comes from the PBX, answered. Result: (callee's dialog, INVITE)."""
    got = callee.expect_request("INVITE")
    answer = callee.send(callee.answer(got, 200), to=callee.last_source)
    callee.expect_request("ACK")
    return Dialog(callee, got, answer, False), got


def end_call(dialog):
    sent = dialog.peer.send(dialog.request("BYE"))
    assert final(dialog.peer, sent).status == 200


def answer_bye(peer):
    got = peer.expect_request("BYE")
    peer.send(peer.answer(got, 200), to=peer.last_source)
    return got


def attend(*peers, until, limit_s=5):
    """Peers that answer 200 to whatever comes, until that holds of [(peer, message)]. Result: that list."""
    came, end = [], time.monotonic() + limit_s
    while not until(came):
        assert time.monotonic() < end, "\n".join(f"{peer.name}: {message}" for peer, message in came) or "nothing came"
        for peer in peers:
            try:
                message = peer.receive(0.02)
            except Silence:
                continue
            came.append((peer, message))
            if message.is_request and message.method != "ACK":
                peer.send(peer.answer(message, 200), to=peer.last_source)
    return came


def answer_all(peer, wait_s=0.1):
    """200 to all that comes, until nothing does."""
    while True:
        try:
            message = peer.receive(wait_s)
        except Silence:
            return
        if message.is_request and message.method != "ACK":
            peer.send(peer.answer(message, 200), to=peer.last_source)


def requests(came, method, peer=None):
    return [message for who, message in came if message.is_request and message.method == method and peer in (None, who)]


def offer_again(peer, version, direction):
    return SDP.format(address=peer.address).replace("- 1 1 ", f"- 1 {version} ") + f"a={direction}\r\n"


def re_invite(dialog, body):
    """A re-INVITE and its ACK. Result: the 200."""
    sent = dialog.peer.send(dialog.request("INVITE", body=body))
    answer = final(dialog.peer, sent)
    assert answer.status == 200, answer
    dialog.peer.send(dialog.request("ACK", cseq=dialog.cseq))
    return answer
