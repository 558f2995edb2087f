"""rule_tests.py - every rule of spec/friends.md has a case in C and an end-to-end test named after it.   rule_tests.py ROOT

Named after R14: a function r14_... of tests/unit or tests/pipeline, a function test_r14_... of tests/e2e. One may carry several: r31_r32_....
"""

import pathlib
import re
import sys

import source_tree

RULES = range(1, 38)

# What a rule must have: (what it is called, folders, suffix of the files, functions that count).
KINDS = (
    ("unit or pipeline case rN_...", ("tests/unit", "tests/pipeline"), ".c", re.compile(r"(?m)^static void ((?:r\d+_)+)\w+\(void \*\*state\)")),
    ("end-to-end test test_rN_...", ("tests/e2e",), ".py", re.compile(r"(?m)^def test_((?:r\d+_)+)\w+\(")),
)


def rules_named(root, folders, suffix, function):
    """Numbers of the rules that functions in these files are named after."""
    named = set()
    for path in source_tree.source_files(root, {suffix}, folders):
        for prefix in function.findall((root / path).read_text()):
            named |= {int(number) for number in re.findall(r"\d+", prefix)}
    return named


def check(root):
    problems = []
    for what, folders, suffix, function in KINDS:
        named = rules_named(root, folders, suffix, function)
        problems += [f"{folders[0]}: R{rule} has no {what.replace('N', str(rule), 1)}" for rule in RULES if rule not in named]
        problems += [f"{folders[0]}: a test is named after R{rule}, which is no rule" for rule in sorted(named - set(RULES))]
    return problems


if __name__ == "__main__":
    sys.exit(source_tree.finish(check(pathlib.Path(sys.argv[1])), "a test for each rule"))
