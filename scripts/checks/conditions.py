#!/usr/bin/env python3
"""Only base, os and override ask at compile time which platform, compiler or C library there is.

Features are files chosen by the build, or functions that may always be called.
"""

import re

from common import Report, blank_comments, parse_root, project_files, read_text

ASKING = ("src/ds/", "src/core/", "src/special/", "src/debug/", "src/profile/", "src/api/")
CONDITION = re.compile(r"^\s*#\s*(?:if|ifdef|ifndef|elif)\b(.*)")
PLATFORM = re.compile(r"\b(__(?:linux|linux__|x86_64__|i386__|aarch64__|arm__|riscv|GLIBC__|"
                      r"GNUC__|clang__|SANITIZE_\w+|LP64__|SIZEOF_\w+|has_\w+|ELF__|"
                      r"BYTE_ORDER__)|MADV_\w+|MAP_\w+|SYS_\w+)\b")


def main():
    root = parse_root(__doc__)
    report = Report()
    for name in project_files(root):
        if not name.startswith(ASKING) or not name.endswith((".c", ".h")):
            continue
        for number, line in enumerate(blank_comments(read_text(root, name)).split("\n"), 1):
            condition = CONDITION.match(line)
            found = condition and PLATFORM.search(condition.group(1))
            if found:
                report.add(name, number, f"asks for {found.group(1)}: that belongs into src/base "
                           "or src/os")
    report.exit()


main()
