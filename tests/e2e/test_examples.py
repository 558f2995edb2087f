"""What the tree offers to be copied is right: the files of example/, and the first friend of the README."""

import re
import subprocess

import pytest

from conftest import ROOT


def examples_of_manual(section):
    """The YAML of the literal blocks behind `.Sh EXAMPLES` of a manual page's template."""
    text = (ROOT / f"man/{section}.in").read_text().split(".Sh EXAMPLES")[1]
    found = re.findall(r"\.Bd -literal[^\n]*\n(.*?)\.Ed", text, re.DOTALL)
    assert found
    return [one.replace("\\e", "\\") for one in found]


def example_of_readme():
    block = re.search(r"say in `acme.yaml`:\n\n(.*?)\n3\. ", (ROOT / "README.md").read_text(), re.DOTALL)[1]
    return "\n".join(line[8:] for line in block.splitlines())


def commented_interfaces(text):
    """The entries of example/amity.yaml that stand in comments, one a text."""
    lines = [line[4:] for line in text.splitlines() if re.match(r"#   (- |  )\S", line)]
    return ["  - " + one for one in "\n".join("  " + line for line in lines).split("  - ")[1:]]


def check(router, path):
    return subprocess.run([router.amityd, "--check", path], capture_output=True, text=True)


def test_node_configurations(router, tmp_path):
    done = check(router, ROOT / "example/amity.yaml")
    assert done.returncode == 0, done.stderr
    others = commented_interfaces((ROOT / "example/amity.yaml").read_text())
    assert len(others) == 4
    texts = ["interfaces:\n" + other for other in others] + examples_of_manual("amity.yaml.5")
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.yaml"
        # The machine of the test has fewer CPUs.
        path.write_text(re.sub(r'lcores: "[0-9-]+"', "lcores: auto", text))
        done = check(router, path)
        assert done.returncode == 0, text + done.stderr


@pytest.mark.parametrize("text", [(ROOT / "example/provisioning.yaml").read_text(), example_of_readme(),
                                  *examples_of_manual("amity-provisioning.5")], ids=["example", "README", "manual"])
def test_provisioning(router, tmp_path, text):
    path = tmp_path / "example.yaml"
    path.write_text(text)
    assert re.search(r"valid +yes", router.must("check", path).text)


def test_the_example_says_where_amityctl_looks(router):
    """A configuration that is copied needs no --socket."""
    socket = re.search(r"control_socket: (\S+)", (ROOT / "example/amity.yaml").read_text())[1]
    header = (ROOT / "include/ctl_wire.h").read_text()
    assert f'CTL_SOCKET_DEFAULT\t     "{socket}"' in header
