"""report.py - output of the benches in Python: a table for people, or with --json one object a line (DESIGN.md section 9)."""

import json
import statistics


def figure(value):
    """A number as people read it: three digits that count."""
    if value is None:
        return "-"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


median = statistics.median


class Report:
    """Rows as they come: as a table under headings, or as JSON lines."""

    def __init__(self, bench, is_json):
        self.bench, self.is_json = bench, is_json

    def say(self, text=""):
        """A line for people only."""
        if not self.is_json:
            print(text, flush=True)

    def row(self, workload, unit, value, **more):
        """A line for programs only."""
        if self.is_json:
            value = value if isinstance(value, (bool, int, str)) or value is None else round(value, 4)
            print(json.dumps({"bench": self.bench, "workload": workload, "unit": unit, "value": value, **more}), flush=True)

    def table(self, title, columns, rows):
        """For people: the first column is text, the others are numbers or short words."""
        cells = [list(columns)] + [[cell if isinstance(cell, str) else figure(cell) for cell in row] for row in rows]
        widths = [max(len(line[column]) for line in cells) for column in range(len(columns))]
        self.say()
        self.say(title)
        for line in cells:
            self.say("  " + line[0].ljust(widths[0]) + "".join("  " + cell.rjust(width) for cell, width in zip(line[1:], widths[1:])))
