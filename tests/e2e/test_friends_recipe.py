"""`friends recipe`: real PBXes run with exactly what it prints; they register, are called, and call."""

import re
import xml.etree.ElementTree

import network
import pytest

from asterisk import Asterisk
from kamailio import Kamailio
from sip_client import Dialog, Peer, establish, hang_up, user_of

# What some syntax or other gives a meaning to.
PASSWORD = "pa;ss#\"w'o:r$d&<%1"
OTHER_PASSWORD = ">\\;--\"s3cr@et#$'[x]\\"

PROVISIONING = f"""
companies:
  - name: acme
    domain: acme.test
    country: ES
    users:
      - {{name: alice, password: alice-secret, extension: "101"}}
    friends:
      - name: pbx
        password: '{PASSWORD.replace("'", "''")}'
        patterns: ['^2[0-9]{{3}}$']
      - name: plain
        password: '{OTHER_PASSWORD.replace("'", "''")}'
        patterns: ['^4[0-9]{{3}}$']
        ddi_in: false
      - {{name: east, password: east-secret, direct: "udp:198.51.100.30:5060", patterns: ['^3[0-9]{{3}}$']}}
      - {{name: trusted, auth: source, direct: "udp:198.51.100.40:5060", patterns: ['^5[0-9]{{3}}$']}}
    extensions:
      - {{number: "101", route: {{user: alice}}}}
"""


@pytest.fixture(scope="module")
def router(own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("recipe") / "recipe.yaml"
    path.write_text(PROVISIONING)
    with own_lab.router(path) as router:
        yield router


def recipe(router, name, kind):
    """{name of the file: its text}."""
    answer = router.must("friends", "recipe", name, "--for", kind, as_json=True).json
    return {file["name"]: file["text"] for file in answer["files"]}


def called(alice, number):
    """alice calls, what is at the number answers. Result: her dialog."""
    sent = alice.invite(number)
    dialog = Dialog(alice, sent, alice.expect_status(200), True)
    alice.send(dialog.request("ACK", cseq=sent.cseq))
    return dialog


def answered(alice):
    """alice is called and answers. Result: her dialog and the INVITE."""
    got = alice.expect_request("INVITE", 10)
    dialog = Dialog(alice, got, alice.send(alice.answer(got, 200)), False)
    alice.expect_request("ACK")
    return dialog, got


def end(dialog):
    dialog.peer.send(dialog.request("BYE"))
    dialog.peer.expect_status(200)


@pytest.fixture
def alice(own_peers, router):
    peer = own_peers("alice")
    assert peer.register().status == 200
    return peer


# name: (address, a number that it takes)
FRIENDS = {"pbx": ("198.51.100.20", "2001"), "plain": ("198.51.100.41", "4001"), "east": ("198.51.100.30", "3001"),
           "trusted": ("198.51.100.40", "5001")}

# ---- Asterisk ----

# What an admin has already. acme.test is in no DNS and no hosts file.
ASTERISK = {
    "sip.conf": """
[general]
udpbindaddr = {address}:5060
context = nothing
allowguest = no
alwaysauthreject = yes
""",
    "pjsip.conf": """
[transport-udp]
type = transport
protocol = udp
bind = {address}:5060
""",
    "extensions.conf": """
[nothing]

[internal]
exten => _X!,1,Answer()
same => n,Echo()
"""}


@pytest.mark.parametrize("name", FRIENDS)
@pytest.mark.parametrize("driver", ["sip", "pjsip"])
def test_asterisk(asterisk_root, own_lab, router, alice, tmp_path, driver, name):
    address, number = FRIENDS[name]
    printed = recipe(router, name, f"asterisk-{driver}")
    assert set(printed) == {f"{driver}.conf", "extensions.conf"}
    files = {file: ASTERISK[file].format(address=address) + text for file, text in printed.items()}
    with Asterisk(own_lab.peers_namespace, tmp_path / "asterisk", files) as asterisk:
        try:
            if name in ("pbx", "plain"):
                asterisk.wait_registered()
                assert router.must("friends", "show", name, as_json=True).json["state"] == "registered"
            end(called(alice, number))
            asterisk.originate("Local/101@to-amity", "Echo")
            dialog, got = answered(alice)
            assert user_of(got.get("To")) == "101"
            end(dialog)
        except AssertionError:
            print(asterisk.log_tail(200))
            raise


# ---- Kamailio ----

# What an admin has already: requests within dialogs, and a phone behind it for the numbers that amity sends.
KAMAILIO = """
#!KAMAILIO
debug=2
log_stderror=yes
children=2
listen=udp:{address}:5060
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "tmx.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "siputils.so"
loadmodule "textops.so"
include_file "amity.cfg"

request_route {{
	if (has_totag()) {{
		if (loose_route() || (is_method("ACK") && t_check_trans())) t_relay();
		exit;
	}}
	if (is_method("CANCEL")) {{
		if (t_check_trans()) t_relay();
		exit;
	}}
	if (is_method("OPTIONS")) {{
		sl_send_reply("200", "OK");
		exit;
	}}
	t_check_trans();
	if (src_ip == 198.51.100.1) {{
		record_route();
		$du = "sip:{address}:5070";
		t_relay();
		exit;
	}}
	route(TO_AMITY);
}}
"""


@pytest.fixture
def phone(own_lab):
    """Behind a Kamailio that is at the same address."""
    opened = []

    def make(address):
        opened.append(Peer(own_lab.peers_namespace, address, address, 5070, "phone", "", address))
        return opened[-1]

    yield make
    for peer in opened:
        peer.close()


def kamailio(own_lab, tmp_path, files, address):
    return Kamailio(own_lab.peers_namespace, tmp_path, {"kamailio.cfg": KAMAILIO.format(address=address), **files})


def call_both_ways(alice, phone, number, name):
    alice_dialog, phone_dialog, got = establish(alice, phone, number)
    shown = name if name == "plain" else number  # ddi_in: false
    assert user_of(f"<{got.uri}>") == shown and user_of(got.get("To")) == shown
    assert user_of(got.get("From")) == "101"
    hang_up(alice_dialog, phone)
    # The challenge is Kamailio's to answer.
    sent = phone.send(phone.invite_request("101"))
    got = alice.expect_request("INVITE")
    assert user_of(got.get("From")) == "phone"
    alice_dialog = Dialog(alice, got, alice.send(alice.answer(got, 200)), False)
    phone_dialog = Dialog(phone, sent, phone.expect_status(200), True)
    phone.send(phone_dialog.request("ACK", cseq=sent.cseq))
    alice.expect_request("ACK")
    hang_up(alice_dialog, phone)


def wait_registered(router, name):
    def there():
        return any(row["aor"].startswith(name + "@") for row in router.must("registrations", as_json=True).json)
    network.wait_until(there, 60)
    assert there(), f"{name} did not register"


@pytest.mark.parametrize("name", FRIENDS)
def test_kamailio(own_lab, router, alice, phone, tmp_path, name):
    address, number = FRIENDS[name]
    with kamailio(own_lab, tmp_path, recipe(router, name, "kamailio"), address) as running:
        try:
            if name in ("pbx", "plain"):
                wait_registered(router, name)
            call_both_ways(alice, phone(address), number, name)
        except AssertionError:
            print(running.log_tail())
            raise
