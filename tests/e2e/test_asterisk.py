"""A real Asterisk as friend, with the configuration of an ordinary PBX: chan_sip in one company, chan_pjsip in another just like it."""

import re
import signal

import pytest

import network
from asterisk import Asterisk
from asterisk_site import EXPIRES_S, INSIDE, NAT, ROUTER, SIP, AsteriskSite
from conftest import CONFIGURATION, Lab
from sip_client import SDP, Dialog, Peer, end_calls, establish, hang_up, hear_refusal, host_of, parameter, token, uri_of, user_of
from sip_steps import answer_bye, attend, end_call, final, offer_again, re_invite, requests, take_call

CONFIG = CONFIGURATION + "registrar: {{min_expires: 10}}\n"


class SwitchLab(Lab):
    """As Lab, where lan0 of the peers is a switch that others may join."""

    def connect_lan(self):
        self.peers_namespace.ip("link", "add", "lan0", "type", "bridge")
        self.peers_namespace.ip("link", "set", "lan0", "up")
        super().connect_lan()

    def connect(self, interface):
        if interface != "lan0":
            super().connect(interface)
            return
        network.Network.link(self.router_namespace, "lan0", self.peers_namespace, "uplink")
        self.peers_namespace.ip("link", "set", "uplink", "master", "lan0")

    def switch_port(self, name, address):
        """A new namespace with an interface `outside` in the LAN."""
        namespace = self.network.namespace(name)
        network.Network.link(self.peers_namespace, f"to-{name}", namespace, "outside")
        self.peers_namespace.ip("link", "set", f"to-{name}", "master", "lan0")
        namespace.address("outside", address)
        return namespace


@pytest.fixture(scope="module")
def site(asterisk_root):
    net = network.Network("test", "-asterisk")
    try:
        site = AsteriskSite(SwitchLab(net))
        path = net.directory / "provisioning.yaml"
        path.write_text(site.provisioning())
        with site.lab.router(path, configuration=CONFIG) as router:
            try:
                site.start(router)
                yield site
            finally:
                site.close()
    finally:
        net.close()


@pytest.fixture(params=[0, 1], ids=["chan_sip", "chan_pjsip"])
def pbx(site, request):
    """One company. Of what it does nothing reaches the other one, which has the same names and numbers."""
    company, other = site.companies[request.param], site.companies[1 - request.param]
    strangers = [other.peer(who) for who in other.addresses]
    before, other_before = company.tap.mark(), other.tap.mark()
    try:
        yield company
        for stranger in strangers:
            stranger.expect_silence(0.01)
        known = {one.message.call_id for one in other.tap.seen[:other_before]}
        leaked = [one.message for one in other.tap.since(other_before)
                  if one.message.method not in ("REGISTER", "OPTIONS") and one.message.call_id not in known]
        assert not leaked, leaked[0]
        never = [one.message for one in company.tap.since(before, source=INSIDE) if one.message.status in (401, 407)]
        assert not never, f"it challenged us:\n{never[0]}"
    finally:
        for each in site.companies:
            each.settle()
        end_calls()


def call_pbx(caller, number, **options):
    """A call that the PBX answers. Result: the caller's dialog."""
    sent = caller.invite(number, **options)
    answer = final(caller, sent)
    assert answer.status == 200, answer
    dialog = Dialog(caller, sent, answer, True)
    caller.send(dialog.request("ACK", cseq=sent.cseq))
    return dialog


def bridged_call(pbx, alice, branch):
    """alice - PBX - branch: two calls of ours, one of theirs. The PBX lets the two talk directly, by re-INVITEs to both. Result: both dialogs."""
    sent = alice.invite("2006")
    callee, got = take_call(branch)
    answer = final(alice, sent)
    caller = Dialog(alice, sent, answer, True)
    alice.send(caller.request("ACK", cseq=sent.cseq))
    came = attend(alice, branch, until=lambda came: len(requests(came, "ACK", alice)) == len(requests(came, "ACK", branch)) == 1)
    for peer, other in ((alice, branch), (branch, alice)):
        assert f"c=IN IP4 {other.address}\r\n" in requests(came, "INVITE", peer)[0].body
    return caller, callee, got


