"""`friends recipe`: real PBXes run with exactly what it prints; they register, are called, and call."""

import re
import xml.etree.ElementTree

import network
import pytest

from kamailio import Kamailio
from sip_client import Dialog, Peer, establish, hang_up, user_of

PASSWORD = "pa;ss#\"w'o:r$d&<%1"

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


def call_both_ways(alice, phone, number):
    alice_dialog, phone_dialog, got = establish(alice, phone, number)
    assert user_of(f"<{got.uri}>") == number and user_of(got.get("To")) == number
    assert user_of(got.get("From")) == "101"
    hang_up(alice_dialog, phone)
    # The challenge is Kamailio's to answer.
    sent = phone.send(phone.invite_request("101"))
    got = alice.expect_request("INVITE")
    assert user_of(got.get("From")) == "phone"
    answer = alice.send(alice.answer(got, 200))
    phone_dialog, alice_dialog = Dialog(phone, sent, phone.expect_status(200), True), Dialog(alice, got, answer, False)
    phone.send(phone_dialog.request("ACK", cseq=sent.cseq))
    alice.expect_request("ACK")
    hang_up(alice_dialog, phone)


def wait_registered(router, name):
    def there():
        return any(row["aor"].startswith(name + "@") for row in router.must("registrations", as_json=True).json)
    network.wait_until(there, 60)
    assert there(), f"{name} did not register"


def test_kamailio_registers_and_calls_pass_both_ways(own_lab, own_peers, router, phone, tmp_path):
    alice = own_peers("alice")
    alice.register()
    with kamailio(own_lab, tmp_path, recipe(router, "pbx", "kamailio"), "198.51.100.20") as running:
        try:
            wait_registered(router, "pbx")
            call_both_ways(alice, phone("198.51.100.20"), "2001")
        except AssertionError:
            print(running.log())
            raise
