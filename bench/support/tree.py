"""tree.py - where the tree is, and the modules of demo and tests that benches use: `import tree` comes first."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("bench/support", "tools/demo", "tests/support")]


def build_directory():
    """AMITY_BUILD, else build/ of the tree."""
    return ROOT / (os.environ.get("AMITY_BUILD") or "build")