def dial(pbx, number, context=None):
    """The PBX calls: for a phone (contexts out, out-ddi), or without a caller's number. Result: the mark of its tap before."""
    mark = pbx.tap.mark()
    pbx.asterisk.originate(f"Local/{number}@{context}/n" if context else pbx.driver.trunk.format(number))
    return mark


# It registers.

def test_registers_through_nat(pbx):
    rows = pbx.site.router.must("registrations", as_json=True).json
    row = next(row for row in rows if row["aor"] == f"hq-pbx@{pbx.domain}")
    assert row["behind_nat"] and host_of(f"<{row['contact']}>") == f"{INSIDE}:5060"
    assert row["received"].startswith(f"{NAT}:")
    text = pbx.site.router.must("registrations").text
    assert re.search(rf"hq-pbx@{pbx.domain}\s+{re.escape(row['contact'])}\s+{re.escape(row['received'])}\s+\d+\s+yes", text), text


def test_first_registration_on_the_wire(pbx):
    """What each driver is known for."""
    first, again = [one for one in pbx.tap.since(method="REGISTER", is_request=True)][:2]
    challenge = pbx.tap.wait(method="REGISTER", status=401).message
    offers = [parameter(value, "algorithm") for value in challenge.all("WWW-Authenticate")]
    answers = [parameter(value, "algorithm") for value in again.message.all("Authorization")]
    assert not first.message.all("Authorization") and offers == ["MD5", "SHA-256"]
    assert again.message.cseq == first.message.cseq + 1 and again.message.call_id == first.message.call_id
    assert pbx.tap.wait(method="REGISTER", status=200).message.cseq == again.message.cseq
    if pbx.driver is SIP:
        assert first.message.get("Contact") == f"<sip:s@{INSIDE}:5060>"  # so the number must be in the Request-URI
        assert parameter(first.message.get("Via"), "rport") is None and ";rport" not in first.message.get("Via")
        assert answers == ["MD5"]
    else:
        assert first.message.get("Via").startswith(f"SIP/2.0/UDP {INSIDE}:5060;rport;branch=")
        assert b"\r\nContent-Length:  0\r\n" in first.raw
        assert answers == ["MD5", "SHA-256"]


def test_chan_sip_behind_a_nat_that_changes_ports(site):
    """Its Via asks for no rport, and has an inside address: the answers go where it sent from all the same (R35)."""
    company = site.companies[1]
    text = company.files(SIP)["sip.conf"].replace("hq-pbx", "bob").replace(f"{company.name}-hq", f"{company.name}-bob")
    inside = site.lab.network.namespace("second-pbx")
    company.home.connect_inside("inside2", "10.20.1.1", inside, "lan0", "10.20.1.2")
    with Asterisk(inside, site.lab.network.directory / "second", {"sip.conf": text},
                  {company.domain: ROUTER}) as second:
        second.wait_registered()
        rows = site.router.must("registrations", as_json=True).json
        row = next(row for row in rows if row["aor"] == f"bob@{company.domain}")
        assert row["contact"] == "sip:s@10.20.1.2:5060" and row["behind_nat"]
        assert 30000 <= int(row["received"].removeprefix(f"{NAT}:")) <= 39999
    assert company.peer("bob").forget().status == 200
    company.settle()


# It is called.

def test_called_by_pattern(pbx):
    alice, mark = pbx.peer("alice"), pbx.tap.mark()
    dialog = call_pbx(alice, "2001")
    got = pbx.tap.wait(mark, method="INVITE", is_request=True).message
    assert user_of(f"<{got.uri}>") == "2001" and uri_of(got.get("To")) == f"sip:2001@{pbx.domain}"
    assert uri_of(got.get("From")) == f"sip:101@{pbx.domain}" and got.get("From").startswith(f'"Alice of {pbx.name}"')
    assert uri_of(got.get("P-Asserted-Identity")) == f"sip:101@{pbx.domain}"
    assert not got.all("Proxy-Authorization")
    end_call(dialog)
    bye = pbx.tap.wait(mark, method="BYE", is_request=True).message
    contact = uri_of(pbx.tap.wait(mark, method="INVITE", status=200).message.get("Contact"))
    assert bye.uri == contact == (f"sip:2001@{INSIDE}:5060" if pbx.driver is SIP else f"sip:{INSIDE}:5060")


