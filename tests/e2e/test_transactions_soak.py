"""tests/soak/run, short: calls over wires with 2 % loss and duplicates; then every table is empty, and every mbuf is back."""

import pytest
from soak import soak

CALLS, RATE_PER_S = 1500, 100


@pytest.mark.parametrize("lcores", ["0", "0,1,1"], ids=["one", "three"])
def test_nothing_is_left(bad_lab, bad_wires, bad_peers, tmp_path, lcores):
    with bad_lab.router(node=f'  lcores: "{lcores}"') as router:
        report = soak(bad_lab, router, bad_peers, tmp_path, CALLS, RATE_PER_S)
    assert report["calls"] == CALLS and report["calls_of_agents"] > 10
    assert report["frames_dropped"] > 100 and report["frames_duplicated"] > 100
    print(report)
