"""friends, friends show, friends recipe: what amityctl says about friends, by the main socket and by the one for reading."""

import copy
import pathlib
import xml.etree.ElementTree

import pytest

from sip_client import establish, hang_up

PASSWORD = "a<b>&\"c'$${d} ;:/?"

PROVISIONING = f"""
companies:
  - name: acme
    domain: acme.test
    country: ES
    area_code: "94"
    outgoing_ddi: "+34944000000"
    users:
      - {{name: alice, password: alice-secret, extension: "101"}}
    friends:
      - name: pbx
        description: Headquarters
        priority: 7
        password: pbx-secret
        patterns: ['^2[0-9]{{3}}$', '^\\+442']
        fallback_ddi: "+34944000001"
        call_acl: national
        max_calls: 1
        max_cps: 3
        forwards:
          - {{when: busy, to: {{extension: "101"}}}}
          - {{when: no_answer, after: 5, calls: internal, to: {{number: "+34600000000"}}}}
      - {{name: east, password: east-secret, direct: "udp:198.51.100.30:5061", patterns: ['^3--[0-9]{{3}}$'], ddi_in: false}}
      - {{name: trusted, auth: source, direct: "udp:203.0.113.40:5060", patterns: ['^5[0-9]{{3}}$']}}
      - {{name: odd, password: "{PASSWORD.replace('"', chr(92) + '"')}", patterns: ['^6--1'], always_transform: true,
         codecs: [G729, pcmu, EVS, telephone-event]}}
      - {{name: general, password: general-secret, patterns: ['^9']}}
      - {{name: blank, password: " s3cret", patterns: ['^7']}}
    extensions:
      - {{number: "101", route: {{user: alice}}}}
    ddis:
      - {{number: "+34944000000", route: {{user: alice}}}}
      - {{number: "+34944000001", route: {{user: alice}}}}
    call_acls:
      - {{name: national, default: allow}}
  - name: globex
    domain: globex.test
    country: US
    friends:
      - {{name: pbx, password: globex-secret, patterns: ['^2']}}
"""