def test_called_by_an_extension_that_leads_to_it(pbx):
    alice, mark = pbx.peer("alice"), pbx.tap.mark()
    dialog = call_pbx(alice, "500")
    assert user_of(f"<{pbx.tap.wait(mark, method='INVITE', is_request=True).message.uri}>") == "2001"
    end_call(dialog)


def test_called_by_another_friend(pbx):
    branch, mark = pbx.peer("branch"), pbx.tap.mark()
    end_call(call_pbx(branch, "2001", from_=f"<sip:3999@{pbx.domain}>;tag=of-3999"))
    assert user_of(pbx.tap.wait(mark, method="INVITE", is_request=True).message.get("From")) == "3999"


def test_called_from_outside_and_it_hangs_up(pbx):
    telco, mark = pbx.carrier(), pbx.tap.mark()
    sent = telco.send(from_outside(telco, pbx.ddi(0)))
    answer = final(telco, sent)
    assert answer.status == 200
    telco.send(Dialog(telco, sent, answer, True).request("ACK", cseq=sent.cseq))
    assert user_of(pbx.tap.wait(mark, method="INVITE", is_request=True).message.get("From")) == "600111222"
    pbx.tap.wait(mark, method="ACK")
    pbx.hang_up_all(wait=False)
    answer_bye(telco)


def from_outside(telco, number):
    return telco.request("INVITE", f"sip:{number}@{telco.router}", to=f"<sip:{number}@{telco.router}>",
                         from_=f"<sip:600111222@{telco.address}>;tag={token('f')}")


def test_it_hangs_up(pbx):
    alice = pbx.peer("alice")
    call_pbx(alice, "2005")
    bye = answer_bye(alice)
    assert uri_of(bye.get("From")) == f"sip:2005@{pbx.domain}" and uri_of(bye.get("To")) == f"sip:alice@{pbx.domain}"  # R24


def test_busy(pbx):
    alice, mark = pbx.peer("alice"), pbx.tap.mark()
    hear_refusal(alice, alice.invite("2002"), 486)
    pbx.tap.wait(mark, method="ACK")


def test_caller_gives_up(pbx):
    """CANCEL towards it."""
    alice, mark = pbx.peer("alice"), pbx.tap.mark()
    sent = alice.invite("2003")
    alice.expect_status(180)
    cancel = alice.send(alice.cancel_of(sent))
    answers = {answer.method: answer for answer in (final(alice, sent, cancel) for _ in range(2))}
    assert (answers["CANCEL"].status, answers["INVITE"].status) == (200, 487)
    alice.send(alice.ack_of_failure(sent, answers["INVITE"]))
    cancel = pbx.tap.wait(mark, method="CANCEL", is_request=True).message
    assert cancel.list("Via")[0] == pbx.tap.wait(mark, method="INVITE", is_request=True).message.list("Via")[0]
    pbx.tap.wait(mark, method="ACK")


@pytest.mark.parametrize("last, reason", [(2, "user-busy"), (3, "no-answer")])
def test_forwarded_when_busy_or_without_answer(pbx, last, reason):
    """R27: calls from outside only; those of users hear 486."""
    telco, bob, mark = pbx.carrier(), pbx.peer("bob"), pbx.tap.mark()
    assert bob.register().status == 200
    sent = telco.send(from_outside(telco, pbx.ddi(last)))
    got = bob.expect_request("INVITE")
    assert got.all("Diversion") == [f"<sip:200{last}@{pbx.domain}>;reason={reason}"]
    pbx.tap.wait(mark, method="CANCEL" if reason == "no-answer" else "ACK", is_request=True)
    bob.send(bob.answer(got, 486), to=bob.last_source)
    bob.expect_request("ACK")
    telco.send(telco.ack_of_failure(sent, final(telco, sent)))
    assert bob.forget().status == 200


# It calls.

