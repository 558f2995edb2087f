"""RFC 3261 16.6, 16.7, R20: one request to several contacts of a user: in parallel, by q groups, and what of it goes up."""

import pytest
from sip_client import Dialog, establish, hang_up, parameter

PORTS = (5060, 5062, 5064)


@pytest.fixture
def rings(router, peers):
    """rings(1.0, 1.0, 0.5): bob's contacts with their q, each a peer; his bindings are gone at the end."""
    opened = []

    def register(*q_values):
        for port, q in zip(PORTS, q_values):
            bob = peers("bob", port=port)
            assert bob.register(contact=f"{bob.contact};q={q}").status == 200
            opened.append(bob)
        return opened

    yield register
    assert peers("bob", port=5098).forget().status == 200


def dial(alice, *contacts):
    """Result: (INVITE as sent, as each contact got it)."""
    sent = alice.invite("102")
    return sent, [contact.expect_request("INVITE") for contact in contacts]


def say(contact, got, status, tag=None):
    return contact.send(contact.answer(got, status, tag=tag or f"t{contact.port}"))


def expect_cancelled(contact, got):
    """The router's CANCEL, the contact's 487, and its ACK."""
    cancelled = contact.expect_request("CANCEL")
    assert cancelled.list("Via") == got.list("Via")[:1]
    contact.send(contact.answer(cancelled, 200))
    say(contact, got, 487)
    assert contact.expect_request("ACK").list("Via") == got.list("Via")[:1]


def acknowledge(alice, sent, answered, contact):
    """Result: the caller's dialog with the contact that answered."""
    callers = Dialog(alice, sent, answered, True)
    alice.send(callers.request("ACK", cseq=sent.cseq))
    assert contact.expect_request("ACK").cseq == sent.cseq
    return callers


def refuse(alice, sent, statuses):
    """The caller's only final response, one of these, acknowledged."""
    while (refused := alice.receive()).status < 200:
        pass
    assert refused.status in statuses, refused
    alice.send(alice.ack_of_failure(sent, refused))
    alice.expect_silence()


def test_all_ring_and_the_first_answer_ends_the_others(rings, peers):
    contacts, alice = rings(1.0, 1.0, 1.0), peers("alice")
    sent, got = dial(alice, *contacts)
    assert len({parameter(invite.list("Via")[0], "branch") for invite in got}) == 3
    assert {invite.uri.partition("@")[2] for invite in got} == {f"198.51.100.12:{port}" for port in PORTS}
    for contact, invite in zip(contacts, got):
        say(contact, invite, 180)
        assert parameter(alice.expect_status(180).get("To"), "tag") == f"t{contact.port}"
    say(contacts[1], got[1], 200)
    answered = alice.expect_status(200)
    for index in (0, 2):
        expect_cancelled(contacts[index], got[index])
    callers = acknowledge(alice, sent, answered, contacts[1])
    hang_up(callers, contacts[1])
    alice.expect_silence()


def test_a_loser_that_said_nothing_is_cancelled_when_it_rings(rings, peers):
    contacts, alice = rings(1.0, 1.0), peers("alice")
    sent, got = dial(alice, *contacts)
    say(contacts[0], got[0], 200)
    callers = acknowledge(alice, sent, alice.expect_status(200), contacts[0])
    contacts[1].expect_silence()
    say(contacts[1], got[1], 180)
    expect_cancelled(contacts[1], got[1])
    alice.expect_silence()
    hang_up(callers, contacts[0])


def test_busy_and_answer(rings, peers):
    """A failure waits for the others, and is forgotten when one answers."""
    contacts, alice = rings(1.0, 1.0), peers("alice")
    sent, got = dial(alice, *contacts)
    say(contacts[0], got[0], 486)
    contacts[0].expect_request("ACK")
    assert alice.receive().status == 100
    alice.expect_silence()
    say(contacts[1], got[1], 180)
    alice.expect_status(180)
    say(contacts[1], got[1], 200)
    callers = acknowledge(alice, sent, alice.expect_status(200), contacts[1])
    contacts[0].expect_silence()
    hang_up(callers, contacts[1])


@pytest.mark.parametrize("said, best", [((486, 500, 503), {486}), ((500, 404, 302), {302}), ((503, 500, 501), {500, 501}),
                                        ((401, 486, 486), {486}), ((407, 407, 401), {502}), ((480, 486, 603), {603})])
def test_r28_the_best_failure(rings, peers, said, best):
    """16.7 step 6: 6xx, else the lowest class; a challenge of a callee is none to the caller (R28)."""
    contacts, alice = rings(1.0, 1.0, 1.0), peers("alice")
    sent, got = dial(alice, *contacts)
    for contact, invite, status in zip(contacts, got, said):
        say(contact, invite, status)
        contact.expect_request("ACK")
    refuse(alice, sent, best)


def test_6xx_ends_the_others(rings, peers):
    """16.7 step 5: 6xx is not passed before all have ended."""
    contacts, alice = rings(1.0, 1.0, 0.5), peers("alice")
    sent, got = dial(alice, *contacts[:2])
    say(contacts[0], got[0], 180)
    alice.expect_status(180)
    say(contacts[1], got[1], 603)
    contacts[1].expect_request("ACK")
    cancelled = contacts[0].expect_request("CANCEL")
    contacts[0].send(contacts[0].answer(cancelled, 200))
    alice.expect_silence()
    say(contacts[0], got[0], 487)
    refuse(alice, sent, {603})
    contacts[2].expect_silence()