@pytest.fixture(scope="module")
def router(own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("friends") / "friends.yaml"
    path.write_text(PROVISIONING)
    with own_lab.router(path) as router:
        yield router


@pytest.fixture
def reading(router):
    """The same router by its socket for reading."""
    other = copy.copy(router)
    other.socket_path = pathlib.Path(f"{router.socket_path}.ro")
    return other


@pytest.fixture
def pbx(own_peers, router):
    peer = own_peers("pbx")
    assert peer.register().status == 200
    yield peer
    assert peer.forget().status == 200


def show(router, *words):
    return router.must("friends", "show", *words, as_json=True).json


def recipe(router, name, kind, *words):
    return router.must("friends", "recipe", name, "--for", kind, *words, as_json=True).json


# ---- the list ----

def test_the_list_tells_codecs_limits_and_forwards(router):
    rows = {(row["company"], row["name"]): row for row in router.must("friends", as_json=True).json}
    pbx = rows["acme", "pbx"]
    assert pbx["codecs"] == ["PCMA"] and pbx["max_calls"] == 1 and pbx["max_cps"] == 3
    assert pbx["forwards"] == [
        {"when": "busy", "after_s": None, "calls": "both", "extension": "101", "number": None},
        {"when": "no_answer", "after_s": 5, "calls": "internal", "extension": None, "number": "+34600000000"}]
    assert rows["globex", "pbx"]["forwards"] == []
    lines = router.must("friends").text.splitlines()
    assert lines[0].split() == ["COMPANY", "NAME", "PRIO", "PATTERNS", "AT", "ACL", "CODECS", "LIMITS", "FORWARDS"]
    assert max(map(len, lines)) <= 120
    assert [line for line in lines if line.startswith("acme     pbx") and "not registered" in line and "1 calls, 3/s" in line]
    assert router.must("users", as_json=True).json[0]["codecs"] == ["PCMA"]


def test_the_list_of_one_company(router):
    assert [row["company"] for row in router.must("friends", "--company", "globex", as_json=True).json] == ["globex"]


# ---- show ----

def test_show_one_that_registers(router, pbx):
    shown = show(router, "pbx", "--company", "acme")
    binding, = shown.pop("bindings")
    assert binding["contact"] == "sip:pbx@198.51.100.20:5060" and binding["received"] == "198.51.100.20:5060"
    assert binding["local"] == "198.51.100.1:5060" and not binding["behind_nat"] and 3590 <= binding["expires_s"] <= 3600
    assert shown.pop("forwards")[0]["extension"] == "101"
    assert shown.pop("pbx") == {
        "registers": True, "domain": "acme.test", "proxies": ["198.51.100.1:5060"], "transport": "udp", "user": "pbx", "auth_user": "pbx",
        "realm": "acme.test", "password": "pbx-secret", "called_at": None, "number_arrives_in": "Request-URI and To",
        "calls_come_from": ["198.51.100.1"], "codecs": ["PCMA"]}
    assert shown == {
        "company": "acme", "domain": "acme.test", "name": "pbx", "description": "Headquarters", "priority": 7, "auth": "digest",
        "patterns": ["^2[0-9]{3}$", "^\\+442"], "direct": None, "state": "registered", "country": "ES", "area_code": "94",
        "examples": [{"e164": "+34944000001", "dialled": "4000001"}, {"e164": "+442079460000", "dialled": "00442079460000"}],
        "fallback_ddi": "+34944000001", "presented_ddi": "+34944000001", "call_acl": "national", "from_user": None,
        "from_domain": "acme.test", "ruri_domain": None, "ddi_in": True, "always_transform": False, "multi_contact": True,
        "codecs": ["PCMA"], "limits": {"max_calls": 1, "calls_to_it": 0, "calls_from_it": 0, "max_cps": 3}, "bans": []}


def test_show_knows_the_addresses_of_a_router_that_nobody_registered_at(router):
    shown = show(router, "pbx", "--company", "globex")
    assert shown["state"] == "not registered" and shown["bindings"] == []
    assert not shown["always_transform"] and show(router, "odd")["always_transform"]
    assert shown["pbx"]["proxies"] == ["198.51.100.1:5060", "[2001:db8:1::1]:5060", "203.0.113.1:5060"]


@pytest.mark.parametrize("name, direct, ours", [("east", "198.51.100.30:5061", "198.51.100.1"), ("trusted", "203.0.113.40:5060", "203.0.113.1")])
def test_show_a_direct_one(router, name, direct, ours):
    shown = show(router, name)
    assert shown["state"] == "direct" and shown["direct"] == f"udp:{direct}" and not shown["pbx"]["registers"]
    assert shown["pbx"]["called_at"] == direct and shown["pbx"]["calls_come_from"] == [ours]
    if name == "trusted":
        assert shown["auth"] == "source" and shown["pbx"]["auth_user"] is None and shown["pbx"]["password"] is None
    else:
        assert shown["pbx"]["number_arrives_in"] == "neither Request-URI nor To" and shown["pbx"]["password"] == "east-secret"


def test_show_counts_calls(router, pbx, own_peers):
    alice = own_peers("alice")
    alice.register()
    to_it, _, _ = establish(alice, pbx, "2001")
    assert show(router, "pbx", "--company", "acme")["limits"] == {"max_calls": 1, "calls_to_it": 1, "calls_from_it": 0, "max_cps": 3}
    assert "1 to it, 0 from it now\n                    at most 1 to it at the same time: full" in router.must("friends", "show", "pbx", "--company", "acme").text
    assert show(router, "pbx", "--company", "globex")["limits"]["calls_to_it"] == 0
    hang_up(to_it, pbx)
    from_it, _, _ = establish(pbx, alice, "101")
    limits = show(router, "pbx", "--company", "acme")["limits"]
    assert limits["calls_to_it"] == 0 and limits["calls_from_it"] == 1
    hang_up(from_it, alice)


def test_show_tells_who_is_banned(router, own_peers):
    guesser = own_peers("east", address="198.51.100.200")
    guesser.password = "wrong"
    request = guesser.request("REGISTER", "sip:acme.test", to="<sip:east@acme.test>")
    for _ in range(21):
        guesser.transact(guesser.authorized(request, guesser.challenged(request)))
    ban, = show(router, "east")["bans"]
    assert ban["address"] == "198.51.100.200" and 0 < ban["remaining_s"] <= 60 and ban["times"] == 1
    assert show(router, "pbx", "--company", "acme")["bans"] == []


def test_a_name_of_several_companies_needs_the_company(router):
    for words in (("show", "pbx"), ("recipe", "pbx", "--for", "kamailio")):
        answer = router.ctl("friends", *words)
        assert answer.status == 2
        assert answer.error == "amityctl: 2 companies have a friend \"pbx\": say --company, one of acme, globex\n"


@pytest.mark.parametrize("words, status, said", [
    (("show", "nobody"), 1, 'there is no friend "nobody": `amityctl friends` lists all'),
    (("show", "alice"), 1, 'there is no friend "alice": `amityctl friends` lists all'),
    (("show", "east", "--company", "globex"), 1, 'there is no friend "east" in that company'),
    (("show", "east", "--company", "nowhere"), 1, 'there is no company "nowhere": `amityctl companies` lists all'),
    (("recipe", "east"), 2, "--for is missing: one of asterisk-sip, asterisk-pjsip, freeswitch, kamailio"),
    (("recipe", "east", "--for", "pbx"), 2, 'there is no recipe for "pbx": --for is one of asterisk-sip, asterisk-pjsip, freeswitch, kamailio'),
    (("recipe", "nobody", "--for", "kamailio"), 1, 'there is no friend "nobody"'),
    (("show", "east", "--for", "kamailio"), 2, "--for and --address belong to a recipe"),
    (("--address", "192.0.2.1"), 2, "--for and --address belong to a recipe"),
    (("show", "east", "recipe", "east"), 2, "one of these at a time"),
    (("recipe", "east", "--for", "kamailio", "--address", "pbx.test"), 1, '--address "pbx.test": '),
    (("recipe", "east", "--for", "kamailio", "--address", "192.0.2.1:0"), 1, '--address "192.0.2.1:0": '),
    (("recipe", "blank", "--for", "asterisk-pjsip"), 1,
     "the password of the friend cannot be written for asterisk-pjsip: Asterisk cuts blanks at the beginning and at the end of a value; "
     "give it another one"),
    (("recipe", "general", "--for", "asterisk-sip"), 1,
     "the name of the friend cannot be written for asterisk-sip: Asterisk keeps its own settings in the section [general]; give it another one"),
])
def test_what_is_wrong_is_said(router, words, status, said):
    answer = router.ctl("friends", *words)
    assert answer.status == status and answer.error.startswith(f"amityctl: {said}") and answer.text == ""


# ---- the socket for reading ----

def test_the_socket_for_reading_tells_no_password(router, reading):
    for name in ("east", "odd"):
        assert show(reading, name)["pbx"]["password"] is None
    shown = reading.must("friends", "show", "east").text
    assert "password          shown on the main socket only" in shown and "east-secret" not in shown
    assert "password          east-secret" in router.must("friends", "show", "east").text
    assert [row["name"] for row in reading.must("friends", "--company", "globex", as_json=True).json] == ["pbx"]


def test_the_socket_for_reading_has_no_recipe(reading):
    answer = reading.ctl("friends", "recipe", "east", "--for", "kamailio", as_json=True)
    assert answer.status == 1 and answer.json["code"] == 3
    assert "shows the password" in answer.json["message"] and "east-secret" not in answer.text


# ---- recipe ----

def file_of(made, name):
    text, = [file["text"] for file in made["files"] if file["name"] == name]
    return text


def test_a_recipe_takes_the_address_that_the_friend_is_registered_at(router, own_peers):
    far = own_peers("pbx", address="203.0.113.99")
    far.register()
    assert recipe(router, "pbx", "asterisk-sip", "--company", "acme")["address"] == "203.0.113.1:5060"
    assert show(router, "pbx", "--company", "acme")["pbx"]["proxies"] == ["203.0.113.1:5060"]
    far.forget()


def test_a_recipe_takes_the_address_that_the_friend_is_reached_by(router, pbx):
    assert recipe(router, "pbx", "asterisk-sip", "--company", "acme")["address"] == "198.51.100.1:5060"
    assert recipe(router, "trusted", "asterisk-sip")["address"] == "203.0.113.1:5060"
    unsure = file_of(recipe(router, "odd", "asterisk-sip"), "sip.conf")
    assert "host = 198.51.100.1\n" in unsure
    assert [line.split()[5] for line in unsure.splitlines() if line.startswith("; The router is at")] == ["[2001:db8:1::1]:5060", "203.0.113.1:5060"]


@pytest.mark.parametrize("given, taken", [("203.0.113.1", "203.0.113.1:5060"), ("192.0.2.1:5070", "192.0.2.1:5070"), ("192.0.2.1", "192.0.2.1:5060"),
                                          ("2001:db8:1::1", "[2001:db8:1::1]:5060"), ("[2001:db8::9]:5080", "[2001:db8::9]:5080"),
                                          ("[2001:db8::9]", "[2001:db8::9]:5060")])
def test_a_recipe_takes_the_address_that_the_admin_says(router, given, taken):
    made = recipe(router, "odd", "asterisk-pjsip", "--address", given)
    assert made["address"] == taken and f"outbound_proxy = sip:{taken}\\;lr\n" in made["text"] and "The router is at" not in made["text"]
    host = taken.rpartition(":")[0].strip("[]")
    assert f"match = {host}\n" in made["text"]


def test_the_printed_text_is_all_files(router):
    for kind in ("asterisk-sip", "asterisk-pjsip", "freeswitch", "kamailio"):
        made = recipe(router, "east", kind)
        assert router.must("friends", "recipe", "east", "--for", kind).text == made["text"]
        for file in made["files"]:
            assert file["text"] in made["text"] and file["name"] in made["text"]


def parameters(text):
    """{name: value} of the gateway in a FreeSWITCH file."""
    root = xml.etree.ElementTree.fromstring(text)
    assert root.tag == "include"
    gateway, = root
    return gateway.get("name"), {param.get("name"): param.get("value") for param in gateway}


def test_freeswitch_gets_xml_with_what_it_needs(router):
    made = recipe(router, "odd", "freeswitch")
    text = file_of(made, "sip_profiles/external/amity-odd.xml")
    # FreeSWITCH looks for $${variables} before it parses.
    assert "$${" not in text
    assert parameters(text) == ("amity-odd", {
        "username": "odd", "password": PASSWORD, "realm": "acme.test", "proxy": "acme.test", "outbound-proxy": "198.51.100.1:5060",
        "from-domain": "acme.test", "caller-id-in-from": "true", "register": "true", "register-transport": "udp",
        "register-proxy": "198.51.100.1:5060", "expire-seconds": "600", "retry-seconds": "30", "extension": "auto_to_user", "context": "public"})
    for file in made["files"]:
        xml.etree.ElementTree.fromstring(file["text"])
    conditions = xml.etree.ElementTree.fromstring(file_of(made, "dialplan/public/amity-odd.xml")).iter("condition")
    assert [(condition.get("field"), condition.get("expression")) for condition in conditions] == [
        ("network_addr", r"^198\.51\.100\.1$"), ("destination_number", "^(.+)$")]


def test_freeswitch_direct_and_without_a_password(router):
    assert parameters(file_of(recipe(router, "east", "freeswitch"), "sip_profiles/external/amity-east.xml"))[1]["register"] == "false"
    made = recipe(router, "trusted", "freeswitch")
    assert parameters(file_of(made, "sip_profiles/external/amity-trusted.xml"))[1]["password"] == "not-used"
    for file in recipe(router, "east", "freeswitch")["files"]:
        xml.etree.ElementTree.fromstring(file["text"])


def test_codecs_under_their_names_in_the_pbx(router):
    sip = file_of(recipe(router, "odd", "asterisk-sip"), "sip.conf")
    assert [line for line in sip.splitlines() if "allow" in line] == ["disallow = all", "allow = g729", "allow = ulaw"]
    assert "; Asterisk has no name for the codec EVS\n" in sip
    freeswitch = recipe(router, "odd", "freeswitch")["text"]
    assert "vars.xml: G729,PCMU -->" in freeswitch and "no name for the codec EVS -->" in freeswitch
    offered, = [line for line in recipe(router, "odd", "kamailio")["text"].splitlines() if "may offer" in line]
    assert offered == "# What is behind this Kamailio may offer the codecs G729,PCMU,EVS"
    assert show(router, "odd")["codecs"] == ["G729", "PCMU", "EVS", "telephone-event"]


def test_kamailio_knows_where_the_pbx_is_registered(router, pbx):
    assert 'modparam("uac", "reg_contact_addr", "198.51.100.20:5060")' in recipe(router, "pbx", "kamailio", "--company", "acme")["text"]
    assert 'modparam("uac", "reg_contact_addr", "acme.test")' in recipe(router, "odd", "kamailio")["text"]