def test_it_calls_an_extension_and_is_challenged(pbx):
    alice = pbx.peer("alice")
    assert alice.register().status == 200
    mark = dial(pbx, "101", "out")
    dialog, got = take_call(alice)
    assert got.get("From").startswith(f'"Recepción, 2ª" <sip:2010@{pbx.domain}>')
    assert uri_of(got.get("P-Asserted-Identity")) == f"sip:2010@{pbx.domain}"
    assert not got.all("Proxy-Authorization")

    first, again = (pbx.tap.wait(mark, method="INVITE", is_request=True, count=count).message for count in (1, 2))
    assert pbx.tap.wait(mark, source=ROUTER, method="INVITE", status=407).message.cseq == first.cseq
    assert again.cseq == first.cseq + 1 and again.call_id == first.call_id and again.get("From") == first.get("From")
    assert parameter(again.get("Proxy-Authorization"), "username") == "hq-pbx" and user_of(again.get("From")) == "2010"
    versions = [int(re.search(r"(?m)^o=\S+ \d+ (\d+)", invite.body)[1]) for invite in (first, again)]
    assert versions[1] - versions[0] == (1 if pbx.driver is SIP else 0)

    pbx.hang_up_all(wait=False)
    assert not answer_bye(alice).all("Proxy-Authorization")
    bye = pbx.tap.wait(mark, method="BYE", is_request=True).message
    if pbx.driver is SIP:  # nobody asked for it; and the nonce is old
        assert parameter(bye.get("Proxy-Authorization"), "nc") == "00000002"
    assert alice.forget().status == 200


def test_it_calls_without_a_number(pbx):
    """From has neither its name nor a number: only the digest tells who calls."""
    alice = pbx.peer("alice")
    assert alice.register().status == 200
    mark = dial(pbx, "101")
    dialog, got = take_call(alice)
    assert pbx.tap.wait(mark, method="INVITE", is_request=True).message.get("From").startswith(
        f'"Anonymous" <sip:anonymous@{pbx.domain}>')
    assert got.get("From").startswith('"Anonymous" <sip:anonymous@anonymous.invalid>') and not got.all("P-Asserted-Identity")
    end_call(dialog)
    assert alice.forget().status == 200


def test_it_calls_another_friend(pbx):
    branch = pbx.peer("branch")
    dial(pbx, "3001", "out")
    dialog, got = take_call(branch)
    assert got.uri == f"sip:3001@{branch.address}" and user_of(got.get("From")) == "2010"
    end_call(dialog)


def test_it_calls_itself(pbx):
    """R9: over the trunk, out and in."""
    mark = dial(pbx, "2001", "out")
    pbx.tap.wait(mark, target=INSIDE, method="INVITE", is_request=True)
    pbx.tap.wait(mark, source=INSIDE, method="ACK", count=2)  # of the 407, of the 200
    pbx.hang_up_all()


@pytest.mark.parametrize("context, last", [("out", 0), ("out-ddi", 1)], ids=["fallback", "its own DDI"])
def test_it_calls_the_public_network(pbx, context, last):
    """R14: its phone's number where that is a DDI, else the friend's fallback."""
    telco = pbx.carrier()
    dial(pbx, "600123123", context)
    dialog, got = take_call(telco)
    assert got.uri == f"sip:600123123@{telco.address}"
    assert user_of(got.get("From")) == user_of(got.get("P-Asserted-Identity")) == pbx.ddi(last)
    assert not got.all("Proxy-Authorization")
    end_call(dialog)


def test_who_it_calls_is_busy(pbx):
    """chan_sip's ACK has the Contact of the 180 as Request-URI and the INVITE's branch: it ends at the router."""
    branch = pbx.peer("branch")
    mark = dial(pbx, "3001", "out")
    got = branch.expect_request("INVITE")
    branch.send(branch.answer(got, 180), to=branch.last_source)
    pbx.tap.wait(mark, method="INVITE", status=180)
    branch.send(branch.answer(got, 486), to=branch.last_source)
    branch.expect_request("ACK")
    pbx.tap.wait(mark, method="INVITE", status=486)
    ack = pbx.tap.wait(mark, method="ACK", count=2).message
    invite = pbx.tap.wait(mark, method="INVITE", is_request=True, count=2).message
    assert parameter(ack.get("Via"), "branch") == parameter(invite.get("Via"), "branch")
    assert ack.uri == (uri_of(branch.contact) if pbx.driver is SIP else invite.uri)
    branch.expect_silence()


