"""Prints cmocka's own summary lines of every test program in meson's log (one JSON object a line).   cmocka_summary.py LOG"""

import json
import sys


def summary_lines(record):
    output = (record.get("stdout") or "") + "\n" + (record.get("stderr") or "")
    return [line for line in output.splitlines() if "test(s)" in line and "Running" not in line]


def main(path):
    with open(path, encoding="utf-8") as log:
        records = [json.loads(line) for line in log]
    silent = []
    for record in sorted(records, key=lambda record: record["name"]):
        lines = summary_lines(record)
        if not lines:
            silent.append(record["name"])
        for line in lines:
            print(line)
    for name in silent:
        print(f"no summary from {name}: it ended before cmocka could print one", file=sys.stderr)
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
