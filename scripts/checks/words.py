#!/usr/bin/env python3
"""Words that do not belong into a finished file: notes to self, paths of one machine, stray bytes.

Docs and comments speak of the project as it is; what is left to do belongs into the tracker.
"""

import re

from common import Report, parse_root, project_files, read_text

# This file and the tests of the checks must spell out what they look for.
EXEMPT = ("scripts/checks/words.py", "scripts/checks/checks_test.py")
RULES = [
    (re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"), "a note to self: do it, or put it into the tracker"),
    (re.compile(r"(?<![\w.$}*])/(work|home|root)/"), "a path of one machine"),
    (re.compile(r"\bsession", re.IGNORECASE), "speak of the project, not of how it is made"),
    (re.compile(r"\bissue #?\d", re.IGNORECASE), "say what it is about instead of a number"),
    (re.compile(r"[ \t]+$"), "trailing white space"),
    (re.compile(r"\r"), "carriage return"),
]
TAB = re.compile(r"^ *\t")
TABBED = ("Makefile", ".mk")
CODE = (".c", ".h", ".cpp", ".hpp", ".def", ".py", ".sh")


def main():
    root = parse_root(__doc__)
    report = Report()
    for name in project_files(root):
        text = read_text(root, name)
        if text is None or name in EXEMPT:
            continue
        if text and not text.endswith("\n"):
            report.add(name, text.count("\n") + 1, "no newline at the end")
        for number, line in enumerate(text.split("\n"), 1):
            for pattern, message in RULES:
                found = pattern.search(line)
                if found:
                    report.add(name, number, f"{found.group(0).strip()!r}: {message}")
            if TAB.search(line) and name.endswith(CODE):
                report.add(name, number, "a tab: indent with spaces")
    report.exit()


main()