def test_it_gives_up(pbx):
    """CANCEL by it."""
    branch = pbx.peer("branch")
    mark = dial(pbx, "3001", "out")
    got = branch.expect_request("INVITE")
    branch.send(branch.answer(got, 180), to=branch.last_source)
    pbx.tap.wait(mark, method="INVITE", status=180)
    pbx.hang_up_all(wait=False)
    cancel = branch.expect_request("CANCEL")
    branch.send(branch.answer(cancel, 200), to=branch.last_source)
    branch.send(branch.answer(got, 487), to=branch.last_source)
    branch.expect_request("ACK")
    pbx.tap.wait(mark, source=INSIDE, method="ACK", count=2)


# What is said about media.

def test_only_codecs_that_both_allow_are_offered_to_it(pbx):
    """R25."""
    alice, mark = pbx.peer("alice"), pbx.tap.mark()
    body = SDP.format(address=alice.address).replace("AVP 8 101", "AVP 0 18 8 101") + "a=rtpmap:18 G729/8000\r\n"
    end_call(call_pbx(alice, "2001", body=body))
    got = pbx.tap.wait(mark, method="INVITE", is_request=True).message
    assert "m=audio 40000 RTP/AVP 8 101\r\n" in got.body and "G729" not in got.body
    assert alice.refused("2001", body=SDP.format(address=alice.address).replace("AVP 8 101", "AVP 0")).status == 488
    assert len(pbx.tap.since(mark, method="INVITE", is_request=True)) == 1


def test_the_offer_may_be_its(pbx):
    """An INVITE without SDP: the 200 offers, the ACK answers."""
    alice, mark = pbx.peer("alice"), pbx.tap.mark()
    sent = alice.invite("2001", body="")
    answer = final(alice, sent)
    assert answer.status == 200 and " RTP/AVP 8 101\r\n" in answer.body
    dialog = Dialog(alice, sent, answer, True)
    alice.send(dialog.request("ACK", cseq=sent.cseq, body=SDP.format(address=alice.address)))
    assert f"c=IN IP4 {alice.address}" in pbx.tap.wait(mark, method="ACK").message.body
    end_call(dialog)


def test_early_media(pbx):
    """183 with SDP before the 200; by chan_pjsip reliably when asked (RFC 3262), with a PRACK in the early dialog."""
    alice, is_reliable = pbx.peer("alice"), pbx.driver is not SIP
    sent = alice.invite("2007", extra=[("Require", "100rel")] if is_reliable else [])
    progress = alice.expect_status(183)
    assert " RTP/AVP 8 101\r\n" in progress.body and (progress.get("Require") == "100rel") == is_reliable
    early = Dialog(alice, sent, progress, True)
    if is_reliable:
        prack = alice.send(early.request("PRACK", extra=[("RAck", f"{progress.get('RSeq')} {sent.cseq} INVITE")]))
        assert final(alice, prack).status == 200
    assert final(alice, sent).status == 200
    alice.send(early.request("ACK", cseq=sent.cseq))
    end_call(early)


# Within a call.

def test_hold_and_resume(pbx):
    alice, mark = pbx.peer("alice"), pbx.tap.mark()
    dialog = call_pbx(alice, "2001")
    assert "a=recvonly" in re_invite(dialog, offer_again(alice, 2, "sendonly")).body
    assert "a=sendonly" in pbx.tap.wait(mark, target=INSIDE, method="INVITE", is_request=True, count=2).message.body
    assert "a=sendrecv" in re_invite(dialog, offer_again(alice, 3, "sendrecv")).body
    end_call(dialog)


def test_it_re_invites_both_sides(pbx):
    alice, branch = pbx.peer("alice"), pbx.peer("branch")
    caller, callee, got = bridged_call(pbx, alice, branch)
    assert user_of(got.get("From")) == "101"
    # alice holds, the other side hears of it: chan_sip takes the media back, chan_pjsip passes the hold on.
    re_invite(caller, offer_again(alice, 2, "sendonly"))
    wanted = f"c=IN IP4 {INSIDE}" if pbx.driver is SIP else "a=sendonly"
    came = attend(branch, until=lambda came: any(wanted in message.body for message in requests(came, "INVITE")))
    assert all(uri_of(message.get("From")) == f"sip:101@{pbx.domain}" for message in requests(came, "INVITE"))
    attend(branch, until=lambda came: requests(came, "ACK"))
    alice.send(caller.request("BYE"))
    came = attend(alice, branch, until=lambda came: requests(came, "BYE", branch) and any(not m.is_request for who, m in came if who is alice))


