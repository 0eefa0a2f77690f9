#!/usr/bin/env python3
"""Links between the Markdown files point at files, and at headings, that exist."""

import posixpath
import re

from common import Report, parse_root, project_files, read_text

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*?)\s*$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(text):
    """The anchors that headings get when rendered."""
    names = set()
    for heading in HEADING.findall(text):
        words = re.sub(r"[^\w\- ]", "", heading.lower())
        names.add(words.replace(" ", "-"))
    return names


def blank_fences(text):
    return FENCE.sub(lambda match: "\n" * match.group(0).count("\n"), text)


def check_link(root, report, name, line, target):
    path, _, anchor = target.partition("#")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
    if not (root / path).exists():
        report.add(name, line, f"the link points at {path}, which does not exist")
    elif anchor and path.endswith(".md"):
        if anchor not in anchors(blank_fences(read_text(root, path))):
            report.add(name, line, f"{path} has no heading for #{anchor}")


def main():
    root = parse_root(__doc__)
    report = Report()
    for name in project_files(root):
        if not name.endswith(".md"):
            continue
        for number, line in enumerate(blank_fences(read_text(root, name)).split("\n"), 1):
            for target in LINK.findall(line):
                if not re.match(r"[a-z]+:", target):
                    check_link(root, report, name, number, target)
    report.exit()


main()
