"""self_test.py - every guard finds the fault of a small bad sample, and none in the good one.   self_test.py ROOT"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import formatting
import headers_alone
import includes
import lcore_symbols
import rule_tests
import symbol_prefixes
import tidy

def rule_cases(rules):
    """A C file with a case for each rule."""
    return "".join(f"static void r{rule}_holds(void **state)\n{{\n\t(void)state;\n}}\n\n" for rule in rules).removesuffix("\n")


def rule_scripts(rules):
    """A Python file with a test for each rule."""
    return "".join(f"def test_r{rule}_holds(router):\n    pass\n" for rule in rules)


GOOD = {
    "include/span.h": "#ifndef SPAN_H\n#define SPAN_H\nstruct span {\n\tconst char *at;\n};\n#endif\n",
    "dataplane/sip/scan.h": '#ifndef SCAN_H\n#define SCAN_H\n#include "span.h"\nint scan_find(struct span text);\n#endif\n',
    "dataplane/sip/scan.c": '#include "scan.h"\n\nint scan_find(struct span text)\n{\n\treturn text.at[0];\n}\n',
    "dataplane/stages/parse.h": "#ifndef PARSE_H\n#define PARSE_H\n#endif\n",
    "control/log.h": "#ifndef LOG_H\n#define LOG_H\n#endif\n",
    "tests/unit/unit_rules.c": rule_cases(rule_tests.RULES),
    "tests/e2e/test_rules.py": rule_scripts(rule_tests.RULES),
}

# What is wrong -> (guard, file, text). Each replaces or adds one file of the good sample.
BAD = {
    "sip includes a stage": ("includes", "dataplane/sip/scan.c", '#include "parse.h"\n'),
    "data plane includes control": ("includes", "dataplane/stages/parse.c", '#include "log.h"\n'),
    "control includes data plane": ("includes", "control/log.c", '#include "scan.h"\n'),
    "a path around the walls": ("includes", "control/log.c", '#include "../dataplane/sip/scan.h"\n'),
    "sip includes DPDK": ("includes", "dataplane/sip/scan.c", "#include <rte_mbuf.h>\n"),
    "control includes DPDK": ("includes", "control/log.c", "#include <rte_mbuf.h>\n"),
    "the header is missing its own include": (
        "headers", "dataplane/sip/scan.h", "#ifndef SCAN_H\n#define SCAN_H\nint scan_find(struct span text);\n#endif\n"),
    "the header is not guarded": ("headers", "include/span.h", "struct span {\n\tint at;\n};\n"),
    "spaces instead of a tab": ("formatting", "dataplane/sip/scan.c", "int scan_find(void)\n{\n    return 0;\n}\n"),
    "an external symbol of another name": ("prefixes", "dataplane/sip/scan.c", "int find(void)\n{\n\treturn 0;\n}\n"),
    "an lcore allocates": (
        "lcore", "dataplane/sip/scan.c", "extern void *malloc(unsigned long);\nvoid *scan_find(void)\n{\n\treturn malloc(1);\n}\n"),
    "a rule has no case in C": ("rules", "tests/unit/unit_rules.c", rule_cases(range(2, 38))),
    "a rule has no end-to-end test": ("rules", "tests/e2e/test_rules.py", rule_scripts(range(1, 37))),
    "a case is named after no rule": ("rules", "tests/unit/unit_rules.c", rule_cases(range(1, 39))),
    "a helper counts as a test": ("rules", "tests/e2e/test_rules.py", rule_scripts(rule_tests.RULES).replace("def test_r9_", "def help_r9_")),
    "a null pointer is read": (
        "tidy", "dataplane/sip/scan.c", "int scan_find(void)\n{\n\tconst int *at = 0;\n\treturn *at;\n}\n"),
}


def write_tree(root, files):
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)


def build_scan(root):
    """Compiles scan.c as meson would: an object and its row in compile_commands.json."""
    build = root / "build"
    build.mkdir()
    source = root / "dataplane/sip/scan.c"
    command = f"gcc -fno-builtin -I{root}/include -I{root}/dataplane/sip -o scan.o -c {source}"
    subprocess.run(command.split(" "), cwd=build, check=True)
    (build / "compile_commands.json").write_text(json.dumps(
        [{"directory": str(build), "file": str(source), "output": "scan.o", "command": command}]))
    return build


GUARDS = {
    "includes": lambda root: includes.check(root),
    "headers": lambda root: headers_alone.check(root),
    "formatting": lambda root: formatting.check(root),
    "prefixes": lambda root: symbol_prefixes.check(build_scan(root), {}),
    "lcore": lambda root: lcore_symbols.check(build_scan(root), {}),
    "rules": lambda root: rule_tests.check(root),
    "tidy": lambda root: tidy.check(root, build_scan(root)),
}


def run_guard(guard, files, style):
    with tempfile.TemporaryDirectory(prefix="amity-guards-") as folder:
        root = pathlib.Path(folder)
        write_tree(root, files)
        for name in (".clang-format", ".clang-tidy"):
            shutil.copy(style / name, root / name)
        return GUARDS[guard](root)


def main(style):
    failures = []
    for guard in GUARDS:
        problems = run_guard(guard, GOOD, style)
        if problems:
            failures.append(f"{guard}: refuses the good sample: {problems}")
    for fault, (guard, path, text) in BAD.items():
        if not run_guard(guard, {**GOOD, path: text}, style):
            failures.append(f"{guard}: does not see that {fault}")
    for failure in failures:
        print(failure)
    print(f"guards' self-test: {len(GUARDS)} guards, {len(BAD)} faults, {len(failures)} unseen")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