def follow_transfer(pbx, alice, dialog):
    """What alice's phone does with the REFER: calls bob, tells, and is hung up on."""
    bob = pbx.peer("bob")
    assert bob.register().status == 200
    refer = alice.expect_request("REFER")
    assert uri_of(refer.get("Refer-To")) == f"sip:102@{pbx.domain}" and not refer.all("Proxy-Authorization")
    alice.send(alice.answer(refer, 202), to=alice.last_source)
    caller, _, got = establish(alice, bob, user_of(f"<{uri_of(refer.get('Refer-To'))}>"))
    assert user_of(got.get("From")) == "101"
    alice.send(dialog.request("NOTIFY", body="SIP/2.0 200 OK\r\n", extra=[("Event", "refer"), ("Subscription-State", "terminated")])
               .set("Content-Type", "message/sipfrag;version=2.0"))
    attend(alice, until=lambda came: requests(came, "BYE"))  # it waited for the NOTIFY
    hang_up(caller, bob)
    assert bob.forget().status == 200


def test_it_transfers_its_caller(pbx):
    """REFER by it."""
    alice = pbx.peer("alice")
    follow_transfer(pbx, alice, call_pbx(alice, "2004"))


# chan_sip's REFER has a Proxy-Authorization of bytes that it did not initialise: a case of tests/pipeline/pipeline_peers.c.
@pytest.mark.parametrize("pbx", [1], ids=["chan_pjsip"], indirect=True)
def test_it_transfers_whom_it_calls(pbx):
    alice = pbx.peer("alice")
    assert alice.register().status == 200
    pbx.asterisk.originate(pbx.driver.trunk.format("101"), "Transfer", pbx.driver.transfer.format(domain=pbx.domain))
    follow_transfer(pbx, alice, take_call(alice)[0])
    assert alice.forget().status == 200


def test_it_is_told_to_transfer(pbx):
    """REFER to it: the new call is its own, challenged and routed as any of its calls."""
    alice, branch, mark = pbx.peer("alice"), pbx.peer("branch"), pbx.tap.mark()
    caller, callee, _ = bridged_call(pbx, alice, branch)
    alice.send(caller.request("REFER", extra=[("Refer-To", f"<sip:3001@{pbx.domain}>"), ("Referred-By", f"<sip:101@{pbx.domain}>")]))
    came = attend(alice, branch, until=lambda came: any("SIP/2.0 200" in message.body for message in requests(came, "NOTIFY", alice))
                  and any(user_of(f"<{message.uri}>") == "3001" for message in requests(came, "INVITE", branch)))
    assert next(message.status for who, message in came if who is alice and not message.is_request) == 202
    got = next(message for message in requests(came, "INVITE", branch) if user_of(f"<{message.uri}>") == "3001")
    assert uri_of(got.get("To")) == f"sip:3001@{pbx.domain}" and got.call_id != caller.call_id != callee.call_id
    pbx.tap.wait(mark, source=ROUTER, method="INVITE", status=407)
    end_call(caller)
    pbx.hang_up_all(wait=False)
    attend(branch, until=lambda came: len(requests(came, "BYE")) == 2)



def test_it_asks_whether_the_router_lives(pbx):
    """Its OPTIONS are answered, not challenged: chan_sip would not answer a 407 to them."""
    mark = pbx.tap.mark()
    pbx.asterisk.cli("sip qualify peer hq-pbx" if pbx.driver is SIP else "pjsip qualify hq-pbx")
    pbx.tap.wait(mark, source=INSIDE, method="OPTIONS", is_request=True)
    assert pbx.tap.wait(mark, source=ROUTER, method="OPTIONS", is_request=False).message.status == 200


# Two companies that are alike.

@pytest.fixture
def both(site):
    """Both of them, without calls before and after."""
    yield site.companies
    for company in site.companies:
        company.settle()
    end_calls()


def row_of(site, company):
    """Its only registration."""
    rows = [row for row in site.router.must("registrations", as_json=True).json if row["aor"] == f"hq-pbx@{company.domain}"]
    assert len(rows) == 1, rows
    return rows[0]


