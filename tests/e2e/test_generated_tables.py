"""The tables that are generated from libphonenumber-js and checked in are what their generators make of the version that is pinned."""

import json
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import ROOT

GENERATORS = ROOT / "tools/countries"
BUILD = ROOT / os.environ.get("AMITY_BUILD", "build-test") / "countries"
PINNED = json.loads((GENERATORS / "package.json").read_text())["dependencies"]["libphonenumber-js"]
MEND = "cd tools/countries && npm install --no-save && node {} > ../../{}"

# What npm says when the registry is not there, as opposed to when it does not have the version.
UNREACHABLE = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT",
               "E429", "E500", "E502", "E503", "E504")


def installed_version():
    package = BUILD / "node_modules/libphonenumber-js/package.json"
    return json.loads(package.read_text())["version"] if package.exists() else None


def install():
    result = subprocess.run(["npm", "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1",
                             "--fetch-timeout=30000", f"--cache={BUILD}/npm-cache"], cwd=BUILD, capture_output=True, text=True)
    said = result.stdout + result.stderr
    if result.returncode != 0 and any(code in said for code in UNREACHABLE):
        pytest.skip(f"libphonenumber-js {PINNED} could not be fetched: whether the country tables are what it says was NOT checked:\n{said}")
    assert result.returncode == 0, said


@pytest.fixture(scope="module")
def generators():
    """A copy beside the package; it stays in the build directory for the next run."""
    BUILD.mkdir(parents=True, exist_ok=True)
    for path in [*GENERATORS.glob("*.mjs"), GENERATORS / "package.json"]:
        shutil.copy(path, BUILD)
    if installed_version() != PINNED:
        install()
    assert installed_version() == PINNED
    return BUILD


def test_the_version_is_exact():
    assert PINNED[0].isdigit() and all(part.isdigit() for part in PINNED.split(".")), f"{PINNED} is a range of versions"


@pytest.mark.parametrize("generator, table", [
    ("generate.mjs", "dataplane/directory/countries.def"),
    ("generate_examples.mjs", "tests/unit/unit_number_examples.def"),
])
def test_the_table_is_what_its_generator_makes(generators, generator, table):
    made = subprocess.run(["node", generator], cwd=generators, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    kept = pathlib.Path(ROOT / table).read_text()
    assert f"libphonenumber-js {PINNED}" in kept
    differing = [f"{ours!r} is {theirs!r}" for ours, theirs in zip(kept.splitlines(), made.stdout.splitlines()) if ours != theirs]
    assert kept == made.stdout, f"{table} is not what {generator} makes:\n" + "\n".join(differing[:5]) + \
        f"\nMend with: {MEND.format(generator, table)}"
