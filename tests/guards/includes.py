"""includes.py - the walls of shared/DESIGN.md section 3: a file includes only lower levels.   includes.py ROOT"""

import pathlib
import re
import sys

import source_tree

QUOTED = re.compile(r'^\s*#\s*include\s*"([^"]+)"')
ANGLED = re.compile(r"^\s*#\s*include\s*<([^>]+)>")

# Who may see more than the levels say, and why.
MAY_SEE = {
    "dataplane/worker.c": {"dataplane/stages": "the loop calls the stages"},
    "dataplane/directory": {"dataplane/sip": "numbers and URIs of a request are parsed by sip/"},
    "control/bridge": {"dataplane/setup": "bridge and setup are the two sides of the rings"},
    "control/main.c": {"dataplane/setup": "starts and stops the data plane"},
    "control/router.c": {"dataplane/setup": "starts and stops the data plane"},
    "control/router.h": {"dataplane/setup": "holds the data plane"},
}

# Headers that the build makes.
GENERATED = {"token_table.h": "from include/sip_tokens.def"}

# DPDK is seen where packets are: <rte_*.h> elsewhere would carry it over the walls.
DPDK_FOLDERS = ("dataplane/state", "dataplane/stages", "dataplane", "dataplane/setup", "control/bridge")
DPDK_FILES = {"include/forbidden.h": "declares the names before it poisons them"}


def is_within(path, places):
    return any(path == place or path.startswith(place + "/") for place in places)


def sees(includer, included):
    """Whether the file `includer` may include the file `included`."""
    own, other = source_tree.folder_of(includer), source_tree.folder_of(included)
    if own is None or other is None or own == other or other == "include":
        return True
    for place, grants in MAY_SEE.items():
        if is_within(includer, [place]) and other in grants:
            return True
    if own == "control" or other == "control":
        return False
    return source_tree.LEVELS[other] < source_tree.LEVELS[own]


def sees_dpdk(path):
    own = source_tree.folder_of(path)
    if path in DPDK_FILES:
        return True
    return own in DPDK_FOLDERS or is_within(path, DPDK_FOLDERS[-1:])


def check(root):
    files = source_tree.source_files(root, {".c", ".h", ".def"}, ("include", "dataplane", "control"))
    by_name = {}
    for path in files:
        by_name.setdefault(pathlib.PurePosixPath(path).name, []).append(path)
    problems = [f"{paths[1]}:1: a second file of the name {name}, after {paths[0]}"
                for name, paths in by_name.items() if len(paths) > 1 and name.endswith((".h", ".def"))]
    for path in files:
        for number, line in enumerate((root / path).read_text(errors="replace").splitlines(), 1):
            problems += check_line(path, number, line, by_name)
    return problems


def check_line(path, number, line, by_name):
    quoted, angled = QUOTED.match(line), ANGLED.match(line)
    if angled and angled[1].startswith("rte_") and not sees_dpdk(path):
        return [f"{path}:{number}: <{angled[1]}>: this folder does not see DPDK"]
    if not quoted or quoted[1] in GENERATED:
        return []
    if "/" in quoted[1]:
        return [f'{path}:{number}: "{quoted[1]}": a path in an include walks around the walls; write the name alone']
    targets = by_name.get(quoted[1], [])
    if not targets:
        return [f'{path}:{number}: "{quoted[1]}" is no file of the tree; libraries are included with <>']
    return [f'{path}:{number}: "{target}" is on a level that {source_tree.folder_of(path)} does not see'
            for target in targets if not sees(path, target)]


if __name__ == "__main__":
    sys.exit(source_tree.finish(check(pathlib.Path(sys.argv[1])), "includes"))
