"""lcore_symbols.py - what the lcore libraries call outside themselves is on a list.   lcore_symbols.py BUILD

forbidden.h keeps names out of the sources; this looks at the objects, where no macro hides a name.
"""

import fnmatch
import pathlib
import sys

import objects
import source_tree

HERE = pathlib.Path(__file__).parent


def is_lcore_source(source):
    folder = source_tree.folder_of(source)
    return folder in source_tree.LCORE_FOLDERS


def check(build, allowed):
    files = [(path, source) for path, source in objects.object_files(build) if is_lcore_source(source)]
    if not files:
        return [f"{build}: no object file of an lcore library; build first"]
    own = set().union(*(objects.defined_symbols(path) for path, _ in files))
    problems = []
    for path, source in files:
        for symbol in sorted(objects.undefined_symbols(path) - own):
            names = (symbol, f"{pathlib.PurePosixPath(source).name}:{symbol}")
            if not any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in allowed):
                problems.append(f"{source}: calls {symbol}, which is not in tests/guards/lcore_symbols.allow")
    return problems


if __name__ == "__main__":
    sys.exit(source_tree.finish(
        check(sys.argv[1], source_tree.read_allow_list(HERE / "lcore_symbols.allow")), "lcore symbols"))
