"""source_tree.py - the files of the tree, their level in shared/DESIGN.md section 3, and how a guard reports.

A guard is a module with check(...) that returns a list of problems, each one line "file:line: what is wrong"; finish() prints them.
"""

import pathlib
import sys

# Folder -> level. A file includes only files of lower levels, of its own folder, and what MAY_SEE grants.
LEVELS = {
    "include": 0,
    "dataplane/sip": 1,
    "dataplane/directory": 1,
    "dataplane/state": 2,
    "dataplane/stages": 3,
    "dataplane": 3,  # worker.c, the loop
    "dataplane/setup": 4,
    "control": 5,
}

# The lcore libraries: what runs, or may run, on an lcore.
LCORE_FOLDERS = ("dataplane/sip", "dataplane/directory", "dataplane/state", "dataplane/stages", "dataplane")

SOURCE_FOLDERS = ("include", "dataplane", "control", "bench", "tests")


def folder_of(path):
    """The folder of LEVELS that a path relative to the root belongs to, or None."""
    parts = pathlib.PurePosixPath(path).parent
    for candidate in (parts, *parts.parents):
        if str(candidate) in LEVELS:
            return str(candidate)
    return None


def source_files(root, suffixes, folders=SOURCE_FOLDERS):
    """Paths relative to the root, sorted."""
    found = []
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                found.append(path.relative_to(root).as_posix())
    return found


def read_allow_list(path):
    """Rows "name  reason" -> {name: reason}. A row without a reason is refused: an exception that nobody can explain is none."""
    allowed = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, reason = line.partition(" ")
        if not reason.strip():
            sys.exit(f"{path}:{number}: '{name}' has no reason")
        allowed[name] = reason.strip()
    return allowed


def finish(problems, what):
    """Prints the problems; the guard's exit status."""
    for problem in problems:
        print(problem)
    print(f"{what}: {'ok' if not problems else f'{len(problems)} problem(s)'}")
    return 1 if problems else 0
