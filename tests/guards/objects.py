"""objects.py - the object files of a build directory and their symbols (nm)."""

import json
import pathlib
import subprocess


def object_files(build):
    """[(object path, source path relative to the source root)] of everything under dataplane/ and control/."""
    build = pathlib.Path(build).resolve()
    found = []
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        for top in ("dataplane", "control"):
            root = next((parent.parent for parent in source.parents if parent.name == top and parent.parent.name != top), None)
            if root is not None and "output" in entry:
                found.append((build / entry["output"], source.relative_to(root).as_posix()))
                break
    return [(path, source) for path, source in found if path.exists()]


def defined_symbols(path):
    """External symbols that an object defines."""
    return _symbols(path, "--defined-only")


def undefined_symbols(path):
    """External symbols that an object needs from elsewhere."""
    return _symbols(path, "--undefined-only")


def _symbols(path, which):
    output = subprocess.run(["nm", "--extern-only", "--format=posix", which, str(path)],
                            check=True, capture_output=True, text=True).stdout
    return {line.split()[0] for line in output.splitlines() if len(line.split()) >= 2}
