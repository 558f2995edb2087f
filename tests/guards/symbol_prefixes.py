"""symbol_prefixes.py - every external symbol starts with the name of its file (STYLE.md 2.1).   symbol_prefixes.py BUILD"""

import pathlib
import sys

import objects
import source_tree

HERE = pathlib.Path(__file__).parent


def carries_prefix(symbol, source):
    stem = pathlib.PurePosixPath(source).stem
    return symbol in (stem, "main") or symbol.startswith(stem + "_")


def check(build, allowed):
    problems, used = [], set()
    files = objects.object_files(build)
    if not files:
        return [f"{build}: no object file; build first"]
    for path, source in files:
        for symbol in sorted(objects.defined_symbols(path)):
            key = f"{source}:{symbol}"
            if key in allowed:
                used.add(key)
            elif not carries_prefix(symbol, source):
                problems.append(f"{source}: {symbol} should start with {pathlib.PurePosixPath(source).stem}_, or be static")
    problems += [f"symbol_prefixes.allow: {key} is not needed any more" for key in sorted(set(allowed) - used)]
    return problems


if __name__ == "__main__":
    sys.exit(source_tree.finish(
        check(sys.argv[1], source_tree.read_allow_list(HERE / "symbol_prefixes.allow")), "symbol prefixes"))