def test_registrations_and_explain_tell_them_apart(site, both):
    received = [row_of(site, company)["received"] for company in both]
    assert len(set(received)) == 2 and {address.split(":")[0] for address in received} == {NAT}
    for company, address in zip(both, received):
        said = site.router.must("explain", "--company", company.name, "--from", "alice", "--to", "2001", as_json=True).json
        assert (said["company"], said["target"], said["rule"], said["next_hop"]) == (company.name, "hq-pbx", "R4.2", f"udp:{address}")
        assert said["from"].endswith(f"<sip:101@{company.domain}>")


def test_both_call_the_same_number_at_once(site, both):
    """Each reaches its own company's phone; `calls` tells them apart."""
    phones = [company.peer("alice") for company in both]
    for phone in phones:
        assert phone.register().status == 200
    for company in both:
        company.asterisk.originate(company.driver.trunk.format("101"))
    dialogs = [take_call(phone)[0] for phone in phones]
    assert [host_of(dialog.local) for dialog in dialogs] == [company.domain for company in both]
    rows = site.router.must("calls", as_json=True).json["calls"]
    assert sorted((row["company"], row["from"], row["dialled"], row["to"]) for row in rows if row["state"] == "answered") == [
        (company.name, "hq-pbx", "101", "alice") for company in both]
    for phone, dialog in zip(phones, dialogs):
        end_call(dialog)
        assert phone.forget().status == 200


def test_a_password_of_the_other_company_is_none(site, both):
    for company, other in (both, both[::-1]):
        before = row_of(site, other)
        thief = Peer(site.lab.peers_namespace, company.addresses["alice"], ROUTER, 5060, "hq-pbx", f"{company.name}-hq", other.domain)
        try:
            assert thief.register().status == 401
            assert thief.refused("101").status == 407
            across = thief.request("INVITE", f"sip:101@{other.domain}", from_=f"<sip:hq-pbx@{company.domain}>;tag={token('f')}")
            assert thief.transact(across).status == 403
        finally:
            thief.close()
        assert row_of(site, other)["received"] == before["received"]


# Time passes.

def test_calls_and_registrations_outlive_the_router(site, both):
    """A router that was killed: no REGISTER is needed, and the call goes on in both directions."""
    phones = [company.peer("alice") for company in both]
    dialogs = [call_pbx(phone, "2001") for phone in phones]
    before = [row_of(site, company) for company in both]
    assert site.router.stop(signal.SIGKILL) == -signal.SIGKILL
    site.router.start()
    for company, phone, dialog, row in zip(both, phones, dialogs, before):
        after = row_of(site, company)
        assert (after["contact"], after["received"], after["behind_nat"]) == (row["contact"], row["received"], True)
        assert "a=recvonly" in re_invite(dialog, offer_again(phone, 2, "sendonly")).body
        end_call(call_pbx(phone, "2001"))
        company.hang_up_all(wait=False)
        assert answer_bye(phone).call_id == dialog.call_id


def test_registrations_are_refreshed(site, both):
    """In the same Call-ID, from the same port of the NAT. Who refreshed while the router was down may have begun a new Call-ID."""
    for company in both:
        mark, before = company.tap.mark(), row_of(site, company)
        first = company.tap.wait(mark, limit_s=2 * EXPIRES_S, source=ROUTER, method="REGISTER", status=200).message
        if company.driver is SIP:  # it keeps the nonce, which outlived the router
            sent = next(one.message for one in company.tap.since(mark, method="REGISTER", is_request=True))
            assert sent.cseq == first.cseq and int(parameter(sent.get("Authorization"), "nc"), 16) > 1
        answer = company.tap.wait(company.tap.mark(), limit_s=2 * EXPIRES_S, source=ROUTER, method="REGISTER", status=200).message
        assert answer.call_id == first.call_id and answer.cseq > first.cseq
        row = row_of(site, company)
        assert (row["contact"], row["received"]) == (before["contact"], before["received"]) and row["expires_s"] > EXPIRES_S - 5


def test_a_404_to_a_ping_means_alive(site, both):
    """R35."""
    for company in both:
        ping = company.tap.wait(limit_s=40, target=INSIDE, method="OPTIONS", is_request=True).message
        assert ping.uri == row_of(site, company)["contact"]
        assert company.tap.wait(source=INSIDE, method="OPTIONS", is_request=False).message.status == 404
        assert row_of(site, company)["pings_unanswered"] == 0
