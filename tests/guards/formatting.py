"""formatting.py - clang-format would change nothing.   formatting.py ROOT"""

import pathlib
import subprocess
import sys

import source_tree


def check(root):
    files = source_tree.source_files(root, {".c", ".h"})
    result = subprocess.run(["clang-format", "--dry-run", "--Werror", *files], cwd=root, capture_output=True, text=True)
    places = {}
    for line in result.stderr.splitlines():
        if "clang-formatted" in line:
            path, number = line.split(":")[:2]
            places.setdefault(path, []).append(number)
    if result.returncode != 0 and not places:
        return [result.stderr.strip()]
    return [f"{path}:{numbers[0]}: {len(numbers)} place(s) are not as clang-format writes them"
            for path, numbers in places.items()]


if __name__ == "__main__":
    problems = check(pathlib.Path(sys.argv[1]))
    if problems:
        print("Mend with: clang-format -i FILE")
    sys.exit(source_tree.finish(problems, "formatting"))
