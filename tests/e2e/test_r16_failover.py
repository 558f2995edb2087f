"""R16: the next address of a carrier, then the next carrier."""

import pytest

from sip_client import hear_refusal, refuse, user_of

PROVISIONING = """
carriers:
  - {name: telco-b, address: ["udp:203.0.113.20:5060"], priority: 20, patterns: ['^\\+34']}
  - {name: telco-a, address: ["udp:203.0.113.7:5060", "udp:203.0.113.99:5060"], priority: 10, country: ES, patterns: ['1$', '2$', '^\\+34']}
  - {name: others, address: ["udp:203.0.113.21:5060"], priority: 15, patterns: ['^\\+33']}
companies:
  - name: acme
    domain: acme.test
    country: ES
    outgoing_ddi: "+34944000000"
    users:
      - {name: alice, password: alice-secret, extension: "101"}
    extensions:
      - {number: "101", route: {user: alice}}
    ddis:
      - {number: "+34944000000", route: {user: alice}}
"""


@pytest.fixture(scope="module")
def failing(own_lab, tmp_path_factory):
    path = tmp_path_factory.mktemp("failover") / "failover.yaml"
    path.write_text(PROVISIONING)
    with own_lab.router(path) as router:
        yield router


@pytest.fixture
def alice(failing, own_peers):
    return own_peers("alice")


@pytest.fixture
def telcos(failing, own_peers):
    """The first address of telco-a, its second, telco-b."""
    return [own_peers(name) for name in ("telco-a", "outsider", "telco-b")]


@pytest.mark.parametrize("status", [408, 500, 503, 599])
def test_r16_on_408_and_5xx_the_next_is_tried(alice, telcos, status):
    sent = alice.invite("912345611")
    told = [refuse(telco, status) for telco in telcos[:2]] + [refuse(telcos[2], 404)]
    assert [user_of(f"<{got.uri}>") for got in told] == ["912345611", "912345611", "+34912345611"]
    assert [user_of(got.get("From")) for got in told] == ["944000000", "944000000", "+34944000000"]
    assert [got.get("Max-Forwards") for got in told] == ["69"] * 3  # nobody has forwarded anything
    assert not any(got.all("Diversion") for got in told)
    hear_refusal(alice, sent, 404)  # the lowest class (RFC 3261 16.7.6)


@pytest.mark.parametrize("status, told", [(403, 403), (404, 404), (407, 502), (480, 480), (486, 486), (603, 603)])
def test_r16_on_others_it_is_not(alice, telcos, status, told):
    sent = alice.invite("912345611")
    refuse(telcos[0], status)
    hear_refusal(alice, sent, told)
    telcos[1].expect_silence()
    telcos[2].expect_silence()


def test_r16_nobody_is_left(alice, telcos):
    sent = alice.invite("912345611")
    for telco in telcos:
        refuse(telco, 503)
    hear_refusal(alice, sent, 503)


def test_r16_the_second_address_is_telco_a_too(alice, telcos):
    """R33: without `sources` the carrier's addresses may deliver calls."""
    assert alice.register().status == 200
    telco = telcos[1]
    sent = telco.send(telco.request("INVITE", f"sip:944000000@{telco.router}", to=f"<sip:944000000@{telco.router}>",
                                    from_=f"<sip:600111222@{telco.address}>"))
    refuse(alice, 486)
    hear_refusal(telco, sent, 486)
    assert alice.forget().status == 200


def test_r16_an_address_where_nobody_listens(failing, own_peers):
    """ICMP port unreachable: the next is tried at once, not after 64*T1."""
    alice, second = own_peers("alice"), own_peers("outsider")
    sent = alice.invite("912345611")
    refuse(second, 486)
    hear_refusal(alice, sent, 486)


def test_r16_cancelled_at_the_second_address(alice, telcos):
    """What failed is not cancelled, what comes next is not tried."""
    sent = alice.invite("912345611")
    refuse(telcos[0], 503)
    got = telcos[1].expect_request("INVITE")
    telcos[1].send(telcos[1].answer(got, 180, tag="t1"))
    alice.expect_status(180)
    alice.send(alice.cancel_of(sent))
    assert alice.expect_status(200).method == "CANCEL"
    telcos[1].send(telcos[1].answer(telcos[1].expect_request("CANCEL"), 200))
    telcos[1].send(telcos[1].answer(got, 487, tag="t1"))
    telcos[1].expect_request("ACK")
    hear_refusal(alice, sent, 487)
    telcos[0].expect_silence(repeats=True)
    telcos[2].expect_silence()