def test_two_answers(rings, peers):
    """16.7 step 5, 13.2.2.4: every 2xx goes up, and each is a dialog of its own."""
    contacts, alice = rings(1.0, 1.0), peers("alice")
    sent, got = dial(alice, *contacts)
    say(contacts[0], got[0], 200)
    say(contacts[1], got[1], 200)
    answers = {parameter(answer.get("To"), "tag"): answer for answer in (alice.expect_status(200), alice.expect_status(200))}
    assert set(answers) == {"t5060", "t5062"}
    for contact in contacts:
        callers = acknowledge(alice, sent, answers[f"t{contact.port}"], contact)
        hang_up(callers, contact)


def test_a_late_answer_passes_too(rings, peers):
    """RFC 6026 7.1: a 200 that crossed the CANCEL, after the call was acknowledged."""
    contacts, alice = rings(1.0, 1.0), peers("alice")
    sent, got = dial(alice, *contacts)
    say(contacts[1], got[1], 180)
    alice.expect_status(180)
    say(contacts[0], got[0], 200)
    first = acknowledge(alice, sent, alice.expect_status(200), contacts[0])
    contacts[1].send(contacts[1].answer(contacts[1].expect_request("CANCEL"), 481))
    say(contacts[1], got[1], 200)
    second = acknowledge(alice, sent, alice.expect_status(200), contacts[1])
    hang_up(second, contacts[1])
    hang_up(first, contacts[0])


def test_r20_lower_q_only_after_higher(rings, peers):
    contacts, alice = rings(1.0, 0.7, 0.3), peers("alice")
    sent, got = dial(alice, contacts[0])
    contacts[1].expect_silence()
    say(contacts[0], got[0], 486)
    contacts[0].expect_request("ACK")
    second = contacts[1].expect_request("INVITE")
    contacts[2].expect_silence()
    say(contacts[1], second, 180)
    alice.expect_status(180)
    say(contacts[1], second, 480)
    third = contacts[2].expect_request("INVITE")
    assert third.get("Max-Forwards") == got[0].get("Max-Forwards") == second.get("Max-Forwards")
    say(contacts[2], third, 200)
    hang_up(acknowledge(alice, sent, alice.expect_status(200), contacts[2]), contacts[2])


def test_r20_groups_of_equal_q(rings, peers):
    contacts, alice = rings(0.9, 0.5, 0.5), peers("alice")
    sent, got = dial(alice, contacts[0])
    say(contacts[0], got[0], 404)
    group = [contact.expect_request("INVITE") for contact in contacts[1:]]
    say(contacts[2], group[1], 486)
    contacts[2].expect_request("ACK")
    say(contacts[1], group[0], 404)
    refuse(alice, sent, {404, 486})


def test_r20_an_answer_of_the_first_group_spares_the_second(rings, peers):
    contacts, alice = rings(1.0, 0.5), peers("alice")
    sent, got = dial(alice, contacts[0])
    say(contacts[0], got[0], 200)
    callers = acknowledge(alice, sent, alice.expect_status(200), contacts[0])
    contacts[1].expect_silence()
    hang_up(callers, contacts[0])


def test_cancel_ends_all(rings, peers):
    contacts, alice = rings(1.0, 1.0, 0.5), peers("alice")
    sent, got = dial(alice, *contacts[:2])
    for contact, invite in zip(contacts, got):
        say(contact, invite, 180)
        alice.expect_status(180)
    alice.send(alice.cancel_of(sent))
    assert alice.expect_status(200).method == "CANCEL"
    for contact, invite in zip(contacts, got):
        expect_cancelled(contact, invite)
    refuse(alice, sent, {487})
    contacts[2].expect_silence()


def test_a_contact_that_is_gone(rings, peers):
    """ICMP port unreachable: its branch ends at once, the other rings on."""
    contacts, alice = rings(1.0, 1.0), peers("alice")
    contacts[1].close()
    sent, got = dial(alice, contacts[0])
    say(contacts[0], got[0], 486)
    contacts[0].expect_request("ACK")
    refuse(alice, sent, {486})


def test_all_contacts_are_gone(rings, peers):
    contacts, alice = rings(1.0, 1.0), peers("alice")
    contacts[1].close()
    contacts[0].close()
    refused = alice.refused("102")
    assert refused.status in (408, 480, 503), refused


def test_other_methods_fork_as_well(rings, peers):
    """16.7 step 5: of a MESSAGE only the first 2xx goes up."""
    contacts, alice = rings(1.0, 1.0), peers("alice")
    request = alice.request("MESSAGE", "sip:102@acme.test", contact=False)
    alice.send(alice.authorized(request, alice.challenged(request)))
    got = [contact.expect_request("MESSAGE") for contact in contacts]
    say(contacts[0], got[0], 200)
    assert alice.expect_status(200).method == "MESSAGE"
    say(contacts[1], got[1], 200)
    alice.expect_silence()


def test_only_the_newest_of_one_contact(router, peers):
    """multi_contact: false."""
    alice, old, new = peers("alice"), peers("carol"), peers("carol", port=5062)
    assert old.register().status == new.register().status == 200
    callers, _, _ = establish(alice, new, "103")
    old.expect_silence()
    hang_up(callers, new)
    assert new.forget().status == 200


def test_as_many_as_may_register(router, peers):
    """R34: ten contacts, and ten branches."""
    alice = peers("alice")
    contacts = [peers("bob", port=5060 + 2 * index) for index in range(11)]
    statuses = [contact.register().status for contact in contacts]
    assert statuses == [200] * 10 + [503]
    sent, got = dial(alice, *contacts[:10])
    contacts[10].expect_silence()
    for contact, invite in zip(contacts, got):
        say(contact, invite, 486)
        contact.expect_request("ACK")
    refuse(alice, sent, {486})
    assert contacts[0].forget().status == 200
