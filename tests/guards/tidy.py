"""tidy.py - clang-tidy with the checks of .clang-tidy finds nothing.   tidy.py ROOT BUILD"""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import source_tree

# Options of gcc that clang does not know.
NOT_CLANG = re.compile(r"^(-Wno-(format-truncation|stringop-\S+|maybe-uninitialized|restrict)|-fprofile-\S+)$")
CHECKED = ("dataplane/", "control/")


def clang_commands(root, build):
    """The build's compile commands of our own sources, as clang takes them."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if not source.is_relative_to(root) or not source.relative_to(root).as_posix().startswith(CHECKED):
            continue
        words = entry["command"].split(" ")
        entry["command"] = " ".join(word for word in words if not NOT_CLANG.match(word))
        commands.setdefault(str(source), entry)
    return commands


def tidy(root, database, source):
    result = subprocess.run(["clang-tidy", "-p", database, "--quiet", "--warnings-as-errors=*", source],
                            cwd=root, capture_output=True, text=True)
    if result.returncode == 0:
        return []
    findings = sorted({line for line in result.stdout.splitlines() if re.search(r": (error|warning): ", line)})
    return findings or [f"{source}: clang-tidy failed:\n{result.stdout}{result.stderr}"]


def check(root, build):
    root = root.resolve()
    commands = clang_commands(root, build)
    if not commands:
        return [f"{build}: no compile command of ours; configure first"]
    problems = set()
    with tempfile.TemporaryDirectory(prefix="amity-tidy-") as database:
        pathlib.Path(database, "compile_commands.json").write_text(json.dumps(list(commands.values())))
        with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for found in pool.map(lambda source: tidy(root, database, source), sorted(commands)):
                problems.update(found)
    return sorted(problems)


if __name__ == "__main__":
    sys.exit(source_tree.finish(check(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])), "clang-tidy"))
